"""The report of an ablation: levers on real recordings, on rendered instruments, and errors before and after.

Neighbours: ``ablation`` makes the rows, ``levers`` says what each name means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from fretscribe.datasets.guitarset import Style
from fretscribe.evaluation.ablation import AblationRow
from fretscribe.evaluation.errors import VERDICTS, ErrorBreakdown, error_table
from fretscribe.evaluation.heard_voices import HeardVoices
from fretscribe.evaluation.levers import FULL, PLAINEST, Lever
from fretscribe.evaluation.report import name_weights
from fretscribe.evaluation.summary import MEASURES, TrackScores

Of = Callable[[TrackScores], float]

_COLUMNS: Mapping[str, str] = {
    "F50": "note_f1",
    "F50 off": "note_offset_f1",
    "tab F1 note": "tab_note_f1",
    "tab F1 frame": "tab_frame_f1",
    "string acc": "string_accuracy",
}
_SAME = " (=)"
_STYLES: tuple[tuple[str, Style | None], ...] = (("all", None), ("comp", "comp"), ("solo", "solo"))

_LEGEND = """\
Means over tracks; in brackets the difference from the full system (=: none). F50: notes, onset 50 ms and
pitch 50 cents; off: offset too (20 % or 50 ms). tab F1 note: F50 on the same string. tab F1 frame: string and
fret right, frame by frame. string acc: right strings among notes with pitch and onset right."""

WHO_SET_WHAT = (
    "No network that ships learned from the development recordings or their annotations. Their tab networks"
    " here are of folds that never saw the player judged.",
    "Fitted on them: the decoder's onset and active thresholds (2 parameters), and the weights of the"
    " acoustic model's, the tab networks' and the stiffness evidence (3 parameters). The rows are figures of"
    " these settings, not of choosing them.",
    "Chosen without the judged player (docs/EXPERIMENTS.md): the thresholds gave F50 .914 instead of .88 with"
    " the acoustic weights of their day; the three weights, among 24 settings, gave note tab F1 .890 (comping"
    " .884, solo .898).",
    "Chosen while looking at them, without a parameter fitted: what the acoustic model is rendered from, and"
    " how the tab networks learn of a microphone. The costs of the hand were fitted on annotations of other"
    " tracks; of the decoder's times and its rule for weak onsets no fit is on record.",
    "The count of notes that nearest position remembers was the best of eight on them, for the notes of"
    " another system: it flatters the rows with nearest position, if anything.",
)
"""What is to be known of the figures."""


def ablation_markdown(
    rows: Sequence[AblationRow],
    levers: Sequence[Lever],
    heard: HeardVoices,
    *,
    weights: Mapping[str, str],
    command: str,
) -> str:
    """The whole report.

    Parameters
    ----------
    rows : sequence of AblationRow
        Of all levers the same tracks and instruments; the full system among them.
    levers : sequence of Lever
        In the report's order.
    heard : HeardVoices
        Of the acoustic model: an instrument that it learned from is not called held out.
    weights : mapping of str to str
        Name -> sha256 of the networks.
    command : str
        What makes the report again.
    """
    real = [row for row in rows if row.instrument is None]
    rendered = [row for row in rows if row.instrument is not None]
    networks = name_weights(weights)
    lines = ["# Accuracy, and what each part is worth", ""]
    lines += ["The same recordings, transcribed with one part of the route changed at a time."]
    lines += ["", "```", command, "```", "", f"- weights: {networks}", "", "The rows:", ""]
    lines += [f"- {lever.name}: {lever.told}" for lever in levers]
    lines += ["", "## Development recordings", "", _LEGEND]
    for name, style in _STYLES:
        of_style = [row for row in real if style in (None, row.style)]
        if of_style:
            n_tracks = len({row.track_id for row in of_style})
            lines += ["", *_measure_table(of_style, levers, f"mean {name} ({n_tracks})")]
    lines += ["", "### tab F1 note of every track", "", *_track_table(real, levers, "tab_note_f1")]
    lines += ["", "### F50 of every track", "", *_track_table(real, levers, "note_f1")]
    lines += ["", "Rows that change nothing are left out."]
    if rendered:
        lines += ["", *_instrument_part(rendered, levers, heard)]
    lines += ["", "## Errors before and after", "", *_error_part(real, levers)]
    lines += ["", "## Who set what", "", *(f"- {told}" for told in WHO_SET_WHAT)]
    return "\n".join(lines) + "\n"


def _measure_table(rows: Sequence[AblationRow], levers: Sequence[Lever], title: str) -> list[str]:
    lines = [_line([title, *_COLUMNS]), _rule(len(_COLUMNS))]
    of = [MEASURES[name] for name in _COLUMNS.values()]
    return lines + [_line([lever.name, *_cells(rows, lever, of)]) for lever in levers]


def _track_table(rows: Sequence[AblationRow], levers: Sequence[Lever], measure: str) -> list[str]:
    tracks = list(dict.fromkeys(row.track_id for row in rows))
    lines = [_line(["", *tracks]), _rule(len(tracks))]
    for lever in levers:
        of_track = [[row for row in rows if row.track_id == name] for name in tracks]
        cells = [_cells(each, lever, [MEASURES[measure]])[0] for each in of_track]
        if not all(cell.endswith(_SAME) for cell in cells):
            lines.append(_line([lever.name, *cells]))
    return lines


def _instrument_part(rows: Sequence[AblationRow], levers: Sequence[Lever], heard: HeardVoices) -> list[str]:
    """F50 on every instrument, and string figures where strings are known."""
    instruments = list(dict.fromkeys(row.instrument for row in rows if row.instrument is not None))
    known = [i.name for i in instruments if i.voice is not None and heard.heard(i.voice) is not False]
    lines = ["## Rendered instruments, NOT all of them held out" if known else "## Held-out instruments", ""]
    lines += ["The development tracks' annotations, played on the instruments of the protocol"]
    lines += ["held-out-instruments and heard by the networks above that know all players. Cells as above."]
    if known:
        learned = "may have learned" if heard.names is None else "learned"
        lines += ["", f"**The acoustic model {learned} from the sound of these: {', '.join(known)}.**"]
    of_instrument = {i.name: [row for row in rows if row.instrument == i] for i in instruments}
    lines += ["", _line(["F50", *of_instrument]), _rule(len(of_instrument))]
    for lever in levers:
        cells = [_cells(played, lever, [MEASURES["note_f1"]])[0] for played in of_instrument.values()]
        lines.append(_line([lever.name, *cells]))
    for name, played in of_instrument.items():
        if all(row.knows_strings for row in played):
            lines += ["", *_measure_table(played, levers, name)]
    return lines


def _error_part(rows: Sequence[AblationRow], levers: Sequence[Lever]) -> list[str]:
    """Verdicts on the notes of the development recordings: of the plainest system, then of the full one."""
    compared = [lever for lever in (PLAINEST, FULL) if lever.name in {each.name for each in levers}]
    counted = {
        lever.name: sum((row.errors for row in rows if row.lever == lever.name), ErrorBreakdown())
        for lever in compared
    }
    lines = ["Development recordings; every note of truth and guess gets one verdict.", ""]
    lines += [_line(["", "played", "found", *VERDICTS]), _rule(2 + len(VERDICTS))]
    for name, errors in counted.items():
        counts = [errors.n_ref, errors.n_est, *(errors.verdicts.get(verdict, 0) for verdict in VERDICTS)]
        lines.append(_line([name, *map(str, counts)]))
    for name, errors in counted.items():
        lines += ["", f"{name[0].upper()}{name[1:]}:", "", "```", error_table(errors), "```"]
    return lines


def _cells(rows: Sequence[AblationRow], lever: Lever, measures: Sequence[Of]) -> list[str]:
    """Mean of each measure, with the difference from the full system."""
    if lever.name == FULL.name:
        return [f"{_mean(rows, lever.name, of):.3f}" for of in measures]
    pairs = [(_mean(rows, lever.name, of), _mean(rows, FULL.name, of)) for of in measures]
    return [f"{value:.3f}" + (_SAME if value == full else f" ({value - full:+.3f})") for value, full in pairs]


def _mean(rows: Sequence[AblationRow], lever: str, of: Of) -> float:
    values = [of(row.scores) for row in rows if row.lever == lever]
    return math.fsum(values) / len(values)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(n_figures: int) -> str:
    return _line(["---"] + ["--:"] * n_figures)

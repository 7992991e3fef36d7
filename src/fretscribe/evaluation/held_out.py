"""What the whole route makes of guitars that no network learned from.

The development tracks, whose annotations train nothing, are played on the instruments of
``datasets.held_out``; the recordings are transcribed and judged by what was really played. Sample voices play
the right pitches on unknown strings: string figures are given only where strings are known.
Neighbours: ``heard_voices`` says what was learned from, ``run`` judges real recordings by the same measures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, GuitarSet, Style
from fretscribe.datasets.guitarset_truth import RefNote, TrackTruth
from fretscribe.datasets.held_out import HELD_OUT_INSTRUMENTS, HeldOutInstrument, perform
from fretscribe.datasets.sample_bank import SampleVoice
from fretscribe.evaluation.heard_voices import HeardVoices
from fretscribe.evaluation.metrics import Counts, require_mir_eval
from fretscribe.evaluation.run import evaluate_track
from fretscribe.evaluation.summary import TrackScores
from fretscribe.frames import Audio
from fretscribe.music import Tab
from fretscribe.result import Transcription

TARGET_F50 = 0.85
"""What each judged instrument should reach, mean over tracks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutRow:
    """One track on one instrument.

    Attributes
    ----------
    instrument : HeldOutInstrument
    track_id : str
    style : "comp" or "solo"
    scores : TrackScores
    knows_strings : bool
        Whether the figures of strings mean anything.
    n_lacking : int
        Notes of the track that the instrument could not play.
    """

    instrument: HeldOutInstrument
    track_id: str
    style: Style
    scores: TrackScores
    knows_strings: bool
    n_lacking: int


def held_out_instruments(
    dataset: GuitarSet,
    voices: Mapping[str, SampleVoice],
    transcribe: Callable[[Audio], Transcription],
    *,
    tracks: Sequence[str] = DEVELOPMENT_TRACKS,
    instruments: Sequence[HeldOutInstrument] = HELD_OUT_INSTRUMENTS,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[HeldOutRow, ...]:
    """Play tracks on instruments, transcribe and judge.

    Parameters
    ----------
    dataset : GuitarSet
        Only its annotations are used.
    voices : mapping of name to SampleVoice
        Those of the instruments, see ``datasets.held_out.load_voices``.
    transcribe : callable
        From mono sound to a tab in the tuning of the dataset.
    tracks : sequence of str
        Ids; of annotations that train no network.
    instruments : sequence of HeldOutInstrument
    progress : callable

    Raises
    ------
    DatasetError
        If a track is missing.
    MissingExtraError
        Without mir_eval.
    """
    require_mir_eval()
    chosen = [dataset.track(name) for name in tracks]
    rows = []
    for instrument in instruments:
        for track in chosen:
            progress(f"{instrument.name}: {track.track_id}")
            duration_s = track.truth().duration_s
            performance = perform(instrument, track.tab(), voices, duration_s=duration_s)
            heard = transcribe(performance.audio)
            rows.append(
                HeldOutRow(
                    instrument=instrument,
                    track_id=track.track_id,
                    style=track.style,
                    scores=evaluate_track(played_truth(performance.tab, duration_s), heard.tab),
                    knows_strings=performance.knows_strings,
                    n_lacking=performance.n_lacking,
                )
            )
    return tuple(rows)


def played_truth(tab: Tab, duration_s: float) -> TrackTruth:
    """The notes of a tab as a truth to judge by, at the pitch of their frets."""
    notes = tuple(
        RefNote(
            onset_s=n.note.onset_s,
            offset_s=n.note.offset_s,
            pitch=float(n.note.pitch),
            string=n.position.string,
            fret=n.position.fret,
        )
        for n in tab.notes
    )
    return TrackTruth(notes=notes, tuning=tab.tuning, duration_s=duration_s)


def held_out_markdown(rows: Sequence[HeldOutRow], heard: HeardVoices, *, weights: str, command: str) -> str:
    """The report: a row an instrument, the criterion, then note F1 of every track.

    Parameters
    ----------
    rows : sequence of HeldOutRow
    heard : HeardVoices
        Of the acoustic model: an instrument that it learned from is not called held out.
    weights : str
        Name and checksum of the networks, for the report.
    command : str
        What makes the report again.
    """
    instruments = list(dict.fromkeys(row.instrument for row in rows))
    old = [i.name for i in instruments if _standing(i, heard) is not False]
    lines = ["# Instruments, NOT all of them held out" if old else "# Held-out instruments", ""]
    lines += _introduction(heard, old, weights=weights, command=command)
    head = ["instrument", "learned from", "F50", "with offsets", "multi-pitch F1", "tab F1", "found / played"]
    body = [_instrument_row(i, [r for r in rows if r.instrument == i], heard) for i in instruments]
    lines += ["", _line([*head, "could not play"]), _line(["---", "---"] + ["--:"] * (len(head) - 1))]
    lines += [_line(cells) for cells in body]
    lines += ["", *(f"- {i.name}: {i.told}" for i in instruments)]
    lines += ["", "## Criterion", "", *_criterion(rows, heard)]
    lines += ["", "## F50 of every track", "", *_track_table(rows, instruments)]
    return "\n".join(lines) + "\n"


def _standing(instrument: HeldOutInstrument, heard: HeardVoices) -> bool | None:
    """Whether the model learned from the instrument's sound; None where nobody knows."""
    return False if instrument.voice is None else heard.heard(instrument.voice)


def _introduction(heard: HeardVoices, old: Sequence[str], *, weights: str, command: str) -> list[str]:
    lines = [
        "The development tracks' annotations, which train no network, played on rendered instruments and",
        "transcribed by the whole route. The truth is what was played: notes that a sampled guitar lacks are",
        "left out. F50: onset within 50 ms, pitch within 50 cents. Figures are means over tracks; tab F1",
        "(note level) only where the strings of the sound are known.",
    ]
    if old:
        learned = "may have learned" if heard.names is None else "learned"
        lines += ["", f"**The acoustic model {learned} from the sound of these: {', '.join(old)}.**"]
        lines += ["**Their figures say nothing of instruments that are new to it.**"]
    voices = "not known" if heard.names is None else ", ".join(sorted(heard.names)) or "none"
    lines += ["", "```", command, "```", "", f"- weights: {weights}"]
    lines += [f"- sampled guitars that the acoustic model learned from: {voices} ({heard.source})"]
    return lines


def _instrument_row(
    instrument: HeldOutInstrument, rows: Sequence[HeldOutRow], heard: HeardVoices
) -> list[str]:
    onset = sum((row.scores.notes.onset for row in rows), Counts())
    tab_f1 = _mean(rows, lambda s: s.notes.tab.f1) if all(row.knows_strings for row in rows) else None
    return [
        instrument.name,
        _learned_from(instrument, heard),
        f"{_mean(rows, _f50):.3f}",
        f"{_mean(rows, lambda s: s.notes.offset.f1):.3f}",
        f"{_mean(rows, lambda s: s.frames.multipitch.f1):.3f}",
        "—" if tab_f1 is None else f"{tab_f1:.3f}",
        f"{onset.n_est} / {onset.n_ref}",
        str(sum(row.n_lacking for row in rows)),
    ]


def _learned_from(instrument: HeldOutInstrument, heard: HeardVoices) -> str:
    if instrument.voice is None:
        return "its strings' model, not its body"
    standing = _standing(instrument, heard)
    return {True: f"**yes: {instrument.voice}**", False: "no", None: "**not known**"}[standing]


def _criterion(rows: Sequence[HeldOutRow], heard: HeardVoices) -> list[str]:
    lines = [f"F50 of at least {TARGET_F50:.2f} on each of these, if the model did not learn from it:", ""]
    for instrument in dict.fromkeys(row.instrument for row in rows if row.instrument.judged):
        f50 = _mean([row for row in rows if row.instrument == instrument], _f50)
        verdict = "reached" if f50 >= TARGET_F50 else "not reached"
        if _standing(instrument, heard) is not False:
            learned = "may have learned" if heard.names is None else "learned"
            verdict = f"not judged: the model {learned} from {instrument.voice}"
        lines.append(f"- {instrument.name}: {f50:.3f}, {verdict}")
    return lines


def _track_table(rows: Sequence[HeldOutRow], instruments: Sequence[HeldOutInstrument]) -> list[str]:
    found = {(row.track_id, row.instrument): f"{_f50(row.scores):.3f}" for row in rows}
    tracks = list(dict.fromkeys(row.track_id for row in rows))
    lines = [_line(["track", *(i.name for i in instruments)]), _line(["---"] + ["--:"] * len(instruments))]
    lines += [_line([name, *(found.get((name, i), "") for i in instruments)]) for name in tracks]
    styles: tuple[Style, ...] = ("comp", "solo")
    for style in styles:
        of_style = [row for row in rows if row.style == style]
        if of_style:
            means = [_mean([row for row in of_style if row.instrument == i], _f50) for i in instruments]
            lines.append(_line([f"**mean {style}**", *(f"{mean:.3f}" for mean in means)]))
    return lines


def _f50(scores: TrackScores) -> float:
    return scores.notes.onset.f1


def _mean(rows: Sequence[HeldOutRow], of: Callable[[TrackScores], float]) -> float:
    return float(np.mean([of(row.scores) for row in rows]))


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"

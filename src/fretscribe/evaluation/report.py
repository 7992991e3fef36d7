"""Writes an `Evaluation` for programs (JSON) and for people (Markdown).

Neighbours: ``summary`` has the figures, ``errors`` the table of errors.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence

from fretscribe.datasets.guitarset import Style
from fretscribe.evaluation.confidence import ConfidenceScores
from fretscribe.evaluation.errors import ErrorBreakdown, error_table
from fretscribe.evaluation.metrics import Counts, FrameScores, NoteScores
from fretscribe.evaluation.playability import Playability
from fretscribe.evaluation.summary import FRAME_MEASURES, MEASURES, Evaluation, TrackRow

SCHEMA = "fretscribe-evaluation/1"
_DIGITS = 6

_COLUMNS = {
    "F50": "note_f1",
    "F50 off": "note_offset_f1",
    "tab F1 note": "tab_note_f1",
    "tab F1 frame": "tab_frame_f1",
    "MPE F1": "multipitch_f1",
    "TDR": "tdr",
    "tab recall": "tab_frame_recall",
    "string acc": "string_accuracy",
}
_STYLES: tuple[tuple[str, Style | None], ...] = (("all", None), ("comp", "comp"), ("solo", "solo"))
_LEGEND = (
    "F50: notes, onset 50 ms and pitch 50 cents; off: offset too (20 % or 50 ms). tab F1 note: F50 on the "
    "same string. tab F1 frame, MPE F1 (multi-pitch), TDR and tab recall: per frame, as TabCNN defines "
    "them. string acc: right strings among notes with pitch and onset right. notes: found / played. "
    "s/min: CPU seconds a minute of audio."
)


def to_json(evaluation: Evaluation, *, errors: bool = False) -> str:
    """The whole evaluation as JSON text, counts included; undefined figures are null.

    Parameters
    ----------
    errors : bool
        Adds the breakdown of errors.
    """
    document: dict[str, object] = {
        "schema": SCHEMA,
        "settings": dict(evaluation.settings),
        "provenance": evaluation.provenance,
        "tracks": [_row_object(row) for row in evaluation.rows],
        "failures": [dataclasses.asdict(failure) for failure in evaluation.failures],
        "means": {name: evaluation.means(style) for name, style in _STYLES if evaluation.of_style(style)},
        "players": {player: _frames_object(frames) for player, frames in evaluation.players().items()},
        "over_players": {
            name: dataclasses.asdict(value) for name, value in evaluation.over_players().items()
        },
        "confidence": _confidence_object(evaluation.confidence()),
        "audio_s": evaluation.audio_s,
        "cpu_s": evaluation.cpu_s,
    }
    if errors:
        document["errors"] = _errors_object(evaluation.errors())
    return json.dumps(_rounded(document), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _errors_object(breakdown: ErrorBreakdown) -> dict[str, object]:
    """Verdicts, then aspect -> class -> verdict -> count."""
    aspects: dict[str, dict[str, dict[str, int]]] = {}
    for (aspect, name, verdict), count in sorted(breakdown.by_aspect.items()):
        aspects.setdefault(aspect, {}).setdefault(name, {})[verdict] = count
    return {
        "n_ref": breakdown.n_ref,
        "n_est": breakdown.n_est,
        "verdicts": dict(breakdown.verdicts),
        "by_aspect": aspects,
    }


def _row_object(row: TrackRow) -> dict[str, object]:
    scores = row.scores
    return {
        "track": row.track_id,
        "player": row.player or None,
        "style": row.style,
        "audio_s": row.audio_s,
        "cpu_s": row.cpu_s,
        "n_ref": len(row.ref),
        "n_est": len(row.est),
        **{name: of(scores) for name, of in MEASURES.items()},
        "counts": _counts_object(scores.notes, scores.frames),
        "confidence": _confidence_object(scores.confidence),
        "playability": dataclasses.asdict(scores.playability),
        "ref_playability": dataclasses.asdict(scores.ref_playability),
        "warnings": list(row.warnings),
    }


def _counts_object(notes: NoteScores, frames: FrameScores) -> dict[str, object]:
    return {**dataclasses.asdict(notes), **{f"frame_{k}": v for k, v in dataclasses.asdict(frames).items()}}


def _frames_object(frames: FrameScores) -> dict[str, object]:
    measures = {name: of(frames) for name, of in FRAME_MEASURES.items()}
    return {**measures, "counts": dataclasses.asdict(frames)}


def _confidence_object(scores: ConfidenceScores | None) -> dict[str, object] | None:
    return None if scores is None else dataclasses.asdict(scores)


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    return value


def to_markdown(evaluation: Evaluation, *, errors: bool = False) -> str:
    """Tables for people: a row a track, means, frame measures a player, confidence, playability, failures.

    Parameters
    ----------
    errors : bool
        Adds the breakdown of errors.
    """
    parts = [
        _settings_lines(evaluation),
        _track_table(evaluation),
        _LEGEND if evaluation.rows else "",
        _player_table(evaluation),
        _confidence_lines(evaluation.confidence()),
        _playability_table(evaluation),
        _error_block(evaluation) if errors else "",
        _failure_lines(evaluation),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _settings_lines(evaluation: Evaluation) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in evaluation.settings.items())


def _track_table(evaluation: Evaluation) -> str:
    if not evaluation.rows:
        return ""
    body = [
        [
            row.track_id,
            *(f"{MEASURES[name](row.scores):.3f}" for name in _COLUMNS.values()),
            _found(row.scores.notes.onset),
            _seconds(row.cpu_s_per_minute),
        ]
        for row in evaluation.rows
    ]
    if len(evaluation.rows) > 1:
        body += _mean_rows(evaluation)
    return _table(["track", *_COLUMNS, "notes", "s/min"], body)


def _mean_rows(evaluation: Evaluation) -> list[list[str]]:
    body = []
    for name, style in _STYLES:
        rows = evaluation.of_style(style)
        if not rows:
            continue
        means = evaluation.means(style)
        notes = sum((row.scores.notes for row in rows), NoteScores())
        timed = [row for row in rows if row.cpu_s is not None]
        audio_s, cpu_s = sum(row.audio_s for row in timed), sum(row.cpu_s or 0.0 for row in timed)
        seconds = _seconds(60.0 * cpu_s / audio_s if audio_s else None)
        cells = [f"{means[measure]:.3f}" for measure in _COLUMNS.values()]
        body.append([f"**mean {name} ({len(rows)})**", *cells, _found(notes.onset), seconds])
    return body


def _found(counts: Counts) -> str:
    return f"{counts.n_est} / {counts.n_ref}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _player_table(evaluation: Evaluation) -> str:
    players = evaluation.players()
    if not players:
        return ""
    body = [
        [player, *(f"{of(frames):.3f}" for of in FRAME_MEASURES.values())]
        for player, frames in players.items()
    ]
    over = evaluation.over_players()
    body.append(["**mean ± std**", *(f"{over[n].mean:.3f} ± {over[n].std:.3f}" for n in FRAME_MEASURES)])
    names = [name.replace("_frame", "").replace("_", " ") for name in FRAME_MEASURES]
    return "Frames pooled by player:\n\n" + _table(["player", *names], body)


def _confidence_lines(scores: ConfidenceScores | None) -> str:
    if scores is None:
        return ""
    parts = [
        f"Confidence of {scores.n_notes} notes: right {scores.accuracy:.3f}",
        f"mean confidence {scores.mean_confidence:.3f}",
        f"ECE {scores.ece:.3f} (adaptive {scores.adaptive_ece:.3f})",
        f"Brier {scores.brier:.3f}",
        "AUROC undefined" if scores.auroc is None else f"AUROC {scores.auroc:.3f}",
    ]
    if scores.threshold is not None and scores.coverage_at_threshold is not None:
        accuracy = scores.accuracy_at_threshold
        right = "none accepted" if accuracy is None else f"{accuracy:.3f} right"
        parts.append(f"at {scores.threshold:.2f}: {right}, {scores.coverage_at_threshold:.3f} accepted")
    return ", ".join(parts) + "."


def _playability_table(evaluation: Evaluation) -> str:
    body = [
        [row.track_id, *_playability_cells(row.scores.playability, row.scores.ref_playability)]
        for row in evaluation.rows
    ]
    if not body:
        return ""
    header = ["track", "largest span", "mean jump", "violations"]
    return "Playability, estimate (truth), in frets and moments:\n\n" + _table(header, body)


def _playability_cells(est: Playability, ref: Playability) -> list[str]:
    return [
        f"{est.largest_span} ({ref.largest_span})",
        f"{est.mean_jump:.2f} ({ref.mean_jump:.2f})",
        f"{est.n_violations} ({ref.n_violations})",
    ]


def _error_block(evaluation: Evaluation) -> str:
    return (
        "Verdicts on notes (shares of the notes played):\n\n```\n"
        + error_table(evaluation.errors())
        + "\n```"
    )


def _failure_lines(evaluation: Evaluation) -> str:
    if not evaluation.failures:
        return ""
    return "Failed:\n\n" + "\n".join(f"- {f.track_id}: {f.message}" for f in evaluation.failures)


def _table(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A Markdown table with padded columns, so that it reads well as plain text too."""
    widths = [max(len(row[i]) for row in [header, *body]) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "| " + " | ".join(padded) + " |"

    rule = [("-" * width) if i == 0 else ("-" * (width - 1) + ":") for i, width in enumerate(widths)]
    return "\n".join([line(header), line(rule), *(line(row) for row in body)])


def name_weights(weights: Mapping[str, str]) -> str:
    """Networks as reports name them, from name -> sha256.

    >>> name_weights({"acoustic": "cf913d8119eb6bf8f367"})
    'acoustic `cf913d8119eb`'
    """
    return ", ".join(f"{name} `{sha256[:12]}`" for name, sha256 in weights.items())

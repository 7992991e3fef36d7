"""Several systems on the same recordings: their figures side by side, and how far ours is ahead.

Pure: rows in, means, differences, Markdown and JSON out. Note and frame figures are means over tracks, CPU
seconds are pooled over minutes of audio, memory is the largest of all. Neighbours: ``bench_run`` hears and
judges, ``metrics`` measures.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Literal

from fretscribe.datasets.guitarset import Style
from fretscribe.evaluation.metrics import FrameScores, NoteScores
from fretscribe.evaluation.nearest_position import N_REMEMBERED

SCHEMA = "fretscribe-bench/1"
STYLES: tuple[tuple[str, Style | None], ...] = (("all", None), ("comp", "comp"), ("solo", "solo"))
_DIGITS = 6

Fingering = Literal["own", "nearest position"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemInfo:
    """A system that was heard.

    Attributes
    ----------
    name, version : str
    fingering : "own" or "nearest position"
        Who put its notes on strings.
    start_cpu_s : float
        CPU seconds to begin (imports, networks, whatever is made once), mean over the recordings.
    """

    name: str
    version: str
    fingering: Fingering
    start_cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRow:
    """One track as one system heard it.

    Attributes
    ----------
    system, track_id : str
    style : "comp" or "solo"
    audio_s : float
        Length of the recording.
    notes : NoteScores
    frames : FrameScores
    cpu_s : float
        CPU seconds of hearing it, user and system, all threads.
    peak_mb : float, or None
        Largest resident memory of the process in MB (10^6 bytes); None where it could not be told.
    """

    system: str
    track_id: str
    style: Style
    audio_s: float
    notes: NoteScores
    frames: FrameScores
    cpu_s: float
    peak_mb: float | None


MEASURES: Mapping[str, Callable[[BenchRow], float]] = MappingProxyType(
    {
        "note_f1": lambda row: row.notes.onset.f1,
        "note_offset_f1": lambda row: row.notes.offset.f1,
        "tab_note_f1": lambda row: row.notes.tab.f1,
        "tab_frame_f1": lambda row: row.frames.tab.f1,
    }
)
"""The measures that systems are compared by, with the names they have in `summary.MEASURES`."""

_LABELS = {
    "note_f1": "F50",
    "note_offset_f1": "F50 off",
    "tab_note_f1": "tab F1 note",
    "tab_frame_f1": "tab F1 frame",
}
_LEGEND = (
    "F50: notes, onset 50 ms and pitch 50 cents; off: offset too (20 % or 50 ms). tab F1 note: F50 on the "
    "same string. tab F1 frame: string and fret right, frame by frame. notes: found / played. CPU s/min: CPU "
    "seconds of hearing (user and system, all threads; not wall time, which depends on what else runs) a "
    "minute of audio, imports and networks already loaded. peak MB: largest resident memory of a process "
    "that begins and hears the recording, libraries and networks included, 10^6 bytes. Every recording is "
    "heard by a process of its own, one after the other. Nearest position: each note on the free string "
    f"whose fret is nearest to the mean fret of the {N_REMEMBERED} notes before it. Of eight such counts "
    "tried on the development recordings it places Basic Pitch's notes best; similar rules, of the last "
    "seconds or of strings that are free a little earlier, came to tab F1 note .390 there at most."
)
_REMARKS = {"basic-pitch": "it learned from GuitarSet too, so these are not unheard players for it"}
"""What is to be known of a peer beside its figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """The track on which a peer does best against us."""

    track_id: str
    difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """All rows; the first system is ours, the others are its peers.

    Attributes
    ----------
    systems : tuple of SystemInfo
    rows : tuple of BenchRow
        Of every system the same tracks.
    settings : mapping
        What the report should say of the run.

    Raises
    ------
    ValueError
        If there is no system, or one lacks a track that another has.
    """

    systems: tuple[SystemInfo, ...]
    rows: tuple[BenchRow, ...]
    settings: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tracks = [[row.track_id for row in self.of(system.name)] for system in self.systems]
        if not tracks or not tracks[0] or any(other != tracks[0] for other in tracks[1:]):
            raise ValueError(f"every system needs the same tracks, not {tracks}")

    @property
    def peers(self) -> tuple[SystemInfo, ...]:
        return self.systems[1:]

    def of(self, system: str, style: Style | None = None) -> tuple[BenchRow, ...]:
        """The rows of a system, of one style or of all."""
        return tuple(
            row for row in self.rows if row.system == system and (style is None or row.style == style)
        )

    def styles(self) -> tuple[tuple[str, Style | None], ...]:
        """Those of `STYLES` of which there are tracks."""
        return tuple((name, style) for name, style in STYLES if self.of(self.systems[0].name, style))

    def mean(self, system: str, measure: str, style: Style | None = None) -> float:
        """Mean over tracks of a measure of `MEASURES`."""
        values = [MEASURES[measure](row) for row in self.of(system, style)]
        return math.fsum(values) / len(values)

    def differences(self, peer: str, measure: str) -> dict[str, float]:
        """Ours less the peer's, by track."""
        of = MEASURES[measure]
        pairs = zip(self.of(self.systems[0].name), self.of(peer), strict=True)
        return {ours.track_id: of(ours) - of(theirs) for ours, theirs in pairs}

    def mean_difference(self, peer: str, measure: str, style: Style | None = None) -> float:
        """Our mean less the peer's."""
        return self.mean(self.systems[0].name, measure, style) - self.mean(peer, measure, style)

    def worst(self, peer: str, measure: str) -> Worst:
        """Where the difference is least."""
        by_track = self.differences(peer, measure)
        track_id = min(by_track, key=lambda name: by_track[name])
        return Worst(track_id=track_id, difference=by_track[track_id])


def cpu_s_per_minute(rows: Sequence[BenchRow]) -> float:
    """CPU seconds a minute of audio, over all of these rows."""
    return 60.0 * math.fsum(row.cpu_s for row in rows) / math.fsum(row.audio_s for row in rows)


def largest_peak_mb(rows: Sequence[BenchRow]) -> float | None:
    """The largest memory of these rows; None where one could not be told."""
    peaks = [row.peak_mb for row in rows if row.peak_mb is not None]
    return max(peaks) if peaks and len(peaks) == len(rows) else None


def to_markdown(bench: Bench, *, command: str) -> str:
    """The report for people: what was heard by whom, means, differences, and every track."""
    parts = [
        "# Side by side",
        "Systems on the same recordings, judged by the same code.",
        f"```\n{command}\n```",
        "\n".join([*(f"- {name}: {value}" for name, value in bench.settings.items()), *_system_lines(bench)]),
        _mean_table(bench),
        _LEGEND,
        *(_difference_part(bench, peer.name) for peer in bench.peers),
        "## Track by track",
        _track_table(bench),
    ]
    return "\n\n".join(parts) + "\n"


def _system_lines(bench: Bench) -> list[str]:
    return [
        f"- {system.name} {system.version}: "
        + ("strings and frets are its own" if system.fingering == "own" else "fingered by nearest position")
        + f"; {system.start_cpu_s:.1f} CPU seconds to begin"
        + (f"; {_REMARKS[system.name]}" if system.name in _REMARKS else "")
        for system in bench.systems
    ]


def _mean_table(bench: Bench) -> str:
    body = []
    for name, style in bench.styles():
        for system in bench.systems:
            rows = bench.of(system.name, style)
            means = [f"{bench.mean(system.name, measure, style):.3f}" for measure in MEASURES]
            body.append([f"mean {name} ({len(rows)})", system.name, *means, *_cost_cells(rows)])
    return _table(["", "system", *_LABELS.values(), "notes", "CPU s/min", "peak MB"], body)


def _track_table(bench: Bench) -> str:
    by_track = [
        row for rows in zip(*(bench.of(system.name) for system in bench.systems), strict=True) for row in rows
    ]
    body = [
        [row.track_id, row.system, *(f"{of(row):.3f}" for of in MEASURES.values()), *_cost_cells([row])]
        for row in by_track
    ]
    return _table(["track", "system", *_LABELS.values(), "notes", "CPU s/min", "peak MB"], body)


def _cost_cells(rows: Sequence[BenchRow]) -> list[str]:
    found = sum(row.notes.onset.n_est for row in rows)
    played = sum(row.notes.onset.n_ref for row in rows)
    peak_mb = largest_peak_mb(rows)
    return [
        f"{found} / {played}",
        f"{cpu_s_per_minute(rows):.1f}",
        "" if peak_mb is None else f"{peak_mb:.0f}",
    ]


def _difference_part(bench: Bench, peer: str) -> str:
    ours, n_tracks = bench.systems[0].name, len(bench.of(peer))
    mean, worst = bench.mean_difference(peer, "note_f1"), bench.worst(peer, "note_f1")
    criterion = "\n".join(
        [
            f"- Difference of the means of F50 over {n_tracks} tracks: {mean:+.3f}",
            f"- Difference of F50 on the worst track: {worst.difference:+.3f} ({worst.track_id})",
        ]
    )
    body = []
    for measure, label in _LABELS.items():
        worst = bench.worst(peer, measure)
        means = [f"{bench.mean_difference(peer, measure, style):+.3f}" for _, style in bench.styles()]
        body.append([label, *means, f"{worst.difference:+.3f}", worst.track_id])
    header = ["", *(f"mean {name}" for name, _ in bench.styles()), "worst track", "which"]
    return f"## {ours} less {peer}\n\n{criterion}\n\n{_table(header, body)}"


def _table(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    rule = ["---" if not cell or cell in ("track", "system", "which") else "--:" for cell in header]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *body))


def to_json(bench: Bench) -> str:
    """The same for programs, counts included; what could not be told is null."""
    document = {
        "schema": SCHEMA,
        "settings": dict(bench.settings),
        "systems": [_system_object(bench, system) for system in bench.systems],
        "differences": {peer.name: _difference_object(bench, peer.name) for peer in bench.peers},
        "tracks": [_row_object(row) for row in bench.rows],
    }
    return json.dumps(_rounded(document), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _system_object(bench: Bench, system: SystemInfo) -> dict[str, object]:
    return {
        **asdict(system),
        "means": {
            name: {measure: bench.mean(system.name, measure, style) for measure in MEASURES}
            for name, style in bench.styles()
        },
        "cpu_s_per_minute": cpu_s_per_minute(bench.of(system.name)),
        "peak_mb": largest_peak_mb(bench.of(system.name)),
    }


def _difference_object(bench: Bench, peer: str) -> dict[str, object]:
    return {
        measure: {
            **{name: bench.mean_difference(peer, measure, style) for name, style in bench.styles()},
            "worst": asdict(bench.worst(peer, measure)),
        }
        for measure in MEASURES
    }


def _row_object(row: BenchRow) -> dict[str, object]:
    counts = {**asdict(row.notes), **{f"frame_{name}": value for name, value in asdict(row.frames).items()}}
    return {
        "track": row.track_id,
        "system": row.system,
        "style": row.style,
        "audio_s": row.audio_s,
        "cpu_s": row.cpu_s,
        "peak_mb": row.peak_mb,
        **{measure: of(row) for measure, of in MEASURES.items()},
        "counts": counts,
    }


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return value

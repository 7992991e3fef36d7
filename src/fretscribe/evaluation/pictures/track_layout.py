"""What a track's picture shows, before any drawing: boxes in time, places on the neck, moves between them.

Plain values computed from notes and verdicts; nothing here knows of colours or paper. Frets count from the
nut, as in `NoteArrays`.
Neighbours: ``errors`` gives the verdicts, ``track`` and ``neck`` draw.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fretscribe.evaluation.errors import VERDICTS, NoteVerdicts, Verdict
from fretscribe.evaluation.notes import NoteArrays
from fretscribe.music import Position

ROW_S = 10.0
MIN_ROW_S = 4.0
ROWS_A_PAGE = 6
_LEAST_SEMITONES = 12  # so that the boxes of a track of one note are no slabs


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A note in a row of a piano roll, cut where the row starts and ends."""

    start_s: float
    end_s: float
    pitch: float
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RollRow:
    """A stretch of time with the boxes in it."""

    start_s: float
    end_s: float
    ref: tuple[Box, ...]
    est: tuple[Box, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCounts:
    """What happened at one place of the neck.

    Attributes
    ----------
    place : Position
    verdicts : mapping of Verdict to int
        What became of the notes that were played here, and how many ``extra`` ones were guessed here.
    n_ref, n_est : int
        Notes that were played here, and notes that the guess has here.
    """

    place: Position
    verdicts: Mapping[Verdict, int]
    n_ref: int
    n_est: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Notes of one verdict that were played at one place and guessed at another."""

    ref: Position
    est: Position
    verdict: Verdict
    count: int


def roll_rows(
    ref: NoteArrays, est: NoteArrays, found: NoteVerdicts, *, duration_s: float
) -> tuple[RollRow, ...]:
    """Cut a track into rows of equal length, about `ROW_S`; a note is in every row that it sounds in."""
    end_s = max(duration_s, *ref.offset_s, *est.offset_s, MIN_ROW_S)
    n_rows = max(1, round(end_s / ROW_S))
    row_s = math.ceil(2.0 * end_s / n_rows) / 2.0  # half seconds, so that rows start at round times
    rows = []
    for number in range(n_rows):
        start_s, stop_s = number * row_s, (number + 1) * row_s
        rows.append(
            RollRow(
                start_s=start_s,
                end_s=stop_s,
                ref=tuple(_boxes(ref, found.ref, start_s, stop_s)),
                est=tuple(_boxes(est, found.est, start_s, stop_s)),
            )
        )
    return tuple(rows)


def _boxes(notes: NoteArrays, verdicts: Sequence[Verdict], start_s: float, end_s: float) -> Iterator[Box]:
    for i in np.flatnonzero((notes.onset_s < end_s) & (notes.offset_s > start_s)):
        yield Box(
            start_s=max(float(notes.onset_s[i]), start_s),
            end_s=min(float(notes.offset_s[i]), end_s),
            pitch=float(notes.pitch[i]),
            verdict=verdicts[int(i)],
        )


def pages(rows: Sequence[RollRow]) -> tuple[tuple[RollRow, ...], ...]:
    """The rows in order, at most `ROWS_A_PAGE` together, as evenly as they go."""
    n_pages = math.ceil(len(rows) / ROWS_A_PAGE)
    edges = [round(page * len(rows) / n_pages) for page in range(n_pages + 1)]
    return tuple(tuple(rows[a:b]) for a, b in itertools.pairwise(edges))


def pitch_range(*notes: NoteArrays) -> tuple[int, int]:
    """Lowest and highest pitch to show, with a semitone to spare and at least an octave apart."""
    pitches = np.concatenate([n.pitch for n in notes])
    if not len(pitches):
        return 40, 40 + _LEAST_SEMITONES
    low, high = math.floor(pitches.min()) - 1, math.ceil(pitches.max()) + 1
    spare = max(0, _LEAST_SEMITONES - (high - low))
    return low - spare // 2, high + spare - spare // 2


def place_counts(ref: NoteArrays, est: NoteArrays, found: NoteVerdicts) -> tuple[PlaceCounts, ...]:
    """Every place that truth or guess play, lowest string and fret first."""
    ref_places, est_places = list(places(ref)), list(places(est))
    of_ref, of_est = Counter(ref_places), Counter(est_places)
    verdicts: Counter[tuple[Position, Verdict]] = Counter(zip(ref_places, found.ref, strict=True))
    verdicts.update(at for at in zip(est_places, found.est, strict=True) if at[1] == "extra")
    return tuple(
        PlaceCounts(
            place=place,
            verdicts={v: verdicts[place, v] for v in VERDICTS if verdicts[place, v]},
            n_ref=of_ref[place],
            n_est=of_est[place],
        )
        for place in sorted(of_ref | of_est)
    )


def moves(ref: NoteArrays, est: NoteArrays, found: NoteVerdicts) -> tuple[Move, ...]:
    """Notes that were guessed at another place than they were played at, most frequent first."""
    ref_places, est_places = list(places(ref)), list(places(est))
    return _counted_moves(
        Counter(
            (ref_places[i], est_places[j], found.ref[i])
            for i, j in found.pairs
            if ref_places[i] != est_places[j]
        )
    )


def pooled_places(of_tracks: Iterable[PlaceCounts]) -> tuple[PlaceCounts, ...]:
    """The counts of several tracks added up, place by place."""
    verdicts: dict[Position, Counter[Verdict]] = {}
    n_ref: Counter[Position] = Counter()
    n_est: Counter[Position] = Counter()
    for counts in of_tracks:
        verdicts.setdefault(counts.place, Counter()).update(counts.verdicts)
        n_ref[counts.place] += counts.n_ref
        n_est[counts.place] += counts.n_est
    return tuple(
        PlaceCounts(place=place, verdicts=dict(verdicts[place]), n_ref=n_ref[place], n_est=n_est[place])
        for place in sorted(verdicts)
    )


def pooled_moves(of_tracks: Iterable[Move]) -> tuple[Move, ...]:
    """The moves of several tracks added up, most frequent first."""
    counts: Counter[tuple[Position, Position, Verdict]] = Counter()
    for move in of_tracks:
        counts[move.ref, move.est, move.verdict] += move.count
    return _counted_moves(counts)


def _counted_moves(counts: Mapping[tuple[Position, Position, Verdict], int]) -> tuple[Move, ...]:
    found = [
        Move(ref=played, est=guessed, verdict=verdict, count=count)
        for (played, guessed, verdict), count in counts.items()
    ]
    return tuple(sorted(found, key=lambda move: (-move.count, move.ref, move.est, move.verdict)))


def places(notes: NoteArrays) -> Iterator[Position]:
    """The place of each note."""
    for string, fret in zip(notes.string, notes.fret, strict=True):
        yield Position(string=int(string), fret=int(fret))

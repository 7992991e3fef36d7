"""Where notes fall on the page of a text tab: beats snapped for the eye, and columns of a bar.

Changes no tab: quantised notes stay where the rhythm stage put them, and what is only known in seconds is
snapped for drawing alone. Neighbours: ``ascii_bar`` draws one bar, ``ascii_tab`` the page.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from fretscribe.music import BeatGrid, TabNote

_GRIDS = (1, 2, 3, 4, 6, 8, 12, 16, 24)
_FINEST_EXACT = 8
_STRUM_S = 0.05
_STRAIGHT, _FINE, _TRIPLET = 4, 8, 3
_CLEARLY_OFF_STRAIGHT = 0.05
_TRIPLET_GAIN = 0.5


@dataclass(slots=True)
class _Strum:
    """Notes struck together: their mean beat, and which notes."""

    start_s: float
    beat: float
    members: list[int]
    strings: set[int]


def drawn_beats(notes: Sequence[TabNote], beats: BeatGrid, *, triplets: bool = True) -> list[Fraction]:
    """The beat to draw each note at: its quantised one, else the onset snapped to a quarter or third.

    Notes of one string never share a place.
    """
    places: list[Fraction | None] = [n.onset_beats for n in notes]
    strums = _strums([(i, n) for i, n in enumerate(notes) if n.onset_beats is None], beats)
    snapped = _snapped([s.beat for s in strums], beats, triplets=triplets)
    for strum, place in zip(strums, snapped, strict=True):
        for i in strum.members:
            places[i] = place
    return _apart(notes, beats, places)


def _strums(unquantised: Iterable[tuple[int, TabNote]], beats: BeatGrid) -> list[_Strum]:
    strums: list[_Strum] = []
    for i, n in unquantised:
        onset_s, string = n.note.onset_s, n.position.string
        last = strums[-1] if strums else None
        if last is not None and onset_s - last.start_s < _STRUM_S and string not in last.strings:
            n_before = len(last.members)
            last.beat = (last.beat * n_before + beats.beat_at(onset_s)) / (n_before + 1)
            last.members.append(i)
            last.strings.add(string)
        else:
            strums.append(_Strum(onset_s, beats.beat_at(onset_s), [i], {string}))
    return strums


def _snapped(places: Sequence[float], beats: BeatGrid, *, triplets: bool) -> list[Fraction]:
    """Quarters of a beat, but thirds in those bars that fit them clearly better."""
    first = beats.downbeats[0] if beats.downbeats else 0
    bars = [math.floor((place + 1 / 8 - first) / beats.beats_per_bar) for place in places]
    by_bar: dict[int, list[float]] = defaultdict(list)
    for bar, place in zip(bars, places, strict=True):
        by_bar[bar].append(place)
    thirds = {bar for bar, inside in by_bar.items() if triplets and _is_triplet(inside)}
    return [
        _round_to(place, _TRIPLET if bar in thirds else _STRAIGHT)
        for bar, place in zip(bars, places, strict=True)
    ]


def _is_triplet(places: Sequence[float]) -> bool:
    straight = sum(abs(p - _round_to(p, _STRAIGHT)) for p in places) / len(places)
    third = sum(abs(p - _round_to(p, _TRIPLET)) for p in places) / len(places)
    return straight > _CLEARLY_OFF_STRAIGHT and third < _TRIPLET_GAIN * straight


def _round_to(place: float, steps: int) -> Fraction:
    return Fraction(round(place * steps), steps)


def _apart(notes: Sequence[TabNote], beats: BeatGrid, places: Sequence[Fraction | None]) -> list[Fraction]:
    """Move a note that would fall on or before its string's last one: to finer steps, else just after it."""
    last: dict[int, Fraction] = {}
    drawn: list[Fraction] = []
    for n, wanted in zip(notes, places, strict=True):
        string = n.position.string
        place = wanted if wanted is not None else _round_to(beats.beat_at(n.note.onset_s), _FINE)
        if string in last and place <= last[string]:
            place = _round_to(beats.beat_at(n.note.onset_s), _FINE)
        if string in last and place <= last[string]:
            place = last[string] + Fraction(1, _FINE)
        last[string] = place
        drawn.append(place)
    return drawn


def columns_per_beat(onsets: Iterable[Fraction], *, at_least: int) -> int:
    """The smallest grid with a column for every onset; if that is fine, one that still separates them.

    A bar of eighths with one triplet needs 6 columns a beat to be exact, one that adds sixteenths needs 12
    and would not fit on a line: there 4 columns will do, as long as no two onsets meet.

    >>> columns_per_beat([Fraction(0), Fraction(3, 2)], at_least=1)
    2
    >>> columns_per_beat([Fraction(1, 3), Fraction(5, 4)], at_least=2)
    4
    >>> columns_per_beat([Fraction(1, 3), Fraction(1, 4)], at_least=2)
    8
    """
    distinct = set(onsets)
    grids = [g for g in _GRIDS if g >= at_least]
    for grid in grids:
        if grid <= _FINEST_EXACT and all((place * grid).denominator == 1 for place in distinct):
            return grid
    for grid in grids:
        if grid >= _STRAIGHT and len({column_of(place, grid) for place in distinct}) == len(distinct):
            return grid
    return grids[-1]


def column_of(beats_in_bar: Fraction, grid: int) -> int:
    """The column nearest to a place in a bar, the later one of two.

    >>> column_of(Fraction(5, 4), 4), column_of(Fraction(1, 3), 4)
    (5, 1)
    """
    return math.floor(beats_in_bar * grid + Fraction(1, 2))

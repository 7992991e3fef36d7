"""Which places in a beat can be written: straight ones, and tuplets in complete groups.

Each beat is straight, or holds a triplet, quintuplet or septuplet that lasts the beat (or, triplets, half of
it). The simplest division that has all of the beat's onsets is taken; where none has, the one that they are
nearest to. Places and lengths are in beats of the grid. Knows no strings and no bars. Neighbours:
``tab_to_score`` places notes with it, ``score_metre`` splits what lies between tuplets.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class TupletGroup:
    """Several notes in the time of a power of two: thirds, fifths or sevenths of a stretch of a beat.

    Attributes
    ----------
    start, length : Fraction
        Beats.
    parts : int
        3, 5 or 7.
    """

    start: Fraction
    length: Fraction
    parts: int

    @property
    def end(self) -> Fraction:
        return self.start + self.length

    @property
    def step(self) -> Fraction:
        return self.length / self.parts


@dataclass(frozen=True, slots=True)
class _Division:
    """How a beat is divided, in shares of it: tuplets, straight between them."""

    tuplets: tuple[tuple[Fraction, Fraction, int], ...] = ()

    def raster(self, place: Fraction, finest: Fraction) -> tuple[Fraction, Fraction]:
        """Origin and step of the places around a place; straight ones are ``finest`` apart.

        Thirds are halved as far as their notes are no shorter than straight ones by more than a third.
        """
        for start, length, parts in self.tuplets:
            if start <= place < start + length:
                step = length / parts
                while parts == 3 and step / 2 >= finest * Fraction(2, 3):
                    step /= 2
                return start, step
        return Fraction(0), finest

    def snap(self, place: Fraction, finest: Fraction) -> Fraction:
        """The place itself if it can be written, else the nearest on a raster of half as many places."""
        for step_limit in (finest, 2 * finest):
            origin, step = self.raster(place, step_limit)
            snapped = origin + round((place - origin) / step) * step
            if snapped == place:
                break
        return snapped


_HALF = Fraction(1, 2)
_STRAIGHT = _Division()
_DIVISIONS = (
    _STRAIGHT,
    _Division(((Fraction(0), _HALF, 3),)),
    _Division(((_HALF, _HALF, 3),)),
    _Division(((Fraction(0), _HALF, 3), (_HALF, _HALF, 3))),
    _Division(((Fraction(0), Fraction(1), 3),)),
    _Division(((Fraction(0), Fraction(1), 5),)),
    _Division(((Fraction(0), Fraction(1), 7),)),
)


class Raster:
    """The places of a piece that can be written, beat by beat.

    Parameters
    ----------
    onsets : iterable of Fraction
        Where notes should stand, in beats.
    beat_unit : int
        The note value of a beat; nothing straight is finer than a 64th note.

    >>> raster = Raster([Fraction(1, 3), Fraction(3, 4), Fraction(5, 4)], 4)
    >>> str(raster.nearest(Fraction(1, 3))), str(raster.nearest(Fraction(9, 7)))
    ('1/3', '5/4')
    """

    def __init__(self, onsets: Iterable[Fraction], beat_unit: int) -> None:
        self._finest = Fraction(beat_unit, 64)
        inside: dict[int, set[Fraction]] = defaultdict(set)
        for onset in onsets:
            beat = math.floor(onset)
            inside[beat].add(onset - beat)
        self._divisions = {beat: _best_division(places, self._finest) for beat, places in inside.items()}

    def nearest(self, place: Fraction) -> Fraction:
        """The place itself if its beat has it, else the nearest place that is no finer than a 32nd note."""
        beat = math.floor(place)
        return beat + self._division(beat).snap(place - beat, self._finest)

    def after(self, place: Fraction) -> Fraction:
        """The next place after one."""
        beat = math.floor(place)
        division = self._division(beat)
        origin, step = division.raster(place - beat, self._finest)
        following = origin + (math.floor((place - beat - origin) / step) + 1) * step
        return beat + following

    def before(self, place: Fraction) -> Fraction:
        """The last place before what is no place itself."""
        beat = math.floor(place)
        origin, step = self._division(beat).raster(place - beat, self._finest)
        return beat + origin + (place - beat - origin) // step * step

    def tuplet_at(self, place: Fraction) -> TupletGroup | None:
        """The tuplet that a place lies in, its start included."""
        beat = math.floor(place)
        for start, length, parts in self._division(beat).tuplets:
            if start <= place - beat < start + length:
                return TupletGroup(start=beat + start, length=length, parts=parts)
        return None

    def _division(self, beat: int) -> _Division:
        return self._divisions.get(beat, _STRAIGHT)


def _best_division(places: Iterable[Fraction], finest: Fraction) -> _Division:
    """The one that has all places and the fewest written values, or else the one they are nearest to."""
    edges = sorted({Fraction(0), Fraction(1), *places})

    def price(division: _Division) -> tuple[Fraction, int]:
        error = sum((abs(division.snap(p, finest) - p) for p in edges), Fraction(0))
        return error, 0 if error else sum(_n_values(division, a, b) for a, b in itertools.pairwise(edges))

    return _STRAIGHT if price(_STRAIGHT)[0] == 0 else min(_DIVISIONS, key=price)


def _n_values(division: _Division, start: Fraction, end: Fraction) -> int:
    """How many values a stretch of a beat is written as, counting straight ones between tuplets as one."""
    n_values = 0
    for group_start, length, parts in division.tuplets:
        group = TupletGroup(start=group_start, length=length, parts=parts)
        if start < group.start:
            n_values += 1
        if max(start, group.start) < min(end, group.end):
            n_values += sum(1 for _ in split_tuplet(group, max(start, group.start), min(end, group.end)))
        start = max(start, group.end)
    return n_values + (start < end)


def split_tuplet(group: TupletGroup, start: Fraction, end: Fraction) -> Iterator[tuple[Fraction, Fraction]]:
    """The spans of single written values that a stretch of a tuplet is written as.

    >>> triplet = TupletGroup(start=Fraction(0), length=Fraction(1), parts=3)
    >>> [str(b - a) for a, b in split_tuplet(triplet, Fraction(1, 6), Fraction(1))]
    ['1/6', '2/3']
    """
    cut = _cut((start - group.start) / group.step, (end - group.start) / group.step, group.parts)
    if cut is None:
        yield start, end
        return
    yield from split_tuplet(group, start, group.start + cut * group.step)
    yield from split_tuplet(group, group.start + cut * group.step, end)


def _cut(first: Fraction, last: Fraction, parts: int) -> Fraction | None:
    """Where to split a stretch of a tuplet, in its steps; None where one written value holds it."""
    if first.denominator == last.denominator == 1:
        return first + 4 if last - first == 5 != parts else None
    step = Fraction(1)
    while True:
        if last - first == step and first % step == 0:
            return None
        edge = (first // step + 1) * step
        if edge < last:
            return last // step * step if first % step == 0 and last % step else edge
        step /= 2

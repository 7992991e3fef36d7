"""How a length is split into written values in a bar, so that a reader sees the beats.

A note may hide a beat only where its ends make up for it: in 4/4 quarter, half, quarter stands as it is,
but a note that starts off the beat is tied over the middle of the bar; in 6/8 nothing but a note of the
whole bar crosses the middle. Rests hide no beat. Follows E. Gould, "Behind Bars" (2011), "Grouping of
note-values"; knows no tuplets, which ``score_rhythm`` cuts out first, and no notes.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from fretscribe.io.written_values import spell_duration

Span = tuple[Fraction, Fraction]
"""Start and end in quarter notes from the start of the bar."""

FINEST = Fraction(1, 16)
"""A 64th note: nothing straight is written finer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """Edges of one rank in a bar, and the places from which a note may reach over one of them."""

    edges: frozenset[Fraction]
    reach: Fraction | None

    def forbids(self, start: Fraction, end: Fraction, *, rest: bool) -> bool:
        inside = sum(start < edge < end for edge in self.edges)
        if not inside or (start in self.edges and end in self.edges):
            return False
        if rest or inside > 1 or self.reach is None:
            return True
        return bool(start % self.reach or end % self.reach)

    def cut(self, start: Fraction, end: Fraction) -> Fraction | None:
        """Where to split: the first edge, but the last one for what starts on an edge."""
        inside = sorted(edge for edge in self.edges if start < edge < end)
        if not inside:
            return None
        return inside[-1] if start in self.edges else inside[0]


def split_span(span: Span, beats_per_bar: int, beat_unit: int, *, rest: bool = False) -> Iterator[Span]:
    """The spans of single written values (plain or with one dot) that a note or rest is written as.

    Parameters
    ----------
    span : Span
        Ends are multiples of a 64th note inside the bar.
    beats_per_bar, beat_unit : int
        The metre.
    rest : bool

    >>> [str(end - start) for start, end in split_span((Fraction(3, 2), Fraction(3)), 4, 4)]
    ['1/2', '1']
    >>> [str(end - start) for start, end in split_span((Fraction(1), Fraction(3)), 4, 4)]
    ['2']
    >>> [str(end - start) for start, end in split_span((Fraction(1), Fraction(3)), 6, 8)]
    ['1/2', '3/2']
    """
    levels = _levels(beats_per_bar, beat_unit)
    start, end = span
    whole_bar = start == 0 and end == Fraction(4 * beats_per_bar, beat_unit)
    hidden = None if whole_bar else next((v for v in levels if v.forbids(start, end, rest=rest)), None)
    single = _is_single(end - start)
    if hidden is None and single:
        yield span
        return
    ranks = levels if hidden is None else (hidden,)
    at = next(cut for cut in (level.cut(start, end) for level in ranks) if cut is not None)
    yield from split_span((start, at), beats_per_bar, beat_unit, rest=rest)
    yield from split_span((at, end), beats_per_bar, beat_unit, rest=rest)


def _is_single(length: Fraction) -> bool:
    value = spell_duration(length)
    return value is not None and value.dots <= 1 and value.tuplet == (1, 1)


@functools.lru_cache(maxsize=256)
def _levels(beats_per_bar: int, beat_unit: int) -> tuple[_Level, ...]:
    """Halves of the bar, groups of beats, beats, and their halves down to a 64th; strongest first."""
    beat = Fraction(4, beat_unit)
    length = beats_per_bar * beat
    sizes = group_sizes(beats_per_bar, beat_unit)
    edges = [beat * n for n in itertools.accumulate(sizes, initial=0)]
    levels = []
    if len(sizes) % 2 == 0 and len(sizes) > 2 and len(set(sizes)) == 1:
        levels.append(_Level(edges=frozenset(edges[:: len(sizes) // 2]), reach=sizes[0] * beat))
    if max(sizes) > 1:
        in_pairs = beat_unit <= 4 and 3 not in sizes
        levels.append(_Level(edges=frozenset(edges), reach=beat if in_pairs else None))
    step = beat
    while step >= FINEST:
        n_steps = int(length / step)
        levels.append(_Level(edges=frozenset(step * i for i in range(n_steps + 1)), reach=step / 2))
        step /= 2
    return tuple(levels)


def group_sizes(beats_per_bar: int, beat_unit: int) -> tuple[int, ...]:
    """How many beats the groups of a bar have.

    >>> group_sizes(4, 4), group_sizes(3, 4), group_sizes(6, 8), group_sizes(5, 4), group_sizes(7, 8)
    ((2, 2), (1, 1, 1), (3, 3), (3, 2), (2, 2, 3))
    """
    if beats_per_bar > 3 and beats_per_bar % 3 == 0:
        return (3,) * (beats_per_bar // 3)
    if beats_per_bar == 3:
        return (3,) if beat_unit >= 8 else (1, 1, 1)
    if beats_per_bar == 5:
        return (3, 2)
    if beats_per_bar % 2:
        return (2,) * (beats_per_bar // 2 - 1) + (3,) if beats_per_bar > 1 else (1,)
    if beats_per_bar == 2:
        return (1, 1)
    return (2,) * (beats_per_bar // 2)

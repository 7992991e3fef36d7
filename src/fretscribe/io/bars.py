"""Bars of a beat grid: where each starts and ends, in beats, and grids cut at 0 s.

Neighbours: ``ascii_tab`` draws the bars; ``midi`` and ``jams``, whose files have no time before their
start, cut the grid.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from fractions import Fraction

from fretscribe.music import BeatGrid

Bar = tuple[int, int]
"""First beat and beat after the last; negative before the first beat of the grid."""


def beats_from_zero(beats: BeatGrid | None) -> BeatGrid | None:
    """The beats at 0 s and later, None where fewer than two are left."""
    if beats is None or beats.beat_times_s[0] >= 0:
        return beats
    n_before = sum(t < 0 for t in beats.beat_times_s)
    if len(beats.beat_times_s) - n_before < 2:
        return None
    return dataclasses.replace(
        beats,
        beat_times_s=beats.beat_times_s[n_before:],
        downbeats=tuple(d - n_before for d in beats.downbeats if d >= n_before),
    )


def bars_between(beats: BeatGrid, first: Fraction, last: Fraction) -> list[Bar]:
    """The bars that cover the beats ``first <= b <= last``, a pick-up before the first downbeat included.

    >>> grid = BeatGrid(beat_times_s=tuple(range(9)), downbeats=(2, 6))
    >>> bars_between(grid, Fraction(1), Fraction(10))
    [(0, 2), (2, 6), (6, 10), (10, 14)]
    """
    size = beats.beats_per_bar
    starts = list(beats.downbeats) or [0]
    pickup = min(0, math.floor(first))
    bars = [] if starts[0] <= pickup else _pickup_bars(pickup, starts[0], size)
    bars += list(itertools.pairwise(starts))
    end = starts[-1]
    while not bars or end <= last:
        bars.append((end, end + size))
        end += size
    return [bar for bar in bars if bar[1] > first and bar[0] <= last]


def _pickup_bars(first: int, end: int, size: int) -> list[Bar]:
    """What lies before the first downbeat: whole bars counted backwards, the earliest cut at ``first``."""
    starts = list(range(end - size, first, -size))
    edges = [first, *sorted(starts), end]
    return list(itertools.pairwise(edges))

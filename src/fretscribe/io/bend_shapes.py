"""Bends as notation draws them: from one pitch over a held one to another, in quarter tones.

What Guitar Pro's document stores and alphaTab draws is no free curve: it starts at a pitch, moves to a
second, may hold it, and moves to a third. This file finds the shape that follows a curve most closely.
Neighbours: ``gpif_beats_writer`` and ``alphatex_writer`` write it, ``bends`` thins dense curves.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fretscribe.io.bends import Curve, thin_bend
from fretscribe.io.score import CurvePoint

QUARTER_TONE = 50
HIGHEST_BEND = 600
"""Cents: three whole tones, the most that a bend is written as."""
_MOST_POINTS = 8
_STRAIGHT_ENOUGH = 0.5
"""Quarter tones."""
_PER_CENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BendShape:
    """A bend; places are per cent of the note, rising, and pitches are quarter tones above the fret.

    Attributes
    ----------
    origin, destination : tuple of int
        Place and quarter tones; before the one and after the other the pitch stays.
    middle : tuple of int, or None
        Place where the middle pitch is reached, place where it is left, and its quarter tones; None where the
        way is straight.
    """

    origin: tuple[int, int]
    destination: tuple[int, int]
    middle: tuple[int, int, int] | None = None

    @property
    def points(self) -> tuple[tuple[int, int], ...]:
        """All corners as (per cent, quarter tones)."""
        if self.middle is None:
            return (self.origin, self.destination)
        reached, left, pitch = self.middle
        return tuple(dict.fromkeys((self.origin, (reached, pitch), (left, pitch), self.destination)))


def bend_shape(curve: Sequence[CurvePoint]) -> BendShape | None:
    """The shape nearest to a curve; None where the curve never leaves the fret's pitch by a quarter tone.

    What lies below the fret is drawn at it: no finger bends a string down.

    >>> from fractions import Fraction
    >>> curve = [CurvePoint(at=Fraction(a, 10), cents=c) for a, c in ((0, 0), (3, 190), (8, 205), (10, 0))]
    >>> bend_shape(curve).points
    ((0, 0), (30, 4), (80, 4), (100, 0))
    >>> bend_shape(curve[:3]).points
    ((0, 0), (30, 4))
    """
    points = _corners(curve)
    if not any(pitch for _, pitch in points):
        return None
    if len(points) == 1:
        return BendShape(origin=(0, points[0][1]), destination=(_PER_CENT, points[0][1]))
    straight = BendShape(origin=points[0], destination=points[-1])
    if _distances(straight, points).max() <= _STRAIGHT_ENOUGH:
        return straight
    return min(_with_middle(points), key=lambda shape: _distances(shape, points).sum())


def _corners(curve: Sequence[CurvePoint]) -> list[tuple[int, int]]:
    """(per cent, quarter tones) of what shapes the curve, at most one a place, without held ends."""
    ordered = sorted(curve, key=lambda p: p.at)
    thinned = thin_bend(
        np.array([float(p.at) for p in ordered]),
        np.array([p.cents for p in ordered]),
        tolerance_cents=QUARTER_TONE / 2,
        max_points=_MOST_POINTS,
    )
    found: dict[int, int] = {}
    for point in thinned:
        cents = min(max(point.cents, 0.0), HIGHEST_BEND)
        found[round(min(max(point.time_s, 0.0), 1.0) * _PER_CENT)] = round(cents / QUARTER_TONE)
    points = list(found.items())
    while len(points) > 1 and points[-1][1] == points[-2][1]:
        points.pop()
    while len(points) > 1 and points[0][1] == points[1][1]:
        points.pop(0)
    return points


def _with_middle(points: list[tuple[int, int]]) -> Iterator[BendShape]:
    inner = points[1:-1]
    for first, last in itertools.combinations_with_replacement(range(len(inner)), 2):
        for pitch in sorted({pitch for _, pitch in inner[first : last + 1]}):
            middle = (inner[first][0], inner[last][0], pitch)
            yield BendShape(origin=points[0], destination=points[-1], middle=middle)


def _distances(shape: BendShape, points: list[tuple[int, int]]) -> Curve:
    """Quarter tones between the shape and the curve, at each of the curve's corners."""
    places, pitches = np.array(points, dtype=float).T
    corners, heights = np.array(shape.points, dtype=float).T
    distances: Curve = np.abs(np.interp(places, corners, heights) - pitches)
    return distances

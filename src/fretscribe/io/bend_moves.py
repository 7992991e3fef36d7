"""Bends as moves of the hand: bent before it is struck, pushed up, let go.

Neighbours: ``bend_shapes`` finds the corners of a curve, ``musicxml_writer`` and ``lilypond_writer`` write
the moves between them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from fretscribe.io.bend_shapes import bend_shape
from fretscribe.io.score import CurvePoint


@dataclass(frozen=True, slots=True, kw_only=True)
class BendMove:
    """A rise or a fall of a bent string.

    Attributes
    ----------
    start, end : int
        Per cent of the note's length; both 0 for a string that is bent before it is struck.
    before, after : int
        Quarter tones above the fret's pitch.
    """

    start: int
    end: int
    before: int
    after: int

    @property
    def is_prebend(self) -> bool:
        return self.end == 0


def bend_moves(curve: Sequence[CurvePoint]) -> tuple[BendMove, ...]:
    """The moves of a curve, in their order; none where it stays within a quarter tone.

    >>> from fractions import Fraction
    >>> up = (CurvePoint(at=Fraction(0), cents=0), CurvePoint(at=Fraction(1, 2), cents=190))
    >>> [(m.start, m.end, m.before, m.after) for m in bend_moves(up)]
    [(0, 50, 0, 4)]
    """
    shape = bend_shape(curve) if curve else None
    if shape is None:
        return ()
    points = shape.points
    struck_at = points[0][1]
    prebend = (BendMove(start=0, end=0, before=0, after=struck_at),) if struck_at else ()
    return prebend + tuple(
        BendMove(start=start, end=end, before=before, after=after)
        for (start, before), (end, after) in itertools.pairwise(points)
        if before != after
    )


def quarter_tones_text(steps: int) -> str:
    """How tab prints the height of a bend.

    >>> [quarter_tones_text(n) for n in (1, 2, 3, 4, 6)]
    ['1/4', '1/2', '3/4', 'full', '1 1/2']
    """
    whole, rest = divmod(steps, 4)
    parts = [str(whole)] if whole else []
    parts += [("1/4", "1/2", "3/4")[rest - 1]] if rest else []
    return "full" if steps == 4 else " ".join(parts)

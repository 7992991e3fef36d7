"""Bends in the shape that notation has for them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.io.bend_shapes import HIGHEST_BEND, QUARTER_TONE, bend_shape
from fretscribe.io.score import CurvePoint


def curve(*points: tuple[float, float]) -> tuple[CurvePoint, ...]:
    return tuple(CurvePoint(at=Fraction(str(at)), cents=cents) for at, cents in points)


@pytest.mark.parametrize(
    ("points", "want"),
    [
        ([(0, 0), (0.4, 195), (1, 205)], ((0, 0), (40, 4))),  # bend, and hold
        ([(0, 0), (0.2, 200), (0.6, 200), (0.8, 0), (1, 0)], ((0, 0), (20, 4), (60, 4), (80, 0))),  # release
        ([(0, 200)], ((0, 4), (100, 4))),  # bent before it is struck
        ([(0, 200), (0.5, 200), (1, 0)], ((50, 4), (100, 0))),
        ([(0, 0), (0.5, 50), (1, 100)], ((0, 0), (100, 2))),  # a straight way has no corner
        ([(0, 0), (0.5, 900)], ((0, 0), (50, HIGHEST_BEND // QUARTER_TONE))),
        ([(0, -300), (0.5, 100)], ((0, 0), (50, 2))),  # no finger bends down
    ],
)
def test_shapes(points: list[tuple[float, float]], want: tuple[tuple[int, int], ...]) -> None:
    shape = bend_shape(curve(*points))
    assert shape is not None
    assert shape.points == want


@pytest.mark.parametrize("points", [[], [(0, 0), (1, 20)], [(0, -200), (1, -50)]])
def test_no_bend(points: list[tuple[float, float]]) -> None:
    assert bend_shape(curve(*points)) is None


@st.composite
def drawn_bends(draw: st.DrawFn) -> tuple[CurvePoint, ...]:
    """Bend, hold and release: what a page can show, with the hand's jitter."""
    rise, fall, end = sorted(draw(st.lists(st.integers(2, 98), min_size=3, max_size=3, unique=True)))
    top = draw(st.integers(2, 12)) * 50
    low = draw(st.integers(0, top // 50 - 2)) * 50
    jitter = st.floats(-10, 10)
    heights = [0, top, top, low]
    return tuple(
        CurvePoint(at=Fraction(at, 100), cents=cents + draw(jitter))
        for at, cents in zip((0, rise, fall, end), heights, strict=True)
    )


@given(drawn_bends())
def test_a_bend_that_can_be_drawn_is_drawn_as_it_is(points: tuple[CurvePoint, ...]) -> None:
    shape = bend_shape(points)
    assert shape is not None
    places = np.linspace(0, 1, 50)
    drawn = np.interp(places * 100, *np.array(shape.points, dtype=float).T) * QUARTER_TONE
    wanted = np.interp(places, [float(p.at) for p in points], [p.cents for p in points])
    assert drawn == pytest.approx(wanted, abs=QUARTER_TONE)

"""Down- and upstrokes, and which beats they speak for."""

from __future__ import annotations

import numpy as np
import pytest

from fretscribe.music import Note
from fretscribe.symbolic.strokes import StrummingHands, count_strokes, hand_fits, stroke, stroke_score

EIGHTHS = StrummingHands(
    down=np.array([[0.95, 0.05, 0.5, 0.5]]),
    shares=np.array([1.0]),
    share_down=0.5,
)


def chord(*apart_s: float) -> list[Note]:
    """Notes from low to high, each so long after the first."""
    return [Note(onset_s=1.0 + s, offset_s=2.0, pitch=40 + 5 * i) for i, s in enumerate(apart_s)]


@pytest.mark.parametrize(
    ("apart_s", "told"),
    [
        ((0.0, 0.01, 0.02, 0.03), 1.0),
        ((0.03, 0.02, 0.01, 0.0), -1.0),
        ((0.0, 0.001, 0.002), 0.0),  # plucked at once
        ((0.0, 0.02), 0.0),  # two notes are no strum
        ((0.0,), 0.0),
    ],
)
def test_the_order_of_the_strings_tells_the_stroke(apart_s: tuple[float, ...], told: float) -> None:
    assert stroke(chord(*apart_s)) == told


def test_a_unison_tells_nothing() -> None:
    assert stroke([Note(onset_s=s, offset_s=2.0, pitch=52) for s in (1.0, 1.01, 1.02)]) == 0.0


def test_strokes_are_counted_by_place() -> None:
    strokes = np.array([1.0, -1.0, 1.0, -1.0, 0.0])
    places = np.array([0.02, 0.49, 0.98, 0.34, 0.0])
    assert count_strokes(strokes, places).tolist() == [[2.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize("period_s", [0.4, 0.5, 0.7])
def test_eighths_speak_for_the_beats_that_go_down(period_s: float) -> None:
    times_s = np.arange(0.02, 8.0, period_s / 2)
    strokes = np.where(np.arange(len(times_s)) % 2 == 0, 1.0, -1.0)
    beats_s = np.arange(0.0, 9.0, period_s)
    right = stroke_score(strokes, times_s, beats_s, EIGHTHS)
    assert right > 0.0 > stroke_score(strokes, times_s, beats_s - period_s / 2, EIGHTHS)
    assert right > stroke_score(strokes, times_s, beats_s[::2], EIGHTHS)


def test_without_strokes_no_grid_gains() -> None:
    assert stroke_score(np.zeros(9), np.arange(9.0), np.arange(10.0), EIGHTHS) == 0.0


def test_a_hand_that_plays_more_pieces_fits_better() -> None:
    hands = StrummingHands(down=np.full((2, 4), 0.5), shares=np.array([0.9, 0.1]), share_down=0.5)
    fits = hand_fits(np.ones((4, 2)), hands)
    np.testing.assert_allclose(fits[0] - fits[1], np.log(9.0))

"""Strumming hands from counts of strokes."""

from __future__ import annotations

import numpy as np

from fretscribe.training.strokes import fit_hands

EIGHTHS = np.array([[40.0, 2.0], [2.0, 40.0], [0.0, 0.0], [0.0, 0.0]])
SIXTEENTHS = np.array([[40.0, 2.0], [40.0, 2.0], [2.0, 40.0], [0.0, 0.0]])


def test_both_ways_of_strumming_are_found() -> None:
    hands = fit_hands([EIGHTHS] * 6 + [SIXTEENTHS] * 2, seed=0)
    first, second = np.argsort(hands.down[:, 1])
    assert hands.down[first, 1] < 0.1 < 0.9 < hands.down[second, 1]
    assert np.all(hands.down[:, 0] > 0.9)
    np.testing.assert_allclose(hands.shares[[first, second]], [0.75, 0.25], atol=0.02)


def test_the_same_seed_gives_the_same_hands() -> None:
    first, second = (fit_hands([EIGHTHS, SIXTEENTHS], seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.down, second.down)


def test_without_pieces_nothing_is_said() -> None:
    hands = fit_hands([], seed=0)
    assert np.all(hands.down == 0.5)
    assert hands.share_down == 0.5

"""Frame measures of frets, counted by hand, and equal to those that notes give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fretscribe.evaluation.tab_frames import summed, tab_frame_scores

OPEN = (40, 45, 50, 55, 59, 64)


def test_counts_by_hand() -> None:
    truth = np.array([[1, 0, 3, 0, 0, 0], [0, 0, 0, 0, 6, 0]])
    guess = np.array([[1, 0, 0, 0, 0, 0], [0, 0, 0, 10, 0, 1]])  # G string fret 9 and open E are both 64
    scores = tab_frame_scores(truth, guess, OPEN)
    assert (scores.tab.n_matched, scores.tab.n_ref, scores.tab.n_est) == (1, 3, 3)
    assert (scores.multipitch.n_matched, scores.multipitch.n_ref, scores.multipitch.n_est) == (2, 3, 2)
    assert scores.tdr == 0.5


frames = arrays.arrays(np.int64, (4, 6), elements=st.integers(0, 21))


@given(truth=frames)
def test_the_truth_is_perfect(truth: np.ndarray) -> None:
    scores = tab_frame_scores(truth, truth, OPEN)
    assert scores.tab.n_matched == scores.tab.n_ref == scores.tab.n_est == (truth > 0).sum()


@given(truth=frames, guess=frames)
def test_pooling_adds_counts(truth: np.ndarray, guess: np.ndarray) -> None:
    whole = summed([tab_frame_scores(truth, guess, OPEN)])
    halves = summed(
        [tab_frame_scores(truth[:1], guess[:1], OPEN), tab_frame_scores(truth[1:], guess[1:], OPEN)]
    )
    assert whole == halves


def test_shapes_must_fit() -> None:
    with pytest.raises(ValueError, match="fit"):
        tab_frame_scores(np.zeros((2, 6), int), np.zeros((3, 6), int), OPEN)

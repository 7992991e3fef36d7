"""Frames and seconds convert one way only; audio and probabilities are checked when made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.frames import Audio, FrameGrid, FretProbs, StringRoll

grids = st.builds(
    FrameGrid,
    sample_rate=st.integers(20, 96000),
    hop_length=st.integers(1, 4096),
    n_frames=st.integers(0, 300),
    start_s=st.floats(0, 100),
)


@given(grid=grids)
def test_all_times_at_once_are_the_times_one_by_one(grid: FrameGrid) -> None:
    assert grid.times_s().tolist() == [grid.time_s(frame) for frame in range(grid.n_frames)]


@given(grid=grids, frame=st.floats(0, 1000))
def test_frames_invert_times(grid: FrameGrid, frame: float) -> None:
    assert grid.frame(grid.time_s(frame)) == pytest.approx(frame, abs=1e-6)


def test_audio_is_finite_read_only_and_mixes_to_mono() -> None:
    audio = Audio(samples=np.array([[1.0, 0.0], [0.0, 0.5]]), sample_rate=10)
    assert audio.duration_s == 0.2
    assert audio.mono().tolist() == [0.5, 0.25]
    with pytest.raises(ValueError, match="read-only"):
        audio.samples[0, 0] = 2
    with pytest.raises(ValueError, match="finite"):
        Audio(samples=np.array([[np.nan]]), sample_rate=10)
    with pytest.raises(ValueError, match="dimensions"):
        Audio(samples=np.zeros(3), sample_rate=10)


def test_rolls_and_probabilities_must_fit_their_grid() -> None:
    grid = FrameGrid(sample_rate=10, hop_length=1, n_frames=4)
    roll = np.zeros((4, 6, 56))
    assert StringRoll(grid=grid, onset=roll, active=roll, pitch_min=33).n_strings == 6
    with pytest.raises(ValueError, match="match"):
        StringRoll(grid=grid, onset=roll[:3], active=roll, pitch_min=33)
    with pytest.raises(ValueError, match="level"):
        StringRoll(grid=grid, onset=roll, active=roll, pitch_min=33, level=np.zeros((4, 5)))
    with pytest.raises(ValueError, match="probs"):
        FretProbs(grid=grid, probs=np.zeros((4, 6, 21)))

"""Frames and seconds convert one way only; audio and probabilities are checked when made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.frames import (
    Audio,
    FrameGrid,
    FretProbs,
    StringRoll,
    on_grid,
    probs_from_tab,
    tab_from_probs,
)

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


def random_frets(n_frames: int, seed: int) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(0, 3, (n_frames, 6, 22))
    shares = np.exp(logits)
    return (shares / shares.sum(axis=-1, keepdims=True)).astype(np.float32)


@given(seed=st.integers(0, 2**31), n_frames=st.integers(0, 5))
def test_the_126_layout_drops_silence_and_gives_it_back(seed: int, n_frames: int) -> None:
    probs = random_frets(n_frames, seed)
    tab = tab_from_probs(probs)
    assert tab.shape == (n_frames, 126)
    assert np.allclose(probs_from_tab(tab), probs, atol=1e-5)
    with pytest.raises(ValueError, match="126"):
        probs_from_tab(np.zeros((2, 125)))


def test_another_grid_is_linear_in_between_and_constant_beyond() -> None:
    coarse = FrameGrid(sample_rate=10, hop_length=1, n_frames=3, start_s=0.1)
    frets = FretProbs(grid=coarse, probs=random_frets(3, 1))
    fine = FrameGrid(sample_rate=20, hop_length=1, n_frames=10)
    there = on_grid(frets, fine)
    assert np.allclose(there.probs[2::2][:3], frets.probs)
    assert np.allclose(there.probs[3], frets.probs[:2].mean(axis=0), atol=1e-6)
    assert np.array_equal(there.probs[0], frets.probs[0])
    assert np.array_equal(there.probs[9], frets.probs[2])
    empty = FretProbs(grid=FrameGrid(sample_rate=10, hop_length=1, n_frames=0), probs=np.zeros((0, 6, 22)))
    assert on_grid(empty, fine).probs[:, :, 0].min() == 1.0

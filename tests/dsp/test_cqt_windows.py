"""The constant-Q windows are librosa's, whatever the level, and flat where nothing is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.datasets.idioms import demo_tab
from fretscribe.datasets.synthetic import render
from fretscribe.dsp.cqt_windows import (
    BELOW_FLOOR_DB,
    SAMPLE_RATE,
    STEP_SAMPLES,
    WINDOW_SAMPLES,
    cqt_windows,
    cqt_windows_of,
    is_flat,
    window_grid,
)


def tone(pitch_hz: float, duration_s: float, level: float = 0.5) -> np.ndarray:
    times = np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    return (level * np.sin(2 * np.pi * pitch_hz * times)).astype(np.float32)


def librosa_window(segment: np.ndarray) -> np.ndarray:
    librosa = pytest.importorskip("librosa")
    transform = librosa.cqt(
        segment,
        sr=SAMPLE_RATE,
        hop_length=1024,
        n_bins=96,
        bins_per_octave=12,
        fmin=librosa.note_to_hz("C1"),
    )
    decibels = librosa.amplitude_to_db(np.abs(transform) ** 4, ref=np.max, top_db=None)
    return np.where(decibels < -60, -120, decibels)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:n_fft=")  # librosa's word on segments shorter than its filters
def test_windows_equal_librosas() -> None:
    import soxr

    audio = render(demo_tab(), seed=3)
    signal = soxr.resample(audio.mono(), audio.sample_rate, SAMPLE_RATE).astype(np.float32)
    windows = cqt_windows(signal)
    for number in range(0, min(40, len(windows) - 1), 3):
        start = number * STEP_SAMPLES
        theirs = librosa_window(signal[start : start + WINDOW_SAMPLES])
        shown = (theirs > -60) & (windows[number] > -60)
        assert np.abs(theirs - windows[number])[shown].max(initial=0.0) <= 0.1
        assert np.mean((theirs > -60) != (windows[number] > -60)) < 0.005


def test_a_tone_peaks_at_its_pitch_at_zero_decibels() -> None:
    windows = cqt_windows(tone(220.0, 0.5))
    assert windows.shape == (4, 96, 9)
    assert windows.max() == 0.0
    assert set(windows[:3].mean(axis=2).argmax(axis=1)) == {57 - 24}


@given(level=st.floats(0.02, 1.0))
@settings(max_examples=10)
def test_what_is_shown_does_not_depend_on_a_level_well_above_the_floor(level: float) -> None:
    loud, quieter = cqt_windows(tone(330.0, 0.3, 1.0)), cqt_windows(tone(330.0, 0.3, level))
    shown = (loud > -40) & (quieter > -40)
    assert shown.any()
    assert np.allclose(loud[shown], quieter[shown], atol=0.05)


def test_silence_is_flat_and_a_tone_is_not() -> None:
    assert is_flat(cqt_windows(np.zeros(SAMPLE_RATE, np.float32))).all()
    assert not is_flat(cqt_windows(tone(110.0, 1.0))).any()


@pytest.mark.parametrize(
    ("n_samples", "n_windows"), [(0, 1), (100, 1), (8820, 1), (8821, 2), (13230, 2), (44100, 9)]
)
def test_every_sample_lies_in_a_window(n_samples: int, n_windows: int) -> None:
    windows = cqt_windows(np.zeros(n_samples, np.float32))
    assert windows.shape == (n_windows, 96, 9)
    assert window_grid(n_windows).time_s(0) == pytest.approx(0.1)


@settings(max_examples=30, deadline=None)
@given(lengths=st.lists(st.integers(0, 3 * STEP_SAMPLES), min_size=1, max_size=6))
def test_windows_of_parts_are_the_windows_of_the_whole(lengths: list[int]) -> None:
    rng = np.random.default_rng(sum(lengths))
    parts = [(0.1 * rng.standard_normal(n)).astype(np.float32) for n in lengths]
    in_parts = np.concatenate(list(cqt_windows_of(parts)))
    assert np.array_equal(in_parts, cqt_windows(np.concatenate(parts)))


def test_nothing_lies_between_the_cut_and_the_mark_below_it() -> None:
    rng = np.random.default_rng(0)
    windows = cqt_windows((0.1 * rng.standard_normal(2 * SAMPLE_RATE)).astype(np.float32))
    assert ((windows >= -60.0) | (windows == BELOW_FLOOR_DB)).all()

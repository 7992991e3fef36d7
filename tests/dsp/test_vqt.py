"""The transform's kernels: a sine lands in its bin at its level, windows shorten upward."""

from __future__ import annotations

import numpy as np
import pytest

from fretscribe.dsp.vqt import VqtSpec, kernel_groups

SPEC = VqtSpec(sample_rate=22050, midi_min=33, bins_per_semitone=3, n_bins=270, q=30.0, offset_hz=5.0)


def magnitudes(signal: np.ndarray) -> np.ndarray:
    """Magnitude of every bin at the middle of a signal."""
    out = np.zeros(SPEC.n_bins)
    for bins, kernels in kernel_groups(SPEC):
        half = kernels.shape[-1] // 2
        middle = len(signal) // 2
        part = signal[middle - half : middle + half + 1]
        real, imaginary = kernels @ part
        out[bins] = np.hypot(real, imaginary)
    return out


@pytest.mark.parametrize("bin_index", [0, 20, 99, 180, 269])
def test_a_full_scale_sine_has_magnitude_one_in_its_own_bin(bin_index: int) -> None:
    time = np.arange(22050) / 22050
    signal = np.sin(2 * np.pi * SPEC.frequency(bin_index) * time)
    heard = magnitudes(signal)
    assert int(np.argmax(heard)) == bin_index
    assert heard[bin_index] == pytest.approx(1.0, abs=0.02)


def test_groups_cover_every_bin_once_and_waste_little() -> None:
    groups = kernel_groups(SPEC, max_ratio=1.5)
    covered = [i for bins, _ in groups for i in range(bins.start, bins.stop)]
    assert covered == list(range(SPEC.n_bins))
    for bins, kernels in groups:
        assert kernels.shape[-1] % 2 == 1
        assert kernels.shape[-1] <= 1.5 * SPEC.length(bins.stop - 1)


def test_windows_shorten_upward_and_with_the_offset() -> None:
    lengths = [SPEC.length(i) for i in range(SPEC.n_bins)]
    assert lengths == sorted(lengths, reverse=True)
    quick = VqtSpec(sample_rate=22050, midi_min=33, bins_per_semitone=3, n_bins=9, q=30.0, offset_hz=32.0)
    assert quick.length(0) < lengths[0] / 3


def test_bins_beyond_nyquist_are_refused() -> None:
    with pytest.raises(ValueError, match="Nyquist"):
        VqtSpec(sample_rate=8000, midi_min=33, bins_per_semitone=3, n_bins=276, q=30.0, offset_hz=5.0)

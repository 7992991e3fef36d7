"""Kernels of a variable-Q transform: the spectral front end of the acoustic model.

Three bins a semitone, each a windowed complex exponential; its bandwidth is ``f / q + offset_hz``, so
low bins keep some time resolution (Schörkhuber et al., "A Matlab toolbox for efficient perfect
reconstruction time-frequency transforms with log-frequency resolution", AES 2014). Kernels come in
groups of similar length so that the transform is a few strided convolutions. Only the kernels are made
here: the network applies them inside its graph.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.convert import midi_to_hz
from fretscribe.frames import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class VqtSpec:
    """Bins and bandwidths of a transform.

    Attributes
    ----------
    sample_rate : int
        Hz.
    midi_min : float
        Pitch of bin 0; may lie between semitones.
    bins_per_semitone : int
    n_bins : int
    q : float
        Centre frequency over bandwidth, for high bins.
    offset_hz : float
        Added to every bandwidth; larger is shorter in time.
    """

    sample_rate: int
    midi_min: float
    bins_per_semitone: int
    n_bins: int
    q: float
    offset_hz: float

    def __post_init__(self) -> None:
        if self.frequency(self.n_bins - 1) >= self.sample_rate / 2:
            raise ValueError(f"the highest bin lies above the Nyquist frequency: {self}")

    def frequency(self, bin_index: float) -> float:
        """Centre frequency of a bin in Hz."""
        return midi_to_hz(self.midi_min + bin_index / self.bins_per_semitone)

    def length(self, bin_index: int) -> int:
        """Samples of a bin's window, odd so that it has a centre."""
        frequency = self.frequency(bin_index)
        bandwidth = frequency / self.q + self.offset_hz
        return 2 * int(0.75 * self.sample_rate / bandwidth) + 1


def kernel_groups(spec: VqtSpec, *, max_ratio: float = 1.5) -> list[tuple[slice, FloatArray]]:
    """Kernels of consecutive bins, grouped so that lengths within a group differ little.

    Parameters
    ----------
    spec : VqtSpec
    max_ratio : float
        Longest over shortest window of a group.

    Returns
    -------
    list of (bins, kernels)
        ``kernels`` is float32 [2, n_group_bins, length], real and imaginary parts, Hann-windowed and
        scaled so that a full-scale sine at the centre frequency has magnitude 1. Lengths are odd.
    """
    groups = []
    start = 0
    while start < spec.n_bins:
        stop = start + 1
        while stop < spec.n_bins and spec.length(stop) * max_ratio >= spec.length(start):
            stop += 1
        groups.append((slice(start, stop), _kernels(spec, start, stop)))
        start = stop
    return groups


def _kernels(spec: VqtSpec, start: int, stop: int) -> FloatArray:
    longest = spec.length(start)
    kernels = np.zeros((2, stop - start, longest), dtype=np.float64)
    for row, bin_index in enumerate(range(start, stop)):
        length = spec.length(bin_index)
        n = np.arange(length) - length // 2
        window = _hann(length)
        phase = 2 * np.pi * spec.frequency(bin_index) / spec.sample_rate * n
        at = slice(longest // 2 - length // 2, longest // 2 + length // 2 + 1)
        kernels[0, row, at] = window * np.cos(phase) * 2 / window.sum()
        kernels[1, row, at] = -window * np.sin(phase) * 2 / window.sum()
    return kernels.astype(np.float32)


def _hann(length: int) -> npt.NDArray[np.float64]:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(length) + 0.5) / length))

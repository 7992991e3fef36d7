"""Constant-Q windows of 0.2 s every 0.1 s: the front end that the precomputed real features were made with.

Each window is transformed alone, zero-padded: 96 semitone bins from C1, 9 frames, magnitudes to the fourth
power, in dB below the window's own peak. Only what lies within 15 dB of that peak survives, and a window
whose peak stays below a fixed floor is *flat*: 0 dB everywhere, nothing in it is known.
Follows ``librosa.cqt`` (McFee et al., "librosa", SciPy 2015; Schörkhuber and Klapuri, "Constant-Q transform
toolbox for music processing", SMC 2010) closely enough to feed networks that learned from its output; the
tests compare the two. Depends on the signal's level, because of the floor: see `WINDOW_LEVEL`.
Knows nothing of networks. Neighbours: ``vqt`` is the acoustic model's front end, ``mel`` the other one of
TabCNN.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import soxr

from fretscribe.convert import midi_to_hz
from fretscribe.frames import FloatArray, FrameGrid

SAMPLE_RATE = 44100
WINDOW_SAMPLES = 8820
STEP_SAMPLES = 4410
N_BINS = 96
N_FRAMES = 9
MIDI_MIN = 24
"""Bin k is MIDI pitch 24 + k."""

FLOOR_DB = -60.0
BELOW_FLOOR_DB = -120.0
WINDOW_LEVEL = 0.1
"""RMS of a recording's loud parts at which its windows are taken."""

_HOP = 1024
_BINS_PER_OCTAVE = 12
_N_OCTAVES = N_BINS // _BINS_PER_OCTAVE
_AMPLITUDE_FLOOR = 1e-5
_POWER = 4
_DROPPED_SHARE = 0.01  # the weakest taps of each kernel's spectrum, by summed magnitude, are left out
_BATCH = 256

ComplexArray = npt.NDArray[np.complex64]


def window_grid(n_windows: int, *, start_s: float = 0.0) -> FrameGrid:
    """Grid of the windows' centres: window i covers ``0.1 i .. 0.1 i + 0.2`` s."""
    return FrameGrid(sample_rate=10, hop_length=1, n_frames=n_windows, start_s=start_s + 0.1)


def cqt_windows(signal: FloatArray) -> FloatArray:
    """All windows of a recording.

    Parameters
    ----------
    signal : float32 array [n_samples]
        At `SAMPLE_RATE`, mono; bring its loud parts to `WINDOW_LEVEL` first. A last window that would reach
        beyond the end is filled up with silence.

    Returns
    -------
    float32 array [n_windows, 96, 9]
        dB relative to each window's peak: -60..0, or -120 for what lies lower. ``n_windows`` is
        the number of whole steps, at least 1.
    """
    n_windows = max(1, -(-len(signal) // STEP_SAMPLES) - 1)
    padded = np.pad(signal, (0, max(0, (n_windows + 1) * STEP_SAMPLES - len(signal))))
    out = np.empty((n_windows, N_BINS, N_FRAMES), dtype=np.float32)
    for first in range(0, n_windows, _BATCH):
        last = min(first + _BATCH, n_windows)
        stretch = padded[first * STEP_SAMPLES : (last + 1) * STEP_SAMPLES]
        windows = np.lib.stride_tricks.sliding_window_view(stretch, WINDOW_SAMPLES)[::STEP_SAMPLES]
        out[first:last] = window_decibels(np.abs(constant_q(windows)))
    return out


def cqt_windows_of(parts: Iterable[FloatArray]) -> Iterator[FloatArray]:
    """The same windows of a recording that comes in parts, without holding more than a part of it.

    Parameters
    ----------
    parts : iterable of float32 array [n]
        In order, of any length; at least one.

    Yields
    ------
    float32 array [n_windows, 96, 9]
        Together what `cqt_windows` makes of the parts joined.
    """
    held: FloatArray = np.zeros(0, dtype=np.float32)
    n_done = 0
    for part in parts:
        held = np.concatenate([held, part])
        n_whole = (len(held) - 1) // STEP_SAMPLES - 1  # what is sure to be followed by something
        if n_whole > 0:
            yield cqt_windows(held[: (n_whole + 1) * STEP_SAMPLES])
            held = held[n_whole * STEP_SAMPLES :]
            n_done += n_whole
    if len(held) > STEP_SAMPLES or n_done == 0:
        yield cqt_windows(held)


def is_flat(windows: FloatArray) -> npt.NDArray[np.bool_]:
    """Which windows [n, 96, 9] hold no signal above the floor, bool [n]."""
    return np.asarray((windows == windows[:, :1, :1]).all(axis=(1, 2)))


def constant_q(windows: FloatArray) -> ComplexArray:
    """Constant-Q transform of windows [n, 8820] -> complex64 [n, 96, 9], octave by octave from the top."""
    octaves = []
    signal = np.ascontiguousarray(windows.T, dtype=np.float32)  # soxr takes channels last
    for octave in range(_N_OCTAVES):
        if octave:
            signal = _halved(signal)
        octaves.append(_octave_response(signal, octave))
    return np.concatenate(octaves[::-1], axis=1)


def window_decibels(magnitudes: FloatArray) -> FloatArray:
    """Magnitudes [n, 96, 9] to the fourth power, in dB below each window's peak, cut at -60."""
    power = np.maximum(magnitudes.astype(np.float64) ** _POWER, _AMPLITUDE_FLOOR)
    decibels = 20.0 * np.log10(power / power.max(axis=(1, 2), keepdims=True))
    return np.where(decibels < FLOOR_DB, BELOW_FLOOR_DB, decibels).astype(np.float32)


def _halved(signal: FloatArray) -> FloatArray:
    """[n_samples, n] at half the rate, energy kept."""
    n_samples = -(-len(signal) // 2)
    half = np.asarray(soxr.resample(signal, 2, 1, quality="HQ"), dtype=np.float32)[:n_samples]
    half = np.pad(half, ((0, n_samples - len(half)), (0, 0)))
    return np.asarray(half * np.float32(math.sqrt(2.0)), dtype=np.float32)


def _octave_response(signal: FloatArray, octave: int) -> ComplexArray:
    """Twelve bins of an octave from the signal [n_samples, n] at its rate: complex [n, 12, 9]."""
    kernels = _kernels(octave)
    n_fft = 2 * (kernels.spectra.shape[1] - 1)
    hop = _HOP >> octave
    padded = np.pad(signal.T, ((0, 0), (n_fft // 2, n_fft // 2)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft, axis=1)[:, ::hop][:, :N_FRAMES]
    spectra = np.fft.rfft(frames, axis=2).astype(np.complex64)
    response = spectra @ kernels.spectra.T
    return np.asarray(response.transpose(0, 2, 1) * kernels.scale[:, None], dtype=np.complex64)


@dataclass(frozen=True, slots=True, eq=False)
class _Kernels:
    """Spectra [12, n_fft / 2 + 1] of an octave's kernels, and the factor that their outputs get [12]."""

    spectra: ComplexArray
    scale: FloatArray


@lru_cache(maxsize=_N_OCTAVES)
def _kernels(octave: int) -> _Kernels:
    rate = SAMPLE_RATE / 2**octave
    first = N_BINS - (octave + 1) * _BINS_PER_OCTAVE
    frequencies = np.array([midi_to_hz(MIDI_MIN + first + k) for k in range(_BINS_PER_OCTAVE)])
    step = 2.0 ** (2.0 / _BINS_PER_OCTAVE)
    lengths = (step + 1.0) / (step - 1.0) * rate / frequencies
    n_fft = 2 ** math.ceil(math.log2(lengths.max()))
    spectra = np.zeros((_BINS_PER_OCTAVE, n_fft // 2 + 1), dtype=np.complex64)
    for row, (frequency, length) in enumerate(zip(frequencies, lengths, strict=True)):
        kernel = _kernel(float(frequency), float(length), rate, n_fft)
        spectra[row] = _without_weakest(np.fft.fft(kernel)[: n_fft // 2 + 1] * (length / n_fft))
    # Two roots: of the halvings that kept the energy, and of the kernel's length at the full rate.
    full_lengths = lengths * 2**octave
    scale = math.sqrt(2.0**octave) / np.sqrt(full_lengths)
    return _Kernels(spectra, scale.astype(np.float32))


def _kernel(frequency: float, length: float, rate: float, n_fft: int) -> npt.NDArray[np.complex128]:
    """A Hann-windowed complex exponential of unit summed magnitude in the middle of ``n_fft`` samples."""
    n = np.arange(-length // 2, length // 2)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(len(n)) / len(n))
    wave = window * np.exp(2j * np.pi * frequency / rate * n)
    out = np.zeros(n_fft, dtype=np.complex128)
    start = (n_fft - len(n)) // 2
    out[start : start + len(n)] = wave / np.abs(wave).sum()
    return out


def _without_weakest(spectrum: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
    """The spectrum without its weakest values, which together hold less than `_DROPPED_SHARE`."""
    magnitudes = np.abs(spectrum)
    ordered = np.sort(magnitudes)
    first_kept = int(np.argmax(np.cumsum(ordered) / ordered.sum() >= _DROPPED_SHARE))
    return np.asarray(np.where(magnitudes >= ordered[first_kept], spectrum, 0.0))

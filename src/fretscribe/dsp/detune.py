"""How far a whole recording lies between the semitones, and how to play it back so that it does not.

The networks know the semitones of A4 = 440 Hz; a guitar tuned by ear, or a tape at a slightly wrong speed,
lies anywhere between them. Spectral peaks that stay in place over two windows vote on a circle of 100 cents,
by their amplitude: a fifth partial (14 cents flat), a stiff string or a bend is outvoted by fundamentals and
octaves, and clicks and dead notes have no peaks that stay.
Knows nothing of notes, tunings or octaves: 50 cents sharp of one semitone is 50 cents flat of the next.
Neighbours: ``pipeline.detuning`` decides what to make of it; `frames.FrameGrid.faster` carries times back.
The same question is asked by E. Gomez, "Key estimation from polyphonic audio", MIREX 2005.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import soxr

from fretscribe.convert import A4_HZ, A4_MIDI, CENTS_PER_SEMITONE
from fretscribe.frames import Audio, FloatArray

LOWEST_HZ, HIGHEST_HZ = 75.0, 1500.0
"""Where the fundamentals of a guitar's neck lie, and the first partials of its low notes."""

_WINDOW_S = 0.19
_FLOOR_DB = 30.0  # peaks this far below the strongest of their window do not count
_GATE_DB = 40.0  # nor windows this far below the loud ones
_LOUD_SHARE = 0.95
_SILENCE = 1e-4  # 140 dB below a sine of full scale, whose magnitude is about 1000
_STEADY_CENTS = 20.0
_BATCH = 512
_FRAME_APART = 1e6  # cents; more than any two peaks of a window
_MOST_PARTS = 10_000  # of the ratio: within 0.1 cents

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detune:
    """How far a recording lies above the semitones of A4 = 440 Hz.

    Attributes
    ----------
    cents : float
        Above -50, at most 50: half-way between two semitones counts as sharp.
    certainty : float
        How far the peaks agree, 0..1; 0 for silence, and where chance could agree as well.
    """

    cents: float
    certainty: float


@dataclass(frozen=True, slots=True, eq=False)
class _Peaks:
    """Spectral peaks, by window and then by frequency: which window, cents above MIDI 0, amplitude."""

    window: npt.NDArray[np.intp]
    cents: Floats
    amplitude: Floats


def estimate_detune(signal: FloatArray, sample_rate: int) -> Detune:
    """How far the guitar of a recording lies above the semitones.

    Parameters
    ----------
    signal : float32 array [n_samples]
        Mono. Less than 0.3 s tells nothing.
    sample_rate : int
        Hz.

    Returns
    -------
    Detune
        The circular mean of the peaks' deviations; its certainty is the length of the mean vector, less what
        as few moments would reach by chance.

    >>> t = np.arange(22050, dtype=np.float32) / 22050
    >>> sharp = estimate_detune(np.sin(2 * np.pi * 448.2 * t), 22050)
    >>> round(sharp.cents), round(sharp.certainty, 2)
    (32, 1.0)
    """
    if signal.ndim != 1:
        raise ValueError(f"signal must have one dimension, not shape {signal.shape}")
    peaks = _steady(_find_peaks(signal, sample_rate))
    total = float(peaks.amplitude.sum())
    if total <= 0.0:
        return Detune(cents=0.0, certainty=0.0)
    turns = 2j * np.pi / CENTS_PER_SEMITONE
    mean = complex((peaks.amplitude * np.exp(turns * peaks.cents)).sum() / total)
    # Peaks of one moment go together, and windows that overlap by half tell every moment twice.
    moments = np.bincount(peaks.window, weights=peaks.amplitude)
    n_votes = total**2 / float(np.square(moments).sum()) / 2.0
    agreement = (n_votes * abs(mean) ** 2 - 1.0) / (n_votes - 1.0) if n_votes > 1.0 else 0.0
    cents = CENTS_PER_SEMITONE * math.atan2(mean.imag, mean.real) / (2.0 * math.pi)
    return Detune(cents=cents, certainty=math.sqrt(min(1.0, max(0.0, agreement))))


def speed_of(cents: float) -> Fraction:
    """How many times as fast a sound runs that is sharp by ``cents``, as a ratio of small numbers.

    >>> speed_of(0.0), speed_of(1200.0), speed_of(32.0)
    (Fraction(1, 1), Fraction(2, 1), Fraction(4259, 4181))
    """
    return Fraction(2.0 ** (cents / (12 * CENTS_PER_SEMITONE))).limit_denominator(_MOST_PARTS)


def slowed(audio: Audio, speed: Fraction) -> Audio:
    """A sound played ``1 / speed`` as fast, so ``speed`` times as long and as much lower.

    What lies at sample i comes to lie at sample ``i * speed``.

    Parameters
    ----------
    audio : Audio
    speed : Fraction
        Of `speed_of`; below 1 the sound becomes faster and higher.
    """
    if speed == 1:
        return audio
    samples = soxr.resample(
        np.ascontiguousarray(audio.samples.T), speed.denominator, speed.numerator, quality="HQ"
    )
    return Audio(samples=np.ascontiguousarray(samples.T), sample_rate=audio.sample_rate)


def _find_peaks(signal: FloatArray, sample_rate: int) -> _Peaks:
    """All peaks that are loud enough, in windows that overlap by half."""
    n_fft = 1 << max(4, round(math.log2(_WINDOW_S * sample_rate)))
    hop = n_fft // 2
    if len(signal) < n_fft + hop:  # nothing can stay in place
        return _Peaks(np.zeros(0, np.intp), np.zeros(0), np.zeros(0))
    low = max(1, math.ceil(LOWEST_HZ * n_fft / sample_rate))
    high = min(int(HIGHEST_HZ * n_fft / sample_rate), n_fft // 2 - 1)
    hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)
    framed = np.lib.stride_tricks.sliding_window_view(signal, n_fft)[::hop]
    loudest, found = [], []
    for first in range(0, len(framed), _BATCH):
        spectra = np.abs(np.fft.rfft(framed[first : first + _BATCH] * hann)[:, low - 1 : high + 2])
        levels = 20.0 * np.log10(np.maximum(spectra, _SILENCE))
        loudest.append(levels.max(axis=1))
        found.append(_batch_peaks(levels, low * sample_rate / n_fft, sample_rate / n_fft, first))
    level_of = np.concatenate(loudest)
    windows, cents, levels = (np.concatenate(parts) for parts in zip(*found, strict=True))
    gate = float(np.quantile(level_of, _LOUD_SHARE)) - _GATE_DB
    heard = level_of[windows] > gate
    return _Peaks(windows[heard], cents[heard], 10.0 ** (levels[heard] / 20.0))


def _batch_peaks(
    levels: Floats, lowest_hz: float, step_hz: float, first: int
) -> tuple[npt.NDArray[np.intp], Floats, Floats]:
    """Window, cents and dB of the local maxima of levels [n_windows, 1 + n_bins + 1], by parabolas."""
    inner, floor = levels[:, 1:-1], levels.max(axis=1, keepdims=True) - _FLOOR_DB
    window, column = np.nonzero((inner > levels[:, :-2]) & (inner >= levels[:, 2:]) & (inner > floor))
    left, middle, right = (levels[window, column + k] for k in range(3))
    shift = 0.5 * (left - right) / (left - 2.0 * middle + right)
    frequency = lowest_hz + (column + shift) * step_hz
    cents = CENTS_PER_SEMITONE * (A4_MIDI + 12.0 * np.log2(frequency / A4_HZ))
    return window + first, cents, middle - 0.25 * (left - right) * shift


def _steady(peaks: _Peaks) -> _Peaks:
    """The peaks that have one within 20 cents in the window before or after theirs."""
    if len(peaks.cents) == 0:
        return peaks
    places = peaks.window * _FRAME_APART + peaks.cents  # ascending
    away = np.full(len(places), np.inf)
    for shift in (-_FRAME_APART, _FRAME_APART):
        above = np.searchsorted(places, places + shift)
        for index in (above - 1, above):
            neighbour = places[np.clip(index, 0, len(places) - 1)]
            away = np.minimum(away, np.abs(neighbour - places - shift))
    stays = away < _STEADY_CENTS
    return _Peaks(peaks.window[stays], peaks.cents[stays], peaks.amplitude[stays])

"""Analogue filters, applied in the frequency domain: what amplifiers, loudspeakers and phones are made of.

A filter is its transfer function with the phase that circuits have, so nothing sounds before it is played.
Knows nothing of guitars. Neighbours: ``amplifier``, ``room`` and ``held_out`` are built of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]
Filter = Callable[[Floats], ComplexArray]
"""Frequencies in Hz -> complex gain, both of shape [n]."""

_BUTTERWORTH_6_Q = (0.5176, 0.7071, 1.9319)
_RING_S = 0.25  # room for what rings on at the end, so that it does not come round to the start


def low_pass(corner_hz: float, *, q: float = 0.7071) -> Filter:
    """Second-order low-pass."""
    return partial(_second_order, corner_hz=corner_hz, q=q, passes_high=False)


def high_pass(corner_hz: float, *, q: float = 0.7071) -> Filter:
    """Second-order high-pass."""
    return partial(_second_order, corner_hz=corner_hz, q=q, passes_high=True)


def _second_order(frequency: Floats, *, corner_hz: float, q: float, passes_high: bool) -> ComplexArray:
    s = 1j * frequency / corner_hz
    return np.asarray((s**2 if passes_high else 1.0) / (s**2 + s / q + 1.0))


def coupling(corner_hz: float) -> Filter:
    """First-order high-pass: the capacitor between two stages, which also blocks a constant offset."""

    def gain(frequency: Floats) -> ComplexArray:
        s = 1j * frequency / corner_hz
        return np.asarray(s / (s + 1.0))

    return gain


def steep_low_pass(corner_hz: float) -> Filter:
    """Sixth-order Butterworth low-pass, 36 dB an octave."""
    return in_series([low_pass(corner_hz, q=q) for q in _BUTTERWORTH_6_Q])


def bell(centre_hz: float, gain_db: float, *, q: float) -> Filter:
    """A resonance (or a dip, where the gain is negative) around a frequency; 0 dB far from it."""
    amplitude = 10 ** (gain_db / 40)

    def gain(frequency: Floats) -> ComplexArray:
        s = 1j * frequency / centre_hz
        return np.asarray((s**2 + s * amplitude / q + 1.0) / (s**2 + s / (amplitude * q) + 1.0))

    return gain


def in_series(filters: Iterable[Filter]) -> Filter:
    """One filter after the other."""
    parts = tuple(filters)

    def gain(frequency: Floats) -> ComplexArray:
        product = np.ones(len(frequency), dtype=np.complex128)
        for part in parts:
            product *= part(frequency)
        return product

    return gain


def filtered(signal: Floats, by: Filter, sample_rate: int) -> Floats:
    """A signal after a filter, as long as before.

    Parameters
    ----------
    signal : float64 array [n_samples]
    by : Filter
    sample_rate : int
        Hz.
    """
    n_fft = 1 << (len(signal) + int(_RING_S * sample_rate)).bit_length()
    frequency = np.asarray(np.fft.rfftfreq(n_fft, 1.0 / sample_rate), dtype=np.float64)
    return np.asarray(np.fft.irfft(np.fft.rfft(signal, n_fft) * by(frequency), n_fft)[: len(signal)])


def convolved(signal: Floats, response: Floats) -> Floats:
    """A signal after an impulse response, as long as before."""
    n_fft = 1 << (len(signal) + len(response)).bit_length()
    spectrum = np.fft.rfft(signal, n_fft) * np.fft.rfft(response, n_fft)
    return np.asarray(np.fft.irfft(spectrum, n_fft)[: len(signal)])

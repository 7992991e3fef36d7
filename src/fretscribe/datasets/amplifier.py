"""A guitar amplifier as a circuit: a diode clipper, a tone stack, a power stage, a cabinet of loudspeakers.

Built to be measured on: training has one soft clipper with smooth random curves (``effects``), and nothing
there may use this. The clippers run at eight times the sample rate, so that what they add above the band
is taken off and does not fold back. Neighbours: ``filters`` has the parts, ``held_out`` plays through it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr

from fretscribe.datasets.filters import (
    Floats,
    bell,
    coupling,
    filtered,
    high_pass,
    in_series,
    low_pass,
    steep_low_pass,
)
from fretscribe.dsp.level import level_gain

OVERSAMPLING = 8

_HISS_DB = -66.0  # of the input stage, below the loud parts of what is played
_BIAS = -0.15
_UPPER_LIMIT, _LOWER_LIMIT = 1.0, 0.65  # one diode in one direction, another kind in the other
_POWER_GAIN = 1.4

_TONE_STACK = in_series([bell(90, 3, q=0.7), bell(550, -6, q=0.6), bell(3200, 1, q=0.8)])
CABINET = in_series(
    [
        high_pass(75, q=1.0),
        bell(115, 3, q=1.8),
        bell(420, -3, q=1.5),
        bell(2500, 4, q=1.4),
        bell(4100, -14, q=5),  # two loudspeakers, one further away by half a wave
        steep_low_pass(5000),
    ]
)
"""Four twelve-inch loudspeakers in a closed box, a microphone before one of them. Orders of magnitude as
published for such loudspeakers: resonance near 75 to 120 Hz, presence at 2 to 3 kHz, nothing above 5 kHz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amplifier:
    """How an amplifier is set.

    Attributes
    ----------
    gain_db : float
        Gain from loud playing (RMS 0.1) into the diodes, which clip around 1: 20 dB bring its RMS there.
    """

    gain_db: float


def amplified(signal: Floats, amplifier: Amplifier, rng: np.random.Generator, sample_rate: int) -> Floats:
    """What a microphone hears in front of the cabinet.

    Parameters
    ----------
    signal : float64 array [n_samples]
        From the pickup, at any level.
    amplifier : Amplifier
    rng : numpy Generator
        Draws the hiss of the first stage.
    sample_rate : int
        Hz.

    Returns
    -------
    float64 array [n_samples]
        Finite and without constant offset; loud parts have an RMS of 0.1. Silence stays faint hiss.
    """
    if len(signal) == 0:
        return signal
    played = signal * float(level_gain(signal.astype(np.float32)))
    played = played + rng.normal(0.0, 0.1 * 10 ** (_HISS_DB / 20), len(played))
    rate = OVERSAMPLING * sample_rate
    wave = np.asarray(soxr.resample(played, sample_rate, rate, quality="VHQ"), dtype=np.float64)
    wave = filtered(wave, coupling(110), rate) * 10 ** (amplifier.gain_db / 20)
    wave = _diodes(wave + _BIAS) - _diodes(np.array([_BIAS]))
    wave = filtered(wave, in_series([coupling(160), low_pass(7000), _TONE_STACK]), rate)
    wave = _power_stage(_POWER_GAIN * wave)
    wave = filtered(wave, in_series([coupling(30), CABINET]), rate)
    wave = np.asarray(soxr.resample(wave, rate, sample_rate, quality="VHQ"), dtype=np.float64)
    wave = np.pad(wave[: len(signal)], (0, max(0, len(signal) - len(wave))))
    return wave * float(level_gain(wave.astype(np.float32))) if signal.any() else wave


def _diodes(voltage: Floats) -> Floats:
    """Clips hard, and sooner downwards: ``x / (1 + |x / limit|^3)^(1/3)``."""
    limit = np.where(voltage >= 0.0, _UPPER_LIMIT, _LOWER_LIMIT)
    return np.asarray(voltage / np.cbrt(1.0 + np.abs(voltage / limit) ** 3))


def _power_stage(voltage: Floats) -> Floats:
    """Clips softly and alike in both directions: ``x / sqrt(1 + x^2)``."""
    return np.asarray(voltage / np.sqrt(1.0 + voltage**2))

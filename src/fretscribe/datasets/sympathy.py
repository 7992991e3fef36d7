"""Strings that nobody plays ring along with those that are played.

The open strings are resonators at their own partials: a linear filter over the whole clip, which is what
they are as long as the hand leaves them alone. Neighbour: ``effects`` is the rest of the chain.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fretscribe.convert import midi_to_hz

_N_PARTIALS = 14
_DECAY_S = 0.7
_LENGTH_S = 2.0
_SPREAD = 0.002  # of the partials' frequencies: strings are never quite in tune


def with_sympathy(
    mix: npt.NDArray[np.float64],
    open_pitches: Sequence[int],
    level_db: float,
    rng: np.random.Generator,
    sample_rate: int,
) -> npt.NDArray[np.float64]:
    """The sound of the played strings with the open strings' answer.

    Parameters
    ----------
    mix : float64 array [n_samples]
    open_pitches : sequence of int
        MIDI pitches of the open strings, the capo included.
    level_db : float
        Gain of the answer at a resonance, for a sound that lasts.
    rng : numpy Generator
        Draws each string's mistuning and its partials' phases.
    sample_rate : int
        Hz.

    Returns
    -------
    float64 array [n_samples]
    """
    if len(mix) == 0:
        return mix
    t = np.arange(int(_LENGTH_S * sample_rate)) / sample_rate
    n = np.arange(1, _N_PARTIALS + 1)
    frequency = np.concatenate([midi_to_hz(p) * n * (1 + rng.normal(0, _SPREAD)) for p in open_pitches])
    strength = np.tile(n**-0.5, len(open_pitches))
    heard = frequency < 0.45 * sample_rate
    phases = 2 * np.pi * frequency[heard, None] * t + rng.uniform(0, 2 * np.pi, heard.sum())[:, None]
    answer = strength[heard] @ np.sin(phases) * np.exp(-t / _DECAY_S)
    answer *= 10 ** (level_db / 20) * 2 / (_DECAY_S * sample_rate)
    n_fft = 1 << int(np.ceil(np.log2(len(mix) + len(t))))
    spectrum = np.fft.rfft(mix, n_fft) * (1 + np.fft.rfft(answer, n_fft))
    return np.asarray(np.fft.irfft(spectrum, n_fft)[: len(mix)])

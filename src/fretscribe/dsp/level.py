"""Bringing recordings to a common level before a network hears them."""

from __future__ import annotations

import numpy as np

from fretscribe.frames import FloatArray

LOUD_RMS = 0.1
_BLOCK = 4096


def level_gain(signal: FloatArray) -> np.float32:
    """Gain that brings the loud parts (95th percentile of short RMS levels) to a common level.

    1 for silence: noise is not blown up to music.
    """
    n_blocks = len(signal) // _BLOCK
    if n_blocks == 0:
        levels = (
            np.sqrt(np.mean(np.square(signal, dtype=np.float64), keepdims=True)) if len(signal) else [0.0]
        )
    else:
        blocks = signal[: n_blocks * _BLOCK].reshape(n_blocks, _BLOCK)
        levels = np.sqrt(np.einsum("ij,ij->i", blocks, blocks) / _BLOCK)
    loud = float(np.quantile(levels, 0.95))
    return np.float32(LOUD_RMS / loud) if loud > 1e-4 else np.float32(1.0)

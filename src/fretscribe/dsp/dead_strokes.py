"""Strokes over strings that a hand damps: bursts of noise, gone at once, where no note was heard.

Told by three figures of the sound between 800 Hz and 8 kHz; that a stroke is dead is heard, over which
strings it went is not. Neighbours: ``note_frames`` has the spectra; ``pipeline.dead_notes`` writes them.
"""

from __future__ import annotations

import numpy as np

from fretscribe.dsp.note_frames import Floats, frames_of
from fretscribe.frames import FloatArray

_STRETCH_S = 20.0  # as much is in memory as spectra
_BESIDE_S = 0.25
_STEP_S = 0.005
_LOW_HZ, _HIGH_HZ = 800.0, 8000.0
_RISE_DB, _JUMP_DB, _FALL_DB = 4.0, 3.0, 8.0
_RISE_FRAMES = 4  # 20 ms
_APART_FRAMES = 6
_EARLIER, _LATER = (-8, -5), (16, 20)  # frames from the stroke
_FROM_NOTES_S = 0.05


def hear_dead_strokes(signal: FloatArray, sample_rate: int, onsets_s: Floats) -> list[float]:
    """Seconds at which the strings are struck without a note.

    Parameters
    ----------
    signal : float32 array [n_samples]
        Mono.
    sample_rate : int
        Hz, at least 16000.
    onsets_s : float64 array [n]
        Of the notes that are known, sorted: no dead stroke lies within 50 ms of one.
    """
    length_s = len(signal) / sample_rate
    found: list[float] = []
    for start_s in np.arange(0.0, length_s, _STRETCH_S):
        end_s = min(float(start_s) + _STRETCH_S, length_s)
        for time_s in _strokes(signal, sample_rate, float(start_s) - _BESIDE_S, end_s + _BESIDE_S):
            lone = not len(onsets_s) or float(np.abs(onsets_s - time_s).min()) > _FROM_NOTES_S
            if start_s <= time_s < end_s and lone:
                found.append(time_s)
    return found


def _strokes(signal: FloatArray, sample_rate: int, start_s: float, end_s: float) -> list[float]:
    frames = frames_of(
        signal, sample_rate, start_s=start_s, end_s=end_s, window_s=0.0232, step_s=_STEP_S, pad=1
    )
    band = frames.magnitude[:, int(_LOW_HZ / frames.bin_hz) : int(_HIGH_HZ / frames.bin_hz)]
    floor = 1e-3 * float(np.quantile(band, 0.999)) + 1e-6
    db = 20.0 * np.log10(band + floor)
    rise = np.zeros(len(db))
    rise[_RISE_FRAMES:] = np.maximum(db[_RISE_FRAMES:] - db[:-_RISE_FRAMES], 0.0).mean(axis=1)
    energy = (frames.magnitude.astype(np.float64) ** 2).sum(axis=1)

    def level(first: int, last: int) -> float:
        return float(10.0 * np.log10(energy[first:last].mean() + 1e-12))

    found = []
    for i in range(-_EARLIER[0], len(rise) - _LATER[1]):
        if rise[i] <= _RISE_DB or rise[i] < rise[i - _APART_FRAMES : i + _APART_FRAMES + 1].max():
            continue
        now = level(i - 1, i + 2)
        jump, fall = now - level(i + _EARLIER[0], i + _EARLIER[1]), now - level(i + _LATER[0], i + _LATER[1])
        if jump > _JUMP_DB and fall > _FALL_DB:
            found.append(frames.start_s + (i - _RISE_FRAMES / 2) * frames.step_s)
    return found

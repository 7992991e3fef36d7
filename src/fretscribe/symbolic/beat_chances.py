"""What the network's chances say of grids of beats: the walk that collects most, and a score of any grid.

Neighbours: ``beat_net`` gives the chances, ``beats`` weighs them against what onsets say.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fretscribe.symbolic.beat_net import FRAME_HZ
from fretscribe.symbolic.beat_walk import RATE_HZ, beat_intervals, walk_beats

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

EAGERNESS = 1.0
"""What every beat gains, in log-odds: chances are of one frame, and the network is never sure of it."""

MODERATE_S, TEMPO_SPREAD = 0.5, 0.8
"""The most usual beat, and the standard deviation around it in octaves."""

_UNHEARD = 0.02  # chance of a beat where there is none to be heard
_BESIDE = 0.6  # share of the chances of the frames beside one that it is given
_LEAD, _TAIL = 160, 400  # frames around the onsets; more than the longest beat


def chance_walk(chances: Floats, first_s: float, last_s: float, *, stiffness: float) -> Array:
    """The beats that collect most of the chances, from before ``first_s`` to beyond ``last_s``."""
    first, last = (round(t * RATE_HZ) + _LEAD for t in (first_s, last_s))
    intervals = beat_intervals()
    frames_s = (np.arange(last + _TAIL) - _LEAD) / RATE_HZ
    gain = _odds(chances, frames_s)[:, None] + _usual(intervals / RATE_HZ)[None, :]
    beats = walk_beats(gain.astype(np.float32), intervals, first=first, last=last, stiffness=stiffness)
    return np.asarray((beats - _LEAD) / RATE_HZ, dtype=np.float64)


def chance_score(chances: Floats, beats_s: Array) -> float:
    """What the chances say of a grid, which closes its last beat: the sum of log-odds of its beats."""
    starts = beats_s[:-1]
    usual = float(_usual(np.median(np.diff(beats_s))))
    return float(_odds(chances, starts).sum()) + usual * len(starts)


def _usual(period_s: npt.ArrayLike) -> Array:
    octaves = np.log2(np.asarray(period_s, dtype=np.float64) / MODERATE_S)
    return np.asarray(-0.5 * (octaves / TEMPO_SPREAD) ** 2)


def _odds(chances: Floats, times_s: Array) -> Array:
    """Log-odds that a beat lies within about a frame of each time; none is to be heard outside."""
    total = chances.sum(axis=0).astype(np.float64)
    near = total.copy()
    near[1:] += _BESIDE * total[:-1]
    near[:-1] += _BESIDE * total[1:]
    at = np.interp(times_s * FRAME_HZ, np.arange(len(near)), near, left=0.0, right=0.0)
    chance = np.clip(at, 1e-3, 0.98)
    return np.asarray(np.log(chance + _UNHEARD) - np.log(1.0 - chance) + EAGERNESS)

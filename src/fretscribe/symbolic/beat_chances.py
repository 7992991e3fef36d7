"""What the network's chances say: the walk that collects most of them, and scores of any grid and bar line.

Neighbours: ``beat_net`` gives the chances, ``beats`` weighs them against what onsets say.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from fretscribe.symbolic.beat_walk import RATE_HZ, beat_intervals, walk_beats
from fretscribe.symbolic.onset_rows import FRAME_HZ

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


def bar_line_scores(chances: Floats, beats_s: Array, beats_per_bar: int) -> Array:
    """What the chances say of where bars start: element p is that of beat 0 being the p-th of its bar.

    For every beat the log-odds of being a downbeat or not, given that it is a beat, against those of a bar
    line drawn by lot.

    Parameters
    ----------
    chances : float32 array [2, n_frames]
    beats_s : float64 array [n + 1]
        Closes its last beat.
    beats_per_bar : int
        With 1 there is nothing to tell.

    Returns
    -------
    float64 array [beats_per_bar]
    """
    if beats_per_bar == 1:
        return np.zeros(1)
    other, down = (_near(row, beats_s[:-1]) + _UNHEARD for row in chances)
    downs = np.log(down / (down + other)) + math.log(beats_per_bar)
    others = np.log(other / (down + other)) - math.log(1.0 - 1.0 / beats_per_bar)
    place = np.arange(len(downs)) % beats_per_bar
    gains = np.bincount(place, downs - others, beats_per_bar) + others.sum()
    return np.asarray(gains[-np.arange(beats_per_bar) % beats_per_bar])


def dotted_loss(chances: Floats, beats_s: Array, first: float) -> float:
    """By how much the log-odds of dotted beats are below those of plain ones, each the mean of a beat.

    Small or negative where bars of three plain beats had better be bars of two dotted ones: 6/8.

    Parameters
    ----------
    chances : float32 array [2, n_frames]
    beats_s : float64 array [n + 1]
        Plain beats; closes the last.
    first : float
        The plain beat on which a dotted one falls.
    """
    places = np.arange(first % 1.5, len(beats_s) - 1.0, 1.5)
    dotted_s = np.interp(places, np.arange(len(beats_s)), beats_s)
    of_dotted, of_plain = (
        _odds(chances, t).mean() + _usual(np.diff(t).mean()) for t in (dotted_s, beats_s[:-1])
    )
    return float(of_plain - of_dotted)


def _usual(period_s: npt.ArrayLike) -> Array:
    octaves = np.log2(np.asarray(period_s, dtype=np.float64) / MODERATE_S)
    return np.asarray(-0.5 * (octaves / TEMPO_SPREAD) ** 2)


def _odds(chances: Floats, times_s: Array) -> Array:
    """Log-odds that a beat lies within about a frame of each time; none is to be heard outside."""
    chance = np.clip(_near(chances.sum(axis=0), times_s), 1e-3, 0.98)
    return np.asarray(np.log(chance + _UNHEARD) - np.log(1.0 - chance) + EAGERNESS)


def _near(row: Floats, times_s: Array) -> Array:
    """Chance at each time, with most of the frames beside it; 0 outside."""
    near = row.astype(np.float64)
    near[1:] += _BESIDE * row[:-1]
    near[:-1] += _BESIDE * row[1:]
    return np.interp(times_s * FRAME_HZ, np.arange(len(near)), near, left=0.0, right=0.0)

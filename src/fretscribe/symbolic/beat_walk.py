"""The most probable beats of a steady or drifting player: a walk from beat to beat.

A hidden semi-Markov model in the family of the bar pointer (Whiteley, Cemgil, Godsill, ISMIR 2006; Krebs,
Böck, Widmer, ISMIR 2015), whose steps are whole beats: the state is where a beat lies and how long it is.
What speaks for such a beat is handed in; changing the tempo from one beat to the next costs by the logarithm
of the ratio (Laplace). Knows nothing of notes. Neighbours: ``beats`` asks for walks and chooses among them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

RATE_HZ = 100.0
"""Frames a second: where beats can lie."""

_SHORTEST, _LONGEST = 25, 150  # frames: 240 to 40 beats a minute
_STEP = 1.025
_REACH = 5  # by how many intervals of the table a beat may differ from the last: 13 %
_START = -128


def beat_intervals() -> Ints:
    """Lengths of a beat in frames that are told apart: 2.5 %, but at least a frame, from one to the next."""
    found = [_SHORTEST]
    while found[-1] < _LONGEST:
        found.append(max(found[-1] + 1, round(found[-1] * _STEP)))
    return np.array(found, dtype=np.int64)


def walk_beats(gain: Floats, intervals: Ints, *, first: int, last: int, stiffness: float) -> Ints:
    """Frames of the beats of the best walk (Viterbi).

    Parameters
    ----------
    gain : float32 array [n_frames, n_intervals]
        What a beat gains that starts at a frame and lasts an interval; ``n_frames`` lies beyond ``last``.
    intervals : int array [n_intervals]
        Rising, in frames.
    first, last : int
        Walks start up to a beat before the frame ``first`` and end beyond ``last``.
    stiffness : float
        Price of changing the tempo by a factor of e from one beat to the next.

    Returns
    -------
    int array [n_beats + 1]
        At least 2, rising; the last is the end of the last beat.
    """
    log_interval = np.log(intervals).astype(np.float32)
    block, longest = int(intervals[0]), int(intervals[-1])
    size = -(-(longest + block) // block) * block
    # Scores of the walks that arrive at the next ``size`` frames; nothing reaches farther.
    ring = np.full((size, len(intervals)), -np.inf, dtype=np.float32)
    back = np.full((last + 1, len(intervals)), _START, dtype=np.int8)
    columns = np.arange(len(intervals))
    end = (-np.inf, 0, 0)
    for start in range(0, last + 1, block):
        rows = np.arange(start, min(start + block, last + 1))
        starting = (rows[:, None] <= first) & (rows[:, None] > first - intervals[None, :])
        best = np.where(starting, np.float32(0.0), np.float32(-np.inf))
        back[rows] = _go_on(ring[rows % size], best, log_interval, stiffness)
        best += gain[rows]
        ring[rows % size] = -np.inf
        target = rows[:, None] + intervals[None, :]
        ring[target % size, columns[None, :]] = best
        if target[-1, -1] > last:
            over = np.where(target > last, best, -np.inf)
            row, column = divmod(int(over.argmax()), len(intervals))
            end = max(end, (float(over[row, column]), int(rows[row]), column))
    return _trace(back, intervals, end[1], end[2])


def _go_on(reached: Floats, best: Floats, log_interval: Floats, stiffness: float) -> npt.NDArray[np.int8]:
    """Raise ``best`` to the best score of going on with each interval; where it came from, as a shift."""
    n = len(log_interval)
    back = np.full(best.shape, _START, dtype=np.int8)
    for shift in range(-_REACH, _REACH + 1):
        to = slice(max(0, -shift), n - max(0, shift))
        come = slice(max(0, shift), n - max(0, -shift))
        price = np.float32(stiffness) * np.abs(log_interval[to] - log_interval[come])
        offered = reached[:, come] - price
        better = offered > best[:, to]
        best[:, to] = np.where(better, offered, best[:, to])
        back[:, to] = np.where(better, np.int8(shift), back[:, to])
    return back


def _trace(back: npt.NDArray[np.int8], intervals: Ints, frame: int, column: int) -> Ints:
    frames = [frame + int(intervals[column]), frame]
    while (shift := int(back[frame, column])) != _START:
        column += shift
        frame -= int(intervals[column])
        frames.append(frame)
    return np.array(frames[::-1], dtype=np.int64)

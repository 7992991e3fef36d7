"""When the notes of a tab sound in a recording of it: dynamic time warping on onsets and sounding pitches.

Every step of the tab is matched with one of the recording, at half to twice the tab's tempo from moment to
moment; the recording may begin before and end after the tab. Whether the two belong together is judged
afterwards, from the onsets that were heard: see `Alignment.score`. Knows no files. Neighbours: the acoustic
model hears the `StringRoll`, ``tab_recordings`` asks for both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fretscribe.frames import FloatArray, StringRoll
from fretscribe.music import Tab

MIN_SCORE = 0.5
"""Below it, tab and recording are not of the same music. On GuitarSet's development recordings, with their
annotations as text tabs at 0.7 to 1.5 times their tempo, pairs that belong together reach 0.77 to 0.96, the
others at most 0.23."""

_POOLED = 2  # frames of the roll to a step: 46 ms
_ONSET_WEIGHT = 2.0
_SILENCE = 0.3  # what all steps have in common, so that silence is like silence
_DETOUR = 0.02  # price of a step that is not at the tab's tempo
_HEARD = 0.3
_NEAR_S = 0.15

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alignment:
    """Which moment of a recording each moment of a tab is.

    Attributes
    ----------
    tab_s, recording_s : float64 arrays [n]
        Both strictly rising.
    score : float
        0 to 1: F1 of the tab's onsets against those that were heard meanwhile, of the same pitch and within
        0.15 s.
    """

    tab_s: Floats
    recording_s: Floats
    score: float

    def at(self, times_s: npt.ArrayLike) -> Floats:
        """Moments of the tab as moments of the recording; at the tab's tempo beyond the ends."""
        times = np.asarray(times_s, dtype=np.float64)
        inside = np.interp(times, self.tab_s, self.recording_s)
        before = np.minimum(0.0, times - self.tab_s[0])
        after = np.maximum(0.0, times - self.tab_s[-1])
        return np.asarray(inside + before + after)

    def moved(self, tab: Tab) -> Tab:
        """The tab at the recording's times; without beats, for they are the tab's own."""
        edges = self.at([[n.note.onset_s, n.note.offset_s] for n in tab.notes])
        notes = [
            replace(
                n,
                note=replace(n.note, onset_s=max(0.0, float(on)), offset_s=float(off), bend=()),
                onset_beats=None,
                duration_beats=None,
            )
            for n, (on, off) in zip(tab.notes, edges, strict=True)
            if off > max(0.0, on)
        ]
        return replace(tab, notes=tuple(notes), beats=None, chords=())


def align(tab: Tab, roll: StringRoll) -> Alignment | None:
    """Find a tab in a recording.

    Parameters
    ----------
    tab : Tab
        With notes.
    roll : StringRoll
        What was heard.

    Returns
    -------
    Alignment, or None
        None where the recording is too short for the tab at any tempo.
    """
    step_s = _POOLED * roll.grid.time_step_s
    heard = _features(_pooled(roll.onset), _pooled(roll.active))
    first_s = tab.notes[0].note.onset_s
    drawn = _features(*_drawn(tab, roll, step_s, first_s))
    path = _warp(drawn, heard)
    if path is None:
        return None
    centre_s = roll.grid.start_s + (_POOLED - 1) / 2 * roll.grid.time_step_s
    alignment = Alignment(
        tab_s=np.asarray(first_s + path[:, 0] * step_s, dtype=np.float64),
        recording_s=np.asarray(centre_s + path[:, 1] * step_s, dtype=np.float64),
        score=0.0,
    )
    return replace(alignment, score=_score(alignment, tab, roll))


def _pooled(values: FloatArray) -> FloatArray:
    """Greatest value over the strings and over the frames of a step, [n_steps, n_pitches]."""
    by_pitch = values.max(axis=1)
    n_steps = len(by_pitch) // _POOLED
    steps = by_pitch[: n_steps * _POOLED].reshape(n_steps, _POOLED, by_pitch.shape[1])
    return np.asarray(steps.max(axis=1))


def _drawn(tab: Tab, roll: StringRoll, step_s: float, first_s: float) -> tuple[FloatArray, FloatArray]:
    """Onset and active of the tab, [n_steps, n_pitches]; pitches that the model cannot hear are left out."""
    n_steps = 1 + int((tab.duration_s - first_s) / step_s)
    onset = np.zeros((n_steps, roll.onset.shape[2]), dtype=np.float32)
    active = np.zeros_like(onset)
    for tab_note in tab.notes:
        note = tab_note.note
        column = note.pitch - roll.pitch_min
        if not 0 <= column < onset.shape[1]:
            continue
        start = round((note.onset_s - first_s) / step_s)
        end = max(start + 1, round((note.offset_s - first_s) / step_s))
        onset[start : start + 1, column] = 1.0
        active[start:end, column] = 1.0
    return onset, active


def _features(onset: FloatArray, active: FloatArray) -> FloatArray:
    """Steps as vectors of length 1, [n_steps, 2 * n_pitches + 1]."""
    common = np.full((len(onset), 1), _SILENCE, dtype=np.float32)
    joined = np.concatenate([_ONSET_WEIGHT * onset, active, common], axis=1)
    return np.asarray(joined / np.linalg.norm(joined, axis=1, keepdims=True), dtype=np.float32)


def _warp(drawn: FloatArray, heard: FloatArray) -> Ints | None:
    """The cheapest path [n, 2] through the tab's steps and the recording's, None where there is none.

    Steps advance both by 1, or one of them by 2 (Sakoe and Chiba, 1978, with slopes of 1/2 to 2).
    """
    n, m = len(drawn), len(heard)
    if m < 2 or n > 2 * m:  # no path, and no need of the memory for one
        return None
    came = np.zeros((n, m), dtype=np.int8)
    totals = [np.full(m, np.inf), 1.0 - heard @ drawn[0]]  # of the step before the last, and the last
    for i in range(1, n):
        cost = 1.0 - heard @ drawn[i]
        options = np.full((3, m), np.inf)
        options[0, 1:] = totals[1][:-1] + cost[1:]
        options[1, 2:] = totals[1][:-2] + cost[2:] + _DETOUR
        options[2, 1:] = totals[0][:-1] + 2 * cost[1:] + _DETOUR
        came[i] = options.argmin(axis=0)
        totals = [totals[1], options.min(axis=0)]
    if not np.isfinite(totals[1]).any():
        return None
    i, j = n - 1, int(totals[1].argmin())
    path = [(i, j)]
    while i > 0:
        di, dj = ((1, 1), (1, 2), (2, 1))[came[i, j]]
        i, j = i - di, j - dj
        path.append((i, j))
    return np.array(path[::-1], dtype=np.int64)


def _score(alignment: Alignment, tab: Tab, roll: StringRoll) -> float:
    onset = roll.onset.max(axis=1)
    before = np.pad(onset, ((1, 0), (0, 0)))[:-1]
    after = np.pad(onset, ((0, 1), (0, 0)))[1:]
    frames, columns = np.nonzero((onset >= _HEARD) & (onset > before) & (onset >= after))
    heard_s, heard_pitch = roll.grid.times_s()[frames], columns + roll.pitch_min
    drawn_s = alignment.at([n.note.onset_s for n in tab.notes])
    drawn_pitch = np.array([n.note.pitch for n in tab.notes])
    within = (heard_s >= drawn_s[0] - _NEAR_S) & (heard_s <= drawn_s[-1] + _NEAR_S)
    heard_s, heard_pitch = heard_s[within], heard_pitch[within]
    found = missed = 0
    for pitch in np.union1d(heard_pitch, drawn_pitch):
        a, b = np.sort(drawn_s[drawn_pitch == pitch]), heard_s[heard_pitch == pitch]
        pairs = _paired(a, b)
        found, missed = found + pairs, missed + len(a) + len(b) - 2 * pairs
    return 2 * found / (2 * found + missed)


def _paired(a: Floats, b: Floats) -> int:
    """How many of two rising series of times can be paired, each once, near each other."""
    i = j = pairs = 0
    while i < len(a) and j < len(b):
        if abs(a[i] - b[j]) <= _NEAR_S:
            i, j, pairs = i + 1, j + 1, pairs + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return pairs

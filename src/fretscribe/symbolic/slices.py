"""What sounds in slices of a beat: tones, bass and motion, as the analysis of harmony hears notes.

Knows nothing of keys and chords. Neighbours: ``theory`` judges slices, ``harmony_model`` says what is likely.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.music import BeatGrid, Note

Array = npt.NDArray[np.float64]

_MIN_SHARE = 0.1  # of a slice that a note fills to count, unless it starts there
_MIN_BASS_SHARE = 0.2
_TOGETHER_S = 0.04
_AHEAD_S = 0.012  # a note so little ahead of a slice starts in it
_MOTION_LIMITS = (0, 2, 4)  # semitones: a repeated note, a second, a third; what lies beyond is a leap
_DOWNBEAT, _HALF_BAR, _BEAT, _BETWEEN = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """What sounds in slices of a beat.

    Attributes
    ----------
    edges : array [n + 1]
        Seconds.
    places : array [n]
        Where in the bar each begins: index into `HarmonyModel.change`.
    tones : array [n, 12]
        How much of each pitch class: half for its start, half for the share that it fills, times
        ``onset_prob``.
    bass : array [n, 12]
        ``onset_prob`` of the lowest note at its pitch class.
    motion : array [n, 4]
        Single notes after single notes that start here, by how far they move: as `HarmonyModel.line_motion`.
    """

    edges: Array
    places: npt.NDArray[np.int64]
    tones: Array
    bass: Array
    motion: Array


def slice_notes(notes: Sequence[Note], beats: BeatGrid) -> Slices:
    """Cut notes into slices of half a beat, or of a beat where eighths are counted."""
    per_beat = 1 if beats.beat_unit > 4 else 2
    n_beats, margin = len(beats.beat_times_s), beats.beats_per_bar
    first = min((beats.beat_at(n.onset_s) for n in notes), default=0.0)
    last = max((beats.beat_at(n.offset_s) for n in notes), default=1.0)
    start = max(-margin, min(0, math.floor(first)))
    stop = min(n_beats + margin, max(start + 1, math.ceil(last)))
    counts = range(start * per_beat, stop * per_beat)
    edges = np.array([beats.time_at(i / per_beat) for i in (*counts, counts.stop)])
    places = np.array([_place(i, per_beat, beats) for i in counts])
    return _fill(notes, edges, places)


def _place(count: int, per_beat: int, beats: BeatGrid) -> int:
    beat, between = divmod(count, per_beat)
    if between:
        return _BETWEEN
    if not beats.downbeats:
        return _BEAT
    before = max(0, bisect.bisect_right(beats.downbeats, beat) - 1)
    in_bar = (beat - beats.downbeats[before]) % beats.beats_per_bar
    if in_bar == 0:
        return _DOWNBEAT
    return _HALF_BAR if 2 * in_bar == beats.beats_per_bar else _BEAT


def _fill(notes: Sequence[Note], edges: Array, places: npt.NDArray[np.int64]) -> Slices:
    n_slices = len(edges) - 1
    tones, bass = np.zeros((n_slices, 12)), np.zeros((n_slices, 12))
    lowest: list[Note | None] = [None] * n_slices
    for note in notes:
        first = max(0, int(np.searchsorted(edges, note.onset_s + _AHEAD_S, side="right")) - 1)
        last = min(n_slices, int(np.searchsorted(edges, note.offset_s, side="left")))
        for i in range(first, last):
            share = (min(note.offset_s, edges[i + 1]) - max(note.onset_s, edges[i])) / (
                edges[i + 1] - edges[i]
            )
            starts = edges[i] <= note.onset_s + _AHEAD_S
            if not starts and share < _MIN_SHARE:
                continue
            tones[i, note.pitch % 12] += 0.5 * note.onset_prob * (starts + share)
            low = lowest[i]
            if (starts or share >= _MIN_BASS_SHARE) and (low is None or note.pitch < low.pitch):
                lowest[i] = note
    for i, low in enumerate(lowest):
        if low is not None:
            bass[i, low.pitch % 12] = low.onset_prob
    return Slices(edges=edges, places=places, tones=tones, bass=bass, motion=_motion(notes, edges))


def _motion(notes: Sequence[Note], edges: Array) -> Array:
    counts = np.zeros((len(edges) - 1, 4))
    strokes: list[list[Note]] = []
    for note in sorted(notes, key=lambda note: note.onset_s):
        if strokes and note.onset_s - strokes[-1][0].onset_s < _TOGETHER_S:
            strokes[-1].append(note)
        else:
            strokes.append([note])
    for before, after in itertools.pairwise(strokes):
        place = int(np.searchsorted(edges, after[0].onset_s + _AHEAD_S, side="right")) - 1
        if len(before) == len(after) == 1 and 0 <= place < len(counts):
            distance = abs(after[0].pitch - before[0].pitch)
            counts[place, bisect.bisect_left(_MOTION_LIMITS, distance)] += 1.0
    return counts

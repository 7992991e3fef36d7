"""The plainest fingering there is, for systems that give notes without strings.

What a tab is worth shows against what anybody gets for nothing. Knows no sound and no rule of the hand.
Neighbours: ``bench_run`` puts it behind peers; ``symbolic.fingering`` is how fretscribe does it.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from fretscribe.evaluation.notes import Floats, NoteArrays, note_arrays
from fretscribe.music import STANDARD_TUNING, Position, Tuning

N_REMEMBERED = 12
"""Notes whose mean fret is taken for the place of the hand. For the notes of Basic Pitch 0.4 on the
development recordings it is the best of 1, 4, 6, 8, 10, 12, 16 and all notes: tab F1 .370; the others give
.323 to .355.
Similar rules (the last 4 s; strings that are free 0.03 s early) came to .390 at most."""

_OVERLAP_TOLERANCE_S = 1e-6


def nearest_position(
    onset_s: Floats, offset_s: Floats, pitch: Floats, tuning: Tuning = STANDARD_TUNING
) -> NoteArrays:
    """Put every note where its fret is nearest to the mean fret of the notes before it.

    Notes are taken by onset, at one onset from the lowest up. A string on which a note still sounds is not
    free. The first note has the lowest fret it can have, and so has the later one of two equally near.

    Parameters
    ----------
    onset_s, offset_s : float64 array [n]
    pitch : float64 array [n]
        MIDI; fractional pitches are rounded for the fret.
    tuning : Tuning

    Returns
    -------
    NoteArrays
        All ``n`` notes by onset. One that no free string can play is on a string beyond the neck
        (``tuning.n_strings`` and up) at fret 0: it stays a heard note, and is in a wrong place.

    >>> notes = np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([45.0, 48.0])
    >>> placed = nearest_position(*notes)
    >>> placed.string.tolist(), placed.fret.tolist()
    ([1, 1], [0, 3])
    """
    order = np.lexsort((pitch, onset_s))
    sounds_until_s: list[float] = [-np.inf] * tuning.n_strings
    before: deque[int] = deque(maxlen=N_REMEMBERED)
    places: list[Position] = []
    for note in order:
        free = [
            position
            for position in tuning.positions(round(float(pitch[note])))
            if sounds_until_s[position.string] <= onset_s[note] + _OVERLAP_TOLERANCE_S
        ]
        if free:
            place = _nearest(free, before)
            before.append(place.fret)
        else:
            place = _beyond(sounds_until_s, tuning.n_strings, float(onset_s[note]))
        sounds_until_s[place.string] = float(offset_s[note])
        places.append(place)
    return note_arrays(
        onset_s[order],
        offset_s[order],
        pitch[order],
        [place.string for place in places],
        [place.fret + tuning.capo for place in places],
    )


def _nearest(free: list[Position], before: deque[int]) -> Position:
    hand = sum(before) / len(before) if before else 0.0
    return min(free, key=lambda position: (abs(position.fret - hand), position.fret))


def _beyond(sounds_until_s: list[float], n_strings: int, onset_s: float) -> Position:
    """The first string beyond the neck that is silent, made if there is none."""
    for string in range(n_strings, len(sounds_until_s)):
        if sounds_until_s[string] <= onset_s + _OVERLAP_TOLERANCE_S:
            return Position(string=string, fret=0)
    sounds_until_s.append(0.0)
    return Position(string=len(sounds_until_s) - 1, fret=0)

"""What the tab networks say of heard notes: for each string, P(it sounds this pitch).

TabCNN and the LSTMPredictor speak of frets on the guitar that they learned from. A note's pitch is looked up
on each of its strings, so that what was learned of a string's sound holds at the same pitch in any tuning,
with any capo; strings are then mapped as ``decode`` maps the acoustic model's. Neighbours: ``decode`` makes
the notes, ``fingering_costs`` weighs the evidence.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from fretscribe.frames import N_FRET_CLASSES, FretProbs
from fretscribe.music import Note, Tuning
from fretscribe.symbolic.decode import carried_strings

LISTENED_S = 0.4
"""Evidence is gathered from this long after the onset."""


def hear_strings(
    notes: Sequence[Note], frets: FretProbs, open_pitches: Sequence[int], tuning: Tuning
) -> list[Note]:
    """The same notes, each with its `Note.tab_probs`.

    Parameters
    ----------
    notes : sequence of Note
    frets : FretProbs
        From the same recording. Without frames the notes stay as they are.
    open_pitches : sequence of int
        The guitar that ``frets`` speaks of, low to high.
    tuning : Tuning
        The guitar that is to be played.

    Returns
    -------
    list of Note
        A note's evidence is the mean over the frames between its onset and `LISTENED_S` later (or its end),
        or the nearest frame where there is none.
    """
    if frets.grid.n_frames == 0:
        return list(notes)
    times_s = frets.grid.times_s()
    heard = []
    for note in notes:
        until_s = min(note.offset_s, note.onset_s + LISTENED_S)
        first, last = np.searchsorted(times_s, [note.onset_s, until_s], side="left")
        if first >= last:
            first = int(np.abs(times_s - (note.onset_s + until_s) / 2).argmin())
            last = first + 1
        shares = _at_pitch(frets, slice(first, last), open_pitches, note.pitch)
        carried = carried_strings(shares, tuning, note.pitch)
        heard.append(dataclasses.replace(note, tab_probs=tuple(min(1.0, p) for p in carried)))
    return heard


def _at_pitch(frets: FretProbs, frames: slice, open_pitches: Sequence[int], pitch: int) -> list[float]:
    """Mean probability of a pitch on each learned string; 0 where it lies off that string."""
    mean = frets.probs[frames].mean(axis=0, dtype=np.float64)
    classes = [pitch - open_pitch + 1 for open_pitch in open_pitches]
    return [float(mean[string, c]) if 1 <= c < N_FRET_CLASSES else 0.0 for string, c in enumerate(classes)]

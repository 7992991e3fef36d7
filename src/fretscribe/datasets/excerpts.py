"""Excerpts that keep no click: cut at random and bent in time, with their beats.

GuitarSet was played to a click that starts at 0 s; whoever judges or learns beats from it as it is hears the
click again. Here notes and beats alike are cut out anywhere and carried through a tempo that drifts. For
whatever only sees notes, bending their times is the same as bending the sound. Neighbours: ``guitarset`` has
the tracks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fretscribe.music import BeatGrid, TabNote

Array = npt.NDArray[np.float64]

WARP = 0.08
"""Largest change of the tempo, up or down."""

_SWINGS_S = (7.0, 13.0, 29.0)  # periods of the drift
_LEAST_S = 0.01
_AHEAD_S = 0.03  # notes so little ahead of a beat belong to it
_POINTS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A stretch of a performance.

    Attributes
    ----------
    notes : tuple of TabNote
        Not quantised.
    beats_s : float64 array [n]
        Those within the excerpt.
    places : int array [n]
        Place of each in its bar, 0 = downbeat.
    duration_s : float
    """

    notes: tuple[TabNote, ...]
    beats_s: Array
    places: npt.NDArray[np.int64]
    duration_s: float

    @property
    def downbeats_s(self) -> Array:
        return np.asarray(self.beats_s[self.places == 0])


def warped_excerpt(
    notes: Sequence[TabNote],
    beats: BeatGrid,
    duration_s: float,
    rng: np.random.Generator,
    *,
    most_cut: float = 0.25,
) -> Excerpt:
    """Cut a random share off either end, and bend the time by a smooth curve of up to 8 % of tempo.

    Parameters
    ----------
    notes : sequence of TabNote
    beats : BeatGrid
        Its edges' tempo goes on to 0 and to ``duration_s``.
    duration_s : float
    rng : numpy Generator
    most_cut : float
        Largest share of the track that is cut off an end, below one half.
    """
    start_s = rng.uniform(0.0, most_cut) * duration_s
    end_s = duration_s - rng.uniform(0.0, most_cut) * duration_s
    bend = _bend(end_s - start_s, rng)
    bent = [
        _moved(n, bend(n.note.onset_s - start_s), bend(min(n.note.offset_s, end_s) - start_s))
        for n in notes
        if start_s <= n.note.onset_s < end_s - _LEAST_S
    ]
    index = np.arange(np.ceil(beats.beat_at(start_s)), np.ceil(beats.beat_at(end_s)), dtype=np.int64)
    first = beats.downbeats[0] if beats.downbeats else 0
    return Excerpt(
        notes=tuple(bent),
        beats_s=np.array([bend(beats.time_at(int(i)) - start_s) for i in index]),
        places=(index - first) % beats.beats_per_bar,
        duration_s=bend(end_s - start_s),
    )


def _moved(tab_note: TabNote, onset_s: float, offset_s: float) -> TabNote:
    offset_s = max(offset_s, onset_s + _LEAST_S)
    note = replace(tab_note.note, onset_s=onset_s, offset_s=offset_s, bend=())
    return replace(tab_note, note=note, onset_beats=None, duration_beats=None)


def _bend(duration_s: float, rng: np.random.Generator) -> Callable[[float], float]:
    """A smooth map of 0 .. ``duration_s`` whose slope stays within `WARP` of 1, and reaches it."""
    times = np.linspace(0.0, duration_s, _POINTS)
    curve = np.full(_POINTS, 0.7 * rng.normal())
    for period_s in _SWINGS_S:
        turns = times / period_s * rng.uniform(0.8, 1.25) + rng.uniform()
        curve += rng.normal() * np.sin(2.0 * np.pi * turns)
    slope = 1.0 + curve * WARP / np.abs(curve).max()
    bent = np.concatenate([[0.0], np.cumsum(0.5 * (slope[1:] + slope[:-1]) * np.diff(times))])
    return lambda time_s: float(np.interp(time_s, times, bent))


def without_beat(excerpt: Excerpt, place: int) -> Excerpt:
    """The excerpt with one beat cut out of every bar: 3/4 of what was played in 4/4.

    Notes that start in the beat are left out, those that sound into it end with it.
    """
    edges = np.append(excerpt.beats_s, excerpt.duration_s)
    lengths = np.where(excerpt.places == place, np.diff(edges), 0.0)
    gone = np.concatenate([[0.0], np.cumsum(lengths)])

    def moved(time_s: float) -> float:
        return time_s - float(np.interp(time_s, edges, gone))

    notes = []
    for tab_note in excerpt.notes:
        note = tab_note.note
        beat = int(np.searchsorted(edges, note.onset_s + _AHEAD_S, side="right")) - 1
        if not (0 <= beat < len(excerpt.places) and excerpt.places[beat] == place):
            notes.append(_moved(tab_note, moved(note.onset_s), moved(note.offset_s)))
    kept = excerpt.places != place
    places = excerpt.places[kept]
    return Excerpt(
        notes=tuple(notes),
        beats_s=np.array([moved(t) for t in excerpt.beats_s[kept]]),
        places=np.where(places > place, places - 1, places),
        duration_s=moved(excerpt.duration_s),
    )

"""What the ear counts by: notes that start together, and what sets one such onset off from its neighbours.

A melody note that lasts, a chord among single notes, a low bass, a new harmony: all of these fall on beats
and bar lines more often than elsewhere. How much more often is learned (``beat_weights``); here they are only
measured. Knows nothing of beats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fretscribe.music import Note
from fretscribe.symbolic.strokes import stroke

Array = npt.NDArray[np.float64]

TOGETHER_S = 0.05
"""Notes within this time of a group's first belong to it: a slow strum."""

_LEAST_BELIEF = 0.05
_HARMONY_S = 1.2  # how far back and ahead the harmony is compared
_BASS_S = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Onsets:
    """Groups of notes that start together, in order of time; all arrays float64 [n].

    Attributes
    ----------
    times_s : array
        Mean onset, weighted by how sure the notes are.
    gaps_s : array
        Time to the next onset; for the last how long it sounds.
    lengths_s : array
        How long its longest note sounds.
    n_notes : array
        Notes in the group.
    bass : array
        Lowest pitch, in semitones above the mean lowest pitch of the onsets within 4 s.
    novelty : array
        How much the pitch classes change here, 0..1: one minus the cosine between 1.2 s before and after.
    strokes : array
        1 for a chord strummed down, -1 for up, 0 where that is not to be told.
    """

    times_s: Array
    gaps_s: Array
    lengths_s: Array
    n_notes: Array
    bass: Array
    novelty: Array
    strokes: Array

    def __len__(self) -> int:
        return len(self.times_s)

    def stretched(self, factor: float) -> Onsets:
        """The same onsets in another time."""
        return replace(
            self,
            times_s=self.times_s * factor,
            gaps_s=self.gaps_s * factor,
            lengths_s=self.lengths_s * factor,
        )


def find_onsets(notes: Sequence[Note]) -> Onsets:
    """Group notes by onset and measure each group; any order, may be empty."""
    groups = together(notes)
    belief = [[max(n.onset_prob, _LEAST_BELIEF) for n in group] for group in groups]
    times = np.array(
        [
            sum(n.onset_s * w for n, w in zip(group, weights, strict=True)) / sum(weights)
            for group, weights in zip(groups, belief, strict=True)
        ]
    )
    lengths = np.array([max(n.offset_s for n in group) for group in groups]) - times
    lowest = np.array([float(min(n.pitch for n in group)) for group in groups])
    return Onsets(
        times_s=times,
        gaps_s=np.append(np.diff(times), lengths[-1:]),
        lengths_s=lengths,
        n_notes=np.array([float(len(group)) for group in groups]),
        bass=lowest - _around(times, lowest),
        novelty=harmony_change(times, groups, _HARMONY_S),
        strokes=np.array([stroke(group) for group in groups]),
    )


def together(notes: Sequence[Note], window_s: float = TOGETHER_S) -> list[list[Note]]:
    """Notes in groups that start within ``window_s`` of their first."""
    groups: list[list[Note]] = []
    for note in sorted(notes, key=lambda n: (n.onset_s, n.pitch)):
        if groups and note.onset_s - groups[-1][0].onset_s <= window_s:
            groups[-1].append(note)
        else:
            groups.append([note])
    return groups


def _around(times: Array, values: Array) -> Array:
    """Mean of the values within `_BASS_S` of each time."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    first, last = np.searchsorted(times, times - _BASS_S), np.searchsorted(times, times + _BASS_S, "right")
    return np.asarray((sums[last] - sums[first]) / np.maximum(last - first, 1), dtype=np.float64)


def harmony_change(times_s: Array, groups: Sequence[Sequence[Note]], reach_s: float) -> Array:
    """How much the pitch classes change at onsets: one minus the cosine of ``reach_s`` before and after."""
    if not groups:
        return np.zeros(0)
    chroma = np.zeros((len(groups) + 1, 12))
    for i, group in enumerate(groups):
        for note in group:
            chroma[i + 1, note.pitch % 12] += 1.0
    sums = np.cumsum(chroma, axis=0)
    here = np.arange(len(groups))
    first = np.searchsorted(times_s, times_s - reach_s)
    last = np.searchsorted(times_s, times_s + reach_s)
    before, after = sums[here] - sums[first], sums[last] - sums[here]
    norms = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    cosine = (before * after).sum(axis=1) / np.maximum(norms, 1e-9)
    return np.asarray(np.where(norms > 0, 1.0 - cosine, 0.0), dtype=np.float64)

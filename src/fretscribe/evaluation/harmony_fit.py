"""Counts what chords sound like in annotated tracks: the counted numbers of `HarmonyModel`.

The built-in model has the counts of all accompaniments but those among the development tracks; the protocol
counts again without the player whom it judges. Everything else in the model is set by hand. Neighbours:
``harmony`` judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fretscribe.datasets.guitarset import Style
from fretscribe.datasets.guitarset_harmony import HarmonyTruth
from fretscribe.evaluation.harmony_metrics import chord_tones
from fretscribe.music import BeatGrid, Key, Note
from fretscribe.symbolic.harmony_model import (
    IN_KEY,
    OUTSIDE,
    SCALE_STEPS,
    SHIPPED,
    HarmonyModel,
    tone_role,
)
from fretscribe.symbolic.slices import slice_notes

Array = npt.NDArray[np.float64]

_SIZES = (2, 3, 4)
_FOREIGN = (IN_KEY, OUTSIDE)
_LEAST = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatedTrack:
    """What the counting and the judging need of a track."""

    track_id: str
    player: str
    style: Style
    notes: tuple[Note, ...]
    beats: BeatGrid
    truth: HarmonyTruth


class _Count:
    """Sounding weight by role, and how many pitch classes could have had it."""

    def __init__(self) -> None:
        self.weight = np.zeros(6)
        self.places = np.zeros(6)

    def add(self, sounding: Array, root: int, tones: Sequence[int], key: Key) -> None:
        total = float(sounding.sum())
        for pitch in range(12):
            interval = (pitch - root) % 12
            in_key = (pitch - key.tonic) % 12 in SCALE_STEPS[key.mode]
            role = tone_role(interval) if interval in tones else _FOREIGN[not in_key]
            self.weight[role] += sounding[pitch]
            self.places[role] += total

    def rates(self) -> tuple[float, ...]:
        """Share of the sound of one pitch class in each role, never quite 0: what was not heard may be."""
        shares = self.weight / np.maximum(self.places, np.finfo(float).tiny)
        return tuple(max(_LEAST, round(float(share), 4)) for share in shares)


def fit_harmony(tracks: Iterable[AnnotatedTrack], *, base: HarmonyModel = SHIPPED) -> HarmonyModel:
    """A model with the counts of annotated accompaniments.

    Parameters
    ----------
    tracks : iterable of AnnotatedTrack
        Chords of another number of tones than two, three or four teach nothing.
    base : HarmonyModel
        Gives all that is not counted.

    Raises
    ------
    MissingExtraError
        Without mir_eval, which reads the chords' labels.
    """
    tones = {size: _Count() for size in _SIZES}
    bass = _Count()
    for track in tracks:
        slices = slice_notes(track.notes, track.beats)
        middles = (slices.edges[1:] + slices.edges[:-1]) / 2
        for chord in track.truth.chords:
            root, intervals = chord_tones(chord.label)
            if root < 0 or len(intervals) not in tones or intervals[0] != 0:
                continue
            inside = (middles > chord.start_s) & (middles < chord.end_s)
            tones[len(intervals)].add(slices.tones[inside].sum(axis=0), root, intervals, track.truth.key)
            bass.add(slices.bass[inside].sum(axis=0), root, intervals, track.truth.key)
    return replace(
        base,
        dyad=tones[2].rates(),
        triad=tones[3].rates(),
        tetrad=tones[4].rates(),
        bass=bass.rates(),
    )

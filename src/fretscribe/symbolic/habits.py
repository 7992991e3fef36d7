"""Where a player is wont to play: costs of places on the neck, learned from notes that the player confirmed.

Two counts are kept of every place: how often the player played there, and how often the shipped rules,
which heard nothing, expected the same notes there. Their ratio says by how much the place is more likely than
the rules think. With few notes it is drawn towards the ratio of the whole region of the neck, and that
towards 1, which is what the rules say. It weighs little, since the notes of a phrase follow one decision of
the hand; and it only adds to costs: what no hand can hold stays impossible.
Knows neither files nor sound. Neighbours: ``fingering`` adds these costs and gives the expectations,
``feedback`` keeps the notes.
"""

from __future__ import annotations

import bisect
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from fretscribe.music import Tuning

N_PITCHES = 128

REGIONS = (0, 1, 5, 10)
"""First frets of the regions: open strings, the first position, the middle of the neck, and beyond."""

Place = tuple[int, int]
"""Pitch of the open string without capo, and fret from the capo: a shape, in every tuning that has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HabitStrength:
    """How much a player's notes say against the shipped rules.

    Attributes
    ----------
    weight : float
        Times the log of the ratio.
    place_notes : float
        So many notes at a place say as much as its region does.
    region_notes : float
        So many notes in a region say as much as the rules do.
    """

    weight: float = 0.1
    place_notes: float = 20.0
    region_notes: float = 10.0

    def __post_init__(self) -> None:
        notes = (self.place_notes, self.region_notes)
        if not 0.0 <= self.weight < math.inf or not all(0.0 < n < math.inf for n in notes):
            raise ValueError(f"the weight must not be negative, and notes above 0: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedNote:
    """A note on the string where its player put it.

    Attributes
    ----------
    tuning : Tuning
    pitch : int
    string : int
    expected : tuple of float
        P(string) by the shipped rules alone, for each string of the tuning; they sum to 1, or to 0 where the
        rules found no place.
    """

    tuning: Tuning
    pitch: int
    string: int
    expected: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.expected) != self.tuning.n_strings or not 0 <= self.string < self.tuning.n_strings:
            raise ValueError(f"string and expected do not fit {self.tuning.n_strings} strings: {self}")
        if self.pitch < self.tuning.open_pitches[self.string] + self.tuning.capo:
            raise ValueError(f"pitch {self.pitch} lies below string {self.string}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What is known of a player.

    Attributes
    ----------
    played, expected : mapping of Place to float
        How many notes the player put there, and how many the rules did.
    n_notes, n_recordings : int
        What this rests on.
    strength : HabitStrength
    """

    played: Mapping[Place, float]
    expected: Mapping[Place, float]
    n_notes: int
    n_recordings: int
    strength: HabitStrength = HabitStrength()

    def __post_init__(self) -> None:
        object.__setattr__(self, "played", MappingProxyType(dict(self.played)))
        object.__setattr__(self, "expected", MappingProxyType(dict(self.expected)))

    def __reduce__(self) -> tuple[object, ...]:
        """They travel to other processes, and mappings that cannot change cannot be pickled."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return partial(Habits, **values | {"played": dict(self.played), "expected": dict(self.expected)}), ()

    def costs(self, tuning: Tuning) -> npt.NDArray[np.float64]:
        """Costs in nats of every string at every pitch, float64 [n_strings, 128]; 0 where the neck ends."""
        weight, prior, ratios = self.strength.weight, self.strength.place_notes, self._region_ratios()
        out = np.zeros((tuning.n_strings, N_PITCHES))
        for string, open_pitch in enumerate(tuning.open_pitches):
            for fret in range(min(tuning.highest_fret + 1, N_PITCHES - open_pitch - tuning.capo)):
                place = open_pitch, fret
                played = self.played.get(place, 0.0) + prior * ratios[region_of(fret)]
                ratio = played / (self.expected.get(place, 0.0) + prior)
                out[string, open_pitch + tuning.capo + fret] = -weight * math.log(ratio)
        return out

    def _region_ratios(self) -> list[float]:
        prior = self.strength.region_notes
        played, expected = [prior] * len(REGIONS), [prior] * len(REGIONS)
        for counts, of_places in ((played, self.played), (expected, self.expected)):
            for (_, fret), count in of_places.items():
                counts[region_of(fret)] += count
        return [p / e for p, e in zip(played, expected, strict=True)]


def region_of(fret: int) -> int:
    """Index of the region that a fret lies in.

    >>> [region_of(fret) for fret in (0, 1, 4, 5, 12)]
    [0, 1, 1, 2, 3]
    """
    return bisect.bisect_right(REGIONS, fret) - 1


def learn_habits(
    notes: Iterable[PlacedNote], *, n_recordings: int, strength: HabitStrength | None = None
) -> Habits:
    """Count where a player put notes, and where the rules expected them.

    Notes that the rules found no place for are left out: nothing can be compared.

    >>> low_string = PlacedNote(tuning=Tuning(), pitch=50, string=0, expected=(0.0, 0.2, 0.8, 0.0, 0.0, 0.0))
    >>> habits = learn_habits([low_string] * 40, n_recordings=1)
    >>> costs = habits.costs(Tuning())[:, 50]
    >>> int(costs.argmin()), int(costs.argmax())
    (0, 2)
    """
    played: defaultdict[Place, float] = defaultdict(float)
    expected: defaultdict[Place, float] = defaultdict(float)
    n_notes = 0
    for note in notes:
        if not any(note.expected):
            continue
        n_notes += 1
        tuning = note.tuning
        frets = [note.pitch - open_pitch - tuning.capo for open_pitch in tuning.open_pitches]
        played[tuning.open_pitches[note.string], frets[note.string]] += 1.0
        for open_pitch, fret, probability in zip(tuning.open_pitches, frets, note.expected, strict=True):
            if probability:
                expected[open_pitch, fret] += probability
    return Habits(
        played=played,
        expected=expected,
        n_notes=n_notes,
        n_recordings=n_recordings,
        strength=strength or HabitStrength(),
    )

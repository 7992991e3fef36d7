"""Where a player is wont to play: costs of places on the neck, learned from notes that the player confirmed.

Two counts are kept of every place: how often the player played there, and how often the shipped rules,
which heard nothing, expected the same notes there. Their ratio, drawn towards 1 by ``prior_notes``, says by
how much the place is more likely than the rules think. It weighs little, since the notes of a phrase follow
one decision of the hand; and it only adds to costs: what no hand can hold stays impossible.
Knows neither files nor sound. Neighbours: ``fingering`` adds these costs and gives the expectations,
``feedback`` keeps the notes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from fretscribe.music import Tuning

N_PITCHES = 128

Place = tuple[int, int]
"""Pitch of the open string without capo, and fret from the capo: a shape, in every tuning that has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HabitStrength:
    """How much a player's notes say against the shipped rules.

    Attributes
    ----------
    weight : float
        Times the log of the ratio.
    prior_notes : float
        Notes at a place before which the rules are believed rather than the player.
    """

    weight: float = 0.1
    prior_notes: float = 10.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.weight < math.inf or not 0.0 < self.prior_notes < math.inf:
            raise ValueError(f"weight must not be negative, and prior_notes above 0: {self}")


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

    def costs(self, tuning: Tuning) -> npt.NDArray[np.float64]:
        """Costs in nats of every string at every pitch, float64 [n_strings, 128]; 0 where nobody knows."""
        out = np.zeros((tuning.n_strings, N_PITCHES))
        prior = self.strength.prior_notes
        for string, open_pitch in enumerate(tuning.open_pitches):
            for fret in range(min(tuning.highest_fret + 1, N_PITCHES - open_pitch - tuning.capo)):
                place = open_pitch, fret
                ratio = (self.played.get(place, 0.0) + prior) / (self.expected.get(place, 0.0) + prior)
                out[string, open_pitch + tuning.capo + fret] = -self.strength.weight * math.log(ratio)
        return out


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

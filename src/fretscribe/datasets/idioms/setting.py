"""What a section is played over: key, stretch of time, and progressions of chords that people use.

Neighbours: the styles (``chordal``, ``lines``, ``coverage``) read a `Section`; ``generator`` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass

from fretscribe.datasets.idioms.canvas import TICKS
from fretscribe.datasets.idioms.dice import Dice
from fretscribe.datasets.idioms.hand import SCALES, Harmony
from fretscribe.music import Key

# Degrees of the scale (0 = tonic) that songs walk through.
_MAJOR_WALKS = (
    (0, 4, 5, 3), (0, 3, 4, 4), (0, 5, 3, 4), (0, 3, 0, 4), (5, 3, 0, 4), (0, 1, 4, 0), (0, 2, 3, 4), (0, 3),
    (0, 0, 3, 0, 4, 3, 0, 4),
)  # fmt: skip
_MINOR_WALKS = (
    (0, 5, 2, 6), (0, 6, 5, 6), (0, 3, 4, 0), (0, 5, 3, 4), (0, 6), (0, 3), (0, 2, 6, 3), (0, 6, 5, 4),
)  # fmt: skip
_MAJOR_QUALITIES = ("", "m", "m", "", "", "m", "m7b5")
_MINOR_QUALITIES = ("m", "m7b5", "", "m", "m", "", "")
_COLOURS = {
    "": {
        "": 6.0,
        "7": 1.0,
        "maj7": 0.7,
        "sus2": 0.5,
        "sus4": 0.5,
        "add9": 0.7,
        "6": 0.3,
        "9": 0.2,
        "aug": 0.1,
    },
    "m": {"m": 6.0, "m7": 2.0, "m6": 0.2, "sus2": 0.3, "7sus4": 0.3},
    "m7b5": {"m7b5": 1.0, "dim7": 0.3},
}
_SEVENTHS = {
    "": {"maj7": 4.0, "6": 1.0, "9": 1.0},
    "m": {"m7": 4.0, "m6": 0.5},
    "m7b5": {"m7b5": 1.0, "dim7": 0.4},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A stretch of whole bars in one style.

    Attributes
    ----------
    first_tick, n_bars, beats_per_bar : int
    key : Key
    loudness : float
        Mean velocity.
    ringing : float
        0 = dry and short, 1 = everything rings.
    """

    first_tick: int
    n_bars: int
    beats_per_bar: int
    key: Key
    loudness: float
    ringing: float

    @property
    def bar_ticks(self) -> int:
        return self.beats_per_bar * TICKS

    @property
    def end_tick(self) -> int:
        return self.first_tick + self.n_bars * self.bar_ticks

    @property
    def bar_starts(self) -> range:
        """First ticks of the section's bars."""
        return range(self.first_tick, self.end_tick, self.bar_ticks)


def degree(key: Key, index: int) -> int:
    """Pitch class of a scale degree, 0 = tonic.

    >>> degree(Key(tonic=9, mode="minor"), 2)
    0
    """
    return (key.tonic + SCALES[key.mode][index % 7]) % 12


def song_chords(dice: Dice, section: Section) -> list[tuple[int, int, Harmony]]:
    """A progression over the section: ``(tick, end_tick, harmony)`` without gaps."""
    major = section.key.mode == "major"
    walk = dice.pick(_MAJOR_WALKS if major else _MINOR_WALKS)
    qualities = _MAJOR_QUALITIES if major else _MINOR_QUALITIES
    harmonies = []
    for index in walk:
        quality = qualities[index]
        if not major and index == 4 and dice.chance(0.5):
            quality = ""  # the leading tone of harmonic minor
        harmonies.append(Harmony(root=degree(section.key, index), quality=dice.weighted(_COLOURS[quality])))
    length = dice.weighted({section.bar_ticks: 0.65, section.bar_ticks * 2: 0.1, _half_bar(section): 0.25})
    return _laid_out(section, harmonies, length)


def jazz_chords(dice: Dice, section: Section) -> list[tuple[int, int, Harmony]]:
    """A progression of seventh chords: ii-V-I, turnarounds, walks through the cycle of fifths."""
    major = section.key.mode == "major"
    walk = dice.pick(((1, 4, 0, 0), (0, 5, 1, 4), (2, 5, 1, 4), (3, 6, 2, 5, 1, 4, 0, 0)))
    harmonies = []
    for index in walk:
        if index == 4:
            quality = dice.weighted({"7": 3.0, "9": 1.0, "7sus4": 0.5})
        else:
            triad = (_MAJOR_QUALITIES if major else _MINOR_QUALITIES)[index]
            quality = dice.weighted(_SEVENTHS[triad])
        root = degree(section.key, index)
        if index == 4 and dice.chance(0.15):
            root, quality = (root + 6) % 12, "7"  # tritone substitute
        harmonies.append(Harmony(root=root, quality=quality))
    return _laid_out(section, harmonies, dice.pick((section.bar_ticks, _half_bar(section))))


def _half_bar(section: Section) -> int:
    return section.bar_ticks if section.beats_per_bar % 2 else section.bar_ticks // 2


def _laid_out(section: Section, harmonies: list[Harmony], length: int) -> list[tuple[int, int, Harmony]]:
    starts = range(section.first_tick, section.end_tick, length)
    return [
        (tick, min(tick + length, section.end_tick), harmonies[i % len(harmonies)])
        for i, tick in enumerate(starts)
    ]

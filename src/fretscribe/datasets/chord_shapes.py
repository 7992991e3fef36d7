"""The usual chord shapes of a guitar in standard tuning, as data, and the tones of each chord quality.

A shape is written low string first, one character a string: a digit or a letter (``a`` = 10) is a fret,
``x`` is not played. Open shapes hold where they stand; movable shapes are written at the nut and shift
up the neck as a whole. They fit any tuning with the intervals of standard tuning (a half step down, with
a capo ...). Knows nothing of keys, rhythm or other tunings: ``idioms.hand`` picks, shifts and, where no
shape fits, searches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["open", "barre", "triad", "shell", "drop2"]
"""Where a shape is at home: with open strings, as a barre, small triads, jazz shells, drop-2 voicings."""

STANDARD_STEPS = (0, 5, 10, 15, 19, 24)
"""Open strings of standard tuning in semitones above the lowest."""

QUALITY_TONES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "5": (0, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "7sus4": (0, 5, 7, 10),
    "add9": (0, 2, 4, 7),
    "9": (0, 2, 4, 7, 10),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "aug": (0, 4, 8),
}
"""Semitones above the root of each chord quality; the key is the suffix of the chord's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChordShape:
    """Frets of one hand grip in standard tuning.

    Attributes
    ----------
    quality : str
        Key of `QUALITY_TONES`.
    frets : tuple of int or None
        One a string, low to high; None is not played.
    root_string : int
        A string that sounds the root.
    family : Family
    """

    quality: str
    frets: tuple[int | None, ...]
    root_string: int
    family: Family

    def __post_init__(self) -> None:
        if self.quality not in QUALITY_TONES:
            raise ValueError(f"unknown chord quality {self.quality!r}")
        if len(self.frets) != len(STANDARD_STEPS) or self.frets[self.root_string] is None:
            raise ValueError(f"a shape has 6 strings, its root among them: {self}")

    @property
    def movable(self) -> bool:
        """Whether the shape may shift along the neck (open shapes may not)."""
        return self.family != "open"

    @property
    def root_step(self) -> int:
        """Semitones from the open lowest string to the shape's root, where it is written."""
        fret = self.frets[self.root_string]
        if fret is None:
            raise ValueError(f"the root string of {self} is silent")
        return STANDARD_STEPS[self.root_string] + fret


def parse_shape(frets: str) -> tuple[int | None, ...]:
    """Frets of a shape string.

    >>> parse_shape("x32010")
    (None, 3, 2, 0, 1, 0)
    """
    return tuple(None if c == "x" else int(c, 16) for c in frets)


# family: lines of "quality root_string shapes"; "-" is the plain major triad.
_TABLE: dict[Family, str] = {
    "open": """
        -     1 x32010 x02220
        -     0 022100 320003 320033
        -     2 xx0232
        m     1 x02210
        m     0 022000
        m     2 xx0231
        7     1 x02020 x32310 x21202
        7     0 020100 022130 320001
        7     2 xx0212
        maj7  1 x32000 x02120
        maj7  0 320002
        maj7  2 xx0222 xx3210
        m7    1 x02010
        m7    0 022030 020000
        m7    2 xx0211
        sus2  1 x02200
        sus2  2 xx0230
        sus4  1 x02230 x33011
        sus4  0 022200 330013
        sus4  2 xx0233
        add9  1 x32030
        add9  0 320203
        6     1 x02222
        6     0 320000
        7sus4 1 x02030
        7sus4 0 020200
    """,
    "barre": """
        -     0 022100
        -     1 x02220 x3201x
        -     2 xx0232
        m     0 022000
        m     1 x02210
        m     2 xx0231
        7     0 020100
        7     1 x02020 x3231x
        maj7  1 x02120 x3200x
        m7    0 020000
        m7    1 x02010
        sus4  0 022200
        sus4  1 x02230
        sus2  1 x02200
        7sus4 0 020200
        7sus4 1 x02030
        9     1 x21222
        6     1 x02222
        m6    1 x0221x
        5     0 022xxx 02xxxx
        5     1 x022xx x02xxx
    """,
    "triad": """
        -     3 xxx553
        -     4 xxx454
        -     5 xxx655
        m     3 xxx543
        m     4 xxx453
        m     5 xxx555
        -     2 xx543x
        m     2 xx533x
        aug   3 xxx554
        sus4  3 xxx563
    """,
    "shell": """
        7     0 3x34xx
        maj7  0 3x44xx
        m7    0 3x33xx
        7     1 x323xx
        maj7  1 x324xx
        m7    1 x313xx
        6     0 3x24xx
        m6    0 3x23xx
        m7b5  0 3x332x
        m7b5  1 x3434x
        dim7  1 x3424x
    """,
    "drop2": """
        maj7  2 xx2444 xx0222
        7     2 xx0212
        m7    2 xx0211
        m7b5  2 xx0111
        dim7  2 xx0101
        maj7  1 x0212x
        7     1 x0202x
        m7    1 x0201x
        m7b5  1 x0101x
        6     2 xx0202
        m6    2 xx0201
    """,
}


def _parse_table() -> tuple[ChordShape, ...]:
    shapes: list[ChordShape] = []
    for family, lines in _TABLE.items():
        for line in lines.split("\n"):
            words = line.split()
            shapes.extend(
                ChordShape(
                    quality="" if words[0] == "-" else words[0],
                    frets=parse_shape(word),
                    root_string=int(words[1]),
                    family=family,
                )
                for word in words[2:]
            )
    return tuple(shapes)


CHORD_SHAPES: tuple[ChordShape, ...] = _parse_table()
"""All shapes, open ones first."""

"""Names of keys and chords, in the one place that knows them: ``F# minor``, ``Am7/G``, Harte's ``A:min7/b7``.

Readers and writers of files, and the analysis of harmony, spell and take apart names here: `split_chord`
gives a writer the root, the quality and the bass of a symbol, `spelled` the name of a pitch class in a key.
Spelling only: what key or chord sounds is found by ``symbolic.theory``. Neighbours: ``convert`` knows pitch
classes without a key, ``io.key_signatures`` signatures.

Harte's syntax: C. Harte, M. Sandler, S. Abdallah, E. Gómez, "Symbolic representation of musical
chords", ISMIR 2005, as restricted by the JAMS namespace ``chord``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from fretscribe.convert import parse_pitch_class, pitch_class_name
from fretscribe.errors import OptionError
from fretscribe.music import Key

_FLAT_MAJOR = frozenset({1, 3, 5, 8, 10})
_FLAT_MINOR = frozenset({0, 2, 3, 5, 7, 10})

_CHORDS: Final[dict[str, tuple[str, tuple[int, ...]]]] = {  # symbol -> Harte's form, semitones over the root
    "": ("maj", (0, 4, 7)), "m": ("min", (0, 3, 7)), "7": ("7", (0, 4, 7, 10)),
    "maj7": ("maj7", (0, 4, 7, 11)), "m7": ("min7", (0, 3, 7, 10)), "5": ("5", (0, 7)),
    "sus2": ("sus2", (0, 2, 7)), "sus4": ("sus4", (0, 5, 7)), "dim": ("dim", (0, 3, 6)),
    "dim7": ("dim7", (0, 3, 6, 9)), "m7b5": ("hdim7", (0, 3, 6, 10)), "aug": ("aug", (0, 4, 8)),
    "aug7": ("aug(b7)", (0, 4, 8, 10)), "7sus4": ("sus4(b7)", (0, 5, 7, 10)),
    "7sus2": ("sus2(b7)", (0, 2, 7, 10)), "6": ("maj6", (0, 4, 7, 9)), "m6": ("min6", (0, 3, 7, 9)),
    "9": ("9", (0, 2, 4, 7, 10)), "maj9": ("maj9", (0, 2, 4, 7, 11)), "m9": ("min9", (0, 2, 3, 7, 10)),
    "11": ("11", (0, 2, 4, 5, 7, 10)), "m11": ("min11", (0, 2, 3, 5, 7, 10)),
    "maj11": ("maj11", (0, 2, 4, 5, 7, 11)), "13": ("13", (0, 2, 4, 7, 9, 10)),
    "m13": ("min13", (0, 2, 3, 7, 9, 10)), "maj13": ("maj13", (0, 2, 4, 7, 9, 11)),
    "mMaj7": ("minmaj7", (0, 3, 7, 11)), "add9": ("maj(9)", (0, 2, 4, 7)), "madd9": ("min(9)", (0, 2, 3, 7)),
    "6/9": ("maj6(9)", (0, 2, 4, 7, 9)), "7b9": ("7(b9)", (0, 1, 4, 7, 10)),
    "7#9": ("7(#9)", (0, 3, 4, 7, 10)), "7b5": ("7(b5)", (0, 4, 6, 10)), "7#5": ("7(#5)", (0, 4, 8, 10)),
}  # fmt: skip
_OTHER_SPELLINGS = {
    "maj": "", "min": "m", "M7": "maj7", "min7": "m7", "-": "m", "-7": "m7", "+": "aug", "sus": "sus4",
    "°": "dim", "ø": "m7b5", "Δ": "maj7", "mmaj7": "mMaj7", "min6": "m6", "o": "dim", "min9": "m9",
    "hdim7": "m7b5", "minmaj7": "mMaj7", "maj6": "6", "o7": "dim7", "°7": "dim7",
}  # fmt: skip
_SYMBOLS = {harte: symbol for symbol, (harte, _) in _CHORDS.items()}
_SYMBOLS |= {"1": "(1)", "(1,5)": "5", "(1)": "(1)", "": ""}

QUALITIES = tuple(_CHORDS)
"""Every quality that `ChordSymbol.quality` can have, in the one spelling that is written."""

_DEGREES = {1: 0, 2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 11}
_BASS_DEGREES = ("1", "b2", "2", "b3", "3", "4", "b5", "5", "b6", "6", "b7", "7")
_SYMBOL = re.compile(r"^([A-G][#b]*)(.*?)(?:/([A-G][#b]*))?$")
_HARTE = re.compile(r"^([A-G][#b]*)(?::([^/]*))?(?:/([#b]*)(\d{1,2}))?$")
_SHARP_ROOT = re.compile(r"(?:^|(?<=/))[A-G]#")
NO_CHORD = "N.C."

_LETTERS = "CDEFGAB"
# Letters above the tonic for each semitone: the minor seventh is a seventh, the tritone a raised fourth.
_LETTER_STEPS = (0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)
_RAISED_STEPS = (0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 6, 6)
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10, 11)}
_COMMON_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChordSymbol:
    """A chord symbol taken apart.

    Attributes
    ----------
    root : str
        As spelled: ``"Eb"``.
    quality : str
        One of `QUALITIES`: ``""`` (major), ``"m"``, ``"7"``, ``"5"``, ``"sus4"`` ...
    bass : str, or None
        As spelled; None where the root is the bass.
    """

    root: str
    quality: str = ""
    bass: str | None = None

    def __post_init__(self) -> None:
        if self.quality not in _CHORDS:
            raise ValueError(f"{self.quality!r} is not a quality of chords")

    @property
    def root_class(self) -> int:
        """Pitch class of the root."""
        return parse_pitch_class(self.root)

    @property
    def bass_class(self) -> int:
        """Pitch class of the lowest note."""
        return self.root_class if self.bass is None else parse_pitch_class(self.bass)

    @property
    def intervals(self) -> tuple[int, ...]:
        """Semitones of the tones above the root, rising from 0, without a foreign bass."""
        return _CHORDS[self.quality][1]

    @property
    def pitch_classes(self) -> frozenset[int]:
        """What sounds, the bass included."""
        root = self.root_class
        return frozenset((root + interval) % 12 for interval in self.intervals) | {self.bass_class}

    def __str__(self) -> str:
        return f"{self.root}{self.quality}" + ("" if self.bass is None else f"/{self.bass}")


def split_chord(text: str) -> ChordSymbol | None:
    """Root, quality and bass of a chord symbol; None for `NO_CHORD` and for what this vocabulary lacks.

    >>> split_chord("Ebmin7/Bb")
    ChordSymbol(root='Eb', quality='m7', bass='Bb')
    >>> split_chord("N.C.") is split_chord("Gwhatever") is None
    True
    """
    match = _SYMBOL.match(text)
    if match is None:
        return None
    root, quality, bass = match.groups()
    quality = _OTHER_SPELLINGS.get(quality, quality)
    return ChordSymbol(root=root, quality=quality, bass=bass) if quality in _CHORDS else None


def moved_chord(chord: ChordSymbol, semitones: int, key: Key | None = None) -> ChordSymbol:
    """A chord some semitones higher (lower, if negative), spelled in the key that it moves to.

    >>> str(moved_chord(ChordSymbol(root="A", quality="m", bass="G"), -2))
    'Gm/F'
    """
    return ChordSymbol(
        root=spelled(chord.root_class + semitones, key, raised=is_diminished(chord.quality)),
        quality=chord.quality,
        bass=None if chord.bass is None else spelled(chord.bass_class + semitones, key),
    )


def chord_intervals(quality: str) -> tuple[int, ...]:
    """Semitones above the root of one of `QUALITIES`.

    >>> chord_intervals("m7b5")
    (0, 3, 6, 10)
    """
    return _CHORDS[quality][1]


def is_diminished(quality: str) -> bool:
    """Whether a quality has a minor third and a diminished fifth."""
    return {3, 6} <= set(chord_intervals(quality))


def key_uses_flats(key: Key) -> bool:
    """Whether the key's usual signature has flats.

    >>> key_uses_flats(Key(tonic=5, mode="major")), key_uses_flats(Key(tonic=4, mode="minor"))
    (True, False)
    """
    return key.tonic % 12 in (_FLAT_MAJOR if key.mode == "major" else _FLAT_MINOR)


def key_tonic_name(key: Key) -> str:
    """The tonic as usually written: ``C# minor`` but ``Db major``."""
    return pitch_class_name(key.tonic, flats=key_uses_flats(key))


def key_name(key: Key) -> str:
    """A key as a guitarist writes it.

    >>> key_name(Key(tonic=6, mode="minor")), key_name(Key(tonic=3, mode="major"))
    ('F# minor', 'Eb major')
    """
    return f"{key_tonic_name(key)} {key.mode}"


def parse_key(text: str) -> Key:
    """A key from ``"F# minor"``, ``"Ab:major"`` or a bare tonic (major).

    Raises
    ------
    OptionError
        If it is no key, or its mode is neither major nor minor.

    >>> parse_key("Ab:minor")
    Key(tonic=8, mode='minor')
    """
    tonic, _, mode = text.strip().replace(":", " ").partition(" ")
    match mode.strip() or "major":
        case "major":
            return Key(tonic=parse_pitch_class(tonic), mode="major")
        case "minor":
            return Key(tonic=parse_pitch_class(tonic), mode="minor")
    raise OptionError(f"{text!r} is not a key", mend='write for example "F# minor"')


def spelled(pitch_class: int, key: Key | None, *, raised: bool = False) -> str:
    """Name of a pitch class as chords of a key are spelled; the usual name without a key.

    Tones of the key get the letter of their degree (``E#`` in F# major, ``G#`` in A minor), others that of
    the lowered second, third, sixth and seventh or the raised fourth; where that is hard to read (``Bbb``,
    ``Fb``) they get their plain name. With ``raised``, tones outside the key are raised degrees: the roots of
    diminished chords, which lead upwards.

    >>> [spelled(p, Key(tonic=3, mode="major")) for p in (3, 5, 7, 8, 10, 0, 2)]
    ['Eb', 'F', 'G', 'Ab', 'Bb', 'C', 'D']
    >>> spelled(10, Key(tonic=0, mode="major")), spelled(5, Key(tonic=6, mode="major")), spelled(8, None)
    ('Bb', 'E#', 'Ab')
    >>> spelled(8, Key(tonic=0, mode="major")), spelled(8, Key(tonic=0, mode="major"), raised=True)
    ('Ab', 'G#')
    """
    if key is None:
        return _COMMON_NAMES[pitch_class % 12]
    above = (pitch_class - key.tonic) % 12
    tonic = key_tonic_name(key)
    steps = _RAISED_STEPS if raised and above not in _SCALES[key.mode] else _LETTER_STEPS
    letter = _LETTERS[(_LETTERS.index(tonic[0]) + steps[above]) % 7]
    shift = (pitch_class - parse_pitch_class(letter) + 6) % 12 - 6
    name = letter + ("#" * shift if shift > 0 else "b" * -shift)
    odd = abs(shift) > 1 or name in ("E#", "B#", "Cb", "Fb")
    if abs(shift) > 1 or (odd and above not in _SCALES[key.mode]):
        return pitch_class_name(pitch_class, flats=key_uses_flats(key))
    return name


def flat_symbol(symbol: str) -> str:
    """A chord symbol with the sharps of its root and bass respelled as flats.

    >>> flat_symbol("D#m7/A#"), flat_symbol("G7#9")
    ('Ebm7/Bb', 'G7#9')
    """
    return _SHARP_ROOT.sub(lambda m: pitch_class_name(parse_pitch_class(m[0]), flats=True), symbol)


def symbol_from_harte(text: str) -> str:
    """A chord symbol from Harte's syntax; what has no common symbol keeps its Harte form in brackets.

    >>> [symbol_from_harte(c) for c in ("A:min7/b7", "F#:hdim7", "C", "N", "E:7(13)/1", "Db:maj/3")]
    ['Am7/G', 'F#m7b5', 'C', 'N.C.', 'E7(13)', 'Db/F']
    """
    if text in ("N", "X", ""):
        return NO_CHORD
    match = _HARTE.match(text)
    if match is None:
        return text
    root, quality, accidentals, degree = match.groups()
    shorthand, bracket, extension = (quality or "maj").partition("(")
    symbol = _SYMBOLS.get(quality or "maj")
    if symbol is None:
        symbol = _SYMBOLS.get(shorthand, shorthand) + bracket + extension
    if degree is None or not 1 <= int(degree) <= 13:
        return root + symbol
    interval = _DEGREES[(int(degree) - 1) % 7 + 1] + accidentals.count("#") - accidentals.count("b")
    if interval % 12 == 0:
        return root + symbol
    bass = pitch_class_name(parse_pitch_class(root) + interval, flats="#" not in root + accidentals)
    return f"{root}{symbol}/{bass}"


def harte_from_symbol(text: str) -> str | None:
    """Harte's form of a chord symbol, or None where it is not one this vocabulary knows.

    >>> [harte_from_symbol(c) for c in ("Am7/G", "Bb", "N.C.", "Cm7b5", "Gwhatever")]
    ['A:min7/b7', 'Bb:maj', 'N', 'C:hdim7', None]
    """
    if text in (NO_CHORD, "N", "NC"):
        return "N"
    chord = split_chord(text)
    if chord is None:
        return None
    harte = f"{chord.root}:{_CHORDS[chord.quality][0]}"
    if chord.bass is None:
        return harte
    return f"{harte}/{_BASS_DEGREES[(chord.bass_class - chord.root_class) % 12]}"

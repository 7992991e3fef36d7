"""Names of keys and chords as files spell them: ``F# minor``, ``Am7/G``, and Harte's ``A:min7/b7``.

Spelling only; what key or chord sounds is found by ``symbolic.theory``. Neighbours: ``tab_json``,
``jams`` and ``ascii_tab`` read and write these names.

Harte's syntax: C. Harte, M. Sandler, S. Abdallah, E. Gómez, "Symbolic representation of musical
chords", ISMIR 2005, as restricted by the JAMS namespace ``chord``.
"""

from __future__ import annotations

import re

from fretscribe.convert import parse_pitch_class, pitch_class_name
from fretscribe.errors import OptionError
from fretscribe.music import Key

_FLAT_MAJOR = frozenset({1, 3, 5, 8, 10})
_FLAT_MINOR = frozenset({0, 2, 3, 5, 7, 10})

_QUALITIES = {  # chord symbol -> Harte shorthand; the first spelling of a shorthand is the one written back
    "": "maj", "m": "min", "7": "7", "maj7": "maj7", "m7": "min7", "dim": "dim", "dim7": "dim7",
    "m7b5": "hdim7", "aug": "aug", "aug7": "aug(b7)", "sus2": "sus2", "sus4": "sus4", "7sus4": "sus4(b7)",
    "7sus2": "sus2(b7)", "6": "maj6", "m6": "min6", "9": "9", "maj9": "maj9", "m9": "min9", "11": "11",
    "m11": "min11", "maj11": "maj11", "13": "13", "m13": "min13", "maj13": "maj13", "mMaj7": "minmaj7",
    "add9": "maj(9)", "madd9": "min(9)", "6/9": "maj6(9)", "7b9": "7(b9)", "7#9": "7(#9)",
    "7b5": "7(b5)", "7#5": "7(#5)", "5": "5",
    "maj": "maj", "min": "min", "M7": "maj7", "min7": "min7", "-": "min", "-7": "min7", "+": "aug",
    "sus": "sus4", "°": "dim", "ø": "hdim7", "Δ": "maj7", "mmaj7": "minmaj7", "min6": "min6", "o": "dim",
    "min9": "min9", "hdim7": "hdim7", "minmaj7": "minmaj7", "maj6": "maj6", "o7": "dim7", "°7": "dim7",
}  # fmt: skip
_SYMBOLS: dict[str, str] = {}
for _symbol, _shorthand in _QUALITIES.items():
    _SYMBOLS.setdefault(_shorthand, _symbol)
_SYMBOLS |= {"1": "(1)", "(1,5)": "5", "(1)": "(1)", "": ""}

_DEGREES = {1: 0, 2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 11}
_BASS_DEGREES = ("1", "b2", "2", "b3", "3", "4", "b5", "5", "b6", "6", "b7", "7")
_SYMBOL = re.compile(r"^([A-G][#b]*)(.*?)(?:/([A-G][#b]*))?$")
_HARTE = re.compile(r"^([A-G][#b]*)(?::([^/]*))?(?:/([#b]*)(\d{1,2}))?$")
_SHARP_ROOT = re.compile(r"(?:^|(?<=/))[A-G]#")
NO_CHORD = "N.C."


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
    match = _SYMBOL.match(text)
    if match is None or match.group(2) not in _QUALITIES:
        return None
    root, symbol, bass = match.groups()
    shorthand = _QUALITIES[symbol]
    if bass is None:
        return f"{root}:{shorthand}"
    interval = (parse_pitch_class(bass) - parse_pitch_class(root)) % 12
    return f"{root}:{shorthand}/{_BASS_DEGREES[interval]}"

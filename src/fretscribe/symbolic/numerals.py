"""Roman numerals: what a chord is in its key, whatever the key.

Degrees are counted in the key's own scale, so that the chords of A minor are i, ii°, III, iv, v, VI, VII.
Lower case is minor. A major chord or dominant seventh that leads to a chord a fourth above it, and has a tone
from outside the key, is that chord's dominant: ``V7/ii``. A bass other than the root follows as the degree of
the bass: G/B in C major is ``V/7``. Neighbours: ``theory`` finds the chords, ``scales`` what fits them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fretscribe.music import Key
from fretscribe.symbolic.harmony_model import SCALE_STEPS
from fretscribe.symbols import ChordSymbol, is_diminished

_NUMERALS: Final = ("I", "II", "III", "IV", "V", "VI", "VII")
# Degree and accidental of each semitone above the tonic.
_DEGREES: Final = {
    "major": ((0, ""), (1, "b"), (1, ""), (2, "b"), (2, ""), (3, ""), (3, "#"), (4, ""), (5, "b"), (5, ""),
              (6, "b"), (6, "")),
    "minor": ((0, ""), (1, "b"), (1, ""), (2, ""), (2, "#"), (3, ""), (3, "#"), (4, ""), (5, ""), (5, "#"),
              (6, ""), (6, "#")),
}  # fmt: skip
_RAISED: Final = {  # the roots of diminished chords, which lead upwards
    "major": {1: (0, "#"), 3: (1, "#"), 8: (4, "#")},
    "minor": {1: (0, "#")},
}
_SIGNS: Final = {"m": "", "dim": "°", "dim7": "°7", "m7b5": "ø7", "aug": "+", "aug7": "+7", "mMaj7": "maj7"}
_FOURTH = 5


def roman_numeral(chord: ChordSymbol, key: Key, following: ChordSymbol | None = None) -> str:
    """The numeral of a chord.

    Parameters
    ----------
    chord : ChordSymbol
    key : Key
    following : ChordSymbol, optional
        The next chord: without it no chord is taken for another's dominant.

    >>> c_major = Key(tonic=0, mode="major")
    >>> roman_numeral(ChordSymbol(root="D", quality="m7"), c_major)
    'ii7'
    >>> roman_numeral(ChordSymbol(root="A", quality="7"), c_major, ChordSymbol(root="D", quality="m"))
    'V7/ii'
    """
    if following is not None and _leads_to(chord, following, key):
        target = ChordSymbol(root=following.root, quality=_triad(following.quality))
        return f"V{chord.quality}/{roman_numeral(target, key)}"
    above = (chord.root_class - key.tonic) % 12
    degree, accidental = _DEGREES[key.mode][above]
    if is_diminished(chord.quality):
        degree, accidental = _RAISED[key.mode].get(above, (degree, accidental))
    is_minor = 3 in chord.intervals and 4 not in chord.intervals
    numeral = _NUMERALS[degree].lower() if is_minor else _NUMERALS[degree]
    text = accidental + numeral + _sign(chord.quality)
    if chord.bass is None or chord.bass_class == chord.root_class:
        return text
    bass, bass_accidental = _DEGREES[key.mode][(chord.bass_class - key.tonic) % 12]
    return f"{text}/{bass_accidental}{bass + 1}"


def roman_numerals(chords: Sequence[ChordSymbol | None], key: Key) -> list[str]:
    """The numerals of a progression; empty where there is no chord (None)."""
    following = [*chords[1:], None]
    return [
        "" if chord is None else roman_numeral(chord, key, then)
        for chord, then in zip(chords, following, strict=True)
    ]


def _sign(quality: str) -> str:
    """What follows the numeral, whose case tells minor."""
    if quality in _SIGNS:
        return _SIGNS[quality]
    return quality[1:] if quality.startswith("m") and not quality.startswith("maj") else quality


def _triad(quality: str) -> str:
    """A target is told by its triad alone."""
    if is_diminished(quality):
        return "dim"
    return "m" if quality.startswith("m") and not quality.startswith("maj") else ""


def _leads_to(chord: ChordSymbol, following: ChordSymbol, key: Key) -> bool:
    known = {(key.tonic + step) % 12 for step in SCALE_STEPS[key.mode]}
    is_dominant = {4, 7} <= set(chord.intervals) and 11 not in chord.intervals
    return (
        is_dominant
        and chord.bass is None
        and chord.root_class != key.tonic  # the blues' I7 leads nowhere
        and (chord.root_class + _FOURTH) % 12 == following.root_class != key.tonic
        and following.root_class in known
        and not chord.pitch_classes <= known
    )

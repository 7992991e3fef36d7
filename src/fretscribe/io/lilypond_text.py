"""Words of the LilyPond language: pitches, lengths, strings of text, chord names.

Text from outside stands in quoted strings only, where nothing is a command or Scheme. Source: LilyPond 2.24
Notation Reference. Neighbours: ``lilypond_notes`` and ``lilypond_writer`` put the words together.
"""

from __future__ import annotations

from fractions import Fraction

from fretscribe.io.written_pitches import WrittenPitch
from fretscribe.io.written_values import WrittenValue
from fretscribe.io.xml_build import plain_text
from fretscribe.symbols import ChordSymbol

_CHORDS = {
    "": "", "m": ":m", "7": ":7", "maj7": ":maj7", "m7": ":m7", "5": ":1.5", "sus2": ":sus2", "sus4": ":sus4",
    "dim": ":dim", "dim7": ":dim7", "m7b5": ":m7.5-", "aug": ":aug", "aug7": ":aug7", "7sus4": ":7sus4",
    "7sus2": ":7sus2", "6": ":6", "m6": ":m6", "9": ":9", "maj9": ":maj9", "m9": ":m9", "11": ":11",
    "m11": ":m11", "maj11": ":maj11", "13": ":13", "m13": ":m13^11", "maj13": ":maj13", "mMaj7": ":m7+",
    "add9": ":1.3.5.9", "madd9": ":1.3-.5.9", "6/9": ":6.9", "7b9": ":7.9-", "7#9": ":7.9+", "7b5": ":7.5-",
    "7#5": ":7.5+",
}  # fmt: skip


def quoted(text: str) -> str:
    r"""A string of LilyPond on one line.

    >>> print(quoted('say "\\cis" #(exit)'))
    "say \"\\cis\" #(exit)"
    """
    escaped = plain_text(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def note_name(step: str, alter: int) -> str:
    """A pitch class in LilyPond's own (Dutch) names.

    >>> note_name("F", 1), note_name("E", -1)
    ('fis', 'ees')
    """
    return step.lower() + ("is" * alter if alter > 0 else "es" * -alter)


def absolute_pitch(pitch: WrittenPitch) -> str:
    """A pitch with its octave, outside of ``\\relative``.

    >>> absolute_pitch(WrittenPitch(step="C", alter=0, octave=4))
    "c'"
    """
    marks = pitch.octave - 3
    return note_name(pitch.step, pitch.alter) + ("'" * marks if marks > 0 else "," * -marks)


def value_text(value: WrittenValue) -> str:
    """A written value, without its tuplet: ``8.``."""
    return str(value.head) + "." * value.dots


def length_text(quarters: Fraction) -> str:
    """Any length, as a multiple of a whole note.

    >>> length_text(Fraction(3))
    '1*3/4'
    """
    return f"1*{quarters / 4}"


def chord_text(chord: ChordSymbol, quarters: Fraction) -> str:
    """A chord of a length, for ``\\chordmode``.

    >>> chord_text(ChordSymbol(root="Bb", quality="m7", bass="Ab"), Fraction(4))
    'bes1*1:m7/+aes'
    """
    bass = "" if chord.bass is None else f"/+{_named(chord.bass)}"
    return f"{_named(chord.root)}{length_text(quarters)}{_CHORDS[chord.quality]}{bass}"


def _named(name: str) -> str:
    return note_name(name[0], name.count("#") - name.count("b"))

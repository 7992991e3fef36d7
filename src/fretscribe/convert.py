"""Units, pitch names and counts: the only place that knows how hertz, MIDI numbers, cents and names relate.

Works on scalars and (where typed so) on arrays. Knows nothing of strings, frets or time.
"""

from __future__ import annotations

import math
import re

from fretscribe.errors import OptionError

A4_MIDI = 69
A4_HZ = 440.0
CENTS_PER_SEMITONE = 100.0

_SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_PITCH = re.compile(r"^([A-Ga-g])([#♯b♭]*)(-?\d+)?$")


def midi_to_hz(pitch: float) -> float:
    """Frequency in Hz of a (possibly fractional) MIDI pitch, equal temperament, A4 = 440 Hz.

    >>> midi_to_hz(69)
    440.0
    """
    return float(A4_HZ * 2.0 ** ((pitch - A4_MIDI) / 12.0))


def hz_to_midi(frequency_hz: float) -> float:
    """Fractional MIDI pitch of a frequency in Hz, which must be positive.

    >>> hz_to_midi(220.0)
    57.0
    """
    return A4_MIDI + 12.0 * math.log2(frequency_hz / A4_HZ)


def pitch_class_name(pitch_class: int, *, flats: bool = False) -> str:
    """Name of a pitch class 0..11 (C = 0), or of a MIDI pitch with its octave dropped.

    >>> pitch_class_name(10), pitch_class_name(10, flats=True)
    ('A#', 'Bb')
    """
    return (_FLAT_NAMES if flats else _SHARP_NAMES)[pitch_class % 12]


def pitch_name(pitch: int, *, flats: bool = False) -> str:
    """Scientific name of a MIDI pitch.

    >>> pitch_name(40), pitch_name(63, flats=True)
    ('E2', 'Eb4')
    """
    return f"{pitch_class_name(pitch, flats=flats)}{pitch // 12 - 1}"


def parse_pitch_class(name: str) -> int:
    """Pitch class 0..11 of a note name without octave (any case, sharps and flats).

    Raises
    ------
    OptionError
        If ``name`` is not a note name.

    >>> parse_pitch_class("Eb"), parse_pitch_class("f#")
    (3, 6)
    """
    match = _PITCH.match(name.strip())
    if match is None or match.group(3) is not None:
        raise OptionError(f"{name!r} is not a note name", mend="write for example E, Bb or F#")
    return _pitch_class(match) % 12


def parse_pitch(name: str) -> int:
    """MIDI pitch of a scientific note name such as ``E2`` or ``Bb3``.

    Raises
    ------
    OptionError
        If ``name`` is not a note name with an octave.

    >>> parse_pitch("E2"), parse_pitch("Cb4"), parse_pitch("a4")
    (40, 59, 69)
    """
    match = _PITCH.match(name.strip())
    if match is None or match.group(3) is None:
        raise OptionError(
            f"{name!r} is not a note name with an octave", mend="write for example E2, Bb3 or F#4"
        )
    return _pitch_class(match) + 12 * (int(match.group(3)) + 1)


def counted(n: int, name: str, plural: str | None = None) -> str:
    """A number of things, for people; the plural ends in s unless it is given.

    >>> counted(1, "note"), counted(0, "note"), counted(2, "note of a chord", "notes of a chord")
    ('1 note', '0 notes', '2 notes of a chord')
    """
    return f"{n} {name if n == 1 else plural or f'{name}s'}"


def _pitch_class(match: re.Match[str]) -> int:
    accidentals = match.group(2)
    sharps = sum(c in "#♯" for c in accidentals)
    return _STEPS[match.group(1).upper()] + 2 * sharps - len(accidentals)

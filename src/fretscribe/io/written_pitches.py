"""Pitches as notes are written: a letter, its alteration and an octave, spelled in the key; and their clef.

Knows no strings. Neighbours: ``symbols`` chooses the name, the writers of notation write what is found here.
"""

from __future__ import annotations

from dataclasses import dataclass

from fretscribe.io.score import ScoreTrack
from fretscribe.music import Key
from fretscribe.symbols import spelled

_FIFTHS_OF_SHARPS = "FCGDAEB"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenPitch:
    """A pitch by name.

    Attributes
    ----------
    step : str
        ``"C"`` .. ``"B"``.
    alter : int
        Semitones: 1 is a sharp, -1 a flat.
    octave : int
        Scientific: the octave that middle C starts is 4.
    """

    step: str
    alter: int
    octave: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clef:
    """A clef: its letter, the line it stands on (1 = lowest), and octaves that its small 8 adds."""

    sign: str
    line: int
    octaves: int


TREBLE = Clef(sign="G", line=2, octaves=0)
GUITAR = Clef(sign="G", line=2, octaves=-1)
BASS = Clef(sign="F", line=4, octaves=-1)
_LOWEST_UKULELE_PITCH = 55


def clef_of(track: ScoreTrack) -> Clef:
    """The clef that players of an instrument read: guitars and basses sound an octave below what it would be.

    >>> clef_of(ScoreTrack(name="Uke", open_pitches=(67, 60, 64, 69)))
    Clef(sign='G', line=2, octaves=0)
    """
    if track.kind == "bass":
        return BASS
    return TREBLE if min(track.open_pitches) >= _LOWEST_UKULELE_PITCH else GUITAR


def write_pitch(pitch: int, key: Key | None) -> WrittenPitch:
    """A MIDI pitch as it is written in a key (or in none).

    >>> write_pitch(61, Key(tonic=8, mode="major"))
    WrittenPitch(step='D', alter=-1, octave=4)
    >>> write_pitch(60, Key(tonic=1, mode="minor"))
    WrittenPitch(step='B', alter=1, octave=3)
    """
    name = spelled(pitch % 12, key)
    alter = name.count("#") - name.count("b")
    return WrittenPitch(step=name[0], alter=alter, octave=(pitch - alter) // 12 - 1)


def signature_alter(step: str, fifths: int) -> int:
    """What a key signature (sharps positive, flats negative) does to a letter.

    >>> signature_alter("F", 1), signature_alter("B", -2), signature_alter("C", 1)
    (1, -1, 0)
    """
    place = _FIFTHS_OF_SHARPS.index(step)
    if fifths >= 0:
        return int(place < fifths)
    return -int(place >= 7 + fifths)

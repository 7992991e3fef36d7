"""What all parts of a MusicXML document share in a measure: metre, key, tempo, repeats, signs.

Neighbours: ``musicxml_part`` reads notes and passes on what it meets, ``musicxml_reader`` makes bars of it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element

from fretscribe.errors import TabFormatError
from fretscribe.io.key_signatures import key_of_fifths
from fretscribe.io.musicxml_notes import decimal
from fretscribe.io.xml_tree import integer, text_of
from fretscribe.music import Key
from fretscribe.symbols import NO_CHORD

_UNITS = {
    "whole": Fraction(4), "half": Fraction(2), "quarter": Fraction(1), "eighth": Fraction(1, 2),
    "16th": Fraction(1, 4), "32nd": Fraction(1, 8),
}  # fmt: skip
_TEMPO_LIMITS = (1.0, 2000.0)
_JUMPS = ("dacapo", "dalsegno", "segno", "coda", "tocoda", "fine")
_MAX_ENDING = 64
_SIGNS_LEFT_OUT = {
    "words": "texts", "rehearsal": "section names", "wedge": "swells", "pedal": "pedal signs",
    "octave-shift": "octave signs, which change no fret",
}  # fmt: skip
_KINDS = {
    "major": "", "minor": "m", "dominant": "7", "major-seventh": "maj7", "minor-seventh": "m7",
    "diminished": "dim", "augmented": "aug", "half-diminished": "m7b5", "diminished-seventh": "dim7",
    "suspended-fourth": "sus4", "suspended-second": "sus2", "major-sixth": "6", "minor-sixth": "m6",
    "dominant-ninth": "9", "major-ninth": "maj9", "minor-ninth": "m9", "power": "5",
    "augmented-seventh": "aug7", "major-minor": "mmaj7", "dominant-11th": "11", "dominant-13th": "13",
}  # fmt: skip


@dataclass(slots=True)
class MeasureFacts:
    """Gathered from every part's version of one measure; the first to say something is believed.

    Attributes
    ----------
    left_out : Counter
        Shared by the whole document.
    metre : (int, int), or None
    key : Key, or None
    reached : Fraction
        How far the contents go, in quarter notes.
    """

    left_out: Counter[str]
    metre: tuple[int, int] | None = None
    key: Key | None = None
    reached: Fraction = Fraction(0)
    tempos: dict[Fraction, float] = field(default_factory=dict)
    repeat_open: bool = False
    repeat_close: int = 0
    endings_start: frozenset[int] = frozenset()
    endings_stop: bool = False
    jumps: set[str] = field(default_factory=set)

    def reach(self, at: Fraction) -> None:
        self.reached = max(self.reached, at)

    def attributes(self, element: Element, place: str) -> None:
        """Metre and key of an ``<attributes>``."""
        beats, unit = text_of(element, "time/beats"), text_of(element, "time/beat-type")
        if beats and unit and self.metre is None:
            parts = [integer(p, f"{place}: the metre", low=1, high=128) for p in beats.split("+")]
            below = integer(unit, f"{place}: the metre", low=1, high=64)
            if sum(parts) > 128 or below & (below - 1):
                raise TabFormatError(f"{place}: has the impossible metre {beats[:20]}/{below}")
            self.metre = (sum(parts), below)
        fifths = text_of(element, "key/fifths")
        if fifths and self.key is None:
            number = integer(fifths, f"{place}: the key", low=-20, high=20)
            self.key = key_of_fifths(number, minor=text_of(element, "key/mode") == "minor")

    def sign(self, element: Element, at: Fraction, divisions: Fraction, place: str) -> None:
        """A ``<direction>``, ``<sound>`` or ``<barline>`` at a position of the measure."""
        if element.tag == "barline":
            self._barline(element, place)
            return
        sound = element if element.tag == "sound" else element.find("sound")
        offset = text_of(element, "offset")
        if offset:
            at = max(Fraction(0), at + decimal(offset, f"{place}: an offset") / divisions)
        if sound is not None and sound.get("tempo"):
            self._tempo(at, float(decimal(sound.get("tempo", ""), f"{place}: a tempo")))
        else:
            self._metronome(element, at)
        if sound is not None:
            self.jumps |= {sign for sign in _JUMPS if sound.get(sign)}
        self.jumps |= {
            sign for sign in ("segno", "coda") if element.find(f"direction-type/{sign}") is not None
        }
        for tag, what in _SIGNS_LEFT_OUT.items():
            self.left_out[what] += len(element.findall(f"direction-type/{tag}"))

    def _metronome(self, element: Element, at: Fraction) -> None:
        metronome = element.find("direction-type/metronome")
        if metronome is None:
            return
        number = re.search(r"\d{1,4}(\.\d{1,6})?", text_of(metronome, "per-minute"))
        unit = _UNITS.get(text_of(metronome, "beat-unit"))
        if number is None or unit is None:
            self.left_out["metronome marks in words"] += 1
            return
        dotted = Fraction(3, 2) if metronome.find("beat-unit-dot") is not None else Fraction(1)
        if at not in self.tempos:
            self._tempo(at, float(number.group()) * float(unit * dotted))

    def _tempo(self, at: Fraction, quarters_a_minute: float) -> None:
        if _TEMPO_LIMITS[0] <= quarters_a_minute <= _TEMPO_LIMITS[1]:
            self.tempos[at] = quarters_a_minute
        else:
            self.left_out["impossible tempos"] += 1

    def _barline(self, element: Element, place: str) -> None:
        repeat = element.find("repeat")
        if repeat is not None and repeat.get("direction") == "forward":
            self.repeat_open = True
        elif repeat is not None:
            times = repeat.get("times") or "2"
            self.repeat_close = max(2, integer(times, f"{place}: the repeat", low=0, high=1000))
        ending = element.find("ending")
        if ending is not None and ending.get("type") == "start":
            numbers = re.findall(r"\d{1,4}", ending.get("number", ""))
            self.endings_start = frozenset(int(n) for n in numbers if 1 <= int(n) <= _MAX_ENDING)
        elif ending is not None:
            self.endings_stop = True


def chord_symbol(harmony: Element) -> str:
    """A chord symbol such as ``F#m7/C#``, "" where it cannot be said."""
    root = text_of(harmony, "root/root-step")
    if not root:
        return ""
    kind = harmony.find("kind")
    if kind is None:
        return ""
    if (kind.text or "").strip() == "none":
        return NO_CHORD
    written = kind.get("text")
    suffix = _KINDS.get((kind.text or "").strip(), "") if written is None else written
    symbol = root + _accidental(text_of(harmony, "root/root-alter")) + suffix
    for degree in map(_degree, harmony.iterfind("degree")):
        symbol += "" if degree in suffix else degree  # some programs write it in the kind's text too
    bass = text_of(harmony, "bass/bass-step")
    return f"{symbol}/{bass}{_accidental(text_of(harmony, 'bass/bass-alter'))}" if bass else symbol


def _degree(degree: Element) -> str:
    """An added or altered degree as a symbol has it: ``b9``, ``add9``; "" where it says nothing new."""
    kind = degree.find("degree-type")
    value = text_of(degree, "degree-value")
    if kind is None or not value or (kind.text or "").strip() == "subtract":
        return ""
    alter = _accidental(text_of(degree, "degree-alter"))
    sign = kind.get("text")
    if sign is None:
        sign = "add" if not alter and (kind.text or "").strip() == "add" else ""
    return f"{sign}{alter}{value}" if degree.get("print-object") != "no" else ""


def _accidental(alter: str) -> str:
    return {"1": "#", "-1": "b", "2": "##", "-2": "bb"}.get(alter, "")

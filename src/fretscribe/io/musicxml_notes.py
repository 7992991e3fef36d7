"""Notes of a MusicXML measure: what is written on one ``<note>``.

Strings count 1 = highest there, so turning them needs the number of strings; that is done when the part's
tuning is known, by ``musicxml_part``. Source: MusicXML 4.0 specification, W3C.
Neighbours: ``musicxml_part`` walks through measures, ``musicxml_reader`` through documents.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element

from fretscribe.errors import TabFormatError
from fretscribe.io.score import CurvePoint, Harmonic, Slide
from fretscribe.io.xml_tree import integer, text_of
from fretscribe.music import Technique

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_DECIMAL = re.compile(r"-?\d{1,9}(\.\d{1,9})?", re.ASCII)
_TYPES = {
    "1024th": 1024, "512th": 512, "256th": 256, "128th": 128, "64th": 64, "32nd": 32, "16th": 16, "eighth": 8,
    "quarter": 4, "half": 2, "whole": 1,
}  # fmt: skip
_GRACE_TYPE = "32nd"
_SLIDES_ALONE: dict[str, Slide] = {
    "scoop": "in_below", "plop": "in_above", "falloff": "out_down", "doit": "out_up",
}  # fmt: skip
_FORTE_VELOCITY = 90
_DEFAULT_VELOCITY = 80
_MARKS = {
    "articulations/accent": "accents", "articulations/strong-accent": "accents",
    "articulations/staccato": "staccato notes", "articulations/staccatissimo": "staccato notes",
    "ornaments/trill-mark": "trills", "ornaments/tremolo": "tremolo-picked notes",
    "ornaments/turn": "ornaments", "ornaments/mordent": "ornaments",
    "ornaments/inverted-mordent": "ornaments", "technical/tap": "tapped notes",
    "technical/up-bow": "pick strokes", "technical/down-bow": "pick strokes",
    "technical/snap-pizzicato": "popped notes", "technical/golpe": "golpes",
    "technical/brass-bend": "brass bends", "technical/handbell": "techniques of other names",
    "technical/other-technical": "techniques of other names", "fermata": "fermatas",
    "arpeggiate": "strokes (brush, rasgueado)",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlNote:
    """A note as MusicXML has it: strings from 1 = highest, as written; None where it says nothing."""

    string: int | None
    fret: int | None
    pitch: int | None
    unpitched: bool
    tied: bool
    velocity: int
    techniques: frozenset[Technique]
    hammer: bool
    slides: frozenset[Slide]
    harmonic: Harmonic | None
    bend: tuple[CurvePoint, ...]
    marks: frozenset[str]


def decimal(text: str, place: str) -> Fraction:
    """A number such as ``2`` or ``0.5``.

    Raises
    ------
    TabFormatError
        If it is none.
    """
    if _DECIMAL.fullmatch(text) is None:
        raise TabFormatError(f"{place}: must be a number, not {text[:20]!r}")
    return Fraction(text)


def read_note(element: Element, transpose: int, place: str) -> XmlNote:
    """A pitched or unpitched note.

    Parameters
    ----------
    element : Element
        A ``<note>`` that is no rest.
    transpose : int
        Semitones from the written to the sounding pitch.
    place : str
        File, part and measure, for messages.

    Raises
    ------
    TabFormatError
        If pitch, string, fret or bend are no possible numbers.
    """
    string, fret = _technical(element, "string", place), _technical(element, "fret", place)
    where = place if string is None else f"{place}, string {string} (1 = highest)"
    harmonic = _harmonic(element)
    ties = {t.get("type") for t in (*element.iterfind("tie"), *element.iterfind("notations/tied"))}
    techniques: dict[Technique, bool] = {
        "vibrato": _has(element, "ornaments/wavy-line") and not _has(element, "ornaments/trill-mark"),
        "palm_mute": text_of(element, "play/mute") == "palm",
        "dead": text_of(element, "notehead") == "x",
        "harmonic": harmonic is not None,
        "let_ring": "let-ring" in ties,
    }
    slides: set[Slide] = set()
    if any(
        e.get("type") == "start" for t in ("slide", "glissando") for e in element.iterfind(f"notations/{t}")
    ):
        slides.add("shift")
    slides |= {slide for sign, slide in _SLIDES_ALONE.items() if _has(element, f"articulations/{sign}")}
    return XmlNote(
        string=string,
        fret=fret,
        pitch=_pitch(element, transpose, where),
        unpitched=element.find("unpitched") is not None,
        tied="stop" in ties,
        velocity=_velocity(element, where),
        techniques=frozenset(name for name, there in techniques.items() if there),
        hammer=any(
            e.get("type") == "start"
            for t in ("hammer-on", "pull-off")
            for e in element.iterfind(f"notations/technical/{t}")
        ),
        slides=frozenset(slides),
        harmonic=harmonic,
        bend=_curve(element, where),
        marks=frozenset(what for path, what in _MARKS.items() if _has(element, path)),
    )


def grace_duration(element: Element) -> Fraction:
    """Quarter notes that a grace note is written as."""
    return Fraction(4, _TYPES.get(text_of(element, "type"), _TYPES[_GRACE_TYPE]))


def _velocity(element: Element, place: str) -> int:
    """1..127, of the per cent of a forte that the note is as loud as."""
    if not element.get("dynamics"):
        return _DEFAULT_VELOCITY
    percent = decimal(element.get("dynamics", ""), f"{place}: dynamics")
    return min(max(round(percent * _FORTE_VELOCITY / 100), 1), 127)


def _has(element: Element, path: str) -> bool:
    return element.find(f"notations/{path}") is not None


def _technical(element: Element, tag: str, place: str) -> int | None:
    text = text_of(element, f"notations/technical/{tag}")
    return integer(text, f"{place}: {tag}", low=0, high=99) if text else None


def _pitch(element: Element, transpose: int, place: str) -> int | None:
    if element.find("pitch") is None:
        return None
    pitch = step_pitch(
        text_of(element, "pitch/step"),
        text_of(element, "pitch/alter"),
        text_of(element, "pitch/octave"),
        place,
    )
    return pitch + transpose if 0 <= pitch + transpose <= 127 else None


def step_pitch(step: str, alter: str, octave: str, place: str) -> int:
    """MIDI pitch of a step, its alteration in semitones (quarter tones rounded) and its octave.

    Raises
    ------
    TabFormatError
        If these make no pitch.
    """
    if step not in _STEPS:
        raise TabFormatError(f"{place}: {step[:20]!r} is no step of a pitch")
    semitones = round(decimal(alter or "0", f"{place}: an alteration"))
    return _STEPS[step] + semitones + 12 * (integer(octave, f"{place}: an octave", low=-1, high=10) + 1)


def _harmonic(element: Element) -> Harmonic | None:
    found = element.find("notations/technical/harmonic")
    if found is None:
        return None
    return "artificial" if found.find("artificial") is not None else "natural"


def _curve(element: Element, place: str) -> tuple[CurvePoint, ...]:
    """Bends last from and to the per cent of the note they name, or follow each other in equal shares of it.

    A pre-bend takes no time; alterations add up.
    A note that begins with a release goes on from a bend that was held over a tie.
    """
    bends = list(element.iterfind("notations/technical/bend"))[:20]
    if not bends:
        return ()
    moves = [b for b in bends if b.find("pre-bend") is None]
    level = Fraction(0)
    for bend in bends:
        if bend.find("pre-bend") is not None:
            level = abs(decimal(text_of(bend, "bend-alter") or "0", f"{place}: a bend"))
    if level == 0 and moves and moves[0].find("release") is not None:
        level = abs(decimal(text_of(moves[0], "bend-alter") or "0", f"{place}: a bend"))
    points = [CurvePoint(at=Fraction(0), cents=float(level) * 100.0)]
    for bend, (start, end) in zip(moves, _shares(moves), strict=True):
        alter = decimal(text_of(bend, "bend-alter") or "0", f"{place}: a bend")
        if start > points[-1].at:
            points.append(CurvePoint(at=start, cents=float(level) * 100.0))
        level += -abs(alter) if bend.find("release") is not None else alter
        if abs(level) > 100:
            raise TabFormatError(f"{place}: has an impossible bend of {float(level)} semitones")
        points.append(CurvePoint(at=end, cents=float(level) * 100.0))
    return tuple(points)


def _shares(moves: Sequence[Element]) -> list[tuple[Fraction, Fraction]]:
    """From and to which share of the note each bend moves; equal ones unless all name theirs, in order."""
    shares = []
    now = Fraction(0)
    for bend in moves:
        named = [bend.get(name, "") for name in ("first-beat", "last-beat")]
        start, end = (Fraction(text) / 100 if _DECIMAL.fullmatch(text) else now for text in named)
        if not now <= start < end <= 1:
            return [(Fraction(i, len(moves)), Fraction(i + 1, len(moves))) for i in range(len(moves))]
        shares.append((start, end))
        now = end
    return shares

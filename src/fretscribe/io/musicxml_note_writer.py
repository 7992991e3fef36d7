"""Single ``<note>`` elements of a MusicXML document: pitch, length, head, place on the neck, technique.

The standard staff draws what notation draws (accidentals, beams, ties, slurs, heads), the tab staff what the
hands do (string and fret, bends, hammer-ons, harmonics, muting, vibrato). Source: MusicXML 4.0, W3C.
Neighbours: ``musicxml_writer`` walks through bars, ``musicxml_notes`` reads notes.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element

from fretscribe.io.beat_groups import Beam, WrittenBeat
from fretscribe.io.bend_moves import bend_moves
from fretscribe.io.score_links import LinkedNote
from fretscribe.io.written_pitches import WrittenPitch, signature_alter
from fretscribe.io.xml_build import add

NOTATION, TAB = 1, 2
"""The two staves."""

_HEADS = {1: "whole", 2: "half", 4: "quarter", 8: "eighth", 16: "16th", 32: "32nd", 64: "64th"}
_ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_SLIDES_ALONE = {
    "in_below": "scoop", "in_above": "plop", "out_down": "falloff", "out_up": "doit",
}  # fmt: skip
_FORTE_VELOCITY = 90


class LineNumbers:
    """Numbers that tell the open lines of a staff apart: the lowest that no other line of the kind has.

    Before MusicXML 4.0 they went up to 6 only, and MuseScore 3 still refuses more.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], int] = {}

    def of(self, line: str, end: str, string: int) -> str:
        """The number of a line of a kind on a string, at its ``end``: ``"start"`` or ``"stop"``."""
        if end == "stop":
            return str(self._open.pop((line, string)))
        taken = {number for (other, _), number in self._open.items() if other == line}
        number = next(n for n in itertools.count(1) if n not in taken)
        self._open[line, string] = number
        return str(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatFrame:
    """What all notes of a beat share on one staff.

    Attributes
    ----------
    staff : int
        From 1; the voice has its number.
    divisions : int
        Of a quarter note.
    duration : Fraction
        Quarter notes.
    whole_bar : bool
        Whether it fills its bar.
    lines : LineNumbers
        Shared by all beats of the staff.
    written : WrittenBeat
    tuplet : str
        Whether a bracket starts or stops here: ``"start"``, ``"stop"`` or "".
    beams : tuple of Beam
    """

    staff: int
    divisions: int
    duration: Fraction
    whole_bar: bool
    lines: LineNumbers
    written: WrittenBeat
    tuplet: str = ""
    beams: tuple[Beam, ...] = ()


class Accidentals:
    """Which accidentals a bar needs: what was written holds for its line until the bar ends."""

    def __init__(self, fifths: int) -> None:
        self._fifths = fifths
        self._written: dict[tuple[str, int], int] = {}

    def sign(self, pitch: WrittenPitch) -> str:
        """The sign before a note, "" where none is needed."""
        line = pitch.step, pitch.octave
        holds = self._written.get(line, signature_alter(pitch.step, self._fifths))
        self._written[line] = pitch.alter
        return "" if holds == pitch.alter else _ACCIDENTALS[pitch.alter]


def add_rest(measure: Element, frame: BeatFrame) -> None:
    """A rest on one staff."""
    note = add(measure, "note")
    rest = add(note, "rest")
    if frame.whole_bar:
        rest.set("measure", "yes")
    _length(note, frame)
    if frame.tuplet:
        _tuplet(add(note, "notations"), frame)


def add_notes(
    measure: Element,
    frame: BeatFrame,
    notes: Sequence[tuple[LinkedNote, WrittenPitch]],
    *,
    accidentals: Accidentals | None,
    n_strings: int,
) -> None:
    """The notes of a beat on one staff: the standard staff with accidentals, without them the tab."""
    for i, (linked, pitch) in enumerate(notes):
        strength = f"{linked.note.velocity / _FORTE_VELOCITY * 100:.2f}"
        note = add(measure, "note", dynamics=strength)
        if i:
            add(note, "chord")
        place = add(note, "pitch")
        add(place, "step", pitch.step)
        if pitch.alter:
            add(place, "alter", pitch.alter)
        add(place, "octave", pitch.octave)
        sign = ""
        if accidentals is not None and not linked.tie_stop:
            sign = accidentals.sign(pitch)
        _length(note, frame, linked, accidental=sign, first=i == 0)
        notations = Element("notations")
        if i == 0 and frame.tuplet:
            _tuplet(notations, frame)
        _lines(notations, linked, frame.lines)
        if accidentals is None:
            _hands(notations, linked, n_strings, frame.lines)
        if len(notations):
            note.append(notations)
        if "palm_mute" in linked.note.techniques:
            add(add(note, "play"), "mute", "palm")


def _length(
    note: Element,
    frame: BeatFrame,
    linked: LinkedNote | None = None,
    *,
    accidental: str = "",
    first: bool = True,
) -> None:
    """Everything between the pitch and the notations, in the order that MusicXML demands."""
    add(note, "duration", int(frame.duration * frame.divisions))
    for there, kind in _ties(linked):
        if there:
            add(note, "tie", type=kind)
    add(note, "voice", frame.staff)
    value = frame.written.value
    if linked is not None or not frame.whole_bar:
        add(note, "type", _HEADS[value.head])
        for _ in range(value.dots):
            add(note, "dot")
    if accidental:
        add(note, "accidental", accidental)
    if value.tuplet != (1, 1):
        ratio = add(note, "time-modification")
        add(ratio, "actual-notes", value.tuplet[0])
        add(ratio, "normal-notes", value.tuplet[1])
    if linked is not None and "dead" in linked.note.techniques:
        add(note, "notehead", "x")
    elif linked is not None and "harmonic" in linked.note.techniques and frame.staff == NOTATION:
        add(note, "notehead", "diamond")
    add(note, "staff", frame.staff)
    for level, beam in enumerate(frame.beams if first else (), start=1):
        add(note, "beam", beam, number=str(level))


def _ties(linked: LinkedNote | None) -> tuple[tuple[bool, str], ...]:
    return () if linked is None else ((linked.tie_stop, "stop"), (linked.tie_start, "start"))


def _tuplet(notations: Element, frame: BeatFrame) -> None:
    bracket = {"bracket": "yes"} if frame.tuplet == "start" else {}
    add(notations, "tuplet", type=frame.tuplet, number="1", **bracket)


def _lines(notations: Element, linked: LinkedNote, lines: LineNumbers) -> None:
    """Ties, slurs and slides."""
    for there, kind in _ties(linked):
        if there:
            add(notations, "tied", type=kind, number=lines.of("tied", kind, linked.string))
    if "let_ring" in linked.note.techniques and not linked.tie_start:
        add(notations, "tied", type="let-ring")
    for slurred, leads, kind in (
        (linked.stops_slur, linked.reached, "stop"),
        (linked.starts_slur, linked.leads, "start"),
    ):
        if slurred:
            add(notations, "slur", type=kind, number=lines.of("slur", kind, linked.string))
        if leads & {"slide", "legato_slide"}:
            number = lines.of("slide", kind, linked.string)
            add(notations, "slide", type=kind, number=number, line_type="solid")


def _hands(notations: Element, linked: LinkedNote, n_strings: int, lines: LineNumbers) -> None:
    note = linked.note
    if "vibrato" in note.techniques:
        ornaments = add(notations, "ornaments")
        for kind in ("start", "stop"):
            add(ornaments, "wavy-line", type=kind, number="1")
    technical = add(notations, "technical")
    if "harmonic" in note.techniques:
        kind = "artificial" if note.harmonic not in (None, "natural") else "natural"
        add(add(technical, "harmonic"), kind)
    add(technical, "fret", linked.fret)
    add(technical, "string", n_strings - linked.string)
    for leads, kind in ((linked.reached, "stop"), (linked.leads, "start")):
        for lead, sign in (("hammer_on", "H"), ("pull_off", "P")):
            if lead in leads:
                text = sign if kind == "start" else ""
                add(
                    technical,
                    lead.replace("_on", "-on").replace("_off", "-off"),
                    text,
                    type=kind,
                    number=lines.of(lead, kind, linked.string),
                )
    _bends(technical, linked)
    alone = [sign for slide, sign in _SLIDES_ALONE.items() if slide in note.slides]
    if alone:
        articulations = add(notations, "articulations")
        for sign in alone:
            add(articulations, sign)


def _bends(technical: Element, linked: LinkedNote) -> None:
    moves = bend_moves(linked.note.bend)
    if linked.tie_stop and moves and moves[0].is_prebend and (len(moves) == 1 or moves[1].after == 0):
        moves = moves[1:]  # held from the note that this one goes on from, and let go altogether or not
    for move in moves:
        sound = {}
        if not move.is_prebend:
            sound = {
                "first_beat": str(move.start),
                "last_beat": str(move.end),
            }
        bend = add(technical, "bend", **sound)
        alter = (move.after - move.before) / 2
        add(bend, "bend-alter", f"{-alter if move.is_prebend else alter:g}")
        if move.is_prebend:
            add(bend, "pre-bend")
        elif alter < 0:
            add(bend, "release")

"""Beats, notes and rhythms of a GPIF document: its tables, and what a bar refers to.

A bend is written in quarter tones and in the shape of ``bend_shapes``, the velocities of a beat as one of
eight dynamics. Neighbours: ``gpif_writer`` writes bars and tables, ``gpif_beats`` reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fretscribe.io.bend_shapes import BendShape, bend_shape
from fretscribe.io.gpif_track_writer import WRITTEN_OCTAVES_UP
from fretscribe.io.gpif_xml import element, parameter
from fretscribe.io.score import Harmonic, Slide
from fretscribe.io.score_links import Lead, LinkedBeat, LinkedNote
from fretscribe.io.score_signs import dynamic_of, one_line, written_value
from fretscribe.io.written_pitches import write_pitch
from fretscribe.io.written_values import WrittenValue
from fretscribe.music import Key

_HEADS = {1: "Whole", 2: "Half", 4: "Quarter", 8: "Eighth", 16: "16th", 32: "32nd", 64: "64th"}
_SLIDES: dict[Slide, int] = {
    "shift": 1, "legato": 2, "out_down": 4, "out_up": 8, "in_below": 16, "in_above": 32, "pick_down": 64,
    "pick_up": 128,
}  # fmt: skip
_HARMONICS: dict[Harmonic, str] = {
    "natural": "Natural", "artificial": "Artificial", "pinch": "Pinch", "tapped": "Tap", "semi": "Semi",
    "feedback": "Feedback",
}  # fmt: skip
# Where a finger that touches the string over a fret really lies.
_NODES = {
    2: 2.4, 3: 3.2, 4: 4.0, 5: 5.0, 7: 7.0, 8: 8.2, 9: 9.0, 10: 9.6, 12: 12.0, 14: 14.7, 15: 14.7, 16: 16.0,
    17: 17.0, 19: 19.0, 21: 21.7, 22: 21.7, 24: 24.0,
}  # fmt: skip
_OCTAVE_NODE = 12.0
_HAMMERED: frozenset[Lead] = frozenset({"hammer_on", "pull_off"})
_ACCIDENTALS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "x"}
_VALUE_A_QUARTER_TONE = 25


@dataclass(slots=True)
class GpifBeatTables:
    """The tables as they grow, beat by beat; ids are places in them."""

    chords: Mapping[str, int]
    beats: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rhythms: dict[WrittenValue, int] = field(default_factory=dict)
    dynamic: str = "mf"

    def add(self, linked: LinkedBeat, key: Key | None) -> int:
        """Write a beat and its notes, spelled in a key; the id of the beat."""
        beat = linked.beat
        self.dynamic = dynamic_of(beat, self.dynamic)
        rhythm = self.rhythms.setdefault(written_value(beat), len(self.rhythms))
        first = len(self.notes)
        self.notes += [_note(first + i, note, key) for i, note in enumerate(linked.notes)]
        chord = self.chords.get(one_line(beat.chord))
        parts = (
            element("Dynamic", self.dynamic.upper()),
            element("Rhythm", ref=rhythm),
            element("TransposedPitchStemOrientation", "Undefined"),
            element("ConcertPitchStemOrientation", "Undefined"),
            "" if chord is None else element("Chord", str(chord)),
            element("Notes", " ".join(map(str, range(first, len(self.notes))))) if linked.notes else "",
            _pickups(),
        )
        self.beats.append(element("Beat", *filter(None, parts), id=len(self.beats)))
        return len(self.beats) - 1

    def rhythm_elements(self) -> Iterator[str]:
        """The table of rhythms."""
        for value, key in self.rhythms.items():
            notes, in_time_of = value.tuplet
            parts = (
                element("NoteValue", _HEADS[value.head]),
                element("PrimaryTuplet", num=notes, den=in_time_of) if notes > 1 else "",
                element("AugmentationDot", count=value.dots) if value.dots else "",
            )
            yield element("Rhythm", *filter(None, parts), id=key)


def _pickups() -> str:
    half = "0.500000"
    return element(
        "Properties",
        parameter("PrimaryPickupVolume", "Float", half),
        parameter("PrimaryPickupTone", "Float", half),
    )


def _note(note_id: int, linked: LinkedNote, key: Key | None) -> str:
    techniques = linked.note.techniques
    parts = (
        _tie(linked) if linked.tie_start or linked.tie_stop else "",
        element("LetRing") if "let_ring" in techniques else "",
        element("Vibrato", "Slight") if "vibrato" in techniques else "",
        element("InstrumentArticulation", "0"),
        element("Properties", *_note_properties(linked, key)),
    )
    return element("Note", *filter(None, parts), id=note_id)


def _tie(linked: LinkedNote) -> str:
    return element("Tie", origin=str(linked.tie_start).lower(), destination=str(linked.tie_stop).lower())


def _note_properties(linked: LinkedNote, key: Key | None) -> Iterator[str]:
    """In the alphabetical order that Guitar Pro has."""
    note, fret, pitch = linked.note, linked.fret, linked.pitch
    bend = bend_shape(note.bend)
    if bend is not None:
        yield from _bend(bend)
    yield _pitch("ConcertPitch", pitch, key)
    yield parameter("Fret", "Fret", str(fret))
    if "harmonic" in note.techniques:
        kind = note.harmonic or "natural"
        node = _NODES.get(fret, _OCTAVE_NODE) if kind == "natural" else _OCTAVE_NODE
        yield parameter("Harmonic")
        yield parameter("HarmonicFret", "HFret", f"{node:.6f}")
        yield parameter("HarmonicType", "HType", _HARMONICS[kind])
    if linked.reached & _HAMMERED:
        yield parameter("HopoDestination")
    if linked.leads & _HAMMERED:
        yield parameter("HopoOrigin")
    yield parameter("Midi", "Number", str(pitch))
    if "dead" in note.techniques:
        yield parameter("Muted")
    if "palm_mute" in note.techniques:
        yield parameter("PalmMuted")
    if note.slides:
        yield parameter("Slide", "Flags", str(sum(_SLIDES[slide] for slide in note.slides)))
    yield parameter("String", "String", str(linked.string))
    yield _pitch("TransposedPitch", pitch + 12 * WRITTEN_OCTAVES_UP, key)


def _bend(shape: BendShape) -> Iterator[str]:
    """A straight bend passes its middle half way, at half its height."""
    (start, low), (end, high) = shape.origin, shape.destination
    reached, left, pitch = shape.middle or ((start + end) / 2, (start + end) / 2, (low + high) / 2)
    yield parameter("Bended")
    for name, value in (
        ("BendDestinationOffset", end),
        ("BendDestinationValue", high * _VALUE_A_QUARTER_TONE),
        ("BendMiddleOffset1", reached),
        ("BendMiddleOffset2", left),
        ("BendMiddleValue", pitch * _VALUE_A_QUARTER_TONE),
        ("BendOriginOffset", start),
        ("BendOriginValue", low * _VALUE_A_QUARTER_TONE),
    ):
        yield parameter(name, "Float", f"{value:.6f}")


def _pitch(name: str, pitch: int, key: Key | None) -> str:
    """Guitar Pro counts octaves one above the scientific ones."""
    written = write_pitch(pitch, key)
    parts = (
        element("Step", written.step),
        element("Accidental", _ACCIDENTALS[written.alter]),
        element("Octave", str(written.octave + 1)),
    )
    return element("Property", element("Pitch", *parts), name=name)

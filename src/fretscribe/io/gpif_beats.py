"""Beats and notes of a GPIF document: its tables by id, and what a bar refers to.

Strings count from 0 = lowest here as in ours; a bend's value of 100 is a whole tone.
Neighbours: ``gpif_reader`` reads tracks and bars.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element

from fretscribe.convert import parse_pitch
from fretscribe.errors import OptionError, TabFormatError
from fretscribe.io.score import (
    MAX_BEATS,
    MAX_NOTES,
    CurvePoint,
    Grace,
    Harmonic,
    ScoreBeat,
    ScoreNote,
    Slide,
    TrackBar,
)
from fretscribe.io.xml_tree import integer, text_of
from fretscribe.music import Technique

_CENTS_PER_VALUE = 2.0
_VALUES = {
    "Long": Fraction(16), "DoubleWhole": Fraction(8), "Whole": Fraction(4), "Half": Fraction(2),
    "Quarter": Fraction(1), "Eighth": Fraction(1, 2), "16th": Fraction(1, 4), "32nd": Fraction(1, 8),
    "64th": Fraction(1, 16), "128th": Fraction(1, 32), "256th": Fraction(1, 64),
}  # fmt: skip
_DYNAMICS = {"PPP": 15, "PP": 31, "P": 47, "MP": 63, "MF": 79, "F": 95, "FF": 111, "FFF": 127}
_GRACES: dict[str, Grace] = {"BeforeBeat": "before", "OnBeat": "on"}
_SLIDES: dict[int, Slide] = {
    1: "shift", 2: "legato", 4: "out_down", 8: "out_up", 16: "in_below", 32: "in_above", 64: "pick_down",
    128: "pick_up",
}  # fmt: skip
_HARMONICS: dict[str, Harmonic] = {
    "Natural": "natural", "Artificial": "artificial", "Pinch": "pinch", "Tap": "tapped", "Semi": "semi",
    "Feedback": "feedback",
}  # fmt: skip
_SIMILES = {"Simple": 1, "FirstOfDouble": 2, "SecondOfDouble": 2}
_NOTE_TAGS = {
    "Accent": "accents", "AntiAccent": "ghost notes", "Trill": "trills", "Ornament": "ornaments",
}  # fmt: skip
_NOTE_PROPERTIES = {"Tapped": "tapped notes", "LeftHandTapped": "notes tapped by the left hand"}
_BEAT_TAGS = {
    "FreeText": "texts", "Tremolo": "tremolo-picked beats", "Fadding": "fades", "Wah": "wah-wah signs",
    "Arpeggio": "strokes (brush, rasgueado)", "Whammy": "whammy bar moves", "DeadSlapped": "dead slaps",
    "Golpe": "golpes", "Timer": "timers", "Lyrics": "syllables",
}  # fmt: skip
_BEAT_PROPERTIES = {
    "WhammyBar": "whammy bar moves", "Slapped": "slapped beats", "Popped": "popped beats",
    "Brush": "strokes (brush, rasgueado)", "Rasgueado": "strokes (brush, rasgueado)",
    "PickStroke": "pick strokes",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBeat:
    """What a beat says wherever it is played."""

    duration: Fraction
    notes: tuple[ScoreNote, ...]
    grace: Grace | None
    chord_id: str
    marks: frozenset[str]


@dataclass(slots=True)
class GpifTables:
    """The document's elements by their id, the beats read so far, and how much of them was used."""

    file: str
    left_out: Counter[str]
    bars: dict[str, Element]
    voices: dict[str, Element]
    beats: dict[str, Element]
    notes: dict[str, Element]
    rhythms: dict[str, Fraction]
    read_beats: dict[str, KnownBeat] = field(default_factory=dict)
    n_beats: int = 0
    n_notes: int = 0

    @classmethod
    def of(cls, root: Element, file: str, left_out: Counter[str]) -> GpifTables:
        """The tables of a document; raises TabFormatError on an impossible rhythm."""
        found = {
            table: {e.get("id", ""): e for e in root.iterfind(f"{table}/{tag}")}
            for table, tag in (("Bars", "Bar"), ("Voices", "Voice"), ("Beats", "Beat"), ("Notes", "Note"))
        }
        rhythms = {
            e.get("id", ""): _duration(e, f"{file}: rhythm {e.get('id', '')[:20]!r}")
            for e in root.iterfind("Rhythms/Rhythm")
        }
        return cls(file, left_out, found["Bars"], found["Voices"], found["Beats"], found["Notes"], rhythms)

    def use(self, *, beats: int = 0, notes: int = 0) -> None:
        """Count what a bar takes: a small document can refer to the same beats again and again."""
        self.n_beats += beats
        self.n_notes += notes
        if self.n_beats > MAX_BEATS or self.n_notes > MAX_NOTES:
            raise TabFormatError(f"{self.file}: has more than {MAX_BEATS} beats or {MAX_NOTES} notes")


def _duration(rhythm: Element, place: str) -> Fraction:
    """In quarter notes."""
    value = text_of(rhythm, "NoteValue")
    if value not in _VALUES:
        raise TabFormatError(f"{place}: has the unknown note value {value[:20]!r}")
    duration = _VALUES[value]
    dot = rhythm.find("AugmentationDot")
    if dot is not None:
        duration *= 2 - Fraction(1, 2 ** integer(dot.get("count", "1"), place, low=0, high=8))
    for tag in ("PrimaryTuplet", "SecondaryTuplet"):
        tuplet = rhythm.find(tag)
        if tuplet is not None:
            n_notes = integer(tuplet.get("num") or text_of(tuplet, "Num"), place, low=1, high=1000)
            in_time_of = integer(tuplet.get("den") or text_of(tuplet, "Den"), place, low=1, high=1000)
            duration *= Fraction(in_time_of, n_notes)
    return duration


def read_bar(tables: GpifTables, bar_id: str, chords: dict[str, str], place: str) -> TrackBar:
    """What a staff plays in a bar.

    Parameters
    ----------
    tables : GpifTables
    bar_id : str
    chords : dict of str to str
        Names of the staff's chords by id.
    place : str
        File, track and bar, for messages.

    Raises
    ------
    TabFormatError
        If an id leads nowhere, or a note is on no possible string or fret.
    """
    bar = _at(tables.bars, bar_id, "bar", place)
    beats: list[ScoreBeat] = []
    for voice, voice_id in enumerate(text_of(bar, "Voices").split()):
        if voice_id != "-1":
            beats += _voice(tables, voice_id, voice, chords, place)
    if bar.find("Ottavia") is not None:
        tables.left_out["octave signs, which change no fret"] += 1
    simile = text_of(bar, "SimileMark")
    return TrackBar(beats=tuple(sorted(beats, key=lambda b: b.start)), simile=_SIMILES.get(simile, 0))


def _at(table: dict[str, Element], key: str, what: str, place: str) -> Element:
    if key not in table:
        raise TabFormatError(f"{place}: refers to {what} {key[:20]!r}, which is not there")
    return table[key]


def _voice(
    tables: GpifTables, voice_id: str, voice: int, chords: dict[str, str], place: str
) -> Iterator[ScoreBeat]:
    at = Fraction(0)
    beat_ids = text_of(_at(tables.voices, voice_id, "voice", place), "Beats").split()
    tables.use(beats=len(beat_ids))
    for beat_id in beat_ids:
        known = tables.read_beats.get(beat_id)
        if known is None:
            known = tables.read_beats[beat_id] = _read_beat(tables, beat_id, place)
        tables.use(notes=len(known.notes))
        yield ScoreBeat(
            start=at,
            duration=known.duration,
            voice=voice,
            notes=known.notes,
            grace=known.grace,
            chord=chords.get(known.chord_id, ""),
            marks=known.marks,
        )
        if known.grace is None:
            at += known.duration


def _read_beat(tables: GpifTables, beat_id: str, place: str) -> KnownBeat:
    element = _at(tables.beats, beat_id, "beat", place)
    rhythm = element.find("Rhythm")
    reference = "" if rhythm is None else rhythm.get("ref", "")
    if reference not in tables.rhythms:
        raise TabFormatError(f"{place}: beat {beat_id[:20]!r} has no rhythm")
    properties = _properties(element)
    marks = {_BEAT_TAGS[child.tag] for child in element if child.tag in _BEAT_TAGS}
    marks |= {_BEAT_PROPERTIES[name] for name in properties if name in _BEAT_PROPERTIES}
    velocity = _DYNAMICS.get(text_of(element, "Dynamic"), 80)
    vibrato = "VibratoWTremBar" in properties
    note_ids = text_of(element, "Notes").split()
    return KnownBeat(
        duration=tables.rhythms[reference],
        notes=tuple(_note(_at(tables.notes, n, "note", place), velocity, vibrato, place) for n in note_ids),
        grace=_GRACES.get(text_of(element, "GraceNotes")),
        chord_id=text_of(element, "Chord"),
        marks=frozenset(marks),
    )


def _properties(element: Element) -> dict[str, Element]:
    return {p.get("name", ""): p for p in element.iterfind("Properties/Property")}


def _note(element: Element, velocity: int, vibrato: bool, place: str) -> ScoreNote:
    properties = _properties(element)
    string = _number(properties, "String", "String", place)
    where = place if string is None else f"{place}, string {string} (0 = lowest)"
    fret = _number(properties, "Fret", "Fret", where)
    tie = element.find("Tie")
    harmonic = _harmonic(properties)
    techniques: dict[Technique, bool] = {
        "vibrato": vibrato or element.find("Vibrato") is not None,
        "palm_mute": "PalmMuted" in properties,
        "dead": "Muted" in properties,
        "harmonic": harmonic is not None,
        "let_ring": element.find("LetRing") is not None,
    }
    marks = {_NOTE_TAGS[child.tag] for child in element if child.tag in _NOTE_TAGS}
    marks |= {_NOTE_PROPERTIES[name] for name in properties if name in _NOTE_PROPERTIES}
    flags = _number(properties, "Slide", "Flags", where) or 0
    return ScoreNote(
        string=string,
        fret=fret,
        pitch=_pitch(properties, where),
        tied=tie is not None and tie.get("destination") == "true",
        velocity=velocity,
        techniques=frozenset(name for name, there in techniques.items() if there),
        hammer="HopoOrigin" in properties,
        slides=frozenset(slide for flag, slide in _SLIDES.items() if flags & flag),
        harmonic=harmonic,
        bend=_curve(properties, where) if "Bended" in properties else (),
        marks=frozenset(marks),
    )


def _number(properties: dict[str, Element], name: str, tag: str, place: str) -> int | None:
    text = text_of(properties[name], tag) if name in properties else ""
    return integer(text, f"{place}: {name.lower()}", low=0, high=999) if text else None


def _pitch(properties: dict[str, Element], place: str) -> int | None:
    """What the note says of its pitch besides string and fret."""
    midi = _number(properties, "Midi", "Number", place)
    if midi is not None:
        return midi if midi <= 127 else None
    spelled = properties.get("ConcertPitch")
    if spelled is None:
        return None
    parts = [text_of(spelled, f"Pitch/{part}") for part in ("Step", "Accidental", "Octave")]
    try:
        # Guitar Pro counts octaves one above the scientific ones.
        pitch = parse_pitch("".join(parts).replace("x", "##")) - 12
    except OptionError:
        return None
    return pitch if 0 <= pitch <= 127 else None


def _harmonic(properties: dict[str, Element]) -> Harmonic | None:
    if "HarmonicType" in properties:
        kind = text_of(properties["HarmonicType"], "HType")
        return None if kind in ("", "NoHarmonic") else _HARMONICS.get(kind, "artificial")
    return "natural" if "Harmonic" in properties else None


def _curve(properties: dict[str, Element], place: str) -> tuple[CurvePoint, ...]:
    """Origin, two middle points of one value, and destination; offsets are per cent of the note."""

    def value(name: str, default: float | None) -> float | None:
        text = text_of(properties[name], "Float") if name in properties else ""
        try:
            number = float(text) if text else default
        except ValueError as e:
            raise TabFormatError(f"{place}: has an unreadable bend {text[:20]!r}") from e
        if number is not None and not abs(number) <= 10_000:
            raise TabFormatError(f"{place}: has an impossible bend {number}")
        return number

    middle = value("BendMiddleValue", None)
    first, second = value("BendMiddleOffset1", 50.0), value("BendMiddleOffset2", None)
    points = [
        (value("BendOriginOffset", 0.0), value("BendOriginValue", 0.0)),
        (first, middle),
        (first if second is None else second, middle),
        (value("BendDestinationOffset", 100.0), value("BendDestinationValue", 0.0)),
    ]
    curve = [
        CurvePoint(
            at=Fraction(min(max(offset, 0.0), 100.0)).limit_denominator(1000) / 100,
            cents=cents * _CENTS_PER_VALUE,
        )
        for offset, cents in points
        if offset is not None and cents is not None
    ]
    return tuple(dict.fromkeys(sorted(curve, key=lambda p: p.at)))

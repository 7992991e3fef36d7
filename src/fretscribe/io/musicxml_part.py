"""One part of a MusicXML document, measure by measure, to tracks of a `Score`.

Walks through notes, backups and forwards; keeps what lasts (divisions, transposition, tuning). Where a part
has a tab staff beside a notation staff, the tab staff is the track. Neighbours: ``musicxml_notes`` reads
single notes, ``musicxml_measure`` what all parts share, ``musicxml_reader`` joins the parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element

from fretscribe.errors import TabFormatError
from fretscribe.io.musicxml_measure import MeasureFacts, chord_symbol
from fretscribe.io.musicxml_notes import XmlNote, decimal, grace_duration, read_note, step_pitch
from fretscribe.io.score import (
    MAX_BEATS,
    MAX_QUARTERS_A_BAR,
    ScoreBeat,
    ScoreNote,
    ScoreTrack,
    TrackBar,
    TrackKind,
    track_kind,
)
from fretscribe.io.xml_tree import integer, text_of
from fretscribe.music import STANDARD_TUNING

_DRUM_CHANNEL = "10"


@dataclass(slots=True)
class _Beat:
    start: Fraction
    duration: Fraction
    voice: int
    staff: int
    grace: bool
    chord: str = ""
    notes: list[XmlNote] = field(default_factory=list)


@dataclass(slots=True)
class PartReader:
    """Reads the measures of one part in their order.

    Attributes
    ----------
    name : str
    place : str
        File and part, for messages.
    program : int, or None
    left_out : Counter
        Shared by all parts.
    divisions : Fraction
        Of a quarter note, in force.
    """

    name: str
    place: str
    program: int | None
    is_drums: bool
    left_out: Counter[str]
    bars: list[list[_Beat]] = field(default_factory=list)
    n_beats: int = 0
    divisions: Fraction = Fraction(1)
    _transpose: int = 0
    _capos: dict[int, int] = field(default_factory=dict)
    _tunings: dict[int, dict[int, int]] = field(default_factory=dict)
    _alternates: set[int] = field(default_factory=set)
    _voices: dict[str, int] = field(default_factory=dict)
    _at: Fraction = Fraction(0)
    _chord: str = ""

    @classmethod
    def of(
        cls, score_part: Element | None, part_id: str, file: str, index: int, left_out: Counter[str]
    ) -> PartReader:
        """A reader for the part that a ``<score-part>`` describes."""
        name = part_id if score_part is None else text_of(score_part, "part-name") or part_id
        place = f"{file}: part {index + 1} {name[:40]!r}"
        program = "" if score_part is None else text_of(score_part, "midi-instrument/midi-program")
        channel = "" if score_part is None else text_of(score_part, "midi-instrument/midi-channel")
        return cls(
            name=name,
            place=place,
            program=integer(program, f"{place}: the MIDI program", low=1, high=128) - 1 if program else None,
            is_drums=channel == _DRUM_CHANNEL,
            left_out=left_out,
        )

    def measure(self, element: Element, facts: MeasureFacts) -> None:
        """Read one measure, and note in ``facts`` what concerns all parts."""
        place = f"{self.place}, bar {len(self.bars) + 1}"
        self._at, self._chord = Fraction(0), ""
        beats: list[_Beat] = []
        for child in element:
            match child.tag:
                case "attributes":
                    self._attributes(child, place)
                    facts.attributes(child, place)
                case "note":
                    self._note(child, beats, place)
                case "backup" | "forward":
                    by = self._quarters(child, place)
                    self._at = max(Fraction(0), self._at + (by if child.tag == "forward" else -by))
                case "harmony":
                    self._chord = chord_symbol(child)
                case "direction" | "sound" | "barline":
                    facts.sign(child, self._at, self.divisions, place)
                case "figured-bass":
                    self.left_out["figured bass signs"] += 1
                case _:
                    pass  # layout, links, bookmarks: nothing that sounds
            facts.reach(self._at)
            if self._at > MAX_QUARTERS_A_BAR:
                raise TabFormatError(f"{place}: lasts more than {MAX_QUARTERS_A_BAR} quarter notes")
        self.n_beats += len(beats)
        if self.n_beats > MAX_BEATS:
            raise TabFormatError(f"{self.place}: has more than {MAX_BEATS} beats")
        self.bars.append(beats)

    def _attributes(self, element: Element, place: str) -> None:
        divisions = text_of(element, "divisions")
        if divisions:
            self.divisions = decimal(divisions, f"{place}: divisions")
            if self.divisions <= 0:
                raise TabFormatError(f"{place}: divisions must be more than 0")
        transpose = element.find("transpose")
        if transpose is not None:
            octaves = integer(
                text_of(transpose, "octave-change") or "0", f"{place}: transpose", low=-9, high=9
            )
            semitones = decimal(text_of(transpose, "chromatic") or "0", f"{place}: transpose")
            self._transpose = round(semitones) + 12 * octaves
        for clef in element.iterfind("clef"):
            if text_of(clef, "sign") == "percussion":
                self.is_drums = True
            if text_of(clef, "sign") == "TAB":
                self._tunings.setdefault(self._staff(clef.get("number"), place), {})
        for details in element.iterfind("staff-details"):
            self._staff_details(details, place)

    def _staff_details(self, details: Element, place: str) -> None:
        staff = self._staff(details.get("number"), place)
        if text_of(details, "staff-type") == "alternate":
            self._alternates.add(staff)
        lines = {}
        for line in details.iterfind("staff-tuning"):
            number = integer(line.get("line", "1"), f"{place}: a tuned line", low=1, high=32)
            lines[number] = step_pitch(
                text_of(line, "tuning-step"),
                text_of(line, "tuning-alter"),
                text_of(line, "tuning-octave"),
                place,
            )
        if lines:
            if self._tunings.get(staff) not in (None, {}, lines):
                self.left_out["changes of the tuning within the piece"] += 1
                return
            self._tunings[staff] = lines
        capo = text_of(details, "capo")
        if capo:
            self._capos[staff] = integer(capo, f"{place}: the capo", low=0, high=36)

    def _staff(self, text: str | None, place: str) -> int:
        return integer(text, f"{place}: a staff", low=1, high=32) if text else 1

    def _quarters(self, element: Element, place: str) -> Fraction:
        duration = decimal(text_of(element, "duration") or "0", f"{place}: a duration")
        if duration < 0:
            raise TabFormatError(f"{place}: a duration must not be negative")
        return duration / self.divisions

    def _note(self, element: Element, beats: list[_Beat], place: str) -> None:
        if element.find("cue") is not None:
            self.left_out["cue notes"] += 1
            self._at += Fraction(0) if element.find("chord") is not None else self._quarters(element, place)
            return
        grace = element.find("grace") is not None
        if element.find("chord") is None or not beats:
            duration = grace_duration(element) if grace else self._quarters(element, place)
            voice = self._voices.setdefault(text_of(element, "voice") or "1", len(self._voices))
            staff = self._staff(text_of(element, "staff"), place)
            beats.append(_Beat(self._at, duration, voice, staff, grace, self._chord))
            self._chord = ""
            self._at += Fraction(0) if grace else duration
        if element.find("rest") is None:
            beats[-1].notes.append(read_note(element, self._transpose, place))
        self.left_out["syllables"] += len(element.findall("lyric/text"))

    def track(self, n_bars: int) -> ScoreTrack:
        """The part as a track: its tab staff where it has one."""
        staves = sorted({b.staff for bar in self.bars for b in bar} | set(self._tunings)) or [1]
        n_tabbed = dict.fromkeys(staves, 0)
        for beat in (b for bar in self.bars for b in bar):
            n_tabbed[beat.staff] += sum(n.string is not None and n.fret is not None for n in beat.notes)
        tab_staff = max(staves, key=lambda s: (n_tabbed[s], s in self._tunings, -s))
        if not n_tabbed[tab_staff] and tab_staff not in self._tunings:
            return self._pitch_track(len(staves), n_bars)
        if tab_staff not in self._alternates:  # else the other staff has the same notes
            unread = sum(len(b.notes) for bar in self.bars for b in bar if b.staff != tab_staff)
            self.left_out["notes on the staves beside the tab"] += unread
        pitches = self._open_pitches(tab_staff)
        for bar in self.bars:
            _carry_chords(bar, tab_staff)
        bars = [
            TrackBar(
                beats=tuple(
                    self._score_beat(b, len(pitches)) for b in self._sorted(bar) if b.staff == tab_staff
                )
            )
            for bar in self.bars
        ]
        return ScoreTrack(
            name=self.name,
            kind="drums" if self.is_drums else track_kind(self.program, pitches),
            open_pitches=pitches,
            capo=self._capos.get(tab_staff, 0),
            program=self.program,
            bars=tuple(bars + [TrackBar()] * (n_bars - len(bars))),
        )

    def _pitch_track(self, n_staves: int, n_bars: int) -> ScoreTrack:
        unpitched = any(n.unpitched for bar in self.bars for b in bar for n in b.notes)
        kind: TrackKind = "drums" if self.is_drums or unpitched else track_kind(self.program, ())
        bars = [
            TrackBar(beats=tuple(self._score_beat(b, None) for b in self._sorted(bar))) for bar in self.bars
        ]
        return ScoreTrack(
            name=self.name,
            kind=kind,
            program=self.program,
            n_staves=n_staves,
            bars=tuple(bars + [TrackBar()] * (n_bars - len(bars))),
        )

    def _sorted(self, bar: list[_Beat]) -> list[_Beat]:
        return sorted(bar, key=lambda b: b.start)

    def _open_pitches(self, staff: int) -> tuple[int, ...]:
        """The staff's lines low to high; standard tuning, and a word about it, where it names none."""
        lines = self._tunings.get(staff)
        if lines:
            return tuple(lines[line] for line in sorted(lines))
        self.left_out["tab staves without a tuning, taken as standard"] += 1
        return STANDARD_TUNING.open_pitches

    def _score_beat(self, beat: _Beat, n_strings: int | None) -> ScoreBeat:
        return ScoreBeat(
            start=beat.start,
            duration=beat.duration,
            voice=beat.voice,
            notes=tuple(self._score_notes(beat.notes, n_strings)),
            grace="before" if beat.grace else None,
            chord=beat.chord,
        )

    def _score_notes(self, notes: Sequence[XmlNote], n_strings: int | None) -> list[ScoreNote]:
        found = []
        for note in notes:
            placed = n_strings is not None and note.string is not None and note.fret is not None
            if n_strings is not None and not placed:
                self.left_out["notes of the tab without string or fret"] += 1
                continue
            found.append(
                ScoreNote(
                    string=n_strings - note.string
                    if placed and n_strings and note.string is not None
                    else None,
                    fret=note.fret if placed else None,
                    pitch=note.pitch,
                    tied=note.tied,
                    velocity=note.velocity,
                    techniques=note.techniques,
                    hammer=note.hammer,
                    slides=note.slides,
                    harmonic=note.harmonic,
                    bend=note.bend,
                    marks=note.marks,
                )
            )
        return found


def _carry_chords(bar: Sequence[_Beat], staff: int) -> None:
    """Give the beats of a staff the chord symbols that stand over other staves at the same place."""
    chords = {b.start: b.chord for b in bar if b.chord and b.staff != staff}
    for beat in bar:
        if beat.staff == staff and not beat.grace and not beat.chord:
            beat.chord = chords.pop(beat.start, "")

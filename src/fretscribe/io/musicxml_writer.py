"""A `Score` of one guitar to MusicXML 4.0: a part of two staves, standard notation above and tab below.

Pitches are written as they sound, under a clef with an 8 below, so that the standard staff looks as
guitarists read it and nothing is transposed. What the format cannot hold: the number of frets, bends finer
than a quarter tone or freer than ``bend_shapes``, seconds (tempos keep a thousandth), probabilities; a chord
symbol outside our vocabulary becomes words. The same score gives the same bytes. Source: MusicXML 4.0, W3C.
Neighbours: ``tab_to_score`` makes the score, ``musicxml_note_writer`` writes its notes, ``musicxml_harmony``
its chords, ``musicxml_reader`` reads it again.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element

from fretscribe.io.beat_groups import beams_of, tuplet_spans, written_beat
from fretscribe.io.key_signatures import fifths_of_key
from fretscribe.io.musicxml_harmony import add_chord
from fretscribe.io.musicxml_note_writer import (
    NOTATION,
    TAB,
    Accidentals,
    BeatFrame,
    LineNumbers,
    add_notes,
    add_rest,
)
from fretscribe.io.score import Score, ScoreTrack
from fretscribe.io.score_links import LinkedBeat, link_notes, technique_runs
from fretscribe.io.score_signs import TempoMark, only_track, plain_number, tempo_marks_of
from fretscribe.io.written_pitches import clef_of, write_pitch
from fretscribe.io.xml_build import add, document
from fretscribe.music import Technique

_DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)
_STEEL_GUITAR = 25
_SPANS: tuple[tuple[Technique, str, str], ...] = (("palm_mute", "P.M.", "1"), ("let_ring", "let ring", "2"))


def render_musicxml(score: Score) -> bytes:
    """The document.

    Parameters
    ----------
    score : Score
        As ``tab_to_score`` makes it.
    """
    track = only_track(score)
    root = Element("score-partwise", version="4.0")
    if score.title:
        add(add(root, "work"), "work-title", score.title)
    identification = add(root, "identification")
    if score.artist:
        add(identification, "creator", score.artist, type="composer")
    add(add(identification, "encoding"), "software", "fretscribe")
    _part_list(root, track)
    part = add(root, "part", id="P1")
    plan = _plan(score, track)
    for i in range(len(score.bars)):
        _measure(part, plan, i)
    return document(root, _DOCTYPE)


def _part_list(root: Element, track: ScoreTrack) -> None:
    part = add(add(root, "part-list"), "score-part", id="P1")
    add(part, "part-name", track.name or "Guitar")
    add(add(part, "score-instrument", id="P1-I1"), "instrument-name", track.name or "Guitar")
    instrument = add(part, "midi-instrument", id="P1-I1")
    add(instrument, "midi-channel", 1)
    add(instrument, "midi-program", (_STEEL_GUITAR if track.program is None else track.program) + 1)


def _divisions(score: Score) -> int:
    """The coarsest division of a quarter note that holds every place and length."""
    places = itertools.chain(
        (bar.length for bar in score.bars),
        (at for bar in score.bars for at, _ in bar.tempos),
        (x for track in score.tracks for bar in track.bars for b in bar.beats for x in (b.start, b.duration)),
    )
    return math.lcm(*(place.denominator for place in places))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What all measures need: the linked beats, and where dashed lines over the tab start and stop."""

    score: Score
    track: ScoreTrack
    beats: Sequence[Sequence[LinkedBeat]]
    divisions: int
    lines: dict[int, LineNumbers]
    tempos: dict[int, list[TempoMark]]
    starts: dict[tuple[int, int], list[tuple[str, str]]]
    stops: dict[tuple[int, int], list[str]]

    def frames(self, index: int, staff: int) -> Iterator[tuple[LinkedBeat, BeatFrame]]:
        """The beats of a bar as they are drawn on one staff; the tab has no beams."""
        bar = self.score.bars[index]
        beats = self.beats[index]
        written = [written_beat(linked.beat) for linked in beats]
        beams = beams_of(written, bar.beats_per_bar, bar.beat_unit)
        brackets = {
            at: kind
            for span in tuplet_spans(written)
            for at, kind in zip(span, ("start", "stop"), strict=True)
        }
        for i, (linked, value) in enumerate(zip(beats, written, strict=True)):
            yield (
                linked,
                BeatFrame(
                    staff=staff,
                    divisions=self.divisions,
                    duration=linked.beat.duration,
                    whole_bar=linked.beat.duration == bar.length,
                    lines=self.lines[staff],
                    written=value,
                    tuplet=brackets.get(i, ""),
                    beams=beams[i] if staff == NOTATION else (),
                ),
            )


def _plan(score: Score, track: ScoreTrack) -> _Plan:
    beats = link_notes(track)
    starts: dict[tuple[int, int], list[tuple[str, str]]] = defaultdict(list)
    stops: dict[tuple[int, int], list[str]] = defaultdict(list)
    for technique, words, number in _SPANS:
        for first, last in technique_runs(beats, technique):
            starts[first].append((number, words))
            stops[last].append(number)
    tempos: dict[int, list[TempoMark]] = defaultdict(list)
    for mark in tempo_marks_of(score.bars):
        tempos[mark.bar].append(mark)
    return _Plan(
        score=score,
        track=track,
        beats=beats,
        divisions=_divisions(score),
        lines={NOTATION: LineNumbers(), TAB: LineNumbers()},
        tempos=tempos,
        starts=starts,
        stops=stops,
    )


def _measure(part: Element, plan: _Plan, index: int) -> None:
    bar = plan.score.bars[index]
    measure = add(part, "measure", number=str(index + 1))
    if bar.length != Fraction(4 * bar.beats_per_bar, bar.beat_unit):
        measure.set("implicit", "yes")
    _attributes(measure, plan, index)
    for mark in plan.tempos.get(index, ()):
        if not mark.position:
            _tempo(measure, mark)
    _standard_staff(measure, plan, index)
    _tempos_inside(measure, plan, index)
    _move(measure, "backup", bar.length, plan.divisions)
    _tab_staff(measure, plan, index)
    if index == len(plan.score.bars) - 1:
        add(add(measure, "barline", location="right"), "bar-style", "light-heavy")


def _attributes(measure: Element, plan: _Plan, index: int) -> None:
    bar = plan.score.bars[index]
    before = plan.score.bars[index - 1] if index else None
    new_key = bar.key is not None and (before is None or before.key != bar.key)
    metre = bar.beats_per_bar, bar.beat_unit
    new_metre = before is None or metre != (before.beats_per_bar, before.beat_unit)
    if not new_key and not new_metre:
        return
    attributes = add(measure, "attributes")
    if before is None:
        add(attributes, "divisions", plan.divisions)
    if new_key and bar.key is not None:
        key = add(attributes, "key")
        add(key, "fifths", fifths_of_key(bar.key))
        add(key, "mode", bar.key.mode)
    if new_metre:
        time = add(attributes, "time")
        add(time, "beats", metre[0])
        add(time, "beat-type", metre[1])
    if before is None:
        _staves(attributes, plan.track)


def _staves(attributes: Element, track: ScoreTrack) -> None:
    """Clefs, then the tab staff's lines: line 1 is the lowest, as our strings are."""
    n_strings = len(track.open_pitches)
    add(attributes, "staves", 2)
    read = clef_of(track)
    standard = add(attributes, "clef", number=str(NOTATION))
    add(standard, "sign", read.sign)
    add(standard, "line", read.line)
    if read.octaves:
        add(standard, "clef-octave-change", read.octaves)
    tab = add(attributes, "clef", number=str(TAB))
    add(tab, "sign", "TAB")
    add(tab, "line", (n_strings + 3) // 2)
    details = add(attributes, "staff-details", number=str(TAB))
    add(details, "staff-type", "alternate")  # the music of the staff above again, not to be played
    add(details, "staff-lines", n_strings)
    for line, open_pitch in enumerate(track.open_pitches, start=1):
        pitch = write_pitch(open_pitch, None)
        tuning = add(details, "staff-tuning", line=str(line))
        add(tuning, "tuning-step", pitch.step)
        if pitch.alter:
            add(tuning, "tuning-alter", pitch.alter)
        add(tuning, "tuning-octave", pitch.octave)
    if track.capo:
        add(details, "capo", track.capo)


def _standard_staff(measure: Element, plan: _Plan, index: int) -> None:
    bar = plan.score.bars[index]
    accidentals = Accidentals(0 if bar.key is None else fifths_of_key(bar.key))
    for linked, frame in plan.frames(index, NOTATION):
        if linked.beat.chord:
            add_chord(measure, linked.beat.chord)
        _beat(measure, plan, linked, frame, index, accidentals)


def _tab_staff(measure: Element, plan: _Plan, index: int) -> None:
    for i, (linked, frame) in enumerate(plan.frames(index, TAB)):
        for number, words in plan.starts.get((index, i), ()):
            _over_tab(measure, words=words)
            _over_tab(measure, dashes="start", number=number)
        _beat(measure, plan, linked, frame, index, None)
        for number in plan.stops.get((index, i), ()):
            _over_tab(measure, dashes="stop", number=number)


def _beat(
    measure: Element,
    plan: _Plan,
    linked: LinkedBeat,
    frame: BeatFrame,
    index: int,
    accidentals: Accidentals | None,
) -> None:
    if not linked.notes:
        add_rest(measure, frame)
        return
    key = plan.score.bars[index].key
    notes = [(note, write_pitch(note.pitch, key)) for note in linked.notes]
    add_notes(measure, frame, notes, accidentals=accidentals, n_strings=len(plan.track.open_pitches))


def _over_tab(measure: Element, *, words: str = "", dashes: str = "", number: str = "") -> None:
    """Words, or an end of a dashed line; apart, because alphaTab ends no line whose words stand with it."""
    direction = add(measure, "direction", placement="above")
    kind = add(direction, "direction-type")
    if words:
        add(kind, "words", words)
    else:
        add(kind, "dashes", type=dashes, number=number)
    add(direction, "staff", TAB)


def _tempo(measure: Element, mark: TempoMark) -> None:
    """The tempo, and a metronome mark of the same number to the digit, for some readers take both.

    A change too small to be shown is played only.
    """
    number = plain_number(mark.quarters_a_minute)
    direction = add(measure, "direction", placement="above")
    kind = add(direction, "direction-type")
    if mark.shown:
        metronome = add(kind, "metronome")
        add(metronome, "beat-unit", "quarter")
        add(metronome, "per-minute", number)
    else:
        add(kind, "other-direction", "tempo", print_object="no")
    add(direction, "staff", NOTATION)
    add(direction, "sound", tempo=number)


def _tempos_inside(measure: Element, plan: _Plan, index: int) -> None:
    """Changes of tempo within the bar, after its notes by going back: a note may last over them."""
    for mark in plan.tempos.get(index, ()):
        to_go = (1 - mark.position) * plan.score.bars[index].length
        if mark.position:
            _move(measure, "backup", to_go, plan.divisions)
            _tempo(measure, mark)
            _move(measure, "forward", to_go, plan.divisions)


def _move(measure: Element, tag: str, by: Fraction, divisions: int) -> None:
    add(add(measure, tag), "duration", int(by * divisions))

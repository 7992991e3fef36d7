"""MusicXML as we write it: what our own reader finds in it, and what other readers need."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings

from fretscribe.io.bend_moves import bend_moves
from fretscribe.io.musicxml_reader import parse_musicxml
from fretscribe.io.musicxml_writer import render_musicxml
from fretscribe.io.score import CurvePoint, Score, ScoreBar, ScoreBeat, TrackBar
from fretscribe.io.score_links import link_notes
from fretscribe.io.score_signs import tempo_marks_of
from fretscribe.io.tab_to_score import tab_to_score
from fretscribe.music import Key, Tab
from fretscribe.symbols import NO_CHORD, QUALITIES, split_chord
from random_tabs import n_tabs, random_tab
from scores import note, row, score, track
from strategies import tabs


def written(*bars: TrackBar, key: Key | None = None, tempos: Any = (), **given: Any) -> Element:
    made = [ScoreBar(key=key, tempos=() if i else tempos) for i in range(len(bars))]
    return ElementTree.fromstring(render_musicxml(score(track(*bars, **given), bars=made)))  # noqa: S314


def notes_of(root: Element, staff: int) -> list[Element]:
    return [n for n in root.iter("note") if n.findtext("staff") == str(staff)]


def facts(score: Score) -> Iterator[tuple]:
    """What a file keeps of every beat and note: places, ties, techniques, leads to other notes, bends."""
    for bar in link_notes(score.tracks[0]):
        for linked in bar:
            beat = linked.beat
            yield beat.start, beat.duration, len(beat.notes)
            for n in linked.notes:
                leads = {"slide" if "slide" in lead else lead for lead in n.leads}
                held = {"let_ring"} if n.tie_start else set()  # drawn where the last of the tied notes ends
                slides_in = n.note.slides & {"in_below", "in_above"}
                yield (
                    n.string,
                    n.fret,
                    n.tie_stop,
                    n.note.velocity,
                    n.note.techniques - held,
                    leads,
                    slides_in,
                )
                moves = bend_moves(n.note.bend)
                only_held = n.tie_stop and len(moves) == 1 and moves[0].is_prebend
                heights = [] if only_held else [m.after for m in moves]
                # Read again, a corner may fall onto a straight line.
                yield heights and (max(heights), heights[-1], moves[0].is_prebend)


def chords(score: Score) -> list[tuple]:
    """Chord symbols of our vocabulary with their places; others become words."""
    return [
        (b, beat.start, str(split_chord(beat.chord) or beat.chord))
        for b, bar in enumerate(score.tracks[0].bars)
        for beat in bar.beats
        if split_chord(beat.chord) or beat.chord == NO_CHORD
    ]


def check_read_again(tab: Tab) -> None:
    ours = tab_to_score(tab)
    data = render_musicxml(ours)
    assert data == render_musicxml(ours)
    theirs = parse_musicxml(data, "song.musicxml")
    assert {what for what, n in theirs.left_out.items() if n} <= {"texts", "impossible tempos"}
    (track,) = theirs.tracks
    assert (track.open_pitches, track.capo) == (tab.tuning.open_pitches, tab.tuning.capo)
    assert [(b.beats_per_bar, b.beat_unit, b.length, b.key) for b in theirs.bars] == [
        (b.beats_per_bar, b.beat_unit, b.length, b.key) for b in ours.bars
    ]
    assert list(facts(theirs)) == list(facts(ours))
    assert chords(theirs) == chords(ours)
    marks = [
        (m.bar, float(m.position), m.quarters_a_minute)
        for m in tempo_marks_of(ours.bars)
        if m.quarters_a_minute <= 2000  # what is faster our reader takes for a mistake
    ]
    again = [(i, float(at / b.length), bpm) for i, b in enumerate(theirs.bars) for at, bpm in b.tempos]
    assert [(bar, at) for bar, at, _ in again] == [(bar, at) for bar, at, _ in marks]
    assert [bpm for *_, bpm in again] == pytest.approx([bpm for *_, bpm in marks], abs=1e-3)


@settings(max_examples=n_tabs(30), deadline=None)
@given(tabs())
def test_what_is_written_is_read_again(tab: Tab) -> None:
    check_read_again(tab)


@pytest.mark.parametrize("seed", range(n_tabs(12)))
def test_music_is_read_again(seed: int) -> None:
    check_read_again(random_tab(seed))


def test_a_treble_clef_an_octave_down_over_a_tab_with_its_tuning() -> None:
    root = written(row(note(0, 0), note(5, 12)), capo=2, open_pitches=(38, 45, 50, 54, 57, 62))
    attributes = root.find("part/measure/attributes")
    assert attributes is not None
    tags = [child.tag for child in attributes]
    assert tags == ["divisions", "time", "staves", "clef", "clef", "staff-details"]
    clefs = [(c.findtext("sign"), c.findtext("clef-octave-change")) for c in attributes.iter("clef")]
    assert clefs == [("G", "-1"), ("TAB", None)]
    lines = [(t.get("line"), "".join(t.itertext()).split()) for t in attributes.iter("staff-tuning")]
    assert lines[0] == ("1", ["D", "2"])
    assert lines[3] == ("4", ["F", "1", "3"] if lines[3][1][0] == "F" else ["G", "-1", "3"])
    assert attributes.findtext("staff-details/capo") == "2"
    assert attributes.findtext("staff-details/staff-type") == "alternate"
    low, high = notes_of(root, 2)
    assert [n.findtext("notations/technical/string") for n in (low, high)] == ["6", "1"]
    assert [n.findtext("pitch/octave") for n in notes_of(root, 1)] == ["2", "5"]
    assert low.findtext("pitch/step") == "E"  # the open D string with a capo at the second fret


def test_basses_and_ukuleles_have_clefs_of_their_own() -> None:
    bar = row(note(0, 0), of="4")
    bass = written(bar, open_pitches=(28, 33, 38, 43), kind="bass").find(".//clef")
    ukulele = written(bar, open_pitches=(67, 60, 64, 69)).find(".//clef")
    assert bass is not None
    assert ukulele is not None
    assert ["".join(e.itertext()).split() for e in (bass, ukulele)] == [["F", "4", "-1"], ["G", "2"]]


def test_pitches_are_spelled_in_the_key_with_their_accidentals() -> None:
    bar = row(note(1, 1), note(1, 1), note(2, 1), note(3, 0))
    flats, sharps = written(bar, key=Key(tonic=3, mode="major")), written(bar, key=Key(tonic=4, mode="major"))

    def spelled(root: Element) -> list[tuple]:
        return [
            (n.findtext("pitch/step"), n.findtext("pitch/alter"), n.findtext("accidental"))
            for n in notes_of(root, 1)
        ]

    assert spelled(flats) == [("B", "-1", None), ("B", "-1", None), ("E", "-1", None), ("G", None, None)]
    assert spelled(sharps)[0] == ("A", "1", "sharp")
    assert spelled(sharps)[1:3] == [("A", "1", None), ("D", "1", None)]
    assert spelled(sharps)[3] == ("G", None, "natural")
    assert flats.findtext(".//key/fifths") == "-3"


def test_beams_and_tuplets() -> None:
    third = Fraction(1, 3)
    beats = [ScoreBeat(start=i * third, duration=third, notes=(note(0, i),)) for i in range(3)]
    sixteenths = [
        ScoreBeat(start=Fraction(4 + i, 4), duration=Fraction(1, 4), notes=(note(0, i),)) for i in (0, 1)
    ]
    eighth = ScoreBeat(start=Fraction(3, 2), duration=Fraction(1, 2), notes=(note(0, 1),))
    rest = ScoreBeat(start=Fraction(2), duration=Fraction(2))
    root = written(TrackBar(beats=(*beats, *sixteenths, eighth, rest)))
    notes = notes_of(root, 1)
    assert [[b.text for b in n.iter("beam")] for n in notes] == [
        ["begin"], ["continue"], ["end"], ["begin", "begin"], ["continue", "end"], ["end"], [],
    ]  # fmt: skip
    assert [[t.get("type") for t in n.iter("tuplet")] for n in notes[:4]] == [["start"], [], ["stop"], []]
    assert notes[0].findtext("time-modification/actual-notes") == "3"
    assert {n.findtext("duration") for n in notes[:3]} == {"4"}  # of 12 a quarter note
    assert [n.find("beam") for n in notes_of(root, 2)] == [None] * 7


def test_lines_join_both_of_their_notes() -> None:
    bar = row(
        note(5, 3, hammer=True), note(5, 5, hammer=True), note(5, 3, slides=frozenset({"legato"})), note(5, 7)
    )
    notes = notes_of(written(bar), 2)
    marks = [
        [(e.tag, e.get("type")) for e in n.iter() if e.tag in ("hammer-on", "pull-off", "slide", "slur")]
        for n in notes
    ]
    assert marks == [
        [("slur", "start"), ("hammer-on", "start")],
        [("slur", "stop"), ("slur", "start"), ("hammer-on", "stop"), ("pull-off", "start")],
        [("slur", "stop"), ("slur", "start"), ("slide", "start"), ("pull-off", "stop")],
        [("slur", "stop"), ("slide", "stop")],
    ]


def test_what_leads_to_no_note_is_not_written() -> None:
    (alone,) = notes_of(written(row(note(5, 3, hammer=True, slides=frozenset({"shift"})), of="4")), 2)
    assert not {e.tag for e in alone.iter()} & {"hammer-on", "slide", "slur"}


def test_bends_say_when_they_move_and_releases_go_down() -> None:
    curve = [(0, 0), (25, 200), (50, 200), (100, 0)]
    points = tuple(CurvePoint(at=Fraction(at, 100), cents=cents) for at, cents in curve)
    (bent,) = notes_of(written(row(note(2, 7, bend=points), of="4")), 2)
    bends = [
        (b.findtext("bend-alter"), b.find("release") is not None, b.get("first-beat"), b.get("last-beat"))
        for b in bent.iter("bend")
    ]
    assert bends == [("2", False, "0", "25"), ("-2", True, "50", "100")]


def test_palm_mutes_and_ringing_are_drawn_over_the_tab_from_first_to_last() -> None:
    muted, ringing = frozenset({"palm_mute"}), frozenset({"let_ring"})
    bar = row(
        note(0, 0, techniques=muted), note(0, 0, techniques=muted), note(0, 0), note(0, 1, techniques=ringing)
    )
    measure = written(bar).find("part/measure")
    assert measure is not None
    stream = [
        "note" if child.tag == "note" else (child.findtext(".//words") or child.find(".//dashes").get("type"))  # type: ignore[union-attr]
        for child in measure
        if child.findtext("staff") == "2"
    ]
    assert stream == ["P.M.", "start", "note", "note", "stop", "note", "let ring", "start", "note", "stop"]


@pytest.mark.parametrize("quality", QUALITIES)
def test_every_chord_symbol_is_read_again(quality: str) -> None:
    symbol = f"Eb{quality}/Bb"
    beat = ScoreBeat(start=Fraction(0), duration=Fraction(4), notes=(note(0, 3),), chord=symbol)
    read = parse_musicxml(render_musicxml(score(track(TrackBar(beats=(beat,))))))
    assert read.tracks[0].bars[0].beats[0].chord == symbol


def test_titles_cannot_break_the_document() -> None:
    nasty = 'A "tab" & <b>]]>\x00\x0b\ud800'
    written_score = score(track(row(note(0, 0), of="4")), title=nasty, artist="\ufffe Me")
    read = parse_musicxml(render_musicxml(written_score))
    assert (read.title, read.artist) == ('A "tab" & <b>]]>', "Me")

"""Guitar Pro 7 files: what our own reader gets back, and the order of elements that Guitar Pro has."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from fretscribe.io.bend_shapes import bend_shape
from fretscribe.io.gpif_reader import parse_gp, parse_gpif
from fretscribe.io.gpif_writer import render_gp, render_gpif
from fretscribe.io.score import CurvePoint, Score, ScoreBar, ScoreBeat, ScoreNote
from fretscribe.io.score_signs import dynamic_of, one_line
from fretscribe.io.tab_to_score import tab_to_score
from fretscribe.io.xml_tree import parse_xml, text_of
from fretscribe.music import Key, Tab
from random_tabs import n_tabs, random_tab
from scores import note, row, score, track
from strategies import tabs

VELOCITIES = {"ppp": 15, "pp": 31, "p": 47, "mp": 63, "mf": 79, "f": 95, "ff": 111, "fff": 127}


def held(written: Score) -> Score:
    """What the format holds of a score, without bends."""
    key: Key | None = None
    bars = []
    for bar in written.bars:
        key = bar.key or key
        tempos = tuple((at, round(tempo, 3)) for at, tempo in bar.tempos if 1 <= round(tempo, 3) <= 2000)
        bars.append(dataclasses.replace(bar, tempos=tempos, key=key or Key(tonic=0, mode="major")))
    dynamic = "mf"
    inside = []
    for bar in written.tracks[0].bars:
        beats = []
        for beat in bar.beats:
            dynamic = dynamic_of(beat, dynamic)
            notes = tuple(
                dataclasses.replace(n, velocity=VELOCITIES[dynamic], pitch=None, bend=())
                for n in sorted(beat.notes, key=lambda n: n.string or 0)
            )
            beats.append(dataclasses.replace(beat, notes=notes, chord=one_line(beat.chord)))
        inside.append(dataclasses.replace(bar, beats=tuple(beats)))
    mended = dataclasses.replace(written.tracks[0], bars=tuple(inside))
    return dataclasses.replace(
        written,
        title=one_line(written.title).replace("]]>", "]] >"),
        artist=one_line(written.artist),
        bars=tuple(bars),
        tracks=(mended,),
        left_out={},
    )


def read_again(got: Score) -> Score:
    """What our reader gets from the file, without bends and the pitches that it names besides."""
    bars = []
    for bar in got.tracks[0].bars:
        beats = [
            dataclasses.replace(
                beat,
                notes=tuple(dataclasses.replace(n, pitch=None, bend=()) for n in beat.notes),
            )
            for beat in bar.beats
        ]
        bars.append(dataclasses.replace(bar, beats=tuple(beats)))
    counted = {what: n for what, n in got.left_out.items() if n and what != "impossible tempos"}
    return dataclasses.replace(
        got, tracks=(dataclasses.replace(got.tracks[0], bars=tuple(bars)),), left_out=counted
    )


def check_round_trip(tab: Tab) -> None:
    written = tab_to_score(tab)
    read = parse_gp(render_gp(written), written.name)
    want, got = held(written), read_again(read)
    assert (got.title, got.artist) == (want.title, want.artist)
    for mine, theirs in zip(want.bars, got.bars, strict=True):
        tempos = [(float(at), tempo) for at, tempo in theirs.tempos]
        assert tempos == [(pytest.approx(float(at), abs=1e-3), tempo) for at, tempo in mine.tempos]
        assert dataclasses.replace(theirs, tempos=()) == dataclasses.replace(mine, tempos=())
    assert got.tracks == want.tracks
    assert not got.left_out
    check_bends(written, read)


def check_bends(written: Score, got: Score) -> None:
    """Bends come back in the shape that is written."""
    for mine, theirs in zip(all_notes(written), all_notes(got), strict=True):
        shape = bend_shape(mine.bend)
        assert bool(theirs.bend) == (shape is not None)
        if shape is not None:
            places = np.linspace(0, 1, 21)
            want = np.interp(places, [at / 100 for at, _ in shape.points], [50 * p for _, p in shape.points])
            have = np.interp(places, [float(p.at) for p in theirs.bend], [p.cents for p in theirs.bend])
            assert have == pytest.approx(want, abs=1e-6)


def all_notes(written: Score) -> list[ScoreNote]:
    beats = (beat for bar in written.tracks[0].bars for beat in bar.beats)
    return [n for beat in beats for n in sorted(beat.notes, key=lambda n: n.string or 0)]


@settings(max_examples=n_tabs(25), deadline=None)
@given(tabs())
def test_our_reader_gets_back_any_tab(tab: Tab) -> None:
    check_round_trip(tab)


@pytest.mark.parametrize("seed", range(n_tabs(12)))
def test_our_reader_gets_back_music(seed: int) -> None:
    check_round_trip(random_tab(seed))


def two_bars(**given: object) -> Score:
    half = Fraction(2)
    first = row(
        note(0, 3, hammer=True, velocity=40),
        note(0, 5, techniques=frozenset({"vibrato", "palm_mute", "dead", "let_ring"}), velocity=90),
        None,
        (note(2, 2, bend=curve((0, 0), ("1/2", 190))), note(5, 0)),
    )
    second = row(
        ScoreBeat(start=half, duration=half, notes=(note(4, 12, techniques=frozenset({"harmonic"})),)),
        ScoreBeat(start=half, duration=half, notes=(note(4, 12, tied=True),), chord="Ebm7/Bb"),
    )
    return score(
        track(first, second, capo=2, program=25),
        bars=[
            ScoreBar(tempos=((Fraction(0), 96.4),), key=Key(tonic=3, mode="minor")),
            ScoreBar(tempos=((Fraction(2), 97.0), (Fraction(3), 180.0))),
        ],
        title="Ein <Lied>",
        **given,
    )


def curve(*points: tuple[int | str, float]) -> tuple[CurvePoint, ...]:
    return tuple(CurvePoint(at=Fraction(at), cents=float(cents)) for at, cents in points)


def test_the_file_is_the_same_every_time_and_holds_what_guitar_pro_looks_for() -> None:
    data = render_gp(two_bars())
    assert data == render_gp(two_bars())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == [
            "VERSION", "Content/BinaryStylesheet", "Content/LayoutConfiguration", "Content/PartConfiguration",
            "Content/score.gpif",
        ]  # fmt: skip
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("VERSION") == b"7.0"
        assert archive.read("Content/BinaryStylesheet").startswith(
            b"\0\0\0\4\x1dStandardNotation/hideDynamics\0\1\x14Global/DisplayTuning\0\1"
        )


def test_elements_stand_in_the_order_of_guitar_pro() -> None:
    root = parse_xml(render_gpif(two_bars()), "x")
    assert [e.tag for e in root] == [
        "GPVersion", "GPRevision", "Encoding", "Score", "MasterTrack", "AudioTracks", "Tracks", "MasterBars",
        "Bars", "Voices", "Beats", "Notes", "Rhythms",
    ]  # fmt: skip
    track_tags = [e.tag for e in root.iterfind("Tracks/Track/*")]
    assert track_tags == [
        "Name", "ShortName", "Color", "SystemsDefautLayout", "SystemsLayout", "AutoBrush", "PalmMute",
        "AutoAccentuation", "PlayingStyle", "UseOneChannelPerString", "IconId", "InstrumentSet", "Transpose",
        "RSE", "ForcedSound", "Sounds", "MidiConnection", "PlaybackState", "AudioEngineState", "Lyrics",
        "Staves", "Automations",
    ]  # fmt: skip
    assert [e.get("name", e.tag) for e in root.iterfind("Tracks/Track/Staves/Staff/Properties/*")] == [
        "CapoFret", "FretCount", "PartialCapoFret", "PartialCapoStringFlags", "Tuning", "ChordCollection",
        "ChordWorkingSet", "DiagramCollection", "DiagramWorkingSet", "TuningFlat", "Name",
    ]  # fmt: skip
    beats = [[e.tag for e in beat] for beat in root.iterfind("Beats/Beat")]
    stems = ["TransposedPitchStemOrientation", "ConcertPitchStemOrientation"]
    assert beats[2] == ["Dynamic", "Rhythm", *stems, "Properties"]
    assert beats[5] == ["Dynamic", "Rhythm", *stems, "Chord", "Notes", "Properties"]
    properties = [[p.get("name") for p in n.iterfind("Properties/*")] for n in root.iterfind("Notes/Note")]
    assert all(names == sorted(names) for names in properties if "Bended" not in names)
    bent = next(names for names in properties if "Bended" in names)
    assert bent[0] == "Bended"
    assert bent[1:] == sorted(bent[1:])


def test_pitches_ties_hammers_and_chords_as_guitar_pro_names_them() -> None:
    root = parse_xml(render_gpif(two_bars()), "x")
    notes = list(root.iterfind("Notes/Note"))
    names = [{p.get("name"): p for p in n.iterfind("Properties/*")} for n in notes]
    # G on the lowest string with a capo at the second fret sounds A2, in octave 3 as Guitar Pro counts.
    assert text_of(names[0]["ConcertPitch"], "Pitch/Step") == "A"
    assert text_of(names[0]["ConcertPitch"], "Pitch/Octave") == "3"
    assert text_of(names[0]["TransposedPitch"], "Pitch/Octave") == "4"
    assert text_of(names[0]["Midi"], "Number") == "45"
    assert "HopoOrigin" in names[0]
    assert "HopoDestination" in names[1]
    ties = [e.attrib for e in root.iterfind("Notes/Note/Tie")]
    assert ties == [
        {"origin": "true", "destination": "false"},
        {"origin": "false", "destination": "true"},
    ]
    item = root.find("Tracks/Track/Staves/Staff/Properties/Property[@name='ChordCollection']/Items/Item")
    assert item is not None
    assert item.get("name") == "Ebm7/Bb"
    assert [e.attrib for e in item.iterfind("Chord/*")] == [
        {"step": "E", "accidental": "Flat"},
        {"step": "B", "accidental": "Flat"},
    ]


def test_only_large_changes_of_tempo_are_shown() -> None:
    root = parse_xml(render_gpif(two_bars()), "x")
    changes = [
        [text_of(a, tag) for tag in ("Type", "Bar", "Position", "Visible", "Value")]
        for a in root.iterfind("MasterTrack/Automations/Automation")
    ]
    assert changes == [
        ["Tempo", "0", "0", "true", "96.4 2"],
        ["Tempo", "1", "0.5", "false", "97 2"],
        ["Tempo", "1", "0.75", "true", "180 2"],
    ]


@pytest.mark.parametrize(
    ("strings", "name"),
    [
        ((40, 45, 50, 55, 59, 64), "Standard"),
        ((38, 45, 50, 55, 59, 64), "Drop D"),
        ((29, 34, 39, 43), "F1 A#1 D#2 G2"),
    ],
)
def test_the_tuning_is_named(strings: tuple[int, ...], name: str) -> None:
    root = parse_xml(render_gpif(score(track(row(None), open_pitches=strings))), "x")
    assert text_of(root, "Tracks/Track/Staves/Staff/Properties/Name") == name


def test_a_pickup_is_an_anacrusis() -> None:
    pickup = score(
        track(row(note(0, 3)), row(note(0, 3), None, None, None), program=25),
        bars=[ScoreBar(length=Fraction(1)), ScoreBar()],
    )
    assert [bar.length for bar in parse_gpif(render_gpif(pickup)).bars] == [1, 4]


def test_bends_are_written_in_quarter_tones() -> None:
    root = parse_xml(render_gpif(two_bars()), "x")
    bend = {
        p.get("name"): text_of(p, "Float")
        for p in root.iterfind("Notes/Note/Properties/Property")
        if (p.get("name") or "").startswith("Bend")
    }
    assert bend == {
        "Bended": "", "BendOriginOffset": "0.000000", "BendOriginValue": "0.000000",
        "BendMiddleOffset1": "25.000000", "BendMiddleOffset2": "25.000000", "BendMiddleValue": "50.000000",
        "BendDestinationOffset": "50.000000", "BendDestinationValue": "100.000000",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (score(track(row(None)), track(row(None))), "one track, not 2"),
        (score(track(row(note(0, 1), voice=1))), "bar 1 is not one voice"),
        (
            score(track(row(ScoreBeat(start=Fraction(0), duration=Fraction(5, 4))))),
            "no single sign lasts 5/4",
        ),
        (score(track(row(ScoreNote(pitch=60)))), "is on no string"),
    ],
)
def test_other_scores_are_refused(wrong: Score, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        render_gp(wrong)

import io
import struct
from collections.abc import Callable
from fractions import Fraction

import guitarpro
import pytest
from guitarpro import models as gp

from fretscribe.errors import TabFormatError
from fretscribe.io.guitar_pro_reader import MAX_BYTES, parse_guitar_pro
from fretscribe.io.score import CurvePoint, Score
from fretscribe.io.score_to_tab import score_to_tab

VERSIONS = [(3, 0, 0), (4, 0, 6), (5, 1, 0)]


def song_of(*beats: tuple[gp.Duration, list[tuple[int, int, Callable[[gp.Note], None] | None]]]) -> gp.Song:
    """One bar; a note is string (1 = highest), fret, and what to do to it."""
    song = gp.Song(title="Lied", artist="Niemand")
    voice = song.tracks[0].measures[0].voices[0]
    for duration, notes in beats:
        beat = gp.Beat(voice, duration=duration, status=gp.BeatStatus.normal if notes else gp.BeatStatus.rest)
        for string, fret, change in notes:
            note = gp.Note(beat, value=fret, string=string, type=gp.NoteType.normal)
            if change is not None:
                change(note)
            beat.notes.append(note)
        voice.beats.append(beat)
    return song


def read(song: gp.Song, version: tuple[int, int, int] = (5, 1, 0)) -> Score:
    file = io.BytesIO()
    guitarpro.write(song, file, version=version)
    return parse_guitar_pro(file.getvalue(), "song.gp5")


def quarter(value: int = 4, *, dotted: bool = False, tuplet: tuple[int, int] = (1, 1)) -> gp.Duration:
    return gp.Duration(value, isDotted=dotted, tuplet=gp.Tuplet(*tuplet))


@pytest.mark.parametrize("version", VERSIONS)
def test_strings_turn_round_and_durations_are_exact(version: tuple[int, int, int]) -> None:
    song = song_of(
        (quarter(dotted=True), [(6, 3, None), (1, 0, None)]),
        (quarter(8, tuplet=(3, 2)), []),
        (quarter(8, tuplet=(3, 2)), [(2, 1, None)]),
    )
    score = read(song, version)
    assert (score.title, score.artist) == ("Lied", "Niemand")
    (track,) = score.tracks
    assert track.open_pitches == (40, 45, 50, 55, 59, 64)
    assert [
        (b.start, b.duration, sorted((n.string, n.fret) for n in b.notes)) for b in track.bars[0].beats
    ] == [
        (0, Fraction(3, 2), [(0, 3), (5, 0)]),
        (Fraction(3, 2), Fraction(1, 3), []),
        (Fraction(11, 6), Fraction(1, 3), [(4, 1)]),
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_capo_tempo_metre_repeats_and_seven_strings(version: tuple[int, int, int]) -> None:
    song = song_of((quarter(), [(7, 2, None)]))
    song.tempo = 90
    track = song.tracks[0]
    track.offset = 3
    track.strings = [gp.GuitarString(i + 1, p) for i, p in enumerate((64, 59, 55, 50, 45, 40, 35))]
    song.measureHeaders[0].timeSignature = gp.TimeSignature(6, gp.Duration(8))
    song.measureHeaders[0].isRepeatOpen = True
    song.measureHeaders[0].repeatClose = 2
    score = read(song, version)
    bar = score.bars[0]
    assert (bar.beats_per_bar, bar.beat_unit, bar.length) == (6, 8, 3)
    assert (bar.repeat_open, bar.repeat_close) == (True, 3)
    tab = score_to_tab(score).tab
    assert tab.tuning.capo == 3
    assert tab.tuning.open_pitches == (35, 40, 45, 50, 55, 59, 64)
    assert [(n.position.string, n.note.pitch) for n in tab.notes] == [(0, 40)]
    assert score.bars[0].tempos == ((0, 90.0),)


def test_tempo_changes_of_any_track_and_place() -> None:
    song = song_of((quarter(2), [(1, 0, None)]), (quarter(2), [(1, 1, None)]))
    beat = song.tracks[0].measures[0].voices[0].beats[1]
    beat.effect.mixTableChange = gp.MixTableChange(tempo=gp.MixTableItem(value=60, duration=4))
    score = read(song)
    assert score.bars[0].tempos == ((0, 120.0), (2, 60.0))
    assert score.left_out["gradual changes of tempo, played at once"] == 1
    assert [n.note.onset_s for n in score_to_tab(score).tab.notes] == [0.0, 1.0]


def test_effects() -> None:
    def bent(note: gp.Note) -> None:
        note.effect.bend = gp.BendEffect(
            type=gp.BendType.bend,
            value=100,
            points=[gp.BendPoint(0, 0), gp.BendPoint(6, 4), gp.BendPoint(12, 4)],
        )

    def muted(note: gp.Note) -> None:
        note.effect.palmMute = note.effect.letRing = note.effect.vibrato = True
        note.effect.harmonic = gp.NaturalHarmonic()

    def dead(note: gp.Note) -> None:
        note.type = gp.NoteType.dead

    def leads(note: gp.Note) -> None:
        note.effect.hammer = True
        note.effect.slides = [gp.SlideType.intoFromAbove, gp.SlideType.outUpwards]
        note.effect.ghostNote = True

    def graced(note: gp.Note) -> None:
        note.effect.grace = gp.GraceEffect(
            duration=32, fret=5, isOnBeat=True, transition=gp.GraceEffectTransition.hammer
        )

    def tied(note: gp.Note) -> None:
        note.type = gp.NoteType.tie

    eighth = quarter(8)
    changes = (bent, muted, dead, leads, graced, tied)
    song = song_of(*[(eighth, [(3, 7, change)]) for change in changes])
    beats = read(song).tracks[0].bars[0].beats
    notes = [b.notes[0] for b in beats if b.grace is None]
    assert notes[0].bend == tuple(
        CurvePoint(at=Fraction(a, 2), cents=c) for a, c in ((0, 0.0), (1, 200.0), (2, 200.0))
    )
    assert notes[1].techniques == {"palm_mute", "let_ring", "vibrato", "harmonic"}
    assert notes[1].harmonic == "natural"
    assert notes[2].techniques == {"dead"}
    assert notes[3].hammer
    assert notes[3].slides == {"in_above", "out_up"}
    assert notes[3].marks == {"ghost notes"}
    (grace,) = [b for b in beats if b.grace is not None]
    assert (grace.grace, grace.start, grace.duration, grace.notes[0].fret) == ("on", 2, Fraction(1, 8), 5)
    assert grace.notes[0].hammer
    assert notes[5].tied


def test_drums_and_basses_are_known() -> None:
    song = song_of((quarter(), [(1, 0, None)]))
    song.tracks[0].channel = gp.MidiChannel(channel=9)
    song.tracks[0].isPercussionTrack = True
    assert read(song).tracks[0].kind == "drums"
    song = song_of((quarter(), [(1, 0, None)]))
    song.tracks[0].channel = gp.MidiChannel(instrument=33)
    song.tracks[0].strings = [gp.GuitarString(i + 1, p) for i, p in enumerate((43, 38, 33, 28))]
    assert read(song).tracks[0].kind == "bass"


def test_what_is_no_guitar_pro_file() -> None:
    for data in (b"", b"hello", b"\x18FICHIER GUITAR PRO v9.99" + bytes(40)):
        with pytest.raises(TabFormatError, match=r"song\.gp5: is not a readable Guitar Pro file"):
            parse_guitar_pro(data, "song.gp5")
    with pytest.raises(TabFormatError, match="the limit is"):
        parse_guitar_pro(bytes(MAX_BYTES + 1), "song.gp5")


def test_a_file_that_breaks_off_names_the_place() -> None:
    file = io.BytesIO()
    guitarpro.write(song_of(*[(quarter(), [(1, 0, None)])] * 4), file, version=(5, 1, 0))
    with pytest.raises(TabFormatError, match=r"track 1, measure 1, voice 1, beat \d"):
        parse_guitar_pro(file.getvalue()[:-40], "song.gp5")


def test_a_file_that_claims_too_much_is_stopped() -> None:
    """A bar's head can be one byte: a small file could claim millions of them."""
    for version in VERSIONS:
        file = io.BytesIO()
        guitarpro.write(song_of((quarter(), [(1, 0, None)])), file, version=version)
        data = file.getvalue()
        counts = struct.pack("<ii", 1, 1)  # bars and tracks
        at = data.index(counts, 30)
        claimed = data[:at] + struct.pack("<ii", 2_000_000, 1) + data[at + 8 :] + bytes(3_000_000)
        with pytest.raises(TabFormatError, match="it has more than 10000 bars"):
            parse_guitar_pro(claimed, "song.gp5")


def _stroked(direction: gp.BeatStrokeDirection) -> bytes:
    song = song_of((quarter(), [(1, 3, None)]))
    song.tracks[0].measures[0].voices[0].beats[0].effect.stroke = gp.BeatStroke(direction, 8)
    file = io.BytesIO()
    guitarpro.write(song, file, version=(4, 0, 0), encoding="cp1252")
    return file.getvalue()


def test_a_stroke_that_goes_neither_up_nor_down_is_none() -> None:
    down, up = _stroked(gp.BeatStrokeDirection.down), _stroked(gp.BeatStrokeDirection.up)
    differing = [i for i, (a, b) in enumerate(zip(down, up, strict=True)) if a != b]
    assert len(differing) == 2
    data = bytes(0 if i in differing else byte for i, byte in enumerate(down))
    marks = [beat.marks for bar in parse_guitar_pro(data).tracks[0].bars for beat in bar.beats]
    assert not any(marks)

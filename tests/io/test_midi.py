import io
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.errors import OutputError, TabFormatError
from fretscribe.io.bends import bend_at
from fretscribe.io.midi import parse_midi, read_midi_notes, render_midi, string_channel
from fretscribe.io.midi_clock import MidiClock
from fretscribe.io.midi_reader import parse_midi_notes
from fretscribe.music import BeatGrid, BendPoint, Chord, Key, Note, Position, Tab, TabNote
from random_tabs import n_tabs
from strategies import beat_grids, tab_note, tab_of, tabs


def longest_tick_s(beats: BeatGrid | None) -> float:
    clock = MidiClock.of_beats(beats)
    return max(clock.tempos_us) / 1e6 / 960


@settings(max_examples=n_tabs(60), deadline=None)
@given(tabs())
def test_our_files_come_back(tab: Tab) -> None:
    data = render_midi(tab)
    assert data == render_midi(tab)
    read = parse_midi(data).tab
    assert (read.tuning, read.key) == (tab.tuning, tab.key)
    assert len(read.notes) == len(tab.notes)

    def by_string(t: Tab) -> list[TabNote]:
        return sorted(t.notes, key=lambda n: (n.position.string, n.note.onset_s))

    tick_s = longest_tick_s(tab.beats)
    for a, b in zip(by_string(tab), by_string(read), strict=True):
        assert (a.position, a.note.pitch, a.note.velocity) == (b.position, b.note.pitch, b.note.velocity)
        assert b.note.onset_s == pytest.approx(a.note.onset_s, abs=3 * tick_s)
        assert b.note.offset_s == pytest.approx(a.note.offset_s, abs=3 * tick_s)


@settings(max_examples=60, deadline=None)
@given(beat_grids())
def test_beats_come_back(beats: BeatGrid) -> None:
    read = parse_midi(render_midi(tab_of(beats=beats))).tab.beats
    assert read is not None
    assert (read.downbeats, read.beats_per_bar, read.beat_unit) == (
        beats.downbeats, beats.beats_per_bar, beats.beat_unit,
    )  # fmt: skip
    assert read.beat_times_s == pytest.approx(beats.beat_times_s, abs=2e-5)


@given(beat_grids(), st.floats(0.0, 100.0))
def test_the_clock_inverts_itself(beats: BeatGrid, time_s: float) -> None:
    clock = MidiClock.of_beats(beats)
    assert clock.time_at(clock.tick_at(time_s)) == pytest.approx(time_s, abs=0.51 * longest_tick_s(beats))


def test_onsets_are_within_half_a_tick_at_a_steady_tempo() -> None:
    notes = [tab_note(0, i % 5, i) for i in range(200)]
    read = parse_midi(render_midi(tab_of(*notes))).tab
    for a, b in zip(notes, read.notes, strict=True):
        assert b.note.onset_s == pytest.approx(a.note.onset_s, abs=0.5 / 960 / 2)


def messages(data: bytes, kind: str) -> list[tuple[int, mido.Message]]:
    found = []
    for track in mido.MidiFile(file=io.BytesIO(data), charset="utf-8").tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == kind:
                found.append((tick, message))
    return found


def test_what_another_program_sees() -> None:
    beats = BeatGrid(beat_times_s=(0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.6), downbeats=(1, 5))
    tab = tab_of(
        tab_note(0, 3, 1),
        tab_note(5, 0, 2),
        beats=beats,
        key=Key(tonic=6, mode="minor"),
        chords=(Chord(start_s=1.0, end_s=2.0, name="F#m"),),
        title="Größe",
    )
    data = render_midi(tab)
    file = mido.MidiFile(file=io.BytesIO(data), charset="utf-8")
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 960, 2)
    assert file.tracks[0].name == "Größe"
    # a lead-in of one beat and a pick-up of one make a bar, then come whole ones
    assert [(t, m.numerator) for t, m in messages(data, "time_signature")] == [(0, 2), (1920, 4)]
    assert [(t, m.tempo) for t, m in messages(data, "set_tempo")] == [(0, 500_000), (6 * 960, 600_000)]
    assert [m.key for _, m in messages(data, "key_signature")] == ["F#m"]
    assert [(t, m.text) for t, m in messages(data, "marker")] == [(1920, "F#m")]
    assert [(t, m.channel, m.note) for t, m in messages(data, "note_on")] == [(960, 0, 43), (1920, 5, 64)]
    assert {m.program for _, m in messages(data, "program_change")} == {25}
    assert parse_midi(data).tab.title == "Größe"


def test_the_drum_channel_is_no_string() -> None:
    assert [string_channel(s) for s in range(11)] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11]


@pytest.mark.parametrize("cents", [150.0, 700.0])
def test_bends_come_back(cents: float) -> None:
    bend = (
        BendPoint(time_s=0.0, cents=0.0),
        BendPoint(time_s=0.3, cents=cents),
        BendPoint(time_s=1.0, cents=-50.0),
    )
    note = TabNote(
        note=Note(onset_s=1.0, offset_s=2.0, pitch=64, bend=bend), position=Position(string=5, fret=0)
    )
    plain = TabNote(note=Note(onset_s=2.0, offset_s=3.0, pitch=64), position=Position(string=5, fret=0))
    read = parse_midi(render_midi(tab_of(note, plain))).tab
    times = [i / 20 for i in range(20)]
    assert bend_at(read.notes[0].note.bend, times) == pytest.approx(bend_at(bend, times), abs=cents / 15)
    assert read.notes[1].note.bend == ()


def test_beats_before_the_start_are_left_out() -> None:
    beats = BeatGrid(beat_times_s=(-0.4, 0.1, 0.6, 1.1), downbeats=(0, 2))
    read = parse_midi(render_midi(tab_of(beats=beats))).tab.beats
    assert read is not None
    assert read.beat_times_s == pytest.approx((0.1, 0.6, 1.1), abs=1e-5)
    assert read.downbeats == (1,)
    lone = BeatGrid(beat_times_s=(-0.4, 0.1), downbeats=())
    assert parse_midi(render_midi(tab_of(beats=lone))).tab.beats is None


def test_a_beat_of_a_minute_is_no_midi_tempo() -> None:
    with pytest.raises(OutputError, match="too long"):
        render_midi(tab_of(beats=BeatGrid(beat_times_s=(0.0, 60.0), downbeats=())))


def foreign(*tracks: list[mido.Message], kind: int = 1, ticks: int = 480) -> bytes:
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    file.tracks.extend(mido.MidiTrack(t) for t in tracks)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def test_foreign_files_give_notes(tmp_path: Path) -> None:
    data = foreign(
        [
            mido.MetaMessage("time_signature", numerator=3, denominator=4),
            mido.MetaMessage("set_tempo", tempo=1_000_000, time=480),
        ],
        [
            mido.Message("note_on", channel=3, note=60, velocity=90, time=480),
            mido.Message("note_on", channel=9, note=35, velocity=90),
            mido.Message("note_on", channel=3, note=60, velocity=0, time=240),
            mido.Message("note_on", channel=3, note=62, velocity=1, time=240),
            mido.MetaMessage("end_of_track", time=480),
        ],
    )
    (tmp_path / "a.mid").write_bytes(data)
    notes, beats = read_midi_notes(tmp_path / "a.mid")
    # the last one never ends in the file
    assert notes == [
        Note(onset_s=0.5, offset_s=1.0, pitch=60, velocity=90),
        Note(onset_s=1.5, offset_s=2.5, pitch=62, velocity=1),
    ]
    assert (beats.beats_per_bar, beats.beat_unit, beats.downbeats) == (3, 4, (0, 3))
    assert beats.beat_times_s[:3] == (0.0, 0.5, 1.5)
    with pytest.raises(TabFormatError, match="which string") as caught:
        parse_midi(data, "a.mid")
    assert "convert" in caught.value.mend


def test_files_that_cannot_be_read() -> None:
    ours = render_midi(tab_of(tab_note(0, 0, 0)))
    for data, message in (
        (b"", "not a readable MIDI"),
        (b"RIFF" + bytes(40), "not a readable MIDI"),
        (ours[:60], "not a readable MIDI"),
        (foreign([], kind=2), "type 2"),
        (foreign([], ticks=-25), "SMPTE"),
        (bytes(17_000_000), "limit"),
    ):
        with pytest.raises(TabFormatError, match=message):
            parse_midi(data, "x.mid")


_OURS = render_midi(
    tab_of(*(tab_note(s, f, f) for s in range(6) for f in (0, 3)), key=Key(tonic=3, mode="major"))
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(_OURS) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_damaged_files_are_read_or_refused_but_never_crash(damage: list[tuple[int, int]]) -> None:
    data = bytearray(_OURS)
    for place, value in damage:
        data[place] = value
    for parse in (parse_midi, parse_midi_notes):
        try:
            parse(bytes(data))
        except TabFormatError as e:
            assert str(e)  # noqa: PT017 (either outcome is right; the type is the test)

"""Our MIDI files as others see them: a decoder that shares no code with the writer, mido, MuseScore."""

from __future__ import annotations

import io
from pathlib import Path

import mido
import numpy as np
import pytest

from engravers import musescore, open_midi_with_musescore, struck
from fretscribe.io.bars import beats_from_zero
from fretscribe.io.bends import bend_at
from fretscribe.io.midi import render_midi, string_channel
from fretscribe.music import BeatGrid, Key, Tab
from random_tabs import n_tabs, random_tab
from standard_midi import MidiFile, bar_ticks, decode, notes_of
from strategies import tab_note, tab_of

_SEEDS = range(200)
SIXTY_FOURTH = 1 / 16 + 0.025
"""A 64th note, and what MuseScore's triplets are off by, in quarter notes."""
_KEY, _TITLE, _MARKER, _METER = 0x59, 0x03, 0x06, 0x58


def tick_s(file: MidiFile, tick: int) -> float:
    """The longest tick at or just before a tick."""
    return max(file.tempo_at(tick), file.tempo_at(max(tick - 1, 0))) / 1e6 / file.ticks_per_quarter


def pitch_moves(file: MidiFile, channel: int) -> dict[int, list[tuple[int, float]]]:
    """By the start of each note of a channel: ticks and cents of the wheel while it sounds.

    The wheel must rest at 0 where a note starts, unless it moves right there.
    """
    events = [e for e in file.tracks[1] if e.meta < 0 and e.channel == channel]
    controls = [tuple(e.data) for e in events if e.status >> 4 == 0xB]
    assert controls[:2] == [(101, 0), (100, 0)]
    assert controls[-2:] == [(101, 127), (100, 127)]
    (semitones,) = (value for control, value in controls if control == 6)
    found: dict[int, list[tuple[int, float]]] = {}
    wheel, sounding = (0, 0.0), -1
    for e in events:
        kind = e.status >> 4
        if kind == 0xE:
            wheel = (e.tick, ((e.data[0] | e.data[1] << 7) - 8192) / 8192 * semitones * 100)
            if sounding >= 0:
                found[sounding].append(wheel)
        elif kind == 0x9:
            sounding = e.tick
            found[sounding] = [wheel] if wheel[1] else []
            assert not wheel[1] or wheel[0] == e.tick
        elif kind == 0x8:
            sounding = -1
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", _SEEDS)
def test_random_tabs(seed: int) -> None:
    tab = random_tab(seed)
    file = decode(render_midi(tab))
    assert (file.kind, file.ticks_per_quarter, len(file.tracks)) == (1, 960, 2)
    check_notes(tab, file)
    check_time(tab, file)
    titles = [e.data.decode() for e in file.metas(_TITLE)]
    assert titles == [tab.title, tab.title or "Guitar"]
    markers = [(file.seconds_at(e.tick), e.data.decode()) for e in file.metas(_MARKER)]
    assert [name for _, name in markers] == [c.name for c in tab.chords]
    assert [s for s, _ in markers] == pytest.approx([c.start_s for c in tab.chords], abs=2e-3)


def check_notes(tab: Tab, file: MidiFile) -> None:
    read = notes_of(file.tracks[1])
    written = sorted(tab.notes, key=lambda n: (n.position.string, n.note.onset_s))
    assert len(read) == len(written)
    moves_of = {string: pitch_moves(file, string_channel(string)) for string in range(tab.tuning.n_strings)}
    for (channel, start, end, pitch, velocity), n in zip(read, written, strict=True):
        assert channel == string_channel(n.position.string)
        assert (pitch, velocity) == (n.note.pitch, n.note.velocity)
        assert file.seconds_at(start) == pytest.approx(n.note.onset_s, abs=tick_s(file, start))
        assert file.seconds_at(end) == pytest.approx(n.note.offset_s, abs=tick_s(file, end))
        moves = moves_of[n.position.string][start]
        assert bool(moves) == any(p.cents for p in n.note.bend)
        times = [file.seconds_at(t) - n.note.onset_s for t, _ in moves]
        # 2 cents, and what the steepest of these bends does in a tick
        assert [c for _, c in moves] == pytest.approx(bend_at(n.note.bend, times).tolist(), abs=8.0)


def check_time(tab: Tab, file: MidiFile) -> None:
    beats = beats_from_zero(tab.beats)
    assert beats is not None
    last = max(e.tick for track in file.tracks for e in track)
    starts_s = [file.seconds_at(tick) for tick in bar_ticks(file, max(last, 200_000))]
    for downbeat in beats.downbeats:
        time_s = beats.beat_times_s[downbeat]
        assert min(abs(s - time_s) for s in starts_s) < 1e-4
    meters = [(e.data[0], 1 << e.data[1]) for e in file.metas(_METER)]
    assert all(unit == beats.beat_unit for _, unit in meters)
    assert meters[-1][0] == beats.beats_per_bar or len(beats.downbeats) < 2


@pytest.mark.slow
def test_mido_and_musescore_open_random_tabs(tmp_path: Path) -> None:
    musescore()
    tabs = [random_tab(seed) for seed in range(n_tabs(40))]
    files = [render_midi(tab) for tab in tabs]
    for tab, data, opened in zip(tabs, files, open_midi_with_musescore(files, tmp_path), strict=True):
        ours = mido.MidiFile(file=io.BytesIO(data), charset="utf-8")
        assert np.array(sounding(ours)) == pytest.approx(
            np.array(sorted((n.note.pitch, n.note.onset_s) for n in tab.notes)), abs=1e-3
        )
        for notes, others in ((struck(ours), struck(opened)), (struck(opened), struck(ours))):
            near = [any(p == q and abs(at - b) <= SIXTY_FOURTH for q, b in others) for p, at in notes]
            assert all(near)  # two strings may strike one pitch, in a triplet and beside it


def sounding(file: mido.MidiFile) -> list[tuple[int, float]]:
    """Pitch and onset in seconds, by mido's clock, of every note; sorted."""
    now_s, found = 0.0, []
    for message in file:
        now_s += message.time
        if message.type == "note_on" and message.velocity:
            found.append((message.note, now_s))
    return sorted(found)


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_key_signatures(mode: str) -> None:
    for tonic in range(12):
        (event,) = decode(render_midi(tab_of(key=Key(tonic=tonic, mode=mode)))).metas(_KEY)
        fifths = int.from_bytes(event.data[:1], "big", signed=True)
        assert event.data[1] == (mode == "minor")
        assert (7 * fifths + (9 if mode == "minor" else 0)) % 12 == tonic
        assert abs(fifths) <= 7


@pytest.mark.parametrize(
    ("meter", "clocks"), [((4, 4), 24), ((3, 4), 24), ((2, 2), 48), ((6, 8), 36), ((12, 8), 36), ((7, 8), 12)]
)
def test_the_metronome_clicks_on_the_beats_that_are_felt(meter: tuple[int, int], clocks: int) -> None:
    beats = BeatGrid.constant(120.0, 8.0, beats_per_bar=meter[0], beat_unit=meter[1])
    (event,) = decode(render_midi(tab_of(tab_note(0, 3, 0), beats=beats))).metas(_METER)
    assert tuple(event.data) == (meter[0], meter[1].bit_length() - 1, clocks, 8)


def test_a_pick_up_in_six_eight() -> None:
    beats = BeatGrid(
        beat_times_s=tuple(i * 0.25 for i in range(14)), downbeats=(1, 7, 13), beats_per_bar=6, beat_unit=8
    )
    file = decode(render_midi(tab_of(tab_note(0, 3, 0), beats=beats)))
    assert [(e.tick, e.data[0], 1 << e.data[1]) for e in file.metas(_METER)] == [(0, 1, 8), (480, 6, 8)]
    assert bar_ticks(file, 4000) == [0, 480, 3360]
    assert [file.seconds_at(t) for t in (480, 3360)] == pytest.approx([0.25, 1.75])


def test_a_tempo_that_drifts_for_ten_minutes_never_leaves_the_grid() -> None:
    times = [0.0]
    for i in range(1200):
        times.append(times[-1] + 0.5 * (1 + 0.08 * ((i * 7919) % 100 - 50) / 50))
    beats = BeatGrid(beat_times_s=tuple(times), downbeats=tuple(range(0, 1201, 4)))
    file = decode(render_midi(tab_of(beats=beats)))
    assert [file.seconds_at(i * 960) for i in range(0, 1201, 50)] == pytest.approx(times[::50], abs=2e-5)

import io

import mido
import pytest

from fretscribe.errors import TabFormatError
from fretscribe.io.midi import render_midi
from fretscribe.io.midi_parts import parse_midi_piece
from fretscribe.io.midi_reader import has_strings
from strategies import tab_note, tab_of


def track(name: str, channel: int, *pitches: int, program: int | None = None) -> mido.MidiTrack:
    made = mido.MidiTrack([mido.MetaMessage("track_name", name=name)] if name else [])
    if program is not None:
        made.append(mido.Message("program_change", channel=channel, program=program))
    for pitch in pitches:
        made.append(mido.Message("note_on", channel=channel, note=pitch, time=0))
        made.append(mido.Message("note_off", channel=channel, note=pitch, time=480))
    return made


def data_of(*tracks: mido.MidiTrack, kind: int = 1) -> bytes:
    file = mido.MidiFile(type=kind, ticks_per_beat=480)
    file.tracks += tracks
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def test_every_track_is_a_part() -> None:
    silent = mido.MidiTrack(
        [mido.MetaMessage("track_name", name="Lied"), mido.MetaMessage("set_tempo", tempo=10**6)]
    )
    piece = parse_midi_piece(
        data_of(silent, track("Bass", 0, 28, program=33), track("Kit", 9, 36, 38), track("", 2, 60, 64))
    )
    assert piece.title == "Lied"
    assert [(p.name, p.program, p.is_drums, [n.pitch for n in p.notes]) for p in piece.parts] == [
        ("Bass", 33, False, [28]),
        ("Kit", None, True, [36, 38]),
        ("channel 3", None, False, [60, 64]),
    ]
    assert [n.onset_s for n in piece.parts[2].notes] == [0.0, 1.0]
    assert piece.beats.beat_times_s[:3] == (0, 1, 2)


def test_one_track_is_parted_by_channel() -> None:
    mixed = mido.MidiTrack([*track("", 0, 40, program=25), *track("", 3, 50, program=30)])
    piece = parse_midi_piece(data_of(mixed, kind=0))
    assert [(p.program, [n.pitch for n in p.notes]) for p in piece.parts] == [(25, [40]), (30, [50])]


def test_only_our_own_files_say_strings() -> None:
    assert has_strings(render_midi(tab_of(tab_note(0, 3, 0))))
    assert not has_strings(data_of(track("Lead", 0, 60)))
    with pytest.raises(TabFormatError, match=r"a\.mid: is not a readable MIDI file"):
        parse_midi_piece(b"nothing", "a.mid")

"""MIDI files (the mission's MidiConverter): one channel a string, the tempo map of the `BeatGrid`.

Tick 0 is the start of the recording. What lies before the first beat becomes a lead-in of whole beats, and
a time signature starts anew at each downbeat that comes off the regular count, so that a score program
draws the bars where they are. Beats before 0 s are left out. A text event (``fretscribe {json}``) carries
tuning, capo and beats: with it `parse_midi` gives back strings and frets. Confidence, alternatives,
techniques and quantised beats do not fit in MIDI and chords go out as markers only: all of these are lost
on the way back, and kept by ``tab_json``.

Neighbours: ``midi_reader`` reads, ``midi_clock`` converts ticks and seconds, ``formats`` picks this module.
Sources: Standard MIDI Files 1.0 (MMA RP-001); General MIDI programs 25/26 (steel and jazz guitar).
"""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
from collections.abc import Iterator

import mido

from fretscribe.io.bars import beats_from_zero
from fretscribe.io.bends import bend_at
from fretscribe.io.midi_clock import TICKS_PER_QUARTER, MidiClock
from fretscribe.io.midi_reader import TEXT_MARK, parse_midi, read_midi, read_midi_notes
from fretscribe.music import Key, Tab, TabNote
from fretscribe.symbols import key_tonic_name
from fretscribe.tunings import tuning_name

__all__ = ["parse_midi", "read_midi", "read_midi_notes", "render_midi", "string_channel"]

STEEL_GUITAR_PROGRAM = 25
_WHEEL_STEP_S = 0.01
_WHEEL_LIMIT = 8191
_MIN_BEND_RANGE = 2
_MAX_BEND_RANGE = 24
_DRUMS = 9

# At one tick: an old note ends, then the wheel moves, then the new note starts.
_OFF, _WHEEL, _ON = 0, 1, 2
Event = tuple[int, int, int, mido.Message]


def string_channel(string: int) -> int:
    """MIDI channel (from 0) of a string; channel 9 is the drums' and left out.

    >>> [string_channel(s) for s in (0, 5, 9)]
    [0, 5, 10]
    """
    return string if string < _DRUMS else string + 1


def render_midi(tab: Tab, *, program: int = STEEL_GUITAR_PROGRAM) -> bytes:
    """A tab as a type 1 MIDI file: a track for time, a track for the guitar.

    Parameters
    ----------
    tab : Tab
    program : int
        General MIDI program from 0: 24 nylon, 25 steel, 26 jazz, 27 clean electric.

    Raises
    ------
    OutputError
        If a beat is longer than MIDI can say (16.7 s a quarter note).
    """
    tab = dataclasses.replace(tab, beats=beats_from_zero(tab.beats))
    clock = MidiClock.of_beats(tab.beats)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, charset="utf-8")
    file.tracks.append(_time_track(tab, clock))
    file.tracks.append(_guitar_track(tab, clock, program))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _time_track(tab: Tab, clock: MidiClock) -> mido.MidiTrack:
    events: list[Event] = [(0, 0, 0, mido.MetaMessage("track_name", name=_writable(tab.title)))]
    events.append((0, 0, 1, mido.MetaMessage("text", text=f"{TEXT_MARK} {_account(tab, clock)}")))
    if tab.key is not None:
        events.append((0, 0, 2, mido.MetaMessage("key_signature", key=_midi_key(tab.key))))
    events += [
        (tick, 1, 0, mido.MetaMessage("set_tempo", tempo=tempo))
        for tick, tempo in zip(clock.ticks, clock.tempos_us, strict=True)
    ]
    events += [(tick, 2, 0, meter) for tick, meter in _meters(tab, clock)]
    for chord in tab.chords:
        marker = mido.MetaMessage("marker", text=_writable(chord.name))
        events.append((clock.tick_at(max(chord.start_s, 0.0)), 3, 0, marker))
    return _track(events)


def _account(tab: Tab, clock: MidiClock) -> str:
    """What MIDI has no events for, as JSON: tuning, capo, and which beats are the grid's."""
    tuning, beats = tab.tuning, tab.beats
    account: dict[str, object] = {
        "tuning": {
            "name": tuning_name(tuning),
            "open_pitches": list(tuning.open_pitches),
            "capo": tuning.capo,
            "n_frets": tuning.n_frets,
        },
        "bend_range": _bend_range(tab),
        "beats": None,
    }
    if beats is not None:
        account["beats"] = {
            "lead_in": clock.n_lead_in,
            "n_beats": len(beats.beat_times_s),
            "meter": f"{beats.beats_per_bar}/{beats.beat_unit}",
            "downbeats": list(beats.downbeats),
        }
    return json.dumps(account)


def _meters(tab: Tab, clock: MidiClock) -> Iterator[tuple[int, mido.MetaMessage]]:
    """Time signatures: one at the start, and one wherever the length of the bar changes."""
    beats = tab.beats
    if beats is None:
        return
    bars = [0, *(clock.n_lead_in + d for d in beats.downbeats)]
    lengths = [b - a for a, b in itertools.pairwise(bars)] + [beats.beats_per_bar]
    shown = 0
    for start, length in zip(bars, lengths, strict=True):
        if length == 0 or length == shown:
            continue
        yield (
            start * clock.ticks_per_beat,
            mido.MetaMessage(
                "time_signature",
                numerator=min(length, 255),
                denominator=beats.beat_unit,
                clocks_per_click=_clocks_per_click(beats.beats_per_bar, beats.beat_unit),
            ),
        )
        shown = length


def _clocks_per_click(beats_per_bar: int, beat_unit: int) -> int:
    """Twenty-fourths of a quarter note from one felt beat to the next: three beats in 6/8, 9/8 and 12/8."""
    is_compound = beat_unit >= 8 and beats_per_bar > 3 and beats_per_bar % 3 == 0
    return 96 // beat_unit * (3 if is_compound else 1)


def _guitar_track(tab: Tab, clock: MidiClock, program: int) -> mido.MidiTrack:
    bend_range = _bend_range(tab)
    events: list[Event] = [(0, -2, 0, mido.MetaMessage("track_name", name=_writable(tab.title) or "Guitar"))]
    for string in range(tab.tuning.n_strings):
        events += [(0, -1, 0, m) for m in _channel_setup(string_channel(string), program, bend_range)]
    free_from = [0] * tab.tuning.n_strings
    for tab_note in tab.notes:
        string = tab_note.position.string
        start = max(clock.tick_at(tab_note.note.onset_s), free_from[string])
        end = max(clock.tick_at(tab_note.note.offset_s), start + 1)
        free_from[string] = end
        events += _note_events(tab_note, start, end, clock, bend_range)
    return _track(events)


def _channel_setup(channel: int, program: int, bend_range: int) -> list[mido.Message]:
    """Program and, as registered parameter 0, the range of the pitch wheel in semitones."""
    controls = ((101, 0), (100, 0), (6, bend_range), (38, 0), (101, 127), (100, 127))
    return [
        mido.Message("program_change", channel=channel, program=program),
        *(mido.Message("control_change", channel=channel, control=c, value=v) for c, v in controls),
    ]


def _note_events(
    tab_note: TabNote, start: int, end: int, clock: MidiClock, bend_range: int
) -> Iterator[Event]:
    note, channel = tab_note.note, string_channel(tab_note.position.string)
    on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
    yield start, _ON, channel, on
    yield end, _OFF, channel, mido.Message("note_off", channel=channel, note=note.pitch, velocity=64)
    if not note.bend:
        return
    n_steps = max(1, round(note.duration_s / _WHEEL_STEP_S))
    times = sorted({i * note.duration_s / n_steps for i in range(n_steps)})
    shown = 0
    for time_s, cents in zip(times, bend_at(note.bend, times), strict=True):
        wheel = round(float(cents) / (100.0 * bend_range) * (_WHEEL_LIMIT + 1))
        wheel = min(max(wheel, -_WHEEL_LIMIT), _WHEEL_LIMIT)
        tick = min(max(clock.tick_at(note.onset_s + time_s), start), end)
        if wheel != shown:
            yield tick, _WHEEL, channel, mido.Message("pitchwheel", channel=channel, pitch=wheel)
        shown = wheel
    if shown != 0:
        yield end, _OFF, channel, mido.Message("pitchwheel", channel=channel, pitch=0)


def _bend_range(tab: Tab) -> int:
    """Semitones of the pitch wheel: the usual 2, more only where a bend goes further."""
    furthest = max((abs(p.cents) for n in tab.notes for p in n.note.bend), default=0.0)
    return min(max(_MIN_BEND_RANGE, -int(-furthest // 100)), _MAX_BEND_RANGE)


def _midi_key(key: Key) -> str:
    tonic = key_tonic_name(key)
    return f"{tonic}m" if key.mode == "minor" else tonic


def _writable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _track(events: list[Event]) -> mido.MidiTrack:
    track, now = mido.MidiTrack(), 0
    for tick, *_, message in sorted(events, key=lambda e: e[:3]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=0))
    return track

"""Reading MIDI: our own files back onto their strings, and plain ones as notes without strings.

Fingers nothing: a foreign file's notes get their strings from ``symbolic.fingering``, a floor away.
Neighbours: ``midi`` writes, ``midi_clock`` converts ticks and seconds.
"""

from __future__ import annotations

import bisect
import io
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import mido
import numpy as np
from mido.midifiles.meta import KeySignatureError

from fretscribe.errors import OptionError, TabFormatError
from fretscribe.io.bends import thin_bend
from fretscribe.io.files import read_limited
from fretscribe.io.json_fields import Field, load_json
from fretscribe.io.midi_clock import MidiClock
from fretscribe.music import BeatGrid, BendPoint, Key, Note, Position, Tab, TabNote, Tuning
from fretscribe.result import Transcription
from fretscribe.symbols import parse_key

TEXT_MARK = "fretscribe"
MAX_BYTES = 16_000_000
DRUMS = 9
_DEFAULT_BEND_RANGE = 2.0
_BEND_TOLERANCE_CENTS = 4.0
_BEND_POINTS = 20
_MAX_BEATS = 200_000
_MAX_TICKS = 2**40

# What mido raises on bytes that are no MIDI; anything else would be a bug and must show.
_MIDO_ERRORS = (EOFError, OSError, ValueError, KeyError, IndexError, KeySignatureError)


@dataclass(slots=True)
class _Sounding:
    start: int
    velocity: int


@dataclass(frozen=True, slots=True)
class _HeardNote:
    channel: int
    note: Note


@dataclass(slots=True)
class MidiEvents:
    """The events of a file that matter here, with absolute ticks."""

    messages: list[tuple[int, mido.Message]] = field(default_factory=list)
    programs: dict[int, int] = field(default_factory=dict)
    tempos: list[tuple[int, int]] = field(default_factory=list)
    meters: list[tuple[int, int, int]] = field(default_factory=list)
    key: Key | None = None
    title: str = ""
    account: Field | None = None
    last_tick: int = 0


def read_midi_notes(path: Path | str) -> tuple[list[Note], BeatGrid]:
    """All notes of any MIDI file (drums left out), sorted, and its beats.

    Raises
    ------
    TabFormatError
        If the file is absent or no MIDI file.
    """
    return parse_midi_notes(read_limited(path, MAX_BYTES), Path(path).name)


def parse_midi_notes(data: bytes, name: str = "MIDI") -> tuple[list[Note], BeatGrid]:
    """As `read_midi_notes`, from bytes."""
    file, events = load_midi(data, name)
    clock = MidiClock.of_tempos(events.tempos, file.ticks_per_beat)
    heard, _ = heard_notes(events, clock)
    notes = [h.note for h in heard if h.channel != DRUMS]
    return sorted(notes, key=lambda n: (n.onset_s, n.pitch)), beats_of_meters(events, clock, name)


def has_strings(data: bytes, name: str = "MIDI") -> bool:
    """Whether a MIDI file says which string plays which note, so that `parse_midi` reads it.

    Raises
    ------
    TabFormatError
        If the bytes are no MIDI file.
    """
    return load_midi(data, name)[1].account is not None


def read_midi(path: Path | str) -> Transcription:
    """A MIDI file that fretscribe wrote, with strings and frets; see `parse_midi`."""
    return parse_midi(read_limited(path, MAX_BYTES), Path(path).name)


def parse_midi(data: bytes, name: str = "MIDI") -> Transcription:
    """A MIDI file that fretscribe wrote: same strings, frets and pitches, times within a tick.

    Raises
    ------
    TabFormatError
        If the bytes are no MIDI file, or one whose channels do not say the string.
    """
    file, events = load_midi(data, name)
    if events.account is None:
        raise TabFormatError(
            f"{name}: does not say which string plays which note",
            mend="only MIDI files written by fretscribe carry strings; "
            "`fretscribe convert` finds a fingering for others",
        )
    tuning = _tuning(events.account.get("tuning"))
    beats_field = events.account.get("beats")
    beat_unit = 4 if beats_field.is_null else _meter(beats_field)[1]
    clock = MidiClock.of_tempos(events.tempos, file.ticks_per_beat, beat_unit)
    heard, warnings = heard_notes(events, clock)
    tab_notes = []
    for h in heard:
        string = h.channel if h.channel < DRUMS else h.channel - 1
        if string >= tuning.n_strings:
            raise TabFormatError(f"{name}: channel {h.channel + 1} is no string of the tuning")
        fret = h.note.pitch - tuning.open_pitches[string] - tuning.capo
        if not 0 <= fret <= tuning.highest_fret:
            raise TabFormatError(
                f"{name}: pitch {h.note.pitch} at {h.note.onset_s:.3f} s is not on string {string}"
            )
        tab_notes.append(TabNote(note=h.note, position=Position(string=string, fret=fret)))
    tab_notes.sort(key=lambda n: (n.note.onset_s, n.position.string))
    tab = events.account.build(
        Tab,
        tuning=tuning,
        notes=tuple(tab_notes),
        beats=None if beats_field.is_null else _beats_of_account(beats_field, clock),
        key=events.key,
        title=events.title,
    )
    return Transcription(tab=tab, warnings=warnings)


def load_midi(data: bytes, name: str) -> tuple[mido.MidiFile, MidiEvents]:
    """The file and all its events; raises TabFormatError where the bytes are no such file."""
    if len(data) > MAX_BYTES:
        raise TabFormatError(f"{name}: is {len(data)} bytes long, the limit is {MAX_BYTES}")
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    except _MIDO_ERRORS as e:
        raise TabFormatError(f"{name}: is not a readable MIDI file: {e or type(e).__name__}") from e
    if file.ticks_per_beat <= 0:
        raise TabFormatError(f"{name}: counts time in video frames (SMPTE), not in beats")
    if file.type == 2:
        raise TabFormatError(f"{name}: is a type 2 MIDI file, whose tracks are not simultaneous")
    return file, midi_events(file.tracks, name)


def midi_events(tracks: Sequence[mido.MidiTrack], name: str) -> MidiEvents:
    """The events of some tracks of a file, as they sound together."""
    found = MidiEvents()
    for i, track in enumerate(tracks):
        tick = 0
        for message in track:
            tick += message.time
            _note_event(found, tick, message, name, first_track=i == 0)
        found.last_tick = max(found.last_tick, tick)
    if found.last_tick > _MAX_TICKS:
        raise TabFormatError(f"{name}: is impossibly long ({found.last_tick} ticks)")
    found.messages.sort(key=lambda m: m[0])
    found.meters.sort()
    return found


def _note_event(found: MidiEvents, tick: int, message: mido.Message, name: str, *, first_track: bool) -> None:
    match message.type:
        case "note_on" | "note_off" | "pitchwheel" | "control_change":
            found.messages.append((tick, message))
        case "program_change":
            found.programs.setdefault(message.channel, message.program)
        case "set_tempo":
            if message.tempo > 0:
                found.tempos.append((tick, message.tempo))
        case "time_signature":
            found.meters.append((tick, message.numerator, message.denominator))
        case "key_signature" if found.key is None:
            found.key = _key(message.key)
        case "track_name" if first_track and not found.title:
            found.title = _text(message.name)
        case "text" if _text(message.text).startswith(f"{TEXT_MARK} {{"):
            account = _text(message.text).removeprefix(TEXT_MARK).encode("utf-8")
            found.account = load_json(account, f"{name} (text event)", max_bytes=MAX_BYTES)
        case _:
            pass  # lyrics, system exclusive ...: nothing a tab could say


def _text(latin: str) -> str:
    """Text of a meta event, which mido decodes as Latin-1: UTF-8 where it is that."""
    raw = latin.encode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return latin


def _key(name: str) -> Key | None:
    try:
        return parse_key(f"{name[:-1]} minor" if name.endswith("m") else name)
    except OptionError:
        return None


def heard_notes(events: MidiEvents, clock: MidiClock) -> tuple[list[_HeardNote], tuple[str, ...]]:
    """Pair note-ons with note-offs (first in, first out) and collect the wheel between them."""
    sounding: dict[tuple[int, int], list[_Sounding]] = defaultdict(list)
    wheels = _wheels(events)
    heard: list[_HeardNote] = []

    def close(channel: int, pitch: int, end: int) -> None:
        opened = sounding[channel, pitch].pop(0)
        onset_s = clock.time_at(opened.start)
        # Absurdly fast tempos put two ticks on one float.
        offset_s = max(clock.time_at(max(end, opened.start + 1)), math.nextafter(onset_s, math.inf))
        bend = _bend(wheels[channel], opened.start, end, clock)
        note = Note(onset_s=onset_s, offset_s=offset_s, pitch=pitch, velocity=opened.velocity, bend=bend)
        heard.append(_HeardNote(channel, note))

    for tick, message in events.messages:
        if message.type == "note_on" and message.velocity > 0:
            sounding[message.channel, message.note].append(_Sounding(tick, message.velocity))
        elif message.type in ("note_on", "note_off") and sounding[message.channel, message.note]:
            close(message.channel, message.note, tick)
    dangling = [key for key, opened in sounding.items() for _ in opened]
    for channel, pitch in dangling:
        close(channel, pitch, events.last_tick)
    warnings = (f"{len(dangling)} notes never end in the file: they last to its end",) if dangling else ()
    return heard, warnings


def _wheels(events: MidiEvents) -> dict[int, list[tuple[int, float]]]:
    """Pitch wheel of each channel as (tick, cents), its range (registered parameter 0) heeded."""
    semitones: dict[int, float] = defaultdict(lambda: _DEFAULT_BEND_RANGE)
    parameter: dict[int, list[int]] = defaultdict(lambda: [127, 127])
    wheels: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for tick, message in events.messages:
        if message.type == "pitchwheel":
            cents = message.pitch / 8192 * semitones[message.channel] * 100.0
            wheels[message.channel].append((tick, cents))
        elif message.type == "control_change" and message.control in (100, 101):
            parameter[message.channel][message.control - 100] = message.value
        elif (
            message.type == "control_change" and message.control == 6 and parameter[message.channel] == [0, 0]
        ):
            semitones[message.channel] = float(message.value)
    return wheels


def _bend(wheel: list[tuple[int, float]], start: int, end: int, clock: MidiClock) -> tuple[BendPoint, ...]:
    """The wheel's curve inside a note, empty where it rests at 0."""
    from_index = bisect.bisect_right(wheel, start, key=lambda w: w[0])
    to_index = bisect.bisect_left(wheel, end, key=lambda w: w[0])
    inside = wheel[from_index:to_index]
    first = wheel[from_index - 1][1] if from_index else 0.0
    if first == 0.0 and all(cents == 0.0 for _, cents in inside):
        return ()
    points = [(start, first), *inside]
    onset_s = clock.time_at(start)
    times = np.array([clock.time_at(tick) - onset_s for tick, _ in points])
    cents = np.array([c for _, c in points])
    return thin_bend(times, cents, tolerance_cents=_BEND_TOLERANCE_CENTS, max_points=_BEND_POINTS)


def _tuning(account: Field) -> Tuning:
    return account.build(
        Tuning,
        open_pitches=tuple(p.integer() for p in account.get("open_pitches").items()),
        capo=account.get("capo").integer(),
        n_frets=account.get("n_frets").integer(),
    )


def _meter(account: Field) -> tuple[int, int]:
    text = account.get("meter").text()
    numerator, _, denominator = text.partition("/")
    if not numerator.isdecimal() or denominator not in ("1", "2", "4", "8", "16") or len(numerator) > 4:
        raise account.get("meter").wrong('a metre such as "4/4"')
    return int(numerator), int(denominator)


def _beats_of_account(account: Field, clock: MidiClock) -> BeatGrid:
    lead_in, n_beats = account.get("lead_in").integer(low=0), account.get("n_beats").integer(low=2)
    if lead_in + n_beats > _MAX_BEATS:
        raise account.error(f"has more than {_MAX_BEATS} beats")
    beats_per_bar, beat_unit = _meter(account)
    ticks = [i * clock.ticks_per_beat for i in range(lead_in, lead_in + n_beats)]
    return account.build(
        BeatGrid,
        beat_times_s=tuple(clock.time_at(t) for t in ticks),
        downbeats=tuple(d.integer() for d in account.get("downbeats").items()),
        beats_per_bar=beats_per_bar,
        beat_unit=beat_unit,
    )


def beats_of_meters(events: MidiEvents, clock: MidiClock, name: str) -> BeatGrid:
    """Quarter-note (or other unit's) beats over the whole file, bars by its time signatures."""
    meters = {0: (4, 4)} | {tick: (max(n, 1), d) for tick, n, d in events.meters}
    beat_unit = max((u for _, u in meters.values() if u in (1, 2, 4, 8, 16)), default=4)
    step = max(1, clock.ticks_per_quarter * 4 // beat_unit)
    n_beats = max(2, events.last_tick // step + 2)
    if n_beats > _MAX_BEATS:
        raise TabFormatError(f"{name}: has more than {_MAX_BEATS} beats")
    return BeatGrid(
        beat_times_s=tuple(clock.time_at(i * step) for i in range(n_beats)),
        downbeats=tuple(_downbeats(meters, step, beat_unit, n_beats)),
        beats_per_bar=max(1, meters[0][0] * beat_unit // meters[0][1]),
        beat_unit=beat_unit,
    )


def _downbeats(meters: dict[int, tuple[int, int]], step: int, beat_unit: int, n_beats: int) -> Iterator[int]:
    starts = sorted(meters)
    for start, end in zip(starts, [*starts[1:], n_beats * step], strict=True):
        numerator, denominator = meters[start]
        bar = max(1, numerator * beat_unit // denominator)
        yield from range(-(-start // step), min(-(-end // step), n_beats), bar)

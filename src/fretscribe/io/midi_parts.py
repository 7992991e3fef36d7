"""Any MIDI file part by part, for those that say nothing of strings.

Fingers nothing: ``pipeline.importing`` does. Neighbours: ``midi_reader`` reads events and notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mido

from fretscribe.io.midi_clock import MidiClock
from fretscribe.io.midi_reader import (
    DRUMS,
    MidiEvents,
    beats_of_meters,
    heard_notes,
    load_midi,
    midi_events,
)
from fretscribe.music import BeatGrid, Key, Note


@dataclass(frozen=True, slots=True, kw_only=True)
class MidiPart:
    """One instrument of a MIDI file: a track, or of a file with one track a channel.

    ``program`` is its General MIDI program (0..127), None where the file says nothing. Notes are sorted.
    """

    name: str
    program: int | None
    is_drums: bool
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MidiPiece:
    """A MIDI file without strings: its parts with notes, and what they share."""

    title: str
    parts: tuple[MidiPart, ...]
    beats: BeatGrid
    key: Key | None
    warnings: tuple[str, ...]


def parse_midi_piece(data: bytes, name: str = "MIDI") -> MidiPiece:
    """Any MIDI file part by part.

    Raises
    ------
    TabFormatError
        If the bytes are no MIDI file.
    """
    file, events = load_midi(data, name)
    clock = MidiClock.of_tempos(events.tempos, file.ticks_per_beat)
    parts: list[MidiPart] = []
    warnings: list[str] = []
    for part_name, part in _parts(file, events, name):
        heard, told = heard_notes(part, clock)
        if not heard:
            continue
        channels = {h.channel for h in heard}
        parts.append(
            MidiPart(
                name=part_name or f"channel {min(channels) + 1}",
                program=part.programs.get(min(channels)),
                is_drums=channels == {DRUMS},
                notes=tuple(sorted((h.note for h in heard), key=lambda n: (n.onset_s, n.pitch))),
            )
        )
        warnings += told
    return MidiPiece(
        title=events.title,
        parts=tuple(parts),
        beats=beats_of_meters(events, clock, name),
        key=events.key,
        warnings=tuple(warnings),
    )


def _parts(file: mido.MidiFile, events: MidiEvents, name: str) -> Iterator[tuple[str, MidiEvents]]:
    """Name and events of each track; of each channel where one track holds everything."""
    n_sounding = sum(any(m.type == "note_on" for m in track) for track in file.tracks)
    if n_sounding > 1:
        for track in file.tracks:
            part = midi_events([track], name)
            part.last_tick = events.last_tick
            yield part.title, part
        return
    for channel in sorted({m.channel for _, m in events.messages}):
        messages = [m for m in events.messages if m[1].channel == channel]
        yield "", MidiEvents(messages=messages, programs=events.programs, last_tick=events.last_tick)

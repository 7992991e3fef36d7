"""A decoder of standard MIDI files, written from the specification and independent of what writes ours.

Source: Standard MIDI Files 1.0 (MMA RP-001), MIDI 1.0 detailed specification (running status, data bytes).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MidiEvent:
    """Absolute tick, status (channel included; 0xFF = meta), type of a meta event, and data."""

    tick: int
    status: int
    meta: int
    data: bytes

    @property
    def channel(self) -> int:
        return self.status & 0x0F


@dataclass(frozen=True, slots=True)
class MidiFile:
    kind: int
    ticks_per_quarter: int
    tracks: tuple[tuple[MidiEvent, ...], ...]

    def metas(self, meta: int) -> list[MidiEvent]:
        """Meta events of all tracks, by tick."""
        return sorted((e for t in self.tracks for e in t if e.meta == meta), key=lambda e: e.tick)

    def seconds_at(self, tick: int) -> float:
        """By the tempo events, 120 quarter notes a minute before the first."""
        now, tempo, seconds = 0, 500_000, 0.0
        for event in self.metas(0x51):
            if event.tick >= tick:
                break
            seconds += (event.tick - now) * tempo / 1e6 / self.ticks_per_quarter
            now, tempo = event.tick, int.from_bytes(event.data, "big")
        return seconds + (tick - now) * tempo / 1e6 / self.ticks_per_quarter

    def tempo_at(self, tick: int) -> int:
        """Microseconds a quarter note."""
        return next(
            (int.from_bytes(e.data, "big") for e in reversed(self.metas(0x51)) if e.tick <= tick), 500_000
        )


def decode(data: bytes) -> MidiFile:
    """The file; an `AssertionError` where it breaks the specification."""
    assert data[:8] == b"MThd\x00\x00\x00\x06"
    kind, n_tracks, division = (int.from_bytes(data[i : i + 2], "big") for i in (8, 10, 12))
    at, tracks = 14, []
    for _ in range(n_tracks):
        assert data[at : at + 4] == b"MTrk"
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
        tracks.append(tuple(_events(data[at + 8 : end])))
        at = end
    assert at == len(data)
    return MidiFile(kind, division, tuple(tracks))


def _events(track: bytes) -> Iterator[MidiEvent]:
    at, tick, running = 0, 0, 0
    while at < len(track):
        delta, at = _number(track, at)
        tick += delta
        status, meta = track[at], -1
        if status == 0xFF:
            size, start = _number(track, at + 2)
            meta = track[at + 1]
        else:
            running = status if status & 0x80 else running
            start = at + (1 if status & 0x80 else 0)
            assert 0x80 <= running < 0xF0
            size, status = (1 if running >> 4 in (0xC, 0xD) else 2), running
            assert all(b < 0x80 for b in track[start : start + size])
        at = start + size
        yield MidiEvent(tick, status, meta, track[start:at])
    assert (status, meta) == (0xFF, 0x2F), "a track ends with its end"


def _number(track: bytes, at: int) -> tuple[int, int]:
    """A variable-length quantity, and where it ends."""
    value = 0
    while True:
        value = value << 7 | track[at] & 0x7F
        at += 1
        if not track[at - 1] & 0x80:
            return value, at


def bar_ticks(file: MidiFile, end: int) -> list[int]:
    """Where bars start up to a tick, as a score program counts: anew at each time signature."""
    meters = [(e.tick, e.data[0] * file.ticks_per_quarter * 4 >> e.data[1]) for e in file.metas(0x58)]
    found: list[int] = []
    for i, (tick, length) in enumerate(meters):
        following = meters[i + 1][0] if i + 1 < len(meters) else end + 1
        found += range(tick, following, length)
    return found


def notes_of(events: Sequence[MidiEvent]) -> list[tuple[int, int, int, int, int]]:
    """Channel, start, end, pitch, velocity of every note of a track; a channel sounds one at a time."""
    sounding: dict[tuple[int, int], tuple[int, int]] = {}
    found = []
    for e in events:
        if e.status >> 4 == 0x9 and e.data[1]:
            assert not any(channel == e.channel for channel, _ in sounding), "two notes on a channel"
            sounding[e.channel, e.data[0]] = (e.tick, e.data[1])
        elif e.status >> 4 in (0x8, 0x9):
            start, velocity = sounding.pop((e.channel, e.data[0]))
            found.append((e.channel, start, e.tick, e.data[0], velocity))
    assert not sounding
    return sorted(found)

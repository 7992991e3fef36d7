"""Ticks and seconds of a MIDI file: the tempo map, both ways.

Knows nothing of notes. Neighbours: ``midi`` builds a clock from a `BeatGrid`, ``midi_reader`` from tempo
events.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from fretscribe.errors import OutputError
from fretscribe.music import BeatGrid

TICKS_PER_QUARTER = 960
DEFAULT_TEMPO_US = 500_000
_MAX_TEMPO_US = 2**24 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MidiClock:
    """A tempo map.

    Attributes
    ----------
    ticks : tuple of int
        Where a tempo starts, rising from 0.
    tempos_us : tuple of int
        Microseconds a quarter note from there on.
    starts_s : tuple of float
        Seconds at ``ticks``.
    ticks_per_quarter, ticks_per_beat : int
    n_lead_in : int
        Beats before the first beat of the grid.
    """

    ticks: tuple[int, ...]
    tempos_us: tuple[int, ...]
    starts_s: tuple[float, ...]
    ticks_per_quarter: int
    ticks_per_beat: int
    n_lead_in: int = 0

    @classmethod
    def of_tempos(
        cls, changes: Sequence[tuple[int, int]], ticks_per_quarter: int, beat_unit: int = 4
    ) -> MidiClock:
        """A clock of (tick, microseconds a quarter) changes in any order; 120 bpm where none is said."""
        by_tick = {0: DEFAULT_TEMPO_US} | dict(sorted(changes, key=lambda c: c[0]))
        ticks = tuple(sorted(by_tick))
        starts = [0.0]
        for a, b in itertools.pairwise(ticks):
            starts.append(starts[-1] + (b - a) * by_tick[a] / (1e6 * ticks_per_quarter))
        return cls(
            ticks=ticks,
            tempos_us=tuple(by_tick[t] for t in ticks),
            starts_s=tuple(starts),
            ticks_per_quarter=ticks_per_quarter,
            ticks_per_beat=max(1, ticks_per_quarter * 4 // beat_unit),
        )

    @classmethod
    def of_beats(cls, beats: BeatGrid | None) -> MidiClock:
        """The clock that a grid needs: a tempo at every beat whose interval changes.

        Tempos are whole microseconds; each makes up for the rounding of those before it, so beats never
        drift from the grid.

        Raises
        ------
        OutputError
            If a beat is too long for a MIDI tempo.
        """
        if beats is None:
            return cls.of_tempos((), TICKS_PER_QUARTER)
        times = beats.beat_times_s
        if times[0] < 0:
            raise ValueError("a MIDI clock starts at 0 s")
        n_lead_in = max(1, round(times[0] / (times[1] - times[0]))) if times[0] > 0 else 0
        lead_in = [times[0] * i / n_lead_in for i in range(n_lead_in)]
        quarters_per_beat = 4 / beats.beat_unit
        changes: list[tuple[int, int]] = []
        ticks_per_beat = TICKS_PER_QUARTER * 4 // beats.beat_unit
        reached_s = 0.0
        for i, end_s in enumerate([*lead_in, *times][1:]):
            tempo = max(1, round((end_s - reached_s) * 1e6 / quarters_per_beat))
            if tempo > _MAX_TEMPO_US:
                raise OutputError(f"the beat before {end_s:.3f} s is too long for a MIDI tempo")
            # A microsecond of rounding is no change of tempo, as long as the beats stay within 10 us.
            steady = changes and abs(reached_s + changes[-1][1] * quarters_per_beat / 1e6 - end_s) < 1e-5
            if not steady:
                changes.append((i * ticks_per_beat, tempo))
            reached_s += changes[-1][1] * quarters_per_beat / 1e6
        clock = cls.of_tempos(changes, TICKS_PER_QUARTER, beats.beat_unit)
        return cls(
            ticks=clock.ticks,
            tempos_us=clock.tempos_us,
            starts_s=clock.starts_s,
            ticks_per_quarter=TICKS_PER_QUARTER,
            ticks_per_beat=clock.ticks_per_beat,
            n_lead_in=n_lead_in,
        )

    def time_at(self, tick: int) -> float:
        """Seconds at a tick."""
        i = bisect.bisect_right(self.ticks, tick) - 1
        return self.starts_s[i] + (tick - self.ticks[i]) * self.tempos_us[i] / (1e6 * self.ticks_per_quarter)

    def tick_at(self, time_s: float) -> int:
        """The nearest tick to a time in seconds, 0 or later."""
        i = max(bisect.bisect_right(self.starts_s, time_s) - 1, 0)
        ticks = (time_s - self.starts_s[i]) * 1e6 * self.ticks_per_quarter / self.tempos_us[i]
        return self.ticks[i] + max(round(ticks), 0)

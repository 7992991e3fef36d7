"""When the bars of a score sound: quarter notes to seconds, and the beats of the whole piece.

Knows bars and tempos, not notes. Neighbours: ``score_order`` says which bars are played, ``score_to_tab``
places notes by this clock.
"""

from __future__ import annotations

import bisect
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from fretscribe.errors import TabFormatError
from fretscribe.io.score import Score, ScoreBar
from fretscribe.music import BeatGrid

DEFAULT_QUARTERS_A_MINUTE = 120.0
MAX_BEATS = 200_000
_UNITS = (1, 2, 4, 8, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreClock:
    """The time of a piece as played.

    Attributes
    ----------
    bar_starts : tuple of Fraction
        Quarter notes before each played bar, and one more: the end. The first bar may start after 0, where
        a pick-up is no whole number of beats.
    beat_unit : int
        The note value that the beats of `beats` count.
    beats : BeatGrid
    n_bars_off_beat : int
        Bars that start between two beats, and so are no downbeat of the grid.
    """

    bar_starts: tuple[Fraction, ...]
    beat_unit: int
    beats: BeatGrid
    n_bars_off_beat: int
    _from: tuple[Fraction, ...]
    _seconds: tuple[float, ...]
    _tempos: tuple[float, ...]

    def time_at(self, quarters: Fraction) -> float:
        """Seconds at a position in quarter notes."""
        i = max(bisect.bisect_right(self._from, quarters) - 1, 0)
        return self._seconds[i] + float(quarters - self._from[i]) * 60.0 / self._tempos[i]

    def beat_at(self, quarters: Fraction) -> Fraction:
        """Position in beats of the grid."""
        return quarters * self.beat_unit / 4


def clock_of(score: Score, order: Sequence[int]) -> ScoreClock:
    """The clock of a score whose bars are played in an order.

    The beat is that of the metre that most bars have; where other bars are no whole number of such beats,
    the next finer note value that fits all.

    Raises
    ------
    TabFormatError
        If the piece has more than 200,000 beats.
    """
    played = [score.bars[i] for i in order]
    unit = _beat_unit(played)
    pad = _padding(played, unit)
    starts = tuple(itertools.accumulate((bar.length for bar in played), initial=pad))
    if starts[-1] * unit / 4 > MAX_BEATS:
        raise TabFormatError(f"{score.name}: has more than {MAX_BEATS} beats")
    changes = _tempo_changes(played, starts)
    seconds = [0.0]
    for (a, tempo), (b, _) in itertools.pairwise(changes):
        seconds.append(seconds[-1] + float(b - a) * 60.0 / tempo)
    clock = ScoreClock(
        bar_starts=starts,
        beat_unit=unit,
        beats=BeatGrid(beat_times_s=(0.0, 1.0), downbeats=(0,)),
        n_bars_off_beat=0,
        _from=tuple(a for a, _ in changes),
        _seconds=tuple(seconds),
        _tempos=tuple(tempo for _, tempo in changes),
    )
    return _with_beats(clock, played)


def _with_beats(clock: ScoreClock, played: Sequence[ScoreBar]) -> ScoreClock:
    unit = clock.beat_unit
    n_beats = max(2, -int(-clock.beat_at(clock.bar_starts[-1]) // 1) + 1)
    beat = Fraction(4, unit)
    at = [clock.beat_at(start) for start in clock.bar_starts[:-1]]
    first_is_pickup = len(played) > 1 and played[0].length < _written_length(played[0])
    downbeats = [int(b) for b in at[1 if first_is_pickup else 0 :] if b.denominator == 1]
    metre = _common_metre(played)
    grid = BeatGrid(
        beat_times_s=tuple(clock.time_at(i * beat) for i in range(n_beats)),
        downbeats=tuple(downbeats),
        beats_per_bar=max(1, round(metre[0] * unit / metre[1])),
        beat_unit=unit,
    )
    return ScoreClock(
        bar_starts=clock.bar_starts,
        beat_unit=unit,
        beats=grid,
        n_bars_off_beat=sum(b.denominator != 1 for b in at[1:]),
        _from=clock._from,
        _seconds=clock._seconds,
        _tempos=clock._tempos,
    )


def _written_length(bar: ScoreBar) -> Fraction:
    return Fraction(4 * bar.beats_per_bar, bar.beat_unit)


def _common_metre(bars: Sequence[ScoreBar]) -> tuple[int, int]:
    """The metre of most bars, the earliest where several are as common."""
    return Counter((bar.beats_per_bar, bar.beat_unit) for bar in bars).most_common(1)[0][0]


def _beat_unit(bars: Sequence[ScoreBar]) -> int:
    """The beat of the common metre, or the coarsest finer one that divides every bar but a pick-up."""
    wanted = _common_metre(bars)[1]
    wanted = wanted if wanted in _UNITS else max(_UNITS)
    lengths = {bar.length for bar in bars[1:]} or {bars[0].length}
    for unit in _UNITS:
        if unit >= wanted and all((length * unit / 4).denominator == 1 for length in lengths):
            return unit
    return wanted


def _padding(bars: Sequence[ScoreBar], unit: int) -> Fraction:
    """Silence before the first bar, so that a pick-up of part of a beat ends on one."""
    if len(bars) < 2:
        return Fraction(0)
    beats = bars[0].length * unit / 4
    return (-beats % 1) * 4 / unit


def _tempo_changes(bars: Sequence[ScoreBar], starts: Sequence[Fraction]) -> list[tuple[Fraction, float]]:
    """(quarter notes, quarter notes a minute), rising from 0; the last of several at one place counts."""
    changes = {Fraction(0): DEFAULT_QUARTERS_A_MINUTE}
    for bar, start in zip(bars, starts, strict=False):
        for offset, tempo in bar.tempos:
            at = start + min(max(offset, Fraction(0)), bar.length)
            changes[Fraction(0) if at == starts[0] else at] = tempo
    return sorted(changes.items())

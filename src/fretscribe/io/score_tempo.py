"""The tempo map of a written score: as few tempo marks as follow the beats of a `BeatGrid`.

Knows beats and bars, no notes. Neighbours: ``tab_to_score`` puts the marks into its bars, ``score_clock``
turns them into seconds again.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence

from fretscribe.music import BeatGrid

TEMPO_TOLERANCE_S = 0.05
"""How far a beat of the score may sound from where the grid has it: as far as onsets are judged by."""
_SHORTEST_BEAT_S = 0.01
_DIGITS = (1, 10, 100)
_NEARLY = 0.75


def tempo_marks(
    beats: BeatGrid, bar_starts: Sequence[int], end: int, *, tolerance_s: float = TEMPO_TOLERANCE_S
) -> list[tuple[int, float]]:
    """Beats (of the grid) at which the tempo changes, and the quarter notes a minute from there on.

    No beat sounds more than the tolerance before or after its time in the grid, counted from the first bar
    (but for beats shorter than 10 ms). A tempo holds for as long as it can, changes fall on bar lines where
    they can, and the number is whole, or in tenths or hundredths, where that makes it hold nearly as long.

    Parameters
    ----------
    beats : BeatGrid
    bar_starts : sequence of int
        First beats of the bars, rising; the first mark stands at the first of them.
    end : int
        The beat after the last bar.
    tolerance_s : float
        Above 0.
    """
    at = bar_starts[0]
    written_s = beats.time_at(at)
    marks: list[tuple[int, float]] = []
    while at < end:
        until, step_s = _longest(beats, at, written_s, end, tolerance_s)
        if until < end:
            bar = bar_starts[bisect.bisect_right(bar_starts, until) - 1]
            if at < bar < until:
                until, step_s = _longest(beats, at, written_s, bar, tolerance_s)
        tempo = 60.0 / step_s * 4.0 / beats.beat_unit
        if not marks or not math.isclose(marks[-1][1], tempo, rel_tol=1e-9):
            marks.append((at, tempo))
        written_s += step_s * (until - at)
        at = until
    return marks


def _longest(beats: BeatGrid, at: int, written_s: float, end: int, tolerance_s: float) -> tuple[int, float]:
    """The furthest beat that one tempo follows the grid to, and its seconds a beat.

    A number with fewer digits is taken where it holds nearly as long, and to the end where another would.
    """
    one_a_minute = 240.0 / beats.beat_unit
    lowest, highest = _SHORTEST_BEAT_S, math.inf
    until, step_s = at, 0.0
    plain: dict[int, tuple[int, float]] = {}
    for beat in range(at + 1, end + 1):
        time_s = beats.time_at(beat) - written_s
        lowest = max(lowest, (time_s - tolerance_s) / (beat - at))
        highest = min(highest, (time_s + tolerance_s) / (beat - at))
        if lowest > highest:
            break
        until, step_s = beat, min(max(time_s / (beat - at), lowest), highest)
        for digits in _DIGITS:
            found = _plain(step_s, lowest, highest, one_a_minute * digits)
            if found is not None:
                plain[digits] = (beat, found)
    if until == at:
        return at + 1, max(_SHORTEST_BEAT_S, beats.time_at(at + 1) - written_s)
    for beat, found in (plain[digits] for digits in _DIGITS if digits in plain):
        if beat == until or (until < end and beat - at >= _NEARLY * (until - at)):
            return beat, found
    return until, step_s


def _plain(wanted: float, lowest: float, highest: float, one: float) -> float | None:
    """Seconds a beat, near those wanted, at a whole number of steps; a beat at one step lasts ``one``."""
    slowest, fastest = max(1, math.ceil(one / highest)), math.floor(one / lowest)
    if slowest > fastest:
        return None
    return one / min(max(round(one / wanted), slowest), fastest)

"""Bar lines for a first look at notes while the rest of a recording is still to come.

Cheap, for it runs again and again: the walk of the network's chances alone (``beat_chances``), where
``rhythm``, the door to the beats of a finished tab, weighs hundreds of grids. Lines go on where those of an
earlier stretch ended, at about its tempo. Neighbour: ``pipeline.drafting``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from fretscribe.music import Note
from fretscribe.symbolic.beat_chances import chance_score, chance_walk
from fretscribe.symbolic.beat_net import beat_chances, built_in_beat_net
from fretscribe.symbolic.beats import STIFFNESS, beat_times
from fretscribe.symbolic.onset_rows import FRAME_HZ

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

EARLY_S = 0.06
"""A note that starts so little ahead of a bar line belongs after it."""

_FEWEST = 4  # notes: fewer say nothing about a tempo
_USUAL_S = 0.5
_CLEARLY_THREE = 1.2  # how much likelier downbeats must be in threes; of GuitarSet, in four, at most 1.05
_PHASES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftBars:
    """Bars of a stretch.

    Attributes
    ----------
    lines_s : tuple of float
        Where bars start, and where the last one ends: at least two times, strictly rising.
    beat_s : float
        How long a quarter (or a dotted one, where eighths go in threes) lasts.
    beats : Fraction
        How many of them a bar has.
    """

    lines_s: tuple[float, ...]
    beat_s: float
    beats: Fraction

    def __post_init__(self) -> None:
        if len(self.lines_s) < 2:
            raise ValueError("a bar needs two lines")


def draft_bars(
    notes: Sequence[Note],
    until_s: float,
    *,
    bpm: float | None = None,
    meter: tuple[int, int] | None = None,
    before: DraftBars | None = None,
) -> DraftBars:
    """Bars from the first of some notes to beyond ``until_s``.

    Parameters
    ----------
    notes : sequence of Note
        At least one, sorted by onset.
    until_s : float
        The last line lies at or after it.
    bpm : float, optional
        Fixes the tempo, in beats of the metre's unit a minute.
    meter : tuple of int, optional
        Beats in a bar, and their unit; without it 4/4 or, where that is clear, 3/4.
    before : DraftBars, optional
        What was drawn already: the first line is the last one of it.
    """
    if before is not None and (bpm is not None or len(notes) < _FEWEST):
        return _gone_on(before, until_s)
    origin_s = notes[0].onset_s
    units = _units_in_beat(meter)
    walk, downbeats = _walk(notes, origin_s, None if bpm is None else 60.0 / bpm * float(units))
    found_s = float(np.median(np.diff(walk)))
    if before is None:
        beats, first = _first_line(walk, downbeats, None if meter is None else meter[0] / units)
        lines = _lines(walk, first, float(beats), until_s - origin_s) + origin_s
        return DraftBars(lines_s=tuple(lines.tolist()), beat_s=found_s, beats=beats)
    factor = min((1.0, 2.0, 0.5), key=lambda f: abs(np.log(found_s * f / before.beat_s)))
    grain = min(1.0, factor)
    joint_s, bar_s = before.lines_s[-1], found_s * factor * float(before.beats)
    first = round(_place(walk, joint_s - origin_s) / grain) * grain
    until_s = max(until_s, joint_s + bar_s)
    lines = _lines(walk, first, float(before.beats) * factor, until_s - origin_s) + origin_s
    later = lines[lines > joint_s + bar_s / 2]
    return DraftBars(lines_s=(joint_s, *later.tolist()), beat_s=found_s * factor, beats=before.beats)


def _gone_on(before: DraftBars, until_s: float) -> DraftBars:
    """Bars at the tempo of those before."""
    joint_s, bar_s = before.lines_s[-1], before.beat_s * float(before.beats)
    n_bars = max(1, int(np.ceil((until_s - joint_s) / bar_s)))
    return replace(before, lines_s=tuple((joint_s + bar_s * np.arange(n_bars + 1.0)).tolist()))


def _units_in_beat(meter: tuple[int, int] | None) -> Fraction:
    """How many of the metre's beats a beat of the walk lasts: three where eighths go in threes."""
    if meter is None:
        return Fraction(1)
    n, unit = meter
    return Fraction(3) if unit >= 8 and n > 3 and n % 3 == 0 else Fraction(unit, 4)


def _walk(notes: Sequence[Note], origin_s: float, beat_s: float | None) -> tuple[Array, Array]:
    """Beats, counted from ``origin_s`` on, and the chance that each is a downbeat."""
    if len(notes) < _FEWEST:
        return np.arange(2.0) * (beat_s or _USUAL_S), np.zeros(2)
    shifted = [
        replace(n, onset_s=n.onset_s - origin_s, offset_s=n.offset_s - origin_s, bend=()) for n in notes
    ]
    last_s = shifted[-1].onset_s
    chances = beat_chances(shifted, last_s, built_in_beat_net())
    if beat_s is None:
        walk = chance_walk(chances, 0.0, last_s, stiffness=STIFFNESS)
    else:
        steps = beat_s * np.arange(-1.0, last_s / beat_s + 2.0)
        grids = [steps + beat_s * i / _PHASES for i in range(_PHASES)]
        walk = max(grids, key=lambda grid: chance_score(chances, grid))
    frames = np.arange(chances.shape[1])
    return walk, np.interp(walk * FRAME_HZ, frames, chances[1], left=0.0, right=0.0)


def _first_line(walk: Array, downbeats: Array, beats: Fraction | None) -> tuple[Fraction, float]:
    """Beats of a bar, and the place of a bar line in the walk, at or just before time 0."""

    def best(step: Fraction) -> tuple[float, int]:
        phases = range(-(-step.numerator // step.denominator))
        at = [np.arange(phase, len(walk), float(step)).astype(np.int64) for phase in phases]
        means = [float(downbeats[places].mean()) if len(places) else 0.0 for places in at]
        return max(means), int(np.argmax(means))

    if beats is None:
        threes, fours = best(Fraction(3))[0], best(Fraction(4))[0]
        beats = Fraction(3) if threes > _CLEARLY_THREE * fours else Fraction(4)
    phase = float(best(beats)[1])
    n_bars = np.ceil((phase - _place(walk, EARLY_S)) / float(beats))
    return beats, phase - float(n_bars) * float(beats)


def _place(walk: Array, time_s: float) -> float:
    """Inverse of `beats.beat_times`: fractional beat at a time."""
    i = int(np.clip(np.searchsorted(walk, time_s, side="right") - 1, 0, len(walk) - 2))
    return i + float((time_s - walk[i]) / (walk[i + 1] - walk[i]))


def _lines(walk: Array, first: float, step: float, until_s: float) -> Array:
    """Times of every ``step``-th beat from place ``first`` on, the last at or after ``until_s``."""
    n_steps = max(1, int(np.ceil((_place(walk, until_s) - first) / step)))
    return beat_times(walk, first + step * np.arange(n_steps + 1.0))

"""Pitch curves of a finger on a string: bends, releases, vibrato and the way a slide travels.

Curves are `BendPoint` tuples, seconds after the onset and cents above the written pitch; between points
the pitch is meant to be interpolated linearly, after the last it stays.
"""

from __future__ import annotations

import math

from fretscribe.datasets.idioms.dice import Dice
from fretscribe.music import BendPoint

_VIBRATO_POINTS_PER_CYCLE = 10


def bend_curve(dice: Dice, length_s: float) -> tuple[BendPoint, ...]:
    """A bend of a quarter, half or whole tone: up, up and down again, or bent before and released."""
    cents = dice.weighted({200.0: 0.5, 100.0: 0.35, 50.0: 0.1, 300.0: 0.05}) + dice.bell(8.0, 15.0)
    start_s = length_s * dice.between(0.0, 0.25)
    rise_s = min(0.4 * length_s, dice.between(0.06, 0.25))
    kind = dice.weighted({"up": 0.6, "up and down": 0.25, "release": 0.15})
    if kind == "release":
        return (
            BendPoint(time_s=0.0, cents=cents),
            BendPoint(time_s=start_s + 0.2 * length_s, cents=cents),
            BendPoint(time_s=start_s + 0.2 * length_s + rise_s, cents=0.0),
        )
    up = (
        BendPoint(time_s=0.0, cents=0.0),
        BendPoint(time_s=start_s, cents=0.0),
        BendPoint(time_s=start_s + 0.5 * rise_s, cents=0.6 * cents),
        BendPoint(time_s=start_s + rise_s, cents=cents),
    )
    if kind == "up":
        return up[1:] if start_s == 0.0 else up
    back_s = start_s + rise_s + 0.1 * length_s
    return (
        *up,
        BendPoint(time_s=back_s, cents=cents),
        BendPoint(time_s=min(length_s, back_s + rise_s), cents=0.0),
    )


def vibrato_curve(dice: Dice, length_s: float) -> tuple[BendPoint, ...]:
    """Vibrato of 4 to 7 Hz and 10 to 50 cents that sets in after a while and only goes sharp."""
    rate_hz, depth = dice.between(4.0, 7.0), dice.between(10.0, 50.0)
    start_s = length_s * dice.between(0.1, 0.4)
    step_s = 1.0 / (rate_hz * _VIBRATO_POINTS_PER_CYCLE)
    points = [BendPoint(time_s=0.0, cents=0.0)]
    for i in range(int((length_s - start_s) / step_s) + 1):
        swell = min(1.0, i / (2.0 * _VIBRATO_POINTS_PER_CYCLE))
        height = 0.5 - 0.5 * math.cos(2.0 * math.pi * i / _VIBRATO_POINTS_PER_CYCLE)
        points.append(BendPoint(time_s=start_s + i * step_s, cents=depth * swell * height))
    return tuple(points)


def slide_curve(dice: Dice, from_cents: float, length_s: float) -> tuple[BendPoint, ...]:
    """The way from another fret, ``from_cents`` away, to the written pitch."""
    travel_s = min(0.4 * length_s, dice.between(0.03, 0.09))
    return (BendPoint(time_s=0.0, cents=from_cents), BendPoint(time_s=travel_s, cents=0.0))

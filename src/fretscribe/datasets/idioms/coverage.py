"""Styles that are not music but teach evenly: every string and fret alike, and the same pitch struck often.

Neighbours: ``chordal`` and ``lines`` are what people play.
"""

from __future__ import annotations

from fretscribe.datasets.idioms.canvas import TICKS, Canvas
from fretscribe.datasets.idioms.setting import Section
from fretscribe.music import Position

_REACH = 4
_POLYPHONY = {1: 0.4, 2: 0.2, 3: 0.14, 4: 0.1, 5: 0.08, 6: 0.08}


def chromatic(canvas: Canvas, section: Section) -> None:
    """Random notes and grips, every string and every fret equally likely.

    A grip is drawn in a window of the neck whose ends are joined (fret 1 follows the highest), so that no
    fret is favoured; a window that lies across the joint is played as two grips, one after the other.
    """
    dice = canvas.dice
    tick = section.first_tick
    while tick < section.end_tick:
        spacing = dice.weighted(
            {TICKS // 4: 0.25, TICKS // 3: 0.1, TICKS // 2: 0.35, TICKS: 0.2, 2 * TICKS: 0.1}
        )
        for grip in random_grips(canvas, min(dice.weighted(_POLYPHONY), canvas.tuning.n_strings)):
            late_s, spread_s = canvas.human(), dice.between(0.0, 0.02)
            for i, (string, fret) in enumerate(grip):
                length = max(TICKS // 8, int(spacing * dice.between(0.3, 3.0)))
                canvas.pluck(
                    string, fret, tick, length, velocity=dice.between(35, 120), late_s=late_s + i * spread_s
                )
            tick += spacing
        if dice.chance(0.06):
            tick += dice.pick((TICKS, 2 * TICKS))


def random_grips(canvas: Canvas, n_notes: int) -> list[list[tuple[int, int]]]:
    """One grip (or two, see `chromatic`) of ``n_notes`` places on different strings."""
    dice, highest = canvas.dice, canvas.tuning.highest_fret
    lowest = dice.whole(1, highest)
    before_joint: list[tuple[int, int]] = []
    after_joint: list[tuple[int, int]] = []
    for string in dice.sample(range(canvas.tuning.n_strings), n_notes):
        if dice.chance(1.0 / (highest + 1)):
            before_joint.append((string, 0))
            continue
        fret = lowest + dice.whole(0, min(_REACH, highest - 1))
        if fret <= highest:
            before_joint.append((string, fret))
        else:
            after_joint.append((string, fret - highest))
    return [grip for grip in (before_joint, after_joint) if grip]


def repeat(canvas: Canvas, section: Section) -> None:
    """One pitch struck again and again, 6 to 14 times a second, then slower, and on other strings."""
    dice, tuning = canvas.dice, canvas.tuning
    tick = section.first_tick
    while tick < section.end_tick:
        string = dice.whole(0, tuning.n_strings - 1)
        first = Position(string=string, fret=dice.whole(0, tuning.highest_fret))
        places = [place for place in tuning.positions(tuning.pitch(first)) if place != first]
        beat_s = (canvas.time_at(tick + 4 * TICKS) - canvas.time_at(tick)) / 4.0
        fast = dice.chance(0.6)
        rates = [
            n for n in (2, 3, 4, 6, 8, 12, 16) if (6.0 <= n / beat_s <= 14.0) == fast and n / beat_s <= 14.0
        ]
        step = TICKS // dice.pick(rates) if rates else TICKS // 2
        place = first
        velocity = section.loudness
        for i in range(dice.whole(4, 20)):
            if tick >= section.end_tick:
                break
            if places and i and dice.chance(0.04 if fast else 0.3):
                place = dice.pick([first, *places])
            hold = dice.weighted({1.0: 0.6, dice.between(0.4, 0.9): 0.4})
            canvas.pluck(
                place.string,
                place.fret,
                tick,
                step,
                velocity=velocity,
                hold=hold,
                late_s=0.4 * canvas.human(),
            )
            tick += step
        tick += step * dice.whole(0, 3)

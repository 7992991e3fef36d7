"""Studies of technique: phrases in which each technique stands among plain notes that sound like it.

Palm mutes beside staccato, hammer-ons beside soft legato strokes, bends beside notes that are out of tune,
harmonics beside the same pitches fretted: what a detector has to tell apart. For fitting and for measuring;
no music. Neighbours: ``lines`` and ``chordal`` write what people play, some of which stands in between.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from fretscribe.datasets.idioms.bends import bend_curve, slide_curve
from fretscribe.datasets.idioms.canvas import TICKS, Canvas, drifting_beats
from fretscribe.datasets.idioms.chordal import arpeggio, fingerstyle, stroke_chord, strum
from fretscribe.datasets.idioms.dice import Dice
from fretscribe.datasets.idioms.hand import SCALES, find_voicing, scale_in_position
from fretscribe.datasets.idioms.lines import lead, power_chord, riff
from fretscribe.datasets.idioms.setting import Section, song_chords
from fretscribe.music import STANDARD_TUNING, BendPoint, Key, Tab, Technique, Tuning

_PLAIN: frozenset[Technique] = frozenset()
_LENGTHS = {TICKS // 4: 1.0, TICKS // 3: 0.7, TICKS // 2: 3.0, TICKS: 2.0}
_LONG = {TICKS: 2.0, 3 * TICKS // 2: 1.0, 2 * TICKS: 2.0}
_NODES = {12: 0.4, 7: 0.25, 5: 0.25, 19: 0.04, 4: 0.03, 9: 0.03}
_BASS_SHARE = 0.3
_TOUCH_S = (0.004, 0.025)
_SHORTEST_S = 0.09  # a hand cannot stop a plucked note sooner
_SLIDES = {1: 0.06, 2: 0.4, 3: 0.2, 4: 0.14, 5: 0.12, 7: 0.08}


def technique_study(
    seed: int | np.random.Generator,
    *,
    duration_s: float = 20.0,
    tuning: Tuning = STANDARD_TUNING,
    without: Collection[Technique] = (),
) -> Tab:
    """Phrases of every technique and of what resembles it, invented from a seed.

    Parameters
    ----------
    seed : int or numpy Generator
        The same seed and options give the same tab; a generator is advanced.
    duration_s : float
        Nothing sounds after it.
    tuning : Tuning
    without : collection of Technique
        Phrases made for these are left out (for instruments that cannot play them).

    >>> tab = technique_study(1, duration_s=12.0)
    >>> tab == technique_study(1, duration_s=12.0), tab.duration_s <= 12.0
    (True, True)
    """
    dice = Dice(seed)
    tempo_bpm = dice.between(75.0, 160.0)
    beats = drifting_beats(
        dice, tempo_bpm, duration_s, start_s=dice.between(0.1, 0.5), beats_per_bar=4, drift=0.02
    )
    canvas = Canvas(
        tuning, beats, dice, end_s=duration_s, jitter_s=dice.between(0.002, 0.01), touch_s=_TOUCH_S
    )
    key = Key(tonic=dice.whole(0, 11), mode=dice.pick(("major", "minor")))
    writers = {write: share for write, (share, shows) in _PHRASES.items() if shows not in without}
    tick, written = 0, []
    while canvas.time_at(tick) < canvas.end_s:
        section = Section(
            first_tick=tick, n_bars=dice.weighted({1: 0.6, 2: 0.4}), beats_per_bar=4, key=key,
            loudness=dice.between(55.0, 105.0), ringing=dice.between(0.0, 1.0),
        )  # fmt: skip
        write = dice.weighted(writers)
        write(canvas, section)
        written.append(write.__name__)
        tick = section.end_tick
        if dice.chance(0.2):
            tick += dice.pick((TICKS // 2, TICKS))
    return canvas.finish(
        key=key,
        title="technique study",
        provenance={"generator": "studies/1", "phrases": written, "tempo_bpm": round(tempo_bpm, 3)},
    )


def bent(canvas: Canvas, section: Section) -> None:
    """Bends, vibrato, notes held still, and notes that are out of tune."""
    dice = canvas.dice
    bass = _bass(canvas, section)
    for tick, ticks, place in _walk(canvas, section, _LENGTHS, lowest=dice.whole(2, 14), from_string=2):
        length_s = canvas.time_at(tick + ticks) - canvas.time_at(tick)
        chance = dice.between(0.0, 1.0)
        techniques, bend = _PLAIN, _mistuned(dice)
        if place[1] and chance < 0.4 and length_s > 0.22:
            techniques, bend = frozenset({"bend"}), bend_curve(dice, length_s)
        elif place[1] and chance < 0.55 and length_s > 0.4:
            techniques, bend = frozenset({"vibrato"}), wide_vibrato(dice, length_s)
        _pluck(canvas, section, place, tick, ticks, techniques, bend, stays_off=bass)


def shaken(canvas: Canvas, section: Section) -> None:
    """Long notes, half of them with vibrato."""
    dice = canvas.dice
    bass = _bass(canvas, section)
    for tick, ticks, place in _walk(canvas, section, _LONG, lowest=dice.whole(0, 14), from_string=1):
        length_s = canvas.time_at(tick + ticks) - canvas.time_at(tick)
        techniques, bend = _PLAIN, _mistuned(dice)
        if place[1] and dice.chance(0.5):
            techniques, bend = frozenset({"vibrato"}), wide_vibrato(dice, length_s)
        _pluck(canvas, section, place, tick, ticks, techniques, bend, stays_off=bass)


def slurred(canvas: Canvas, section: Section) -> None:
    """Runs along a string: hammered, pulled, slid, or plucked just as legato and often as softly."""
    dice = canvas.dice
    bass = _bass(canvas, section)
    string = dice.whole(2 if bass else 0, canvas.tuning.n_strings - 1)
    lowest = dice.whole(0, 14)
    fret, tick = lowest, section.first_tick
    while tick < section.end_tick:
        ticks = dice.weighted(_LENGTHS)
        fresh = tick == section.first_tick or dice.chance(0.25)
        if fresh:
            string = dice.whole(2 if bass else 0, canvas.tuning.n_strings - 1)
            fret = lowest + dice.whole(0, 3)
            _pluck(canvas, section, (string, fret), tick, ticks, _PLAIN, (), hold=1.05)
        else:
            fret = _slur(canvas, section, string, fret, lowest, tick, ticks)
        tick += ticks


def _slur(
    canvas: Canvas, section: Section, string: int, before: int, lowest: int, tick: int, ticks: int
) -> int:
    """A note reached from another on its string; returns its fret."""
    dice = canvas.dice
    length_s = canvas.time_at(tick + ticks) - canvas.time_at(tick)
    how = dice.weighted({"finger": 0.42, "slide": 0.23, "pluck": 0.35})
    reach = dice.weighted(_SLIDES) if how == "slide" else dice.whole(1, 4)
    fret = before + reach if before - reach < max(0, lowest - 2) or dice.chance(0.5) else before - reach
    if how == "slide" and (not before or not fret):
        how = "finger"
    techniques: frozenset[Technique] = _PLAIN
    bend: tuple[BendPoint, ...] = ()
    velocity = section.loudness + dice.between(-12, 6)
    if how == "finger":
        techniques = frozenset({"hammer_on" if fret > before else "pull_off"})
        velocity = section.loudness - dice.between(0, 15)
    elif how == "slide":
        techniques, bend = frozenset({"slide"}), slide_curve(dice, 100.0 * (before - fret), length_s)
    elif dice.chance(0.4):
        velocity = section.loudness - dice.between(10, 24)
    canvas.pluck(
        string, fret, tick, ticks, velocity=velocity, hold=1.05, techniques=techniques, bend=bend,
        late_s=0.4 * canvas.human(),
    )  # fmt: skip
    return fret


def muted(canvas: Canvas, section: Section) -> None:
    """A figure on the low strings under the heel of the hand, and as short without it."""
    dice = canvas.dice
    steps = SCALES[dice.pick(("minor pentatonic", "minor", "mixolydian"))]
    places = scale_in_position(canvas.tuning, section.key.tonic, steps, lowest=dice.whole(0, 9))
    low = [place for place in places if place[0] < 4][:10]
    tick, share = section.first_tick, dice.pick((0.0, 0.5, 1.0))
    while tick < section.end_tick and low:
        ticks = dice.weighted({TICKS // 4: 1.0, TICKS // 2: 3.0, TICKS: 0.5})
        mute = dice.chance(share)
        hold = dice.between(0.3, 1.0) if mute else dice.weighted({0.25: 1.0, 0.45: 1.0, 0.7: 0.5, 1.0: 1.0})
        place = dice.pick(low)
        techniques: frozenset[Technique] = frozenset({"palm_mute"}) if mute else _PLAIN
        late_s = canvas.human()
        chord = power_chord(canvas, *place) if dice.chance(0.25) else [place]
        for i, (string, fret) in enumerate(chord):
            canvas.pluck(
                string, fret, tick, ticks, velocity=section.loudness,
                hold=_held(canvas, tick, ticks, hold), late_s=late_s + 0.004 * i, techniques=techniques,
            )  # fmt: skip
        tick += ticks


def clicked(canvas: Canvas, section: Section) -> None:
    """Dead strokes of single strings and of chords, among notes of all lengths down to the shortest."""
    dice = canvas.dice
    chords = dice.chance(0.5)
    for tick, end_tick, harmony in song_chords(dice, section):
        voicing = find_voicing(canvas.tuning, harmony, dice, families={"barre": 2.0, "open": 1.0})
        sounding = [(s, f) for s, f in enumerate(voicing) if f is not None]
        for now in range(tick, end_tick, TICKS // 2):
            dead = dice.chance(0.4)
            hold = dice.weighted({0.2: 1.0, 0.35: 1.0, 0.7: 1.0, 1.0: 1.0})
            if chords:
                stroke = "x" if dead else dice.pick("DU")
                stroke_chord(
                    canvas, voicing, now, TICKS // 2, stroke=stroke, velocity=section.loudness,
                    spread_s=dice.between(0.005, 0.03), hold=_held(canvas, now, TICKS // 2, hold),
                )  # fmt: skip
            elif sounding:
                string, fret = dice.pick(sounding)
                techniques: frozenset[Technique] = frozenset({"dead"}) if dead else _PLAIN
                hold = hold if dead else _held(canvas, now, TICKS // 2, hold)
                canvas.pluck(
                    string, fret, now, TICKS // 4 if dead else TICKS // 2, velocity=section.loudness,
                    hold=hold, techniques=techniques,
                )  # fmt: skip


def chimed(canvas: Canvas, section: Section) -> None:
    """Harmonics over the nodes, and fretted notes at the same frets and of the same pitches."""
    dice = canvas.dice
    tick = section.first_tick
    while tick < section.end_tick:
        ticks = dice.weighted({TICKS // 2: 2.0, TICKS: 2.0, 2 * TICKS: 1.0})
        string = dice.whole(0, canvas.tuning.n_strings - 1)
        fret = dice.weighted(_NODES)
        touched = dice.chance(0.5)
        techniques: frozenset[Technique] = frozenset({"harmonic"}) if touched else _PLAIN
        fret = fret if touched or dice.chance(0.6) else dice.whole(0, 19)
        hold = dice.weighted({1.0: 1.0, 2.0: 1.0, 0.8: 0.5})
        canvas.pluck(string, fret, tick, ticks, velocity=section.loudness, hold=hold, techniques=techniques)
        if dice.chance(0.15) and string + 1 < canvas.tuning.n_strings:
            canvas.pluck(
                string + 1, fret, tick, ticks, velocity=section.loudness, hold=hold, techniques=techniques
            )
        tick += ticks


_PHRASES: dict[Callable[[Canvas, Section], None], tuple[float, Technique | None]] = {
    bent: (0.2, "bend"),
    shaken: (0.14, "vibrato"),
    slurred: (0.34, "hammer_on"),
    muted: (0.12, "palm_mute"),
    clicked: (0.1, "dead"),
    chimed: (0.14, "harmonic"),
    strum: (0.03, None),
    arpeggio: (0.03, None),
    fingerstyle: (0.02, None),
    lead: (0.04, None),
    riff: (0.03, None),
}
"""Share of each kind of phrase, and the technique without which it makes no sense."""


def wide_vibrato(dice: Dice, length_s: float) -> tuple[BendPoint, ...]:
    """Vibrato of 4 to 7.5 Hz and 20 to 70 cents peak to peak that sets in early, sharp or about the pitch."""
    rate_hz, depth = dice.between(4.0, 7.5), dice.between(20.0, 70.0)
    start_s, low = length_s * dice.between(0.0, 0.3), dice.weighted({0.0: 0.7, -0.5: 0.3})
    points = [BendPoint(time_s=0.0, cents=0.0)]
    step_s = 0.1 / rate_hz
    for i in range(1, int((length_s - start_s) / step_s) + 1):
        height = low + 0.5 - 0.5 * float(np.cos(2.0 * np.pi * i / 10.0 + (np.pi / 2 if low else 0.0)))
        points.append(BendPoint(time_s=start_s + i * step_s, cents=depth * min(1.0, i / 10.0) * height))
    return tuple(points)


def _mistuned(dice: Dice) -> tuple[BendPoint, ...]:
    """Mostly no curve; else a note that stays out of tune, or that a hard stroke drives sharp at first."""
    chance = dice.between(0.0, 1.0)
    if chance < 0.15:
        cents = dice.pick((-1.0, 1.0)) * dice.between(15.0, 40.0)
        return (BendPoint(time_s=0.0, cents=cents), BendPoint(time_s=10.0, cents=cents))
    if chance < 0.35:
        return (BendPoint(time_s=0.0, cents=dice.between(6.0, 22.0)), BendPoint(time_s=0.15, cents=0.0))
    return ()


def _held(canvas: Canvas, tick: int, ticks: int, hold: float) -> float:
    """A share of a written length, no shorter than a hand can make it."""
    return max(hold, _SHORTEST_S / (canvas.time_at(tick + ticks) - canvas.time_at(tick)))


def _walk(
    canvas: Canvas, section: Section, lengths: dict[int, float], *, lowest: int, from_string: int
) -> list[tuple[int, int, tuple[int, int]]]:
    """Tick, length and place of the notes of a line in position."""
    dice = canvas.dice
    scale = SCALES[dice.pick(("minor pentatonic", "major", "minor", "blues"))]
    line = scale_in_position(
        canvas.tuning, section.key.tonic, scale, lowest=lowest, from_string=from_string, reach=3
    )
    notes, tick, index = [], section.first_tick, dice.whole(0, max(0, len(line) - 1))
    while tick < section.end_tick and line:
        ticks = dice.weighted(lengths)
        notes.append((tick, ticks, line[index]))
        index = min(max(index + dice.pick((-2, -1, -1, 1, 1, 2)), 0), len(line) - 1)
        tick += ticks
    return notes


def _bass(canvas: Canvas, section: Section) -> bool:
    """Now and then an open bass string rings under the phrase; whether it does."""
    if not canvas.dice.chance(_BASS_SHARE):
        return False
    for tick in section.bar_starts:
        canvas.pluck(
            canvas.dice.whole(0, 1), 0, tick, section.bar_ticks, velocity=section.loudness - 8, hold=1.0
        )
    return True


def _pluck(
    canvas: Canvas, section: Section, place: tuple[int, int], tick: int, ticks: int,
    techniques: frozenset[Technique], bend: tuple[BendPoint, ...], *, hold: float | None = None,
    stays_off: bool = False,
) -> None:  # fmt: skip
    """A stroke of a phrase; ``stays_off`` keeps the two lowest strings for the bass."""
    dice = canvas.dice
    if stays_off and place[0] < 2:
        return
    held = hold if hold is not None else dice.weighted({1.05: 0.6, 0.95: 0.25, 0.6: 0.15})
    canvas.pluck(
        place[0], place[1], tick, ticks, velocity=section.loudness + dice.between(-12, 8), hold=held,
        techniques=techniques, bend=bend, late_s=0.5 * canvas.human(),
    )  # fmt: skip

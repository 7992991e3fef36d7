"""Pieces that players write for a tuning, to be measured on: songs over open shapes, heavy riffs, drones.

A tuning is chosen for what it makes easy: one-finger power chords over a slack lowest string, chords that one
barre holds, open strings that ring under a melody, open shapes in a higher key behind a capo. A piece is two
or three parts in turn, invented from a seed. Nothing is fitted to them: their chords and patterns are their
own. Neighbours: ``idioms`` is the generator that models learn from, its canvas keeps what a hand can do;
``held_out`` plays the pieces.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fretscribe.datasets.chord_shapes import parse_shape
from fretscribe.datasets.idioms.bends import vibrato_curve
from fretscribe.datasets.idioms.canvas import TICKS, Canvas, drifting_beats
from fretscribe.datasets.idioms.chordal import stroke_chord
from fretscribe.datasets.idioms.dice import Dice
from fretscribe.datasets.idioms.hand import Voicing, has_standard_steps, scale_in_position
from fretscribe.music import Tab, Technique, Tuning

_BAR = 4 * TICKS
_PART_BARS = 4
_PLAIN: frozenset[Technique] = frozenset()
_MUTED: frozenset[Technique] = frozenset({"palm_mute"})
_RINGING: frozenset[Technique] = frozenset({"let_ring"})

# Open shapes of standard tuning, a bar each.
_SONGS = (
    "320003 xx0232 022000 x32010", "320033 x32033 xx0233 022033", "x32010 320003 x02210 133211",
    "x32010 x02010 xx0231 320001", "xx0232 x02220 x24432 320003", "xx0232 x32033 320033 xx0232",
    "x02220 xx0232 022100 xx0232", "022100 x02220 x21202 x02220", "x02210 320003 133211 022100",
    "x02210 xx0231 022100 x02010", "022000 x32010 320003 xx0232", "022000 x02210 x24432 022030",
    "xx0231 x32010 133211 x02220", "x02210 022000 133211 320003", "320003 320003 x32010 xx0232",
    "x24432 320003 xx0232 x02220", "022100 x24442 244222 x02220",
)  # fmt: skip
_STRUMS = ("D---D-D-", "D-UDU-DU", "D--UD--U", "D-DU--DU", "D-D-DUDU", "DU-UD-DU")
_MAJOR, _MINOR, _PENTATONIC = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 7, 10)
_RIFF_CELLS = (
    (1, 1, 1, 1, 2, 2), (1, 1, 2, 1, 1, 2), (0.5, 0.5, 1, 0.5, 0.5, 1, 2, 2), (3, 1, 3, 1), (2, 1, 1, 3, 1),
    (1, 0.5, 0.5, 1, 0.5, 0.5, 1, 1, 1, 1),
)  # fmt: skip
_RIFF_FRETS = {0: 3.0, 3: 2.0, 5: 2.0, 2: 1.0, 1: 1.0, 7: 1.0, 6: 0.4, 8: 0.6, 10: 0.5, 12: 0.3}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Four bars that come again: its own seed makes each time the same but for the player's hand."""

    write: Callable[[Canvas, Dice, int], None]
    seed: int


def tuned_piece(seed: int, tuning: Tuning, *, duration_s: float = 30.0) -> Tab:
    """A piece as players write them for a tuning.

    Parameters
    ----------
    seed : int
    tuning : Tuning
        With standard intervals: songs, and riffs the more the lower it is tuned. Seven strings: riffs, with
        songs or solos on the upper six. The lowest string alone a step lower: riffs. Otherwise drones, and
        barres across all strings.
    duration_s : float

    Returns
    -------
    Tab
        Titled by seed and strings, so that two pieces are never played alike.
    """
    dice = Dice(seed)
    tempo_bpm = dice.between(76.0, 144.0)
    beats = drifting_beats(dice, tempo_bpm, duration_s, start_s=0.3, beats_per_bar=4, drift=0.02)
    canvas = Canvas(tuning, beats, dice, end_s=duration_s, jitter_s=0.007)
    kinds = _kinds(tuning, dice)
    parts = [_Part(write=_WRITERS[kind], seed=dice.whole(0, 2**31)) for kind in kinds]
    tick, turn = 0, 0
    while canvas.time_at(tick) < duration_s:
        part = parts[turn % len(parts)]
        part.write(canvas, Dice(part.seed), tick)
        tick, turn = tick + _PART_BARS * _BAR, turn + 1
    strings = " ".join(str(pitch + tuning.capo) for pitch in tuning.open_pitches)
    provenance: dict[str, object] = {"generator": "pieces/1", "parts": ", ".join(kinds)}
    return canvas.finish(key=None, title=f"piece {seed} on {strings}", provenance=provenance)


def _kinds(tuning: Tuning, dice: Dice) -> list[str]:
    """What the parts of a piece are; two, sometimes a third."""
    if tuning.n_strings == 6 and has_standard_steps(tuning):
        heavy = 0.12 * (40 - tuning.open_pitches[0])
        riffs = dice.chance(heavy)
        first = "riff" if riffs else dice.pick(("strum", "bass and strum", "picking"))
        second = ("riff", "power", "strum", "picking") if riffs else ("picking", "strum", "riff")
        kinds = [first, dice.pick(second)]
    elif tuning.n_strings > 6:
        kinds = ["riff", dice.pick(("strum", "picking", "solo"))]
    elif _is_dropped(tuning):
        kinds = ["riff", dice.pick(("power", "power", "riff", "open fifths"))]
    else:
        kinds = [dice.pick(("drone", "barres", "drone")), dice.pick(("barres", "drone", "open strum"))]
    return [*kinds, "solo"] if dice.chance(0.3) else kinds


def _is_dropped(tuning: Tuning) -> bool:
    """Whether the three lowest strings make a power chord and the rest is as in standard tuning."""
    steps = tuple(pitch - tuning.open_pitches[0] for pitch in tuning.open_pitches)
    return steps == (0, 7, 12, 17, 21, 26)


def _song(canvas: Canvas, dice: Dice) -> list[Voicing]:
    """Four voicings, with extra low strings left alone; in odd tunings what one barre holds."""
    if has_standard_steps(canvas.tuning) or canvas.tuning.n_strings > 6:
        extra = canvas.tuning.n_strings - 6
        return [(None,) * extra + parse_shape(shape) for shape in dice.pick(_SONGS).split()]
    return _barred_chords(canvas.tuning, dice)


def _barred_chords(tuning: Tuning, dice: Dice) -> list[Voicing]:
    """The open chord, and the same shape across all strings at frets where its key has chords."""
    frets = [0, *dice.sample((5, 7, 2, 4, 9, 12), 2), 0]
    lowest = dice.whole(0, 2)
    return [tuple(None if s < lowest else fret for s in range(tuning.n_strings)) for fret in frets]


def _strum(canvas: Canvas, dice: Dice, first_tick: int) -> None:
    pattern, spread_s = dice.pick(_STRUMS), dice.between(0.008, 0.03)
    for bar, voicing in enumerate(_song(canvas, dice)):
        start = first_tick + bar * _BAR
        for i, stroke in enumerate(pattern):
            if stroke != "-":
                tick = start + i * TICKS // 2
                stroke_chord(
                    canvas, voicing, tick, start + _BAR - tick, stroke=stroke, velocity=82,
                    spread_s=spread_s, techniques=_RINGING,
                )  # fmt: skip


def _bass_and_strum(canvas: Canvas, dice: Dice, first_tick: int) -> None:
    """Bass note on one and three, the chord above it on two and four."""
    for bar, voicing in enumerate(_song(canvas, dice)):
        sounding = [s for s, fret in enumerate(voicing) if fret is not None]
        for beat in range(4):
            tick = first_tick + bar * _BAR + beat * TICKS
            if beat % 2 == 0:
                bass = sounding[min(beat // 2, len(sounding) - 1)]
                canvas.pluck(bass, voicing[bass] or 0, tick, 2 * TICKS, velocity=88)
            else:
                above = tuple(None if s in sounding[:2] else fret for s, fret in enumerate(voicing))
                stroke_chord(canvas, above, tick, TICKS, stroke="D", velocity=78, spread_s=0.015)


def _picking(canvas: Canvas, dice: Dice, first_tick: int) -> None:
    """Thumb on the beats, fingers between them, all ringing."""
    order = dice.pick(((-1, -2, -3, -2), (-2, -1, -2, -3), (-3, -1, -2, -1)))
    pinched = dice.chance(0.5)
    for bar, voicing in enumerate(_song(canvas, dice)):
        sounding = [s for s, fret in enumerate(voicing) if fret is not None]
        end = first_tick + (bar + 1) * _BAR
        for beat in range(4):
            tick = end - _BAR + beat * TICKS
            bass, finger = sounding[beat % 2], sounding[order[beat]]
            canvas.pluck(bass, voicing[bass] or 0, tick, 2 * TICKS, velocity=84, techniques=_RINGING)
            if pinched and beat == 0:
                top = sounding[-1]
                canvas.pluck(top, voicing[top] or 0, tick, TICKS, velocity=80, techniques=_RINGING)
            canvas.pluck(
                finger, voicing[finger] or 0, tick + TICKS // 2, end - tick - TICKS // 2,
                velocity=76, techniques=_RINGING,
            )  # fmt: skip


def _power_places(tuning: Tuning, fret: int, string: int = 0) -> list[tuple[int, int]]:
    """Root, fifth and octave above a place, where a hand reaches them."""
    root = tuning.open_pitches[string] + fret
    reached = [(string + i, root + above - tuning.open_pitches[string + i]) for i, above in ((1, 7), (2, 12))]
    return [(string, fret), *((s, f) for s, f in reached if f >= 0 and abs(f - fret) <= 3)]


def _riff(canvas: Canvas, dice: Dice, first_tick: int) -> None:
    """A figure over the lowest strings: the open one chugs, power chords and single notes answer."""
    cell = dice.pick(_RIFF_CELLS)
    chug = dice.between(0.3, 0.65)
    figure = []
    for _ in cell:
        open_low = dice.chance(chug)
        string = 0 if dice.chance(0.65) else 1
        figure.append((0 if open_low else string, 0 if open_low else dice.weighted(_RIFF_FRETS),
                       not open_low and dice.chance(0.6), open_low and dice.chance(0.7)))  # fmt: skip
    for bar in range(_PART_BARS):
        tick = first_tick + bar * _BAR
        for eighths, (string, fret, power, muted) in zip(cell, figure, strict=True):
            if bar == _PART_BARS - 1 and dice.chance(0.3):
                fret = dice.weighted(_RIFF_FRETS)
            ticks = int(eighths * TICKS / 2)
            late_s = canvas.human()
            for s, f in _power_places(canvas.tuning, fret, string) if power else [(string, fret)]:
                canvas.pluck(
                    s, f, tick, ticks, velocity=92, hold=0.6 if muted else 0.95, late_s=late_s,
                    techniques=_MUTED if muted else _PLAIN,
                )  # fmt: skip
            tick += ticks


def _power(canvas: Canvas, dice: Dice, first_tick: int) -> None:
    """Power chords held for half a bar each, struck in eighths or left to ring."""
    roots = [dice.weighted(_RIFF_FRETS) for _ in range(4)] * 2
    struck = dice.chance(0.5)
    for half, fret in enumerate(roots):
        start = first_tick + half * _BAR // 2
        for tick in range(start, start + _BAR // 2, TICKS // 2 if struck else _BAR // 2):
            late_s = canvas.human()
            for s, f in _power_places(canvas.tuning, fret):
                length = TICKS // 2 if struck else _BAR // 2
                canvas.pluck(s, f, tick, length, velocity=90, late_s=late_s + 0.003 * s)


def _open_fifths(canvas: Canvas, dice: Dice, first_tick: int) -> None:
    """The open low strings ring, a melody walks over them on the fourth and fifth string."""
    low = [pitch - canvas.tuning.open_pitches[0] for pitch in canvas.tuning.open_pitches[:3]]
    steps = dice.pick((_MINOR, _PENTATONIC))
    places = scale_in_position(
        canvas.tuning, canvas.tuning.open_pitches[0] % 12, steps, lowest=0, reach=5, from_string=3
    )[:8]
    walk = [dice.pick(places) for _ in range(8)]
    for bar in range(_PART_BARS):
        start = first_tick + bar * _BAR
        for string in range(3 if low == [0, 7, 12] else 1):
            canvas.pluck(string, 0, start, _BAR, velocity=86, techniques=_RINGING)
        for i, (string, fret) in enumerate(walk if bar % 2 == 0 else walk[::-1]):
            canvas.pluck(string, fret, start + i * TICKS // 2, TICKS, velocity=80)


def _drone(canvas: Canvas, dice: Dice, first_tick: int) -> None:
    """Open basses alternate under a melody on the upper strings that comes back to the open ones."""
    tuning = canvas.tuning
    basses = dice.pick(((0, 1), (0, 2), (1, 2), (0, 2, 1, 2)))
    tonic = (tuning.open_pitches[dice.pick((0, 0, 1))] + tuning.capo) % 12
    steps = _MAJOR if dice.chance(0.6) else _MINOR
    melody = [
        place
        for lowest in (0, dice.pick((0, 2, 5, 7)))
        for place in scale_in_position(tuning, tonic, steps, lowest=lowest, from_string=3)
    ]
    at, walk = dice.whole(0, len(melody) - 1), []
    for _ in range(8 * _PART_BARS):
        at = min(max(at + dice.pick((-2, -1, -1, 0, 1, 1, 2)), 0), len(melody) - 1)
        walk.append(None if dice.chance(0.35) else melody[at])
    for i, place in enumerate(walk):
        tick = first_tick + i * TICKS // 2
        if i % 2 == 0:
            canvas.pluck(basses[i // 2 % len(basses)], 0, tick, 2 * TICKS, velocity=84, techniques=_RINGING)
        if place is not None:
            canvas.pluck(*place, tick, dice.pick((TICKS // 2, TICKS)), velocity=82)
        elif dice.chance(0.4):
            canvas.pluck(dice.pick((3, 4, 5)), 0, tick, TICKS, velocity=74, techniques=_RINGING)


def _barres(canvas: Canvas, dice: Dice, first_tick: int) -> None:
    """The open chord and one finger across all strings, strummed or rolled."""
    voicings = _barred_chords(canvas.tuning, dice)
    pattern, rolled = dice.pick(_STRUMS), dice.chance(0.4)
    for bar, voicing in enumerate(voicings):
        start = first_tick + bar * _BAR
        sounding = [s for s, fret in enumerate(voicing) if fret is not None]
        for i, stroke in enumerate(pattern):
            tick = start + i * TICKS // 2
            if rolled:
                string = sounding[(0, 2, 1, 3, 2, -1, 3, -2)[i] % len(sounding)]
                canvas.pluck(string, voicing[string] or 0, tick, _BAR // 2, velocity=80, techniques=_RINGING)
            elif stroke != "-":
                stroke_chord(
                    canvas, voicing, tick, start + _BAR - tick, stroke=stroke, velocity=82, spread_s=0.02
                )


def _open_strum(canvas: Canvas, dice: Dice, first_tick: int) -> None:
    """All strings open but for one or two fingers on the upper ones that move."""
    n = canvas.tuning.n_strings
    fingers = [[(dice.whole(1, n - 2), dice.pick((0, 2, 2, 3, 4)))] for _ in range(_PART_BARS)]
    pattern = dice.pick(_STRUMS)
    for bar, moved in enumerate(fingers):
        start = first_tick + bar * _BAR
        voicing = tuple(dict(moved).get(s, 0) for s in range(n))
        for i, stroke in enumerate(pattern):
            if stroke != "-":
                tick = start + i * TICKS // 2
                stroke_chord(
                    canvas, voicing, tick, start + _BAR - tick, stroke=stroke, velocity=80, spread_s=0.02
                )


def _solo(canvas: Canvas, dice: Dice, first_tick: int) -> None:
    """A pentatonic line in one position over the upper strings."""
    tuning = canvas.tuning
    lowest = dice.pick((0, 0, 3, 5, 7, 12))
    tonic = (tuning.open_pitches[0] + tuning.capo + dice.pick((0, 5, 7, 3))) % 12
    places = scale_in_position(
        tuning,
        tonic,
        _PENTATONIC,
        lowest=min(lowest, tuning.highest_fret - 4),
        from_string=tuning.n_strings - 4,
    )
    at, tick = dice.whole(0, len(places) - 1), first_tick
    while tick < first_tick + _PART_BARS * _BAR:
        ticks = dice.weighted({TICKS // 2: 4.0, TICKS: 2.0, TICKS // 4: 1.0, 2 * TICKS: 0.7})
        at = min(max(at + dice.pick((-2, -1, -1, 1, 1, 2)), 0), len(places) - 1)
        length_s = canvas.time_at(tick + ticks) - canvas.time_at(tick)
        vibrato = length_s > 0.5 and places[at][1] > 0
        canvas.pluck(
            *places[at], tick, ticks, velocity=88,
            techniques=frozenset({"vibrato"}) if vibrato else _PLAIN,
            bend=vibrato_curve(dice, length_s) if vibrato else (),
        )  # fmt: skip
        tick += ticks


_WRITERS: dict[str, Callable[[Canvas, Dice, int], None]] = {
    "strum": _strum,
    "bass and strum": _bass_and_strum,
    "picking": _picking,
    "riff": _riff,
    "power": _power,
    "open fifths": _open_fifths,
    "drone": _drone,
    "barres": _barres,
    "open strum": _open_strum,
    "solo": _solo,
}

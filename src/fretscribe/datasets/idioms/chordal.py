"""Styles that hold chords: strumming, arpeggios, fingerstyle and jazz comping with walking bass.

Each style is a function of a `Canvas` and a `Section`. Neighbours: ``lines`` plays single notes,
``hand`` finds the voicings.
"""

from __future__ import annotations

from fretscribe.datasets.chord_shapes import Family
from fretscribe.datasets.idioms.canvas import TICKS, Canvas
from fretscribe.datasets.idioms.hand import (
    SCALES,
    Harmony,
    Voicing,
    find_voicing,
    lowest_fretted,
    search_voicing,
)
from fretscribe.datasets.idioms.setting import Section, jazz_chords, song_chords
from fretscribe.music import Technique

# A character is an eighth (or a sixteenth): D and U strokes, x a muted stroke, - nothing.
_EIGHTH_STRUMS = ("D-D-D-D-", "D-DU-UDU", "D-DUD-DU", "DUDUDUDU", "D--U-UD-", "D-xU-UxU", "D---D---",
                  "D-------", "--DU--DU", "D-D-D-DU", "DDDDDDDD", "x-DUx-DU")  # fmt: skip
_SIXTEENTH_STRUMS = ("D--DD-DUD--DD-DU", "D-DUxUDU-UDUxUDU", "DxxUxxDU-xDUxxDU", "D---D-DU--DUD-DU",
                     "D-xU-UDUD-xU-U-U")  # fmt: skip
_SONG_FAMILIES: dict[Family, float] = {"open": 5.0, "barre": 2.5, "triad": 0.5}
_HIGH_FAMILIES: dict[Family, float] = {"barre": 3.0, "triad": 2.0}
_JAZZ_FAMILIES: dict[Family, float] = {"shell": 3.0, "drop2": 4.0, "barre": 0.5}
_LET_RING: frozenset[Technique] = frozenset({"let_ring"})
_DEAD: frozenset[Technique] = frozenset({"dead"})
_PALM_MUTE: frozenset[Technique] = frozenset({"palm_mute"})
_PLAIN: frozenset[Technique] = frozenset()


def strum(canvas: Canvas, section: Section) -> None:
    """Strummed chords: a pattern of down and up strokes, muted strokes, accents on the back beat."""
    dice = canvas.dice
    sixteenths = dice.chance(0.3)
    step = TICKS // 4 if sixteenths else TICKS // 2
    steps_per_bar = section.bar_ticks // step
    pattern = dice.pick(_SIXTEENTH_STRUMS if sixteenths else _EIGHTH_STRUMS)
    families = _SONG_FAMILIES if dice.chance(0.75) else _HIGH_FAMILIES
    spread_s = dice.between(0.005, 0.04)
    staccato = dice.chance(0.15)
    muted = dice.chance(0.1)
    near = dice.whole(1, 8) if families is _HIGH_FAMILIES else None
    for tick, end_tick, harmony in song_chords(dice, section):
        voicing = find_voicing(canvas.tuning, harmony, dice, families=families, near=near)
        canvas.name_chord(tick, end_tick, harmony.name)
        for now in range(tick, end_tick, step):
            stroke = pattern[(now - section.first_tick) // step % steps_per_bar % len(pattern)]
            if now == tick and stroke in "-x" and dice.chance(0.7):
                stroke = "D"
            if stroke == "-" or dice.chance(0.03):
                continue
            accent = 12 if now % (2 * TICKS) == TICKS else 0
            ticks = step if staccato else end_tick - now
            grip = (
                _bass_strings(voicing, dice.whole(2, 4)) if stroke == "D" and dice.chance(0.12) else voicing
            )
            stroke_chord(
                canvas, grip, now, ticks, stroke=stroke, velocity=section.loudness + accent,
                spread_s=spread_s * dice.between(0.6, 1.4), hold=dice.between(0.3, 0.7) if staccato else 1.02,
                techniques=_PALM_MUTE if muted else (_LET_RING if dice.chance(section.ringing) else _PLAIN),
            )  # fmt: skip


def _bass_strings(voicing: Voicing, n: int) -> Voicing:
    """The lowest ``n`` sounding strings: a stroke that stops half way."""
    sounding = [s for s, fret in enumerate(voicing) if fret is not None][:n]
    return tuple(fret if s in sounding else None for s, fret in enumerate(voicing))


def stroke_chord(
    canvas: Canvas,
    voicing: Voicing,
    tick: int,
    ticks: int,
    *,
    stroke: str,
    velocity: float,
    spread_s: float,
    hold: float = 1.0,
    techniques: frozenset[Technique] = _PLAIN,
) -> None:
    """One stroke across the strings: ``D`` low to high, ``U`` high to low and few of them, ``x`` muted."""
    dice = canvas.dice
    strings = [s for s, fret in enumerate(voicing) if fret is not None]
    if not strings:
        return
    if stroke == "U":
        strings = strings[::-1][: dice.whole(2, 5)]
        velocity -= 8
    if stroke == "x":
        ticks, hold, techniques = TICKS // 4, dice.between(0.3, 0.6), _DEAD
    late_s = canvas.human()
    step_s = spread_s / max(1, len(strings) - 1)
    for i, string in enumerate(strings):
        fret = voicing[string]
        if fret is not None:
            canvas.pluck(
                string, fret, tick, ticks, velocity=velocity, hold=hold,
                late_s=late_s + i * step_s + dice.between(0.0, 0.003), techniques=techniques,
            )  # fmt: skip


def arpeggio(canvas: Canvas, section: Section) -> None:
    """Picked patterns over held shapes; the notes ring over one another."""
    dice = canvas.dice
    step = dice.weighted({TICKS // 2: 0.5, TICKS // 4: 0.3, TICKS // 3: 0.2})
    order = dice.pick(("up", "down", "updown", "random", "banjo"))
    near = dice.whole(1, 9) if dice.chance(0.3) else None
    families = _HIGH_FAMILIES if near is not None else _SONG_FAMILIES
    techniques = _LET_RING if dice.chance(0.7) else _PLAIN
    for tick, end_tick, harmony in song_chords(dice, section):
        voicing = find_voicing(canvas.tuning, harmony, dice, families=families, near=near)
        canvas.name_chord(tick, end_tick, harmony.name)
        strings = [s for s, fret in enumerate(voicing) if fret is not None]
        if not strings:
            continue
        walk = _arpeggio_order(order, strings, canvas)
        for i, now in enumerate(range(tick, end_tick, step)):
            if i and dice.chance(0.06):
                continue
            together = {walk[i % len(walk)]} | ({strings[0]} if i == 0 else set())
            if dice.chance(0.08):
                together.add(dice.pick(strings))
            for string in together:
                fret = voicing[string]
                if fret is not None:
                    ring = end_tick - now if dice.chance(0.5 + section.ringing / 2.0) else step
                    velocity = section.loudness + (8 if i == 0 else 0)
                    canvas.pluck(string, fret, now, ring, velocity=velocity, techniques=techniques)


def _arpeggio_order(order: str, strings: list[int], canvas: Canvas) -> list[int]:
    if order == "up":
        return strings
    if order == "down":
        return [strings[0], *strings[:0:-1]]
    if order == "updown":
        return strings + strings[-2:0:-1]
    if order == "banjo" and len(strings) >= 3:
        return [strings[0], strings[-2], strings[-1], strings[-2], strings[-3], strings[-1]]
    return [strings[0]] + [canvas.dice.pick(strings) for _ in range(7)]


def fingerstyle(canvas: Canvas, section: Section) -> None:
    """The thumb alternates bass strings on the beats, the fingers play a melody above."""
    dice = canvas.dice
    melody_share = dice.between(0.35, 0.8)
    thumb_muted = _PALM_MUTE if dice.chance(0.15) else _PLAIN
    steps = SCALES[section.key.mode]
    for tick, end_tick, harmony in song_chords(dice, section):
        voicing = find_voicing(canvas.tuning, harmony, dice, families={"open": 4.0, "barre": 1.0})
        canvas.name_chord(tick, end_tick, harmony.name)
        strings = [s for s, fret in enumerate(voicing) if fret is not None]
        if len(strings) < 2:
            continue
        basses, trebles = strings[:2], strings[len(strings) // 2 :]
        for beat, now in enumerate(range(tick, end_tick, TICKS)):
            bass = basses[beat % 2]
            canvas.pluck(
                bass, voicing[bass] or 0, now, 2 * TICKS,
                velocity=section.loudness + 5, techniques=thumb_muted,
            )  # fmt: skip
            for half in (0, TICKS // 2):
                if not dice.chance(melody_share) or now + half >= end_tick:
                    continue
                string = dice.pick(trebles)
                fret = _melody_fret(canvas, section, voicing, string, steps)
                ring = dice.pick((TICKS // 2, TICKS, 2 * TICKS))
                canvas.pluck(string, fret, now + half, ring, velocity=section.loudness + 8)
        _pinch(canvas, section, voicing, strings, tick)


def _pinch(canvas: Canvas, section: Section, voicing: Voicing, strings: list[int], tick: int) -> None:
    """Bass and top string together where a chord begins, sometimes."""
    if canvas.dice.chance(0.4):
        top = strings[-1]
        canvas.pluck(top, voicing[top] or 0, tick, TICKS, velocity=section.loudness + 10)


def _melody_fret(
    canvas: Canvas, section: Section, voicing: Voicing, string: int, steps: tuple[int, ...]
) -> int:
    """The chord's fret, or a scale tone that a free finger reaches."""
    held = voicing[string] or 0
    if canvas.dice.chance(0.6):
        return held
    base = lowest_fretted(voicing)
    tonic, open_pitch = section.key.tonic, canvas.tuning.open_pitches[string] + canvas.tuning.capo
    near = [f for f in range(max(0, base - 1), base + 4) if (open_pitch + f - tonic) % 12 in steps]
    return canvas.dice.pick(near) if near else held


_STABS = ((0, 1.5), (1, 3), (0.5, 2.5), (0, 2), (1.5, 3.5), (0, 1, 2, 3), (0.5,), (0, 2.5, 3.5))


def jazz(canvas: Canvas, section: Section) -> None:
    """Seventh chords: comping stabs, four to the bar, or a walking bass (with stabs above it)."""
    dice = canvas.dice
    walking = dice.chance(0.35)
    near = dice.whole(2, 9)
    for tick, end_tick, harmony in jazz_chords(dice, section):
        voicing = find_voicing(canvas.tuning, harmony, dice, families=_JAZZ_FAMILIES, near=near)
        near = min(10, max(2, lowest_fretted(voicing)))
        canvas.name_chord(tick, end_tick, harmony.name)
        if walking:
            _walk_bass(canvas, section, harmony, tick, end_tick, near)
            if dice.chance(0.5):
                voicing = (None,) * 2 + voicing[2:]
                stroke_chord(
                    canvas, voicing, tick + TICKS // 2 * dice.whole(1, 3), TICKS, stroke="D",
                    velocity=section.loudness, spread_s=0.006, hold=dice.between(0.2, 0.8),
                )  # fmt: skip
            continue
        for beat in dice.pick(_STABS):
            now = tick + int(beat * TICKS)
            if now < end_tick and not dice.chance(0.08):
                plucked = dice.chance(0.4)
                stroke_chord(
                    canvas, voicing, now, dice.pick((TICKS // 2, TICKS, 3 * TICKS // 2)), stroke="D",
                    velocity=section.loudness + dice.between(-8, 8),
                    spread_s=0.003 if plucked else dice.between(0.006, 0.025), hold=dice.between(0.3, 1.0),
                )  # fmt: skip


def _walk_bass(
    canvas: Canvas, section: Section, harmony: Harmony, tick: int, end_tick: int, near: int
) -> None:
    """Quarter notes on the low strings: root, chord tones, then a step below or above what comes."""
    dice = canvas.dice
    n_low = max(2, canvas.tuning.n_strings // 2)
    bottom = max(0, near - 2)
    for now in range(tick, end_tick, TICKS):
        wanted = {harmony.root} if now == tick else set(harmony.tones)
        if now + TICKS >= end_tick and now > tick:
            wanted = {(harmony.root + 5 + dice.pick((-1, 1))) % 12}
        places = [
            (string, fret)
            for string in range(n_low)
            for fret in range(bottom, min(bottom + 5, canvas.tuning.highest_fret) + 1)
            if (canvas.tuning.open_pitches[string] + canvas.tuning.capo + fret) % 12 in wanted
        ]
        if places:
            string, fret = dice.pick(places)
            canvas.pluck(string, fret, now, TICKS, velocity=section.loudness, hold=dice.between(0.75, 1.0))


def chord_hits(canvas: Canvas, section: Section) -> None:
    """Random grips struck whole: voicings of any chord anywhere on the neck, so that no shape is a habit."""
    dice = canvas.dice
    tick = section.first_tick
    while tick < section.end_tick:
        length = dice.pick((TICKS // 2, TICKS, TICKS, 2 * TICKS))
        harmony = Harmony(
            root=dice.whole(0, 11), quality=dice.pick(("", "m", "7", "maj7", "m7", "sus4", "add9"))
        )
        lowest = dice.whole(0, max(0, canvas.tuning.highest_fret - 4))
        voicing = search_voicing(canvas.tuning, harmony, dice, lowest=lowest, full=dice.chance(0.6))
        stroke_chord(
            canvas, voicing, tick, length, stroke=dice.pick("DDU"), velocity=section.loudness,
            spread_s=dice.between(0.0, 0.04), hold=dice.between(0.5, 1.0),
        )  # fmt: skip
        tick += length

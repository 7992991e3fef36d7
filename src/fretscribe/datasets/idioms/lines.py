"""Styles of single notes: low riffs with power chords, and lead lines in position with all their slurs.

Neighbours: ``chordal`` holds chords; ``bends`` draws the pitch curves.
"""

from __future__ import annotations

from fretscribe.datasets.idioms.bends import bend_curve, slide_curve, vibrato_curve
from fretscribe.datasets.idioms.canvas import TICKS, Canvas
from fretscribe.datasets.idioms.hand import SCALES, scale_in_position
from fretscribe.datasets.idioms.setting import Section
from fretscribe.music import BendPoint, Technique

_PLAIN: frozenset[Technique] = frozenset()
_PALM_MUTE: frozenset[Technique] = frozenset({"palm_mute"})

# Lengths in eighths; they fill four beats and are cut or repeated to the bar.
_RIFF_CELLS = (
    (1, 1, 1, 1, 1, 1, 1, 1), (2, 1, 1, 2, 2), (3, 3, 2), (1, 2, 1, 2, 2), (2, 2, 1, 1, 1, 1), (4, 2, 2),
    (1, 1, 2, 1, 1, 2),     (0.5, 0.5, 1, 0.5, 0.5, 1, 0.5, 0.5, 1, 1, 1), (0.5,) * 16,
    (1.5, 1.5, 1, 1.5, 1.5, 1), (3, 1, 2, 2),
)  # fmt: skip
_RIFF_SCALES = ("minor pentatonic", "blues", "minor", "phrygian", "dorian", "mixolydian")
_LEAD_SCALES = {
    "major": ("major", "major pentatonic", "mixolydian", "lydian", "blues"),
    "minor": ("minor", "minor pentatonic", "blues", "dorian", "harmonic minor"),
}
_LEAD_RHYTHMS = {
    (TICKS // 2,): 3.0,
    (TICKS // 4,): 2.0,
    (TICKS // 3,): 1.0,
    (TICKS,): 0.7,
    (TICKS // 2, TICKS // 4, TICKS // 4): 1.0,
    (3 * TICKS // 4, TICKS // 4): 0.7,
    (TICKS, TICKS // 2, TICKS // 2): 1.0,
    (2 * TICKS, TICKS // 2, TICKS // 2, TICKS): 0.7,
}


def riff(canvas: Canvas, section: Section) -> None:
    """A figure on the low strings, repeated with small changes: power chords, palm mutes, pedal notes."""
    dice = canvas.dice
    steps = SCALES[dice.pick(_RIFF_SCALES)]
    lowest = dice.weighted({0: 0.5, dice.whole(1, 10): 0.5})
    places = scale_in_position(canvas.tuning, section.key.tonic, steps, lowest=lowest)
    low = [place for place in places if place[0] < max(2, canvas.tuning.n_strings // 2)][:9]
    if not low:
        return
    pedal = low[0] if dice.chance(0.5) else (0, 0)
    cell = dice.pick(_RIFF_CELLS)
    power_share = dice.weighted({0.0: 0.4, 0.5: 0.35, 1.0: 0.25})
    mute_share = dice.weighted({0.0: 0.45, 0.5: 0.3, 0.9: 0.25})
    figure = [
        (pedal if dice.chance(0.4) else dice.pick(low), dice.chance(power_share), dice.chance(mute_share))
        for _ in cell
    ]
    for bar_start in section.bar_starts:
        tick, end_tick = bar_start, bar_start + section.bar_ticks
        for i, eighths in enumerate(cell):
            ticks = min(int(eighths * TICKS / 2), end_tick - tick)
            if ticks <= 0:
                break
            place, power, mute = figure[i]
            if dice.chance(0.08):
                place = dice.pick(low)
            if not dice.chance(0.07):
                hold = dice.between(0.35, 0.7) if mute else dice.between(0.7, 1.0)
                techniques = _PALM_MUTE if mute else _PLAIN
                _riff_stroke(canvas, section, place, power, tick, ticks, hold, techniques)
            tick += ticks


def _riff_stroke(
    canvas: Canvas, section: Section, place: tuple[int, int], power: bool, tick: int, ticks: int, hold: float,
    techniques: frozenset[Technique],
) -> None:  # fmt: skip
    string, fret = place
    accent = 10 if tick % (2 * TICKS) == 0 else 0
    late_s = canvas.human()
    for i, (s, f) in enumerate(power_chord(canvas, string, fret) if power else [place]):
        canvas.pluck(
            s, f, tick, ticks, velocity=section.loudness + accent, hold=hold,
            late_s=late_s + 0.004 * i, techniques=techniques,
        )  # fmt: skip


def power_chord(canvas: Canvas, string: int, fret: int) -> list[tuple[int, int]]:
    """Root, fifth and sometimes octave upward from a place, as far as one hand reaches."""
    tuning = canvas.tuning
    root = tuning.open_pitches[string] + fret
    notes = [(string, fret)]
    for above, interval in ((1, 7), (2, 12)):
        if string + above >= tuning.n_strings or (above == 2 and canvas.dice.chance(0.5)):
            break
        reached = root + interval - tuning.open_pitches[string + above]
        if 0 <= reached <= tuning.highest_fret and abs(reached - fret) <= 4:
            notes.append((string + above, reached))
    return notes


def lead(canvas: Canvas, section: Section) -> None:
    """Phrases of a scale in position: steps, skips and sequences, slurs, bends, vibrato, position shifts."""
    dice = canvas.dice
    steps = SCALES[dice.pick(_LEAD_SCALES[section.key.mode])]
    upper = dice.whole(0, max(0, canvas.tuning.n_strings - 3))
    top_position = max(0, canvas.tuning.highest_fret - 4)
    lowest = dice.whole(0, top_position)
    slur_share, bend_share = dice.between(0.0, 0.7), dice.between(0.05, 0.45)
    tick = section.first_tick
    previous: tuple[int, int] | None = None
    index = dice.whole(0, 20)
    direction = dice.pick((-1, 1))
    while tick < section.end_tick:
        line = scale_in_position(
            canvas.tuning, section.key.tonic, steps, lowest=lowest, from_string=upper, reach=dice.pick((3, 4))
        )
        for ticks in _phrase_rhythm(canvas, min(section.end_tick - tick, 3 * section.bar_ticks // 2)):
            if dice.chance(0.2):
                direction = -direction
            index += direction * dice.weighted({1: 0.7, 2: 0.15, 3: 0.07, 0: 0.08})
            if not 0 <= index < len(line):
                direction = 1 if index < 0 else -1
                index = min(max(index, 0), len(line) - 1)
            if line:
                _lead_note(canvas, section, line[index], previous, tick, ticks, slur_share, bend_share)
                previous = line[index]
            tick += ticks
        if dice.chance(0.35):  # breathe
            tick += dice.pick((TICKS // 2, TICKS, 2 * TICKS))
            previous = None
        if dice.chance(0.6):
            lowest = min(top_position, max(0, lowest + dice.whole(-5, 5)))


def _phrase_rhythm(canvas: Canvas, most_ticks: int) -> list[int]:
    lengths: list[int] = []
    figure = canvas.dice.weighted(_LEAD_RHYTHMS)
    total = 0
    while total + sum(figure) <= most_ticks and (total == 0 or canvas.dice.chance(0.9)):
        lengths.extend(figure)
        total += sum(figure)
    return lengths or [most_ticks]


def _lead_note(
    canvas: Canvas, section: Section, place: tuple[int, int], previous: tuple[int, int] | None,
    tick: int, ticks: int, slur_share: float, bend_share: float,
) -> None:  # fmt: skip
    dice = canvas.dice
    string, fret = place
    length_s = canvas.time_at(tick + ticks) - canvas.time_at(tick)
    techniques: frozenset[Technique] = _PLAIN
    bend: tuple[BendPoint, ...] = ()
    velocity = section.loudness + dice.between(-10, 10)
    same_string = previous is not None and previous[0] == string and previous[1] != fret
    if previous is not None and same_string and dice.chance(slur_share):
        step = fret - previous[1]
        if fret and previous[1] and dice.chance(0.3):
            techniques, bend = frozenset({"slide"}), slide_curve(dice, -100.0 * step, length_s)
        else:
            techniques = frozenset({"hammer_on" if step > 0 else "pull_off"})
            velocity -= 12
    elif fret >= 2 and string >= canvas.tuning.n_strings - 4 and length_s > 0.25 and dice.chance(bend_share):
        techniques, bend = frozenset({"bend"}), bend_curve(dice, length_s)
    elif fret and length_s > 0.35 and dice.chance(0.45):
        techniques, bend = frozenset({"vibrato"}), vibrato_curve(dice, length_s)
    # Ends late on purpose: the next note on the string cuts it, so that slurs join without a gap.
    hold = dice.weighted({1.25: 0.6, 0.95: 0.25, 0.6: 0.15})
    canvas.pluck(
        string, fret, tick, ticks, velocity=velocity, hold=hold, techniques=techniques, bend=bend,
        late_s=0.5 * canvas.human(),
    )  # fmt: skip

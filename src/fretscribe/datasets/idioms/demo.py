"""The demo's piece, written by hand: a riff in A minor, strummed chords, a melody with a bend, a last chord.

A bar is a line of steps. A step is what sounds, a slash, its length in quarter notes, and marks::

    A3/0.5       fret 3 on the A string for an eighth (strings E A D G B e, low to high)
    E3+A5+D5/1   together
    Am>/0.5      the chord struck downward (``<`` upward)
    -/1          rest
    marks        m palm mute, h hammer-on, p pull-off, s slide, b whole-tone bend, v vibrato, r let ring
"""

from __future__ import annotations

from fretscribe.datasets.chord_shapes import parse_shape
from fretscribe.datasets.idioms.bends import slide_curve, vibrato_curve
from fretscribe.datasets.idioms.canvas import TICKS, Canvas
from fretscribe.datasets.idioms.chordal import stroke_chord
from fretscribe.datasets.idioms.dice import Dice
from fretscribe.music import STANDARD_TUNING, BeatGrid, BendPoint, Key, Tab, Technique

_TEMPO_BPM = 112.0
_STRINGS = "EADGBe"
_SHAPES = {"Am": "x02210", "F": "133211", "C": "x32010", "G": "320003", "E": "022100"}
_MARKS: dict[str, Technique] = {
    "m": "palm_mute",
    "h": "hammer_on",
    "p": "pull_off",
    "s": "slide",
    "b": "bend",
    "v": "vibrato",
    "r": "let_ring",
}
_BARS = (
    "A0/.5m A0/.5m A3/.5 D0/.5 A0/.5m D2/.5 D0/.5 A3/.5",
    "A0/.5m A0/.5m A3/.5 D0/.5 D1/.25 D2/.75h D5/.5s D2/.5",
    "A0/.5m A0/.5m A3/.5 D0/.5 A0/.5m D2/.5 D0/.5 A3/.5",
    "E3+A5+D5/1 E1+A3+D3/1 E>/1 E</.5 E>/.5",
    "Am>/1 Am>/.5 Am</.5 F>/1 F>/.5 F</.5",
    "C>/1 C>/.5 C</.5 G>/1 G>/.5 G</.5",
    "B15/1b e12/.5 B15/.5 B13/.5p G14/.5 B13/1v",
    "G14/.5 B13/.5 B15/.5h e12/.5 e15/1 e12/1v",
    "A0/.5r D2/.5r G2/.5r B1/.5r E1/.5r D3/.5r G2/.5r B1/.5r",
    "A3/.5r G0/.5r B1/.5r e0/.5r E3/.5r G0/.5r B0/.5r e3/.5r",
    "Am>/4r",
)


def demo_tab() -> Tab:
    """A piece of about 23 s in standard tuning: riff, chords, melody, two-digit frets, a bend.

    >>> tab = demo_tab()
    >>> 18.0 < tab.duration_s < 24.0, [chord.name for chord in tab.chords][:3]
    (True, ['E', 'Am', 'F'])
    """
    end_s = (4 * len(_BARS) + 0.5) * 60.0 / _TEMPO_BPM
    beats = BeatGrid.constant(_TEMPO_BPM, end_s, start_s=0.2)
    canvas = Canvas(STANDARD_TUNING, beats, Dice(2), end_s=end_s, jitter_s=0.004)
    for bar, steps in enumerate(_BARS):
        tick = bar * 4 * TICKS
        for step in steps.split():
            sound, _, rest = step.partition("/")
            marks = rest.lstrip("0123456789.")
            ticks = round(float(rest[: len(rest) - len(marks)]) * TICKS)
            _write_step(canvas, sound, tick, ticks, marks)
            tick += ticks
    _name_chords(canvas)
    return canvas.finish(
        key=Key(tonic=9, mode="minor"), title="fretscribe demo", provenance={"generator": "demo/1"}
    )


def _write_step(canvas: Canvas, sound: str, tick: int, ticks: int, marks: str) -> None:
    velocity = 88 if tick % (2 * TICKS) == 0 else 78
    techniques = frozenset(_MARKS[mark] for mark in marks)
    if sound == "-":
        return
    if sound[-1] in "<>":
        stroke_chord(
            canvas,
            parse_shape(_SHAPES[sound[:-1]]),
            tick,
            ticks,
            stroke="D" if sound[-1] == ">" else "U",
            velocity=velocity,
            spread_s=0.022,
            techniques=techniques,
        )
        return
    hold = 0.6 if "m" in marks else 3.0 if "r" in marks else 1.05
    late_s = canvas.human()
    for place in sound.split("+"):
        canvas.pluck(
            _STRINGS.index(place[0]),
            int(place[1:]),
            tick,
            ticks,
            velocity=velocity,
            hold=hold,
            late_s=late_s,
            techniques=techniques,
            bend=_curve(canvas, marks, ticks),
        )


def _curve(canvas: Canvas, marks: str, ticks: int) -> tuple[BendPoint, ...]:
    length_s = ticks / TICKS * 60.0 / _TEMPO_BPM
    if "b" in marks:
        rise = ((0.0, 0.0), (0.08, 0.0), (0.16, 120.0), (0.22, 200.0))
        return tuple(BendPoint(time_s=time_s, cents=cents) for time_s, cents in rise)
    if "v" in marks:
        return vibrato_curve(canvas.dice, length_s)
    if "s" in marks:
        return slide_curve(canvas.dice, -300.0, length_s)  # the demo's one slide comes from 3 frets below
    return ()


def _name_chords(canvas: Canvas) -> None:
    for bar, beat, length, name in (
        (3, 2, 2, "E"),
        (4, 0, 2, "Am"),
        (4, 2, 2, "F"),
        (5, 0, 2, "C"),
        (5, 2, 2, "G"),
        (8, 0, 2, "Am"),
        (8, 2, 2, "F"),
        (9, 0, 2, "C"),
        (9, 2, 2, "G"),
        (10, 0, 4, "Am"),
    ):
        tick = (4 * bar + beat) * TICKS
        canvas.name_chord(tick, tick + length * TICKS, name)

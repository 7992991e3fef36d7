"""From a seed to a tab: draws tuning, tempo, key and styles, and lets the styles write their sections.

Neighbours: the styles are in ``chordal``, ``lines`` and ``coverage``; ``datasets.synthetic`` plays the tab.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

from fretscribe.datasets.idioms.canvas import TICKS, Canvas, drifting_beats
from fretscribe.datasets.idioms.chordal import arpeggio, chord_hits, fingerstyle, jazz, strum
from fretscribe.datasets.idioms.coverage import chromatic, repeat
from fretscribe.datasets.idioms.dice import Dice
from fretscribe.datasets.idioms.lines import lead, riff
from fretscribe.datasets.idioms.setting import Section
from fretscribe.errors import OptionError
from fretscribe.music import STANDARD_TUNING, Key, Tab, Tuning

Style = Literal["strum", "arpeggio", "riff", "lead", "fingerstyle", "jazz", "chords", "chromatic", "repeat"]
"""What a section is made of; see the function of the same name (``chords`` is `chord_hits`)."""

STYLES: tuple[Style, ...] = get_args(Style)

_WRITERS: dict[Style, Callable[[Canvas, Section], None]] = {
    "strum": strum,
    "arpeggio": arpeggio,
    "riff": riff,
    "lead": lead,
    "fingerstyle": fingerstyle,
    "jazz": jazz,
    "chords": chord_hits,
    "chromatic": chromatic,
    "repeat": repeat,
}
_STYLE_WEIGHTS: dict[Style, float] = {
    "strum": 0.2,
    "lead": 0.2,
    "arpeggio": 0.12,
    "riff": 0.12,
    "chromatic": 0.12,
    "fingerstyle": 0.09,
    "jazz": 0.08,
    "repeat": 0.04,
    "chords": 0.03,
}
_TUNINGS: dict[tuple[int, ...], float] = {
    STANDARD_TUNING.open_pitches: 0.68,
    (38, 45, 50, 55, 59, 64): 0.08,  # drop D
    (39, 44, 49, 54, 58, 63): 0.07,  # half a step down
    (38, 43, 48, 53, 57, 62): 0.04,  # a whole step down
    (36, 43, 48, 53, 57, 62): 0.04,  # drop C
    (38, 45, 50, 55, 57, 62): 0.03,  # D A D G A D
    (38, 43, 50, 55, 59, 62): 0.03,  # open G
    (38, 45, 50, 54, 57, 62): 0.03,  # open D
}
# Keys that lie well under the hand, as semitones above the lowest open string (of standard tuning: E).
_MAJOR_TONICS = {
    0: 3.0,
    3: 3.0,
    5: 3.0,
    8: 3.0,
    10: 3.0,
    1: 1.0,
    6: 0.7,
    7: 0.6,
    11: 0.6,
    2: 0.4,
    4: 0.4,
    9: 0.4,
}
_MINOR_TONICS = {
    0: 4.0,
    5: 4.0,
    10: 2.0,
    7: 2.0,
    2: 1.0,
    3: 1.0,
    8: 1.0,
    1: 0.5,
    4: 0.3,
    6: 0.4,
    9: 0.3,
    11: 0.3,
}


def generate_tab(
    seed: int | np.random.Generator,
    *,
    duration_s: float = 20.0,
    tuning: Tuning | None = None,
    style: Style | None = None,
) -> Tab:
    """Idiomatic guitar playing, invented from a seed.

    Parameters
    ----------
    seed : int or numpy Generator
        The same seed and options give the same tab; a generator is advanced.
    duration_s : float
        Nothing sounds after it.
    tuning : Tuning or None
        Any of 4 to 8 strings; None draws one for six strings, mostly standard, sometimes with a capo.
    style : Style or None
        None mixes styles, changing every few bars.

    Returns
    -------
    Tab
        Valid: one note a string, fretted notes within a hand, on a beat grid; quantised times are what is
        written, seconds are what is played. The style of each section is in ``provenance``.

    Raises
    ------
    OptionError
        If the duration is not positive or the style unknown.

    Examples
    --------
    >>> tab = generate_tab(7, duration_s=4.0, style="strum")
    >>> tab == generate_tab(7, duration_s=4.0, style="strum"), tab.duration_s <= 4.0
    (True, True)
    """
    if not duration_s > 0.0:
        raise OptionError(f"duration_s must be positive, not {duration_s}")
    if style is not None and style not in STYLES:
        raise OptionError(f"unknown style {style!r}", mend=f"one of {', '.join(STYLES)}")
    dice = Dice(seed)
    tuning = tuning if tuning is not None else draw_tuning(dice)
    key = _draw_key(dice, tuning)
    beats_per_bar = dice.weighted({4: 0.82, 3: 0.14, 5: 0.02, 7: 0.02})
    tempo_bpm = dice.between(60.0, 190.0)
    beats = drifting_beats(
        dice,
        tempo_bpm,
        duration_s,
        start_s=dice.between(0.0, 0.5) if duration_s > 1.0 else 0.0,
        beats_per_bar=beats_per_bar,
        drift=dice.weighted({0.0: 0.4, 0.02: 0.4, 0.06: 0.2}),
    )
    canvas = Canvas(
        tuning,
        beats,
        dice,
        end_s=duration_s,
        swing=dice.between(0.55, 0.67) if dice.chance(0.2) else 0.5,
        jitter_s=dice.between(0.002, 0.012),
    )
    styles = _write_sections(canvas, key, beats_per_bar, style)
    return canvas.finish(
        key=key,
        title="generated",
        provenance={"generator": "idioms/1", "styles": styles, "tempo_bpm": round(tempo_bpm, 3)},
    )


def _write_sections(canvas: Canvas, key: Key, beats_per_bar: int, style: Style | None) -> list[str]:
    dice, tick = canvas.dice, 0
    styles: list[str] = []
    while canvas.time_at(tick) < canvas.end_s:
        chosen = style if style is not None else dice.weighted(_STYLE_WEIGHTS)
        section = Section(
            first_tick=tick,
            n_bars=dice.weighted({1: 0.15, 2: 0.45, 4: 0.4}),
            beats_per_bar=beats_per_bar,
            key=key,
            loudness=dice.between(50.0, 105.0),
            ringing=dice.between(0.0, 1.0),
        )
        _WRITERS[chosen](canvas, section)
        styles.append(chosen)
        tick = section.end_tick
        if dice.chance(0.15):  # silence, and the next section off the bar line now and then
            tick += dice.pick((TICKS, 2 * TICKS, section.bar_ticks))
    return styles


def draw_tuning(dice: Dice) -> Tuning:
    """A tuning for six strings: mostly standard, now and then another; a capo on every sixth guitar."""
    open_pitches = dice.weighted(_TUNINGS)
    capo = dice.whole(1, 7) if dice.chance(0.16) else 0
    return Tuning(open_pitches=open_pitches, capo=capo)


def _draw_key(dice: Dice, tuning: Tuning) -> Key:
    lowest = tuning.open_pitches[0] + tuning.capo
    if dice.chance(0.55):
        return Key(tonic=(lowest + dice.weighted(_MAJOR_TONICS)) % 12, mode="major")
    return Key(tonic=(lowest + dice.weighted(_MINOR_TONICS)) % 12, mode="minor")

"""How notes begin, die and are made up: what tells a pick from a finger, and a hand on the strings from none.

Every figure is of one note among those heard with it, in dB. Knows no techniques: ``symbolic.techniques``
concludes. Neighbours: ``note_frames`` has the spectra, ``pitch_track`` the fine pitch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fretscribe.convert import midi_to_hz
from fretscribe.dsp.note_frames import Floats, Frames, SoundingNotes, partial_hz
from fretscribe.dsp.pitch_track import free_partials
from fretscribe.frames import FloatArray

_OPEN_PARTIALS = {12: 2, 19: 3, 24: 4}  # semitones above an open string -> its partial, a harmonic
_HIGHEST_BELOW_HZ = 4500.0
_TOUCHED_S = (-0.02, 0.09)  # so long the open string's other partials may be heard
_N_PARTIALS = 10
_LOW, _HIGH = 3, 4  # partials up to the third, and from the fifth on
_HIGHEST_HZ = 8000.0
_PICK_HZ = 3000.0  # what a pick adds lies above
_FLOOR = 1e-6
_ONSET_REACH_S = 0.03
_LAG_S = 0.01
_BETWEEN_CENTS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSound:
    """What is heard of a note; NaN where it could not be measured.

    Attributes
    ----------
    rise_high, rise_all : float
        How fast the level above 3 kHz, and the whole level, rises at the onset: dB in 20 ms.
    flux : float
        Mean rise of all bins there: dB in 20 ms.
    rise_own : float
        The same at the note's own partials.
    bright : float
        Level of its partials from the fifth on over that of the first three, at the stroke.
    fall_early, fall_late : float
        Level lost from 25 to 75 ms, and from 75 to 125 ms after the onset.
    fall_high : float
        As ``fall_early``, of the partials from the fifth on.
    pitched : float
        Level at its partials over that of the sound as a whole, 30 to 70 ms after the onset.
    joined : bool
        Whether a note near its pitch sounds right up to it.
    step : float
        Its level over that of the note before; NaN where none is joined.
    dip : float
        How far the note before sinks just before the onset.
    bright_step : float
        ``bright`` over that of the note before.
    kept_low, kept_high : float
        Median level of the partials (first three, all above) over that of the same partials of the note
        before: what goes on of its motion.
    kept_spread : float
        How much the partials differ in that (median distance from their median).
    between : float
        How clearly pitches between the note before and this one are heard on the way, 0 to about 1.
    below : float
        Level of the other partials of an open string of which the note may be a natural harmonic, over the
        note's own: the highest of all such strings.
    below_rise : float
        How much these rose at the onset.
    below_fall : float
        How much these lost soon after it: the finger that touched the string took their motion.
    below_clear : float
        How far each stands out from the sound halfway between them: a pick is heard everywhere.
    partial : int
        Of that string, which the note would be; 0 where there is no such string.
    touched : int
        Index of that string, -1 where there is none.
    """

    rise_high: float
    rise_all: float
    flux: float
    rise_own: float
    bright: float
    fall_early: float
    fall_late: float
    fall_high: float
    pitched: float
    joined: bool
    step: float
    dip: float
    bright_step: float
    kept_low: float
    kept_high: float
    kept_spread: float
    between: float
    below: float
    below_rise: float
    below_fall: float
    below_clear: float
    partial: int
    touched: int


def measure_sound(
    short: Frames, long: Frames, notes: SoundingNotes, i: int, before: int, below: Below
) -> NoteSound:
    """Measure a note.

    Parameters
    ----------
    short, long : Frames
        Windows of about 23 and 46 ms; both reach from 0.2 s before the note to 0.2 s after its onset.
    notes : SoundingNotes
    i : int
        The note.
    before : int
        The note that it may go on from, -1 for none (see `SoundingNotes.joined_before`).
    below : Below
        See `measure_below`.
    """
    on = float(notes.onset_s[i])
    hz = partial_hz(float(notes.pitch[i]), _N_PARTIALS, highest_hz=_HIGHEST_HZ)
    onset = short.span(on - _ONSET_REACH_S - _LAG_S, on + _ONSET_REACH_S + _LAG_S)
    low, high = _levels(short, hz, on)
    own = _db(low.energy + high.energy)
    after = on + 0.02
    bright = low.ratio(high, on + 0.01, on + 0.04)
    joined = before >= 0
    step = dip = bright_step = between = float("nan")
    kept = (float("nan"),) * 3
    if joined:
        hz_before = partial_hz(float(notes.pitch[before]), _N_PARTIALS, highest_hz=_HIGHEST_HZ)
        low_before, high_before = _levels(short, hz_before, on)
        sounded = _db(low_before.energy + high_before.energy)
        at = low_before
        step = at.mean(own, after, on + 0.06) - at.mean(sounded, on - 0.05, on - 0.02)
        dip = at.mean(sounded, on - 0.06, on - 0.035) - at.least(sounded, on - 0.03, on + 0.005)
        bright_step = bright - low_before.ratio(high_before, on - 0.05, on - 0.02)
        between = _between(long, notes, i, before)
        kept = _kept(long, notes, i, before)
    return NoteSound(
        rise_high=_rise(_db(_band(short, onset, _PICK_HZ)), short),
        rise_all=_rise(_db(_band(short, onset, 80.0)), short),
        flux=_flux(short.magnitude[onset], short),
        rise_own=_rise(own[low.frames_in(onset)], short),
        bright=bright,
        fall_early=low.fall(on + 0.025, on + 0.075),
        fall_late=low.fall(on + 0.075, on + 0.125),
        fall_high=high.fall(on + 0.025, on + 0.075),
        pitched=_pitched(long, hz, on),
        joined=joined,
        step=step,
        dip=dip,
        bright_step=bright_step,
        kept_low=kept[0],
        kept_high=kept[1],
        kept_spread=kept[2],
        between=between,
        below=below.level,
        below_rise=below.rise,
        below_fall=below.fall,
        below_clear=below.clear,
        partial=below.partial,
        touched=below.string,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """Energy of some partials, frame by frame around an onset."""

    energy: FloatArray
    frames: Frames
    first: int

    def _span(self, start_s: float, end_s: float) -> slice:
        span = self.frames.span(start_s, end_s)
        first = min(max(0, span.start - self.first), len(self.energy) - 1)
        return slice(first, max(first + 1, span.stop - self.first))

    def mean(self, db: Floats, start_s: float, end_s: float) -> float:
        return float(db[self._span(start_s, end_s)].mean())

    def least(self, db: Floats, start_s: float, end_s: float) -> float:
        return float(db[self._span(start_s, end_s)].min())

    def ratio(self, other: _Level, start_s: float, end_s: float) -> float:
        return other.mean(_db(other.energy), start_s, end_s) - self.mean(_db(self.energy), start_s, end_s)

    def fall(self, from_s: float, to_s: float) -> float:
        db = _db(self.energy)
        return self.mean(db, from_s - 0.006, from_s + 0.006) - self.mean(db, to_s - 0.006, to_s + 0.006)

    def frames_in(self, frames: slice) -> slice:
        return slice(max(0, frames.start - self.first), max(1, frames.stop - self.first))


def _levels(frames: Frames, hz: Floats, on: float) -> tuple[_Level, _Level]:
    """Energy of the low and of the high partials from 70 ms before to 150 ms after an onset."""
    span = frames.span(on - 0.07, on + 0.15)
    energy = frames.at(hz, span) ** 2
    return (
        _Level(energy[:, :_LOW].sum(axis=1), frames, span.start),
        _Level(energy[:, _HIGH:].sum(axis=1), frames, span.start),
    )


def _db(energy: FloatArray) -> Floats:
    return np.asarray(10.0 * np.log10(energy + _FLOOR**2), dtype=np.float64)


def _band(frames: Frames, span: slice, from_hz: float) -> FloatArray:
    first, last = int(from_hz / frames.bin_hz), int(_HIGHEST_HZ / frames.bin_hz)
    return np.asarray((frames.magnitude[span, first:last] ** 2).sum(axis=1))


def _rise(db: Floats, frames: Frames) -> float:
    lag = max(1, round(2 * _LAG_S / frames.step_s))
    return float((db[lag:] - db[:-lag]).max()) if len(db) > lag else 0.0


def _flux(magnitude: FloatArray, frames: Frames) -> float:
    lag = max(1, round(2 * _LAG_S / frames.step_s))
    if len(magnitude) <= lag:
        return 0.0
    floor = 1e-3 * float(magnitude.max()) + _FLOOR
    db = 20.0 * np.log10(magnitude[:, : int(_HIGHEST_HZ / frames.bin_hz)] + floor)
    return float(np.maximum(db[lag:] - db[:-lag], 0.0).mean(axis=1).max())


def _pitched(frames: Frames, hz: Floats, on: float) -> float:
    span = frames.span(on + 0.03, on + 0.07)
    own = (frames.at(hz, span) ** 2).sum()
    all_in_all = (frames.magnitude[span] ** 2).sum() * frames.bin_hz / frames.lobe_hz
    return float(10.0 * np.log10((own + _FLOOR**2) / (all_in_all + _FLOOR**2)))


def _between(frames: Frames, notes: SoundingNotes, i: int, before: int) -> float:
    """Salience of the pitches between two notes on the way, over that of the nearer end of it."""
    from_cents = 100.0 * float(notes.pitch[before] - notes.pitch[i])
    low, high = min(from_cents, 0.0), max(from_cents, 0.0)
    cents = np.arange(low - 40.0, high + 41.0, _BETWEEN_CENTS)
    base = partial_hz(float(notes.pitch[i]), 8, highest_hz=5000.0)
    hz = base[:, None] * 2.0 ** (cents / 1200.0)
    on = float(notes.onset_s[i])
    free = free_partials(notes, i, hz, on - 0.1, on + 0.1, frames.lobe_hz, but=before)
    if free.mean() < 0.25:
        return float("nan")
    magnitude = np.sqrt(frames.at(hz, frames.span(on - 0.12, on + 0.15))) * free
    salience = magnitude.sum(axis=1) / np.maximum(free.sum(axis=0), 1.0)
    inside = (cents > low + 45.0) & (cents < high - 45.0)
    if not inside.any():
        return float("nan")
    ends = np.maximum(
        salience[:, np.abs(cents - low) <= 40.0].max(axis=1),
        salience[:, np.abs(cents - high) <= 40.0].max(axis=1),
    )
    share = salience[:, inside].max(axis=1) / np.maximum(ends, 1e-9)
    # What leaks in where only one of the two sounds is no way between them.
    edge = max(1, len(share) // 6)
    still = float(np.concatenate([share[:edge], share[-edge:]]).mean())
    return float(share[edge:-edge].max() - still) if len(share) > 2 * edge else float("nan")


def _kept(frames: Frames, notes: SoundingNotes, i: int, before: int) -> tuple[float, float, float]:
    """Level of each partial over that of the note before: low ones, high ones, and how they differ."""
    on = float(notes.onset_s[i])
    pairs = [partial_hz(float(notes.pitch[k]), 2 * _N_PARTIALS, highest_hz=_HIGHEST_HZ) for k in (before, i)]
    n = min(len(pairs[0]), len(pairs[1]))
    then = frames.span(on - 0.045, on - 0.025)
    now = frames.span(on + 0.035, on + 0.055)
    levels, free = [], np.ones(n, dtype=np.bool_)
    for hz, span in zip(pairs, (then, now), strict=True):
        near = hz[:n, None] * np.array([0.992, 0.996, 1.0, 1.004, 1.008])
        level = frames.at(near, span).max(axis=2).mean(axis=0)
        around = (
            frames.at(hz[:n, None] + frames.lobe_hz * np.array([-1.3, 1.3]), span).min(axis=2).mean(axis=0)
        )
        free &= free_partials(notes, i, hz[:n], on - 0.06, on + 0.07, frames.lobe_hz, but=before)
        free &= level > 2.0 * around
        levels.append(20.0 * np.log10(level + _FLOOR))
    step = (levels[1] - levels[0])[free]
    low = np.arange(n)[free] < _LOW
    if len(step) < 3:
        return (float("nan"),) * 3
    middle = float(np.median(step))
    return (
        float(np.median(step[low])) if low.any() else float("nan"),
        float(np.median(step[~low])) if (~low).any() else float("nan"),
        float(np.median(np.abs(step - middle))),
    )


class Below(NamedTuple):
    """`NoteSound.below`, ``below_rise``, ``below_fall``, ``below_clear``, ``partial`` and ``touched``."""

    level: float
    rise: float
    fall: float
    clear: float
    partial: int
    string: int


_NOTHING_BELOW = Below(float("nan"), float("nan"), float("nan"), float("nan"), 0, -1)


def measure_below(
    signal: FloatArray, sample_rate: int, notes: SoundingNotes, i: int, open_pitches: Sequence[int]
) -> Below:
    """What is heard of an open string below a note; NaN where it can be no natural harmonic, or is covered.

    Parameters
    ----------
    signal : float32 array [n_samples]
    sample_rate : int
    notes : SoundingNotes
    i : int
    open_pitches : sequence of int
        MIDI pitches of the open strings, the capo included.
    """
    found = [
        _below_as(partial, string, signal, sample_rate, notes, i)
        for string, open_pitch in enumerate(open_pitches)
        if (partial := _OPEN_PARTIALS.get(int(notes.pitch[i]) - open_pitch))
    ]
    known = [below for below in found if not math.isnan(below.level)]
    return max(known, key=lambda below: below.level, default=_NOTHING_BELOW)


def _below_as(
    partial: int, string: int, signal: FloatArray, sample_rate: int, notes: SoundingNotes, i: int
) -> Below:
    """The same, if the note is one partial of one open string."""
    on, pitch = float(notes.onset_s[i]), int(notes.pitch[i])
    window_s = _TOUCHED_S[1] - _TOUCHED_S[0]
    hz = partial_hz(pitch - 12.0 * math.log2(partial), 4 * partial, highest_hz=_HIGHEST_BELOW_HZ)
    hz *= midi_to_hz(pitch) / hz[partial - 1]
    halfway = np.concatenate([[0.55 * hz[0]], (hz[:-1] + hz[1:]) / 2])
    number = np.arange(1, len(hz) + 1)
    other = (number % partial != 0) & free_partials(notes, i, hz, on - 0.05, on + 0.1, 2.0 / window_s)
    if not other.any():
        return _NOTHING_BELOW
    starts_s = (on - 0.01 - window_s, on + _TOUCHED_S[0], on + _TOUCHED_S[1])
    levels = _levels_at(signal, sample_rate, starts_s, window_s, np.concatenate([hz, halfway]))
    earlier, now, later = levels[:, : len(hz)][:, other]
    beside = levels[1, len(hz) :]
    beside = np.minimum(beside, np.append(beside[1:], beside[-1]))[other]
    own = levels[1, : len(hz)][number % partial == 0][:2]
    share = now / max(float(now.sum()), 1e-9)
    return Below(
        level=float(_ratio_db(np.sort(now)[-2:].mean(), own.mean())),
        rise=float(share @ _ratio_db(now, earlier)),
        fall=float(share @ _ratio_db(now, later)),
        clear=float(np.clip(_ratio_db(now, beside), -5.0, 30.0).mean()),
        partial=partial,
        string=string,
    )


def _levels_at(
    signal: FloatArray, sample_rate: int, starts_s: Sequence[float], length_s: float, hz: Floats
) -> Floats:
    """Amplitudes at frequencies in stretches of a signal, through a Hann window: [n_stretches, n_hz]."""
    size = round(length_s * sample_rate)
    stretches = np.zeros((len(starts_s), size))
    for stretch, start_s in zip(stretches, starts_s, strict=True):
        first = round(start_s * sample_rate)
        low, high = max(0, first), min(len(signal), first + size)
        if high > low:
            stretch[low - first : high - first] = signal[low:high]
    waves = np.exp(-2j * np.pi / sample_rate * np.outer(np.arange(size), hz))
    window = np.hanning(size)
    return np.asarray(np.abs((stretches * window) @ waves) * (2.0 / window.sum()))


def _ratio_db(over: npt.ArrayLike, under: npt.ArrayLike) -> Floats:
    return np.asarray(20.0 * np.log10((np.asarray(over) + 1e-4) / (np.asarray(under) + 1e-4)))

"""Hammer-ons, pull-offs and slides of the string model: a string rings on when a finger changes its length.

Nothing strikes the string anew. Its partials go on from where they are, in phase, with what is left of
their energy; the finger adds a little: a hammer's blow near the end of the new string, a pull-off's soft
pluck where the finger was, a slide next to nothing. Neighbour: ``synthetic`` plays notes and asks here.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.frames import FloatArray
from fretscribe.music import BendPoint, Technique

SLURS: frozenset[Technique] = frozenset({"hammer_on", "pull_off", "slide"})

_STEP_S = 0.004  # a string that a sliding finger presses jumps from fret to fret
_IN_FRET = 0.02  # of a semitone: a finger that stands at a fret presses it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vibration:
    """How a string moves from its stroke on, in samples.

    Attributes
    ----------
    poles, amplitudes : complex array [2 * n_partials]
        Partial k of a polarisation is the real part of ``A exp(pole * t)``; first one polarisation, then the
        other.
    read_at : float64 array [n_samples], or None
        The (bent) time of each sample; None where it is the sample's own.
    n_held : int
        From here on a finger damps it.
    release : float
        Time constant of that.
    """

    poles: npt.NDArray[np.complex128]
    amplitudes: npt.NDArray[np.complex128]
    read_at: npt.NDArray[np.float64] | None
    n_held: int
    release: float

    def at(self, sample: int) -> npt.NDArray[np.complex128]:
        """Amplitude and phase of each partial at a sample, [2, n_partials]."""
        time = float(sample)
        if self.read_at is not None and len(self.read_at):
            time = float(self.read_at[min(sample, len(self.read_at) - 1)])
        damped = np.exp(-max(0, sample - self.n_held) / self.release)
        return np.asarray(self.amplitudes * np.exp(self.poles * time) * damped).reshape(2, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finger:
    """What the finger of a slur does to the string.

    Attributes
    ----------
    strength : float
        Its blow or pluck, beside a pick's of the same velocity.
    pluck : float, or None
        Where it plucks, as a share of the string; None for a blow, which drives all partials alike.
    brightness : float
        Roll-off frequency beside the pick's: a fingertip is soft.
    kept : float
        Share of the motion that goes on.
    """

    strength: float
    pluck: float | None
    brightness: float
    kept: float


def draw_finger(
    techniques: frozenset[Technique], fret_before: int, fret: int, rng: np.random.Generator
) -> Finger:
    """A finger that slurs from one fret to another."""
    kept, brightness = float(rng.uniform(0.55, 0.95)), float(rng.uniform(0.35, 0.7))
    if "hammer_on" in techniques:
        strength = float(np.exp(rng.uniform(np.log(0.12), np.log(0.5))))
        return Finger(strength=strength, pluck=None, brightness=brightness, kept=kept)
    if "pull_off" in techniques:
        strength = float(np.exp(rng.uniform(np.log(0.2), np.log(0.7))))
        away = 1.0 - 2.0 ** (-max(1, fret_before - fret) / 12.0)
        return Finger(strength=strength, pluck=away, brightness=brightness, kept=kept)
    strength = float(np.exp(rng.uniform(np.log(0.02), np.log(0.15))))
    return Finger(strength=strength, pluck=None, brightness=brightness, kept=max(kept, 0.75))


def carried(ringing: npt.NDArray[np.complex128], n_partials: int) -> npt.NDArray[np.complex128]:
    """Motion [2, n] as that of ``n_partials`` partials, [2 * n_partials]: partial k goes on as partial k."""
    out = np.zeros((2, n_partials), dtype=np.complex128)
    n = min(n_partials, ringing.shape[1])
    out[:, :n] = ringing[:, :n]
    return out.reshape(-1)


def over_the_frets(bend: tuple[BendPoint, ...]) -> tuple[BendPoint, ...]:
    """The way of a slide as the string sounds it: from fret to fret, always the one before the finger.

    >>> [(p.time_s, p.cents) for p in over_the_frets((BendPoint(time_s=0.0, cents=-200.0),
    ...                                               BendPoint(time_s=0.1, cents=0.0)))]
    [(0.0, -200.0), (0.0005, -200.0), (0.0045, -100.0), (0.0505, -100.0), (0.0545, 0.0), (0.1, 0.0)]
    """
    points: list[BendPoint] = []
    for start, end in itertools.pairwise(bend):
        points.append(BendPoint(time_s=start.time_s, cents=100.0 * _fret_before(start.cents)))
        rate = (end.cents - start.cents) / max(1e-6, end.time_s - start.time_s)
        low, high = sorted((_fret_before(start.cents), _fret_before(end.cents)))
        # Going up, fret k is left when the finger passes it; going down, fret k sounds from when k is passed.
        passed = range(low, high) if rate > 0 else range(high - 1, low - 1, -1)
        for fret in passed:
            sounds, then = (fret, fret + 1) if rate > 0 else (fret + 1, fret)
            at = start.time_s + (100.0 * (fret + _IN_FRET / 2) - start.cents) / rate
            at = round(max(at, points[-1].time_s + 1e-6), 6)
            points.append(BendPoint(time_s=at, cents=100.0 * sounds))
            points.append(BendPoint(time_s=round(at + _STEP_S, 6), cents=100.0 * then))
    last = bend[-1]
    if not points or last.time_s > points[-1].time_s:
        points.append(BendPoint(time_s=last.time_s, cents=100.0 * _fret_before(last.cents)))
    return tuple(points)


def _fret_before(cents: float) -> int:
    return int(np.ceil(cents / 100.0 - _IN_FRET))


def with_friction(wave: FloatArray, level: float, n_samples: int, rng: np.random.Generator) -> FloatArray:
    """The wave with a hiss over its first samples: a finger that rubs along the string, or lands on it."""
    n = min(len(wave), n_samples)
    wave = wave.copy()
    wave[:n] += (level * rng.normal(0.0, 1.0, n) * np.hanning(n)).astype(np.float32)
    return wave

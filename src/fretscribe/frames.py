"""Sampled and framed signals: audio, the grid of frames, and what the networks say on it.

``FrameGrid`` alone converts between frames and seconds. Arrays are time first and read-only.
Neighbours: ``music`` has the symbolic side, ``dsp`` makes frames out of audio.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

N_FRET_CLASSES = 22
"""Classes of one string in a `FretProbs`: silence first, then frets 0..20."""

N_ARRAY_STRINGS = 6
N_ARRAY_FRETS = 21
N_TAB = N_ARRAY_STRINGS * N_ARRAY_FRETS
"""Length of a frame in the array files: index = string * 21 + fret, silence is an all-zero block."""


def _frozen(array: npt.ArrayLike, name: str, n_dims: int) -> FloatArray:
    out = np.asarray(array, dtype=np.float32).view()  # a view: the caller's own array stays writeable
    if out.ndim != n_dims:
        raise ValueError(f"{name} must have {n_dims} dimensions, not shape {out.shape}")
    out.flags.writeable = False
    return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Audio:
    """A recording in memory.

    Attributes
    ----------
    samples : float32 array [n_channels, n_samples]
        Full scale is +-1; finite (checked), read-only.
    sample_rate : int
        In Hz.
    """

    samples: FloatArray
    sample_rate: int

    def __post_init__(self) -> None:
        samples = _frozen(self.samples, "samples", 2)
        if self.sample_rate <= 0:
            raise ValueError(f"sample_rate must be positive, not {self.sample_rate}")
        if samples.shape[0] < 1:
            raise ValueError("samples need at least one channel")
        if not np.isfinite(samples).all():
            raise ValueError("samples must be finite")
        object.__setattr__(self, "samples", samples)

    @property
    def n_samples(self) -> int:
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.sample_rate

    def mono(self) -> FloatArray:
        """Mean over the channels, float32 [n_samples]."""
        if self.samples.shape[0] == 1:
            return np.asarray(self.samples[0])
        return np.asarray(self.samples.mean(axis=0, dtype=np.float64), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameGrid:
    """Where frames lie in time: frame i is centred on ``start_s + i * hop_length / sample_rate``.

    The hop stays a ratio of integers: 22050/512 is not 43 frames a second.
    """

    sample_rate: int
    hop_length: int
    n_frames: int
    start_s: float = 0.0

    def __post_init__(self) -> None:
        if self.sample_rate <= 0 or self.hop_length <= 0 or self.n_frames < 0:
            raise ValueError(f"impossible grid {self}")

    @property
    def time_step_s(self) -> float:
        return self.hop_length / self.sample_rate

    def time_s(self, frame: float) -> float:
        """Seconds at a (possibly fractional) frame."""
        return self.start_s + frame * self.hop_length / self.sample_rate

    def frame(self, time_s: float) -> float:
        """Fractional frame at a time; not clipped to the grid.

        >>> grid = FrameGrid(sample_rate=22050, hop_length=512, n_frames=100)
        >>> grid.frame(grid.time_s(17))
        17.0
        """
        return (time_s - self.start_s) * self.sample_rate / self.hop_length

    def times_s(self) -> npt.NDArray[np.float64]:
        """Centre of every frame, float64 [n_frames]."""
        frames = np.arange(self.n_frames, dtype=np.float64)
        return np.asarray(self.start_s + frames * self.hop_length / self.sample_rate, dtype=np.float64)

    def faster(self, speed: Fraction) -> FrameGrid:
        """Where the same frames lie in a sound that runs ``speed`` times as fast, counted from the same zero.

        >>> grid = FrameGrid(sample_rate=22050, hop_length=512, n_frames=100, start_s=3.0)
        >>> grid.faster(Fraction(3, 2)).time_s(0), grid.faster(Fraction(3, 2)).hop_length
        (2.0, 1024)
        """
        return replace(
            self,
            sample_rate=self.sample_rate * speed.numerator,
            hop_length=self.hop_length * speed.denominator,
            start_s=self.start_s * speed.denominator / speed.numerator,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StringRoll:
    """What the acoustic model hears: for every frame, string and pitch, two probabilities.

    Attributes
    ----------
    grid : FrameGrid
    onset : float32 array [n_frames, n_strings, n_pitches]
        P(a note of this pitch starts on this string here). String 0 is the lowest.
    active : float32 array [n_frames, n_strings, n_pitches]
        P(a note of this pitch sounds on this string here).
    pitch_min : int
        MIDI pitch of column 0.
    level : float32 array [n_frames, n_pitches], or None
        How strong each pitch is in dB (any reference); None where nothing is known of loudness.
    """

    grid: FrameGrid
    onset: FloatArray
    active: FloatArray
    pitch_min: int
    level: FloatArray | None = None

    def __post_init__(self) -> None:
        onset = _frozen(self.onset, "onset", 3)
        active = _frozen(self.active, "active", 3)
        if onset.shape != active.shape or onset.shape[0] != self.grid.n_frames:
            raise ValueError(
                f"onset {onset.shape} and active {active.shape} must match each other and "
                f"the {self.grid.n_frames} frames of the grid"
            )
        object.__setattr__(self, "onset", onset)
        object.__setattr__(self, "active", active)
        if self.level is not None:
            level = _frozen(self.level, "level", 2)
            if level.shape != (onset.shape[0], onset.shape[2]):
                raise ValueError(f"level {level.shape} must have a value for each frame and pitch")
            object.__setattr__(self, "level", level)

    @property
    def n_strings(self) -> int:
        return int(self.onset.shape[1])

    @property
    def n_pitches(self) -> int:
        return int(self.onset.shape[2])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FretProbs:
    """Per-string fret probabilities, float32 [n_frames, n_strings, 22]; class 0 is silence.

    Class ``1 + fret`` is that fret (0..20); the 22 values of a string sum to 1.
    """

    grid: FrameGrid
    probs: FloatArray

    def __post_init__(self) -> None:
        probs = _frozen(self.probs, "probs", 3)
        if probs.shape[0] != self.grid.n_frames or probs.shape[2] != N_FRET_CLASSES:
            raise ValueError(
                f"probs must be [{self.grid.n_frames}, n_strings, {N_FRET_CLASSES}], not {probs.shape}"
            )
        object.__setattr__(self, "probs", probs)


def tab_from_probs(probs: npt.ArrayLike) -> FloatArray:
    """Fret probabilities [..., 6, 22] in the 126 layout of the array files [..., 126]: silence is dropped.

    A string's block then sums to P(the string sounds).

    >>> one_hot = np.zeros((6, 22)); one_hot[:, 0] = 1; one_hot[1] = np.eye(22)[4]  # string 1, fret 3
    >>> np.flatnonzero(tab_from_probs(one_hot)).tolist()
    [24]
    """
    array = np.asarray(probs, dtype=np.float32)
    if array.shape[-2:] != (N_ARRAY_STRINGS, N_FRET_CLASSES):
        raise ValueError(f"probs must end in (6, {N_FRET_CLASSES}), not {array.shape}")
    return np.ascontiguousarray(array[..., 1:]).reshape(*array.shape[:-2], N_TAB)


def probs_from_tab(tab: npt.ArrayLike) -> FloatArray:
    """Inverse of `tab_from_probs`: [..., 126] -> [..., 6, 22]; silence is what is left of each block."""
    array = np.asarray(tab, dtype=np.float32)
    if array.shape[-1] != N_TAB:
        raise ValueError(f"a frame has {N_TAB} values, not {array.shape[-1]}")
    frets = array.reshape(*array.shape[:-1], N_ARRAY_STRINGS, N_ARRAY_FRETS)
    silence = np.clip(1.0 - frets.sum(axis=-1, keepdims=True), 0.0, 1.0)
    return np.asarray(np.concatenate([silence, frets], axis=-1), dtype=np.float32)


def on_grid(frets: FretProbs, grid: FrameGrid) -> FretProbs:
    """Fret probabilities on another grid, linear between frames, constant beyond the ends.

    The one place where grids are exchanged. Without any frames all strings are silent.
    """
    if frets.grid == grid:
        return frets
    n_strings = frets.probs.shape[1]
    if frets.grid.n_frames == 0:
        silent = np.zeros((grid.n_frames, n_strings, N_FRET_CLASSES), dtype=np.float32)
        silent[..., 0] = 1.0
        return FretProbs(grid=grid, probs=silent)
    at = (grid.times_s() - frets.grid.start_s) / frets.grid.time_step_s
    at = np.clip(at, 0.0, frets.grid.n_frames - 1)
    low = np.minimum(at.astype(np.int64), max(0, frets.grid.n_frames - 2))
    high = np.minimum(low + 1, frets.grid.n_frames - 1)
    share = (at - low)[:, None, None].astype(np.float32)
    return FretProbs(grid=grid, probs=frets.probs[low] * (1 - share) + frets.probs[high] * share)

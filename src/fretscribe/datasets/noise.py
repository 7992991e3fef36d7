"""How a tab network errs, as a few numbers, and predictions that err like it.

A `ConfusionModel` says how often a note is kept, missed, or heard as the same pitch on another string, as a
fret beside, as an octave or a fifth; how many notes appear from nowhere; how sure right and wrong cells are;
and how much a cell flickers from frame to frame. `apply_noise` draws from it: soft predictions of a tab that
never are the truth.
Neighbours: ``noise_measure`` measures a model from real predictions, ``noise_file`` keeps it as JSON,
``synthetic_set`` writes X_lstm with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from fretscribe.datasets.fret_frames import FretArray
from fretscribe.frames import N_ARRAY_FRETS, N_ARRAY_STRINGS, N_TAB, FloatArray
from fretscribe.music import STANDARD_TUNING

Outcome = Literal["kept", "other_string", "near_fret", "octave", "fifth", "missed"]
"""What becomes of a played note."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

ExtraKind = Literal["same_pitch", "octave", "fifth", "near_fret", "other"]
"""What a note that nobody played has to do with what sounds then."""
EXTRA_KINDS: tuple[ExtraKind, ...] = get_args(ExtraKind)

SHIFTED: tuple[Outcome, ...] = ("other_string", "near_fret", "octave", "fifth")
"""Outcomes that put the note elsewhere: by strings, by frets, by semitones, by semitones."""

N_QUANTILES = 21
QUANTILE_FIELDS = (
    "peak_kept",
    "peak_lost",
    "peak_wrong",
    "peak_extra",
    "leak",
    "background",
    "onset_error_s",
    "offset_error_s",
    "extra_duration_s",
)
_LEVELS = np.linspace(0.0, 1.0, N_QUANTILES)
_SURE = 9.0  # logit: probabilities stay within 1.2e-4 of 0 and 1
_FLOOR = 1e-6  # every cell is possible, so that predictions of silence differ from the truth too
_CEILING = 0.999
_BACKGROUND_STEP_S = 0.3

Quantiles = tuple[float, ...]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionModel:
    """How predictions differ from what was played.

    Quantiles are at 0, 0.05 .. 1. A cell's peak is its mean over the note in log odds, as a probability.

    Attributes
    ----------
    time_step_s : float
        Of the frames that were measured.
    n_notes : int
        Notes (runs of frames of one string and fret) that were measured.
    outcomes : mapping of Outcome to float
        Shares that sum to 1.
    shifts : mapping of Outcome to mapping of int to float
        For each of `SHIFTED`, by how much, with shares.
    extras_per_s : mapping of ExtraKind to float
    peak_kept, peak_lost : quantiles
        Of the right cell, where the note is kept and where it is not.
    peak_wrong, peak_extra : quantiles
        Of the cell that is claimed instead, and of a note from nowhere.
    leak : quantiles
        Of the cell of the same pitch on a neighbouring string, where the note is kept.
    background : quantiles
        What all other cells of a string have together.
    onset_error_s, offset_error_s : quantiles
        Of kept notes; positive is late.
    extra_duration_s : quantiles
    flicker : float
        Standard deviation of a kept cell within a note, in log odds.
    flicker_correlation : float
        Of one frame with the next, 0..1.
    provenance : mapping of str to JSON values
    """

    time_step_s: float
    n_notes: int
    outcomes: Mapping[Outcome, float]
    shifts: Mapping[Outcome, Mapping[int, float]]
    extras_per_s: Mapping[ExtraKind, float]
    peak_kept: Quantiles
    peak_lost: Quantiles
    peak_wrong: Quantiles
    peak_extra: Quantiles
    leak: Quantiles
    background: Quantiles
    onset_error_s: Quantiles
    offset_error_s: Quantiles
    extra_duration_s: Quantiles
    flicker: float
    flicker_correlation: float
    provenance: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.time_step_s <= 0 or self.n_notes < 1:
            raise ValueError("a model needs a positive time step and at least one note")
        if set(self.outcomes) != set(OUTCOMES) or not np.isclose(sum(self.outcomes.values()), 1.0):
            raise ValueError(f"outcomes must be shares of {', '.join(OUTCOMES)}")
        if set(self.shifts) != set(SHIFTED) or set(self.extras_per_s) != set(EXTRA_KINDS):
            raise ValueError("shifts and extras_per_s must name all their kinds, and no other")
        shares = [*self.outcomes.values(), *self.extras_per_s.values()]
        for kind, shifts in self.shifts.items():
            shares += shifts.values()
            if 0 in shifts or (self.outcomes[kind] > 0 and not np.isclose(sum(shifts.values()), 1.0)):
                raise ValueError(f"the shifts of {kind} must be shares, and none of them 0")
        if min(shares) < 0 or not 0 <= self.flicker_correlation < 1 or self.flicker < 0:
            raise ValueError("shares, rates and flicker must not be negative, the correlation below 1")
        for name in QUANTILE_FIELDS:
            values = np.array(getattr(self, name))
            if len(values) != N_QUANTILES or (np.diff(values) < 0).any():
                raise ValueError(f"{name} needs {N_QUANTILES} quantiles that do not fall")
            if not name.endswith("_s") and not (values[0] >= 0 and values[-1] <= 1):
                raise ValueError(f"{name} must be probabilities")
        for name in ("outcomes", "extras_per_s", "shifts", "provenance"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def note_runs(column: FretArray) -> list[tuple[int, int, int]]:
    """Runs of one value of a string's frets [n_frames], silence left out: first frame, end, fret.

    >>> note_runs(np.array([-1, 3, 3, 5, -1, 5], dtype=np.int8))
    [(1, 3, 3), (3, 4, 5), (5, 6, 5)]
    """
    if not len(column):
        return []
    starts = np.concatenate([[0], np.flatnonzero(np.diff(column)) + 1])
    ends = np.concatenate([starts[1:], [len(column)]])
    return [
        (int(start), int(end), int(column[start]))
        for start, end in zip(starts, ends, strict=True)
        if column[start] >= 0
    ]


def log_odds(probability: npt.ArrayLike) -> Floats:
    """``log(p / (1 - p))``, limited to +-9."""
    p = np.clip(np.asarray(probability, dtype=np.float64), 1e-9, 1 - 1e-9)
    return np.clip(np.log(p / (1 - p)), -_SURE, _SURE)


def probability_of(odds: npt.ArrayLike) -> Floats:
    """Inverse of `log_odds`."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(odds, dtype=np.float64))))


def apply_noise(
    frets: FretArray,
    rng: np.random.Generator,
    model: ConfusionModel,
    *,
    time_step_s: float | None = None,
    open_pitches: tuple[int, ...] = STANDARD_TUNING.open_pitches,
) -> FloatArray:
    """Predictions of a tab network, drawn: what it would say where these frets are played.

    Parameters
    ----------
    frets : int8 array [n_frames, 6]
        -1 is silence.
    rng : numpy Generator
    model : ConfusionModel
    time_step_s : float, optional
        Of the frames; the model's own otherwise. Flicker and edges keep their length in seconds.
    open_pitches : tuple of int

    Returns
    -------
    float32 array [n_frames, 126]
        Above 0 everywhere, each string's block sums to less than 1; never the truth.
    """
    step_s = model.time_step_s if time_step_s is None else time_step_s
    canvas = _Canvas(len(frets), rng, model, step_s)
    for string in range(N_ARRAY_STRINGS):
        for start, end, fret in note_runs(frets[:, string]):
            _play(canvas, frets[start:end], start, (string, fret), open_pitches)
    _add_extras(canvas, frets, open_pitches)
    return canvas.finish()


class _Canvas:
    """Claims of probability on cells, and what becomes of them."""

    def __init__(self, n_frames: int, rng: np.random.Generator, model: ConfusionModel, step_s: float) -> None:
        self.rng, self.model, self.step_s = rng, model, step_s
        self.n_frames = n_frames
        self.claims = np.zeros((n_frames, N_ARRAY_STRINGS, N_ARRAY_FRETS))
        self._correlation = model.flicker_correlation ** (step_s / model.time_step_s)

    def draw(self, quantiles: Quantiles) -> float:
        """A value of a distribution."""
        return float(np.interp(self.rng.random(), _LEVELS, quantiles))

    def choose(self, shares: Mapping[int, float]) -> int:
        """One of the keys."""
        keys = list(shares)
        weights = np.array([shares[key] for key in keys])
        return keys[int(self.rng.choice(len(keys), p=weights / weights.sum()))]

    def claim(self, start: int, end: int, string: int, fret: int, peak: float) -> None:
        """Let a cell have probability around ``peak`` for some frames, flickering."""
        start, end = max(0, start), min(self.n_frames, end)
        if end <= start or not 0 <= fret < N_ARRAY_FRETS:
            return
        shocks = self.rng.normal(0.0, self.model.flicker, end - start)
        shocks[1:] *= np.sqrt(1.0 - self._correlation**2)
        flicker, last = np.empty(end - start), 0.0
        for i, shock in enumerate(shocks.tolist()):
            last = shock if i == 0 else self._correlation * last + shock
            flicker[i] = last
        values = probability_of(log_odds(peak) + flicker)
        cell = self.claims[start:end, string, fret]
        np.maximum(cell, values, out=cell)

    def edges(self, start: int, end: int) -> tuple[int, int]:
        """Where the network would hear a kept note begin and end."""
        blur = 0.5 * self.model.time_step_s  # the model knows edges to a frame of its own
        onset_s = self.draw(self.model.onset_error_s) + self.rng.uniform(-blur, blur)
        offset_s = self.draw(self.model.offset_error_s) + self.rng.uniform(-blur, blur)
        first, beyond = start + round(onset_s / self.step_s), end + round(offset_s / self.step_s)
        return (first, beyond) if beyond > first else (start, end)

    def finish(self) -> FloatArray:
        """Claims and background as one frame of 126 each."""
        total = self.claims.sum(axis=-1, keepdims=True)
        claims = self.claims * np.minimum(1.0, _CEILING / np.maximum(total, 1e-12))
        room = np.maximum(0.0, _CEILING - claims.sum(axis=-1, keepdims=True))
        out = claims + room * self._background() + (1.0 - _CEILING) * _FLOOR
        return np.asarray(out.reshape(self.n_frames, N_TAB), dtype=np.float32)

    def _background(self) -> Floats:
        """Slowly changing probability of all cells [n_frames, 6, 21]."""
        n_knots = max(2, 1 + round(self.n_frames * self.step_s / _BACKGROUND_STEP_S))
        weights = self.rng.gamma(0.4, 1.0, (n_knots, N_ARRAY_STRINGS, N_ARRAY_FRETS)) + 1e-9
        weights /= weights.sum(axis=-1, keepdims=True)
        mass = np.interp(self.rng.random((n_knots, N_ARRAY_STRINGS)), _LEVELS, self.model.background)
        knots = weights * mass[..., None]
        at = np.linspace(0, n_knots - 1, self.n_frames)
        low = np.minimum(at.astype(np.int64), n_knots - 2)
        share = (at - low)[:, None, None]
        return np.asarray(knots[low] * (1 - share) + knots[low + 1] * share)


_Place = tuple[int, int]
"""String and fret."""


def _play(
    canvas: _Canvas, around: FretArray, start: int, place: _Place, open_pitches: tuple[int, ...]
) -> None:
    """What the network makes of a note; ``around`` are the frets of all strings while it sounds."""
    model, rng, (string, fret), end = canvas.model, canvas.rng, place, start + len(around)
    outcome = OUTCOMES[int(rng.choice(len(OUTCOMES), p=[model.outcomes[name] for name in OUTCOMES]))]
    instead = _instead(canvas, outcome, place, around, open_pitches) if outcome in SHIFTED else None
    if outcome == "missed" or instead is not None:
        canvas.claim(start, end, string, fret, canvas.draw(model.peak_lost))
        if instead is not None:
            canvas.claim(*canvas.edges(start, end), *instead, canvas.draw(model.peak_wrong))
        return
    first, beyond = canvas.edges(start, end)  # kept, or there is no other place on this neck
    canvas.claim(first, beyond, string, fret, canvas.draw(model.peak_kept))
    for other in (string - 1, string + 1):
        if 0 <= other < N_ARRAY_STRINGS:
            same_pitch = open_pitches[string] + fret - open_pitches[other]
            canvas.claim(first, beyond, other, same_pitch, canvas.draw(model.leak))


def _instead(
    canvas: _Canvas, outcome: Outcome, place: _Place, around: FretArray, open_pitches: tuple[int, ...]
) -> _Place | None:
    """Where a note is heard instead: on a string that is free meanwhile, if there is one."""
    places = {
        shift: found
        for shift in canvas.model.shifts[outcome]
        if (found := _shifted(outcome, shift, *place, open_pitches)) is not None
    }
    free = {
        shift
        for shift, (string, _) in places.items()
        if string == place[0] or (around[:, string] < 0).mean() > 0.5
    }
    shares = {shift: canvas.model.shifts[outcome][shift] for shift in sorted(free or places)}
    return places[canvas.choose(shares)] if sum(shares.values()) > 0 else None


def _shifted(
    outcome: Outcome, shift: int, string: int, fret: int, open_pitches: tuple[int, ...]
) -> _Place | None:
    """The string and fret where a note lands, None if the neck has no such place."""
    if outcome == "near_fret":
        return (string, fret + shift) if 0 <= fret + shift < N_ARRAY_FRETS else None
    pitch = open_pitches[string] + fret
    if outcome == "other_string":
        places = [string + shift]
    else:
        pitch += shift
        places = sorted(range(N_ARRAY_STRINGS), key=lambda other: abs(other - string))
    for other in places:
        if 0 <= other < N_ARRAY_STRINGS and 0 <= pitch - open_pitches[other] < N_ARRAY_FRETS:
            return other, pitch - open_pitches[other]
    return None


_SHIFT_OF_EXTRA: Mapping[ExtraKind, Outcome] = MappingProxyType(
    {"same_pitch": "other_string", "octave": "octave", "fifth": "fifth", "near_fret": "near_fret"}
)


def _add_extras(canvas: _Canvas, frets: FretArray, open_pitches: tuple[int, ...]) -> None:
    """Notes that nobody played; most of them echo one that sounds."""
    model, rng = canvas.model, canvas.rng
    duration_s = canvas.n_frames * canvas.step_s
    for kind, rate in model.extras_per_s.items():
        for _ in range(int(rng.poisson(rate * duration_s))):
            start = int(rng.integers(canvas.n_frames))
            length = max(1, round(canvas.draw(model.extra_duration_s) / canvas.step_s))
            sounding = np.flatnonzero(frets[start] >= 0)
            place: _Place | None
            if kind == "other" or not len(sounding):
                place = int(rng.integers(N_ARRAY_STRINGS)), int(rng.integers(N_ARRAY_FRETS))
            else:
                string = int(rng.choice(sounding))
                shifts = model.shifts[_SHIFT_OF_EXTRA[kind]]
                if not shifts:
                    continue
                shift = canvas.choose(shifts)
                place = _shifted(
                    _SHIFT_OF_EXTRA[kind], shift, string, int(frets[start, string]), open_pitches
                )
            if place is not None:
                canvas.claim(start, start + length, *place, canvas.draw(model.peak_extra))

"""How a tab network errs, as a few numbers, and predictions that err like it.

A `ConfusionModel` says how often a note is kept, missed, or heard as the same pitch on another string, as a
fret beside, as an octave or a fifth; how many notes appear from nowhere; how sure right and wrong cells are;
and how much a cell flickers from frame to frame. `apply_noise` draws from it: soft predictions of a tab that
never are the truth.
Neighbours: ``noise_measure`` measures a model from real predictions, ``noise_file`` keeps it as JSON,
``synthetic_set`` writes X_lstm with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
_RIVAL = 0.9  # what silence, or a rival, has of an unsure guess's probability

Quantiles = tuple[float, ...]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionModel:
    """How predictions differ from what was played.

    Quantiles are at 0, 0.05 .. 1. A cell's peak is its median over the note.

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
        Of the cell of the same pitch on a neighbouring string, where the note is kept and that cell is never
        the best guess (it counts as an extra note then).
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
    canvas = _Canvas(frets, rng, model, step_s, open_pitches)
    notes = [
        _Played(start=start, end=end, string=string, fret=fret)
        for string in range(N_ARRAY_STRINGS)
        for start, end, fret in note_runs(frets[:, string])
    ]
    for note in notes:
        _play(canvas, note)
    _add_extras(canvas, notes)
    return canvas.finish()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Played:
    """A note of the tab: its frames and its place."""

    start: int
    end: int
    string: int
    fret: int


_Place = tuple[int, int]
"""String and fret."""


class _Canvas:
    """Claims of probability on cells, and what becomes of them."""

    def __init__(
        self,
        frets: FretArray,
        rng: np.random.Generator,
        model: ConfusionModel,
        step_s: float,
        open_pitches: tuple[int, ...],
    ) -> None:
        self.frets, self.rng, self.model, self.step_s = frets, rng, model, step_s
        self.open_pitches = open_pitches
        self.n_frames = len(frets)
        self.claims = np.zeros((self.n_frames, N_ARRAY_STRINGS, N_ARRAY_FRETS))
        self._correlation = model.flicker_correlation ** (step_s / model.time_step_s)

    def draw(self, quantiles: Quantiles) -> float:
        """A value of a distribution."""
        return float(np.interp(self.rng.random(), _LEVELS, quantiles))

    def choose(self, shares: Mapping[int, float]) -> int:
        """One of the keys."""
        keys = list(shares)
        weights = np.array([shares[key] for key in keys])
        return keys[int(self.rng.choice(len(keys), p=weights / weights.sum()))]

    def claim(self, start: int, end: int, place: _Place, peak: float) -> None:
        """Let a cell have probability around ``peak`` for some frames, flickering."""
        start, end = max(0, start), min(self.n_frames, end)
        string, fret = place
        if end <= start or not (0 <= string < N_ARRAY_STRINGS and 0 <= fret < N_ARRAY_FRETS):
            return
        shocks = self.rng.normal(0.0, self.model.flicker, end - start)
        shocks[1:] *= np.sqrt(1.0 - self._correlation**2)
        flicker, last = np.empty(end - start), 0.0
        for i, shock in enumerate(shocks.tolist()):
            last = self._correlation * last + shock
            flicker[i] = last
        # Around its median: more than half of a note's frames then are as sure as its peak.
        values = probability_of(log_odds(peak) + flicker - np.median(flicker))
        cell = self.claims[start:end, string, fret]
        np.maximum(cell, values, out=cell)

    def guess(self, start: int, end: int, place: _Place, peak: float) -> None:
        """A claim that is to be its string's best guess: an unsure one shares with a fret beside it."""
        self.claim(start, end, place, peak)
        if peak < 0.5:  # silence would win otherwise, where the network hesitates between frets
            string, fret = place
            rival = max(0.0, min(_RIVAL * peak, 1.0 - (1.0 + _RIVAL) * peak))
            beside = fret + 1 if fret == 0 or self.rng.random() < 0.5 else fret - 1
            self.claim(start, end, (string, beside), rival)

    def edges(self, note: _Played) -> tuple[int, int]:
        """Where the network hears a note begin and end: in at least half of the note's frames."""
        blur = 0.5 * max(0.0, self.model.time_step_s - self.step_s)  # the model knows its own frames only
        onset_s = self.draw(self.model.onset_error_s) + self.rng.uniform(-blur, blur)
        offset_s = self.draw(self.model.offset_error_s) + self.rng.uniform(-blur, blur)
        late, early = round(onset_s / self.step_s), round(-offset_s / self.step_s)
        most = (note.end - note.start) // 2
        lost = max(0, late) + max(0, early)
        if lost > most:
            late, early = (int(frames * most / lost) if frames > 0 else frames for frames in (late, early))
        return note.start + late, note.end - early

    def is_free(self, string: int, note: _Played) -> bool:
        """Whether a string is mostly silent while a note sounds."""
        return bool((self.frets[note.start : note.end, string] < 0).mean() > 0.5)

    def instead(self, outcome: Outcome, note: _Played) -> _Place | None:
        """Another place where a note is heard; a free string's if there is one, None if there is no place."""
        shares = self.model.shifts[outcome]
        places = {shift: self._places(outcome, shift, note) for shift in shares}
        free = {
            shift: [p for p in found if p[0] == note.string or self.is_free(p[0], note)]
            for shift, found in places.items()
        }
        usable = free if any(free[shift] and shares[shift] > 0 for shift in shares) else places
        weights = {shift: shares[shift] for shift in shares if usable[shift] and shares[shift] > 0}
        return usable[self.choose(weights)][0] if weights else None

    def _places(self, outcome: Outcome, shift: int, note: _Played) -> list[_Place]:
        """Where a shift may put a note, nearest string first."""
        if outcome == "near_fret":
            places = [(note.string, note.fret + shift)]
        else:
            pitch = self.open_pitches[note.string] + note.fret
            strings = sorted(range(N_ARRAY_STRINGS), key=lambda other: abs(other - note.string))
            if outcome == "other_string":
                strings = [string for string in strings if string == note.string + shift]
            else:
                pitch += shift
            places = [(string, pitch - self.open_pitches[string]) for string in strings]
        return [place for place in places if 0 <= place[1] < N_ARRAY_FRETS]

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


def _play(canvas: _Canvas, note: _Played) -> None:
    """What the network makes of a note."""
    model = canvas.model
    shares = {index: model.outcomes[outcome] for index, outcome in enumerate(OUTCOMES)}
    outcome = OUTCOMES[canvas.choose(shares)]
    place = (note.string, note.fret)
    instead = canvas.instead(outcome, note) if outcome in SHIFTED else None
    if outcome == "missed" or instead is not None:
        canvas.claim(note.start, note.end, place, canvas.draw(model.peak_lost))
        if instead is not None:
            canvas.guess(*canvas.edges(note), instead, canvas.draw(model.peak_wrong))
        return
    first, beyond = canvas.edges(note)  # kept, or there is no other place on this neck
    canvas.guess(first, beyond, place, canvas.draw(model.peak_kept))
    pitch = canvas.open_pitches[note.string] + note.fret
    for other in (note.string - 1, note.string + 1):
        if 0 <= other < N_ARRAY_STRINGS:
            same_pitch = (other, pitch - canvas.open_pitches[other])
            canvas.claim(first, beyond, same_pitch, canvas.draw(model.leak))


_SHIFT_OF_EXTRA: Mapping[ExtraKind, Outcome] = MappingProxyType(
    {"same_pitch": "other_string", "octave": "octave", "fifth": "fifth", "near_fret": "near_fret"}
)


def _add_extras(canvas: _Canvas, notes: Sequence[_Played]) -> None:
    """Notes that nobody played; most of them echo one that sounds, and none do where nothing does."""
    model, rng = canvas.model, canvas.rng
    duration_s = canvas.n_frames * canvas.step_s
    frames_of = np.array([note.end - note.start for note in notes], dtype=np.float64)
    for kind, rate in model.extras_per_s.items():
        for _ in range(int(rng.poisson(rate * duration_s))):
            length = max(1, round(canvas.draw(model.extra_duration_s) / canvas.step_s))
            place: _Place | None
            if kind == "other":
                place = int(rng.integers(N_ARRAY_STRINGS)), int(rng.integers(N_ARRAY_FRETS))
                start = int(rng.integers(canvas.n_frames))
            elif notes:
                note = notes[int(rng.choice(len(notes), p=frames_of / frames_of.sum()))]
                place = canvas.instead(_SHIFT_OF_EXTRA[kind], note)
                start = note.start + int(rng.integers(max(1, note.end - note.start - length + 1)))
            else:
                continue
            if place is not None:
                canvas.guess(start, start + length, place, canvas.draw(model.peak_extra))

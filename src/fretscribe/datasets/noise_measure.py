"""Measures a `ConfusionModel`: real predictions beside what was played, note by note.

A note is a run of frames of one string and fret. It is kept if the network's best guess of its string is its
fret in at least half of its frames; otherwise the first of these that holds for half of them explains it: the
same pitch on another string, a fret beside, an octave, a fifth; or it was missed. Guesses that explain
nothing are extra notes. Neighbours: ``noise`` draws from the model, ``arrays`` has the predictions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from fretscribe.datasets.arrays import ArraysInfo, TabArrays, decode_frets
from fretscribe.datasets.fret_frames import FretArray
from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS
from fretscribe.datasets.noise import (
    EXTRA_KINDS,
    N_QUANTILES,
    OUTCOMES,
    SHIFTED,
    ConfusionModel,
    ExtraKind,
    Floats,
    Outcome,
    Quantiles,
    log_odds,
    note_runs,
    probability_of,
)
from fretscribe.errors import DatasetError
from fretscribe.frames import N_ARRAY_FRETS, N_ARRAY_STRINGS, N_TAB, FloatArray, probs_from_tab
from fretscribe.music import STANDARD_TUNING

OCTAVES = (12, -12, 24, -24)
FIFTHS = (7, -7, 5, -5, 19, -19)
"""A fifth up or down, its inversion, and a fifth above the octave (the third partial)."""
NEAR_FRETS = (1, -1, 2, -2)

_MOST = 0.5
_EDGE_FRAMES = 8
_MAX_CORRELATION = 0.95
_LEVELS = np.linspace(0.0, 1.0, N_QUANTILES)
_BACKGROUND_EVERY = 5  # frames; the next one says nearly the same

Pair = tuple[FloatArray, FretArray]
"""Probabilities [n_frames, 6, 22] and frets [n_frames, 6] of one stretch without a gap."""


def measure_confusions(
    pairs: Iterable[Pair],
    *,
    time_step_s: float,
    open_pitches: tuple[int, ...] = STANDARD_TUNING.open_pitches,
    provenance: Mapping[str, object] | None = None,
) -> ConfusionModel:
    """Measure how predictions differ from what was played.

    Parameters
    ----------
    pairs : iterable of (float array [n_frames, 6, 22], int8 array [n_frames, 6])
        Predictions (silence first) and frets (-1 is silence) of stretches without a gap.
    time_step_s : float
        From frame to frame.
    open_pitches : tuple of int
    provenance : mapping of str to JSON values, optional
        Kept in the model.

    Raises
    ------
    DatasetError
        If there are no notes to measure.
    """
    tally = _Tally(time_step_s=time_step_s)
    for probs, frets in pairs:
        _Stretch(np.asarray(probs, dtype=np.float64), frets, open_pitches, tally).count()
    return tally.model(provenance or {})


def stretches(arrays: TabArrays, *, leave_out: Container[str] = DEVELOPMENT_TRACKS) -> Iterator[Pair]:
    """The pairs of training arrays that hold X_lstm: each stretch of valid frames of a track.

    Parameters
    ----------
    arrays : TabArrays
    leave_out : container of str
        Tracks that are not measured: a network may learn from what the model draws.

    Raises
    ------
    DatasetError
        If there is no X_lstm.
    """
    if arrays.x_lstm is None:
        raise DatasetError("these arrays hold no predictions (X_lstm)", mend="make them with a network")
    info, first = arrays.info, 0
    while first < info.n_samples:
        beyond = first + 1
        while beyond < info.n_samples and _continues(info, beyond):
            beyond += 1
        at = slice(first, beyond)
        if info.samples[first].track in leave_out:
            first = beyond
            continue
        probs = probs_from_tab(arrays.x_lstm[at].reshape(-1, N_TAB))
        frets = decode_frets(arrays.y[at].reshape(-1, N_TAB))
        valid = arrays.valid[at].reshape(-1)  # False in the padding, which only the last sample has
        for start, end, _ in note_runs(np.where(valid, 0, -1).astype(np.int8)):
            yield probs[start:end], frets[start:end]
        first = beyond


def _continues(info: ArraysInfo, index: int) -> bool:
    """Whether a sample goes on where the one before it ends."""
    before, here = info.samples[index - 1], info.samples[index]
    same = (before.track, before.player, before.source) == (here.track, here.player, here.source)
    return (
        same
        and before.n_frames == info.timesteps
        and here.start_frame == before.start_frame + before.n_frames
    )


@dataclass(slots=True, kw_only=True)
class _Tally:
    """Counts and values over all stretches."""

    time_step_s: float
    n_frames: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    shifts: dict[Outcome, Counter[int]] = field(default_factory=lambda: {kind: Counter() for kind in SHIFTED})
    extras: Counter[ExtraKind] = field(default_factory=Counter)
    values: dict[str, list[float]] = field(default_factory=dict)
    steps: list[Floats] = field(default_factory=list)
    double_steps: list[Floats] = field(default_factory=list)

    def add(self, name: str, value: float) -> None:
        """Take in a value of one of the model's distributions."""
        self.values.setdefault(name, []).append(value)

    def add_flicker(self, odds: Floats) -> None:
        """Take in the log odds of a kept note's cell, frame by frame."""
        if len(odds) >= 3:
            self.steps.append(np.diff(odds))
            self.double_steps.append(odds[2:] - odds[:-2])

    def flicker(self) -> tuple[float, float]:
        """Standard deviation and correlation of the first-order process that moves as the cells do.

        From differences, which no note's own level enters: over one frame their variance is 2 v (1 - r), over
        two 2 v (1 - r^2). Means over notes, short as they are, would make both too small.
        """
        if not self.steps:
            return 0.0, 0.0
        single = float(np.mean(np.concatenate(self.steps) ** 2))
        double = float(np.mean(np.concatenate(self.double_steps) ** 2))
        correlation = min(max(double / single - 1.0, 0.0), _MAX_CORRELATION) if single > 0 else 0.0
        return float(np.sqrt(single / (2.0 * (1.0 - correlation)))), correlation

    def quantiles(self, name: str) -> Quantiles:
        """Quantiles of a distribution; those of nothing are 0."""
        values = self.values.get(name) or [0.0]
        return tuple(round(float(q), 5) for q in np.quantile(values, _LEVELS))

    def model(self, provenance: Mapping[str, object]) -> ConfusionModel:
        """All of it as a model."""
        n_notes = sum(self.outcomes.values())
        if not n_notes:
            raise DatasetError("there are no notes to measure confusions on", mend="give arrays with notes")
        flicker, correlation = self.flicker()
        return ConfusionModel(
            time_step_s=self.time_step_s,
            n_notes=n_notes,
            outcomes={kind: self.outcomes[kind] / n_notes for kind in OUTCOMES},
            shifts={
                kind: {shift: n / sum(counts.values()) for shift, n in sorted(counts.items())}
                for kind, counts in self.shifts.items()
            },
            extras_per_s={
                kind: self.extras[kind] / (self.n_frames * self.time_step_s) for kind in EXTRA_KINDS
            },
            peak_kept=self.quantiles("peak_kept"),
            peak_lost=self.quantiles("peak_lost"),
            peak_wrong=self.quantiles("peak_wrong"),
            peak_extra=self.quantiles("peak_extra"),
            leak=self.quantiles("leak"),
            background=self.quantiles("background"),
            onset_error_s=self.quantiles("onset_error_s"),
            offset_error_s=self.quantiles("offset_error_s"),
            extra_duration_s=self.quantiles("extra_duration_s"),
            flicker=flicker,
            flicker_correlation=correlation,
            provenance=provenance,
        )


class _Stretch:
    """One pair, with what the network guesses in each frame."""

    def __init__(self, probs: Floats, frets: FretArray, open_pitches: tuple[int, ...], tally: _Tally) -> None:
        self.odds = log_odds(probs)
        self.probs, self.frets, self.open_pitches, self.tally = probs, frets, open_pitches, tally
        self.guess = (probs.argmax(axis=-1) - 1).astype(np.int8)
        self.wrong = (self.guess >= 0) & (self.guess != frets)
        self.explained = np.zeros(self.guess.shape, dtype=np.bool_)
        self.pitches = np.where(frets >= 0, frets + np.array(open_pitches), -99)

    def count(self) -> None:
        """Take in all notes, what comes from nowhere, and the background."""
        self.tally.n_frames += len(self.frets)
        for string in range(N_ARRAY_STRINGS):
            for start, end, fret in note_runs(self.frets[:, string]):
                self._note(start, end, string, fret)
        for string in range(N_ARRAY_STRINGS):
            for start, end, fret in note_runs(self.guess[:, string]):
                self._extra(start, end, string, fret)
        self._background()

    def _peak(self, start: int, end: int, string: int, fret: int) -> float:
        return float(probability_of(np.median(self.odds[start:end, string, fret + 1])))

    def _note(self, start: int, end: int, string: int, fret: int) -> None:
        tally = self.tally
        if (self.guess[start:end, string] == fret).mean() >= _MOST:
            tally.outcomes["kept"] += 1
            heard = np.flatnonzero(self.guess[start:end, string] == fret) + start
            first, last = int(heard[0]), int(heard[-1])  # what lies outside is told by the edges
            tally.add("peak_kept", self._peak(first, last + 1, string, fret))
            tally.add_flicker(self.odds[first : last + 1, string, fret + 1])
            self._edges(start, end, first, last, string)
            self._leaks(start, end, string, fret)
            return
        tally.add("peak_lost", self._peak(start, end, string, fret))
        for outcome, shift, other, wrong_fret in self._candidates(string, fret):
            hit = self.wrong[start:end, other] & (self.guess[start:end, other] == wrong_fret)
            if hit.mean() >= _MOST:
                tally.outcomes[outcome] += 1
                tally.shifts[outcome][shift] += 1
                tally.add("peak_wrong", self._peak(start, end, other, wrong_fret))
                self.explained[start:end, other] |= hit
                return
        tally.outcomes["missed"] += 1

    def _candidates(self, string: int, fret: int) -> Iterator[tuple[Outcome, int, int, int]]:
        """Outcome, shift, string and fret of all that may have been heard instead, likelier kinds first."""
        pitch = self.open_pitches[string] + fret
        for other in range(N_ARRAY_STRINGS):
            place = pitch - self.open_pitches[other]
            if other != string and 0 <= place < N_ARRAY_FRETS:
                yield "other_string", other - string, other, place
        for shift in NEAR_FRETS:
            if 0 <= fret + shift < N_ARRAY_FRETS:
                yield "near_fret", shift, string, fret + shift
        intervals: tuple[tuple[Outcome, tuple[int, ...]], ...] = (("octave", OCTAVES), ("fifth", FIFTHS))
        for kind, semitones in intervals:
            for shift in semitones:
                for other in range(N_ARRAY_STRINGS):
                    place = pitch + shift - self.open_pitches[other]
                    if 0 <= place < N_ARRAY_FRETS:
                        yield kind, shift, other, place

    def _edges(self, start: int, end: int, first: int, last: int, string: int) -> None:
        """How far from the truth a kept note starts and ends; within it ``first`` to ``last`` are heard."""
        fret = self.guess[first, string]
        if first == start:
            earliest = max(0, start - _EDGE_FRAMES)
            while (
                first > earliest and self.wrong[first - 1, string] and self.guess[first - 1, string] == fret
            ):
                first -= 1
        if last == end - 1:
            latest = min(len(self.guess), end + _EDGE_FRAMES) - 1
            while last < latest and self.wrong[last + 1, string] and self.guess[last + 1, string] == fret:
                last += 1
        self.tally.add("onset_error_s", (first - start) * self.tally.time_step_s)
        self.tally.add("offset_error_s", (last + 1 - end) * self.tally.time_step_s)

    def _leaks(self, start: int, end: int, string: int, fret: int) -> None:
        pitch = self.open_pitches[string] + fret
        for other in (string - 1, string + 1):
            if not 0 <= other < N_ARRAY_STRINGS:
                continue
            place = pitch - self.open_pitches[other]
            free = ((self.pitches[start:end, other] != pitch) & (self.guess[start:end, other] != place)).all()
            if 0 <= place < N_ARRAY_FRETS and free:
                self.tally.add("leak", self._peak(start, end, other, place))

    def _extra(self, start: int, end: int, string: int, fret: int) -> None:
        """A run of guesses that touches no note of its own and explains no lost one is an extra note."""
        own = self.frets[start:end, string] == fret
        if own.any() or self.explained[start:end, string].any():
            return
        kind = self._kind(start, end, string, fret)
        self.tally.extras[kind] += 1
        self.tally.add("peak_extra", self._peak(start, end, string, fret))
        self.tally.add("extra_duration_s", (end - start) * self.tally.time_step_s)

    def _kind(self, start: int, end: int, string: int, fret: int) -> ExtraKind:
        """What an extra note has to do with what sounds during most of it."""
        distance = self.open_pitches[string] + fret - self.pitches[start:end]  # [n_frames, 6]
        kinds: tuple[tuple[ExtraKind, tuple[int, ...]], ...] = (
            ("same_pitch", (0,)),
            ("octave", OCTAVES),
            ("fifth", FIFTHS),
        )
        for kind, semitones in kinds:
            if np.isin(distance, semitones).any(axis=1).mean() >= _MOST:
                return kind
        return "near_fret" if np.isin(distance[:, string], NEAR_FRETS).mean() >= _MOST else "other"

    def _background(self) -> None:
        """Probability of a string's cells that neither sound, nor are guessed, nor have a sounding pitch."""
        at = np.arange(0, len(self.frets), _BACKGROUND_EVERY)
        fret = np.arange(N_ARRAY_FRETS)
        pitch = fret + np.array(self.open_pitches)[:, None]  # [6, 21]
        sounding = (self.pitches[at][:, :, None, None] == pitch).any(axis=1)  # [n, 6, 21]
        guessed = self.guess[at][..., None] == fret
        rest = np.where(sounding | guessed, 0.0, self.probs[at][..., 1:]).sum(axis=-1)
        for value in np.minimum(1.0, rest.reshape(-1)).tolist():
            self.tally.add("background", value)

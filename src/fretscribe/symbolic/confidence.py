"""How far each note of a tab can be trusted: P(pitch, string and fret all right), and what to do about it.

Uncalibrated, confidence is P(the note is there) times P(this place), the latter among the alternatives that
fingering left. With a `Calibration` it is that calibration's curve over a few features of the note.
Neighbours: ``fingering`` makes the alternatives, ``calibration_fit`` fits the curves, ``frame_examples``
takes array files apart, ``evaluation.calibration`` gathers notes to fit on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from fretscribe.errors import OutputError, WeightsError
from fretscribe.music import TabNote
from fretscribe.result import ConfidenceSummary
from fretscribe.symbolic.calibration import RULES_ACCURACY, Calibration, Threshold
from fretscribe.symbolic.calibration_curves import log_odds
from fretscribe.symbolic.calibration_file import render_calibration
from fretscribe.symbolic.calibration_fit import fit_calibration
from fretscribe.symbolic.frame_examples import FRAME_FEATURE, frame_examples
from fretscribe.symbolic.reliability import Floats

FEATURES = ("product", "onset", "place", FRAME_FEATURE, "rules", "duration", "margin")
"""What is known of a note, in the order of `note_features`:

- ``product``: log odds of the uncalibrated confidence
- ``onset``: log odds that the note is there (`Note.onset_prob`)
- ``place``: log odds of the chosen place among the alternatives
- ``fret``: log odds that the tab networks hear this pitch on this string (`Note.tab_probs`)
- ``rules``: log odds of the chosen place by the rules of the hand alone (`TabNote.rule_probability`): where
  sound and hand agree, a string is right far more often
- ``duration``: natural logarithm of the seconds
- ``margin``: probability of the chosen place minus that of the most probable other one

How many notes are struck together is left out on purpose: it told one recording from another rather than
right notes from wrong ones, and made the curve worse for every player it was not fitted to.
"""

Recommendation = Literal["accept", "review", "rules"]
"""``accept`` the note; ``review`` it; or let the ``rules``-based fingering decide its string."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is to be thought of a note.

    Attributes
    ----------
    confidence : float
        P(pitch, string and fret all right).
    recommendation : "accept", "review" or "rules"
    calibrated : bool
        False where there is no calibration, or the note lacks what the calibration needs: the confidence is
        then the uncalibrated product, and the note is never accepted on it.
    """

    confidence: float
    recommendation: Recommendation
    calibrated: bool


def position_probability(tab_note: TabNote) -> float:
    """Probability of the chosen place; 1.0 where no alternatives are known (imported tabs)."""
    if not tab_note.alternatives:
        return 1.0
    return min(1.0, sum(a.probability for a in tab_note.alternatives if a.position == tab_note.position))


def uncalibrated_confidence(tab_note: TabNote) -> float:
    """P(the note is there) times P(this place).

    >>> from fretscribe.music import Note, Position
    >>> note = Note(onset_s=0.0, offset_s=1.0, pitch=40, onset_prob=0.75)
    >>> uncalibrated_confidence(TabNote(note=note, position=Position(string=0, fret=0)))
    0.75
    """
    return min(1.0, max(0.0, tab_note.note.onset_prob)) * position_probability(tab_note)


def note_features(notes: Sequence[TabNote]) -> Floats:
    """The `FEATURES` of notes, float64 [n, n_features]; NaN where one is missing.

    ``fret`` is missing where the tab networks did not listen, ``rules`` in tabs that were not fingered here.
    """
    rows = [
        (
            uncalibrated_confidence(n),
            n.note.onset_prob,
            position_probability(n),
            _fret_probability(n),
            float("nan") if n.rule_probability is None else n.rule_probability,
            n.note.duration_s,
            position_probability(n) - _runner_up(n),
        )
        for n in notes
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, len(FEATURES))
    table[:, :5] = log_odds(table[:, :5])
    table[:, 5] = np.log(np.maximum(table[:, 5], 1e-3))
    return table


def _fret_probability(tab_note: TabNote) -> float:
    probs, string = tab_note.note.tab_probs, tab_note.position.string
    return float("nan") if probs is None or string >= len(probs) else probs[string]


def _runner_up(tab_note: TabNote) -> float:
    others = (a.probability for a in tab_note.alternatives if a.position != tab_note.position)
    return max(others, default=0.0)


class ConfidenceEvaluator:
    """Judges notes with a calibration, or without one.

    Parameters
    ----------
    calibration : Calibration, optional
        None: confidence is the uncalibrated product, and every note is to be reviewed.
    target_accuracy : float
        Share of right notes that the accepted ones should reach.

    Raises
    ------
    WeightsError
        If the calibration needs a feature that is not among `FEATURES`.

    >>> from fretscribe.music import Note, Position
    >>> note = Note(onset_s=0.0, offset_s=1.0, pitch=40, onset_prob=0.75)
    >>> ConfidenceEvaluator().evaluate(TabNote(note=note, position=Position(string=0, fret=0)))
    Judgement(confidence=0.75, recommendation='review', calibrated=False)
    """

    __slots__ = ("_calibration", "_target_accuracy")

    def __init__(self, calibration: Calibration | None = None, target_accuracy: float = 0.8) -> None:
        if not 0.0 < target_accuracy <= 1.0:
            raise ValueError(f"target_accuracy must lie in 0..1, not {target_accuracy}")
        unknown = [] if calibration is None else [n for n in calibration.features if n not in FEATURES]
        if unknown:
            raise WeightsError(
                f"the confidence calibration needs the feature {unknown[0]!r}, which notes do not have",
                mend="make a new one with fretscribe calibrate",
            )
        self._calibration = calibration
        self._target_accuracy = target_accuracy

    @property
    def calibration(self) -> Calibration | None:
        return self._calibration

    @property
    def target_accuracy(self) -> float:
        return self._target_accuracy

    @property
    def threshold(self) -> Threshold | None:
        """The calibration's threshold for the target (or the nearest stored one above); None without one."""
        return None if self._calibration is None else self._calibration.threshold_for(self._target_accuracy)

    def evaluate(self, note: TabNote) -> Judgement:
        """Judge one note."""
        return self.judge([note])[0]

    def judge(self, notes: Sequence[TabNote]) -> tuple[Judgement, ...]:
        """Judge notes."""
        calibrated = self._calibrated(notes)
        return tuple(
            Judgement(
                confidence=uncalibrated_confidence(note) if np.isnan(p) else float(p),
                recommendation=self._recommendation(float(p)),
                calibrated=not np.isnan(p),
            )
            for note, p in zip(notes, calibrated, strict=True)
        )

    def assess(self, notes: Sequence[TabNote]) -> tuple[TabNote, ...]:
        """The same notes, each with its confidence."""
        judged = zip(notes, self.judge(notes), strict=True)
        return tuple(dataclasses.replace(note, confidence=told.confidence) for note, told in judged)

    def recommendations(self, notes: Sequence[TabNote]) -> tuple[Recommendation, ...]:
        """What to do with each note."""
        return tuple(told.recommendation for told in self.judge(notes))

    def summarize(self, notes: Sequence[TabNote]) -> ConfidenceSummary:
        """How the confidences are to be read, and the share of accepted notes.

        Where no threshold reaches the target nothing is accepted: there is no threshold, and the share is 0.
        """
        threshold, share = self.threshold, None
        if threshold is not None and notes:
            share = self.recommendations(notes).count("accept") / len(notes)
        return ConfidenceSummary(
            target_accuracy=self._target_accuracy,
            threshold=None if threshold is None else threshold.threshold,
            share_accepted=share,
        )

    def calibrate(
        self,
        y_pred: npt.ArrayLike,
        y_val: npt.ArrayLike,
        *,
        target_accuracy: float = 0.8,
        groups: Sequence[object] | None = None,
        valid: npt.ArrayLike | None = None,
        rules_accuracy: float = RULES_ACCURACY,
        weights: Mapping[str, str] | None = None,
        provenance: Mapping[str, object] | None = None,
        path: Path | None = None,
        write: Callable[[Path, bytes], object] = Path.write_bytes,
    ) -> Calibration:
        """Fit a calibration to predicted and true arrays, and use it from now on.

        An example is a string in a frame whose predicted class is not silence; it is right if the truth has
        the same fret there.

        Parameters
        ----------
        y_pred, y_val : float array [n, n_timesteps, 126] or [n_frames, 126]
            Predictions and truth in the 126 layout (``frames``).
        target_accuracy : float
        groups : sequence [n], optional
            Player or song of each sample; by default five blocks of neighbouring samples.
        valid : bool array [n, n_timesteps] or [n_frames], optional
            Frames that count.
        rules_accuracy, weights, provenance : optional
            As in `Calibration`.
        path : Path, optional
            File to save the calibration in (`calibration.FILE_NAME`).
        write : callable
            Writes bytes to a path; by default over what is there.

        Raises
        ------
        DatasetError
            If the arrays do not belong together, are not of the 126 layout, or are too few.
        OutputError
            If the file cannot be written; the evaluator then stays as it was.
        """
        examples = frame_examples(y_pred, y_val, groups=groups, valid=valid)
        calibration = fit_calibration(
            examples.features,
            examples.correct,
            examples.groups,
            names=(FRAME_FEATURE,),
            scalar=FRAME_FEATURE,
            level="frames",
            target_accuracy=target_accuracy,
            rules=rules_accuracy,
            weights=weights,
            provenance={**(provenance or {}), "groups": examples.grouped_by},
        )
        if path is not None:
            try:
                write(path, render_calibration(calibration))
            except OSError as error:
                raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
        self._calibration, self._target_accuracy = calibration, target_accuracy
        return calibration

    def _calibrated(self, notes: Sequence[TabNote]) -> Floats:
        """Calibrated confidences, float64 [n]; NaN where there is none."""
        if self._calibration is None:
            return np.full(len(notes), np.nan)
        columns = [FEATURES.index(name) for name in self._calibration.features]
        return self._calibration.probability(note_features(notes)[:, columns])

    def _recommendation(self, calibrated: float) -> Recommendation:
        """NaN, and what there is no threshold for, is to be reviewed."""
        if self._calibration is None or np.isnan(calibrated):
            return "review"
        threshold = self._calibration.threshold_for(self._target_accuracy).threshold
        if threshold is not None and calibrated >= threshold:
            return "accept"
        lower = self._calibration.lower_threshold
        return "rules" if lower is not None and calibrated < lower else "review"

"""All measures of the confidences of some notes in one value, for reports.

Takes ``confidence`` (float [n], 0..1, NaN where not judged) and ``correct`` (bool [n], see
`metrics.note_correctness`). Neighbours: ``symbolic.reliability`` has the measures, ``symbolic.confidence``
makes the confidences, ``run`` collects them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.symbolic.reliability import (
    auroc,
    brier_score,
    expected_calibration_error,
    selective_accuracy,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceScores:
    """How good the confidences of ``n_notes`` notes are.

    Attributes
    ----------
    n_notes : int
    accuracy : float
        Share of right notes.
    mean_confidence : float
    ece, adaptive_ece : float
        Expected calibration error with equal-width and with equal-mass bins.
    brier : float
    auroc : float, or None
        None where all notes are right or all are wrong.
    threshold : float, or None
        None where no calibration gave one; then the next two are None as well.
    accuracy_at_threshold : float, or None
        Share of right notes among those at or above the threshold; None where there are none.
    coverage_at_threshold : float, or None
        Share of notes at or above the threshold.
    """

    n_notes: int
    accuracy: float
    mean_confidence: float
    ece: float
    adaptive_ece: float
    brier: float
    auroc: float | None
    threshold: float | None = None
    accuracy_at_threshold: float | None = None
    coverage_at_threshold: float | None = None


def confidence_scores(
    confidence: npt.ArrayLike, correct: npt.ArrayLike, *, threshold: float | None = None
) -> ConfidenceScores | None:
    """All measures of confidence; None without notes. Notes whose confidence is NaN are left out."""
    p = np.asarray(confidence, dtype=np.float64)
    y = np.asarray(correct, dtype=np.bool_)
    judged = ~np.isnan(p)
    p, y = p[judged], y[judged]
    if len(p) == 0:
        return None
    accuracy_at, coverage = (None, None) if threshold is None else selective_accuracy(p, y, threshold)
    return ConfidenceScores(
        n_notes=len(p),
        accuracy=float(np.mean(y)),
        mean_confidence=float(np.mean(p)),
        ece=expected_calibration_error(p, y),
        adaptive_ece=expected_calibration_error(p, y, adaptive=True),
        brier=brier_score(p, y),
        auroc=None if y.all() or not y.any() else auroc(p, y),
        threshold=threshold,
        accuracy_at_threshold=accuracy_at,
        coverage_at_threshold=coverage,
    )

"""Measures of confidence: does "80 % sure" mean right in 80 of 100 notes?

Pure functions of ``confidence`` (float [n], 0..1) and ``correct`` (bool [n], see
`metrics.note_correctness`). All but `confidence_scores` need at least one note and say so with a ValueError.
Neighbours: ``symbolic.confidence`` makes the confidences, ``run`` collects them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.evaluation.notes import Bools, Floats, Ints

N_BINS = 15


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


def expected_calibration_error(
    confidence: npt.ArrayLike, correct: npt.ArrayLike, *, n_bins: int = N_BINS, adaptive: bool = False
) -> float:
    """Mean distance of confidence and accuracy over bins, weighted by their notes.

    Parameters
    ----------
    n_bins : int
    adaptive : bool
        False: bins of equal width over 0..1 (Guo et al., *On calibration of modern neural networks*, ICML
        2017). True: bins of about equal mass (Nixon et al., *Measuring calibration in deep learning*,
        2019); equal confidences stay together.

    >>> expected_calibration_error([0.75, 0.75, 0.25, 0.25], [True, True, False, False])
    0.25
    """
    p, y = _checked(confidence, correct)
    inner = np.linspace(0.0, 1.0, n_bins + 1)[1:-1]
    edges = np.quantile(p, inner) if adaptive else inner
    bins: Ints = np.searchsorted(edges, p, side="left")
    gaps = np.bincount(bins, weights=p - y, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(p))


def brier_score(confidence: npt.ArrayLike, correct: npt.ArrayLike) -> float:
    """Mean squared distance of confidence and truth (Brier, 1950); 0 is best.

    >>> brier_score([1.0, 0.5], [True, False])
    0.125
    """
    p, y = _checked(confidence, correct)
    return float(np.mean((p - y) ** 2))


def auroc(confidence: npt.ArrayLike, correct: npt.ArrayLike) -> float:
    """P(a right note has more confidence than a wrong one), ties counted half.

    Raises
    ------
    ValueError
        If all notes are right or all are wrong.

    >>> auroc([0.9, 0.4, 0.4, 0.1], [True, True, False, False])
    0.875
    """
    p, y = _checked(confidence, correct)
    right, wrong = np.sort(p[y]), np.sort(p[~y])
    if len(right) == 0 or len(wrong) == 0:
        raise ValueError("auroc needs right and wrong notes")
    below = np.searchsorted(wrong, right, side="left").sum()
    not_above = np.searchsorted(wrong, right, side="right").sum()
    return float((below + not_above) / (2 * len(right) * len(wrong)))


def selective_accuracy(
    confidence: npt.ArrayLike, correct: npt.ArrayLike, threshold: float
) -> tuple[float | None, float]:
    """Accuracy among the notes at or above a threshold (None without any), and their share.

    >>> selective_accuracy([0.9, 0.8, 0.2], [True, False, False], 0.8)
    (0.5, 0.6666666666666666)
    """
    p, y = _checked(confidence, correct)
    accepted = p >= threshold
    accuracy = float(np.mean(y[accepted])) if accepted.any() else None
    return accuracy, float(np.mean(accepted))


def _checked(confidence: npt.ArrayLike, correct: npt.ArrayLike) -> tuple[Floats, Bools]:
    p = np.asarray(confidence, dtype=np.float64)
    y = np.asarray(correct, dtype=np.bool_)
    if p.ndim != 1 or p.shape != y.shape or len(p) == 0:
        raise ValueError(f"confidence {p.shape} and correct {y.shape} need one shape [n] with n > 0")
    if not ((p >= 0.0) & (p <= 1.0)).all():
        raise ValueError("confidences must lie in 0..1")
    return p, y

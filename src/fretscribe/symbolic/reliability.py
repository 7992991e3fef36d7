"""Measures of confidence: does "80 % sure" mean right in 80 of 100?

Pure functions of ``confidence`` (float [n], 0..1) and ``correct`` (bool [n]). Knows neither notes nor how a
confidence came about. All need at least one example and say so with a ValueError.
Neighbours: ``calibration_fit`` chooses by them, ``evaluation.confidence`` reports them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

N_BINS = 15
_LOG_EDGE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """The examples whose confidence lies above ``low`` and up to ``high``; the first bin includes 0.

    Attributes
    ----------
    low, high : float
    n : int
    mean_confidence, accuracy : float, or None
        None where the bin is empty.
    """

    low: float
    high: float
    n: int
    mean_confidence: float | None = None
    accuracy: float | None = None


def expected_calibration_error(
    confidence: npt.ArrayLike, correct: npt.ArrayLike, *, n_bins: int = N_BINS, adaptive: bool = False
) -> float:
    """Mean distance of confidence and accuracy over bins, weighted by their examples.

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


def reliability_table(
    confidence: npt.ArrayLike, correct: npt.ArrayLike, *, n_bins: int = N_BINS
) -> tuple[ReliabilityBin, ...]:
    """What a reliability diagram shows: confidence and accuracy in bins of equal width.

    The distances of the two, weighted by ``n``, are the expected calibration error.

    >>> low, high = reliability_table([0.2, 0.4, 0.9], [False, True, True], n_bins=2)
    >>> low.n, round(low.mean_confidence, 3), low.accuracy, high.accuracy
    (2, 0.3, 0.5, 1.0)
    """
    p, y = _checked(confidence, correct)
    edges = np.linspace(0.0, 1.0, n_bins + 1)
    bins: Ints = np.searchsorted(edges[1:-1], p, side="left")
    counts = np.bincount(bins, minlength=n_bins)
    total = np.bincount(bins, weights=p, minlength=n_bins)
    right = np.bincount(bins, weights=y, minlength=n_bins)
    return tuple(
        ReliabilityBin(
            low=float(edges[i]),
            high=float(edges[i + 1]),
            n=int(n),
            mean_confidence=float(total[i] / n) if n else None,
            accuracy=float(right[i] / n) if n else None,
        )
        for i, n in enumerate(counts)
    )


def log_loss(confidence: npt.ArrayLike, correct: npt.ArrayLike) -> float:
    """Mean negative log likelihood of the truth, in nats; confidences are kept 1e-6 from 0 and 1.

    >>> round(log_loss([0.5, 0.5], [True, False]), 4)
    0.6931
    """
    return float(log_losses(confidence, correct).mean())


def log_losses(confidence: npt.ArrayLike, correct: npt.ArrayLike) -> Floats:
    """Negative log likelihood of each truth, in nats, float64 [n]; confidences are kept 1e-6 from 0 and 1."""
    p, y = _checked(confidence, correct)
    p = np.clip(p, _LOG_EDGE, 1.0 - _LOG_EDGE)
    return np.asarray(-np.where(y, np.log(p), np.log1p(-p)))


def _checked(confidence: npt.ArrayLike, correct: npt.ArrayLike) -> tuple[Floats, Bools]:
    p = np.asarray(confidence, dtype=np.float64)
    y = np.asarray(correct, dtype=np.bool_)
    if p.ndim != 1 or p.shape != y.shape or len(p) == 0:
        raise ValueError(f"confidence {p.shape} and correct {y.shape} need one shape [n] with n > 0")
    if not ((p >= 0.0) & (p <= 1.0)).all():
        raise ValueError("confidences must lie in 0..1")
    return p, y

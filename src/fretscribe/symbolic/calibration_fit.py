"""Fits a calibration: compares the curves on groups they have not seen, then fits the best one on all.

Every figure comes from examples that the curve in question was not fitted to: each group (a player, a
guitar, a block of samples) is judged by a curve fitted on the others. Knows neither notes nor files.
Neighbours: ``calibration_curves`` has the curves, ``calibration`` the result, ``reliability`` the measures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from fretscribe.errors import DatasetError
from fretscribe.symbolic.calibration import (
    RULES_ACCURACY,
    STORED_TARGETS,
    Calibration,
    Compared,
    Counts,
    Level,
    Scores,
    Threshold,
)
from fretscribe.symbolic.calibration_curves import FITS, MAX_PARAMETERS, Curve, Fit, Method
from fretscribe.symbolic.reliability import (
    Bools,
    Floats,
    Ints,
    auroc,
    brier_score,
    expected_calibration_error,
    log_loss,
    log_losses,
    reliability_table,
)

MIN_EXAMPLES = 20
MIN_ACCEPTED = 10
"""A threshold accepts at least so many examples: the surest two or three being right says nothing."""

_BLOCKS = 5
_MAX_FOLDS = 10

_Columns = list[int]


def fit_calibration(
    features: npt.ArrayLike,
    correct: npt.ArrayLike,
    groups: Sequence[object] | npt.NDArray[np.generic],
    *,
    names: Sequence[str],
    scalar: str,
    level: Level,
    target_accuracy: float = 0.8,
    rules: npt.ArrayLike = RULES_ACCURACY,
    weights: Mapping[str, str] | None = None,
    provenance: Mapping[str, object] | None = None,
) -> Calibration:
    """Choose a curve by held-out log loss and measure it.

    Of those that the log loss cannot tell apart (within two standard errors of the lowest) the one that
    orders right before wrong best is taken (AUROC): what is accepted at a target depends on the order. Since
    the best of four is reported, its figures flatter by as much as four differ by chance; ``compared`` shows
    all of them.

    Parameters
    ----------
    features : float array [n, k]
        NaN where one is missing. A feature that no example has is not used; an example that lacks one of
        the others is left out, for all methods alike.
    correct : bool array [n]
    groups : sequence [n]
        Examples of one group are never on both sides of a fold. More than ten groups share ten folds. A
        single group is cut into five stretches of neighbours; the provenance says so.
    names : sequence of str
        Of the features.
    scalar : str
        The feature (log odds of the best uncalibrated probability) that all methods but logistic regression
        take; logistic regression takes all others, or this one where there is no other.
    level : "notes" or "frames"
    target_accuracy : float
    rules : bool array [n], or float
        Which examples the rule-based fingering puts right, or how often it is right where only that is known.
    weights, provenance : mapping, optional
        As in `Calibration`.

    Raises
    ------
    DatasetError
        With fewer than `MIN_EXAMPLES` examples, or where all are right or all are wrong.
    """
    x = np.asarray(features, dtype=np.float64)
    y = np.asarray(correct, dtype=np.bool_)
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    if x.ndim != 2 or x.shape != (len(y), len(names)) or len(group) != len(y) or scalar not in names:
        raise ValueError(f"features {x.shape}, correct {y.shape}, groups {group.shape}: not of one set")
    columns = [i for i in range(len(names)) if not np.isnan(x[:, i]).all()]
    unused = [name for i, name in enumerate(names) if i not in columns]
    whole = ~np.isnan(x[:, columns]).any(axis=1) & np.isin(names.index(scalar), columns)
    n_left_out = int(np.sum(~whole))
    by_rules = np.broadcast_to(np.asarray(rules, dtype=np.float64), y.shape)[whole]
    x, y, group = x[whole], y[whole], group[whole]
    _require_examples(y, n_left_out)
    candidates = _candidates(names, scalar, columns)

    folds = _folds(group)
    held_out = {method: _held_out(FITS[method], x[:, use], y, folds) for method, use in candidates.items()}
    fitted: dict[Method, Curve] = {m: FITS[m](x[:, use], y) for m, use in candidates.items()}
    scores = {method: _scores(p, y) for method, p in held_out.items()}
    best = max(
        _as_good(held_out, y),
        key=lambda m: (scores[m].auroc, -scores[m].log_loss, -fitted[m].n_parameters),
    )
    p, use = held_out[best], candidates[best]
    targets = sorted({*STORED_TARGETS, target_accuracy})
    return Calibration(
        level=level,
        features=tuple(names[i] for i in use),
        curve=fitted[best],
        target_accuracy=target_accuracy,
        thresholds=_thresholds(targets, p, y, _crossings(FITS[best], x[:, use], y, group), folds),
        rules_accuracy=float(np.mean(by_rules)),
        lower_threshold=lower_threshold(p, y, by_rules),
        reliability=reliability_table(p, y),
        scores=scores[best],
        counts=Counts(
            n_examples=len(y),
            n_right=int(np.sum(y)),
            n_groups=len(np.unique(group)),
            n_left_out=n_left_out,
        ),
        compared=tuple(
            Compared(method=m, n_parameters=fitted[m].n_parameters, scores=scores[m]) for m in candidates
        ),
        weights=weights or {},
        provenance={
            **(provenance or {}),
            "folds": _told_folds(group, folds),
            **({"features_nobody_had": unused} if unused else {}),
        },
    )


def _as_good(held_out: Mapping[Method, Floats], correct: Bools) -> list[Method]:
    """The methods whose mean log loss lies within two standard errors of the lowest."""
    losses = {method: log_losses(p, correct) for method, p in held_out.items()}
    lowest = min(losses, key=lambda m: float(losses[m].mean()))

    def is_as_good(method: Method) -> bool:
        more = losses[method] - losses[lowest]
        return float(more.mean()) <= 2.0 * float(more.std()) / math.sqrt(len(more))

    return [method for method in losses if is_as_good(method)]


def smallest_threshold(confidence: Floats, correct: Bools, target: float) -> float | None:
    """Smallest confidence at or above which the share of right examples reaches a target; None without.

    At least `MIN_ACCEPTED` examples, or all where there are fewer, must lie there.

    >>> confidence = np.linspace(0.05, 0.95, 10)
    >>> smallest_threshold(confidence, confidence > 0.5, 0.5)
    0.05
    >>> smallest_threshold(confidence, confidence > 0.5, 0.6) is None
    True
    """
    order = np.argsort(-confidence, kind="stable")
    p, right = confidence[order], np.cumsum(correct[order])
    n_accepted = np.arange(1, len(p) + 1)
    last_of_ties = np.append(p[1:] < p[:-1], True)
    reaches = last_of_ties & (right >= target * n_accepted - 1e-9)
    reaches &= n_accepted >= min(MIN_ACCEPTED, len(p))
    return float(p[np.flatnonzero(reaches)[-1]]) if reaches.any() else None


def lower_threshold(confidence: Floats, correct: Bools, by_rules: Floats) -> float | None:
    """The confidence below which the rule-based fingering should decide: the one that gains most right ones.

    None where the gain is not above two standard errors, as it would be by chance.

    Parameters
    ----------
    confidence, correct : arrays [n]
    by_rules : float64 array [n]
        Whether (or how often) the rule-based fingering is right.

    >>> confidence = np.linspace(0.0, 0.9, 10)
    >>> round(lower_threshold(confidence, confidence > 0.5, np.full(10, 0.9)), 3)
    0.6
    """
    order = np.argsort(confidence, kind="stable")
    p, gain = confidence[order], (by_rules - correct)[order]
    total, spread = np.cumsum(gain), np.sqrt(np.cumsum(gain**2))
    total[:-1][p[1:] == p[:-1]] = -np.inf  # equal confidences stay together
    best = int(np.argmax(total))
    if total[best] <= 2.0 * spread[best]:
        return None
    return float(p[best + 1]) if best + 1 < len(p) else 1.0


def _require_examples(correct: Bools, n_left_out: int) -> None:
    n_right = int(np.sum(correct))
    if len(correct) < MIN_EXAMPLES:
        lost = f" ({n_left_out} lack a feature)" if n_left_out else ""
        raise DatasetError(
            f"{len(correct)} examples{lost} are too few to calibrate on",
            mend=f"give at least {MIN_EXAMPLES}, better some hundreds",
        )
    if n_right in (0, len(correct)):
        raise DatasetError(
            f"all {len(correct)} examples are {'right' if n_right else 'wrong'}: nothing to calibrate on",
            mend="give predictions of recordings that no network was trained on",
        )


def _candidates(names: Sequence[str], scalar: str, columns: _Columns) -> dict[Method, _Columns]:
    """The features that each method takes, simplest method first."""
    alone = [names.index(scalar)]
    others = [i for i in columns if names[i] != scalar][: MAX_PARAMETERS - 1] or alone
    return {"identity": alone, "temperature": alone, "logistic": others, "isotonic": alone}


def _folds(groups: Ints) -> Ints:
    """The fold of each example, int64 [n]: its group, ten at most; five stretches of a single group."""
    _, group = np.unique(groups, return_inverse=True)
    n_groups = int(group.max()) + 1
    if n_groups == 1:
        return np.arange(len(group)) * _BLOCKS // len(group)
    return np.asarray(group % _MAX_FOLDS, dtype=np.int64)


def _told_folds(groups: Ints, folds: Ints) -> str:
    n_groups, n_folds = len(np.unique(groups)), len(np.unique(folds))
    if n_groups == 1:
        return f"one group: {n_folds} stretches of neighbours, each judged by the others"
    if n_folds < n_groups:
        return f"{n_groups} groups in {n_folds} folds, each judged by the others"
    return f"{n_groups} groups, each judged by the others"


def _held_out(fit: Fit, x: Floats, y: Bools, folds: Ints) -> Floats:
    """P(right) of every example by a curve that was fitted without its fold."""
    p = np.empty(len(y))
    for fold in np.unique(folds):
        inside = folds == fold
        p[inside] = fit(x[~inside], y[~inside])(x[inside])
    return p


def _crossings(fit: Fit, x: Floats, y: Bools, groups: Ints) -> list[tuple[Floats, Bools]]:
    """For each fold of `_folds`, held-out probabilities within the others alone, with their truth."""
    folds = _folds(groups)
    inner = []
    for fold in np.unique(folds):
        others = folds != fold
        inner.append((_held_out(fit, x[others], y[others], _folds(groups[others])), y[others]))
    return inner


def _thresholds(
    targets: Iterable[float], p: Floats, y: Bools, crossings: list[tuple[Floats, Bools]], folds: Ints
) -> tuple[Threshold, ...]:
    found = []
    for target in targets:
        threshold = smallest_threshold(p, y, target)
        if threshold is None:
            found.append(Threshold(target=target))
            continue
        accepted = p >= threshold
        crossed = np.zeros(len(y), dtype=np.bool_)
        for fold, (inner_p, inner_y) in zip(np.unique(folds), crossings, strict=True):
            chosen_elsewhere = smallest_threshold(inner_p, inner_y, target)
            if chosen_elsewhere is not None:
                crossed |= (folds == fold) & (p >= chosen_elsewhere)
        found.append(
            Threshold(
                target=target,
                threshold=threshold,
                accuracy=float(np.mean(y[accepted])),
                coverage=float(np.mean(accepted)),
                crossed_accuracy=float(np.mean(y[crossed])) if crossed.any() else None,
                crossed_coverage=float(np.mean(crossed)),
            )
        )
    return tuple(found)


def _scores(p: Floats, y: Bools) -> Scores:
    return Scores(
        ece=expected_calibration_error(p, y),
        adaptive_ece=expected_calibration_error(p, y, adaptive=True),
        brier=brier_score(p, y),
        log_loss=log_loss(p, y),
        auroc=auroc(p, y),
    )

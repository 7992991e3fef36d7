"""Fits a model of a technique to notes whose technique is known, and chooses its threshold on others.

Gradient boosting of small tables on the log loss (see ``technique_model``). The threshold is the lowest whose
marks are right often enough on studies that the fit left out. Neighbour: ``technique_features`` has the
figures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fretscribe.dsp.note_frames import Floats
from fretscribe.symbolic.technique_features import Features
from fretscribe.symbolic.technique_model import Table, TechniqueModel, log_odds, probability

Bools = npt.NDArray[np.bool_]

NEVER = 2.0
"""A threshold that no probability reaches."""

_TABLES = 300
_QUESTIONS = 4
_RATE = 0.1
_RIDGE = 6.0
_BINS = 24
_SHARE = 0.6  # of the notes, for each table
_FOLDS = 6


def fit_model(
    features: Sequence[Features],
    played: Bools,
    groups: Sequence[object],
    names: Sequence[str],
    *,
    judged: Bools,
    n_played: int,
    target_precision: float,
    seed: int = 0,
) -> TechniqueModel:
    """Fit and measure a model.

    Parameters
    ----------
    features : sequence of mapping
        Of notes that may have the technique at all.
    played : bool array [n]
        Whether each has it.
    groups : sequence [n]
        Notes of one group (a study) are never on both sides of a fold.
    names : sequence of str
        Figures to use.
    judged : bool array [n]
        Notes that the threshold is chosen on.
    n_played : int
        Notes that have it, those that no heard note stands for included: what recall is a share of.
    target_precision : float
        Of the marks, when held out. Without a threshold that reaches it nothing is ever marked.
    seed : int
        Draws the notes of each table.
    """
    figures = np.array([[one[name] for name in names] for one in features], dtype=np.float64)
    labels = np.array([str(group) for group in groups])
    held_out = np.zeros(len(features))
    distinct = np.unique(labels)
    for fold in range(_FOLDS):
        left_out = np.isin(labels, distinct[fold::_FOLDS])
        if left_out.any() and not left_out.all():
            tables, constant = _fit(figures[~left_out], played[~left_out], seed)
            held_out[left_out] = probability(log_odds(tables, constant, figures[left_out]))
    threshold, precision, recall = choose_threshold(
        held_out[judged], played[judged], n_played, target_precision
    )
    tables, constant = _fit(figures, played, seed)
    return TechniqueModel(
        names=tuple(names),
        tables=tables,
        constant=constant,
        threshold=threshold,
        precision=precision,
        recall=recall,
    )


def choose_threshold(
    probabilities: Floats, played: Bools, n_played: int, target: float
) -> tuple[float, float, float]:
    """The lowest threshold whose marks reach a precision, that precision, and the recall."""
    order = np.argsort(-probabilities, kind="stable")
    right = np.cumsum(played[order])
    precision = right / np.arange(1, len(order) + 1)
    good = np.flatnonzero(precision >= target)
    if not len(good) or not n_played:
        return NEVER, 0.0, 0.0
    last = int(good[-1])
    return (
        round(float(probabilities[order[last]]), 4),
        round(float(precision[last]), 4),
        round(float(right[last]) / n_played, 4),
    )


def _fit(figures: Floats, played: Bools, seed: int) -> tuple[tuple[Table, ...], float]:
    rng = np.random.default_rng(seed)
    share = float(np.clip(played.mean(), 1e-3, 1.0 - 1e-3))
    constant = round(float(np.log(share / (1.0 - share))), 4)
    edges = [_edges(column) for column in figures.T]
    # Bin 0 is what could not be measured; bin k + 1 lies above k edges.
    binned = np.stack(
        [
            np.where(np.isnan(column), 0, 1 + np.searchsorted(at, column, side="left"))
            for column, at in zip(figures.T, edges, strict=True)
        ]
    )
    odds = np.full(len(figures), constant)
    tables: list[Table] = []
    for _ in range(_TABLES):
        p = probability(odds)
        drawn = rng.random(len(figures)) < _SHARE
        table = _best_table(binned[:, drawn], edges, (played - p)[drawn], (p * (1.0 - p))[drawn])
        if table is None:
            break
        tables.append(table)
        odds += table.values(figures)
    return tuple(tables), constant


def _edges(column: Floats) -> Floats:
    known = column[~np.isnan(column)]
    if not len(known):
        return np.zeros(0)
    return np.unique(np.round(np.quantile(known, np.linspace(0.0, 1.0, _BINS + 1)[:-1]), 4))


def _best_table(
    binned: npt.NDArray[np.int64], edges: Sequence[Floats], gradient: Floats, weight: Floats
) -> Table | None:
    """The questions, one after the other, that lower the loss most; None where none does."""
    leaf = np.zeros(binned.shape[1], dtype=np.int64)
    asked: list[tuple[int, float]] = []
    for level in range(_QUESTIONS):
        n_leaves, best = 1 << level, (1e-9, -1, -1)
        base = _score(_sums(leaf, gradient, n_leaves), _sums(leaf, weight, n_leaves))
        for k, at in enumerate(edges):
            n_bins = len(at) + 2
            place = leaf * n_bins + binned[k]
            g = _sums(place, gradient, n_leaves * n_bins).reshape(n_leaves, n_bins)
            h = _sums(place, weight, n_leaves * n_bins).reshape(n_leaves, n_bins)
            g_low, h_low = g.cumsum(axis=1), h.cumsum(axis=1)
            gains = _score(g_low, h_low) + _score(g_low[:, -1:] - g_low, h_low[:, -1:] - h_low) - base
            bin_ = int(gains[1:-1].argmax()) + 1 if len(at) else 0
            if len(at) and gains[bin_] > best[0]:
                best = (float(gains[bin_]), k, bin_)
        if best[1] < 0:
            break
        asked.append((best[1], float(edges[best[1]][best[2] - 1])))
        leaf |= (binned[best[1]] > best[2]).astype(np.int64) << level
    if not asked:
        return None
    n_leaves = 1 << len(asked)
    sums = _sums(leaf, gradient, n_leaves) / (_sums(leaf, weight, n_leaves) + _RIDGE)
    return Table(
        figures=tuple(k for k, _ in asked),
        above=tuple(at for _, at in asked),
        adds=tuple(round(float(_RATE * value), 4) for value in sums),
    )


def _sums(place: npt.NDArray[np.int64], values: Floats, n: int) -> Floats:
    return np.asarray(np.bincount(place, values, n), dtype=np.float64)


def _score(gradient: Floats, weight: Floats) -> Floats:
    """How far a split of this kind lowers the loss, summed over the leaves [n_leaves, ...]."""
    return np.asarray((gradient**2 / (weight + _RIDGE)).sum(axis=0))

"""Ways from evidence to a probability, and how each is fitted, in numpy alone.

A curve maps features (log odds and the like) to P(right). The identity, temperature scaling and isotonic
regression take one feature, logistic regression several. None has more than `MAX_PARAMETERS` fitted
numbers: calibrations are fitted on few recordings, of which at most twenty numbers may be learned in all.
Neighbours: ``calibration_fit`` chooses among the curves, ``calibration`` keeps the chosen one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from fretscribe.symbolic.reliability import Bools, Floats

Method = Literal["identity", "temperature", "logistic", "isotonic"]

EDGE = 1e-3
"""Probabilities are kept this far from 0 and 1, so that log odds stay finite and nothing is certain."""

MAX_PARAMETERS = 8

_RIDGE = 10.0
_MAX_TEMPERATURE = 20.0
_NEWTON_STEPS = 50
_CONVERGED = 1e-9


def sigmoid(value: Floats) -> Floats:
    """Probability of log odds, without overflow."""
    grown = np.exp(-np.abs(value))
    return np.asarray(np.where(value >= 0.0, 1.0, grown) / (1.0 + grown), dtype=np.float64)


def log_odds(probability: Floats) -> Floats:
    """Inverse of `sigmoid`, for probabilities clipped to `EDGE` .. 1 - `EDGE`; NaN stays NaN.

    >>> float(log_odds(np.array([0.5]))[0])
    0.0
    """
    clipped = np.clip(probability, EDGE, 1.0 - EDGE)
    return np.asarray(np.log(clipped / (1.0 - clipped)), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The log odds believed as they are: what remains where no fitted curve proves better."""

    @property
    def method(self) -> Method:
        return "identity"

    @property
    def n_features(self) -> int:
        return 1

    @property
    def n_parameters(self) -> int:
        return 0

    def __call__(self, features: Floats) -> Floats:
        """Features [n, 1] -> probabilities [n]."""
        return _clipped(sigmoid(features[:, 0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperature:
    """``sigmoid(x / temperature)`` of one log odds (Guo et al., ICML 2017): above 1 it makes less sure."""

    temperature: float

    def __post_init__(self) -> None:
        if not 0.0 < self.temperature < np.inf:
            raise ValueError(f"a temperature is positive, not {self.temperature}")

    @property
    def method(self) -> Method:
        return "temperature"

    @property
    def n_features(self) -> int:
        return 1

    @property
    def n_parameters(self) -> int:
        return 1

    def __call__(self, features: Floats) -> Floats:
        """Features [n, 1] -> probabilities [n]."""
        return _clipped(sigmoid(features[:, 0] / self.temperature))


@dataclass(frozen=True, slots=True, kw_only=True)
class Logistic:
    """``sigmoid(features @ weights + bias)``."""

    weights: tuple[float, ...]
    bias: float

    def __post_init__(self) -> None:
        if not 1 <= len(self.weights) < MAX_PARAMETERS:
            raise ValueError(f"a logistic curve has 1 to {MAX_PARAMETERS - 1} weights")
        if not np.isfinite([*self.weights, self.bias]).all():
            raise ValueError("weights and bias must be finite")

    @property
    def method(self) -> Method:
        return "logistic"

    @property
    def n_features(self) -> int:
        return len(self.weights)

    @property
    def n_parameters(self) -> int:
        return len(self.weights) + 1

    def __call__(self, features: Floats) -> Floats:
        """Features [n, n_features] -> probabilities [n]."""
        return _clipped(sigmoid(features @ np.array(self.weights) + self.bias))


@dataclass(frozen=True, slots=True, kw_only=True)
class Isotonic:
    """Rises with one feature: ``probabilities`` at the knots ``at``, linear between, constant beyond."""

    at: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.at) <= MAX_PARAMETERS or len(self.at) != len(self.probabilities):
            raise ValueError(f"an isotonic curve has 1 to {MAX_PARAMETERS} knots, each with a probability")
        if not np.isfinite(self.at).all() or (np.diff(self.at) <= 0.0).any():
            raise ValueError("knots must be finite and rise")
        inside = all(0.0 <= p <= 1.0 for p in self.probabilities)
        if not inside or (np.diff(self.probabilities) < 0.0).any():
            raise ValueError("probabilities must lie in 0..1 and never fall")

    @property
    def method(self) -> Method:
        return "isotonic"

    @property
    def n_features(self) -> int:
        return 1

    @property
    def n_parameters(self) -> int:
        return len(self.at)

    def __call__(self, features: Floats) -> Floats:
        """Features [n, 1] -> probabilities [n]."""
        return _clipped(np.interp(features[:, 0], self.at, self.probabilities))


Curve = Identity | Temperature | Logistic | Isotonic


def fit_identity(features: Floats, correct: Bools) -> Identity:
    """Nothing to fit."""
    return Identity()


def fit_temperature(features: Floats, correct: Bools) -> Temperature:
    """The temperature of greatest likelihood, between 1/20 and 20."""
    slope, _ = _newton(features[:, :1], correct, intercept=False, ridge=0.0)
    steepest = min(max(float(slope[0]), 1.0 / _MAX_TEMPERATURE), _MAX_TEMPERATURE)
    return Temperature(temperature=1.0 / steepest)


def fit_logistic(features: Floats, correct: Bools) -> Logistic:
    """Logistic regression by Newton's method, with a ridge on the weights of scaled features.

    A weight of 1 on a feature of deviation 1 costs 5 nats of likelihood. It matters below a thousand notes:
    those of few players resemble each other, and weights fitted to them closely fail on the next player.
    """
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > 0.0, scale, 1.0)
    weights, bias = _newton((features - mean) / scale, correct, intercept=True, ridge=_RIDGE)
    unscaled = weights / scale
    return Logistic(weights=tuple(float(w) for w in unscaled), bias=float(bias - mean @ unscaled))


def fit_isotonic(features: Floats, correct: Bools) -> Isotonic:
    """Isotonic regression by pooling adjacent violators (Ayer et al., 1955).

    The examples are first gathered into `MAX_PARAMETERS` cells of about equal mass, equal values together:
    a curve with a knot a note would fit the notes it was made from and no others.
    """
    x = features[:, 0]
    inner = np.quantile(x, np.linspace(0.0, 1.0, MAX_PARAMETERS + 1)[1:-1])
    cells = np.searchsorted(inner, x, side="left")
    mass = np.bincount(cells, minlength=MAX_PARAMETERS)
    total_x = np.bincount(cells, weights=x, minlength=MAX_PARAMETERS)
    right = np.bincount(cells, weights=correct, minlength=MAX_PARAMETERS)
    blocks: list[list[float]] = []  # mass, sum of x, right ones
    for cell in np.flatnonzero(mass):
        blocks.append([float(mass[cell]), float(total_x[cell]), float(right[cell])])
        while len(blocks) > 1 and _violates(blocks[-2], blocks[-1]):
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    return Isotonic(
        at=tuple(x_sum / n for n, x_sum, _ in blocks),
        probabilities=tuple(min(max(n_right / n, EDGE), 1.0 - EDGE) for n, _, n_right in blocks),
    )


def _violates(low: list[float], high: list[float]) -> bool:
    """Whether the share of right ones does not rise, or two cells round to one place."""
    return low[2] * high[0] >= high[2] * low[0] or low[1] / low[0] >= high[1] / high[0]


Fit = Callable[[Floats, Bools], Curve]

FITS: Mapping[Method, Fit] = MappingProxyType(
    {
        "identity": fit_identity,
        "temperature": fit_temperature,
        "logistic": fit_logistic,
        "isotonic": fit_isotonic,
    }
)
"""How each method is fitted: features [n, k] float64 and correct [n] bool -> `Curve`."""


def _newton(x: Floats, correct: Bools, *, intercept: bool, ridge: float) -> tuple[Floats, float]:
    """Weights and bias that minimise negative log likelihood + ridge/2 |weights|^2, which is convex."""
    design = np.column_stack([x, np.ones(len(x))]) if intercept else x
    penalty = np.full(design.shape[1], ridge)
    if intercept:
        penalty[-1] = _CONVERGED  # only keeps the bias finite where all examples are right
    y = correct.astype(np.float64)
    beta = np.zeros(design.shape[1])

    def loss(at: Floats) -> float:
        z = design @ at
        return float(np.sum(np.logaddexp(0.0, z) - y * z) + 0.5 * penalty @ at**2)

    current = loss(beta)
    for _ in range(_NEWTON_STEPS):
        p = sigmoid(design @ beta)
        gradient = design.T @ (p - y) + penalty * beta
        curvature = (design * (p * (1.0 - p))[:, None]).T @ design + np.diag(penalty + _CONVERGED)
        step = np.linalg.solve(curvature, gradient)
        share = 1.0
        while share > _CONVERGED and loss(beta - share * step) > current:
            share /= 2.0  # a full step may overshoot where the curve is flat
        beta = beta - share * step
        previous, current = current, loss(beta)
        if previous - current <= _CONVERGED * (1.0 + abs(current)):
            break
    return (beta[:-1], float(beta[-1])) if intercept else (beta, 0.0)


def _clipped(probability: Floats) -> Floats:
    return np.clip(probability, EDGE, 1.0 - EDGE)

"""A fitted calibration: a curve from evidence to P(right), its thresholds, and how good it proved to be.

Every figure in it was measured on examples that the curve had not seen (`calibration_fit`); the curve itself
was fitted on all. Knows neither notes nor files. Neighbours: ``calibration_curves`` has the curves,
``calibration_file`` reads and writes them, ``confidence`` judges notes with one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from fretscribe.errors import WeightsError
from fretscribe.symbolic.calibration_curves import Curve, Method
from fretscribe.symbolic.reliability import Floats, ReliabilityBin

Level = Literal["notes", "frames"]
"""What an example is: a note of a tab, or a string in a frame of an array."""

FILE_NAME = "confidence_calibration.json"
STORED_TARGETS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
RULES_ACCURACY = 0.48
"""How often the rule-based fingering is right, where that was not measured: behind another transcriber,
fingering by nearest position put 48 % of GuitarSet's rightly heard notes on the right string."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The smallest confidence from which on the accepted examples reach a target.

    Attributes
    ----------
    target : float
        Share of right examples asked for among the accepted ones.
    threshold : float, or None
        None where no threshold reaches the target; then the next two are None as well.
    accuracy, coverage : float, or None
        Share of right ones among the accepted, and share of the accepted.
    crossed_accuracy, crossed_coverage : float, or None
        The same where each group is accepted by a threshold chosen on the other groups alone: what to
        expect of a player nobody calibrated for. None where nothing was accepted that way.
    """

    target: float
    threshold: float | None = None
    accuracy: float | None = None
    coverage: float | None = None
    crossed_accuracy: float | None = None
    crossed_coverage: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.target <= 1.0:
            raise ValueError(f"a target accuracy lies in 0..1, not {self.target}")
        shares = (
            self.threshold,
            self.accuracy,
            self.coverage,
            self.crossed_accuracy,
            self.crossed_coverage,
        )
        if any(share is not None and not 0.0 <= share <= 1.0 for share in shares):
            raise ValueError("a threshold's figures must lie in 0..1")
        if not (self.threshold is None) == (self.accuracy is None) == (self.coverage is None):
            raise ValueError("threshold, accuracy and coverage come together")

    @property
    def target_met(self) -> bool:
        return self.threshold is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """How good probabilities proved on examples they were not fitted to; see `reliability`.

    Attributes
    ----------
    ece, adaptive_ece, brier, log_loss : float
        Smaller is better.
    auroc : float, or None
        Larger is better; None where all examples are right or all are wrong.
    """

    ece: float
    adaptive_ece: float
    brier: float
    log_loss: float
    auroc: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One of the methods that were tried.

    Attributes
    ----------
    method : str
        ``identity`` is the probabilities as they came.
    n_parameters : int
    scores : Scores
    """

    method: Method
    n_parameters: int
    scores: Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a calibration was fitted on.

    Attributes
    ----------
    n_examples, n_right, n_groups : int
        Groups are players, guitars or blocks of samples.
    n_left_out : int
        Examples that lack a feature and took no part.
    """

    n_examples: int
    n_right: int
    n_groups: int
    n_left_out: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.n_right <= self.n_examples or self.n_groups < 1 or self.n_left_out < 0:
            raise ValueError(f"impossible counts {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A curve from evidence to P(right) with its thresholds and figures.

    Attributes
    ----------
    level : "notes" or "frames"
    features : tuple of str
        What the curve takes, in order; see `confidence.FEATURES`.
    curve : Identity, Temperature, Logistic or Isotonic
    target_accuracy : float
        The target asked for; among those of ``thresholds``.
    thresholds : tuple of Threshold
        Rising in ``target``.
    rules_accuracy : float
        How often the rule-based fingering is right.
    lower_threshold : float, or None
        Below it the rule-based fingering is right more often; None where it nowhere is.
    reliability : tuple of ReliabilityBin
    scores : Scores
    counts : Counts
    compared : tuple of Compared
    weights : mapping of str to str
        Name -> sha256 of the networks that it was made for; empty where that is not known.
    provenance : mapping of str to JSON values
        What it was made from; kept, never interpreted.
    """

    level: Level
    features: tuple[str, ...]
    curve: Curve
    target_accuracy: float
    thresholds: tuple[Threshold, ...]
    rules_accuracy: float
    lower_threshold: float | None
    reliability: tuple[ReliabilityBin, ...]
    scores: Scores
    counts: Counts
    compared: tuple[Compared, ...] = ()
    weights: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.features) != self.curve.n_features:
            raise ValueError(f"the curve takes {self.curve.n_features} features, not {len(self.features)}")
        targets = [threshold.target for threshold in self.thresholds]
        if targets != sorted(set(targets)) or self.target_accuracy not in targets:
            raise ValueError("thresholds must rise in target, with the asked-for one among them")
        object.__setattr__(self, "weights", MappingProxyType(dict(self.weights)))
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))

    @property
    def method(self) -> Method:
        return self.curve.method

    @property
    def chosen(self) -> Threshold:
        """The threshold of the target that was asked for when it was made."""
        return self.threshold_for(self.target_accuracy)

    def threshold_for(self, target_accuracy: float) -> Threshold:
        """The stored threshold of the nearest target at or above the one asked for.

        Nothing is interpolated: the accuracy between two stored targets was not measured. Above the highest
        stored target there is no threshold.
        """
        above = (t for t in self.thresholds if t.target >= target_accuracy)
        return next(above, Threshold(target=target_accuracy))

    def probability(self, features: Floats) -> Floats:
        """P(right) for float64 [n, n_features] in the order of ``features``; NaN where one is missing."""
        if features.ndim != 2 or features.shape[1] != len(self.features):
            raise ValueError(f"features must be [n, {len(self.features)}], not {features.shape}")
        return self.curve(features)


def check_made_for(calibration: Calibration, weights: Mapping[str, str]) -> None:
    """Refuse a calibration that was made for other networks than those in use.

    Parameters
    ----------
    calibration : Calibration
        One of frames speaks of the networks it names only; one of notes of all that made the notes. One that
        names none fits any.
    weights : mapping of str to str
        Name -> sha256 of the networks in use.

    Raises
    ------
    WeightsError
        Naming the networks that differ.
    """
    if not calibration.weights:
        return
    named = set(calibration.weights)
    if calibration.level == "notes":
        named |= set(weights)
    foreign = sorted(name for name in named if calibration.weights.get(name) != weights.get(name))
    if foreign:
        told = _differences(foreign, calibration, weights)
        raise WeightsError(
            f"the confidence calibration was made for other weights: {told}",
            mend="make a new one with fretscribe calibrate",
        )


def _differences(names: Sequence[str], calibration: Calibration, weights: Mapping[str, str]) -> str:
    told = []
    for name in names:
        if name not in weights:
            told.append(f"{name} is not in use")
        elif name not in calibration.weights:
            told.append(f"{name} was not in use then")
        else:
            told.append(f"{name} is {weights[name][:8]}, not {calibration.weights[name][:8]}")
    return ", ".join(told)

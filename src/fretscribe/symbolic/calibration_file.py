"""``confidence_calibration.json``: a `Calibration` as JSON and back, without loss.

The reader is strict: a key too many or too few, a wrong type or a number that is not finite is refused with
the file and the field. Neighbours: ``calibration`` has the values; whoever owns the file writes the bytes.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Never, TypeVar, get_args

from fretscribe.errors import WeightsError
from fretscribe.symbolic.calibration import (
    Calibration,
    Compared,
    Counts,
    Level,
    Scores,
    Threshold,
)
from fretscribe.symbolic.calibration_curves import Curve, Identity, Isotonic, Logistic, Method, Temperature
from fretscribe.symbolic.reliability import ReliabilityBin

SCHEMA = "fretscribe-calibration/1"
_MEND = "make a new one with fretscribe calibrate"
_MAX_BYTES = 1_000_000

T = TypeVar("T")


def render_calibration(calibration: Calibration) -> bytes:
    """The bytes of the file."""
    document: dict[str, object] = {
        "schema": SCHEMA,
        "level": calibration.level,
        "method": calibration.method,
        "features": list(calibration.features),
        "parameters": dataclasses.asdict(calibration.curve),
        "target_accuracy": calibration.target_accuracy,
        "target_met": calibration.chosen.target_met,
        "thresholds": [
            {**dataclasses.asdict(threshold), "target_met": threshold.target_met}
            for threshold in calibration.thresholds
        ],
        "rules_accuracy": calibration.rules_accuracy,
        "lower_threshold": calibration.lower_threshold,
        "reliability": [dataclasses.asdict(row) for row in calibration.reliability],
        "scores": dataclasses.asdict(calibration.scores),
        "counts": dataclasses.asdict(calibration.counts),
        "compared": [
            {
                "method": tried.method,
                "n_parameters": tried.n_parameters,
                "scores": dataclasses.asdict(tried.scores),
            }
            for tried in calibration.compared
        ],
        "weights": dict(calibration.weights),
        "provenance": dict(calibration.provenance),
    }
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read_calibration(path: Path) -> Calibration:
    """Read a calibration file.

    Raises
    ------
    WeightsError
        If it cannot be read, or is not what `render_calibration` writes; names the file and the field.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror or error}", mend=_MEND) from error
    return parse_calibration(data, str(path))


def parse_calibration(data: bytes, name: str) -> Calibration:
    """Inverse of `render_calibration`; ``name`` is the file's, for messages.

    Raises
    ------
    WeightsError
        See `read_calibration`.
    """
    root = _Part(_load(data, name), "", name)
    if not isinstance(root.value, dict) or root.value.get("schema") != SCHEMA:
        raise _foreign(name, f"its schema is not {SCHEMA}")
    part = root.members(
        [
            "schema", "level", "method", "features", "parameters", "target_accuracy", "target_met",
            "thresholds", "rules_accuracy", "lower_threshold", "reliability", "scores", "counts",
            "compared", "weights", "provenance",
        ]
    )  # fmt: skip
    calibration = root.build(
        Calibration,
        level=part["level"].choice(get_args(Level)),
        features=tuple(item.text() for item in part["features"].items()),
        curve=_curve(part["method"], part["parameters"]),
        target_accuracy=part["target_accuracy"].probability(),
        thresholds=tuple(_threshold(item) for item in part["thresholds"].items()),
        rules_accuracy=part["rules_accuracy"].probability(),
        lower_threshold=part["lower_threshold"].or_none(_Part.probability),
        reliability=tuple(_bin(item) for item in part["reliability"].items()),
        scores=_scores(part["scores"]),
        counts=_counts(part["counts"]),
        compared=tuple(_compared(item) for item in part["compared"].items()),
        weights={key: item.text() for key, item in part["weights"].mapping().items()},
        provenance=part["provenance"].json_object(),
    )
    part["target_met"].must_be(calibration.chosen.target_met)
    return calibration


def _curve(method: _Part, parameters: _Part) -> Curve:
    chosen = method.choice(get_args(Method))
    if chosen == "identity":
        parameters.members([])
        return Identity()
    if chosen == "temperature":
        (temperature,) = parameters.members(["temperature"]).values()
        return parameters.build(Temperature, temperature=temperature.number())
    if chosen == "logistic":
        part = parameters.members(["weights", "bias"])
        weights = tuple(item.number() for item in part["weights"].items())
        return parameters.build(Logistic, weights=weights, bias=part["bias"].number())
    part = parameters.members(["at", "probabilities"])
    return parameters.build(
        Isotonic,
        at=tuple(item.number() for item in part["at"].items()),
        probabilities=tuple(item.probability() for item in part["probabilities"].items()),
    )


def _threshold(place: _Part) -> Threshold:
    figures = ["threshold", "accuracy", "coverage", "crossed_accuracy", "crossed_coverage"]
    part = place.members(["target", "target_met", *figures])
    threshold = place.build(
        Threshold,
        target=part["target"].probability(),
        **{figure: part[figure].or_none(_Part.probability) for figure in figures},
    )
    part["target_met"].must_be(threshold.target_met)
    return threshold


def _bin(place: _Part) -> ReliabilityBin:
    part = place.members(["low", "high", "n", "mean_confidence", "accuracy"])
    return place.build(
        ReliabilityBin,
        low=part["low"].probability(),
        high=part["high"].probability(),
        n=part["n"].count(),
        mean_confidence=part["mean_confidence"].or_none(_Part.probability),
        accuracy=part["accuracy"].or_none(_Part.probability),
    )


def _scores(place: _Part) -> Scores:
    part = place.members(["ece", "adaptive_ece", "brier", "log_loss", "auroc"])
    return Scores(
        ece=part["ece"].number(),
        adaptive_ece=part["adaptive_ece"].number(),
        brier=part["brier"].number(),
        log_loss=part["log_loss"].number(),
        auroc=part["auroc"].or_none(_Part.probability),
    )


def _counts(place: _Part) -> Counts:
    part = place.members(["n_examples", "n_right", "n_groups", "n_left_out"])
    return place.build(Counts, **{key: item.count() for key, item in part.items()})


def _compared(place: _Part) -> Compared:
    part = place.members(["method", "n_parameters", "scores"])
    return Compared(
        method=part["method"].choice(get_args(Method)),
        n_parameters=part["n_parameters"].count(),
        scores=_scores(part["scores"]),
    )


def _load(data: bytes, name: str) -> object:
    if len(data) > _MAX_BYTES:
        raise _foreign(name, f"it is {len(data)} bytes long")
    try:
        document: object = json.loads(
            data.decode("utf-8-sig"), parse_constant=_refuse, object_pairs_hook=_unique
        )
    except UnicodeDecodeError as error:
        raise _foreign(name, "it is not text") from error
    except RecursionError as error:
        raise _foreign(name, "it is nested too deeply") from error
    except ValueError as error:
        raise _foreign(name, str(error)) from error
    return document


def _foreign(name: str, reason: str) -> WeightsError:
    return WeightsError(f"{name} is not a confidence calibration: {reason}", mend=_MEND)


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key appears twice in one object")
    return dict(pairs)


@dataclasses.dataclass(frozen=True, slots=True)
class _Part:
    """A value of the document with its place in the file."""

    value: object
    place: str
    file: str

    def error(self, message: str) -> WeightsError:
        place = f" {self.place}:" if self.place else ""
        return WeightsError(f"{self.file}:{place} {message}", mend=_MEND)

    def wrong(self, wanted: str) -> WeightsError:
        shown = json.dumps(self.value)
        return self.error(f"must be {wanted}, not {shown if len(shown) <= 60 else shown[:57] + '...'}")

    def mapping(self) -> dict[str, _Part]:
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        dot = f"{self.place}." if self.place else ""
        return {key: _Part(value, f"{dot}{key}", self.file) for key, value in self.value.items()}

    def json_object(self) -> dict[str, object]:
        """An object of any JSON values, all numbers finite."""
        members = {key: item.value for key, item in self.mapping().items()}
        try:
            json.dumps(members, allow_nan=False)
        except ValueError as error:
            raise self.error("must hold finite numbers only") from error
        return members

    def members(self, keys: Iterable[str]) -> dict[str, _Part]:
        """All members of an object that must have exactly these keys."""
        found, wanted = self.mapping(), list(keys)
        for key in wanted:
            if key not in found:
                raise self.error(f"lacks the key {key!r}")
        for key in found:
            if key not in wanted:
                raise self.error(f"has the unknown key {key!r}")
        return found

    def items(self) -> list[_Part]:
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        return [_Part(value, f"{self.place}[{i}]", self.file) for i, value in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.wrong("a string")
        return self.value

    def choice(self, choices: tuple[T, ...]) -> T:
        for choice in choices:
            if self.value == choice:
                return choice
        raise self.wrong("one of " + ", ".join(str(choice) for choice in choices))

    def must_be(self, wanted: bool) -> None:
        if self.value is not wanted:
            raise self.wrong(f"{json.dumps(wanted)}, as its threshold says")

    def count(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 0:
            raise self.wrong("a count")
        return self.value

    def number(self) -> float:
        if not isinstance(self.value, int | float) or isinstance(self.value, bool):
            raise self.wrong("a number")
        try:
            value = float(self.value)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            raise self.error("must be a finite number")
        return value

    def probability(self) -> float:
        value = self.number()
        if not 0.0 <= value <= 1.0:
            raise self.wrong("from 0 to 1")
        return value

    def or_none(self, read: Callable[[_Part], float]) -> float | None:
        return None if self.value is None else read(self)

    def build(self, make: Callable[..., T], **values: object) -> T:
        """Make a value; its own `ValueError` becomes an error at this place."""
        try:
            return make(**values)
        except ValueError as error:
            raise self.error(str(error)) from error

"""The calibration's file: read back as it was, and refused where anything in it is not as written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.errors import WeightsError
from fretscribe.symbolic.calibration import (
    STORED_TARGETS,
    Calibration,
    Compared,
    Counts,
    Scores,
    Threshold,
    check_made_for,
)
from fretscribe.symbolic.calibration_curves import Curve, Identity, Isotonic, Logistic, Temperature
from fretscribe.symbolic.calibration_file import parse_calibration, read_calibration, render_calibration
from fretscribe.symbolic.reliability import ReliabilityBin

_SHARES = st.floats(0.0, 1.0)
_NUMBERS = st.floats(-1e6, 1e6)
_NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_SCORES = st.builds(
    Scores,
    ece=_SHARES,
    adaptive_ece=_SHARES,
    brier=_SHARES,
    log_loss=st.floats(0.0, 14.0),
    auroc=st.none() | _SHARES,
)


@st.composite
def _curves(draw: st.DrawFn) -> Curve:
    knots = sorted(draw(st.sets(_NUMBERS, min_size=1, max_size=8)))
    rising = sorted(draw(st.lists(_SHARES, min_size=len(knots), max_size=len(knots))))
    return draw(
        st.just(Identity())
        | st.builds(Temperature, temperature=st.floats(0.05, 20.0))
        | st.builds(Logistic, weights=st.lists(_NUMBERS, min_size=1, max_size=7).map(tuple), bias=_NUMBERS)
        | st.just(Isotonic(at=tuple(knots), probabilities=tuple(rising)))
    )


@st.composite
def _thresholds(draw: st.DrawFn, target: float) -> Threshold:
    if draw(st.booleans()):
        return Threshold(target=target)
    return Threshold(
        target=target,
        threshold=draw(_SHARES),
        accuracy=draw(_SHARES),
        coverage=draw(_SHARES),
        crossed_accuracy=draw(st.none() | _SHARES),
        crossed_coverage=draw(st.none() | _SHARES),
    )


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    """Random valid calibrations."""
    curve = draw(_curves())
    target = draw(st.floats(0.01, 1.0))
    n = draw(st.integers(0, 10**6))
    table = st.builds(
        ReliabilityBin,
        low=_SHARES,
        high=_SHARES,
        n=st.integers(0, 10**6),
        mean_confidence=st.none() | _SHARES,
        accuracy=st.none() | _SHARES,
    )
    tried = st.builds(
        Compared,
        method=st.sampled_from(["identity", "temperature", "logistic", "isotonic"]),
        n_parameters=st.integers(0, 8),
        scores=_SCORES,
    )
    return Calibration(
        level=draw(st.sampled_from(["notes", "frames"])),
        features=tuple(draw(st.lists(_NAMES, min_size=curve.n_features, max_size=curve.n_features))),
        curve=curve,
        target_accuracy=target,
        thresholds=tuple(draw(_thresholds(t)) for t in sorted({*STORED_TARGETS, target})),
        rules_accuracy=draw(_SHARES),
        lower_threshold=draw(st.none() | _SHARES),
        reliability=tuple(draw(st.lists(table, max_size=3))),
        scores=draw(_SCORES),
        counts=Counts(
            n_examples=n,
            n_right=draw(st.integers(0, n)),
            n_groups=draw(st.integers(1, 9)),
            n_left_out=draw(st.integers(0, 9)),
        ),
        compared=tuple(draw(st.lists(tried, max_size=3))),
        weights=draw(st.dictionaries(_NAMES, _NAMES, max_size=3)),
        provenance=draw(st.dictionaries(_NAMES, st.none() | st.integers() | _NAMES, max_size=3)),
    )


@given(calibrations())
def test_what_is_written_is_read_again(calibration: Calibration) -> None:
    assert parse_calibration(render_calibration(calibration), "x") == calibration


def _calibration(**more: object) -> Calibration:
    values: dict[str, object] = {
        "level": "notes",
        "features": ("onset", "place"),
        "curve": Logistic(weights=(1.0, 0.5), bias=-0.2),
        "target_accuracy": 0.8,
        "thresholds": (
            Threshold(target=0.8, threshold=0.6, accuracy=0.81, coverage=0.7),
            Threshold(target=0.9),
        ),
        "rules_accuracy": 0.48,
        "lower_threshold": 0.2,
        "reliability": (ReliabilityBin(low=0.0, high=1.0, n=40, mean_confidence=0.7, accuracy=0.75),),
        "scores": Scores(ece=0.02, adaptive_ece=0.03, brier=0.15, log_loss=0.4, auroc=0.8),
        "counts": Counts(n_examples=40, n_right=30, n_groups=2),
        "weights": {"acoustic": "a" * 64, "tabcnn": "b" * 64},
        **more,
    }
    return Calibration(**values)  # type: ignore[arg-type]


def _damaged(change: Callable[[dict[str, object]], object]) -> bytes:
    document = json.loads(render_calibration(_calibration()))
    change(document)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("scores"), "lacks the key 'scores'"),
        (lambda d: d.update(extra=1), "has the unknown key 'extra'"),
        (lambda d: d["scores"].update(more=1), "scores: has the unknown key 'more'"),
        (lambda d: d["counts"].update(n_right=41), "counts: impossible counts"),
        (lambda d: d["counts"].update(n_groups=1.5), r"counts\.n_groups: must be a count, not 1\.5"),
        (lambda d: d["parameters"].update(bias="0"), r"parameters\.bias: must be a number"),
        (lambda d: d["parameters"].update(bias=True), r"parameters\.bias: must be a number"),
        (lambda d: d["parameters"]["weights"].pop(), "the curve takes 1 features, not 2"),
        (lambda d: d.update(method="isotonic"), "parameters: lacks the key 'at'"),
        (
            lambda d: d.update(method="magic"),
            "method: must be one of identity, temperature, logistic, isotonic",
        ),
        (lambda d: d.update(level="bars"), "level: must be one of notes, frames"),
        (lambda d: d["thresholds"][0].update(accuracy=1.2), r"thresholds\[0\]\.accuracy: must be from 0"),
        (lambda d: d["thresholds"][0].update(accuracy=None), "come together"),
        (lambda d: d["thresholds"][0].update(target_met=False), r"target_met: must be true"),
        (lambda d: d["thresholds"].reverse(), "must rise in target"),
        (lambda d: d.update(target_met=False), "target_met: must be true"),
        (lambda d: d.update(features="onset"), "features: must be a list"),
        (lambda d: d.update(weights=[]), "weights: must be an object"),
        (lambda d: d.update(schema="fretscribe-calibration/2"), "its schema is not fretscribe-calibration/1"),
        (lambda d: d["scores"].update(brier=10**400), r"scores\.brier: must be a finite number"),
    ],
)
def test_a_damaged_file_is_refused_with_its_name_and_field(
    change: Callable[[dict[str, object]], object], message: str
) -> None:
    with pytest.raises(WeightsError, match=message) as caught:
        parse_calibration(_damaged(change), "own.json")
    assert "own.json" in str(caught.value)
    assert "fretscribe calibrate" in caught.value.mend


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x89HDF\r\n\x1a\n\x00\x00", "it is not text"),
        (b'{"schema": "fretscribe-tab/1"}', "its schema is not"),
        (b"[1, 2]", "its schema is not"),
        (b"", "Expecting value"),
        (b'{"schema": NaN}', "NaN is no number"),
        (b'{"schema": 1, "schema": 1}', "a key appears twice"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b" " * 1_000_001, "it is 1000001 bytes long"),
    ],
    ids=["keras", "tab", "list", "empty", "nan", "twice", "deep", "long"],
)
def test_foreign_files_are_refused_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(WeightsError, match=f"lstm_final.h5 is not a confidence calibration: {message}") as e:
        parse_calibration(data, "lstm_final.h5")
    assert "\n" not in str(e.value)


def test_numbers_that_are_not_finite_are_refused_everywhere() -> None:
    text = render_calibration(_calibration()).decode()
    for old, place in (('"bias": -0.2', "parameters.bias"), ('"provenance": {}', "provenance")):
        assert old in text
        new = old.replace("-0.2", "1e999").replace("{}", '{"x": 1e999}')
        with pytest.raises(WeightsError, match=f"{place}: must h?.*finite"):
            parse_calibration(text.replace(old, new).encode(), "own.json")


def test_an_absent_file_names_itself(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot read .*nowhere\.json"):
        read_calibration(tmp_path / "nowhere.json")


def test_a_calibration_serves_only_the_networks_it_was_made_for() -> None:
    made = _calibration()
    check_made_for(made, {"acoustic": "a" * 64, "tabcnn": "b" * 64})
    check_made_for(_calibration(weights={}), {"acoustic": "anything"})
    for weights, message in (
        ({"acoustic": "a" * 64, "tabcnn": "c" * 64}, "tabcnn is cccccccc, not bbbbbbbb"),
        ({"acoustic": "a" * 64}, "tabcnn is not in use"),
        ({"acoustic": "a" * 64, "tabcnn": "b" * 64, "lstm": "d" * 64}, "lstm was not in use then"),
    ):
        with pytest.raises(WeightsError, match=f"made for other weights: {message}") as caught:
            check_made_for(made, weights)
        assert "fretscribe calibrate" in caught.value.mend


def test_a_calibration_of_frames_speaks_of_its_own_networks_only() -> None:
    made = _calibration(level="frames", features=("fret",), curve=Temperature(temperature=2.0))
    frames = Calibration(**{**_fields(made), "weights": {"tabcnn": "b" * 64}})  # type: ignore[arg-type]
    check_made_for(frames, {"acoustic": "whatever", "tabcnn": "b" * 64})
    with pytest.raises(WeightsError, match="tabcnn is not in use"):
        check_made_for(frames, {"acoustic": "whatever"})


def _fields(calibration: Calibration) -> dict[str, object]:
    return {name: getattr(calibration, name) for name in Calibration.__dataclass_fields__}


def test_the_nearest_stored_target_at_or_above_counts() -> None:
    made = _calibration()
    assert made.threshold_for(0.8).threshold == 0.6
    assert made.threshold_for(0.3).threshold == 0.6
    assert made.threshold_for(0.81) == Threshold(target=0.9)
    assert not made.threshold_for(0.95).target_met
    assert made.chosen.target == 0.8

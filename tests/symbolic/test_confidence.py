"""ConfidenceEvaluator: the product before a calibration, the curve after it, and what it recommends."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.errors import DatasetError, OutputError, WeightsError
from fretscribe.frames import tab_from_probs
from fretscribe.music import Alternative, Note, Position, TabNote
from fretscribe.symbolic.calibration import Calibration, Counts, Scores, Threshold
from fretscribe.symbolic.calibration_curves import Curve, Logistic, Temperature, log_odds
from fretscribe.symbolic.calibration_file import read_calibration
from fretscribe.symbolic.confidence import (
    FEATURES,
    ConfidenceEvaluator,
    note_features,
    uncalibrated_confidence,
)

HERE, THERE = Position(string=0, fret=5), Position(string=1, fret=0)
probabilities = st.floats(0.0, 1.0)


def tab_note(
    onset_prob: float = 1.0,
    here: float | None = None,
    *,
    tab_probs: tuple[float, ...] | None = None,
    rules: float | None = None,
) -> TabNote:
    alternatives: tuple[Alternative, ...] = ()
    if here is not None:
        alternatives = (
            Alternative(position=HERE, probability=here),
            Alternative(position=THERE, probability=1.0 - here),
        )
    note = Note(onset_s=0.0, offset_s=2.0, pitch=45, onset_prob=onset_prob, tab_probs=tab_probs)
    return TabNote(note=note, position=HERE, alternatives=alternatives, rule_probability=rules)


def calibration(
    curve: Curve | None = None,
    *features: str,
    thresholds: tuple[Threshold, ...] = (
        Threshold(target=0.8, threshold=0.6, accuracy=0.8, coverage=0.5),
        Threshold(target=0.9),
    ),
    lower: float | None = 0.3,
) -> Calibration:
    return Calibration(
        level="notes",
        features=features or ("product",),
        curve=curve or Temperature(temperature=1.0),
        target_accuracy=0.8,
        thresholds=thresholds,
        rules_accuracy=0.48,
        lower_threshold=lower,
        reliability=(),
        scores=Scores(ece=0.0, adaptive_ece=0.0, brier=0.1, log_loss=0.3),
        counts=Counts(n_examples=100, n_right=70, n_groups=5),
    )


@given(probabilities, probabilities)
def test_uncalibrated_confidence_is_the_product(onset_prob: float, here: float) -> None:
    note = tab_note(onset_prob, here)
    assert uncalibrated_confidence(note) == pytest.approx(onset_prob * here)
    told = ConfidenceEvaluator().evaluate(note)
    assert (told.confidence, told.recommendation, told.calibrated) == (
        uncalibrated_confidence(note),
        "review",
        False,
    )


def test_features_by_hand() -> None:
    first = tab_note(0.8, 0.7, tab_probs=(0.6, 0.4, 0.0, 0.0, 0.0, 0.0), rules=0.9)
    table = note_features([first, tab_note(0.5), tab_note(0.5, tab_probs=())])
    assert dict(zip(FEATURES, table[0], strict=True)) == pytest.approx(
        {
            "product": np.log(0.56 / 0.44),
            "onset": np.log(0.8 / 0.2),
            "place": np.log(0.7 / 0.3),
            "fret": np.log(0.6 / 0.4),
            "rules": np.log(0.9 / 0.1),
            "duration": np.log(2.0),
            "margin": 0.4,
        }
    )
    assert np.isnan(table[:, FEATURES.index("fret")]).tolist() == [False, True, True]
    assert note_features([]).shape == (0, len(FEATURES))


@given(probabilities, probabilities, probabilities)
def test_a_calibrated_confidence_is_a_probability_and_rises(low: float, high: float, other: float) -> None:
    evaluator = ConfidenceEvaluator(calibration(Logistic(weights=(1.2, 0.7), bias=-0.3), "onset", "place"))
    low, high = sorted((low, high))
    for a, b in (
        (tab_note(low, other), tab_note(high, other)),
        (tab_note(other, low), tab_note(other, high)),
    ):
        assert 0.0 <= evaluator.evaluate(a).confidence <= evaluator.evaluate(b).confidence <= 1.0


def test_the_curve_takes_the_features_that_it_names() -> None:
    told = ConfidenceEvaluator(calibration(Logistic(weights=(1.0,), bias=0.0), "onset")).evaluate(
        tab_note(0.7, 0.1)
    )
    assert (told.confidence, told.calibrated) == (pytest.approx(0.7), True)


def test_recommendations_follow_both_thresholds() -> None:
    evaluator = ConfidenceEvaluator(calibration())
    notes = [tab_note(p) for p in (0.9, 0.6001, 0.5999, 0.3001, 0.2999)]
    assert evaluator.recommendations(notes) == ("accept", "accept", "review", "review", "rules")
    summary = evaluator.summarize(notes)
    assert (summary.target_accuracy, summary.threshold, summary.share_accepted) == (0.8, 0.6, 0.4)
    assert [n.confidence for n in evaluator.assess(notes)] == pytest.approx(
        [0.9, 0.6001, 0.5999, 0.3001, 0.2999]
    )
    assert evaluator.summarize([]).share_accepted is None


def test_accepting_goes_before_the_rules() -> None:
    evaluator = ConfidenceEvaluator(calibration(lower=0.95))
    assert evaluator.recommendations([tab_note(0.7), tab_note(0.5)]) == ("accept", "rules")


def test_without_a_calibration_nothing_is_accepted() -> None:
    summary = ConfidenceEvaluator().summarize([tab_note(1.0)])
    assert (summary.threshold, summary.share_accepted) == (None, None)


def test_a_target_out_of_reach_accepts_nothing_and_says_so() -> None:
    evaluator = ConfidenceEvaluator(calibration(), 0.85)
    assert evaluator.threshold == Threshold(target=0.9)
    summary = evaluator.summarize([tab_note(0.99)])
    assert (summary.target_accuracy, summary.threshold, summary.share_accepted) == (0.85, None, 0.0)
    assert evaluator.recommendations([tab_note(0.99), tab_note(0.1)]) == ("review", "rules")


def test_a_note_that_lacks_a_feature_stays_uncalibrated_and_is_never_accepted() -> None:
    evaluator = ConfidenceEvaluator(calibration(Temperature(temperature=2.0), "fret"))
    heard = tab_note(0.9, 0.9, tab_probs=(0.9, 0.1, 0.0, 0.0, 0.0, 0.0))
    unheard = tab_note(0.9, 0.9)
    first, second = evaluator.judge([heard, unheard])
    assert first.calibrated
    assert first.confidence == pytest.approx(0.75)  # odds 9 : 1, their root 3 : 1
    assert second == dataclasses.replace(
        second, confidence=uncalibrated_confidence(unheard), recommendation="review", calibrated=False
    )


def test_impossible_evaluators() -> None:
    with pytest.raises(ValueError, match="must lie"):
        ConfidenceEvaluator(target_accuracy=0.0)
    with pytest.raises(WeightsError, match="needs the feature 'colour'"):
        ConfidenceEvaluator(calibration(Temperature(temperature=1.0), "colour"))


def _arrays(n: int = 40, n_timesteps: int = 25, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Predictions whose odds are the square of the true ones: temperature 2 mends them."""
    rng = np.random.default_rng(seed)
    true_p = rng.uniform(0.55, 0.97, (n, n_timesteps, 6))  # surer of a fret than of silence
    said_p = true_p**2 / (true_p**2 + (1 - true_p) ** 2)
    fret, other = rng.integers(0, 21, (2, n, n_timesteps, 6))
    other = np.where(other == fret, (fret + 1) % 21, other)
    pred = np.zeros((n, n_timesteps, 6, 22))
    np.put_along_axis(pred, fret[..., None] + 1, said_p[..., None], axis=-1)
    np.put_along_axis(pred, other[..., None] + 1, 0.01 * (1 - said_p[..., None]), axis=-1)
    played = np.where(rng.random(true_p.shape) < true_p, fret, other)
    truth = np.zeros_like(pred)
    np.put_along_axis(truth, played[..., None] + 1, 1.0, axis=-1)
    return tab_from_probs(pred), tab_from_probs(truth)


def test_calibrating_on_arrays_changes_the_evaluator_and_the_file(tmp_path: Path) -> None:
    pred, truth = _arrays()
    evaluator, path = ConfidenceEvaluator(), tmp_path / "confidence_calibration.json"
    made = evaluator.calibrate(pred, truth, target_accuracy=0.85, path=path, weights={"tabcnn": "a" * 64})
    assert evaluator.calibration is made
    assert evaluator.target_accuracy == 0.85
    assert read_calibration(path) == made
    assert (made.level, made.features, dict(made.weights)) == ("frames", ("fret",), {"tabcnn": "a" * 64})
    assert made.counts.n_groups == 5
    assert made.chosen.target_met
    assert made.scores.ece < 0.03
    tried = {tried.method: tried for tried in made.compared}
    assert tried["temperature"].scores.ece < 0.6 * tried["identity"].scores.ece
    probs = (0.9, 0.0, 0.0, 0.0, 0.0, 0.0)
    told = evaluator.evaluate(tab_note(0.2, tab_probs=probs))
    assert told.calibrated
    assert told.confidence == pytest.approx(0.75, abs=0.05)  # said 9 : 1, so true 3 : 1


def test_silent_predictions_and_frames_that_do_not_count_are_no_examples() -> None:
    pred, truth = _arrays()
    rng = np.random.default_rng(1)
    valid = rng.random(pred.shape[:2]) < 0.5
    pred[:, :, :21] = 0.0  # nothing predicted on string 0
    made = ConfidenceEvaluator().calibrate(pred, truth, valid=valid)
    assert made.counts.n_examples == 5 * valid.sum()
    flat = ConfidenceEvaluator().calibrate(
        pred.reshape(-1, 126), truth.reshape(-1, 126), valid=valid.reshape(-1), groups=list(range(4)) * 250
    )
    assert (flat.counts.n_examples, flat.counts.n_groups) == (made.counts.n_examples, 4)


def test_a_failed_calibration_changes_nothing(tmp_path: Path) -> None:
    evaluator = ConfidenceEvaluator()
    pred, truth = _arrays()
    with pytest.raises(OutputError, match="cannot write"):
        evaluator.calibrate(pred, truth, path=tmp_path / "absent" / "x.json")
    with pytest.raises(DatasetError, match="nothing to calibrate on"):
        evaluator.calibrate(truth, truth)
    assert evaluator.calibration is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p, t: (p[:, :, :120], t), r"the predictions must have the shape .*126\)"),
        (lambda p, t: (p[:0], t[:0]), "must have the shape"),
        (lambda p, t: (p[:3], t), "differ in shape"),
        (lambda p, t: (p, p), "the truth must hold zeros and ones"),
        (lambda p, t: (p * np.nan, t), "the predictions must hold probabilities"),
        (lambda p, t: (p + 0.2, t), "probabilities|at most 1 for each string"),
        (lambda p, t: (np.full_like(p, 0.5), t), r"at most 1 for each string, not to 10\.50"),
        (lambda p, t: (p.astype(str), t), "must hold numbers"),
        (lambda p, t: (p[:1, :2], t[:1, :2]), "too few"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(change: object, message: str) -> None:
    pred, truth = change(*_arrays(4))  # type: ignore[operator]
    with pytest.raises(DatasetError, match=message):
        ConfidenceEvaluator().calibrate(pred, truth)


def test_groups_and_masks_of_another_set_are_refused() -> None:
    calibrate = partial(ConfidenceEvaluator().calibrate, *_arrays(4))
    with pytest.raises(DatasetError, match="3 groups do not fit 4 samples"):
        calibrate(groups=[0, 1, 2])
    with pytest.raises(DatasetError, match="does not fit"):
        calibrate(valid=np.ones((4, 7), dtype=bool))


def test_log_odds_keep_away_from_infinity() -> None:
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()

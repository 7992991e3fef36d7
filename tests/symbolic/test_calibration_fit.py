"""Fitting a calibration: known answers from simulated notes, and figures that are held out indeed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.errors import DatasetError
from fretscribe.symbolic.calibration import Calibration
from fretscribe.symbolic.calibration_curves import (
    EDGE,
    MAX_PARAMETERS,
    Identity,
    Isotonic,
    Logistic,
    Temperature,
    fit_isotonic,
    fit_logistic,
    fit_temperature,
    log_odds,
    sigmoid,
)
from fretscribe.symbolic.calibration_fit import (
    MIN_ACCEPTED,
    fit_calibration,
    lower_threshold,
    smallest_threshold,
)
from fretscribe.symbolic.reliability import Bools, Floats, selective_accuracy


def _simulated(
    n: int = 4000, *, factor: float = 1.0, bias: float = 0.0, seed: int = 0
) -> tuple[Floats, Bools]:
    """Log odds ``factor`` times the true ones and shifted, and a truth drawn from the true ones."""
    rng = np.random.default_rng(seed)
    true_z = rng.normal(0.8, 1.4, n)
    return (factor * true_z + bias)[:, None], rng.random(n) < sigmoid(true_z)


def _fit(x: Floats, y: Bools, **more: object) -> Calibration:
    names = tuple(f"f{i}" for i in range(x.shape[1]))
    settings = {"groups": np.arange(len(y)) % 5, "names": names, "scalar": "f0", "level": "notes", **more}
    return fit_calibration(x, y, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.5])
def test_temperature_finds_the_factor_of_overconfidence(factor: float) -> None:
    assert fit_temperature(*_simulated(factor=factor)).temperature == pytest.approx(factor, rel=0.1)


def test_logistic_finds_weights_and_bias() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal([3.0, -50.0], [0.5, 20.0], (20_000, 2))
    y = rng.random(len(x)) < sigmoid(x @ np.array([1.5, -0.02]) - 6.0)
    curve = fit_logistic(x, y)
    assert curve.weights == pytest.approx((1.5, -0.02), rel=0.1)
    assert curve.bias == pytest.approx(-6.0, rel=0.1)


def test_fits_stay_finite_where_examples_are_separable_or_of_one_kind() -> None:
    x = np.linspace(-3, 3, 40)[:, None]
    for y in (x[:, 0] > 0, np.ones(40, dtype=np.bool_), np.zeros(40, dtype=np.bool_)):
        for curve in (fit_temperature(x, y), fit_logistic(x, y), fit_isotonic(x, y)):
            p = curve(x)
            assert ((p >= EDGE) & (p <= 1 - EDGE)).all()


def test_a_constant_feature_gets_no_weight() -> None:
    x, y = _simulated(500)
    curve = fit_logistic(np.column_stack([x, np.full(500, 7.0)]), y)
    assert curve.weights[1] == pytest.approx(0.0, abs=1e-6)
    assert curve.weights[0] == pytest.approx(fit_logistic(x, y).weights[0], abs=1e-6)


evidence = st.lists(st.tuples(st.floats(-7, 7), st.booleans()), min_size=1, max_size=60)


@given(evidence, st.lists(st.floats(-10, 10), min_size=2, max_size=20))
def test_isotonic_never_falls_and_has_few_knots(rows: list[tuple[float, bool]], asked: list[float]) -> None:
    x, y = np.array([[v] for v, _ in rows]), np.array([right for _, right in rows])
    curve = fit_isotonic(x, y)
    assert curve.n_parameters <= MAX_PARAMETERS
    p = curve(np.sort(np.array(asked))[:, None])
    assert (np.diff(p) >= 0).all()
    assert ((p >= EDGE) & (p <= 1 - EDGE)).all()


def test_isotonic_pools_what_falls() -> None:
    x = np.repeat([1.0, 2.0, 3.0, 4.0], 10)[:, None]
    y = np.concatenate([np.arange(10) < k for k in (2, 6, 4, 9)])
    curve = fit_isotonic(x, y)
    assert curve.at == pytest.approx((1.0, 2.5, 4.0))
    assert curve.probabilities == pytest.approx((0.2, 0.5, 0.9))
    assert curve(np.array([[0.0], [1.75], [9.0]])) == pytest.approx([0.2, 0.35, 0.9])


@pytest.mark.parametrize(
    "curve",
    [
        lambda: Temperature(temperature=0.0),
        lambda: Logistic(weights=(), bias=0.0),
        lambda: Logistic(weights=(1.0,) * MAX_PARAMETERS, bias=0.0),
        lambda: Logistic(weights=(float("nan"),), bias=0.0),
        lambda: Isotonic(at=(0.0, 0.0), probabilities=(0.1, 0.2)),
        lambda: Isotonic(at=(0.0, 1.0), probabilities=(0.3, 0.2)),
        lambda: Isotonic(at=(0.0,), probabilities=(1.5,)),
    ],
)
def test_impossible_curves(curve: object) -> None:
    with pytest.raises(ValueError, match=r"positive|weights|finite|rise|never fall|in 0\.\.1"):
        curve()  # type: ignore[operator]


def test_calibrated_evidence_stays_calibrated() -> None:
    made = _fit(*_simulated())
    assert made.scores.ece < 0.03
    assert made.scores.ece == pytest.approx(
        sum(
            row.n / made.counts.n_examples * abs(row.mean_confidence - row.accuracy)
            for row in made.reliability
            if row.mean_confidence is not None and row.accuracy is not None
        )
    )
    assert made.counts.n_examples == 4000
    assert made.counts.n_groups == 5


def test_overconfident_evidence_is_mended_and_the_simplest_sufficient_curve_wins() -> None:
    made = _fit(*_simulated(factor=2.5))
    tried = {t.method: t for t in made.compared}
    assert tried["identity"].scores.ece > 0.08
    assert made.method == "temperature"
    assert isinstance(made.curve, Temperature)
    assert made.curve.temperature == pytest.approx(2.5, rel=0.1)
    assert made.scores == tried["temperature"].scores
    assert made.scores.ece < 0.03


def test_the_lower_threshold_lies_where_the_rules_take_over() -> None:
    rng = np.random.default_rng(5)
    p = rng.uniform(0, 1, 20_000)
    y = rng.random(len(p)) < p
    by_rules = rng.random(len(p)) < 0.4
    assert lower_threshold(p, y, by_rules.astype(np.float64)) == pytest.approx(0.4, abs=0.05)
    made = _fit(log_odds(p)[:, None], y, rules=by_rules)
    assert made.rules_accuracy == pytest.approx(0.4, abs=0.02)
    assert made.lower_threshold == pytest.approx(0.4, abs=0.05)
    assert _fit(log_odds(p)[:, None], y, rules=0.0).lower_threshold is None


def test_where_the_rules_are_as_good_nothing_is_left_to_them_by_chance() -> None:
    rng = np.random.default_rng(6)
    p = rng.uniform(0.3, 1, 2000)
    y = rng.random(len(p)) < p
    assert lower_threshold(p, y, y.astype(np.float64)) is None


def test_probabilities_that_are_calibrated_already_are_believed() -> None:
    """Each curve that is fitted learns the quirks of four small groups."""
    x, y = _simulated(200, seed=8)
    made = _fit(x, y)
    assert made.method == "identity"
    assert made.curve == Identity()
    assert [t.method for t in made.compared] == ["identity", "temperature", "logistic", "isotonic"]


def test_a_shift_that_temperature_cannot_mend_is_left_to_logistic() -> None:
    made = _fit(*_simulated(bias=2.0))
    assert made.method == "logistic"
    assert isinstance(made.curve, Logistic)
    assert made.curve.bias == pytest.approx(-2.0, abs=0.2)
    tried = {t.method: t.scores.log_loss for t in made.compared}
    assert tried["logistic"] == min(tried.values())


def test_more_features_win_where_they_tell_more() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(0, 1.5, (2, 3000))
    y = rng.random(3000) < sigmoid(a + b)
    made = _fit(np.column_stack([0.5 * a, a, b]), y)
    assert (made.method, made.features) == ("logistic", ("f1", "f2"))
    assert made.curve(np.array([[1.0, 1.0]]))[0] == pytest.approx(sigmoid(np.array([2.0]))[0], abs=0.03)


def test_figures_are_held_out() -> None:
    """A feature whose meaning turns from group to group helps where it was fitted, and nowhere else."""
    rng = np.random.default_rng(3)
    n = 400
    y = rng.random(n) < 0.5
    groups = np.arange(n) // 80
    told = np.where(y, 2.0, -2.0) * np.where(groups % 2, 1.0, -1.0)  # right in some groups, wrong in others
    made = _fit(np.column_stack([rng.normal(0, 0.1, n), told]), y, groups=groups)
    assert made.scores.auroc is not None
    assert made.scores.auroc < 0.6
    assert made.scores.log_loss > 0.6


def test_one_group_is_cut_into_stretches_and_says_so() -> None:
    x, y = _simulated(500)
    made = _fit(x, y, groups=["00"] * 500, provenance={"source": "test"})
    assert dict(made.provenance) == {
        "source": "test",
        "folds": "one group: 5 stretches of neighbours, each judged by the others",
    }
    assert made.counts.n_groups == 1
    many = _fit(x, y, groups=np.arange(500) // 20)
    assert many.provenance["folds"] == "25 groups in 10 folds, each judged by the others"


def test_the_threshold_reaches_its_target_and_a_smaller_one_does_not() -> None:
    x, y = _simulated()
    made = _fit(x, y, target_accuracy=0.83)
    assert made.chosen.target == 0.83
    assert made.chosen.threshold is not None
    assert made.chosen.accuracy is not None
    assert made.chosen.accuracy >= 0.83
    assert made.chosen.coverage is not None
    assert made.chosen.coverage > 0.4
    assert made.chosen.crossed_accuracy == pytest.approx(0.83, abs=0.03)
    assert made.chosen.crossed_coverage == pytest.approx(made.chosen.coverage, abs=0.05)
    # On the notes themselves, as the pipeline will meet them.
    accuracy, _ = selective_accuracy(made.probability(x), y, made.chosen.threshold)
    assert accuracy == pytest.approx(0.83, abs=0.02)
    targets = [t.target for t in made.thresholds]
    assert targets == [0.5, 0.6, 0.7, 0.75, 0.8, 0.83, 0.85, 0.9, 0.95]
    reached = [t.threshold for t in made.thresholds if t.threshold is not None]
    assert reached == sorted(reached)


def test_a_target_out_of_reach_is_not_met() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(0, 1, (2000, 1)), rng.random(2000) < 0.6
    made = _fit(x, y, target_accuracy=0.9)
    assert not made.chosen.target_met
    assert (made.chosen.threshold, made.chosen.accuracy, made.chosen.coverage) == (None, None, None)
    assert made.threshold_for(0.5).coverage == 1.0


confidences = st.lists(
    st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9]), st.booleans()), min_size=1, max_size=60
)


@given(confidences, st.sampled_from([0.5, 0.8, 1.0]))
def test_the_smallest_threshold_is_what_trying_all_finds(
    rows: list[tuple[float, bool]], target: float
) -> None:
    p, y = np.array([v for v, _ in rows]), np.array([right for _, right in rows])
    good = [
        t
        for t in sorted(set(p.tolist()))
        if y[p >= t].mean() >= target and (p >= t).sum() >= min(MIN_ACCEPTED, len(p))
    ]
    assert smallest_threshold(p, y, target) == (good[0] if good else None)


@given(confidences, st.sampled_from([0.3, 0.5, 0.8]))
def test_the_lower_threshold_is_what_trying_all_finds(rows: list[tuple[float, bool]], rules: float) -> None:
    p, y = np.array([v for v, _ in rows]), np.array([right for _, right in rows])
    gains = {t: float(np.sum(rules - y[p < t])) for t in sorted({*p.tolist(), 1.0}) if (p < t).any()}
    found = lower_threshold(p, y, np.full(len(p), rules))
    best = max(gains.values())
    chance = [2 * np.sqrt(np.sum((rules - y[p < t]) ** 2)) for t, gain in gains.items() if gain > best - 1e-9]
    if found is None:
        assert best <= max(chance) + 1e-9
    else:
        assert gains[found] == pytest.approx(best)
        assert best > min(chance) - 1e-9


def test_examples_that_lack_a_feature_are_left_out_and_counted() -> None:
    x, y = _simulated(600)
    x = np.column_stack([x, x[:, 0], np.full(600, np.nan)])
    x[:50, 1] = np.nan
    made = _fit(x, y)
    assert (made.counts.n_examples, made.counts.n_left_out) == (550, 50)
    assert made.provenance["features_nobody_had"] == ["f2"]
    assert "f2" not in made.features
    assert np.isnan(made.probability(np.full((1, len(made.features)), np.nan))).all()


@pytest.mark.parametrize(
    ("correct", "message"),
    [
        (np.ones(100, dtype=bool), "all 100 examples are right"),
        (np.zeros(100, dtype=bool), "all 100 examples are wrong"),
        (np.arange(19) % 2 == 0, "19 examples are too few"),
        (np.zeros(0, dtype=bool), "0 examples are too few"),
    ],
)
def test_examples_that_teach_nothing_are_refused(correct: Bools, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        _fit(np.zeros((len(correct), 1)), correct)


def test_features_of_another_set_are_a_programming_error() -> None:
    x, y = _simulated(100)
    with pytest.raises(ValueError, match="not of one set"):
        _fit(x[:50], y)
    with pytest.raises(ValueError, match="features must be"):
        _fit(x, y).probability(np.zeros((3, 2)))


@given(st.floats(EDGE, 1 - EDGE))
def test_log_odds_and_back(p: float) -> None:
    assert sigmoid(log_odds(np.array([p])))[0] == pytest.approx(p)

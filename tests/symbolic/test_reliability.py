"""Calibration measures: worked examples, properties, and plain counting as the oracle."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.symbolic.reliability import (
    auroc,
    brier_score,
    expected_calibration_error,
    log_loss,
    reliability_table,
    selective_accuracy,
)

judged = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]), st.booleans()), min_size=1)
Judged = list[tuple[float, bool]]


def _split(rows: Judged) -> tuple[list[float], list[bool]]:
    return [p for p, _ in rows], [y for _, y in rows]


def test_calibration_error_by_hand() -> None:
    confidence = [0.95, 0.95, 0.95, 0.95, 0.35, 0.35]
    correct = [True, True, True, False, False, True]
    expected = 4 / 6 * abs(0.95 - 0.75) + 2 / 6 * abs(0.35 - 0.5)
    assert expected_calibration_error(confidence, correct) == pytest.approx(expected)


def test_one_bin_compares_the_means() -> None:
    assert expected_calibration_error([0.2, 0.6], [True, True], n_bins=1) == pytest.approx(0.6)


def test_bins_of_equal_mass_see_what_bins_of_equal_width_average_away() -> None:
    confidence = [0.951, 0.952, 0.953, 0.987, 0.988, 0.989]
    correct = [True, True, True, False, False, False]
    wide = expected_calibration_error(confidence, correct, n_bins=2)
    fine = expected_calibration_error(confidence, correct, n_bins=2, adaptive=True)
    assert wide == pytest.approx(0.97 - 0.5)
    assert fine == pytest.approx(0.5 * (1 - 0.952) + 0.5 * 0.988)


@given(judged, st.booleans())
def test_calibration_error_does_not_depend_on_order_and_stays_in_range(rows: Judged, adaptive: bool) -> None:
    value = expected_calibration_error(*_split(rows), adaptive=adaptive)
    turned = expected_calibration_error(*_split(rows[::-1]), adaptive=adaptive)
    assert value == pytest.approx(turned)
    assert abs(np.mean([p for p, _ in rows]) - np.mean([y for _, y in rows])) - 1e-9 <= value <= 1.0


@given(judged)
def test_certain_and_right_is_perfect(rows: Judged) -> None:
    _, correct = _split(rows)
    certain = [float(y) for y in correct]
    assert expected_calibration_error(certain, correct) == 0.0
    assert brier_score(certain, correct) == 0.0


@given(judged)
def test_auroc_is_the_share_of_pairs_in_order(rows: Judged) -> None:
    right = [p for p, y in rows if y]
    wrong = [p for p, y in rows if not y]
    if not right or not wrong:
        with pytest.raises(ValueError, match="right and wrong"):
            auroc(*_split(rows))
        return
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a, b in itertools.product(right, wrong)]
    assert auroc(*_split(rows)) == pytest.approx(np.mean(wins))


def test_brier_by_hand() -> None:
    assert brier_score([0.8, 0.3], [True, False]) == pytest.approx((0.04 + 0.09) / 2)


def test_selection_by_hand() -> None:
    confidence, correct = [0.9, 0.8, 0.7, 0.2], [True, True, False, False]
    assert selective_accuracy(confidence, correct, 0.7) == (2 / 3, 0.75)
    assert selective_accuracy(confidence, correct, 0.0) == (0.5, 1.0)
    assert selective_accuracy(confidence, correct, 0.95) == (None, 0.0)


@given(judged, st.integers(1, 20))
def test_the_reliability_table_holds_every_example_and_gives_the_calibration_error(
    rows: Judged, n_bins: int
) -> None:
    table = reliability_table(*_split(rows), n_bins=n_bins)
    assert [row.low for row in table[1:]] == [row.high for row in table[:-1]]
    assert sum(row.n for row in table) == len(rows)
    gap = 0.0
    for row in table:
        if row.n:
            assert row.mean_confidence is not None
            assert row.accuracy is not None
            assert row.low - 1e-9 <= row.mean_confidence <= row.high + 1e-9
            gap += row.n / len(rows) * abs(row.mean_confidence - row.accuracy)
        else:
            assert (row.mean_confidence, row.accuracy) == (None, None)
    assert gap == pytest.approx(expected_calibration_error(*_split(rows), n_bins=n_bins))


def test_log_loss_by_hand_and_finite_where_certain_and_wrong() -> None:
    assert log_loss([0.8, 0.4], [True, False]) == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2)
    assert log_loss([0.0], [True]) == pytest.approx(-np.log(1e-6))


@pytest.mark.parametrize(
    ("confidence", "correct", "message"),
    [([], [], "n > 0"), ([0.5], [True, False], "one shape"), ([1.5], [True], r"in 0\.\.1")],
)
def test_impossible_input_is_refused(confidence: list[float], correct: list[bool], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        brier_score(confidence, correct)

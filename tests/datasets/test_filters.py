"""Analogue filters: gains where they are said to be, and nothing before it is played."""

from __future__ import annotations

import numpy as np
import pytest

from fretscribe.datasets.filters import (
    Filter,
    bell,
    convolved,
    coupling,
    filtered,
    high_pass,
    in_series,
    low_pass,
    steep_low_pass,
)

RATE = 22050


def _db(by: Filter, *frequencies: float) -> list[float]:
    return [float(20 * np.log10(abs(gain))) for gain in by(np.array(frequencies))]


@pytest.mark.parametrize(
    ("by", "frequencies", "gains_db"),
    [
        (low_pass(1000), (10, 1000, 10000), (0, -3, -40)),
        (high_pass(1000), (100, 1000, 20000), (-40, -3, 0)),
        (coupling(100), (10, 100, 10000), (-20, -3, 0)),
        (steep_low_pass(5000), (500, 5000, 10000), (0, -3, -36)),
        (bell(500, -8, q=1), (5, 500, 50000), (0, -8, 0)),
        (in_series([bell(500, 4, q=1), bell(500, 5, q=2)]), (500,), (9,)),
    ],
)
def test_gains_lie_where_they_are_said_to(
    by: Filter, frequencies: tuple[float, ...], gains_db: tuple[float, ...]
) -> None:
    assert _db(by, *frequencies) == pytest.approx(gains_db, abs=0.2)


def test_nothing_sounds_before_it_is_played_and_the_end_does_not_come_round() -> None:
    click = np.zeros(RATE // 2)
    click[-200] = 1.0
    out = filtered(click, in_series([high_pass(80, q=1), low_pass(3000)]), RATE)
    assert len(out) == len(click)
    assert np.abs(out[:-220]).max() < 0.01 * np.abs(out).max()


def test_convolution_is_convolution() -> None:
    rng = np.random.default_rng(0)
    signal, response = rng.normal(size=300), rng.normal(size=70)
    assert convolved(signal, response) == pytest.approx(np.convolve(signal, response)[:300])

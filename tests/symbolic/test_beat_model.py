"""The file of the model of beats: what is none is refused in one line."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from fretscribe.errors import WeightsError
from fretscribe.symbolic.beat_model import BUILT_IN, parse_beat_model

DATA = resources.files("fretscribe.symbolic").joinpath(BUILT_IN).read_bytes()


def test_the_one_that_ships_is_read() -> None:
    assert parse_beat_model(DATA, BUILT_IN).players


@pytest.mark.parametrize("data", [b"", b"[1]", b"[" * 100_000, b"{}", b"\xff", b"null"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(WeightsError, match="mine is no model of beats"):
        parse_beat_model(data, "mine")


@pytest.mark.parametrize("key", ["lag_s", "shares", "grid_weights", "triple_price"])
@pytest.mark.parametrize("value", [10**400, None, "x", [[]]])
def test_values_of_another_kind_are_refused(key: str, value: object) -> None:
    with pytest.raises(WeightsError, match="mine is no model of beats"):
        parse_beat_model(json.dumps(json.loads(DATA) | {key: value}).encode(), "mine")

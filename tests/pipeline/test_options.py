"""Options are checked when they are made."""

from __future__ import annotations

from typing import Any

import pytest

from fretscribe.errors import OptionError
from fretscribe.music import Tuning
from fretscribe.pipeline import TranscribeOptions


@pytest.mark.parametrize(
    "bad",
    [
        {"tuning": "drop Q"},
        {"capo": -1},
        {"capo": 22},
        {"capo": "two"},
        {"bpm": 5},
        {"bpm": float("nan")},
        {"meter": "4"},
        {"meter": "4/3"},
        {"meter": "0/4"},
        {"prefer": "high"},
        {"max_span": 0},
        {"max_span": 20},
        {"max_fret": -1},
        {"start_s": -1.0},
        {"start_s": 5.0, "end_s": 5.0},
        {"start_s": float("nan")},
        {"end_s": float("nan")},
        {"separate": "yes"},
        {"detune": "sharp"},
        {"detune": None},
        {"detune": 101},
        {"detune": -100.5},
        {"detune": float("nan")},
        {"target_accuracy": 0.0},
        {"target_accuracy": 1.1},
    ],
    ids=str,
)
def test_values_that_make_no_sense(bad: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        TranscribeOptions(**bad)


def test_names_are_checked() -> None:
    assert TranscribeOptions.from_mapping({"bpm": 90}).bpm == 90
    with pytest.raises(OptionError, match="did you mean 'max_fret'"):
        TranscribeOptions.from_mapping({"maxfret": 5})


def test_what_was_given() -> None:
    assert TranscribeOptions().given() == {}
    assert TranscribeOptions(capo=0, meter="3/4").given() == {"capo": 0, "meter": "3/4"}
    assert TranscribeOptions(detune="off").given() == {"detune": "off"}
    assert TranscribeOptions(detune=-32.5).given() == {"detune": -32.5}


def test_the_requested_tuning() -> None:
    assert TranscribeOptions().requested_tuning() == Tuning()
    assert TranscribeOptions(capo=3).requested_tuning() == Tuning(capo=3)
    low = Tuning(open_pitches=(38, 45, 50, 55, 59, 64), capo=2, n_frets=20)
    assert TranscribeOptions().requested_tuning(low) == low
    assert TranscribeOptions(capo=0).requested_tuning(low).open_pitches == low.open_pitches
    seven = TranscribeOptions(tuning="7-string standard").requested_tuning(low)
    assert (seven.n_strings, seven.capo) == (7, 2)


def test_a_high_max_fret_makes_the_neck_longer() -> None:
    assert TranscribeOptions(max_fret=24).requested_tuning().n_frets == 24
    assert TranscribeOptions(max_fret=24, capo=2).requested_tuning().highest_fret == 24
    assert TranscribeOptions(max_fret=12).requested_tuning().n_frets == 22
    assert TranscribeOptions(max_fret=36, capo=5).requested_tuning().n_frets == 36

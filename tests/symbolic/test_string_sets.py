"""A guitar's strings are found from notes whose string is clear, and tell the others."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fretscribe.music import STANDARD_TUNING, Note, Stiffness, Tuning
from fretscribe.symbolic.fingering import finger
from fretscribe.symbolic.fingering_costs import FingeringWeights
from fretscribe.symbolic.string_sets import (
    TYPICAL_B0,
    StringSet,
    fit_string_set,
    string_likelihoods,
    typical_b0,
)

STEEL = StringSet(kind="steel", log_b0=tuple(np.log(TYPICAL_B0["steel"])))


def sounding(
    pitch: int, string: int, b0: tuple[float, ...] = TYPICAL_B0["steel"], capo: int = 0
) -> Stiffness:
    """What a note on a string of a guitar in standard tuning measures."""
    above = pitch - STANDARD_TUNING.open_pitches[string]
    return Stiffness(log_b=math.log(b0[string]) + above * math.log(2) / 6, error=0.02)


def test_typical_strings_of_other_tunings_are_slacker_and_keep_their_rank() -> None:
    assert typical_b0(STANDARD_TUNING.open_pitches, "steel") == pytest.approx(TYPICAL_B0["steel"])
    drop_d = typical_b0([38, 45, 50, 55, 59, 64], "steel")
    assert drop_d[0] == pytest.approx(TYPICAL_B0["steel"][0] * 2 ** (2 / 6))
    assert len(typical_b0([35, 40, 45, 50, 55, 59, 64], "nylon")) == 7
    assert typical_b0([35, 40, 45, 50, 55, 59, 64], "nylon")[1:] == pytest.approx(TYPICAL_B0["nylon"])


@pytest.mark.parametrize("string", [1, 2, 3, 4])
def test_the_string_that_was_played_is_the_likeliest(string: int) -> None:
    pitch = STANDARD_TUNING.open_pitches[string] + 7
    likely = string_likelihoods(sounding(pitch, string), pitch, STANDARD_TUNING, STEEL)
    playable = [s for s in range(6) if 0 <= pitch - STANDARD_TUNING.open_pitches[s] <= 20]
    assert max(playable, key=lambda s: likely[s]) == string
    assert (likely > 0).all()


def test_a_capo_changes_nothing_but_the_length() -> None:
    heard = sounding(57, 2)
    capo = Tuning(capo=3)
    assert string_likelihoods(heard, 57, capo, STEEL) == pytest.approx(
        string_likelihoods(heard, 57, STANDARD_TUNING, STEEL)
    )


@pytest.mark.parametrize("kind", list(TYPICAL_B0))
def test_the_kind_and_the_strings_of_a_guitar_are_found(kind: str) -> None:
    rng = np.random.default_rng(3)
    b0 = tuple(b * float(np.exp(rng.normal(0, 0.15))) for b in TYPICAL_B0[kind])
    played = [(s, fret) for s in range(6) for fret in (1, 3, 5, 7)]
    pitches = [STANDARD_TUNING.open_pitches[s] + fret for s, fret in played]
    heard = [sounding(p, s, b0) for p, (s, _) in zip(pitches, played, strict=True)]
    places = np.array([[0.8 if s == own else 0.04 for s in range(6)] for own, _ in played])
    found = fit_string_set(heard, pitches, places, STANDARD_TUNING)
    assert found.kind == kind
    assert found.log_b0 == pytest.approx(np.log(b0), abs=0.1)


def test_measurements_that_followed_wrong_partials_do_not_bend_the_strings() -> None:
    played = [(s, fret) for s in range(6) for fret in (1, 2, 3, 4, 5)]
    pitches = [STANDARD_TUNING.open_pitches[s] + fret for s, fret in played]
    heard = [sounding(p, s) for p, (s, _) in zip(pitches, played, strict=True)]
    heard[::5] = [Stiffness(log_b=h.log_b + 1.8, error=0.02) for h in heard[::5]]
    places = np.array([[0.9 if s == own else 0.02 for s in range(6)] for own, _ in played])
    found = fit_string_set(heard, pitches, places, STANDARD_TUNING)
    assert found.log_b0 == pytest.approx(STEEL.log_b0, abs=0.1)


def test_a_string_without_measurements_stays_typical() -> None:
    found = fit_string_set([sounding(45, 1)], [45], np.array([[0.0, 1.0, 0, 0, 0, 0]]), STANDARD_TUNING)
    assert found.log_b0[5] == pytest.approx(math.log(TYPICAL_B0[found.kind][5]))


def phrase(string: int) -> list[Note]:
    """A line around the tenth fret of two strings; its pitches lie lower down the neck on the next two."""
    notes = []
    for i, (step, fret) in enumerate([(0, 10), (0, 12), (1, 9), (1, 10), (0, 12), (1, 12), (0, 10), (1, 9)]):
        own = string + step
        pitch = STANDARD_TUNING.open_pitches[own] + fret
        notes.append(
            Note(onset_s=0.3 * i, offset_s=0.3 * i + 0.28, pitch=pitch, stiffness=sounding(pitch, own))
        )
    return notes


def test_stiffness_finds_the_strings_that_the_hand_alone_gets_wrong() -> None:
    notes = phrase(1)
    played = [1 + step for step in (0, 0, 1, 1, 0, 1, 0, 1)]
    silent = FingeringWeights(stiffness=0.0)
    assert [n.position.string for n in finger(notes, STANDARD_TUNING, weights=silent).notes] != played
    assert [n.position.string for n in finger(notes, STANDARD_TUNING).notes] == played


def test_the_rules_opinion_does_not_know_the_stiffness() -> None:
    with_it = finger(phrase(1), STANDARD_TUNING).notes[0]
    assert with_it.rule_probability is not None
    assert with_it.rule_probability < 0.5

"""Tunings told from notes: what clear evidence must give, and what no evidence can."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.datasets.tuned_pieces import tuned_piece
from fretscribe.music import STANDARD_TUNING, Note, Position, Stiffness, Tab, Tuning
from fretscribe.symbolic.string_lines import stiffness_evidence
from fretscribe.symbolic.string_sets import typical_b0
from fretscribe.symbolic.tuning import CONSIDERED, candidate_tunings, estimate_tuning
from fretscribe.symbolic.tuning_hands import HandModel, Moment, explain
from fretscribe.tunings import NAMED_TUNINGS, tuning_name

LN6 = np.log(2) / 6


def heard(tab: Tab, *, kind: str = "steel", seed: int = 0, sure: float = 0.8) -> list[Note]:
    """The notes of a tab as they are heard: the right string most probable, stiffness measured on most."""
    rng = np.random.default_rng(seed)
    n = tab.tuning.n_strings
    log_b0 = np.log(typical_b0(tab.tuning.open_pitches, kind)) + rng.normal(0, 0.15, n)
    notes = []
    for tab_note in tab.notes:
        string, fret = tab_note.position.string, tab_note.position.fret + tab.tuning.capo
        probs = np.full(6, (1 - sure) / 5)
        probs[max(0, string - (n - 6))] = sure
        measured = Stiffness(log_b=float(log_b0[string] + LN6 * fret + rng.normal(0, 0.12)), error=0.1)
        notes.append(
            dataclasses.replace(
                tab_note.note,
                string_probs=tuple(probs.tolist()),
                stiffness=measured if rng.random() < 0.7 else None,
            )
        )
    return notes


def guitar(name: str, capo: int = 0) -> Tuning:
    return Tuning(open_pitches=NAMED_TUNINGS[name], capo=capo)


@pytest.mark.parametrize(
    ("name", "capo", "seed"),
    [
        ("standard", 0, 2),
        ("standard", 3, 4),
        ("half-step down", 0, 5),
        ("drop D", 0, 4),
        ("drop C", 0, 1),
        ("DADGAD", 0, 1),
        ("open G", 0, 3),
        ("open D", 0, 3),
    ],
)
def test_a_piece_written_for_a_tuning_is_heard_in_it(name: str, capo: int, seed: int) -> None:
    played = guitar(name, capo)
    notes = heard(tuned_piece(seed, played, duration_s=20.0))
    best = estimate_tuning(notes, candidate_tunings()).guesses[0]
    assert (tuning_name(best.tuning), best.tuning.capo) == (name, capo)


def test_probabilities_are_sorted_and_sum_to_one() -> None:
    estimate = estimate_tuning(heard(tuned_piece(2, STANDARD_TUNING)), candidate_tunings())
    probabilities = [guess.probability for guess in estimate.guesses]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1.0)
    assert estimate.probability(estimate.guesses[0].tuning) == probabilities[0]
    assert estimate.probability(guitar("all fifths")) == 0.0


def test_without_notes_standard_is_most_probable_and_never_sure() -> None:
    estimate = estimate_tuning([], candidate_tunings())
    assert tuning_name(estimate.guesses[0].tuning) == "standard"
    assert estimate.guesses[0].tuning.capo == 0
    assert not estimate.sure


def test_what_no_string_can_tell_is_not_sure() -> None:
    """A line on the upper strings in the middle of the neck sounds alike in standard and drop D."""
    frets = [5, 7, 8, 5, 7, 8, 7, 5] * 4
    line = [
        Note(
            onset_s=0.3 * i,
            offset_s=0.3 * i + 0.28,
            pitch=STANDARD_TUNING.pitch(Position(string=3 + i % 3, fret=fret)),
        )
        for i, fret in enumerate(frets)
    ]
    estimate = estimate_tuning(line, candidate_tunings())
    assert not estimate.sure
    standard, drop_d = (estimate.probability(guitar(name)) for name in ("standard", "drop D"))
    assert standard > drop_d > 0.02 * standard


def test_a_low_d_rules_standard_out() -> None:
    low = [Note(onset_s=0.5 * i, offset_s=0.5 * i + 0.4, pitch=38) for i in range(8)]
    without = estimate_tuning([], candidate_tunings())
    with_d = estimate_tuning(low, candidate_tunings())
    assert with_d.probability(guitar("standard")) < 0.2 * without.probability(guitar("standard"))
    assert min(with_d.guesses[0].tuning.open_pitches) <= 38


def test_only_what_may_be_chosen_is_chosen() -> None:
    notes = heard(tuned_piece(1, guitar("drop C")))
    strings = NAMED_TUNINGS["drop C"]
    for capo_only in (
        candidate_tunings(open_pitches=strings),
        candidate_tunings(open_pitches=(36, 43, 48, 55)),
    ):
        assert len(capo_only) == 8
        assert {g.tuning.open_pitches for g in estimate_tuning(notes, capo_only).guesses} == {
            capo_only[0].open_pitches
        }
    assert {tuning.capo for tuning in candidate_tunings(capo=9)} == {9}
    assert {tuning_name(tuning) for tuning in candidate_tunings(capo=0)} == set(CONSIDERED)
    with pytest.raises(ValueError, match="no tuning"):
        estimate_tuning(notes, ())


@pytest.mark.parametrize("n_strings", [1, 5, 7])
def test_a_model_of_other_strings_is_understood(n_strings: int) -> None:
    probs = (1.0, *[0.0] * (n_strings - 1))
    notes = [Note(onset_s=0.5 * i, offset_s=0.5 * i + 0.4, pitch=40, string_probs=probs) for i in range(4)]
    assert len(estimate_tuning(notes, candidate_tunings()).guesses) == len(candidate_tunings())


def test_three_minutes_take_less_than_a_second() -> None:
    notes = heard(tuned_piece(2, STANDARD_TUNING, duration_s=180.0))
    assert len(notes) > 900
    started_s = time.process_time()
    estimate_tuning(notes, candidate_tunings())
    assert time.process_time() - started_s < 1.0


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(30, 90)), max_size=30))
@settings(max_examples=20)
def test_any_notes_give_probabilities(struck: list[tuple[int, int]]) -> None:
    notes = [Note(onset_s=0.05 * at, offset_s=0.05 * at + 0.3, pitch=pitch) for at, pitch in struck]
    estimate = estimate_tuning(notes, candidate_tunings())
    assert sum(guess.probability for guess in estimate.guesses) == pytest.approx(1.0)


def test_lines_tell_strings_and_tension() -> None:
    slack = guitar("C standard")
    notes = heard(tuned_piece(6, slack, duration_s=30.0), kind="electric")
    shares = np.array([note.string_probs for note in notes])
    played = shares.argmax(axis=1)
    guitars = [NAMED_TUNINGS[name] for name in ("C standard", "standard")]
    even = np.full_like(shares, 1 / 6)
    evidence = stiffness_evidence(notes, shares, guitars)
    measured = np.array([note.stiffness is not None for note in notes])
    assert not evidence.strings[:, ~measured].any()
    told = evidence.strings[0, measured].argmax(axis=1)
    assert np.mean(told == played[measured]) > 0.7
    assert evidence.fit[0] > evidence.fit[1]
    blind = stiffness_evidence(notes, even, guitars).strings[0, measured].argmax(axis=1)
    assert np.mean(blind == played[measured]) > 0.5
    bare = [dataclasses.replace(note, stiffness=None) for note in notes]
    nothing = stiffness_evidence(bare, shares, guitars)
    assert not nothing.strings.any()
    assert not nothing.fit.any()


def moment(*pitches: int, n_tunings: int) -> Moment:
    """Notes whose strings nobody knows."""
    return Moment(pitches=pitches, evidence=np.full((n_tunings, len(pitches), 6), np.log(1 / 6)))


def test_a_hand_prefers_the_guitar_whose_open_strings_it_hears() -> None:
    guitars = [STANDARD_TUNING, guitar("standard", 4), guitar("drop D")]
    moments = [moment(40, 47, 52, 56, 59, 64, n_tunings=3)] * 4  # E major, open position
    standard, capo_4, drop_d = explain(moments, guitars, HandModel())
    assert standard > drop_d > capo_4
    assert explain([], [STANDARD_TUNING]).tolist() == [0.0]


def test_a_note_below_all_strings_costs_the_same_on_every_guitar_that_lacks_it() -> None:
    guitars = [STANDARD_TUNING, guitar("drop D"), guitar("standard", 5)]
    assert explain([moment(33, n_tunings=3)], guitars) == pytest.approx(-HandModel().drop)

"""Fingerings without a hand: evidence alone, and the nearest position."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.evaluation.nearest_position import nearest_position
from fretscribe.evaluation.plain_fingering import by_evidence_alone, by_nearest_position
from fretscribe.music import STANDARD_TUNING, Note, Tab, Tuning
from fretscribe.symbolic.fingering import Fingering, FingeringOptions, finger
from fretscribe.symbolic.fingering_costs import FingeringWeights

Finger = Callable[[Sequence[Note], Tuning, FingeringOptions], Fingering]
OPTIONS = FingeringOptions()
BOTH = pytest.mark.parametrize("place", [by_evidence_alone, by_nearest_position])


def heard(pitch: int, onset_s: float = 0.0, duration_s: float = 0.4, **strings: float) -> Note:
    """A note with the acoustic evidence of strings such as ``s1=0.7``."""
    probs = tuple(strings.get(f"s{i}", 0.0) for i in range(6))
    return Note(
        onset_s=onset_s,
        offset_s=onset_s + duration_s,
        pitch=pitch,
        string_probs=probs if strings else None,
    )


def places(fingering: Fingering) -> list[tuple[int, int]]:
    return [(n.position.string, n.position.fret) for n in fingering.notes]


def test_evidence_alone_asks_no_hand() -> None:
    chord = [heard(43, s0=1.0), heard(64, s1=1.0), heard(67, s5=0.6, s4=0.4)]
    assert places(by_evidence_alone(chord, STANDARD_TUNING, OPTIONS)) == [(0, 3), (1, 19), (5, 3)]
    assert (1, 19) not in places(finger(chord, STANDARD_TUNING, OPTIONS))  # no hand reaches that


def test_notes_that_start_together_get_the_most_probable_strings_of_all() -> None:
    pair = [heard(64, s4=0.9, s5=0.1), heard(66, 0.01, s4=0.6, s5=0.4)]
    assert places(by_evidence_alone(pair, STANDARD_TUNING, OPTIONS)) == [(4, 5), (5, 2)]
    apart = [pair[0], heard(66, 0.5, s4=0.6, s5=0.4)]
    assert places(by_evidence_alone(apart, STANDARD_TUNING, OPTIONS)) == [(4, 5), (4, 7)]


def test_evidence_is_weighed_as_in_fingering() -> None:
    weights = FingeringWeights()
    acoustic = np.array([0.0, 0.0, 0.1, 0.2, 0.4, 0.3])
    tab = np.array([0.0, 0.0, 0.0, 0.05, 0.1, 0.9])
    shares = (tab + weights.evidence_floor) / (tab + weights.evidence_floor).sum()
    floored = np.maximum(acoustic, weights.evidence_floor)
    best = int(np.argmax(floored**weights.evidence * shares**weights.tab_evidence))
    note = Note(onset_s=0.0, offset_s=1.0, pitch=64, string_probs=tuple(acoustic), tab_probs=tuple(tab))
    assert best == 5  # the acoustic evidence alone says 4
    assert places(by_evidence_alone([note], STANDARD_TUNING, OPTIONS)) == [(best, 0)]


def test_without_evidence_the_lowest_fret_is_taken() -> None:
    assert places(by_evidence_alone([heard(64)], STANDARD_TUNING, OPTIONS)) == [(5, 0)]
    assert places(by_evidence_alone([heard(64)], Tuning(capo=2), OPTIONS)) == [(4, 3)]


def test_a_string_that_is_struck_again_ends_the_note_before() -> None:
    first, second = by_evidence_alone(
        [heard(40, 0.0, 2.0, s0=1.0), heard(43, 1.0, 1.0, s0=1.0)], STANDARD_TUNING, OPTIONS
    ).notes
    assert (first.note.offset_s, second.note.offset_s) == (1.0, 2.0)


def test_what_fits_nowhere_is_returned() -> None:
    low = [heard(30), heard(40, 0.5, s0=1.0), heard(41, 0.51, s0=0.9)]
    fingering = by_evidence_alone(low, STANDARD_TUNING, OPTIONS)
    assert [n.pitch for n in fingering.unplayable] == [30]
    assert len(fingering.notes) == len(fingering.dropped) == 1  # one string can play both
    seven = [heard(64 + i, 0.001 * i) for i in range(7)]
    assert len(by_evidence_alone(seven, STANDARD_TUNING, OPTIONS).dropped) == 2  # low E does not reach them


def test_nearest_position_places_as_the_rule_does() -> None:
    pitches = [64, 69, 45, 52, 57, 61]
    notes = [heard(pitch, 0.5 * i) for i, pitch in enumerate(pitches)]
    for tuning in (STANDARD_TUNING, Tuning(capo=3)):
        rule = nearest_position(
            np.array([n.onset_s for n in notes]),
            np.array([n.offset_s for n in notes]),
            np.array(pitches, dtype=np.float64),
            tuning,
        )
        placed = places(by_nearest_position(notes, tuning, OPTIONS))
        on_neck = rule.string < tuning.n_strings
        frets = (rule.fret - tuning.capo).tolist()
        assert placed == [
            p for p, ok in zip(zip(rule.string, frets, strict=True), on_neck, strict=True) if ok
        ]
        assert len(placed) >= 5


def test_nearest_position_asks_no_evidence_and_drops_what_finds_no_string() -> None:
    sure = [heard(64, s1=1.0)]
    assert places(by_nearest_position(sure, STANDARD_TUNING, OPTIONS)) == [(5, 0)]
    held = [heard(40, 0.0, 2.0), heard(41, 1.0), heard(30, 1.5)]
    fingering = by_nearest_position(held, STANDARD_TUNING, OPTIONS)
    assert places(fingering) == [(0, 0)]
    assert [n.pitch for n in fingering.dropped] == [41]
    assert [n.pitch for n in fingering.unplayable] == [30]


@BOTH
def test_nothing_heard_is_nothing_placed(place: Finger) -> None:
    assert place([], STANDARD_TUNING, OPTIONS) == Fingering(notes=())


@BOTH
@given(
    notes=st.lists(
        st.tuples(st.integers(0, 60), st.integers(1, 40), st.integers(28, 90), st.integers(0, 5)),
        max_size=25,
    )
)
def test_every_note_is_in_one_place_and_the_tab_is_valid(
    place: Finger, notes: list[tuple[int, int, int, int]]
) -> None:
    given_notes = [
        heard(pitch, onset / 20, length / 20, **{f"s{string}": 1.0}) for onset, length, pitch, string in notes
    ]
    fingering = place(given_notes, STANDARD_TUNING, OPTIONS)
    Tab(tuning=STANDARD_TUNING, notes=fingering.notes)  # raises where two notes sound on one string
    out = [n.note for n in fingering.notes] + [*fingering.dropped, *fingering.unplayable]
    assert sorted((n.onset_s, n.pitch) for n in out) == sorted((n.onset_s, n.pitch) for n in given_notes)

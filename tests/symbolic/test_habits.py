"""Habits: counts of places become costs, weaker than evidence and never stronger than a hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.music import Note, Position, Stiffness, Tab, TabNote, Tuning
from fretscribe.symbolic.fingering import expected_strings, finger
from fretscribe.symbolic.habits import Habits, HabitStrength, PlacedNote, learn_habits
from strategies import tabs


def _line(pitches: list[int], step_s: float = 0.25, **fields: object) -> list[Note]:
    return [
        Note(onset_s=i * step_s, offset_s=(i + 0.9) * step_s, pitch=pitch, **fields)  # type: ignore[arg-type]
        for i, pitch in enumerate(pitches)
    ]


def _played(notes: list[Note], strings: list[int], tuning: Tuning) -> list[PlacedNote]:
    return [
        PlacedNote(tuning=tuning, pitch=note.pitch, string=string, expected=expected)
        for note, string, expected in zip(notes, strings, expected_strings(notes, tuning), strict=True)
    ]


SCALE = [48, 50, 52, 53, 55, 57, 59, 60]
HIGH = [0, 0, 0, 1, 1, 1, 2, 2]
"""Strings of the scale in the eighth position, where the rules play it at the nut."""


@pytest.fixture
def high_player() -> Habits:
    """Plays this scale up the neck."""
    return learn_habits(_played(_line(SCALE), HIGH, Tuning()) * 100, n_recordings=3)


def test_a_player_who_plays_up_the_neck_is_fingered_there(high_player: Habits) -> None:
    tune = _line([55, 53, 52, 50, 48, 50, 52, 53, 55, 57, 59, 60])
    low = [n.position.fret for n in finger(tune, Tuning()).notes]
    high = [n.position.fret for n in finger(tune, Tuning(), habits=high_player).notes]
    assert max(low) <= 5
    assert min(high) >= 7


def test_habits_move_with_a_capo_and_stay_with_their_strings(high_player: Habits) -> None:
    plain, capo = high_player.costs(Tuning()), high_player.costs(Tuning(capo=2, n_frets=24))
    assert np.array_equal(capo[:, 2:], plain[:, :-2])
    drop_d = high_player.costs(Tuning(open_pitches=(38, 45, 50, 55, 59, 64)))
    assert np.array_equal(drop_d[1:], plain[1:])
    regions = [drop_d[0, 38 + fret] for fret in (0, 1, 5, 10)]
    assert len({round(cost, 9) for cost in drop_d[0, 38:61]}) == 4, "of a new string only regions are known"
    assert regions[2] < 0.0 < regions[1]


def test_evidence_wins_against_habits(high_player: Habits) -> None:
    at_the_nut = (0.01, 0.95, 0.01, 0.01, 0.01, 0.01)
    sure = [Note(onset_s=0.0, offset_s=0.2, pitch=48, string_probs=at_the_nut, tab_probs=at_the_nut)]
    bare = [Note(onset_s=0.0, offset_s=0.2, pitch=48)]
    assert finger(sure, Tuning(), habits=high_player).notes[0].position.string == 1
    told = finger(bare, Tuning(), habits=high_player).notes[0]
    assert told.alternatives[0].probability < 1.0


def test_little_evidence_weighs_little() -> None:
    one = PlacedNote(tuning=Tuning(), pitch=50, string=0, expected=(0.0, 0.0, 1.0, 0.0, 0.0, 0.0))
    spans = [np.ptp(learn_habits([one] * n, n_recordings=1).costs(Tuning())) for n in (0, 1, 10, 100, 1000)]
    assert spans[0] == 0.0
    assert spans == sorted(spans)
    assert spans[1] < 0.1 * spans[4]


def test_what_the_rules_expect_changes_nothing() -> None:
    notes = _line(SCALE)
    expected = expected_strings(notes, Tuning())
    strings = [int(np.argmax(probs)) for probs in expected]
    habits = learn_habits(_played(notes, strings, Tuning()) * 20, n_recordings=1)
    before, after = finger(notes, Tuning()), finger(notes, Tuning(), habits=habits)
    assert [n.position for n in before.notes] == [n.position for n in after.notes]


def test_notes_that_the_rules_cannot_place_are_left_out() -> None:
    lost = PlacedNote(tuning=Tuning(), pitch=50, string=0, expected=(0.0,) * 6)
    habits = learn_habits([lost], n_recordings=1)
    assert habits.n_notes == 0
    assert not habits.costs(Tuning()).any()


@settings(max_examples=8)
@given(tabs(), tabs(), st.floats(0.0, 3.0), st.floats(0.1, 50.0))
def test_any_habits_leave_a_playable_tab_with_the_same_notes(
    learned: Tab, played: Tab, weight: float, place_notes: float
) -> None:
    expected = expected_strings([n.note for n in learned.notes], learned.tuning)
    placed = [
        PlacedNote(tuning=learned.tuning, pitch=n.note.pitch, string=n.position.string, expected=probs)
        for n, probs in zip(learned.notes, expected, strict=True)
    ]
    strength = HabitStrength(weight=weight, place_notes=place_notes)
    habits = learn_habits(placed, n_recordings=1, strength=strength)
    notes = [n.note for n in played.notes]
    found = finger(notes, played.tuning, habits=habits)
    Tab(tuning=played.tuning, notes=found.notes)  # checks places, pitches and strings
    heard = [n.note for n in found.notes]
    all_notes = [*heard, *found.unplayable, *found.dropped]
    assert sorted((n.onset_s, n.pitch) for n in all_notes) == sorted((n.onset_s, n.pitch) for n in notes)


@settings(max_examples=15)
@given(tabs())
def test_expected_strings_are_probabilities_of_places_in_the_order_of_the_notes(tab: Tab) -> None:
    notes = [n.note for n in reversed(tab.notes)]
    for note, probs in zip(notes, expected_strings(notes, tab.tuning), strict=True):
        assert len(probs) == tab.tuning.n_strings
        assert 0.0 <= sum(probs) <= 1.0 + 1e-9
        places = {position.string for position in tab.tuning.positions(note.pitch)}
        assert {string for string, p in enumerate(probs) if p} <= places


def test_expectations_do_not_listen() -> None:
    wrong = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    told = _line(SCALE, string_probs=wrong, tab_probs=wrong, stiffness=Stiffness(log_b=-9.0, error=0.1))
    assert expected_strings(told, Tuning()) == expected_strings(_line(SCALE), Tuning())


@pytest.mark.parametrize(
    "broken",
    [
        {"string": 6},
        {"expected": (1.0,)},
        {"pitch": 39},
    ],
)
def test_a_placed_note_fits_its_tuning(broken: dict[str, object]) -> None:
    values: dict[str, object] = {
        "tuning": Tuning(), "pitch": 40, "string": 0, "expected": (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    }  # fmt: skip
    with pytest.raises(ValueError, match="string"):
        PlacedNote(**(values | broken))  # type: ignore[arg-type]


@pytest.mark.parametrize("broken", [{"weight": -0.1}, {"region_notes": 0.0}, {"place_notes": float("nan")}])
def test_strengths_make_sense(broken: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="weight must not"):
        HabitStrength(**broken)


def test_a_note_may_be_where_the_rules_never_look() -> None:
    far = PlacedNote(tuning=Tuning(), pitch=60, string=0, expected=(0.0, 0.0, 0.0, 0.1, 0.9, 0.0))
    habits = learn_habits([far] * 30, n_recordings=1)
    assert Position(string=0, fret=20) in Tuning().positions(60)
    assert habits.costs(Tuning())[0, 60] < 0.0 < habits.costs(Tuning())[4, 60]
    assert isinstance(finger(_line([60]), Tuning(), habits=habits).notes[0], TabNote)

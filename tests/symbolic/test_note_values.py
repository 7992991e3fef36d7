import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.symbolic.note_values import note_value, written_places

F = Fraction
STRAIGHT = [F(0), F(1, 2), F(1), F(5, 4), F(3, 2), F(7, 4), F(2), F(3)]
TRIPLETS = [F(0), F(1, 3), F(2, 3), F(1), F(4, 3), F(5, 3), F(2)]
SWUNG = [F(0), F(2, 3), F(1), F(5, 3), F(2), F(8, 3), F(3), F(11, 3)]


@pytest.mark.parametrize("written", [STRAIGHT, TRIPLETS, SWUNG], ids=["straight", "triplets", "swung"])
@pytest.mark.parametrize("late", [-0.03, 0.0, 0.03])
def test_rhythms_are_read_though_played_late_or_early(written, late):
    assert written_places([float(p) + late for p in written]) == written


def test_a_loose_shuffle_is_still_one():
    played = [0.02, 0.61, 1.0, 1.63, 2.03, 2.6, 2.98, 3.62]
    assert written_places(played) == SWUNG


def test_one_stray_note_makes_no_triplet_among_straight_beats():
    written = written_places([0.0, 0.5, 1.0, 1.31, 1.5, 2.0, 2.5])
    assert written[3] == F(5, 4)


@given(st.lists(st.floats(0.0, 30.0), max_size=60).map(sorted))
def test_written_places_rise_and_stay_near(played):
    written = written_places(played)
    assert len(written) == len(played)
    assert all(a <= b for a, b in itertools.pairwise(written))
    assert all(abs(float(w) - p) < 0.3 for w, p in zip(written, played, strict=True))
    assert all((w * 12).denominator == 1 for w in written)


@given(st.lists(st.floats(0.0, 30.0), min_size=1, max_size=30).map(sorted), st.integers(1, 50))
def test_whole_beats_later_is_the_same_rhythm(played, beats):
    # Dyadic places stay exact when shifted, so both readings see the same numbers.
    played = [round(p * 64) / 64 for p in played]
    assert written_places([p + beats for p in played]) == [w + beats for w in written_places(played)]


def test_lengths_lean_to_the_next_onset():
    assert note_value(0.8) == F(3, 4)
    assert note_value(0.8, F(1)) == 1
    assert note_value(0.34, F(1)) == F(1, 3)
    assert note_value(1.9, F(1, 2)) == 2
    assert note_value(1e-9) == F(1, 8)
    assert note_value(20.3) == 20

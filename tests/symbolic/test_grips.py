import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.music import STANDARD_TUNING, Position
from fretscribe.symbolic.grips import FINGERS, can_hold, fingers_needed, list_grips, span_limit


def places(text):
    """(string, fret) of a shape written low to high, such as "x32010"."""
    return [(s, int(f)) for s, f in enumerate(text) if f != "x"]


@pytest.mark.parametrize(
    ("shape", "fingers"),
    [
        ("x32010", 3),
        ("320003", 3),
        ("xx0232", 2),  # or three: the outer two may lie under one finger
        ("022100", 2),
        ("133211", 3),
        ("x24442", 2),
        ("x13331", 2),
        ("000000", 0),
        ("x02220", 1),
        ("577655", 3),
        ("1x2x34", 4),
        ("101010", 3),  # open strings keep the barre away
        ("123434", 6),
    ],
)
def test_fingers(shape, fingers):
    assert fingers_needed(places(shape)) == fingers


@pytest.mark.parametrize(
    ("shape", "ok"),
    [("x32010", True), ("133211", True), ("1xxxx6", False), ("1xxxx5", True), ("123434", False)],
)
def test_what_a_hand_can_hold(shape, ok):
    assert can_hold(places(shape), 4) is ok


def test_two_notes_on_one_string_are_no_grip():
    assert not can_hold([(0, 1), (0, 2)], 4)


def test_the_reach_grows_up_the_neck():
    assert can_hold([(0, 8), (3, 13)], 4)
    assert not can_hold([(0, 3), (3, 8)], 4)


@given(st.lists(st.integers(40, 80), min_size=1, max_size=4), st.integers(2, 5), st.integers(0, 1))
def test_listed_grips_are_exactly_the_playable_ones(pitches, max_span, n_dropped):
    n_dropped = min(n_dropped, len(pitches) - 1)
    options = [
        [(p.string, p.fret) for p in STANDARD_TUNING.positions(q) if p.fret <= 15] + [None] for q in pitches
    ]
    expected = {
        grip
        for grip in itertools.product(*options)
        if sum(p is None for p in grip) == n_dropped
        and can_hold([p for p in grip if p is not None], max_span)
    }
    got = list_grips(pitches, STANDARD_TUNING, max_span=max_span, max_fret=15, n_dropped=n_dropped)
    assert len(got) == len(set(got))
    assert set(got) == expected
    for grip in got:
        held = [p for p in grip if p is not None]
        frets = [f for _, f in held if f > 0]
        assert not frets or max(frets) - min(frets) <= span_limit(min(frets), max_span)
        assert fingers_needed(held) <= FINGERS
        for pitch, place in zip(pitches, grip, strict=True):
            if place is not None:
                assert STANDARD_TUNING.pitch(Position(string=place[0], fret=place[1])) == pitch

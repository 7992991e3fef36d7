"""Places in a beat that can be written, and tuplets split into single values."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.io.score_metre import split_span
from fretscribe.io.score_rhythm import Raster, TupletGroup, split_tuplet
from fretscribe.io.written_values import spell_duration

PLACES = st.lists(
    st.builds(Fraction, st.integers(0, 600), st.integers(1, 13)).map(lambda f: f % 3), min_size=1, max_size=6
)
UNITS = st.sampled_from([1, 2, 4, 8, 16])


@given(PLACES, UNITS)
def test_places_lie_on_a_raster_of_single_values(places: list[Fraction], unit: int) -> None:
    raster = Raster(places, unit)
    for place in places:
        at = raster.nearest(place)
        assert raster.nearest(at) == at
        assert abs(at - place) <= Fraction(unit, 32)
        following = raster.after(at)
        assert at < following <= at + max(Fraction(unit, 64), Fraction(1, 5))
        assert raster.after(at - Fraction(1, 10**6)) == at


@pytest.mark.parametrize(
    ("places", "tuplets"),
    [
        (("1/4", "3/4"), []),
        (("1/3",), [("0", "1", 3)]),
        (("1/3", "1/2"), [("0", "1/2", 3)]),
        (("1/2", "2/3"), [("1/2", "1/2", 3)]),
        (("1/3", "2/3", "1/2"), [("0", "1/2", 3), ("1/2", "1/2", 3)]),
        (("1/6", "1/3", "2/3", "5/6"), [("0", "1", 3)]),
        (("2/5",), [("0", "1", 5)]),
        (("3/7",), [("0", "1", 7)]),
        (("1/4", "5/12"), [("0", "1/2", 3)]),
    ],
)
def test_the_simplest_division_that_has_all_onsets_is_taken(places: tuple, tuplets: list) -> None:
    raster = Raster(map(Fraction, places), 4)
    groups = {raster.tuplet_at(Fraction(i, 8)) for i in range(8)} - {None}
    assert groups == {
        TupletGroup(start=Fraction(start), length=Fraction(length), parts=parts)
        for start, length, parts in tuplets
    }
    assert all(raster.nearest(Fraction(p)) == Fraction(p) for p in places)


@given(
    st.sampled_from([3, 5, 7]),
    st.sampled_from([Fraction(1, 2), Fraction(1), Fraction(2)]),
    st.tuples(st.integers(0, 28), st.integers(0, 28)).filter(lambda p: p[0] != p[1]),
)
def test_parts_of_tuplets_are_single_values(parts: int, length: Fraction, ends: tuple[int, int]) -> None:
    group = TupletGroup(start=Fraction(3), length=length, parts=parts)
    step = group.step / (4 if parts == 3 else 1)
    n_steps = int(length / step)
    start, end = (group.start + min(e, n_steps) * step for e in sorted(ends))
    if start == end:
        return
    spans = list(split_tuplet(group, start, end))
    assert spans[0][0] == start
    assert spans[-1][1] == end
    assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))
    for a, b in spans:
        value = spell_duration(b - a)
        assert value is not None
        assert (value.tuplet[0] == parts) == ((a, b) != (group.start, group.end))
        assert value.dots <= 1


@given(
    st.integers(1, 13),
    UNITS,
    st.tuples(st.integers(0, 400), st.integers(0, 400)).filter(lambda p: p[0] != p[1]),
    st.booleans(),
)
def test_lengths_in_a_bar_are_split_into_single_values(
    beats_per_bar: int, unit: int, ends: tuple[int, int], rest: bool
) -> None:
    length = Fraction(4 * beats_per_bar, unit)
    start, end = (min(Fraction(e, 16), length) for e in sorted(ends))
    if start == end:
        return
    spans = list(split_span((start, end), beats_per_bar, unit, rest=rest))
    assert spans[0][0] == start
    assert spans[-1][1] == end
    assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))
    for a, b in spans:
        value = spell_duration(b - a)
        assert value is not None
        assert (value.dots <= 1, value.tuplet) == (True, (1, 1))
        if rest and (a, b) != (0, length):
            beat = Fraction(4, unit)
            inside = beat * (a // beat + 1)
            assert inside >= b or (a % beat == 0 and b % beat == 0)

"""Which rows are wanted, and their order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.collect.pages import KINDS, Kind, SearchRow
from fretscribe.collect.ranking import plain_name, score, select

ROW = SearchRow(tab_id=1, artist="The Made Ups", song="Paper Lanterns (acoustic)", url="u", kind="tabs")

rows = st.builds(
    SearchRow,
    tab_id=st.integers(1, 30),
    artist=st.sampled_from(["The Made Ups", "made ups", "Others"]),
    song=st.just("s"),
    url=st.just("u"),
    kind=st.sampled_from([*KINDS, None]),
    is_open=st.booleans(),
    votes=st.integers(0, 2000),
    rating=st.floats(0, 5),
)


@given(found=st.lists(rows), kinds=st.permutations(KINDS))
def test_rows_are_unique_wanted_and_in_order(found: list[SearchRow], kinds: list[Kind]) -> None:
    chosen = select(found, artist="Made Ups", song=None, kinds=kinds[:2])
    keys = [(kinds.index(row.kind), -score(row)) for row in chosen.rows if row.kind is not None]
    assert keys == sorted(keys)
    assert len({row.tab_id for row in chosen.rows}) == len(chosen.rows) == len(keys)
    assert all(row.is_open and row.artist != "Others" and row.kind in kinds[:2] for row in chosen.rows)
    n_all = len(chosen.rows) + chosen.n_other_names + chosen.n_other_kinds + chosen.n_closed
    assert n_all == len({row.tab_id for row in found})


def test_many_good_votes_beat_one_perfect_one_and_kinds_come_first() -> None:
    lone = replace(ROW, tab_id=1, votes=1, rating=5.0)
    praised = replace(ROW, tab_id=2, votes=300, rating=4.7)
    poor = replace(ROW, tab_id=3, votes=300, rating=1.0)
    unknown = replace(ROW, tab_id=4)
    chords = replace(ROW, tab_id=5, votes=5000, rating=5.0, kind="chords")
    chosen = select([chords, poor, unknown, lone, praised], artist=ROW.artist, song=None, kinds=KINDS)
    assert [row.tab_id for row in chosen.rows] == [2, 1, 4, 3, 5]
    chosen = select([praised, chords], artist=ROW.artist, song=None, kinds=("chords", "tabs"))
    assert [row.tab_id for row in chosen.rows] == [5, 2]


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [
        ("The Made Ups", "made ups", True),
        ("Mötley Moon", "motley  MOON", True),
        ("Salt & Smoke", "Salt and Smoke", True),
        ("Don't Look", "dont look", True),
        ("Don\u2019t Look", "Don't Look", True),
        ("The Made Ups", "The Made Up", False),
        ("!!!", "!!!", True),
        ("!!!", "???", False),
        ("がく", "かく", False),
        ("がく", "がく", True),
    ],
)
def test_artists_are_compared_by_their_letters(found: str, wanted: str, same: bool) -> None:
    chosen = select([replace(ROW, artist=found)], artist=wanted, song=None, kinds=KINDS)
    assert bool(chosen.rows) == same


@pytest.mark.parametrize(
    ("song", "found"),
    [("paper lanterns", True), ("Lanterns", True), ("lantern", False), ("(", True), ("?", False)],
)
def test_a_song_is_found_by_whole_words(song: str, found: bool) -> None:
    assert bool(select([ROW], artist=ROW.artist, song=song, kinds=KINDS).rows) == found


@given(st.text())
def test_a_plain_name_stays_as_it_is(name: str) -> None:
    assert plain_name(plain_name(name)) == plain_name(name)

"""What a track's picture shows: every note in its boxes, every place counted, every move once."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.evaluation.errors import error_breakdown, verdicts
from fretscribe.evaluation.notes import NoteArrays, note_arrays
from fretscribe.evaluation.pictures.track_layout import (
    ROWS_A_PAGE,
    Move,
    PlaceCounts,
    RollRow,
    moves,
    pages,
    pitch_range,
    place_counts,
    pooled_moves,
    pooled_places,
    roll_rows,
)
from fretscribe.music import Position, Tuning

TUNING = Tuning()
Struck = tuple[float, float, int, int]  # onset_s, offset_s, string, fret


def notes(*struck: Struck) -> NoteArrays:
    onsets, offsets, strings, frets = ([row[i] for row in struck] for i in range(4))
    pitches = [TUNING.open_pitches[int(s)] + f for s, f in zip(strings, frets, strict=True)]
    return note_arrays(onsets, offsets, pitches, strings, frets)


PLAYED = notes((0.0, 0.5, 3, 5), (1.0, 1.5, 3, 5), (2.0, 2.5, 0, 3), (3.0, 3.5, 1, 3), (4.0, 4.5, 2, 2))
FOUND = notes((0.0, 0.5, 4, 1), (1.0, 1.5, 3, 5), (2.0, 2.5, 0, 4), (6.0, 6.5, 3, 5), (4.1, 4.5, 2, 2))
"""Another string, right, a near pitch, missed and extra, late."""

struck = st.lists(
    st.tuples(st.integers(0, 60), st.floats(0.05, 12.0), st.integers(0, 5), st.integers(0, 15)), max_size=12
).map(lambda rows: notes(*((0.5 * on, 0.5 * on + length, s, f) for on, length, s, f in rows)))


def test_a_note_over_the_end_of_a_row_goes_on_in_the_next() -> None:
    ref = notes((9.0, 11.0, 0, 3), (19.0, 20.0, 1, 3))
    est = notes((9.0, 10.0, 0, 3))
    first, second = roll_rows(ref, est, verdicts(ref, est), duration_s=20.0)
    assert (first.start_s, first.end_s, second.start_s, second.end_s) == (0.0, 10.0, 10.0, 20.0)
    assert [(b.start_s, b.end_s, b.pitch, b.verdict) for b in first.ref] == [(9.0, 10.0, 43.0, "right")]
    assert [(b.start_s, b.end_s, b.verdict) for b in second.ref] == [
        (10.0, 11.0, "right"),
        (19.0, 20.0, "missed"),
    ]
    assert [(b.start_s, b.end_s) for b in first.est] == [(9.0, 10.0)]
    assert second.est == ()


@pytest.mark.parametrize(
    ("duration_s", "n_rows", "row_s"),
    [(0.0, 1, 4.0), (7.2, 1, 7.5), (22.3, 2, 11.5), (30.0, 3, 10.0), (30.4, 3, 10.5), (120.0, 12, 10.0)],
)
def test_rows_are_about_ten_seconds_and_none_is_a_remnant(
    duration_s: float, n_rows: int, row_s: float
) -> None:
    rows = roll_rows(notes(), notes(), verdicts(notes(), notes()), duration_s=duration_s)
    assert len(rows) == n_rows
    assert {row.end_s - row.start_s for row in rows} == {row_s}


@given(struck, struck)
def test_every_second_of_every_note_is_in_a_box(ref: NoteArrays, est: NoteArrays) -> None:
    rows = roll_rows(ref, est, verdicts(ref, est), duration_s=0.0)
    assert rows[0].start_s == 0.0
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(rows))
    for side, played in (("ref", ref), ("est", est)):
        boxes = [box for row in rows for box in getattr(row, side)]
        assert all(
            row.start_s <= b.start_s < b.end_s <= row.end_s for row in rows for b in getattr(row, side)
        )
        total_s = sum(box.end_s - box.start_s for box in boxes)
        assert total_s == pytest.approx(float(np.sum(played.offset_s - played.onset_s)))


@pytest.mark.parametrize(
    ("n_rows", "sizes"), [(1, [1]), (6, [6]), (7, [4, 3]), (13, [4, 5, 4]), (18, [6, 6, 6])]
)
def test_pages_take_rows_in_order_and_evenly(n_rows: int, sizes: list[int]) -> None:
    rows = [RollRow(start_s=i, end_s=i + 1, ref=(), est=()) for i in range(n_rows)]
    found = pages(rows)
    assert [row for page in found for row in page] == rows
    assert sorted(len(page) for page in found) == sorted(sizes)
    assert max(len(page) for page in found) <= ROWS_A_PAGE


def test_the_pitches_shown_have_room_around_the_notes() -> None:
    assert pitch_range(notes((0.0, 1.0, 0, 0)), notes((0.0, 1.0, 5, 12))) == (39, 77)
    assert pitch_range(notes((0.0, 1.0, 0, 5)), notes()) == (39, 51)  # an octave at least
    low, high = pitch_range(notes(), notes())
    assert high - low == 12


def test_places_count_what_became_of_their_notes() -> None:
    counts = {c.place: c for c in place_counts(PLAYED, FOUND, verdicts(PLAYED, FOUND))}
    busy = counts[Position(string=3, fret=5)]
    assert busy.verdicts == {"right": 1, "other_string": 1, "extra": 1}
    assert (busy.n_ref, busy.n_est) == (2, 2)
    only_found = counts[Position(string=4, fret=1)]
    assert (only_found.verdicts, only_found.n_ref, only_found.n_est) == ({}, 0, 1)
    assert counts[Position(string=1, fret=3)].verdicts == {"missed": 1}
    assert counts[Position(string=2, fret=2)].verdicts == {"timing": 1}
    assert list(counts) == sorted(counts)


def test_moves_go_from_where_it_was_played_to_where_it_was_found() -> None:
    assert moves(PLAYED, FOUND, verdicts(PLAYED, FOUND)) == (
        Move(ref=Position(string=0, fret=3), est=Position(string=0, fret=4), verdict="near_pitch", count=1),
        Move(ref=Position(string=3, fret=5), est=Position(string=4, fret=1), verdict="other_string", count=1),
    )


def test_a_frequent_move_comes_first() -> None:
    ref = notes((0.0, 0.5, 0, 5), (1.0, 1.5, 3, 4), (2.0, 2.5, 3, 4))
    est = notes((0.0, 0.5, 1, 0), (1.0, 1.5, 4, 0), (2.0, 2.5, 4, 0))
    assert [(m.ref.string, m.count) for m in moves(ref, est, verdicts(ref, est))] == [(3, 2), (0, 1)]


@given(struck, struck)
def test_the_neck_has_every_note_once(ref: NoteArrays, est: NoteArrays) -> None:
    found, breakdown = verdicts(ref, est), error_breakdown(ref, est)
    counts = place_counts(ref, est, found)
    assert sum(c.n_ref for c in counts) == len(ref)
    assert sum(c.n_est for c in counts) == len(est)
    for verdict, count in breakdown.verdicts.items():
        assert sum(c.verdicts.get(verdict, 0) for c in counts) == count
    moved = moves(ref, est, found)
    by_verdict = {v: sum(m.count for m in moved if m.verdict == v) for v in breakdown.verdicts}
    assert by_verdict["other_string"] == breakdown.verdicts["other_string"]
    assert by_verdict["octave"] == breakdown.verdicts["octave"]  # cannot be in place
    assert by_verdict["right"] == by_verdict["missed"] == by_verdict["extra"] == 0


@given(struck, struck, struck)
def test_tracks_are_pooled_by_adding(one: NoteArrays, other: NoteArrays, est: NoteArrays) -> None:
    def of(ref: NoteArrays) -> tuple[tuple[PlaceCounts, ...], tuple[Move, ...]]:
        found = verdicts(ref, est)
        return place_counts(ref, est, found), moves(ref, est, found)

    (places, moved), (more_places, more_moved) = of(one), of(other)
    pooled = pooled_places([*places, *more_places])
    assert sum(c.n_ref for c in pooled) == len(one) + len(other)
    assert sum(c.n_est for c in pooled) == 2 * len(est)
    assert len({c.place for c in pooled}) == len(pooled)
    assert pooled_places(places) == places
    assert pooled_moves(moved) == moved
    doubled = pooled_moves([*moved, *moved, *more_moved])
    assert sum(m.count for m in doubled) == 2 * sum(m.count for m in moved) + sum(m.count for m in more_moved)

"""The plainest fingering: where it puts notes, and what it does with those that fit nowhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.evaluation.nearest_position import nearest_position
from fretscribe.evaluation.notes import NoteArrays
from fretscribe.music import STANDARD_TUNING, Position, Tuning

Heard = tuple[float, float, float]  # onset_s, offset_s, pitch


def _place(notes: Sequence[Heard], tuning: Tuning = STANDARD_TUNING) -> NoteArrays:
    return nearest_position(*np.array(notes, dtype=np.float64).reshape(-1, 3).T, tuning)


def _places(notes: NoteArrays) -> list[tuple[int, int]]:
    return list(zip(notes.string.tolist(), notes.fret.tolist(), strict=True))


def test_it_begins_as_low_as_it_can_and_stays_where_the_hand_is() -> None:
    assert _places(_place([(0.0, 0.4, 64)])) == [(5, 0)]
    line = _place([(0.0, 0.4, 86), (0.5, 0.9, 69), (1.0, 1.4, 64)])
    assert _places(line) == [(5, 22), (2, 19), (1, 19)]


def test_a_chord_takes_a_string_each_from_the_lowest_note_up() -> None:
    chord = _place([(0.0, 2.0, pitch) for pitch in (64, 59, 55, 48, 52, 43)])
    assert chord.pitch.tolist() == [43, 48, 52, 55, 59, 64]
    assert _places(chord) == [(0, 3), (1, 3), (2, 2), (3, 0), (4, 0), (5, 0)]


def test_a_sounding_string_is_not_free_and_a_silent_one_is() -> None:
    assert _places(_place([(0.0, 1.0, 64), (0.5, 1.5, 65)])) == [(5, 0), (4, 6)]
    assert _places(_place([(0.0, 0.5, 64), (0.5, 1.5, 65)])) == [(5, 0), (5, 1)]


def test_notes_that_fit_nowhere_stay_heard_beyond_the_neck() -> None:
    placed = _place([(0.0, 1.0, 30), (0.5, 1.5, 31), (1.2, 1.5, 32), (0.2, 1.0, 40), (0.4, 1.0, 41)])
    assert placed.pitch.tolist() == [30, 40, 41, 31, 32]
    # 40 holds the only string that could play 41
    assert _places(placed) == [(6, 0), (0, 0), (7, 0), (8, 0), (6, 0)]


def test_frets_are_counted_from_the_nut_and_fractional_pitches_rounded() -> None:
    assert _places(_place([(0.0, 1.0, 42.4)], Tuning(capo=2))) == [(0, 2)]
    assert _place([(0.0, 1.0, 42.4)]).pitch.tolist() == [42.4]


def test_nothing_heard_is_nothing_placed() -> None:
    assert len(_place([])) == 0


@given(
    st.lists(
        st.tuples(st.floats(0, 5), st.floats(0.05, 2), st.integers(21, 108).map(float)),
        max_size=30,
    )
)
def test_every_note_is_kept_at_its_pitch_and_no_string_plays_two_at_once(notes: list[Heard]) -> None:
    placed = _place([(onset, onset + duration, pitch) for onset, duration, pitch in notes])
    assert sorted(placed.pitch) == sorted(pitch for _, _, pitch in notes)
    for string in range(max(placed.string, default=-1) + 1):
        on_it = placed.select(placed.string == string)
        assert (on_it.onset_s[1:] >= on_it.offset_s[:-1] - 2e-6).all()
        if string < STANDARD_TUNING.n_strings:
            sounding = [STANDARD_TUNING.pitch(Position(string=string, fret=int(f))) for f in on_it.fret]
            assert sounding == on_it.pitch.tolist()

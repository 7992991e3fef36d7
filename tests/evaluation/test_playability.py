"""What a tab asks of the hand, on grips and lines that can be judged by eye."""

from __future__ import annotations

from fretscribe.evaluation.notes import NoteArrays, note_arrays
from fretscribe.evaluation.playability import Playability, playability

HandNote = tuple[float, float, int, int]  # onset_s, offset_s, string, fret


def _notes(*rows: HandNote) -> NoteArrays:
    onsets, offsets, strings, frets = ([row[i] for row in rows] for i in range(4))
    return note_arrays(onsets, offsets, [40] * len(rows), strings, frets)


def test_nothing_asks_nothing() -> None:
    assert playability(_notes()) == Playability(n_moments=0, largest_span=0, mean_jump=0.0, n_violations=0)


def test_open_strings_need_no_finger() -> None:
    c_major = _notes((0.0, 1.0, 1, 3), (0.01, 1.0, 2, 2), (0.02, 1.0, 3, 0), (0.03, 1.0, 4, 1))
    assert playability(c_major) == Playability(n_moments=1, largest_span=2, mean_jump=0.0, n_violations=0)


def test_notes_at_the_capo_are_open() -> None:
    notes = _notes((0.0, 1.0, 1, 2), (0.0, 1.0, 2, 9))
    assert playability(notes).largest_span == 7
    assert playability(notes, capo=2).largest_span == 0


def test_a_stretch_of_more_than_four_frets_is_a_violation() -> None:
    for high, n_violations in ((5, 0), (6, 1)):
        found = playability(_notes((0.0, 1.0, 0, 1), (0.0, 1.0, 5, high)))
        assert (found.largest_span, found.n_violations) == (high - 1, n_violations)


def test_five_different_frets_need_five_fingers() -> None:
    assert playability(_notes(*((0.0, 1.0, s, s + 1) for s in range(5)))).n_violations == 1
    barre = _notes(*((0.0, 1.0, s, 5) for s in range(6)))
    assert playability(barre).n_violations == 0


def test_a_note_that_rings_on_is_held_and_one_that_stops_is_not() -> None:
    held = _notes((0.0, 1.0, 0, 1), (0.5, 0.8, 5, 9))
    let_go = _notes((0.0, 0.52, 0, 1), (0.5, 0.8, 5, 9))
    assert (playability(held).largest_span, playability(held).n_violations) == (8, 1)
    assert (playability(let_go).largest_span, playability(let_go).n_violations) == (0, 0)


def test_a_struck_string_lets_go_of_what_it_played() -> None:
    slide = _notes((0.0, 1.0, 0, 1), (0.5, 1.5, 0, 12))
    assert playability(slide).largest_span == 0


def test_a_line_within_four_frets_moves_no_hand() -> None:
    line = _notes(*((0.2 * i, 0.2 * i + 0.1, 2, fret) for i, fret in enumerate((5, 8, 6, 7, 5))))
    # the hand starts with its first finger at fret 5 and reaches fret 8
    assert playability(line).mean_jump == 0.0


def test_the_hand_moves_no_farther_than_it_must() -> None:
    line = _notes((0.0, 0.1, 2, 5), (0.2, 0.3, 2, 10), (0.4, 0.5, 2, 0), (0.6, 0.7, 2, 3))
    # 5 -> 7 reaches fret 10; the open string needs nothing; 7 -> 3
    assert playability(line).mean_jump == (2 + 4) / 2

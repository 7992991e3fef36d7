"""Ties, leads and runs of techniques, from notes that only say what follows them."""

from __future__ import annotations

from fretscribe.io.score import TrackBar
from fretscribe.io.score_links import LinkedNote, link_notes, technique_runs
from scores import note, row, track

SHIFT = frozenset({"shift"})
MUTED = frozenset({"palm_mute"})


def linked(*bars: TrackBar) -> list[list[LinkedNote]]:
    return [list(beat.notes) for bar in link_notes(track(*bars)) for beat in bar]


def test_a_tie_is_known_at_both_ends_and_hands_on_what_its_first_note_leads_to() -> None:
    (first,), (second,), (third,), _ = linked(
        row(note(2, 5, slides=SHIFT), note(2, 5, tied=True), note(2, 7), None)
    )
    assert [(n.tie_stop, n.tie_start) for n in (first, second, third)] == [
        (False, True), (True, False), (False, False),
    ]  # fmt: skip
    assert (first.leads, second.leads, third.reached) == (set(), {"slide"}, {"slide"})
    assert (second.leads_at_once, third.reached_at_once) == (True, True)


def test_a_tied_note_without_a_fret_has_that_of_its_first_part() -> None:
    _, (second,), _, _ = linked(row(note(2, 5), note(2, None, tied=True), None, None))  # type: ignore[arg-type]
    assert (second.fret, second.pitch) == (5, 55)


def test_a_tie_from_no_note_is_struck() -> None:
    (alone,), _, _, (other,) = linked(row(note(2, 5, tied=True), None, None, note(2, 6, tied=True)))
    assert not alone.tie_stop
    assert not other.tie_stop


def test_down_the_neck_a_hammer_on_is_a_pull_off() -> None:
    (first,), (second,), (third,), _ = linked(
        row(note(5, 5, hammer=True), note(5, 8, hammer=True), note(5, 5), None)
    )
    assert (first.leads, second.reached) == ({"hammer_on"}, {"hammer_on"})
    assert (second.leads, third.reached) == ({"pull_off"}, {"pull_off"})
    assert first.starts_slur
    assert second.starts_slur
    assert second.stops_slur


def test_over_bars_and_other_strings_the_next_note_of_the_string_is_meant() -> None:
    bars = row(None, None, note(5, 5, hammer=True), note(0, 0)), row(note(5, 7), None, None, None)
    notes = [n for beat in linked(*bars) for n in beat]
    assert [n.reached for n in notes] == [set(), set(), {"hammer_on"}]
    assert not notes[0].leads_at_once
    assert not notes[0].starts_slur


def test_what_leads_to_no_note_is_dropped() -> None:
    (alone,), *_ = linked(row(note(5, 5, hammer=True, slides=SHIFT), None, None, None))
    assert alone.leads == set()


def test_runs_of_a_technique_end_at_rests_and_go_over_ties() -> None:
    bars = (
        row(note(0, 0, techniques=MUTED), note(0, 1, techniques=MUTED), note(0, 1, tied=True), None),
        row(
            note(0, 0, techniques=MUTED),
            (note(0, 0), note(1, 0, techniques=MUTED)),
            None,
            note(0, 2, techniques=MUTED),
        ),
    )
    runs = technique_runs(link_notes(track(*bars)), "palm_mute")
    assert runs == [((0, 0), (0, 2)), ((1, 0), (1, 0)), ((1, 3), (1, 3))]

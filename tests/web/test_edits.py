"""What a player does to a tab: what changes, what stays, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fretscribe.errors import FretscribeError, InputError
from fretscribe.io.json_fields import load_json
from fretscribe.io.tab_json import parse_tab_json, render_tab_json
from fretscribe.music import Alternative, BendPoint, Position, Tab, TabNote
from fretscribe.pipeline import TranscribeOptions
from fretscribe.pipeline.tabbing import Hands
from fretscribe.result import ConfidenceSummary, Transcription
from fretscribe.symbolic.fingering import EVENT_WINDOW_S
from fretscribe.web.edit_requests import KINDS, parse_edit
from fretscribe.web.edits import (
    CERTAIN,
    add_note,
    delete_note,
    finger_anew,
    place_note,
    set_techniques,
    shift_note,
    with_tab,
)
from fretscribe.web.positions import likely_positions
from strategies import tab_note, tab_of, tabs, transcriptions

A, D = Position(string=1, fret=5), Position(string=2, fret=0)
"""The same pitch, D3, on two strings."""


def line() -> Tab:
    """D3 on the fifth string, then G3 and B3 together, a beat apart."""
    return tab_of(tab_note(1, 5, 0), tab_note(3, 0, 1), tab_note(4, 0, 1))


def others(tab: Tab, *indices: int) -> list[TabNote]:
    return [n for i, n in enumerate(tab.notes) if i not in indices]


def parsed(request: bytes) -> Transcription:
    return parse_edit(load_json(request, "request", max_bytes=1000))(Transcription(tab=line()), Hands())


def test_another_string_keeps_the_pitch_and_makes_the_note_certain() -> None:
    tab = place_note(line(), 0, D)
    assert tab.notes[0].position == D
    assert tab.notes[0].note == line().notes[0].note
    assert tab.notes[0].confidence == CERTAIN
    assert others(tab, 0) == others(line(), 0)


def test_another_pitch_forgets_what_was_heard_of_the_string() -> None:
    heard = replace(line().notes[0].note, string_probs=(0, 1, 0, 0, 0, 0), tab_probs=(0, 1, 0, 0, 0, 0))
    known = (Alternative(position=A, probability=0.9),)
    notes = (replace(line().notes[0], note=heard, alternatives=known), *line().notes[1:])
    tab = place_note(replace(line(), notes=notes), 0, Position(string=1, fret=7))
    note = tab.notes[0]
    assert (note.note.pitch, note.note.string_probs, note.note.tab_probs) == (52, None, None)
    assert note.alternatives == ()
    assert place_note(replace(line(), notes=notes), 0, D).notes[0].alternatives == known


def test_a_slide_stays_on_its_string_and_a_mute_goes_along() -> None:
    tab = tab_of(tab_note(1, 5, 0, "slide", "palm_mute"))
    assert place_note(tab, 0, D).notes[0].techniques == {"palm_mute"}
    assert place_note(tab, 0, Position(string=1, fret=6)).notes[0].techniques == {"slide", "palm_mute"}


def test_a_string_that_rings_ends_where_the_moved_note_starts() -> None:
    ringing = tab_of(replace(tab_note(2, 2, 0), duration_beats=Fraction(3)), tab_note(1, 5, 1))
    long = replace(ringing.notes[0].note, offset_s=2.0)
    ringing = replace(ringing, notes=(replace(ringing.notes[0], note=long), ringing.notes[1]))
    tab = place_note(ringing, 1, D)
    assert tab.notes[0].note.offset_s == tab.notes[1].note.onset_s == 0.5
    assert tab.notes[0].duration_beats == 1


def test_a_taken_string_and_places_off_the_neck_are_refused() -> None:
    with pytest.raises(InputError, match="string 3 plays G3 at that moment"):
        place_note(line(), 2, Position(string=3, fret=4))
    with pytest.raises(InputError, match="not on this neck"):
        place_note(line(), 0, Position(string=6, fret=0))
    with pytest.raises(InputError, match="not on this neck"):
        place_note(line(), 0, Position(string=0, fret=23))
    with pytest.raises(InputError, match="there is no note 3: the tab has 3"):
        delete_note(line(), 3)


def test_a_note_that_stays_on_its_string_is_not_in_its_own_way() -> None:
    """The second note of this string starts 25 ms after the first."""
    first, second = tab_note(1, 5, 0), tab_note(1, 7, Fraction(1, 20))
    trill = tab_of(replace(first, note=replace(first.note, offset_s=0.025)), second)
    assert place_note(trill, 0, Position(string=1, fret=6)).notes[0].note.pitch == 51
    with pytest.raises(InputError, match="string 5 plays E3 at that moment"):
        place_note(tab_of(tab_note(2, 0, 0), second), 0, A)


def test_a_deleted_note_goes_alone() -> None:
    assert list(delete_note(line(), 1).notes) == others(line(), 1)


def test_a_new_note_stands_on_its_beat() -> None:
    tab = add_note(line(), Position(string=0, fret=3), Fraction(1, 2), Fraction(1, 4))
    new = tab.notes[1]
    assert (new.note.pitch, new.note.onset_s, new.note.offset_s) == (43, 0.25, 0.375)
    assert (new.onset_beats, new.duration_beats, new.confidence) == (Fraction(1, 2), Fraction(1, 4), CERTAIN)
    assert delete_note(tab, 1) == line()
    with pytest.raises(InputError, match="no beats"):
        add_note(replace(line(), beats=None), A, Fraction(1), Fraction(1))
    with pytest.raises(InputError, match="before the recording"):
        add_note(line(), A, Fraction(-1), Fraction(1))
    with pytest.raises(InputError, match="cannot last 0 beats"):
        add_note(line(), A, Fraction(1), Fraction(0))


def test_a_note_moves_in_time_and_back() -> None:
    tab = shift_note(line(), 0, Fraction(1, 4))
    assert (tab.notes[0].note.onset_s, tab.notes[0].onset_beats) == (0.125, Fraction(1, 4))
    assert tab.notes[0].note.duration_s == line().notes[0].note.duration_s
    back = shift_note(tab, 0, Fraction(-1, 4))
    assert replace(back.notes[0], confidence=None) == line().notes[0]


def test_a_bend_goes_with_its_curve() -> None:
    curve = (BendPoint(time_s=0.0, cents=0.0), BendPoint(time_s=0.1, cents=200.0))
    bent = replace(tab_note(1, 5, 0, "bend"), note=replace(tab_note(1, 5, 0).note, bend=curve))
    assert set_techniques(tab_of(bent), 0, frozenset({"palm_mute"})).notes[0].note.bend == ()
    assert set_techniques(tab_of(bent), 0, frozenset({"bend", "slide"})).notes[0].note.bend == curve


def test_a_note_that_a_player_placed_keeps_its_string_on_another_guitar() -> None:
    result = Transcription(tab=place_note(line(), 0, Position(string=0, fret=10)))
    again = finger_anew(result, TranscribeOptions(capo=2), Hands())
    moved = next(n for n in again.tab.notes if n.note.pitch == 50)
    assert (moved.position, moved.confidence) == (Position(string=0, fret=8), CERTAIN)
    anew = finger_anew(Transcription(tab=line()), TranscribeOptions(capo=2), Hands())
    assert Position(string=0, fret=8) not in [n.position for n in anew.tab.notes]


def test_another_tempo_moves_no_finger() -> None:
    result = Transcription(tab=line())
    again = finger_anew(result, TranscribeOptions(bpm=60.0), Hands())
    assert [n.position for n in again.tab.notes] == [n.position for n in result.tab.notes]
    assert again.tab.beats is not None
    assert again.tab.beats.tempo_bpm == pytest.approx(60.0, rel=0.05)


def test_the_share_of_accepted_notes_follows() -> None:
    doubtful = replace(line(), notes=tuple(replace(n, confidence=0.3) for n in line().notes))
    summary = ConfidenceSummary(target_accuracy=0.8, threshold=0.5, share_accepted=0.0)
    result = with_tab(Transcription(tab=doubtful, confidence=summary), place_note(doubtful, 0, D))
    assert result.confidence is not None
    assert result.confidence.share_accepted == pytest.approx(1 / 3)


def test_likely_positions_are_ranked_and_complete() -> None:
    told = (Alternative(position=D, probability=0.2), Alternative(position=A, probability=0.7))
    tab = replace(line(), notes=(replace(line().notes[0], alternatives=told), *line().notes[1:]))
    found = likely_positions(tab, 0, Hands())
    assert [(p.position, p.probability) for p in found] == [
        (A, 0.7),
        (D, 0.2),
        (Position(string=0, fret=10), None),
    ]
    fingered = likely_positions(line(), 0, Hands())
    assert {p.position for p in fingered} == {p.position for p in found}
    assert sum(p.probability or 0.0 for p in fingered) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (b"{}", "lacks the key 'kind'"),
        (b'{"kind": "burn"}', "kind: must be one of place, delete"),
        (b'{"kind": "place", "note": 0, "string": 1}', "lacks the key 'fret'"),
        (b'{"kind": "place", "note": -1, "string": 1, "fret": 2}', "note: must be an integer of 0 or more"),
        (b'{"kind": "delete", "note": 0, "more": 1}', "unknown key 'more'"),
        (b'{"kind": "shift", "note": 0, "beats": 0.5}', "beats: must be a string"),
        (b'{"kind": "shift", "note": 0, "beats": "1/97"}', "denominator of at most 96"),
        (b'{"kind": "techniques", "note": 0, "techniques": ["tap"]}', "must be one of bend"),
        (b'{"kind": "retab"}', "nothing is to be changed"),
        (b'{"kind": "retab", "tuning": "no such"}', "no such"),
        (b'{"kind": "retab", "tuning": 5}', "tuning: must be a string"),
        (b'{"kind": "retab", "meter": "x"}', "metre"),
        (b'{"kind": "retab", "bpm": "fast"}', "bpm: must be a number"),
        (b'{"kind": "retab", "capo": true}', "capo: must be an integer"),
    ],
)
def test_requests_that_make_no_sense_name_the_field(request_: bytes, message: str) -> None:
    with pytest.raises(FretscribeError) as told:
        parsed(request_)
    assert message in str(told.value)


def test_requests_do_what_the_functions_do() -> None:
    assert parsed(b'{"kind": "place", "note": 0, "string": 2, "fret": 0}').tab == place_note(line(), 0, D)
    assert parsed(b'{"kind": "delete", "note": 1}').tab == delete_note(line(), 1)
    assert parsed(b'{"kind": "shift", "note": 0, "beats": "-0/4"}').tab.notes[0].confidence == CERTAIN
    capo = parsed(b'{"kind": "retab", "capo": 1, "bpm": null}')
    assert capo.tab.tuning.capo == 1
    new = parsed(b'{"kind": "add", "string": 0, "fret": 1, "onset_beats": "3", "duration_beats": "1/2"}')
    assert new.tab == add_note(line(), Position(string=0, fret=1), Fraction(3), Fraction(1, 2))
    assert parsed(b'{"kind": "techniques", "note": 0, "techniques": ["dead"]}').tab.notes[0].techniques == {
        "dead"
    }
    assert set(KINDS) == {"place", "delete", "add", "shift", "techniques", "retab"}


@st.composite
def edited(draw: st.DrawFn) -> tuple[Transcription, Transcription]:
    """A result and what an edit, chosen at random and perhaps senseless, made of it."""
    result = draw(transcriptions())
    n = st.integers(0, max(len(result.tab.notes), 1) - 1)
    place = st.builds(Position, string=st.integers(0, 8), fret=st.integers(0, 30))
    beats = st.fractions(-4, 16, max_denominator=16)
    techniques = st.frozensets(st.sampled_from(["bend", "slide", "dead"]))
    tab = result.tab
    edits = [
        lambda: place_note(tab, draw(n), draw(place)),
        lambda: delete_note(tab, draw(n)),
        lambda: shift_note(tab, draw(n), draw(beats)),
        lambda: add_note(tab, draw(place), draw(beats), draw(beats)),
        lambda: set_techniques(tab, draw(n), draw(techniques)),
    ]
    try:
        return result, with_tab(result, draw(st.sampled_from(edits))())
    except InputError:
        return result, result


@pytest.mark.slow
@settings(max_examples=30)
@given(edited())
def test_any_edit_leaves_a_valid_tab_that_files_hold(pair: tuple[Transcription, Transcription]) -> None:
    _, after = pair
    assert parse_tab_json(render_tab_json(after)) == after


@pytest.mark.slow
@settings(max_examples=30)
@given(tabs(), st.data())
def test_a_note_on_a_free_place_comes_back(tab: Tab, data: st.DataObject) -> None:
    """Moving a note to another string and back changes nothing but what was cut to make room."""
    if not tab.notes:
        return
    index = data.draw(st.integers(0, len(tab.notes) - 1))
    old = tab.notes[index]
    near = [n for n in others(tab, index) if abs(n.note.onset_s - old.note.onset_s) < EVENT_WINDOW_S]
    assume(old.position.string not in [n.position.string for n in near])  # it could not come back
    place = data.draw(st.sampled_from(tab.tuning.positions(old.note.pitch)))
    try:
        there = place_note(tab, index, place)
    except InputError:
        return
    at = next(
        i for i, n in enumerate(there.notes) if n.position == place and n.note.onset_s == old.note.onset_s
    )
    back = place_note(there, at, old.position)
    again = next(n for n in back.notes if n.note.onset_s == old.note.onset_s and n.position == old.position)
    assert again.note.pitch == old.note.pitch
    assert again.note.offset_s <= old.note.offset_s
    assert len(back.notes) == len(tab.notes)
    assert [n.note.onset_s for n in back.notes] == [n.note.onset_s for n in tab.notes]

"""What a player made of a tab: every note has its verdict, and comparing a tab with itself finds nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from fretscribe.errors import InputError
from fretscribe.feedback.corrections import CERTAIN, Correction, MendedRecording, compare, pair_notes
from fretscribe.music import Alternative, Note, Position, Tab, TabNote, Tuning
from fretscribe.result import AudioInfo, Transcription
from strategies import tabs

AUDIO = AudioInfo(path="song.wav", duration_s=9.0, sha256="ab" * 32)


def _note(onset_s: float, string: int, fret: int, **fields: object) -> TabNote:
    position = Position(string=string, fret=fret)
    note = Note(onset_s=onset_s, offset_s=onset_s + 0.4, pitch=Tuning().pitch(position))
    return TabNote(note=note, position=position, **fields)  # type: ignore[arg-type]


def _result(*notes: TabNote, audio: AudioInfo | None = AUDIO) -> Transcription:
    ordered = sorted(notes, key=lambda n: (n.note.onset_s, n.position.string))
    return Transcription(tab=Tab(tuning=Tuning(), notes=tuple(ordered), title="song"), audio=audio)


FIRST = _result(
    _note(0.0, 1, 3, confidence=0.9),
    _note(
        0.5,
        1,
        5,
        confidence=0.4,
        alternatives=(
            Alternative(position=Position(string=1, fret=5), probability=0.6),
            Alternative(position=Position(string=2, fret=0), probability=0.4),
        ),
    ),
    _note(1.0, 2, 2, confidence=0.7),
    _note(1.5, 2, 9, confidence=0.2),
)


def test_every_kind_of_correction_is_found() -> None:
    mended = _result(_note(0.0, 1, 3), _note(0.51, 2, 0), _note(1.0, 2, 3), _note(2.5, 3, 0))
    found = compare(FIRST, mended)
    assert [c.kind for c in found.corrections] == ["accepted", "moved", "changed", "deleted", "added"]
    moved = found.corrections[1]
    assert moved.suggested is not None
    assert moved.chosen is not None
    assert (moved.suggested.note.position, moved.suggested.confidence) == (Position(string=1, fret=5), 0.4)
    assert [a.probability for a in moved.suggested.alternatives] == [0.6, 0.4]
    assert (moved.chosen.position, moved.chosen.onset_s) == (Position(string=2, fret=0), 0.51)
    assert sum(moved.expected) == pytest.approx(1.0)
    assert (found.key, found.title, found.whole, found.audio) == (AUDIO.sha256, "song", True, AUDIO)
    assert [note.string for note in found.placed_notes()] == [1, 2, 2, 3]


def test_notes_left_alone_may_say_nothing_but_certain_ones_do() -> None:
    notes = list(FIRST.tab.notes)
    notes[2] = replace(notes[2], confidence=CERTAIN)
    found = compare(FIRST, _result(notes[0], _note(0.5, 2, 0), notes[2], notes[3]), changed_only=True)
    assert [c.kind for c in found.corrections] == ["moved", "accepted"]
    assert not found.whole
    with pytest.raises(InputError, match=r"nothing was changed.*mend the tab first"):
        compare(FIRST, FIRST, changed_only=True)


def test_a_unison_on_two_strings_is_paired_string_by_string() -> None:
    pair = _result(_note(0.0, 1, 5), _note(0.0, 2, 0))
    assert [c.kind for c in compare(pair, pair).corrections] == ["accepted", "accepted"]


def test_a_chord_that_starts_a_little_later_keeps_its_notes() -> None:
    chord = [_note(0.5, 1, 3), _note(0.5, 2, 2), _note(0.51, 3, 0)]
    later = [_note(0.53, 1, 3), _note(0.53, 2, 2), _note(0.54, 3, 0)]
    assert pair_notes(chord, later) == [(0, 0), (1, 1), (2, 2)]
    assert pair_notes(chord, [_note(0.62, 1, 3)]) == []


def test_another_tuning_is_no_move_of_hands() -> None:
    capo = Tuning(capo=2)
    note = FIRST.tab.notes[0]
    retuned = Tab(tuning=capo, notes=(replace(note, position=Position(string=1, fret=1)),))
    found = compare(_result(note), Transcription(tab=retuned))
    assert [c.kind for c in found.corrections] == ["accepted"]


def test_without_a_recording_the_first_tab_is_the_key() -> None:
    first = replace(FIRST, audio=None)
    once, again = compare(first, first), compare(first, _result(FIRST.tab.notes[0], audio=None))
    assert once.key == again.key
    assert once.key != compare(_result(FIRST.tab.notes[0], audio=None), first).key


def test_tabs_of_two_recordings_are_refused() -> None:
    other = replace(FIRST, audio=replace(AUDIO, path="other.wav", sha256="cd" * 32))
    with pytest.raises(InputError, match=r"two recordings: song\.wav and other\.wav"):
        compare(FIRST, other)


@settings(max_examples=15)
@given(tabs())
def test_a_tab_left_alone_is_accepted_note_by_note(tab: Tab) -> None:
    result = Transcription(tab=tab)
    if not tab.notes:
        with pytest.raises(InputError):
            compare(result, result)
        return
    found = compare(result, result)
    assert {c.kind for c in found.corrections} == {"accepted"}
    assert len(found.corrections) == len(tab.notes)


@settings(max_examples=15)
@given(tabs(), tabs())
def test_every_note_of_both_tabs_is_in_one_correction(first: Tab, mended: Tab) -> None:
    if not first.notes and not mended.notes:
        return
    found = compare(Transcription(tab=first), Transcription(tab=mended)).corrections
    assert sum(c.suggested is not None for c in found) == len(first.notes)
    assert sum(c.chosen is not None for c in found) == len(mended.notes)


def test_values_that_contradict_themselves_are_refused() -> None:
    good = compare(FIRST, FIRST)
    with pytest.raises(ValueError, match="suggested note or a chosen one"):
        Correction(suggested=None, chosen=None)
    with pytest.raises(ValueError, match="expected belongs"):
        replace(good.corrections[0], expected=())
    with pytest.raises(ValueError, match="not on the neck"):
        MendedRecording(key="k", title="", tuning=Tuning(capo=1), whole=True, corrections=good.corrections)

"""The store and its JSON lines: what is kept comes back, nothing counts twice, other hands are noticed."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.errors import InputError, OutputError
from fretscribe.feedback.corrections import MendedRecording, compare
from fretscribe.feedback.json_lines import parse_lines, render_lines
from fretscribe.feedback.store import FeedbackStore, load_habits
from fretscribe.music import Note, Position, Tab, TabNote, Tuning
from fretscribe.result import AudioInfo, Transcription
from fretscribe.symbolic.habits import learn_habits
from strategies import tabs

AUDIO = AudioInfo(path="song.wav", duration_s=9.5, sha256="ab" * 32)


@st.composite
def mended_recordings(draw: st.DrawFn) -> MendedRecording:
    """What a player made of random tabs."""
    tab = draw(tabs().filter(lambda t: t.notes))
    first = Transcription(tab=tab, audio=draw(st.none() | st.just(AUDIO)))
    mended = replace(first, tab=draw(tabs()))
    return replace(compare(first, mended), whole=draw(st.booleans()))


def _some(title: str, n_notes: int = 3) -> MendedRecording:
    notes = tuple(
        TabNote(
            note=Note(onset_s=0.5 * i, offset_s=0.5 * i + 0.4, pitch=50 + i),
            position=Position(string=1, fret=5 + i),
        )
        for i in range(n_notes)
    )
    result = Transcription(tab=Tab(tuning=Tuning(), notes=notes, title=title))
    return replace(compare(result, result), key=f"key of {title}")


@settings(max_examples=15)
@given(st.lists(mended_recordings(), max_size=2))
def test_lines_are_read_as_they_were_written(recordings: list[MendedRecording]) -> None:
    assert parse_lines(render_lines(recordings)) == recordings


@settings(max_examples=15)
@given(mended_recordings())
def test_the_store_gives_back_what_it_keeps(recording: MendedRecording) -> None:
    with tempfile.TemporaryDirectory() as folder, FeedbackStore(Path(folder) / "f.sqlite3") as store:
        store.keep([recording])
        assert store.recordings() == [recording]


def test_a_recording_learned_again_does_not_count_twice(tmp_path: Path) -> None:
    path = tmp_path / "new" / "feedback.sqlite3"
    with FeedbackStore(path) as store:
        assert store.habits() is None
        store.keep([_some("one", 5), _some("two", 3)])
        store.keep([_some("one", 4)])
        habits = store.habits()
    assert habits is not None
    assert (habits.n_notes, habits.n_recordings) == (7, 2)
    assert sum(habits.played.values()) == 7
    assert load_habits(path) == habits
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_habits_of_the_store_are_those_of_its_recordings(tmp_path: Path) -> None:
    recordings = [_some("one", 5), _some("two", 3)]
    with FeedbackStore(tmp_path / "f.sqlite3") as store:
        store.keep(recordings)
        placed = [note for recording in recordings for note in recording.placed_notes()]
        assert store.habits() == learn_habits(placed, n_recordings=2)


def test_forgetting_takes_recordings_with_all_their_notes(tmp_path: Path) -> None:
    with FeedbackStore(tmp_path / "f.sqlite3") as store:
        store.keep([_some("one"), _some("two")])
        assert store.forget("no such") == 0
        assert store.forget("key of o") == 1
        assert [r.title for r in store.recordings()] == ["two"]
        assert store.forget("") == 1
        assert store.habits() is None


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    assert load_habits(tmp_path / "none.sqlite3") is None
    assert list(tmp_path.iterdir()) == []


def test_a_failed_recording_keeps_nothing_of_its_batch(tmp_path: Path) -> None:
    with FeedbackStore(tmp_path / "f.sqlite3") as store:
        broken = _some("two")
        object.__setattr__(broken, "title", None)
        with pytest.raises(OutputError, match="cannot use"):
            store.keep([_some("one"), broken])
        assert store.recordings() == []


def test_files_that_are_no_store_are_told(tmp_path: Path) -> None:
    text = tmp_path / "text.sqlite3"
    text.write_text("this is a text, not a database, and long enough to be sure of it" * 20)
    with pytest.raises(OutputError, match=r"cannot keep feedback.*move it away"):
        FeedbackStore(text)
    later = tmp_path / "later.sqlite3"
    FeedbackStore(later).__exit__()
    with sqlite3.connect(later) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(OutputError, match="later fretscribe"):
        FeedbackStore(later)
    changed = tmp_path / "changed.sqlite3"
    with FeedbackStore(changed) as store:
        store.keep([_some("one")])
    with sqlite3.connect(changed) as db:
        db.execute("UPDATE notes SET string = 17")
    db.close()
    with FeedbackStore(changed) as store:
        with pytest.raises(InputError, match="was changed"):
            store.recordings()
        with pytest.raises(InputError, match="was changed"):
            store.habits()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"not json", "line 2"),
        (b'{"schema": "fretscribe-feedback/2"}', "schema"),
        (b'{"schema": "fretscribe-feedback/1"}', "lacks the key 'key'"),
        (b"[]", "object"),
    ],
)
def test_broken_lines_name_their_place(line: bytes, message: str) -> None:
    good = render_lines([_some("one")])
    with pytest.raises(InputError, match=rf"f\.jsonl: line 2.*{message}|{message}.*") as caught:
        parse_lines(good + line + b"\n", "f.jsonl")
    assert "f.jsonl: line 2" in str(caught.value)


def test_a_note_off_the_neck_is_refused() -> None:
    line = render_lines([_some("one")]).replace(b'"string":1,"fret":5', b'"string":1,"fret":7', 2)
    with pytest.raises(InputError, match="not on the neck"):
        parse_lines(line)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("recordings", "title", b"\xff\xfe"),
        ("recordings", "capo", "1" * 5000),
        ("notes", "expected", "[" * 100_000),
        ("notes", "suggested", "[" * 100_000),
        ("notes", "pitch", "x"),
    ],
)
def test_a_store_that_was_changed(table: str, column: str, value: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / "f.sqlite3"
    with FeedbackStore(path) as store:
        store.keep([_some("a")])
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE {table} SET {column} = CAST(? AS TEXT)", (value,))  # noqa: S608 - ours
    with FeedbackStore(path) as store, pytest.raises((InputError, OutputError), match=r"f\.sqlite3"):
        store.recordings()

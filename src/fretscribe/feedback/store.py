"""The player's feedback in one SQLite file: kept, shown, forgotten, and read quickly for habits.

A recording that is learned from again takes the place of what was known of it, so that nothing counts twice.
Neighbours: ``corrections`` says what is kept, ``json_lines`` carries it elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from fretscribe.errors import InputError, OutputError
from fretscribe.feedback.corrections import Correction, MendedRecording, SetNote
from fretscribe.feedback.json_lines import parse_suggestion, suggestion_json
from fretscribe.io.user_folder import user_folder
from fretscribe.music import Position, Tuning
from fretscribe.result import AudioInfo
from fretscribe.symbolic.habits import Habits, HabitStrength, PlacedNote, learn_habits

FILE_NAME = "feedback.sqlite3"
_SCHEMA = 1
_TABLES = (
    """CREATE TABLE recordings (
        key TEXT PRIMARY KEY, title TEXT NOT NULL, program TEXT NOT NULL, whole INTEGER NOT NULL,
        audio_path TEXT, audio_duration_s REAL, audio_sha256 TEXT,
        open_pitches TEXT NOT NULL, capo INTEGER NOT NULL, n_frets INTEGER NOT NULL
    )""",
    """CREATE TABLE notes (
        recording TEXT NOT NULL REFERENCES recordings (key) ON DELETE CASCADE, number INTEGER NOT NULL,
        onset_s REAL, offset_s REAL, pitch INTEGER, string INTEGER, fret INTEGER,
        expected TEXT NOT NULL, suggested TEXT NOT NULL, PRIMARY KEY (recording, number)
    )""",
)
_BUSY_S = 10.0


def store_path() -> Path:
    """Where this user's feedback is kept."""
    return user_folder() / FILE_NAME


class FeedbackStore:
    """The file. Use it as a context manager.

    Parameters
    ----------
    path : Path
        Made, with its folder, if absent; readable by its owner alone.

    Raises
    ------
    OutputError
        If it cannot be made or used, or a later version wrote it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
            self._db.execute("PRAGMA foreign_keys = ON")
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                with self._transaction() as db:
                    for table in _TABLES:
                        db.execute(table)
                    db.execute(f"PRAGMA user_version = {_SCHEMA}")
        except (OSError, sqlite3.Error) as error:
            raise OutputError(f"cannot keep feedback in {path}: {error}", mend="move it away") from error
        if version not in (0, _SCHEMA):
            self._db.close()
            raise OutputError(f"{path} was written by a later fretscribe", mend="use that one")

    def __enter__(self) -> FeedbackStore:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._db.close()

    def keep(self, recordings: Iterable[MendedRecording]) -> None:
        """Keep recordings, in place of what was known of them; all or none."""
        with self._transaction() as db:
            for recording in recordings:
                db.execute("DELETE FROM recordings WHERE key = ?", (recording.key,))
                db.execute(
                    "INSERT INTO recordings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _recording_row(recording)
                )
                rows = [
                    (recording.key, number, *_note_row(correction))
                    for number, correction in enumerate(recording.corrections)
                ]
                db.executemany("INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def recordings(self) -> list[MendedRecording]:
        """All that is kept, oldest first.

        Raises
        ------
        InputError
            If the file was changed by other hands.
        """
        with self._transaction() as db:
            rows = db.execute("SELECT * FROM recordings ORDER BY rowid").fetchall()
            notes = {
                key: db.execute("SELECT * FROM notes WHERE recording = ? ORDER BY number", (key,)).fetchall()
                for key, *_ in rows
            }
        return [self._recording(row, notes[row[0]]) for row in rows]

    def forget(self, key: str) -> int:
        """Forget the recordings whose key begins like this (all, for ""); returns how many there were."""
        with self._transaction() as db:
            return db.execute("DELETE FROM recordings WHERE substr(key, 1, ?) = ?", (len(key), key)).rowcount

    def habits(self, strength: HabitStrength | None = None) -> Habits | None:
        """What was learned of the player; None where nothing was.

        Raises
        ------
        InputError
            If the file was changed by other hands.
        """
        sql = (
            "SELECT open_pitches, capo, n_frets, pitch, string, expected FROM notes"
            " JOIN recordings ON key = recording WHERE string IS NOT NULL"
        )
        with self._transaction() as db:
            rows = db.execute(sql).fetchall()
            (n_recordings,) = db.execute("SELECT count(*) FROM recordings").fetchone()
        tunings: dict[tuple[str, int, int], Tuning] = {}
        try:
            for row in rows:
                if row[:3] not in tunings:
                    tunings[row[:3]] = _tuning(*row[:3])
            placed = [
                PlacedNote(
                    tuning=tunings[row[:3]], pitch=row[3], string=row[4], expected=tuple(json.loads(row[5]))
                )
                for row in rows
            ]
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise self._broken(error) from error
        habits = learn_habits(placed, n_recordings=n_recordings, strength=strength)
        return habits if habits.n_notes else None

    def _recording(self, row: tuple[object, ...], notes: list[tuple[object, ...]]) -> MendedRecording:
        key, title, program, whole, path, duration_s, sha256, *tuning = row
        try:
            return MendedRecording(
                key=str(key),
                title=str(title),
                program=str(program),
                whole=bool(whole),
                audio=None
                if path is None
                else AudioInfo(path=str(path), duration_s=float(str(duration_s)), sha256=str(sha256)),
                tuning=_tuning(*tuning),
                corrections=tuple(self._correction(note) for note in notes),
            )
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise self._broken(error) from error

    def _correction(self, row: tuple[object, ...]) -> Correction:
        _, number, onset_s, offset_s, pitch, string, fret, expected, suggested = row
        chosen = None
        if string is not None:
            position = Position(string=int(str(string)), fret=int(str(fret)))
            times = {"onset_s": float(str(onset_s)), "offset_s": float(str(offset_s))}
            chosen = SetNote(**times, pitch=int(str(pitch)), position=position)
        return Correction(
            suggested=parse_suggestion(str(suggested), f"{self._path}: note {number}"),
            chosen=chosen,
            expected=tuple(json.loads(str(expected))),
        )

    def _broken(self, error: Exception) -> InputError:
        return InputError(f"{self._path} was changed: {error}", mend="move it away, or forget all of it")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            with self._db:  # commits, or rolls back
                yield self._db
        except UnicodeDecodeError as error:
            raise self._broken(error) from error
        except sqlite3.Error as error:
            raise OutputError(
                f"cannot use {self._path}: {error}", mend="try again, or move it away"
            ) from error


def load_habits(path: Path | None = None) -> Habits | None:
    """What was learned of this user; None where nothing is kept, and then nothing is made.

    Raises
    ------
    OutputError, InputError
        If the file cannot be used.
    """
    path = store_path() if path is None else path
    if not path.exists():
        return None
    with FeedbackStore(path) as store:
        return store.habits()


def _recording_row(recording: MendedRecording) -> tuple[object, ...]:
    audio, tuning = recording.audio, recording.tuning
    sound = (None, None, None) if audio is None else (audio.path, audio.duration_s, audio.sha256)
    pitches = json.dumps(tuning.open_pitches)
    whole = int(recording.whole)
    return (
        recording.key,
        recording.title,
        recording.program,
        whole,
        *sound,
        pitches,
        tuning.capo,
        tuning.n_frets,
    )


def _note_row(correction: Correction) -> tuple[object, ...]:
    note = correction.chosen
    chosen = (
        (None,) * 5
        if note is None
        else (note.onset_s, note.offset_s, note.pitch, note.position.string, note.position.fret)
    )
    return *chosen, json.dumps(correction.expected), suggestion_json(correction.suggested)


def _tuning(open_pitches: object, capo: object, n_frets: object) -> Tuning:
    return Tuning(
        open_pitches=tuple(json.loads(str(open_pitches))), capo=int(str(capo)), n_frets=int(str(n_frets))
    )

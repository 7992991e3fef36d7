"""Jobs and every state of their tabs, in SQLite: what was finished or edited survives whatever happens next.

A job's tab is a row of states: 0 is what was heard, each edit adds one, undo and redo go along the row, and
an edit after an undo takes the place of what was undone. States are ``fretscribe-tab/1``, compressed. One
connection, used by one thread at a time; every method is one transaction.
Neighbours: ``job_queue`` brings results, ``tab_api`` edits them.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fretscribe.errors import OutputError
from fretscribe.io.tab_json import parse_tab_json, render_tab_json
from fretscribe.pipeline import TranscribeOptions
from fretscribe.result import Transcription
from fretscribe.web.jobs import Job, StaleEditError, State, UnknownJobError

_SCHEMA = 1
_TABLES = (
    """CREATE TABLE jobs (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, uploaded INTEGER NOT NULL,
        options TEXT NOT NULL, state TEXT NOT NULL, message TEXT NOT NULL DEFAULT '', at INTEGER
    )""",
    """CREATE TABLE states (
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, number INTEGER NOT NULL,
        edit TEXT NOT NULL, tab BLOB NOT NULL, PRIMARY KEY (job, number)
    )""",
)
_JOB = "id, name, path, uploaded, options, state, message"


@dataclass(frozen=True, slots=True, kw_only=True)
class TabState:
    """A state of a job's tab.

    Attributes
    ----------
    number : int
        0 is what was heard.
    last : int
        Number of the latest state; above ``number`` after an undo.
    edit : str
        What was asked for to make it from the state before (JSON); "" for what was heard.
    result : Transcription
    """

    number: int
    last: int
    edit: str
    result: Transcription


class Store:
    """The studio's database. Use it as a context manager.

    Parameters
    ----------
    path : Path
        Made if absent.

    Raises
    ------
    OutputError
        If it is no database of this version of the studio.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.execute("PRAGMA synchronous = FULL")
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                with self._transaction() as db:
                    for table in _TABLES:
                        db.execute(table)
                    db.execute(f"PRAGMA user_version = {_SCHEMA}")
        except sqlite3.DatabaseError as error:
            raise OutputError(f"{path} cannot be used: {error}", mend="move it away") from error
        if version not in (0, _SCHEMA):
            raise OutputError(
                f"{path} was written by a later fretscribe", mend="use that one, or --folder DIR"
            )

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._db.close()

    def new_id(self) -> str:
        """An id that no job has."""
        return secrets.token_hex(8)

    def add(self, job: Job) -> None:
        """Keep a new job."""
        row = (
            job.id,
            job.name,
            str(job.path),
            int(job.uploaded),
            json.dumps(job.options.given()),
            job.state,
            job.message,
        )
        with self._transaction() as db:
            db.execute(f"INSERT INTO jobs ({_JOB}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - constant

    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        with self._transaction() as db:
            rows = db.execute(f"SELECT {_JOB} FROM jobs ORDER BY rowid").fetchall()  # noqa: S608
        return [_job(row) for row in rows]

    def job(self, job_id: str) -> Job:
        """A job.

        Raises
        ------
        UnknownJobError
            If there is none of this id.
        """
        with self._transaction() as db:
            row = db.execute(f"SELECT {_JOB} FROM jobs WHERE id = ?", (job_id,)).fetchone()  # noqa: S608
        if row is None:
            raise _unknown(job_id)
        return _job(row)

    def change(self, job_id: str, before: State, after: State, message: str = "") -> bool:
        """Bring a job from one state to another; False where it was not in the first."""
        sql = "UPDATE jobs SET state = ?, message = ? WHERE id = ? AND state = ?"
        with self._transaction() as db:
            return db.execute(sql, (after, message, job_id, before)).rowcount == 1

    def queue_again(self) -> list[Job]:
        """Jobs that a studio left queued or running when it ended, oldest first; all are queued now."""
        with self._transaction() as db:
            db.execute("UPDATE jobs SET state = 'queued' WHERE state = 'running'")
        return [job for job in self.jobs() if job.state == "queued"]

    def finish(self, job_id: str, result: Transcription) -> None:
        """Keep what was heard: the running job is done."""
        with self._transaction() as db:
            done = "UPDATE jobs SET state = 'done', at = 0 WHERE id = ? AND state = 'running'"
            if db.execute(done, (job_id,)).rowcount == 1:
                db.execute("INSERT INTO states VALUES (?, 0, '', ?)", (job_id, _packed(result)))

    def delete(self, job_id: str) -> None:
        """Forget a job and its tab.

        Raises
        ------
        UnknownJobError
            If there is none of this id.
        """
        with self._transaction() as db:
            if db.execute("DELETE FROM jobs WHERE id = ?", (job_id,)).rowcount == 0:
                raise _unknown(job_id)

    def tab(self, job_id: str, number: int | None = None) -> TabState:
        """A state of a job's tab, the present one where no number is given.

        Raises
        ------
        UnknownJobError
            If there is no such job or state, or it has no tab (yet).
        """
        with self._transaction() as db:
            at, last = _row_of_states(db, job_id)
            number = at if number is None else number
            row = db.execute(
                "SELECT edit, tab FROM states WHERE job = ? AND number = ?", (job_id, number)
            ).fetchone()
        if row is None:
            raise UnknownJobError(f"the tab has no state {number}: it has 0 to {last}")
        edit, packed = row
        result = parse_tab_json(zlib.decompress(packed))
        return TabState(number=number, last=last, edit=edit, result=result)

    def edit(self, job_id: str, number: int, edit: str, result: Transcription) -> TabState:
        """Add the state that an edit of state ``number`` made; later ones, which were undone, go.

        Raises
        ------
        UnknownJobError
            If there is no such job, or it has no tab.
        StaleEditError
            If the tab is in another state by now.
        """
        packed = _packed(result)
        with self._transaction() as db:
            _check_at(db, job_id, number)
            db.execute("DELETE FROM states WHERE job = ? AND number > ?", (job_id, number))
            db.execute("INSERT INTO states VALUES (?, ?, ?, ?)", (job_id, number + 1, edit, packed))
            db.execute("UPDATE jobs SET at = ? WHERE id = ?", (number + 1, job_id))
        return TabState(number=number + 1, last=number + 1, edit=edit, result=result)

    def step(self, job_id: str, number: int, by: int) -> TabState:
        """Go from state ``number`` back (undo, -1) or on (redo, +1); at the end of the row stay.

        Raises
        ------
        UnknownJobError
            If there is no such job, or it has no tab.
        StaleEditError
            If the tab is in another state by now.
        """
        with self._transaction() as db:
            last = _check_at(db, job_id, number)
            db.execute("UPDATE jobs SET at = ? WHERE id = ?", (min(max(number + by, 0), last), job_id))
        return self.tab(job_id)

    def edits(self, job_id: str, number: int) -> list[str]:
        """What was asked for to come from what was heard to state ``number``, in order (JSON)."""
        sql = "SELECT edit FROM states WHERE job = ? AND number BETWEEN 1 AND ? ORDER BY number"
        with self._transaction() as db:
            return [edit for (edit,) in db.execute(sql, (job_id, number))]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                self._db.execute("BEGIN IMMEDIATE")
                with self._db:  # commits, or rolls back
                    yield self._db
        except sqlite3.Error as error:
            raise OutputError(f"the songs cannot be kept: {error}", mend="make room on the disk") from error


def _row_of_states(db: sqlite3.Connection, job_id: str) -> tuple[int, int]:
    """Numbers of the present and of the latest state."""
    row = db.execute("SELECT at FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise _unknown(job_id)
    if row[0] is None:
        raise UnknownJobError(f"job {job_id} has no tab", mend="wait until it is done")
    (last,) = db.execute("SELECT max(number) FROM states WHERE job = ?", (job_id,)).fetchone()
    return int(row[0]), int(last)


def _check_at(db: sqlite3.Connection, job_id: str, number: int) -> int:
    """The latest state's number; raises if the present state is not ``number``."""
    at, last = _row_of_states(db, job_id)
    if at != number:
        raise StaleEditError(
            f"the tab was changed elsewhere: state {at}, not {number}", mend="reload the page"
        )
    return last


def _job(row: tuple[str, str, str, int, str, State, str]) -> Job:
    job_id, name, path, uploaded, options, state, message = row
    return Job(
        id=job_id,
        name=name,
        path=Path(path),
        uploaded=bool(uploaded),
        options=TranscribeOptions.from_mapping(json.loads(options)),
        state=state,
        message=message,
    )


def _packed(result: Transcription) -> bytes:
    return zlib.compress(render_tab_json(result), level=1)


def _unknown(job_id: str) -> UnknownJobError:
    return UnknownJobError(f"there is no job {job_id!r}", mend="it may have been deleted")

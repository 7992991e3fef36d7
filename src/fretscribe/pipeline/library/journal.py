"""What a batch has done in an output folder: one SQLite file, which is also its lock.

An item is entered before its files are written and marked as done after, so that a kill at any moment leaves
neither a half result that looks whole nor a file that the next run takes for somebody else's.
Neighbours: ``run`` asks and enters.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from fretscribe.errors import OutputError
from fretscribe.pipeline.library.work import Summary

FILE_NAME = ".fretscribe-batch.sqlite3"
_SCHEMA = 1
_TABLE = """CREATE TABLE IF NOT EXISTS items (
    place BLOB PRIMARY KEY, recipe TEXT NOT NULL, done INTEGER NOT NULL,
    files TEXT NOT NULL, summary TEXT NOT NULL
) STRICT"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is known of an item.

    Attributes
    ----------
    recipe : str
        What it was made with: `work.Work.recipe`.
    done : bool
        Whether all of its files were written.
    files : mapping of file name to tuple of str
        Below the output folder; sha256 of everything that a batch wrote there or was about to.
    summary : Summary
    """

    recipe: str
    done: bool
    files: Mapping[str, tuple[str, ...]]
    summary: Summary


class Journal:
    """The entries of a folder that this process alone works in; made by `open_journal`."""

    def __init__(self, db: sqlite3.Connection, folder: Path) -> None:
        self._db = db
        self._folder = folder

    def get(self, place: str) -> Entry | None:
        """The entry of an item, if there is one.

        Raises
        ------
        OutputError
            If the journal was changed by other hands.
        """
        with _told(self._folder):
            query = "SELECT recipe, done, files, summary FROM items WHERE place = ?"
            row = self._db.execute(query, (os.fsencode(place),)).fetchone()
        if row is None:
            return None
        recipe, done, files, summary = row
        try:
            values = json.loads(summary)
            return Entry(
                recipe=recipe,
                done=bool(done),
                files={name: tuple(hashes) for name, hashes in json.loads(files).items()},
                summary=Summary(**values | {"warnings": tuple(values["warnings"])}),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _broken(self._folder, error) from error

    def put(self, place: str, entry: Entry) -> None:
        """Enter an item, durably, in place of what was known of it."""
        files = json.dumps({name: list(hashes) for name, hashes in entry.files.items()})
        row = (os.fsencode(place), entry.recipe, entry.done, files, json.dumps(asdict(entry.summary)))
        with _told(self._folder):
            self._db.execute("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?)", row)


@contextlib.contextmanager
def open_journal(folder: Path) -> Iterator[Journal]:
    """The journal of an existing folder, until the block ends; meanwhile no other process gets it.

    A process that is killed leaves no lock behind: the system lets go of it.

    Raises
    ------
    OutputError
        If another batch works there, or it cannot be kept there.
    """
    with _told(folder):
        db = sqlite3.connect(folder / FILE_NAME, timeout=0.0, isolation_level=None)
    with contextlib.closing(db):
        with _told(folder):
            db.execute("PRAGMA locking_mode = EXCLUSIVE")  # from the first write on, until it is closed
            db.execute("BEGIN IMMEDIATE")
            (version,) = db.execute("PRAGMA user_version").fetchone()
            db.execute(_TABLE)
            db.execute(f"PRAGMA user_version = {version or _SCHEMA}")
            db.execute("COMMIT")
        if version not in (0, _SCHEMA):
            raise OutputError(f"{folder} was written by a later fretscribe", mend="use that one")
        yield Journal(db, folder)


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    elsewhere = "choose another folder with -o DIR"
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise OutputError(
                f"another batch is writing into {folder}", mend=f"wait for it, or {elsewhere}"
            ) from error
        raise OutputError(f"cannot keep {folder / FILE_NAME}: {error}", mend=elsewhere) from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise _broken(folder, error) from error


def _broken(folder: Path, error: Exception) -> OutputError:
    return OutputError(f"{folder / FILE_NAME} is broken: {error}", mend="move it away")

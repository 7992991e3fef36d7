"""The folder where the studio keeps recordings and tabs, and the lock that gives it to one studio alone."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fretscribe.errors import OutputError
from fretscribe.io.user_folder import user_folder

_LOCK = "in-use.lock"


def default_folder() -> Path:
    """Where this user's songs are kept, unless another folder is named."""
    return user_folder() / "studio"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioFolder:
    """Paths inside the folder; nothing in it is meant to be changed by hand.

    Attributes
    ----------
    root : Path
        Readable by its owner alone.
    """

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "studio.sqlite3"

    @property
    def jobs(self) -> Path:
        return self.root / "jobs"

    def of_job(self, job_id: str) -> Path:
        """The folder of one job's recording."""
        return self.jobs / job_id

    def remove_job(self, job_id: str) -> None:
        """Delete what a job left on disk."""
        shutil.rmtree(self.of_job(job_id), ignore_errors=True)

    def remove_strays(self, job_ids: frozenset[str]) -> None:
        """Delete what uploads that never became jobs left behind."""
        for entry in self.jobs.iterdir():
            if entry.name not in job_ids:
                shutil.rmtree(entry, ignore_errors=True)


@contextlib.contextmanager
def open_folder(root: Path) -> Iterator[StudioFolder]:
    """Make the folder if it is absent, and keep other studios out of it until the block ends.

    A process that is killed leaves no lock behind: the system lets go of it.

    Raises
    ------
    OutputError
        If it cannot be written, or another studio has it.
    """
    folder = StudioFolder(root=root.absolute())
    elsewhere = "choose another folder with --folder DIR"
    try:
        folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.jobs.mkdir(exist_ok=True)
        lock = sqlite3.connect(folder.root / _LOCK, timeout=0.0, isolation_level=None)
    except (OSError, sqlite3.OperationalError) as error:
        raise OutputError(f"cannot keep songs in {root}: {error}", mend=elsewhere) from error
    with contextlib.closing(lock):
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            mend = f"use its page, or {elsewhere}"
            raise OutputError(f"another studio has {root}: {error}", mend=mend) from error
        yield folder

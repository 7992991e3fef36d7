"""A recording on its way to a tab: what a job is, and which states it goes through."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fretscribe.errors import InputError
from fretscribe.pipeline import TranscribeOptions

State = Literal["queued", "running", "done", "failed", "cancelled"]

FINAL: frozenset[State] = frozenset({"done", "failed", "cancelled"})
"""States that nothing follows."""


class UnknownJobError(InputError):
    """A job that is not there (any more)."""


class StaleEditError(InputError):
    """An edit of a state of the tab that is not the latest: another window was faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as the database has it.

    Attributes
    ----------
    id : str
        Letters and digits; names its folder and its page.
    name : str
        Of the file, for people.
    path : Path
        The recording: a copy in the job's folder, or a file that the user named.
    uploaded : bool
        Whether ``path`` is the studio's own copy.
    options : TranscribeOptions
    state : State
    message : str
        Why it failed; "" else.
    """

    id: str
    name: str
    path: Path
    uploaded: bool
    options: TranscribeOptions
    state: State = "queued"
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is: the stage that runs, and the share of all the work that is done, 0..1."""

    stage: str = ""
    share: float = 0.0


def job_data(job: Job, progress: Progress | None = None) -> dict[str, object]:
    """A job as a page is told of it."""
    progress = progress or Progress(share=1.0 if job.state == "done" else 0.0)
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state,
        "message": job.message,
        "stage": progress.stage,
        "share": round(progress.share, 3),
    }

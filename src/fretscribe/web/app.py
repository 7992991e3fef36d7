"""The studio as an ASGI application: its parts joined, its errors as answers.

Neighbours: ``guard`` stands before it, ``server`` runs it, ``job_api``, ``tab_api`` and ``pages`` answer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fretscribe.errors import FretscribeError
from fretscribe.pipeline.tabbing import Hands
from fretscribe.result import Transcription
from fretscribe.web.event_log import EventLog
from fretscribe.web.folder import open_folder
from fretscribe.web.guard import Guard
from fretscribe.web.job_api import JobApi, JobBusyError
from fretscribe.web.job_queue import JobQueue, TellFault, Transcribe
from fretscribe.web.jobs import Job, StaleEditError, UnknownJobError
from fretscribe.web.pages import Pages
from fretscribe.web.sound import keep_sound
from fretscribe.web.store import Store
from fretscribe.web.studio import Studio
from fretscribe.web.tab_api import TabApi
from fretscribe.web.uploads import MAX_UPLOAD_BYTES, TooLargeError

_STATUS: dict[type[FretscribeError], int] = {
    UnknownJobError: 404,
    StaleEditError: 409,
    JobBusyError: 409,
    TooLargeError: 413,
}
_REFUSED = 422


@contextlib.contextmanager
def open_studio(
    root: Path,
    transcribe: Transcribe,
    hands: Callable[[], Hands],
    *,
    feedback: Path,
    tell_fault: TellFault,
    max_upload_bytes: int = MAX_UPLOAD_BYTES,
) -> Iterator[Studio]:
    """The studio of a folder, its worker running until the block ends.

    Parameters
    ----------
    root : Path
        See `open_folder`.
    transcribe : Transcribe
        Turns a recording into a tab, in the worker's thread.
    hands : callable
        Gives the stages that finger and judge anew.
    feedback : Path
        File that keeps what players corrected; see `FeedbackStore`.
    tell_fault : callable
        See `JobQueue`.
    max_upload_bytes : int

    Raises
    ------
    OutputError
        If the folder cannot be used, or another studio has it.
    """
    with open_folder(root) as folder, Store(folder.database) as store:
        folder.remove_strays(frozenset(job.id for job in store.jobs()))

        def prepare(job: Job, result: Transcription) -> None:
            keep_sound(folder.of_job(job.id), result.audio)

        events = EventLog()
        with JobQueue(store, events, transcribe, prepare, tell_fault) as queue:
            yield Studio(
                folder=folder,
                store=store,
                events=events,
                queue=queue,
                hands=hands,
                feedback=feedback,
                max_upload_bytes=max_upload_bytes,
            )


def studio_app(studio: Studio, *, token: str, hosts: Iterable[str]) -> Guard:
    """What answers a browser.

    Parameters
    ----------
    studio : Studio
    token : str
        First part of every address.
    hosts : iterable of str
        See `Guard`.
    """
    tabs = TabApi(studio)
    routes = [*Pages(studio, tabs).routes(), *JobApi(studio).routes(), *tabs.routes()]
    app = Starlette(routes=routes, exception_handlers={FretscribeError: _refuse})
    return Guard(app, token=token, hosts=hosts)


async def _refuse(request: Request, error: Exception) -> Response:
    """An expected error as an answer: its message, and what mends it."""
    if not isinstance(error, FretscribeError):
        raise error
    told = {"error": error.message, "mend": error.mend}
    return JSONResponse(told, status_code=_STATUS.get(type(error), _REFUSED))

"""One job after the other: the thread that turns recordings into tabs, and how it is told to stop.

Cancelling takes effect where the pipeline next says how far it is, or what it has heard. A studio that ends
leaves its running job to the next one. Neighbours: ``store`` keeps jobs and results, ``event_log`` is told of
every step, ``pipeline`` does the work.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Literal, Protocol

from fretscribe.errors import FretscribeError, OutputError
from fretscribe.pipeline import Progress as TellProgress
from fretscribe.pipeline import TranscribeOptions
from fretscribe.pipeline.drafting import Draft, Watch
from fretscribe.result import Transcription
from fretscribe.web.drafts import draft_data
from fretscribe.web.event_log import DRAFT, EventLog
from fretscribe.web.jobs import Job, Progress, job_data
from fretscribe.web.store import Store

_LEAST_STEP = 0.01
_HEARD_SHARE = 0.97
"""Of all the work; the rest is making the page."""


class Transcribe(Protocol):
    """Turns a recording into a tab, such as a `Transcriber`."""

    def __call__(
        self,
        source: Path,
        options: TranscribeOptions,
        *,
        progress: TellProgress | None = None,
        watch: Watch | None = None,
    ) -> Transcription: ...


Prepare = Callable[[Job, Transcription], None]
"""Makes what the page of a job will need besides the tab."""
TellFault = Callable[[BaseException], None]


class _Stopped(Exception):  # noqa: N818 - no error: somebody asked for it
    """Leaves the pipeline from inside its progress."""


class JobQueue:
    """The studio's only worker. Use it as a context manager: jobs that were left over are queued again.

    Parameters
    ----------
    store : Store
    events : EventLog
    transcribe : Transcribe
    prepare : callable
        Called with the job and its result before the job is done.
    tell_fault : callable
        Called with an exception that nobody expected, after it has ended its job.
    """

    def __init__(
        self,
        store: Store,
        events: EventLog,
        transcribe: Transcribe,
        prepare: Prepare,
        tell_fault: TellFault,
    ) -> None:
        self._store = store
        self._events = events
        self._transcribe = transcribe
        self._prepare = prepare
        self._tell_fault = tell_fault
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="studio")
        self._stopped: set[str] = set()
        self._closing = threading.Event()

    def __enter__(self) -> JobQueue:
        for job in self._store.queue_again():
            self.submit(job)
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Stop the running job; the database still has it running, so the next studio takes it up."""
        self._closing.set()
        self._worker.shutdown(wait=True, cancel_futures=True)

    def submit(self, job: Job) -> None:
        """Let a queued job, which the store has, wait for its turn."""
        self._events.tell(job.id, job_data(job))
        self._worker.submit(self._run, job).add_done_callback(lambda ended: self._after(job, ended))

    def cancel(self, job_id: str) -> None:
        """Take a job out of the queue, or stop it soon; one that ended stays as it is.

        Raises
        ------
        UnknownJobError
            If there is no such job.
        """
        if self._store.change(job_id, "queued", "cancelled"):
            self._events.tell(job_id, job_data(self._store.job(job_id)))
        elif self._store.job(job_id).state == "running":
            self._stopped.add(job_id)

    def _run(self, job: Job) -> None:
        """In the worker's thread."""
        if self._closing.is_set() or not self._store.change(job.id, "queued", "running"):
            return
        job = replace(job, state="running")
        tell = _Steps(job, self._events, self._check)
        try:
            tell("starting", 0.0)
            result = self._transcribe(
                job.path,
                job.options,
                progress=lambda stage, share: tell(stage, _HEARD_SHARE * share),
                watch=tell.draft,
            )
            tell("engraving", _HEARD_SHARE)
            self._prepare(job, result)
            self._store.finish(job.id, result)
        except _Stopped:
            if not self._closing.is_set():
                self._end(job, "cancelled")
        except FretscribeError as error:
            self._end(job, "failed", _told(error, job))
        else:
            self._events.tell(job.id, job_data(replace(job, state="done")))

    def _check(self, job: Job) -> None:
        if self._closing.is_set() or job.id in self._stopped:
            raise _Stopped

    def _after(self, job: Job, ended: Future[None]) -> None:
        """A fault of the program ends its job, not the studio."""
        self._stopped.discard(job.id)
        fault = None if ended.cancelled() else ended.exception()
        if fault is not None:
            self._end(job, "failed", f"fretscribe has a fault: {type(fault).__name__}: {fault}")
            self._tell_fault(fault)

    def _end(self, job: Job, state: Literal["failed", "cancelled"], message: str = "") -> None:
        try:
            ended = self._store.change(job.id, "running", state, message)
        except OutputError:  # whoever watches is told; the next studio, with room on the disk, takes it up
            ended = True
        if ended:
            self._events.tell(job.id, job_data(replace(job, state=state, message=message)))


class _Steps:
    """Tells the log of each new stage, of every hundredth inside one, and of bars as they are first heard."""

    def __init__(self, job: Job, events: EventLog, check: Callable[[Job], None]) -> None:
        self._job, self._events, self._check = job, events, check
        self._told = Progress(share=-1.0)

    def __call__(self, stage: str, share: float) -> None:
        self._check(self._job)
        if stage != self._told.stage or share - self._told.share >= _LEAST_STEP:
            self._told = Progress(stage=stage, share=share)
            self._events.tell(self._job.id, job_data(self._job, self._told))

    def draft(self, draft: Draft) -> None:
        self._check(self._job)
        self._events.tell(self._job.id, {**job_data(self._job, self._told), DRAFT: draft_data(draft)})


def _told(error: FretscribeError, job: Job) -> str:
    """The error in a line; of an upload it names the file as the user does."""
    return str(error).replace(str(job.path), job.name) if job.uploaded else str(error)

"""Jobs over HTTP: recordings come in, their progress goes out, they are cancelled and forgotten.

A recording is the body of a request as it is, with its name in the query; or a path in JSON. Neighbours:
``uploads`` takes the bytes, ``job_queue`` works, ``tab_api`` has what comes of it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from fretscribe.errors import AudioError, FretscribeError, InputError, OutputError
from fretscribe.io.atomic import make_folder
from fretscribe.io.json_fields import Field, load_json
from fretscribe.pipeline import TranscribeOptions
from fretscribe.web.edit_requests import parse_options
from fretscribe.web.jobs import FINAL, Job, job_data
from fretscribe.web.requests import read_json
from fretscribe.web.studio import Studio
from fretscribe.web.uploads import check_recording, safe_name, save_upload

_HEARTBEAT_S = 15.0
_MAX_OPTIONS_BYTES = 10_000


class JobBusyError(InputError):
    """A job that cannot be forgotten while it runs."""


class JobApi:
    """Answers requests for jobs."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def routes(self) -> list[Route]:
        """What is answered, and where."""
        return [
            Route("/api/jobs", self.list_jobs, methods=["GET"]),
            Route("/api/jobs", self.receive, methods=["POST"]),
            Route("/api/jobs/{job}", self.show, methods=["GET"]),
            Route("/api/jobs/{job}", self.forget, methods=["DELETE"]),
            Route("/api/jobs/{job}/cancel", self.cancel, methods=["POST"]),
            Route("/api/jobs/{job}/events", self.follow, methods=["GET"]),
        ]

    def list_jobs(self, request: Request) -> Response:
        """All jobs, oldest first."""
        return JSONResponse({"jobs": [self._told(job) for job in self._studio.store.jobs()]})

    async def receive(self, request: Request) -> Response:
        """A new job: a recording as the body with ``?name=``, or ``{"path": ..., "options": {...}}``."""
        if request.headers.get("content-type", "").partition(";")[0].strip() == "application/json":
            fields = (await read_json(request)).fields(("path",), optional=("options",))
            options = TranscribeOptions() if fields["options"].is_null else parse_options(fields["options"])
            job = await run_in_threadpool(self._job_of_path, fields["path"], options)
        else:
            try:
                job = await self._job_of_upload(request)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody hears it
        await run_in_threadpool(self._start, job)
        return JSONResponse(self._told(job), status_code=201)

    def show(self, request: Request) -> Response:
        """A job."""
        return JSONResponse(self._told(self._job(request)))

    def cancel(self, request: Request) -> Response:
        """Take a job out of the queue, or stop it soon."""
        job = self._job(request)
        self._studio.queue.cancel(job.id)
        return JSONResponse(self._told(self._studio.store.job(job.id)))

    def forget(self, request: Request) -> Response:
        """Delete a job, its tab, and the studio's copy of its recording."""
        studio, job = self._studio, self._job(request)
        studio.queue.cancel(job.id)
        if studio.store.job(job.id).state not in FINAL:
            raise JobBusyError(f"{job.name} is being worked on", mend="it stops in a moment; delete it then")
        studio.store.delete(job.id)
        studio.events.forget(job.id)
        studio.folder.remove_job(job.id)
        return Response(status_code=204)

    async def follow(self, request: Request) -> Response:
        """The job's progress as server-sent events, numbered; they end when the job does."""
        job = await run_in_threadpool(self._job, request)
        seen = request.headers.get("last-event-id", "")
        after = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
        if self._studio.events.is_over(job.id, after):
            return Response(status_code=204)  # which tells a browser not to come back
        return StreamingResponse(self._told_live(job, after), media_type="text/event-stream")

    async def _told_live(self, job: Job, after: int) -> AsyncIterator[str]:
        if self._studio.events.latest(job.id) is None:  # it ended before the studio started
            yield _event(1, job_data(job))
            return
        async for told in self._studio.events.follow(job.id, after, heartbeat_s=_HEARTBEAT_S):
            yield ": still here\n\n" if told is None else _event(*told)

    def _job(self, request: Request) -> Job:
        return self._studio.store.job(request.path_params["job"])

    def _told(self, job: Job) -> dict[str, object]:
        live = self._studio.events.latest(job.id)
        return job_data(job) if live is None else dict(live)

    def _job_of_path(self, field: Field, options: TranscribeOptions) -> Job:
        path = _path_of(field)
        check_recording(path)
        job_id = self._studio.store.new_id()
        return Job(id=job_id, name=path.name, path=path, uploaded=False, options=options)

    async def _job_of_upload(self, request: Request) -> Job:
        studio, query = self._studio, request.query_params
        name = safe_name(query.get("name", ""))
        options = TranscribeOptions()
        if "options" in query:
            text = query["options"].encode("utf-8", "replace")
            options = parse_options(load_json(text, "options", max_bytes=_MAX_OPTIONS_BYTES))
        job_id = studio.store.new_id()
        folder = studio.folder.of_job(job_id) / "recording"
        job = Job(id=job_id, name=name, path=folder / name, uploaded=True, options=options)
        with self._folder_of(job):
            folder.mkdir()
            declared = request.headers.get("content-length", "")
            await save_upload(
                request.stream(),
                job.path,
                declared_bytes=int(declared) if declared.isascii() and declared.isdigit() else None,
                max_bytes=studio.max_upload_bytes,
            )
            with _named(job):
                await run_in_threadpool(check_recording, job.path)
        return job

    def _start(self, job: Job) -> None:
        if not job.uploaded:
            make_folder(self._studio.folder.of_job(job.id))
        self._studio.store.add(job)
        self._studio.queue.submit(job)

    @contextlib.contextmanager
    def _folder_of(self, job: Job) -> Iterator[None]:
        """A folder for the job, which goes again if the block fails or the sender goes away."""
        folder = self._studio.folder.of_job(job.id)
        complete = False
        try:
            folder.mkdir()
            yield
            complete = True
        except OSError as error:
            raise OutputError(f"cannot keep {job.name}: {error.strerror or error}") from error
        finally:
            if not complete:
                self._studio.folder.remove_job(job.id)


def _path_of(field: Field) -> Path:
    """An absolute path as a user writes it, perhaps with quotes around it or ``~`` before it."""
    text = field.text().strip().strip("\"'")
    try:
        text.encode("utf-8")
        path = Path(text).expanduser()
    except (UnicodeEncodeError, RuntimeError) as error:
        raise field.wrong("a path of this machine") from error
    if not path.is_absolute() or "\0" in text:
        raise AudioError(
            f"{text!r} is no whole path", mend="write it from the root on, such as /home/me/song.wav"
        )
    return path


@contextlib.contextmanager
def _named(job: Job) -> Iterator[None]:
    """Errors inside name the recording as its user does, not by the studio's own path."""
    try:
        yield
    except FretscribeError as error:
        raise AudioError(error.message.replace(str(job.path), job.name), mend=error.mend) from error


def _event(number: int, event: object) -> str:
    return f"id: {number}\ndata: {json.dumps(event)}\n\n"

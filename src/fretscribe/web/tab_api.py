"""A job's tab over HTTP: what its page shows, edits of it, undo and redo, and files of every format.

Every edit names the state that it was made of; where another window was faster it is refused, not applied to
something else. What cannot be engraved is refused too, before it is kept. Neighbours: ``edit_requests`` and
``edits`` make the next state, ``store`` keeps it, ``io.html_data`` says what a page knows of a tab.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from fretscribe.errors import MissingProgramError
from fretscribe.feedback.corrections import compare
from fretscribe.feedback.store import FeedbackStore
from fretscribe.io.alphatex_writer import render_alphatex
from fretscribe.io.formats import FORMATS, WRITABLE, losses_of, render_tab, suffix_of
from fretscribe.io.html_data import page_data
from fretscribe.io.json_fields import Field
from fretscribe.io.tab_to_score import tab_to_score
from fretscribe.result import Transcription
from fretscribe.web.edit_requests import join_retabs, last_fingering, parse_edit
from fretscribe.web.jobs import Job, UnknownJobError
from fretscribe.web.positions import likely_positions
from fretscribe.web.requests import query_number, read_json
from fretscribe.web.sound import kept_sound
from fretscribe.web.store import TabState
from fretscribe.web.studio import Studio


class TabApi:
    """Answers requests for tabs."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def routes(self) -> list[Route]:
        """What is answered, and where."""
        return [
            Route("/api/jobs/{job}/tab", self.show, methods=["GET"]),
            Route("/api/jobs/{job}/notes/{note:int}/positions", self.positions, methods=["GET"]),
            Route("/api/jobs/{job}/edits", self.edit, methods=["POST"]),
            Route("/api/jobs/{job}/undo", self.undo, methods=["POST"]),
            Route("/api/jobs/{job}/redo", self.redo, methods=["POST"]),
            Route("/api/jobs/{job}/learn", self.learn, methods=["POST"]),
            Route("/api/jobs/{job}/files/{format}", self.download, methods=["GET"]),
            Route("/api/jobs/{job}/recording", self.recording, methods=["GET"]),
        ]

    def show(self, request: Request) -> Response:
        """The tab as its page needs it; ``?state=0`` is what was heard."""
        job = self._job(request)
        return JSONResponse(self.page_of(job, query_number(request, "state")))

    def page_of(self, job: Job, number: int | None = None) -> dict[str, object]:
        """What the page of a job knows.

        Raises
        ------
        UnknownJobError
            If the job has no tab (yet), or not that state.
        """
        return self._page(job, self._studio.store.tab(job.id, number))

    def positions(self, request: Request) -> Response:
        """Where a note may have been played, the most probable first."""
        state = self._studio.store.tab(self._job(request).id, query_number(request, "state"))
        found = likely_positions(state.result.tab, request.path_params["note"], self._studio.hands())
        told = [{"string": p.position.string, "fret": p.position.fret, "p": p.probability} for p in found]
        return JSONResponse({"state": state.number, "positions": told})

    async def edit(self, request: Request) -> Response:
        """One edit: ``{"state": 3, "edit": {"kind": "place", ...}}``; answers with the new page."""
        fields = (await read_json(request)).fields(("state", "edit"))
        return JSONResponse(await run_in_threadpool(self._edit, request, fields))

    async def undo(self, request: Request) -> Response:
        """Back to the state before ``{"state": 3}``."""
        return await self._step(request, -1)

    async def redo(self, request: Request) -> Response:
        """On to the state after ``{"state": 3}``."""
        return await self._step(request, 1)

    async def learn(self, request: Request) -> Response:
        """Keep what state ``{"state": 3, "all_seen": false}`` says of the player, on this machine.

        ``all_seen``: whether the player looked at every note, so that what was left alone is right.
        """
        fields = (await read_json(request)).fields(("state", "all_seen"))
        return JSONResponse(await run_in_threadpool(self._learn, request, fields))

    def download(self, request: Request) -> Response:
        """The present state as a file; what it cannot hold is told in ``x-losses``."""
        job, name = self._job(request), request.path_params["format"]
        suffix = suffix_of(name)
        result = self._studio.store.tab(job.id).result
        if job.uploaded and not FORMATS[name].holds_recording:  # one that does has to find it
            result = _without_folder(result, job)
        return Response(
            render_tab(result, name),
            media_type="application/octet-stream",
            headers={
                "content-disposition": _attachment(Path(job.name).stem + suffix),
                "x-losses": quote(losses_of(result, name)),
            },
        )

    def recording(self, request: Request) -> Response:
        """What the page plays, as MP3."""
        job = self._job(request)
        if job.state != "done":
            raise UnknownJobError(f"{job.name} was not heard (yet)")
        sound = kept_sound(self._studio.folder.of_job(job.id))
        if sound.facts is None:
            raise UnknownJobError(f"there is no sound: {sound.lack}")
        return FileResponse(sound.mp3, media_type="audio/mpeg")

    async def _step(self, request: Request, by: int) -> Response:
        number = (await read_json(request)).fields(("state",))["state"].integer(low=0)
        return JSONResponse(await run_in_threadpool(self._stepped, request, number, by))

    def _stepped(self, request: Request, number: int, by: int) -> dict[str, object]:
        job = self._job(request)
        return self._page(job, self._studio.store.step(job.id, number, by))

    def _edit(self, request: Request, fields: dict[str, Field]) -> dict[str, object]:
        job, number = self._job(request), fields["state"].integer(low=0)
        base, wanted = self._studio.store.tab(job.id, number), fields["edit"]
        parse_edit(wanted)  # as it stands, it has to make sense
        while joined := join_retabs(base.edit, wanted):
            base, wanted = self._studio.store.tab(job.id, base.number - 1), joined
        result = parse_edit(wanted)(base.result, self._studio.hands())
        engraved = _engraved(result)
        asked = json.dumps(fields["edit"].value)
        kept = self._studio.store.edit(job.id, number, asked, result)
        return self._page(job, kept, engraved)

    def _learn(self, request: Request, fields: dict[str, Field]) -> dict[str, object]:
        job, store = self._job(request), self._studio.store
        number, all_seen = fields["state"].integer(low=0), fields["all_seen"].value
        if not isinstance(all_seen, bool):
            raise fields["all_seen"].wrong("true or false")
        # what fingering anew moved or left out is nothing that the player did
        suggested = store.tab(job.id, last_fingering(store.edits(job.id, number))).result
        mended = store.tab(job.id, number).result
        found = compare(suggested, mended, changed_only=not all_seen)
        with FeedbackStore(self._studio.feedback) as kept:
            kept.keep([found])
        return {"learned": dict(Counter(correction.kind for correction in found.corrections))}

    def _job(self, request: Request) -> Job:
        return self._studio.store.job(request.path_params["job"])

    def _page(
        self, job: Job, state: TabState, engraved: dict[str, object] | None = None
    ) -> dict[str, object]:
        sound = kept_sound(self._studio.folder.of_job(job.id))
        result = state.result
        return {
            **(engraved or _engraved(result)),
            "recording": sound.facts,
            "recording_lack": sound.lack,
            "warnings": list(result.warnings),
            "editing": {
                "job": job.id,
                "state": state.number,
                "last": state.last,
                "formats": _formats(),
                "beats": [
                    None if n.onset_beats is None else [str(n.onset_beats), str(n.duration_beats)]
                    for n in result.tab.notes
                ],
            },
        }


def _engraved(result: Transcription) -> dict[str, object]:
    """What a page that opens from disk knows of a tab, but for its recording.

    Raises
    ------
    OutputError
        If the tab is too long to be engraved.
    """
    score = tab_to_score(result.tab)
    return {**page_data(result, score), "alphatex": render_alphatex(score).decode()}


@functools.cache
def _formats() -> list[dict[str, str]]:
    """What can be saved on this machine."""
    found = []
    for name in WRITABLE:
        if require := FORMATS[name].require:
            try:
                require()
            except MissingProgramError:
                continue
        found.append({"name": name, "suffix": suffix_of(name)})
    return found


def _without_folder(result: Transcription, job: Job) -> Transcription:
    """The result with the recording's name for its path, for those who get the file to read."""
    audio = result.audio
    return result if audio is None else replace(result, audio=replace(audio, path=job.name))


def _attachment(name: str) -> str:
    """The header that saves an answer under a name, whatever letters it has (RFC 6266)."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

"""A studio that hears the same riff in every recording, and a browser's requests to it."""

from __future__ import annotations

import contextlib
import socket
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn
from starlette.testclient import TestClient

from fretscribe.feedback.store import FILE_NAME
from fretscribe.io.audio import read_audio
from fretscribe.music import Tab
from fretscribe.pipeline.drafting import Draft, DraftBar
from fretscribe.pipeline.tabbing import Hands
from fretscribe.result import Transcription
from fretscribe.web.app import open_studio, studio_app
from fretscribe.web.job_queue import Transcribe
from strategies import tab_note, tab_of

TOKEN = "-".join(["a", "token", "that", "nobody", "guesses"])
HOST = "127.0.0.1:8000"

RIFF = ((0, 0, 0), (1, 2, 1), (2, 2, 2), (3, 0, 3), (0, 3, 4), (1, 2, 4), (2, 0, 4), (4, 3, 6), (5, 0, 7))
"""String, fret, beat."""


def riff() -> Tab:
    """A line, a chord, and doubts about every third note."""
    notes = (
        tab_note(string, fret, beat, confidence=0.3 if i % 3 == 2 else 0.9)
        for i, (string, fret, beat) in enumerate(RIFF)
    )
    return tab_of(*notes)


def riff_drafts() -> tuple[Draft, Draft]:
    """The riff as it is first heard: two bars, one after the other."""
    tab = riff()
    halves = [tuple(n for n in tab.notes if int(n.note.onset_s // 2) == half) for half in (0, 1)]
    bars = [DraftBar(start_s=2.0 * i, end_s=2.0 * i + 2.0, notes=notes) for i, notes in enumerate(halves)]
    first, second = (Draft(tuning=tab.tuning, first=i, bars=(bar,)) for i, bar in enumerate(bars))
    return first, second


def hear_riff(source: Path, options: Any, *, progress: Any = None, watch: Any = None) -> Transcription:
    """Stands in for the pipeline: reads the recording, and hears the riff in it."""
    progress("reading", 0.0)
    file = read_audio(source)
    for share, draft in zip((0.25, 0.5), riff_drafts(), strict=True):
        progress("listening", share)
        watch(draft)
    return Transcription(tab=replace(riff(), title=source.stem), audio=file.info)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A studio and a client that knows its token; addresses are those below it."""

    studio: Any
    client: Any
    faults: list[BaseException]
    token: str = TOKEN

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(f"/{self.token}/{path}", **more)

    def post(self, path: str, **more: Any) -> Any:
        return self.client.post(f"/{self.token}/{path}", **more)

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/{self.token}/{path}")

    def upload(self, recording: Path, name: str | None = None) -> Any:
        name = recording.name if name is None else name
        return self.post("api/jobs", params={"name": name}, content=recording.read_bytes())

    def heard(self, recording: Path) -> str:
        """The id of a job that is done."""
        job = self.upload(recording).json()["id"]
        events = self.get(f"api/jobs/{job}/events").text
        assert '"state": "done"' in events, events
        return str(job)


@contextlib.contextmanager
def open_visit(folder: Path, transcribe: Transcribe = hear_riff, **more: Any) -> Iterator[Visit]:
    """Open a studio: its folder, what it hears with, and what else `open_studio` takes."""
    faults: list[BaseException] = []
    with open_studio(
        folder, transcribe, Hands, feedback=folder / FILE_NAME, tell_fault=faults.append, **more
    ) as studio:
        app = studio_app(studio, token=TOKEN, hosts=(HOST,))
        with TestClient(app, base_url=f"http://{HOST}", follow_redirects=False) as client:
            yield Visit(studio=studio, client=client, faults=faults)


@contextlib.contextmanager
def listening(folder: Path, transcribe: Transcribe = hear_riff) -> Iterator[str]:
    """The address of a studio that listens on a port of this machine, for real browsers."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # who is early waits
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        with open_studio(
            folder, transcribe, Hands, feedback=folder / FILE_NAME, tell_fault=traceback.print_exception
        ) as studio:
            app = studio_app(studio, token=TOKEN, hosts=(host,))
            config = uvicorn.Config(
                app, log_level="error", ws="none", lifespan="off", timeout_graceful_shutdown=1
            )
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                yield f"http://{host}/{TOKEN}/"
            finally:
                server.should_exit = True
                thread.join()

"""Runs the studio on this machine alone, until Ctrl-C.

Neighbours: ``app`` answers, ``cli.studio`` starts it. Needs the extra ``studio``.
"""

from __future__ import annotations

import functools
import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import uvicorn

from fretscribe.errors import OptionError
from fretscribe.feedback.store import load_habits, store_path
from fretscribe.pipeline import Progress, TranscribeOptions, load_transcriber
from fretscribe.pipeline.drafting import Watch
from fretscribe.pipeline.tabbing import Hands, with_habits
from fretscribe.result import Transcription
from fretscribe.web.app import open_studio, studio_app
from fretscribe.web.job_queue import TellFault

HOST = "127.0.0.1"
_CLOSING_S = 1  # pages that follow a job do not hang up by themselves


def serve(
    root: Path,
    *,
    port: int,
    weights: Path | None,
    personal: bool,
    ready: Callable[[str], None],
    tell_fault: TellFault,
) -> None:
    """Serve the studio of a folder until the process is interrupted.

    Parameters
    ----------
    root : Path
    port : int
        0 takes a free one.
    weights : Path, optional
        See `load_transcriber`.
    personal : bool
        Whether fingering leans to what was learned of the player.
    ready : callable
        Called with the address, which holds the token, when the studio listens.
    tell_fault : callable
        Called with an exception that nobody expected; the studio goes on.

    Raises
    ------
    OptionError
        If the port is taken.
    OutputError
        If the folder cannot be used.
    WeightsError
        If weights cannot be loaded.
    """
    load = functools.cache(lambda: load_transcriber(weights))

    def transcribe(
        source: Path,
        options: TranscribeOptions,
        *,
        progress: Progress | None = None,
        watch: Watch | None = None,
    ) -> Transcription:
        return replace(load(), hands=hands())(source, options, progress=progress, watch=watch)

    def hands() -> Hands:
        return with_habits(load().hands, load_habits() if personal else None)

    listener = _listener(port)
    load()  # now, so that what is wrong with weights is said at once
    with (
        listener,
        open_studio(root, transcribe, hands, feedback=store_path(), tell_fault=tell_fault) as studio,
    ):
        bound = listener.getsockname()[1]
        token = secrets.token_urlsafe(24)
        app = studio_app(studio, token=token, hosts=(f"{HOST}:{bound}", f"localhost:{bound}"))
        config = uvicorn.Config(
            app,
            log_level="error",
            access_log=False,  # it would hold the token
            ws="none",
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_CLOSING_S,
        )
        ready(f"http://{HOST}:{bound}/{token}/")
        uvicorn.Server(config).run(sockets=[listener])


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # a port that was just left can be taken again
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(64)
    except OSError as error:
        listener.close()
        mend = "choose another --port, or none for a free one"
        raise OptionError(f"port {port} cannot be used: {error.strerror}", mend=mend) from error
    return listener

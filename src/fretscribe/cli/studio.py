"""``fretscribe studio``: a page on this machine where tabs are heard, seen and mended."""

from __future__ import annotations

import importlib.util
import traceback
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from fretscribe.cli import options as o
from fretscribe.cli.report import note_line
from fretscribe.errors import MissingExtraError


def studio(
    port: Annotated[
        int,
        typer.Option(
            "--port", metavar="N", min=0, max=65535, show_default=False, help="Default: a free one."
        ),
    ] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Open no browser.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            metavar="DIR",
            help="Where songs are kept. Default: the user's data folder, or $FRETSCRIBE_HOME.",
        ),
    ] = None,
    quiet: o.Quiet = False,
    weights: o.Weights = None,
    no_personal: o.NoPersonal = False,
) -> None:
    """Open the studio, a page in your browser; needs the extra 'studio'.

    Drop a recording, watch it become a tab, hear both together, mend what is wrong, save it in any format.
    The page's address, which holds a password of its own, is printed. Only this machine can reach it, and
    nothing leaves it. Ctrl-C ends it; songs stay.
    """
    for package in ("starlette", "uvicorn"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError("the studio", "studio")
    from fretscribe.web.folder import default_folder
    from fretscribe.web.server import serve

    def ready(address: str) -> None:
        typer.echo(address)
        if not quiet:
            note_line("the studio is open at that address, on this machine alone; Ctrl-C ends it")
        if not no_open:
            webbrowser.open(address)

    try:
        serve(
            default_folder() if folder is None else folder,
            port=port,
            weights=weights,
            personal=not no_personal,
            ready=ready,
            tell_fault=traceback.print_exception,
        )
    except KeyboardInterrupt:  # the way to end it
        if not quiet:
            note_line("the studio is closed")

"""``fretscribe convert``: from one tab format to another, by the files' suffixes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fretscribe.cli import options as o


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A tab or score that can be read.")],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="The file to write; its suffix is the format.")
    ],
    force: o.Force = False,
) -> None:
    """Convert a tab to another format.

    The suffixes say which: .json, .tab.txt, .mid, .jams ...
    """
    from fretscribe.io.formats import read_tab, write_tab

    write_tab(read_tab(source), target, force=force)

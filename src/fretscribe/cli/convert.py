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
    track: Annotated[
        str | None,
        typer.Option(
            "--track",
            metavar="N|NAME",
            help="Track of a score or MIDI file. Default: the first guitar with notes.",
        ),
    ] = None,
    unroll: Annotated[
        bool, typer.Option("--unroll", help="Play the repeats of a score as often as they sound.")
    ] = False,
    string_names: o.StringNames = "letters",
) -> None:
    """Convert a tab to another format.

    The suffixes say which. Read and written: .json .tab.txt .mid .jams .gp5 .gp .synced.gp .musicxml; read
    only: .gp3 .gp4 .gpx .mxl; written only: .alphatex .csv .ly .pdf. What names pitches but no strings gets
    a fingering. What is left out is said.
    """
    from fretscribe.cli.report import warning_line
    from fretscribe.io.formats import format_of, losses_of, write_tab
    from fretscribe.io.page_options import PageOptions
    from fretscribe.pipeline.importing import import_tab

    result = import_tab(source, track=track, unroll=unroll)
    write_tab(result, target, force=force, page=PageOptions(string_names=string_names))
    for warning in (*result.warnings, losses_of(result, format_of(target))):
        if warning:
            warning_line(f"{source}: {warning}")

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
) -> None:
    """Convert a tab to another format.

    The suffixes say which: .json, .tab.txt, .mid, .jams; Guitar Pro (.gp3 .gp4 .gp5 .gpx .gp) and MusicXML
    (.musicxml .xml .mxl) can be read. What names pitches but no strings gets a fingering. What is left out is
    said.
    """
    from fretscribe.cli.report import warning_line
    from fretscribe.io.formats import write_tab
    from fretscribe.pipeline.importing import import_tab

    result = import_tab(source, track=track, unroll=unroll)
    write_tab(result, target, force=force)
    for warning in result.warnings:
        warning_line(f"{source}: {warning}")

"""``fretscribe tabs``: text tabs found on the web, read and shown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fretscribe.cli.report import note_line, warning_line
from fretscribe.convert import counted

if TYPE_CHECKING:
    from fretscribe.io.text_tab_reader import ParsedTextTab

_MOST_SHOWN = 20

tabs_app = typer.Typer(
    help="Text tabs as they are posted: read them and see what was understood.", no_args_is_help=True
)


@tabs_app.callback()
def _group() -> None:
    """Keeps ``show`` a command of its own while the group has no other."""


@tabs_app.command("show")
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A text tab (.txt, .tab).")],
    bpm: Annotated[
        float | None,
        typer.Option(
            "--bpm", metavar="BPM", help="Tempo in beats a minute. Default: as the text says, or 120."
        ),
    ] = None,
    tuning: Annotated[
        str | None,
        typer.Option(
            "--tuning",
            metavar="NAME|NOTES",
            help='Name, or strings low to high: "drop D", "D2 A2 D3 G3 B3 E4". Default: as the text says.',
        ),
    ] = None,
    capo: Annotated[
        int | None, typer.Option("--capo", metavar="N", help="Fret of the capo. Default: as the text says.")
    ] = None,
    unroll: Annotated[bool, typer.Option("--unroll", help="Play repeats out (x4, |: :|).")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only the notes and errors.")] = False,
) -> None:
    """Print the notes of a text tab: time in seconds, string (0 = lowest), fret, MIDI pitch.

    Tab-separated, with a heading. What was stated or assumed, and what was not understood, goes to stderr.
    """
    from fretscribe.io.text_tab_reader import read_text_tab
    from fretscribe.tunings import parse_tuning

    parsed = read_text_tab(
        file,
        tuning=None if tuning is None else parse_tuning(tuning),
        capo=capo,
        bpm=bpm,
        unroll=unroll,
    )
    lines = ["time_s\tstring\tfret\tpitch"]
    lines += [
        f"{n.note.onset_s:.3f}\t{n.position.string}\t{n.position.fret}\t{n.note.pitch}"
        for n in parsed.tab.notes
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    if not quiet:
        _print_account(file, parsed)


def _print_account(file: Path, parsed: ParsedTextTab) -> None:
    note_line(f"{file}: {counted(len(parsed.tab.notes), 'note')}, {counted(len(parsed.sections), 'section')}")
    for line in parsed.account():
        note_line(line)
    for remark in parsed.not_understood[:_MOST_SHOWN]:
        warning_line(f"line {remark.line}, column {remark.column}: {remark.text!r}: {remark.why}")
    if len(parsed.not_understood) > _MOST_SHOWN:
        warning_line(f"and {len(parsed.not_understood) - _MOST_SHOWN} more")

"""Writes the command reference from the commands' own help: ``python -m fretscribe.cli.reference``.

A test holds ``docs/cli.md`` to what this prints.
"""

from __future__ import annotations

import contextlib
import io
import sys

import typer

from fretscribe.cli.app import app

_WIDTH = 100  # of any terminal it is made in

_HEAD = """# The command line

Generated from `--help` by `python -m fretscribe.cli.reference > docs/cli.md`; a test keeps it current.

stdout carries data only (`-o -`), everything else goes to stderr. Exit codes: 0 all is well, 1 failures of
several kinds, 2 an option makes no sense, 3 an input cannot be used, 4 an output cannot be written, 5 weights
are absent or broken, 6 an optional part is not installed, 7 a site cannot be reached or says no, 130
interrupted.
"""


def reference() -> str:
    """The whole reference as Markdown."""
    root = typer.main.get_command(app)
    parts = [_HEAD, _section(())]
    for name, command in getattr(root, "commands", {}).items():
        parts.append(_section((name,)))
        parts += [_section((name, inner)) for inner in getattr(command, "commands", {})]
    return "\n".join(parts)


def _section(words: tuple[str, ...]) -> str:
    title = " ".join(("fretscribe", *words))
    with contextlib.redirect_stdout(io.StringIO()) as captured:
        typer.main.get_command(app).main(
            [*words, "--help"], prog_name="fretscribe", standalone_mode=False, terminal_width=_WIDTH
        )
    return f"## {title}\n\n```text\n{captured.getvalue().strip()}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(reference())

"""What a command is to listen to: files, all recordings of a folder, or what comes on standard input."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from fretscribe.errors import AudioError, OptionError

STDIN = Path("-")
STDIN_NAME = "stdin"
"""What is read from standard input is called so: its results, its title."""


def expand_recordings(arguments: Sequence[Path], *, output: str | None) -> list[Path]:
    """Files as they are, folders as the recordings in them; each once.

    Parameters
    ----------
    arguments : sequence of Path
        `STDIN` stays what it is.
    output : str, or None
        What ``-o`` says.

    Raises
    ------
    AudioError
        If a folder holds no recordings.
    OptionError
        If standard input is named, and ``-o`` is not: there is no folder to write beside.
    """
    from fretscribe.io.recordings import find_recordings

    if STDIN in arguments and output is None:
        raise OptionError("standard input has no folder to write into", mend="give -o DIR, or -o - -f txt")
    expanded: list[Path] = []
    for argument in arguments:
        expanded += find_recordings(argument) if argument.is_dir() else [argument]
    return list(dict.fromkeys(expanded))


@contextmanager
def standard_input_kept(
    sources: Sequence[Path], *, stream: IO[bytes] | None = None
) -> Iterator[tuple[list[Path], Path | None]]:
    """The sources with a temporary file instead of `STDIN`, and that file (None if it is not asked for).

    Raises
    ------
    AudioError
        If nothing comes, or standard input is a terminal.
    """
    if STDIN not in sources:
        yield list(sources), None
        return
    stream = stream or sys.stdin.buffer
    if stream.isatty():
        raise AudioError("standard input is a terminal", mend="pipe a recording into it")
    with tempfile.TemporaryDirectory(prefix="fretscribe-") as folder:
        kept = Path(folder) / STDIN_NAME
        with kept.open("wb") as file:
            shutil.copyfileobj(stream, file)
        if not kept.stat().st_size:
            raise AudioError("nothing came on standard input", mend="pipe a recording into it")
        yield [kept if source == STDIN else source for source in sources], kept

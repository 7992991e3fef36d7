"""A `Score` as pages of a PDF, engraved by LilyPond, or by MuseScore where there is no LilyPond.

Both are programs of their own, started without a shell in a folder that goes again. LilyPond's language can
run any command, so nothing but our own text is given to it: what comes from outside stands in strings
(``lilypond_text.quoted``). MuseScore gets the MusicXML, whose frets versions 3 and older choose anew;
that is why LilyPond comes first. Neighbours: ``lilypond_writer``, ``musicxml_writer``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from fretscribe.errors import MissingProgramError, OutputError
from fretscribe.io.lilypond_writer import render_lilypond
from fretscribe.io.musicxml_writer import render_musicxml
from fretscribe.io.score import Score

FindProgram = Callable[[str], str | None]

TIMEOUT_S = 300.0
_LILYPOND = "lilypond"
_MUSESCORES = ("mscore", "musescore", "musescore4", "musescore3", "mscore3", "MuseScore4", "MuseScore3")
_MEND = (
    "install LilyPond (lilypond.org, `apt install lilypond`, `brew install lilypond`), or write ly, musicxml"
)


def find_engraver(find_program: FindProgram = shutil.which) -> str:
    """The path of the program that will engrave.

    Parameters
    ----------
    find_program : callable
        Name -> path, or None.

    Raises
    ------
    MissingProgramError
        If neither LilyPond nor MuseScore is installed.
    """
    for name in (_LILYPOND, *_MUSESCORES):
        if path := find_program(name):
            return path
    raise MissingProgramError("writing a PDF", "LilyPond or MuseScore", mend=_MEND)


def render_pdf(
    score: Score, *, find_program: FindProgram = shutil.which, timeout_s: float = TIMEOUT_S
) -> bytes:
    """The PDF.

    Parameters
    ----------
    score : Score
        As ``tab_to_score`` makes it.
    find_program : callable
        Name -> path, or None.
    timeout_s : float
        How long the program may take.

    Raises
    ------
    MissingProgramError
        If neither LilyPond nor MuseScore is installed.
    OutputError
        If the program fails, or takes too long.
    """
    program = find_engraver(find_program)
    with tempfile.TemporaryDirectory(prefix="fretscribe-") as folder:
        if Path(program).stem == _LILYPOND:
            source = Path(folder, "score.ly")
            source.write_bytes(render_lilypond(score))
            options = ["--pdf", "-dno-point-and-click", "--loglevel=ERROR", "-o", "score", source.name]
        else:
            source = Path(folder, "score.musicxml")
            source.write_bytes(render_musicxml(score))
            options = ["-o", "score.pdf", source.name]
        messages = _run([program, *options], folder, timeout_s)
        try:
            return Path(folder, "score.pdf").read_bytes()
        except FileNotFoundError as e:
            raise OutputError(f"{Path(program).name} wrote no PDF: {messages}") from e


def _run(command: Sequence[str], folder: str, timeout_s: float) -> str:
    """Run a program in a folder; what it said last, on one line."""
    name = Path(command[0]).name
    try:
        done = subprocess.run(  # noqa: S603 - the program was found on PATH, no shell
            command,
            cwd=folder,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as e:
        raise OutputError(f"{name} took longer than {timeout_s:g} s to engrave the score") from e
    except OSError as e:
        raise OutputError(f"{name} does not start: {e.strerror}") from e
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    messages = lines[-1][:200] if lines else "it said nothing"
    if done.returncode:
        raise OutputError(f"{name} failed with status {done.returncode}: {messages}")
    return messages

"""Decides which command a line means: ``fretscribe song.wav`` is ``fretscribe transcribe song.wav``."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from fretscribe.errors import OptionError

DEFAULT_COMMAND = "transcribe"
_GLOBAL_OPTIONS = frozenset({"--help", "-h", "--version", "--install-completion", "--show-completion"})


def route(arguments: Sequence[str], commands: Sequence[str]) -> list[str]:
    """Put the default command in front of arguments that begin with a file or one of its options.

    Raises
    ------
    OptionError
        If the first argument looks like a misspelled command and no such file exists.

    >>> route(["song.wav", "-q"], ["transcribe", "retab"])
    ['transcribe', 'song.wav', '-q']
    >>> route(["retab", "song.json"], ["transcribe", "retab"])
    ['retab', 'song.json']
    >>> route([], ["transcribe"])
    ['--help']
    """
    arguments = list(arguments)
    if not arguments:
        return ["--help"]
    first = arguments[0]
    if first in commands or first in _GLOBAL_OPTIONS:
        return arguments
    if not first.startswith("-"):
        _refuse_misspelled_command(first, commands)
    return [DEFAULT_COMMAND, *arguments]


def _refuse_misspelled_command(word: str, commands: Sequence[str]) -> None:
    path = Path(word)
    if path.suffix or path.name != word or path.exists():
        return
    close = difflib.get_close_matches(word.lower(), commands, n=1)
    mend = f"did you mean 'fretscribe {close[0]}'?" if close else "see fretscribe --help"
    raise OptionError(f"{word!r} is neither a command nor a file", mend=mend)

"""Keeps C libraries from writing to the terminal while a file is read.

The MP3 decoder inside libsndfile prints its own notes on stderr, past Python. Those notes reach the user as
one clear line through ``io.audio``; here the raw ones are sent away.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2
_ONE_AT_A_TIME = (
    threading.RLock()
)  # the descriptor belongs to the whole process, whose threads may read at once


@contextmanager
def c_libraries_silenced() -> Iterator[None]:
    """Point file descriptor 2 at nothing, and ``sys.stderr`` (ours) at where it pointed before."""
    with _ONE_AT_A_TIME:
        yield from _silenced()


def _silenced() -> Iterator[None]:
    ours = sys.stderr
    try:
        ours.flush()
        kept = os.dup(_STDERR)
        writes_to_2 = ours.fileno() == _STDERR
    except (OSError, ValueError):  # no such descriptor, or a stream without one: nothing to silence
        yield
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, _STDERR)
    os.close(nothing)
    try:
        if writes_to_2:
            with open(kept, "w", encoding=ours.encoding, errors=ours.errors, closefd=False) as stream:
                sys.stderr = stream
                yield
        else:
            yield
    finally:
        sys.stderr = ours
        os.dup2(kept, _STDERR)
        os.close(kept)

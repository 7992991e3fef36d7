"""A disk without room, and a folder where nothing may be written, also for tests that run as root."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

_NOBODY = 65534


@contextlib.contextmanager
def little_room(n_bytes: int) -> Iterator[None]:
    """No file can grow over so many bytes: writes fail as they do on a full disk, SQLite's too."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


@contextlib.contextmanager
def read_only(*, empty: bool = True) -> Iterator[Path]:
    """A folder that this process can read but not write while the block runs; root becomes nobody for it.

    What the block imports must be there already: nobody may not read root's Python.
    """
    with tempfile.TemporaryDirectory(prefix="fretscribe-read-only-") as name:
        folder = Path(name)
        if not empty:
            (folder / "there.txt").write_text("there")
        folder.chmod(0o555)
        try:
            with _as_nobody():
                yield folder
        finally:
            folder.chmod(0o755)


@contextlib.contextmanager
def _as_nobody() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)

"""Lines for people, all on stderr: errors and warnings in one form each."""

from __future__ import annotations

import sys


def error_line(message: str) -> None:
    """Print ``fretscribe: error: ...`` as one line."""
    _line(f"error: {message}")


def warning_line(message: str) -> None:
    """Print ``fretscribe: warning: ...`` as one line."""
    _line(f"warning: {message}")


def note_line(message: str) -> None:
    """Print ``fretscribe: ...`` as one line."""
    _line(message)


def _line(message: str) -> None:
    sys.stderr.write("fretscribe: " + " ".join(message.splitlines()) + "\n")
    sys.stderr.flush()

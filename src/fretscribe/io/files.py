"""Reading small whole files, with errors that a guitarist can act upon.

Neighbours: ``formats`` and the readers; recordings are read by ``audio``.
"""

from __future__ import annotations

from pathlib import Path

from fretscribe.errors import TabFormatError


def read_limited(path: Path | str, max_bytes: int) -> bytes:
    """The bytes of a file of at most ``max_bytes``.

    Raises
    ------
    TabFormatError
        If the path is absent, a folder, unreadable, empty or too large.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise TabFormatError(f"{path}: is a folder")
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError as e:
        raise TabFormatError(f"{path}: no such file") from e
    except (OSError, ValueError) as e:
        raise TabFormatError(f"{path}: cannot be read: {e}") from e
    if not data:
        raise TabFormatError(f"{path}: is empty")
    if len(data) > max_bytes:
        raise TabFormatError(f"{path}: is larger than the limit of {max_bytes} bytes")
    return data

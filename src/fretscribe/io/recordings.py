"""Which files are recordings, by their names.

Neighbours: ``media`` opens them by what they hold, whatever they are called.
"""

from __future__ import annotations

import os
from pathlib import Path

from fretscribe.errors import AudioError
from fretscribe.io.media import MEDIA_SUFFIXES

SUFFIXES = MEDIA_SUFFIXES | {
    ".wav", ".wave", ".flac", ".mp3", ".mp2", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".aifc", ".au",
    ".snd", ".caf", ".w64", ".rf64",
}  # fmt: skip


def find_recordings(folder: Path) -> list[Path]:
    """The recordings in a folder and the folders in it, by path; hidden ones are left out.

    Raises
    ------
    AudioError
        If there are none, or a folder cannot be read.
    """
    found: list[Path] = []
    for inside, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(inside) / name for name in names if _is_recording(name)]
    if not found:
        raise AudioError(
            f"{folder} holds no recordings", mend="name them one by one if they have odd suffixes"
        )
    return sorted(found)


def _is_recording(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES


def _refuse(error: OSError) -> None:
    raise AudioError(f"{error.filename} cannot be read: {error.strerror}", mend="check its permissions")

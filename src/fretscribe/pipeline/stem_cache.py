"""Keeps separated guitars, so that the same recording is separated once.

One ``.npy`` file for each recording, section, model and stem, in a folder that never grows over a limit: what
was not used for longest goes first. A file that cannot be read or written is a miss, never an error.
Neighbour: ``separating``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fretscribe.frames import FloatArray
from fretscribe.npy import read_npy

DEFAULT_LIMIT_BYTES = 1_000_000_000
"""Three hours of mono sound at 22050 Hz."""

_VERSION = 1  # of what separation does with the same files


def _default_folder() -> Path:
    root = os.environ.get("FRETSCRIBE_CACHE") or Path.home() / ".cache" / "fretscribe"
    return Path(root) / "stems"


@dataclass(frozen=True, slots=True, kw_only=True)
class StemCache:
    """A folder of stems.

    Attributes
    ----------
    folder : Path
        Default ``stems`` below ``$FRETSCRIBE_CACHE`` or ``~/.cache/fretscribe``; made when first needed.
    limit_bytes : int
    """

    folder: Path = field(default_factory=_default_folder)
    limit_bytes: int = DEFAULT_LIMIT_BYTES

    def get(self, key: str) -> FloatArray | None:
        """The samples kept under a key, float32 [n_samples]; None if there are none."""
        path = self._path(key)
        try:
            samples = read_npy(path)
            os.utime(path)  # used now
        except (OSError, ValueError):
            return None
        if samples.ndim != 1 or samples.dtype != np.float32 or not np.isfinite(samples).all():
            return None
        return np.asarray(samples)

    def put(self, key: str, samples: FloatArray) -> None:
        """Keep samples under a key, and let go of what is too much."""
        if samples.nbytes > self.limit_bytes:
            return
        path = self._path(key)
        part = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                np.save(file, samples, allow_pickle=False)
            part.replace(path)
            self._shrink(path)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink()

    def _path(self, key: str) -> Path:
        digest = hashlib.sha256(f"{_VERSION}\n{key}".encode()).hexdigest()
        return self.folder / f"{digest}.npy"

    def _shrink(self, newest: Path) -> None:
        """What was just put stays, even where a clock that was set back makes it the oldest."""
        entries = sorted((e.stat().st_mtime, e.stat().st_size, e) for e in self.folder.glob("*.npy"))
        total = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if total <= self.limit_bytes:
                break
            if path == newest:
                continue
            path.unlink(missing_ok=True)
            total -= size

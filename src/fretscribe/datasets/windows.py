"""Precomputed constant-Q windows of real playing: finds them, reads them, and says which have data.

One ``<track>.npz`` a track, key ``cqt_db`` [n_windows, 96, 9] in dB below the window's peak, in a folder or a
zip archive. Window i covers ``0.1 i .. 0.1 i + 0.2`` seconds, so its centre is ``0.1 i + 0.1``; bin k is MIDI
24 + k. Knows nothing of what was played. Neighbours: ``guitarset`` has the truth, ``guitarset_arrays`` joins
both, ``dsp.cqt_windows`` computes the same recipe from sound.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from fretscribe.datasets.arrays import WINDOW_SHAPE, BoolArray
from fretscribe.errors import DatasetError
from fretscribe.frames import FloatArray, FrameGrid
from fretscribe.npy import parse_npz

WINDOWS_NAME = "cqt_windows"
_KEY = "cqt_db"
_MOST_BYTES = 400_000_000  # three hours
_MEND = "a folder or .zip with one <track>.npz a track, key cqt_db [n_windows, 96, 9]"


def window_grid(n_windows: int) -> FrameGrid:
    """The grid of the windows' centres: 0.1 s, 0.2 s, ...

    >>> window_grid(5).time_s(2)
    0.30000000000000004
    """
    return FrameGrid(sample_rate=10, hop_length=1, n_frames=n_windows, start_s=0.1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackWindows:
    """The windows of a track.

    Attributes
    ----------
    windows : float32 array [n_windows, 96, 9]
        In dB as they are stored: 0 is the window's peak, what lies under -60 is -120.
    has_data : bool array [n_windows]
        False where the window is flat (0 dB everywhere): missing data.
    """

    windows: FloatArray
    has_data: BoolArray

    @property
    def grid(self) -> FrameGrid:
        """Where the windows' centres lie."""
        return window_grid(len(self.windows))


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSet:
    """Where the windows of each track lie; small, nothing is read before `read` is called.

    Attributes
    ----------
    path : Path
        Archive or folder.
    members : mapping of str to str
        Track id -> name of its file in there.
    """

    path: Path
    members: Mapping[str, str]

    @property
    def track_ids(self) -> tuple[str, ...]:
        return tuple(sorted(self.members))

    def __contains__(self, track_id: object) -> bool:
        return track_id in self.members

    def read(self, track_id: str) -> TrackWindows:
        """The windows of a track.

        Raises
        ------
        DatasetError
            If there are none, or its file is foreign or damaged; names the track.
        """
        if track_id not in self.members:
            raise DatasetError(f"{track_id}: no windows in {self.path}", mend=_MEND)
        member = self.members[track_id]
        place = f"{member} in {self.path}"
        try:
            if self.path.is_dir():
                data = (self.path / member).read_bytes()
            else:
                with zipfile.ZipFile(self.path) as archive:
                    data = archive.read(member)
            windows: FloatArray = parse_npz(data, max_bytes=_MOST_BYTES)[_KEY]
        except (
            OSError,
            EOFError,
            ValueError,
            KeyError,
            RuntimeError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            reason = " ".join(str(error).split())[:160]
            raise DatasetError(f"cannot read {place}: {reason}", mend="download it again") from error
        return _checked(windows, place)


def _checked(windows: FloatArray, place: str) -> TrackWindows:
    if windows.dtype != np.float32 or windows.ndim != 3 or windows.shape[1:] != WINDOW_SHAPE:
        raise DatasetError(
            f"{place} holds {windows.dtype} {windows.shape}, not float32 (n_windows, 96, 9)", mend=_MEND
        )
    if not np.isfinite(windows).all():
        raise DatasetError(f"{place} holds values that are not numbers", mend="download it again")
    flat = np.asarray((windows == 0.0).all(axis=(1, 2)))
    return TrackWindows(windows=windows, has_data=~flat)


def open_windows(path: Path) -> WindowSet:
    """Index windows; reads none of them.

    Parameters
    ----------
    path : Path
        The archive, the folder of .npz files, or a folder that holds ``cqt_windows.zip`` or ``cqt_windows/``.

    Raises
    ------
    DatasetError
        If there are none.
    """
    home = _home(Path(path))
    if home.is_dir():
        names = sorted(file.name for file in home.glob("*.npz") if not file.name.startswith("."))
    else:
        try:
            with zipfile.ZipFile(home) as archive:
                names = archive.namelist()
        except (OSError, zipfile.BadZipFile) as error:
            raise DatasetError(f"cannot read {home}: {error}", mend="download it again") from error
    members = {
        PurePosixPath(name).stem: name
        for name in names
        if name.endswith(".npz") and not PurePosixPath(name).name.startswith(".")
    }
    if not members:
        raise DatasetError(f"no windows in {home}", mend=_MEND)
    return WindowSet(path=home, members=members)


def _home(path: Path) -> Path:
    """The archive or folder itself, wherever in the given folder it lies."""
    if path.is_file():
        return path
    if not path.is_dir():
        raise DatasetError(f"{path} does not exist", mend=_MEND)
    for place in (path, path / "guitarset", path / "GuitarSet"):
        for found in (place / WINDOWS_NAME, place / f"{WINDOWS_NAME}.zip"):
            if found.exists():
                return found
    return path

"""Unpacks a zip archive into a new folder: all of it or nothing, nothing beyond it, nothing replaced.

Knows nothing of what is in it. Neighbour: ``fetch`` downloads the archives.
"""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from fretscribe.errors import DatasetError, OutputError


def unpack(archive_path: Path, folder: Path, *, free_bytes: int) -> None:
    """Unpack an archive; its files appear in ``folder`` together, when all are there.

    A top folder of the same name in the archive is dropped; what macOS adds (``__MACOSX``, ``._*``) is left
    out.

    Parameters
    ----------
    archive_path : Path
    folder : Path
        Absent or empty.
    free_bytes : int
        How much may be written.

    Raises
    ------
    DatasetError
        If it is no zip archive or damaged, or if a member is a link, has a name twice, or would lie outside
        the folder.
    OutputError
        If the folder has files, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} exists and is not empty", mend="move it away")
    try:
        with zipfile.ZipFile(archive_path) as archive:
            members = _members(archive, archive_path, folder.name)
            needed = sum(info.file_size for info in members.values())
            if needed > free_bytes:
                raise OutputError(
                    f"{archive_path} holds {needed / 1e6:.1f} MB, {free_bytes / 1e6:.1f} MB are free",
                    mend="make room, or choose another folder",
                )
            with tempfile.TemporaryDirectory(prefix=".fretscribe-", dir=folder.parent) as temporary:
                inside = Path(temporary) / folder.name
                inside.mkdir()
                for place, info in members.items():
                    target = inside / place
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(info) as source, target.open("xb") as file:
                        shutil.copyfileobj(source, file, 1 << 20)
                if folder.is_dir():
                    folder.rmdir()  # an empty one gives way
                inside.replace(folder)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        UnicodeError,
    ) as error:
        # RuntimeError is zipfile's word for an encrypted member, UnicodeError for a name that is no text
        raise DatasetError(f"cannot unpack {archive_path}: {error}", mend="download it again") from error
    except OSError as error:
        raise OutputError(
            f"cannot unpack into {folder}: {error.strerror or error}",
            mend="make room, or choose another folder",
        ) from error


def _members(archive: zipfile.ZipFile, archive_path: Path, top: str) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """Where each file goes, all of them inside."""
    found: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for info in filter(lambda info: info.filename, archive.infolist()):
        path = PurePosixPath(info.filename)
        if info.is_dir() or "__MACOSX" in path.parts or path.name.startswith("._"):
            continue
        parts = path.parts[1:] if len(path.parts) > 1 and path.parts[0] == top else path.parts
        # backslashes and colons would lead elsewhere on Windows
        outside = path.is_absolute() or ".." in parts or any("\\" in part or ":" in part for part in parts)
        is_link = stat.S_ISLNK(info.external_attr >> 16)
        place = PurePosixPath(*parts)
        if outside or is_link or place in found:
            raise DatasetError(
                f"{archive_path} has the member {info.filename!r}, which is a link, twice there, or"
                " would lie outside its folder",
                mend="use the official archive",
            )
        found[place] = info
    if not found:
        raise DatasetError(f"{archive_path} holds no files", mend="use the official archive")
    return found

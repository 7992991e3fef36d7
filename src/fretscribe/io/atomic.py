"""Writing files whole or not at all: a temporary name beside the target, then a rename.

Knows nothing of what is written. Neighbours: ``formats`` and every command that leaves a file behind.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from fretscribe.errors import OutputError

LinkFunction = Callable[[Path, Path], None]


@contextlib.contextmanager
def atomic_write(path: Path | str, *, force: bool, link: LinkFunction = os.link) -> Iterator[Path]:
    """Yield a temporary path in the target's folder; it becomes ``path`` when the block ends well.

    On any exception, Ctrl-C included, the temporary file goes and ``path`` stays as it was. Without
    ``force`` an existing target is refused at the start, and again at the end without a race: the
    rename cannot overwrite a file that appeared meanwhile.

    Parameters
    ----------
    path : path
        Where the result goes. A symbolic link is followed.
    force : bool
        Whether an existing file may be replaced.
    link : callable
        Makes a hard link from its first to its second argument and refuses an existing one.

    Raises
    ------
    OutputError
        If the target exists (without ``force``) or is no regular file, if its folder is absent or
        cannot be written, or if the block runs into an `OSError` (a full disk ...).
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".fretscribe-{secrets.token_hex(8)}{target.suffix[:16]}")
    try:
        _refuse(target, Path(path), force=force)
        # Opening (not tempfile) so that the umask decides who may read the result.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield temporary
        if force:
            temporary.replace(target)
        else:
            _publish_new(temporary, target, link)
    except FileExistsError as e:
        raise _exists(Path(path)) from e
    except OSError as e:
        raise OutputError(f"cannot write {path}: {e.strerror or e}") from e
    finally:
        # Where the folder itself is the trouble, there is nothing to remove and the first error counts.
        with contextlib.suppress(OSError):
            temporary.unlink()


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, where they are absent.

    Raises
    ------
    OutputError
        If that cannot be done.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise OutputError(f"cannot make the folder {folder}: {e.strerror or e}") from e


def write_bytes(path: Path | str, data: bytes, *, force: bool) -> None:
    """Write a whole file atomically; see `atomic_write` for the errors."""
    with atomic_write(path, force=force) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path | str, text: str, *, force: bool) -> None:
    """Write a whole UTF-8 file atomically, newlines as they are; see `atomic_write` for the errors."""
    write_bytes(path, text.encode("utf-8"), force=force)


def _refuse(target: Path, shown: Path, *, force: bool) -> None:
    if target.is_dir():
        raise OutputError(f"cannot write {shown}: it is a folder")
    if os.path.lexists(target):
        if not target.is_file():
            raise OutputError(f"cannot write {shown}: it is not a regular file")
        if not force:
            raise _exists(shown)
    if not target.parent.is_dir():
        raise OutputError(
            f"cannot write {shown}: {shown.parent} is not a folder", mend="make the folder first"
        )


def _exists(shown: Path) -> OutputError:
    return OutputError(f"{shown} exists", mend="use --force to replace it")


def _publish_new(temporary: Path, target: Path, link: LinkFunction) -> None:
    """Give the finished file its name; `FileExistsError` if somebody else took it meanwhile."""
    try:
        link(temporary, target)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links (FAT, some network shares): claim the name, then rename over it.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        temporary.replace(target)

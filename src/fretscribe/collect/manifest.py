"""The record of a collection: ``manifest.jsonl``, one JSON object a line, only ever appended to.

Every line is on the disk before the next thing is done. A kill may tear the last line: it is dropped when the
file is opened again. Knows lines, not what they are for. Neighbour: ``library``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from fretscribe.errors import OutputError, TabFormatError

Record = dict[str, object]


class Manifest:
    """An open manifest; only one program at a time may have it.

    Parameters
    ----------
    path : Path
        Made if absent.

    Attributes
    ----------
    records : list of dict
        The lines that were there when it was opened.

    Raises
    ------
    OutputError
        If another program has it open, or it cannot be written.
    TabFormatError
        If a line other than the last is no JSON object; the message names it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: BinaryIO = open(path, "a+b", buffering=0)  # noqa: PTH123, SIM115  # closed by close()
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
        try:
            _lock(self._file, path)
            self.records = self._read()
        except BaseException:
            self._file.close()
            raise

    def append(self, record: Mapping[str, object]) -> None:
        """Add a line, and come back when it is on the disk.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        line = json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"
        try:
            _write_all(self._file, line.encode("utf-8"))
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OutputError(f"cannot write {self._path}: {error.strerror or error}") from error

    def close(self) -> None:
        """Let others have it."""
        self._file.close()

    def __enter__(self) -> Manifest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> list[Record]:
        self._file.seek(0)
        data = self._file.read()
        whole, newline, torn = data.rpartition(b"\n")
        if torn:
            # A record that only lost its newline is still dropped: what it tells of is found again.
            self._file.truncate(len(data) - len(torn))
        lines = (whole + newline).split(b"\n")[:-1]
        return [_record(line, f"{self._path}: line {number}") for number, line in enumerate(lines, start=1)]


def _record(line: bytes, place: str) -> Record:
    try:
        value = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _no_record(place) from error
    if not isinstance(value, dict):
        raise _no_record(place)
    return value


def _no_record(place: str) -> TabFormatError:
    return TabFormatError(
        f"{place} is no record of a collection", mend="remove that line, or choose another folder"
    )


def _write_all(file: BinaryIO, data: bytes) -> None:
    """Write everything; an unbuffered file may take it in pieces."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _lock(file: BinaryIO, path: Path) -> None:
    """Keep other programs out until the file is closed, by a kill too."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise OutputError(
            f"{path.parent} is in use by another run", mend="wait for it, or choose another folder with --out"
        ) from error

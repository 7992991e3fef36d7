"""The files of a collection: for each tab a text and its metadata, and the manifest that knows them all.

::

    out/
      manifest.jsonl
      <artist>/<song>-<kind>-v<version>-<id>.txt      the text, with the site's marks [tab] and [ch]
      <artist>/<song>-<kind>-v<version>-<id>.json     its metadata

The text is written first, the metadata next, the manifest's line last, each on the disk before the next. So a
kill at any moment loses at most the page that was being saved, and files without a line are found again.
Neighbours: ``manifest`` writes the lines, ``tab_info`` the metadata, ``ug`` decides what is saved.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from fretscribe.collect.manifest import Manifest, Record
from fretscribe.collect.pages import KINDS, SearchRow
from fretscribe.collect.tab_info import SCHEMA, TabInfo, to_json
from fretscribe.errors import OutputError, TabFormatError
from fretscribe.io.atomic import atomic_write

MANIFEST = "manifest.jsonl"
LISTING_DAYS = 7
"""So long a search's result is used again by a run that goes on."""

_LEFT_BEHIND = re.compile(r"\.fretscribe-[0-9a-f]{16}\.(txt|json)")


class Library:
    """An open collection.

    Parameters
    ----------
    folder : Path
        Made if absent.
    site : str
        The only site whose tabs it holds: ids of several would clash.
    resume : bool
        Go on with a collection that is there.

    Raises
    ------
    OutputError
        If there is a collection and ``resume`` is False, if it is another site's or in use, or if the folder
        cannot be written.
    TabFormatError
        If its manifest is damaged.
    """

    def __init__(self, folder: Path, site: str, *, resume: bool) -> None:
        self.folder = folder
        path = folder / MANIFEST
        if path.exists() and path.stat().st_size and not resume:
            raise OutputError(
                f"{folder} holds a collection",
                mend="go on with --resume, or choose another folder with --out",
            )
        self._site = site
        self._is_new_folder = not folder.exists()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make {folder}: {error.strerror or error}") from error
        self._manifest = Manifest(path)
        self._is_empty = not self._manifest.records
        try:
            self._saved: dict[int, str] = {}
            self._gone: set[int] = set()
            self._listings: dict[tuple[str, ...], Record] = {}
            for number, record in enumerate(self._manifest.records, start=1):
                self._take(record, site, f"{path}: line {number}")
            self._tidy()
            self._adopt()
        except BaseException:
            self._manifest.close()
            raise

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; a run that came to nothing leaves nothing behind."""
        self._manifest.close()
        if self._is_empty:
            with contextlib.suppress(OSError):
                (self.folder / MANIFEST).unlink()
                if self._is_new_folder:
                    self.folder.rmdir()

    def __len__(self) -> int:
        return len(self._saved)

    def has(self, tab_id: int) -> bool:
        """Whether a tab was saved and its files are still there."""
        text = self._saved.get(tab_id)
        if text is None:
            return False
        path = self.folder / text
        return path.is_file() and path.with_suffix(".json").is_file()

    def is_gone(self, tab_id: int) -> bool:
        """Whether the site did not have a tab when it was asked for it."""
        return tab_id in self._gone

    def save(self, info: TabInfo, content: str) -> Path:
        """Keep a tab; the path of its text.

        Raises
        ------
        OutputError
            If a file cannot be written.
        """
        folder = self.folder / info.folder
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make {folder}: {error.strerror or error}") from error
        text = folder / f"{info.stem}.txt"
        _write_synced(text, content if content.endswith("\n") else content + "\n")
        _write_synced(text.with_suffix(".json"), to_json(info))
        _sync_folder(folder)
        self._note_saved(info.tab_id, f"{info.folder}/{text.name}", info.url, info.fetched_at)
        return text

    def note_missing(self, row: SearchRow, status: str, reason: str, *, at: datetime.datetime) -> None:
        """Record why a tab was not saved; one that is gone is not asked for again."""
        self._append(
            {"what": status, "id": row.tab_id, "url": row.url, "reason": reason, "at": at.isoformat()}
        )
        if status == "gone":
            self._gone.add(row.tab_id)

    def listing(self, query: Sequence[str], *, now: datetime.datetime) -> list[SearchRow] | None:
        """The rows of a search that a run finished less than `LISTING_DAYS` ago; None if none did.

        One from a future that is further away is of a clock that was wrong, and would count for ever.
        """
        record = self._listings.get(tuple(query))
        if record is None:
            return None
        try:
            age = now - datetime.datetime.fromisoformat(str(record.get("at")))
            rows = record["rows"]
            if abs(age) > datetime.timedelta(days=LISTING_DAYS) or not isinstance(rows, list):
                return None
            return [_row(row) for row in rows]
        except (KeyError, TypeError, ValueError):  # written by another version: the search is made again
            return None

    def add_listing(self, query: Sequence[str], rows: Sequence[SearchRow], *, at: datetime.datetime) -> None:
        """Record the whole result of a search."""
        record: Record = {
            "what": "listing",
            "query": list(query),
            "at": at.isoformat(),
            "rows": [dataclasses.asdict(row) for row in rows],
        }
        self._append(record)
        self._listings[tuple(query)] = record

    def _append(self, record: Record) -> None:
        """Add a line; the first one says whose collection this is."""
        if self._is_empty:
            self._manifest.append({"what": "collection", "schema": SCHEMA, "site": self._site})
            self._is_empty = False
        self._manifest.append(record)

    def _take(self, record: Mapping[str, object], site: str, place: str) -> None:
        """Learn from a line of the manifest."""
        tab_id, query, text = record.get("id"), record.get("query"), record.get("text")
        match record.get("what"):
            case "collection":
                if record.get("schema") != SCHEMA:
                    raise TabFormatError(f"{place}: the collection is of the form {record.get('schema')!r}")
                if record.get("site") != site:
                    raise OutputError(
                        f"{self.folder} holds tabs of {record.get('site')}, not of {site}",
                        mend="choose another folder with --out",
                    )
            case "saved" if isinstance(tab_id, int) and isinstance(text, str):
                self._saved[tab_id] = text
            case "listing" if isinstance(query, list):
                self._listings[tuple(str(word) for word in query)] = dict(record)
            case "gone" if isinstance(tab_id, int):
                self._gone.add(tab_id)
            case "failed" | "forbidden":
                pass  # asked for again
            case _:
                raise TabFormatError(
                    f"{place} is no record of a collection", mend="remove that line, or choose another folder"
                )

    def _note_saved(self, tab_id: int, text: str, url: str, fetched_at: str) -> None:
        self._append({"what": "saved", "id": tab_id, "text": text, "url": url, "at": fetched_at})
        self._saved[tab_id] = text

    def _tidy(self) -> None:
        """Remove what a kill in the middle of a file has left; nobody else is at work here."""
        for path in self.folder.glob("*/.fretscribe-*"):
            if _LEFT_BEHIND.fullmatch(path.name):
                path.unlink(missing_ok=True)

    def _adopt(self) -> None:
        """Record the tabs whose files were complete when a kill came before their line."""
        known = set(self._saved.values())
        for path in sorted(self.folder.glob("*/*.json")):
            text = path.with_suffix(".txt")
            name = f"{path.parent.name}/{text.name}"
            if name in known or not text.is_file():
                continue
            try:
                members = json.loads(path.read_text(encoding="utf-8"))
            except (ValueError, RecursionError):
                continue  # somebody else's
            if not isinstance(members, dict) or members.get("schema") != SCHEMA:
                continue
            tab_id, url, at = members.get("tab_id"), members.get("url"), members.get("fetched_at")
            if isinstance(tab_id, int) and isinstance(url, str) and isinstance(at, str):
                self._note_saved(tab_id, name, url, at)


def _row(members: object) -> SearchRow:
    """A row as the manifest holds it; `TypeError` or `ValueError` if it is none."""
    if not isinstance(members, dict):
        raise TypeError("a row is an object")
    row = SearchRow(**members)
    texts = (row.artist, row.song, row.url, row.part)
    numbers = (row.tab_id, row.version, row.votes)
    if not (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(number, int) for number in numbers)
        and isinstance(row.rating, int | float)
        and (row.kind is None or row.kind in KINDS)
        and isinstance(row.is_open, bool)
    ):
        raise TypeError("a row's member is of another type")
    return row


def _write_synced(path: Path, text: str) -> None:
    """Write a whole file or none; it is on the disk afterwards."""
    with atomic_write(path, force=True) as temporary, temporary.open("wb") as file:
        file.write(text.encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Bring the folder's new names to the disk, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Goes through a library: leaves out what is done, sends out the rest, writes what comes back.

Whatever happens to one item is that item's outcome; the others go on. Only this process writes, so an item
is written once even where a cluster worked on it twice. Neighbours: ``items``, ``work``, ``journal``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fretscribe.errors import FretscribeError, OptionError, OutputError
from fretscribe.io.atomic import write_bytes
from fretscribe.io.audio import check_audio_path, file_sha256
from fretscribe.io.formats import suffix_of
from fretscribe.pipeline.library.items import Item
from fretscribe.pipeline.library.journal import Entry, Journal
from fretscribe.pipeline.library.work import Rendered, Summary, Work
from fretscribe.workers.pool import as_finished

Status = Literal["written", "kept", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an item.

    Attributes
    ----------
    item : Item
    status : "written", "kept" or "failed"
        Kept is what an earlier run has done.
    files : tuple of Path
    summary : Summary, or None
    error : str
    exit_code : int
        Of the failure; 0 without.
    """

    item: Item
    status: Status
    files: tuple[Path, ...] = ()
    summary: Summary | None = None
    error: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A folder of results, and how they are made.

    Attributes
    ----------
    out : Path
        There already.
    work : Work
    recipe : str
        `Work.recipe`.
    journal : Journal
        Of ``out``.
    force : bool
        Whether everything is done again, and files that no batch has written are overwritten.
    """

    out: Path
    work: Work
    recipe: str
    journal: Journal
    force: bool = False

    def run(self, items: Sequence[Item], executor: Executor | None) -> Iterator[Outcome]:
        """Outcomes as they are known; what is written when one comes stays, whatever happens after."""
        waiting: dict[str, Item] = {}
        for item in items:
            settled = self._settled(item)
            if settled is None:
                waiting[item.place] = item
            else:
                yield settled
        jobs = {place: item.source for place, item in waiting.items()}
        for place, result in as_finished(self.work, jobs, executor):
            item = waiting[place]
            yield _failed(item, result) if isinstance(result, Exception) else self._write(item, result)

    def _settled(self, item: Item) -> Outcome | None:
        """The outcome of an item that needs no work; None if it does."""
        try:
            if item.rival is not None:
                raise OptionError(
                    f"{item.source} would become {item.place} as {item.rival} does",
                    mend="give them other names, or run them apart with another -o DIR",
                )
            check_audio_path(item.source)
            entry = self.journal.get(item.place)
            if not self.force and entry is not None and self._is_done(item, entry):
                return Outcome(item=item, status="kept", files=self._paths(item), summary=entry.summary)
            for path in self._paths(item):
                self._may_overwrite(path, entry)
        except OSError as error:
            unreadable = OutputError(f"{item.source}: {error.strerror or error}")
            return _failed(item, unreadable)
        except FretscribeError as error:
            return _failed(item, error)
        return None

    def _is_done(self, item: Item, entry: Entry) -> bool:
        return (
            entry.done
            and entry.recipe == self.recipe
            and all(path.is_file() for path in self._paths(item))
            and entry.summary.sha256 == file_sha256(item.source)
        )

    def _may_overwrite(self, path: Path, entry: Entry | None) -> bool:
        """Whether a file is there and may go; `OutputError` if it is there and may not."""
        if path.is_dir():
            raise OutputError(f"{path} is a folder", mend="write elsewhere with -o DIR")
        if not path.exists():
            return self.force
        ours = () if entry is None else entry.files.get(self._name(path), ())
        if not self.force and file_sha256(path) not in ours:
            raise OutputError(
                f"{path} was not written by this batch, or was changed since",
                mend="--force overwrites, -o DIR writes elsewhere",
            )
        return True

    def _write(self, item: Item, result: Rendered) -> Outcome:
        paths = dict(zip(self.work.formats, self._paths(item), strict=True))
        new = {self._name(path): _sha256(result.files[name]) for name, path in paths.items()}
        try:
            old = self.journal.get(item.place)
            before = {} if old is None else old.files
            begun = {name: (*before.get(name, ()), sha256) for name, sha256 in new.items()}
            self._enter(item, result, {**before, **begun}, done=False)
            for name, path in paths.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                write_bytes(path, result.files[name], force=self._may_overwrite(path, old))
            written = {name: (sha256,) for name, sha256 in new.items()}
            self._enter(item, result, {**before, **written}, done=True)
        except OSError as error:
            return _failed(item, OutputError(f"cannot write {item.place}: {error.strerror or error}"))
        except FretscribeError as error:
            return _failed(item, error)
        return Outcome(item=item, status="written", files=tuple(paths.values()), summary=result.summary)

    def _enter(
        self, item: Item, result: Rendered, files: Mapping[str, tuple[str, ...]], *, done: bool
    ) -> None:
        entry = Entry(recipe=self.recipe, done=done, files=files, summary=result.summary)
        self.journal.put(item.place, entry)

    def _paths(self, item: Item) -> tuple[Path, ...]:
        return tuple(self.out / (item.place + suffix_of(name)) for name in self.work.formats)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.out).as_posix()


def _failed(item: Item, error: Exception) -> Outcome:
    if isinstance(error, FretscribeError):
        return Outcome(item=item, status="failed", error=str(error), exit_code=error.exit_code)
    text = f"{item.source}: {type(error).__name__}: {error} (this is a mistake in fretscribe, please tell us)"
    return Outcome(item=item, status="failed", error=text, exit_code=1)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

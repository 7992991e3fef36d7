"""Which recordings a library holds, and under which name the results of each go.

Folders keep their shape: what lies at ``album/song.wav`` becomes ``album/song``. Where two would get one name
(``song.wav`` and ``song.mp3``), each keeps its suffix. Neighbours: ``run`` goes through them.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from fretscribe.errors import OptionError
from fretscribe.io.files import read_limited
from fretscribe.io.recordings import find_recordings

LIST_SUFFIXES = (".txt", ".m3u", ".m3u8")
"""A file with one of these names recordings, one a line; playlists of players are such lists."""

_MAX_LIST_BYTES = 64_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A recording and its place.

    Attributes
    ----------
    source : Path
        Absolute, so that it is the same file for every worker.
    place : str
        Where results go below the output folder, without the suffix of a format.
    rival : Path, or None
        Another recording that has this place already.
    """

    source: Path
    place: str
    rival: Path | None = None


def list_items(arguments: Sequence[Path], *, taken: Iterable[str] = ()) -> list[Item]:
    """The recordings of folders, lists and names, each once, in their order.

    Parameters
    ----------
    arguments : sequence of Path
        A folder stands for the recordings in it and in its folders, a list (`LIST_SUFFIXES`) for those
        that it names, relative to itself. Of several folders each gets a folder of its name.
    taken : iterable of str
        Places that no item may have.

    Raises
    ------
    InputError
        If a folder holds no recordings, or a list names none or cannot be read.
    """
    n_folders = sum(argument.is_dir() for argument in arguments)
    found: dict[Path, PurePath] = {}
    for argument in arguments:
        for source, name in _expand(argument, alone=n_folders == 1):
            found.setdefault(source.absolute(), name)
    counts = Counter(_folded(_short(name)) for name in found.values())
    counts.update(_folded(PurePath(place)) for place in taken)
    owners: dict[str, Path] = {}
    items = []
    for source, name in found.items():
        short = _short(name)
        place = short if counts[_folded(short)] == 1 else name
        owner = owners.setdefault(_folded(place), source)
        items.append(Item(source=source, place=place.as_posix(), rival=None if owner == source else owner))
    return items


def _expand(argument: Path, *, alone: bool) -> Iterator[tuple[Path, PurePath]]:
    """Files of an argument, and the names that they would like to have."""
    if argument.is_dir():
        for path in find_recordings(argument):
            inside = path.relative_to(argument)
            yield path, inside if alone else PurePath(argument.absolute().name) / inside
    elif argument.suffix.lower() in LIST_SUFFIXES:
        for path in _read_list(argument):
            near = path.is_relative_to(argument.parent) and ".." not in path.parts
            yield path, path.relative_to(argument.parent) if near else PurePath(path.name)
    else:
        yield argument, PurePath(argument.name)


def _read_list(path: Path) -> Iterator[Path]:
    try:
        text = read_limited(path, _MAX_LIST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OptionError(f"{path} is no list of recordings", mend="name one a line, in UTF-8") from None
    lines = [line.strip() for line in text.splitlines()]
    names = [line for line in lines if line and not line.startswith("#")]
    if not names:
        raise OptionError(f"{path} names no recordings", mend="name one a line")
    for name in names:
        if "\0" in name or Path(name).name in ("", ".."):
            raise OptionError(f"{path} is no list of recordings", mend="name one a line, in UTF-8")
        yield path.parent / name


def _short(name: PurePath) -> PurePath:
    """Without the suffix, if that leaves a name: of ``..wav`` it would leave a folder."""
    return name if name.stem == "." else name.with_name(name.stem)


def _folded(place: PurePath) -> str:
    """Equal for names that some file systems take for one."""
    return unicodedata.normalize("NFC", place.as_posix()).casefold()

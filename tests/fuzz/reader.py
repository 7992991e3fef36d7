"""What a fuzzed reader is, and what many of them share.

Neighbours: ``readers`` lists them all, ``mutations`` and ``structures`` make their seeds wrong.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fuzz.mutations import Mutation


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A reader: valid files, how to make them wrong, and what reads them."""

    seeds: Callable[[], list[bytes]]
    mutate: Mutation
    read: Callable[[bytes], object]


def of_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """For what only reads files: the bytes lie in a folder of their own while they are read."""

    def read_bytes(data: bytes) -> object:
        with tempfile.TemporaryDirectory(prefix="fretscribe-fuzz-") as folder:
            path = Path(folder) / name
            path.write_bytes(data)
            return read(path)

    return read_bytes


def of_folder(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """As `of_file`, for what wants the folder."""
    return of_file(name, lambda path: read(path.parent))


def files(*paths: Path) -> Callable[[], list[bytes]]:
    """Seeds that lie on disk."""
    return lambda: [path.read_bytes() for path in paths]


def one_of(*mutations: Mutation) -> Mutation:
    """Any of some mutations, each as likely as it is named often."""

    def mutated(data: bytes, chance: random.Random) -> bytes:
        return chance.choice(mutations)(data, chance)

    return mutated


def written(make: Callable[[Path], object], name: str) -> Callable[[], list[bytes]]:
    """Seeds that something writes: it gets a folder and leaves a file of this name there."""

    def seeds() -> list[bytes]:
        with tempfile.TemporaryDirectory(prefix="fretscribe-fuzz-") as folder:
            make(Path(folder))
            return [(Path(folder) / name).read_bytes()]

    return seeds


def joined(*sources: Callable[[], Sequence[bytes]]) -> Callable[[], list[bytes]]:
    """Seeds of several sources."""
    return lambda: [data for source in sources for data in source()]

"""Stems to files: one WAV a source, as a stream, all of them or none.

32-bit floats, never normalised: the stems add up to the mix, and their levels stay what they are in it.
Neighbours: ``atomic`` publishes, ``audio_writer`` writes recordings that are in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import soundfile

from fretscribe.errors import OptionError, OutputError
from fretscribe.frames import FloatArray
from fretscribe.io.atomic import atomic_write

_MOST_BYTES = 4 * 2**30 - 4096  # a RIFF file cannot say more
_BYTES_PER_SAMPLE = 8


def stem_paths(folder: Path, name: str, sources: Sequence[str]) -> dict[str, Path]:
    """Source -> file: ``song.guitar.wav`` and so on."""
    return {source: folder / f"{name}.{source}.wav" for source in sources}


class StemWriter:
    """A context manager that gives a function of blocks [n_sources, 2, n_samples], in the order of ``paths``.

    Raises
    ------
    OptionError
        If the files would be larger than WAV allows.
    OutputError
        If a file exists (without ``force``) or cannot be written.
    """

    def __init__(self, paths: Mapping[str, Path], sample_rate: int, *, n_samples: int, force: bool) -> None:
        if n_samples * _BYTES_PER_SAMPLE > _MOST_BYTES:
            raise OptionError("stems of more than 3 hours do not fit into WAV", mend="use --start and --end")
        self._paths = paths
        self._rate = sample_rate
        self._force = force
        self._stack = ExitStack()
        self._files: list[soundfile.SoundFile] = []

    def __enter__(self) -> StemWriter:
        with ExitStack() as stack:
            for path in self._paths.values():
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    raise OutputError(f"cannot make {path.parent}: {error.strerror}") from error
                part = stack.enter_context(atomic_write(path, force=self._force))
                file = soundfile.SoundFile(part, "w", self._rate, 2, subtype="FLOAT", format="WAV")
                self._files.append(stack.enter_context(file))
            self._stack = stack.pop_all()
        return self

    def __call__(self, block: FloatArray) -> None:
        for file, stem in zip(self._files, block, strict=True):
            try:
                file.write(stem.T)
            except soundfile.LibsndfileError as error:
                raise OutputError(f"cannot write {file.name}: {error.error_string}") from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

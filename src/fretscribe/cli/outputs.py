"""Where results go: names, checks before any work is done, and the writing itself."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fretscribe.cli.report import warning_line
from fretscribe.errors import OptionError, OutputError
from fretscribe.io.page_options import PageOptions

if TYPE_CHECKING:
    from fretscribe.result import Transcription

STDOUT = "-"
_BINARY = frozenset({"mid", "gp5", "gp", "gp-synced", "pdf", "html"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the results of a command go.

    Attributes
    ----------
    formats : tuple of str
    folder : Path, or None
        None is the folder of each input.
    to_stdout : bool
    force : bool
        Whether files that exist may be overwritten.
    page : PageOptions
    """

    formats: tuple[str, ...]
    folder: Path | None = None
    to_stdout: bool = False
    force: bool = False
    page: PageOptions = field(default_factory=PageOptions)

    def paths(self, source: Path) -> tuple[Path, ...]:
        """The files that the results of an input become, one for each format."""
        from fretscribe.io.formats import suffix_of

        if self.to_stdout:
            return ()
        folder = source.parent if self.folder is None else self.folder
        stem = source.name.removesuffix(".tab.txt") if source.name.endswith(".tab.txt") else source.stem
        return tuple(folder / (stem + suffix_of(name)) for name in self.formats)

    def check(self, source: Path) -> None:
        """Raise `OutputError` if a result of this input exists and must not be overwritten."""
        for path in self.paths(source):
            if path.is_dir():
                raise OutputError(f"{path} is a folder", mend="write elsewhere with -o DIR")
            if path.exists() and not self.force:
                raise OutputError(
                    f"{path} exists already", mend="--force overwrites, -o DIR writes elsewhere"
                )

    def check_folder(self, source: Path) -> None:
        """Make the folder if it is absent, and raise `OutputError` if nothing can be written there."""
        if not self.to_stdout:
            require_writable(source.parent if self.folder is None else self.folder)

    def write(self, result: Transcription, source: Path) -> tuple[Path, ...]:
        """Write all formats; returns the files."""
        from fretscribe.io.formats import render_tab, write_tab

        if self.to_stdout:
            sys.stdout.buffer.write(render_tab(result, self.formats[0], page=self.page))
            sys.stdout.buffer.flush()
        paths = self.paths(source)
        for path in paths:
            write_tab(result, path, force=self.force, page=self.page)
        return paths

    def say_losses(self, result: Transcription, source: Path) -> None:
        """Warn of what each format could not hold."""
        from fretscribe.io.formats import losses_of

        for name in self.formats:
            lost = losses_of(result, name)
            if lost:
                warning_line(f"{source}: {lost}")


def plan_destination(
    output: str | None,
    formats: Sequence[str],
    *,
    force: bool,
    n_inputs: int,
    page: PageOptions | None = None,
) -> Destination:
    """Read ``-o``, ``-f`` and ``--force``; ``page`` is the default where None.

    Raises
    ------
    OptionError
        If a format is unknown, or standard output is asked to hold more than one result.
    MissingProgramError
        If a format needs another program.
    """
    names = _parse_formats(formats)
    page = page or PageOptions()
    if output != STDOUT:
        folder = None if output is None else Path(output)
        return Destination(formats=names, folder=folder, force=force, page=page)
    if len(names) != 1 or n_inputs != 1:
        mend = "give one input and one format, for example -o - -f txt"
        raise OptionError("standard output takes one result", mend=mend)
    if names[0] in _BINARY and sys.stdout.isatty():
        raise OptionError(f"{names[0]} is no text for a terminal", mend="redirect it: > song." + names[0])
    return Destination(formats=names, to_stdout=True, page=page)


def check_no_collision(destination: Destination, sources: Sequence[Path]) -> None:
    """Raise `OptionError` if two inputs would write the same file."""
    owner: dict[Path, Path] = {}
    for source in sources:
        for path in destination.paths(source):
            other = owner.setdefault(path.absolute(), source)
            if other != source:
                mend = "run them apart, with different -o folders"
                raise OptionError(f"{other} and {source} would both become {path}", mend=mend)


def _parse_formats(texts: Sequence[str]) -> tuple[str, ...]:
    from fretscribe.io.formats import FORMATS, WRITABLE

    names = [name.strip().lower().lstrip(".") for text in texts for name in text.split(",")]
    names = list(dict.fromkeys(name for name in names if name))
    if not names:
        raise OptionError("no output format given", mend=f"choose from {', '.join(sorted(WRITABLE))}")
    for name in names:
        if name not in WRITABLE:
            known = ", ".join(sorted(WRITABLE))
            raise OptionError(f"{name!r} is not a format that can be written", mend=f"choose from {known}")
        if require := FORMATS[name].require:
            require()
    return tuple(names)


def require_writable(folder: Path, *, option: str = "-o DIR") -> None:
    """Make a folder if it is absent.

    Raises
    ------
    OutputError
        If it is no folder, or if nothing can be written into it; names the option that chose it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError as error:
        raise OutputError(f"{folder} is not a folder", mend=f"{option} takes a folder") from error
    except OSError as error:
        mend = f"choose another folder with {option}"
        raise OutputError(f"cannot write into {folder}: {error.strerror}", mend=mend) from error

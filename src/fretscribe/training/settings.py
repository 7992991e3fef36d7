"""Reading a training run's TOML into frozen dataclasses; unknown keys are refused."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from fretscribe.errors import OptionError

Settings = TypeVar("Settings")


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as nested dictionaries.

    Raises
    ------
    OptionError
        If the file is absent or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(f"cannot read the configuration {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, or nested too deeply
        raise OptionError(f"{path} is not TOML: {error}") from error


def settings_from(kind: type[Settings], table: dict[str, Any], where: str) -> Settings:
    """A dataclass from a TOML table; lists become tuples.

    Raises
    ------
    OptionError
        On a key that the dataclass does not have, or lacks.
    """
    known = {f.name for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(table) - known)
    if unknown:
        raise OptionError(f"{where}: unknown key {unknown[0]!r}", mend=f"known: {', '.join(sorted(known))}")
    try:
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in table.items()})
    except (TypeError, ValueError) as error:
        raise OptionError(f"{where}: {error}") from error


def cache_dir(name: str) -> Path:
    """A folder for caches and checkpoints, below ``$FRETSCRIBE_CACHE`` or ``~/.cache/fretscribe``."""
    root = os.environ.get("FRETSCRIBE_CACHE") or Path.home() / ".cache" / "fretscribe"
    return Path(root) / name


def data_dir() -> Path:
    """Where the recordings and samples lie: ``$FRETSCRIBE_DATA`` or ``../shared/data``."""
    return Path(os.environ.get("FRETSCRIBE_DATA") or "../shared/data")

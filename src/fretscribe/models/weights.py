"""Which weights exist: name -> file + sha256, and where they are looked for.

The default weights lie in this package's ``weights`` folder beside ``registry.json``; a user's folder
may replace any of them by file name. Knows nothing of what the networks do.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from fretscribe.errors import WeightsError

DEFAULT_FOLDER = Path(__file__).parent / "weights"
REGISTRY = "registry.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsFile:
    """A weights file that is there, with the checksum of its bytes, and whether it came with the package."""

    name: str
    path: Path
    sha256: str
    built_in: bool = False


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_registry(folder: Path = DEFAULT_FOLDER) -> dict[str, dict[str, str]]:
    """The registry of a weights folder: name -> {"file": ..., "sha256": ...}.

    Raises
    ------
    WeightsError
        If it is absent or not what `registry_text` makes.
    """
    path = folder / REGISTRY
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {str(n): {"file": str(e["file"]), "sha256": str(e["sha256"])} for n, e in entries.items()}
    except OSError as error:
        raise WeightsError(
            f"cannot read {path}: {error.strerror}", mend="install fretscribe again"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WeightsError(f"{path} is not a weights registry: {error}") from error


def registry_text(folder: Path, files: dict[str, str]) -> str:
    """The registry of a folder for files (name -> file name) that lie in it."""
    entries = {n: {"file": f, "sha256": sha256_of(folder / f)} for n, f in sorted(files.items())}
    return json.dumps(entries, indent=2) + "\n"


def find_weights(name: str, folder: Path | None = None) -> WeightsFile:
    """Weights by name: from a user's folder if it has such a file, else the default ones.

    Parameters
    ----------
    name : str
        For example ``acoustic``; the user's file is ``<name>.onnx``.
    folder : Path, optional
        A user's weights. A folder without this file means the default weights.

    Raises
    ------
    WeightsError
        If the folder is not one, or the default file is absent or differs from its checksum.
    """
    if folder is not None:
        if not folder.is_dir():
            raise WeightsError(f"{folder} is not a folder of weights", mend="--weights takes a folder")
        own = folder / f"{name}.onnx"
        if own.exists():
            return WeightsFile(name=name, path=own, sha256=sha256_of(own))
    entry = read_registry().get(name)
    if entry is None:
        raise WeightsError(f"there are no default weights {name!r}")
    path = DEFAULT_FOLDER / entry["file"]
    if not path.exists():
        raise WeightsError(f"the default weights {path} are absent", mend="install fretscribe again")
    if sha256_of(path) != entry["sha256"]:
        raise WeightsError(f"{path} differs from its checksum", mend="install fretscribe again")
    return WeightsFile(name=name, path=path, sha256=entry["sha256"], built_in=True)

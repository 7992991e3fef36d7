"""alphaTab under node as a foreign reader of score files; tests that use it skip where it is absent."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

CACHE = Path(os.environ.get("FRETSCRIBE_CACHE") or Path.home() / ".cache" / "fretscribe")
SCRIPTS = Path(__file__).parent / "oracles"


def alphatab_folder() -> Path:
    """The folder that alphaTab is installed in; skips the test where it, or node, is absent."""
    found = sorted((CACHE / "oracles").glob("alphatab-*"))
    found = [folder for folder in found if (folder / "node_modules" / "@coderline" / "alphatab").is_dir()]
    if shutil.which("node") is None:
        pytest.skip("there is no node on this machine, which alphaTab runs under")
    if not found:
        pytest.skip("alphaTab is not installed: make install-oracles")
    return found[-1]


def read_with_alphatab(paths: Sequence[Path], *, script: str = "alphatab_notes.mjs") -> list[dict[str, Any]]:
    """What alphaTab reads from every file (see the script), or ``{"error": ...}``; one process for all."""
    command = ["node", str(SCRIPTS / script), str(alphatab_folder()), *map(str, paths)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
    readings = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(readings) == len(paths)
    return readings

"""A command that needs an extra says so in one line where it is missing, and how to get it.

One command of each extra here; `make install-matrix` tries all of them where the extras are really absent.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from missing_extras import MISSING, check_line, files_in, make_inputs, words_of

FIRST = {extra: row for extra, *row in reversed(MISSING)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    make_inputs(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("extra", FIRST)
def test_a_missing_extra_is_one_line(extra: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages, line = FIRST[extra]
    monkeypatch.setenv("PATH", "")  # no ffmpeg
    before = files_in(folder)
    code = f"import sys; sys.modules.update(dict.fromkeys({packages}))\n"  # as if they were not installed
    code += f"from fretscribe.cli.__main__ import run; sys.exit(run({words_of(line)}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    check_line(extra, done.returncode, done.stdout, done.stderr)
    assert files_in(folder) == before


def test_any_other_missing_package_is_a_line_too(tmp_path: Path) -> None:
    code = "import sys; sys.modules['mido'] = None\n"
    code += "from fretscribe.cli.__main__ import run; sys.exit(run(['convert', 'a.mid', 'a.json']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr == (
        "fretscribe: error: the package mido is not installed (fretscribe doctor says how to mend that)\n"
    )

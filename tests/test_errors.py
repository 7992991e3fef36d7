"""What errors say: the line that installs something into this environment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fretscribe.errors import MissingExtraError, pip_install


def test_pip_is_named_alone_only_where_it_is_that_of_this_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert pip_install("numpy>=1.26") == 'pip install "numpy>=1.26"'
    other = tmp_path / "pip"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    for path in (str(tmp_path), str(tmp_path / "empty")):
        monkeypatch.setenv("PATH", path)
        assert pip_install("numpy>=1.26").endswith(' -m pip install "numpy>=1.26"')
        assert pip_install("numpy>=1.26").startswith(str(Path(sys.executable).parent))


def test_a_missing_extra_names_its_line() -> None:
    error = MissingExtraError("the studio", "studio")
    assert str(error).startswith("the studio needs the extra 'studio', which is not installed (")
    assert error.mend.endswith('pip install "fretscribe[studio]"')

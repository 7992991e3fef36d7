"""Archives with odd members."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from fretscribe.datasets.unpack import unpack
from fretscribe.errors import DatasetError


def archive(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name in names:
            packed.writestr(zipfile.ZipInfo(name), b"content")
    return path


def test_a_member_without_a_name_is_left_out(tmp_path: Path) -> None:
    unpack(archive(tmp_path / "a.zip", "", "a.txt"), tmp_path / "out", free_bytes=1000)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.txt"]
    with pytest.raises(DatasetError, match="holds no files"):
        unpack(archive(tmp_path / "b.zip", ""), tmp_path / "none", free_bytes=1000)

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


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", "\u00e4\u00e4.txt")  # the name stands in the member's own header, too
    data = path.read_bytes()
    path.write_bytes(data.replace("\u00e4".encode(), b"\xff\xfe", 1))
    with pytest.raises(DatasetError, match="cannot unpack"):
        unpack(path, tmp_path / "out", free_bytes=1000)
    assert not (tmp_path / "out").exists()

"""Recordings are found in a folder by their names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fretscribe.errors import AudioError
from fretscribe.io.recordings import find_recordings


def test_recordings_are_found_at_any_depth_and_in_order(tmp_path: Path) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / ".trash").mkdir()
    for name in ("b/c/z.M4A", "b/a.wav", "A.flac", "._A.flac", "A.tab.txt", "A.mid", "notes", ".trash/x.wav"):
        (tmp_path / name).touch()
    assert [path.relative_to(tmp_path).as_posix() for path in find_recordings(tmp_path)] == [
        "A.flac", "b/a.wav", "b/c/z.M4A",
    ]  # fmt: skip


def test_a_folder_without_recordings_is_told(tmp_path: Path) -> None:
    (tmp_path / "song.mid").touch()
    with pytest.raises(AudioError, match="holds no recordings"):
        find_recordings(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir(mode=0)
    with pytest.raises(AudioError, match="cannot be read"):
        find_recordings(tmp_path)

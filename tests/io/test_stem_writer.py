"""Stems are written as they are: at their own levels, all of them or none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from fretscribe.errors import OptionError, OutputError
from fretscribe.io.stem_writer import StemWriter, stem_paths

SOURCES = ("drums", "guitar")


def stems(n_samples: int = 1000) -> np.ndarray[tuple[int, int, int], np.dtype[np.float32]]:
    return np.random.default_rng(0).normal(0, 1.5, (2, 2, n_samples)).astype(np.float32)


def write(folder: Path, *, force: bool = False) -> None:
    with StemWriter(stem_paths(folder, "song", SOURCES), 44100, n_samples=1000, force=force) as writer:
        for start in range(0, 1000, 300):
            writer(stems()[:, :, start : start + 300])


def test_samples_come_back_as_they_were(tmp_path: Path) -> None:
    """Also what is above full scale: nothing is normalised or clipped."""
    write(tmp_path / "new" / "folder")
    for source, stem in zip(SOURCES, stems(), strict=True):
        samples, rate = soundfile.read(tmp_path / "new" / "folder" / f"song.{source}.wav", dtype="float32")
        assert rate == 44100
        np.testing.assert_array_equal(samples.T, stem)


def test_files_that_exist_are_kept_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "song.guitar.wav").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"song\.guitar\.wav"):
        write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["song.guitar.wav"]
    assert (tmp_path / "song.guitar.wav").read_bytes() == b"mine"
    write(tmp_path, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["song.drums.wav", "song.guitar.wav"]


def test_a_separation_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def break_off() -> None:
        paths = stem_paths(tmp_path, "song", SOURCES)
        with StemWriter(paths, 44100, n_samples=1000, force=False) as writer:
            writer(stems())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot make"):
        write(tmp_path / "file" / "folder")


def test_more_than_wav_holds_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="3 hours"):
        StemWriter(stem_paths(tmp_path, "song", SOURCES), 44100, n_samples=600_000_000, force=False)

"""Precomputed windows: made ones for the rules, the real ones where they are there."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fretscribe.datasets.windows import open_windows, window_grid
from fretscribe.errors import DatasetError

REAL_DATA = (
    Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "guitarset"
)


def made_windows(n_windows: int = 4) -> np.ndarray:
    windows = np.random.default_rng(0).uniform(-60, 0, (n_windows, 96, 9)).astype(np.float32)
    windows[1] = 0.0  # missing
    windows[2, :90] = 0.0  # loud, not missing
    return windows


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def made_archive(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"{name}.npz", data)
    return path


def test_archive_and_folder_give_the_same_windows(tmp_path: Path) -> None:
    windows = made_windows()
    archive = made_archive(tmp_path / "cqt_windows.zip", **{"00_A-1-C_comp": npz(cqt_db=windows)})
    folder = tmp_path / "unpacked"
    folder.mkdir()
    (folder / "00_A-1-C_comp.npz").write_bytes(npz(cqt_db=windows))
    for place in (archive, tmp_path, folder):
        found = open_windows(place)
        assert found.track_ids == ("00_A-1-C_comp",)
        assert "00_A-1-C_comp" in found
        track = found.read("00_A-1-C_comp")
        np.testing.assert_array_equal(track.windows, windows)
        assert track.has_data.tolist() == [True, False, True, True]


def test_the_index_travels_to_other_processes(tmp_path: Path) -> None:
    archive = made_archive(tmp_path / "w.zip", a=npz(cqt_db=made_windows()))
    assert pickle.loads(pickle.dumps(open_windows(archive))).track_ids == ("a",)  # noqa: S301  # our own


def test_a_window_lies_around_its_centre() -> None:
    grid = window_grid(300)
    for i in (0, 7, 299):
        assert grid.time_s(i) == pytest.approx(0.5 * (0.1 * i + (0.1 * i + 0.2)))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK no archive", "cannot read a.npz in "),
        (npz(other=np.zeros(3, np.float32)), "cannot read a.npz in "),
        (npz(cqt_db=np.array([{"a": 1}], dtype=object)), "Python objects"),
        (npz(cqt_db=np.zeros((3, 9, 96), np.float32)), r"float32 \(3, 9, 96\)"),
        (npz(cqt_db=np.zeros((3, 96, 9))), r"float64 \(3, 96, 9\)"),
        (npz(cqt_db=np.full((3, 96, 9), np.nan, np.float32)), "not numbers"),
        (npz(cqt_db=made_windows())[:-80], "cannot read a.npz in "),
    ],
)
def test_a_broken_member_is_named(tmp_path: Path, data: bytes, message: str) -> None:
    found = open_windows(made_archive(tmp_path / "w.zip", a=data))
    with pytest.raises(DatasetError, match=message) as caught:
        found.read("a")
    assert "a.npz" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_absent_windows_are_said_to_be_absent(tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_bytes(b"no archive")
    for place, message in (
        (tmp_path / "x", "does not exist"),
        (tmp_path, "no windows"),
        (tmp_path / "no.zip", "cannot read"),
    ):
        with pytest.raises(DatasetError, match=message):
            open_windows(place)
    archive = made_archive(tmp_path / "w.zip", a=npz(cqt_db=made_windows()))
    with pytest.raises(DatasetError, match="b: no windows"):
        open_windows(archive).read("b")


@pytest.mark.skipif(not (REAL_DATA / "cqt_windows.zip").is_file(), reason="the real windows are not here")
def test_the_real_windows_are_there_and_partly_missing() -> None:
    found = open_windows(REAL_DATA)
    assert len(found.track_ids) == 293
    track = found.read("00_BN1-129-Eb_comp")
    assert track.windows.shape == (222, 96, 9)
    assert track.windows.min() == -120.0
    assert 0.5 < track.has_data.mean() <= 1.0

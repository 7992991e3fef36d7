"""The wheel that people install carries the weights and the licence, and stays small."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def build(kind: str, source: Path, out: Path) -> Path:
    """Build a wheel or source archive of a source folder."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.mark.slow
def test_the_wheel_carries_weights_and_licence(wheel: Path) -> None:
    assert wheel.stat().st_size < 16_000_000
    names = zipfile.ZipFile(wheel).namelist()
    weights = (
        "acoustic.onnx",
        "tabcnn.onnx",
        "lstm_final.onnx",
        "registry.json",
        "confidence_calibration.json",
    )
    for wanted in (*(f"models/weights/{name}" for name in weights), "py.typed"):
        assert f"fretscribe/{wanted}" in names
    assert any(name.endswith("LICENSE") for name in names)
    assert any(name.endswith("NOTICE") for name in names)
    assert not any(name.startswith("tests/") for name in names)


@pytest.mark.slow
def test_the_source_archive_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    archive = build("sdist", ROOT, tmp_path / "sdist")
    assert archive.stat().st_size < 16_000_000
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path / "unpacked", filter="data")
    (source,) = (tmp_path / "unpacked").iterdir()
    again = build("wheel", source, tmp_path / "wheel")
    with zipfile.ZipFile(wheel) as ours, zipfile.ZipFile(again) as theirs:
        assert ours.namelist() == theirs.namelist()
        assert [entry.CRC for entry in ours.infolist()] == [entry.CRC for entry in theirs.infolist()]

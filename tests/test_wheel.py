"""The wheel that people install carries the weights and the licence, and stays small."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_wheel_carries_weights_and_licence(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
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

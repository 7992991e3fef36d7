"""Networks that say odd things of themselves, or answer something else: one line each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fretscribe.errors import WeightsError
from fretscribe.frames import Audio
from fretscribe.models.acoustic import AcousticModel
from fretscribe.models.weights import WeightsFile
from hearing_network import CONFIG, save_hearing_network


def hear(path: Path) -> object:
    model = AcousticModel(WeightsFile(name="acoustic", path=path, sha256=""), n_threads=1)
    return model(Audio(samples=np.ones((1, 4410), np.float32), sample_rate=model.sample_rate))


def test_a_network_that_is_as_it_says(tmp_path: Path) -> None:
    save_hearing_network(tmp_path / "a.onnx")
    hear(tmp_path / "a.onnx")


@pytest.mark.parametrize(
    "odd",
    [
        {"sample_rate": 0},
        {"sample_rate": 22050.0},
        {"sample_rate": True},
        {"sample_rate": 10**400},
        {"hop_length": -2},
        {"hop_length": 1},  # would ask for 22050 frames a second
        {"pitch_min": None},
        {"n_pitches": 56_000},
        {"n_strings": "6"},
    ],
)
def test_odd_configs(odd: dict[str, object], tmp_path: Path) -> None:
    save_hearing_network(tmp_path / "a.onnx", config=CONFIG | odd)
    with pytest.raises(WeightsError, match=f"its config has an odd '{next(iter(odd))}'"):
        hear(tmp_path / "a.onnx")


@pytest.mark.parametrize("odd", [{"n_strings": 7}, {"n_pitches": 50}, {"hop_length": 100}])
def test_answers_of_other_shapes(odd: dict[str, object], tmp_path: Path) -> None:
    save_hearing_network(tmp_path / "a.onnx", config=CONFIG | odd)
    with pytest.raises(WeightsError, match=r"answers with something else|hears fewer frames"):
        hear(tmp_path / "a.onnx")


def test_a_graph_that_cannot_be_run(tmp_path: Path) -> None:
    save_hearing_network(tmp_path / "a.onnx", hop_length=-512)  # less than no frames
    with pytest.raises(WeightsError, match="cannot be run") as caught:
        hear(tmp_path / "a.onnx")
    assert "\n" not in str(caught.value)


def test_a_description_that_is_no_text(tmp_path: Path) -> None:
    save_hearing_network(tmp_path / "a.onnx", described="AAAA")
    data = (tmp_path / "a.onnx").read_bytes()
    (tmp_path / "a.onnx").write_bytes(data.replace(b"AAAA", b"\xff\xfe\xff\xfe"))
    with pytest.raises(WeightsError, match="broken description of itself"):
        hear(tmp_path / "a.onnx")
    save_hearing_network(tmp_path / "deep.onnx", described="[" * 100_000)
    with pytest.raises(WeightsError, match="broken description of itself"):
        hear(tmp_path / "deep.onnx")

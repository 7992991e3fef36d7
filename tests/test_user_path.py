"""A user's own networks, as the README says: data, training, predictions, calibration, a tab with them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fretscribe.cli.__main__ import run
from fretscribe.datasets.arrays import read_arrays
from fretscribe.evaluation.metrics import FrameScores
from fretscribe.evaluation.tab_frames import tab_frame_scores
from fretscribe.frames import probs_from_tab
from fretscribe.models.weights import sha256_of
from fretscribe.music import STANDARD_TUNING
from fretscribe.symbolic.calibration_file import read_calibration

TABCNN = """
[model]
front_end = "mel"
stem = 8
channels = 16
reduced = 8
hidden = 64
[augment]
share = 0.0
[loop]
epochs = 8
batch = 128
learning_rate = 4e-3
ema = 0.9
"""
LSTM = """
[model]
channels = 8
hidden = 8
[loop]
epochs = 3
batch = 8
learning_rate = 4e-3
ema = 0.9
"""


def frame_scores(predicted: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> FrameScores:
    found, played = (probs_from_tab(a[valid]).argmax(axis=-1) for a in (predicted, truth))
    return tab_frame_scores(played, found, STANDARD_TUNING.open_pitches)


@pytest.mark.timeout(900)  # a minute on two idle cores
@pytest.mark.slow
def test_own_recordings_become_own_networks_and_they_a_tab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRETSCRIBE_CACHE", str(tmp_path / "cache"))
    Path("tabcnn_mel.toml").write_text(TABCNN, encoding="utf-8")
    Path("lstm.toml").write_text(LSTM, encoding="utf-8")

    def fretscribe(line: str) -> str:
        assert run(line.split()) == 0, capsys.readouterr().err
        return capsys.readouterr().err

    fretscribe("data synth --minutes 3 --seed 1 --kind steel --no-arrays --out mine")
    fretscribe("data synth --minutes 1.5 --seed 2 --kind steel --no-arrays --out others")
    fretscribe("data guitarset --root mine --no-predictions --out arrays")
    fretscribe("data check arrays")
    fretscribe("train tabcnn tabcnn_mel.toml --arrays arrays --folds player -o folds")
    fretscribe("data predict arrays --folds folds")
    arrays = read_arrays(Path("arrays"))
    assert arrays.x_lstm is not None
    unheard = frame_scores(arrays.x_lstm, arrays.y, arrays.valid)
    assert unheard.multipitch.f1 > 0.3  # chance is far below; two hours of sound would teach more
    assert unheard.tab.f1 > 0.15
    fretscribe("train tabcnn tabcnn_mel.toml --arrays arrays -o weights")
    told = fretscribe("train lstm lstm.toml --arrays arrays -o weights")
    assert "had learned from" not in told
    fretscribe("calibrate --dataset others --weights weights --picture reliability.png")
    song = next(Path("others/audio_mono-mic").glob("*_comp_mic.wav"))
    fretscribe(f"{song} --weights weights -o tabs")

    weights = {f"{name}": sha256_of(Path(f"weights/{name}.onnx")) for name in ("tabcnn", "lstm_final")}
    made = read_calibration(Path("weights/confidence_calibration.json"))
    assert made.level == "notes"
    assert weights.items() <= dict(made.weights).items()
    result = json.loads(next(Path("tabs").glob("*.json")).read_text(encoding="utf-8"))
    assert weights.items() <= result["provenance"]["weights"].items()
    stages = {stage["name"]: stage["status"] for stage in result["stages"]}
    assert (stages["tabcnn"], stages["lstm"], stages["confidence"]) == ("ran", "ran", "ran")
    assert result["warnings"] == ["weights has no acoustic.onnx: the built-in one is used"]
    assert len(result["notes"]) > 20

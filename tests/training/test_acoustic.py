"""The acoustic run: settings are strict, it learns, resumes, exports, and ONNX says what torch says."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from fretscribe.dsp.level import level_gain
from fretscribe.errors import OptionError, WeightsError
from fretscribe.frames import Audio
from fretscribe.models.acoustic import AcousticModel
from fretscribe.models.acoustic_net import AcousticConfig, AcousticGraph, AcousticNet, n_parameters
from fretscribe.models.weights import WeightsFile, sha256_of
from fretscribe.training.acoustic import read_run, train_acoustic
from fretscribe.training.acoustic_run import run_acoustic
from fretscribe.training.export import export_acoustic, load_acoustic_net, save_network

REPO = Path(__file__).parents[2]


def silent(_: str) -> None:
    """Swallow progress."""


def test_the_shipped_configuration_reads_and_is_small() -> None:
    run = read_run(REPO / "configs" / "acoustic.toml")
    assert n_parameters(AcousticNet(run.model)) <= 1_500_000
    assert AcousticConfig.from_json(json.loads(json.dumps(run.model.as_json()))) == run.model


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[loop]\nn_stepps = 3\n", "n_stepps"),
        ("[lop]\n", "lop"),
        ("[clips.a]\ncontent = 'noise'\nvoice = 'physical'\n", "noise"),
        ("[clips.a]\nvoice = 'physical'\n", "content"),
        ("not toml", "not TOML"),
    ],
)
def test_a_wrong_configuration_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OptionError, match=message):
        read_run(path)


@pytest.mark.slow
def test_a_stopped_run_goes_on_to_the_same_weights(tiny_config: Path, tmp_path: Path) -> None:
    run = read_run(tiny_config)
    whole = train_acoustic(run, tmp_path / "whole", tmp_path, silent)
    assert whole.step == 6
    assert [row["step"] for row in whole.history] == [3, 6]

    hurried = dataclasses.replace(run, loop=dataclasses.replace(run.loop, stop_after_s=1e-9))
    steps = [train_acoustic(hurried, tmp_path / "whole", tmp_path, silent).step for _ in range(2)]
    assert steps == [6, 6]
    (tmp_path / "whole" / "tiny.pt").unlink()
    steps = [train_acoustic(hurried, tmp_path / "whole", tmp_path, silent).step for _ in range(2)]
    assert steps == [1, 2]
    resumed = train_acoustic(run, tmp_path / "whole", tmp_path, silent)
    assert resumed.step == 6
    for name, value in whole.net.state_dict().items():
        torch.testing.assert_close(resumed.net.state_dict()[name], value, msg=name)


_PROCESS = """
import os
import sys
from pathlib import Path
import torch
from fretscribe.training.acoustic import read_run, train_acoustic
from fretscribe.training.processes import Processes

folder = Path(sys.argv[2])
learner = train_acoustic(read_run(Path(sys.argv[1])), folder / "cache", folder, lambda line: None)
rank = Processes.joined().rank
torch.save({"net": learner.net.state_dict(), "history": learner.history}, folder / f"rank{rank}.pt")
torch.distributed.destroy_process_group()
os._exit(0)  # all is saved; torch's threads may abort an interpreter that shuts down
"""


_DRIFTING = ("blocks.2.wide.bias", "blocks.2.norm.running_mean")
"""A bias that the norm after it takes out: its gradient is rounding, which AdamW makes steps of."""


@pytest.mark.slow
def test_two_processes_of_torchrun_learn_what_one_does(tiny_config: Path, tmp_path: Path) -> None:
    """Shares of two and one clips; batch norms, losses and gradients are those of the whole batch."""
    exact = tiny_config.read_text().replace("batch_clips = 2", "batch_clips = 3\nbfloat16 = false")
    tiny_config.write_text(exact, encoding="utf-8")
    alone = train_acoustic(read_run(tiny_config), tmp_path / "cache", tmp_path, silent)
    (tmp_path / "cache" / "tiny.pt").unlink()
    (tmp_path / "process.py").write_text(_PROCESS, encoding="utf-8")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ended = subprocess.run(
        [*torchrun, str(tmp_path / "process.py"), str(tiny_config), str(tmp_path)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    for rank in (0, 1):
        together = torch.load(tmp_path / f"rank{rank}.pt", weights_only=True)
        for name, value in alone.net.state_dict().items():
            if name not in _DRIFTING:
                torch.testing.assert_close(together["net"][name], value, atol=2e-4, rtol=1e-3, msg=name)
        for row, expected in zip(together["history"], alone.history, strict=rank == 0):
            told = {key: value for key, value in row.items() if key != "s_per_step"}
            assert told == pytest.approx({key: expected[key] for key in told}, rel=1e-3)
    assert (tmp_path / "cache" / "tiny.pt").exists()


@pytest.mark.slow
def test_a_run_writes_weights_checksums_and_its_account(tiny_config: Path, tmp_path: Path) -> None:
    run = read_run(tiny_config)
    folder = run_acoustic(
        run, cache=tmp_path / "cache", data=tmp_path, out=tmp_path / "out", stop_after_s=0, report=silent
    )
    account = json.loads((folder / "acoustic.run.json").read_text())
    assert account["step"] == 6
    assert account["sha256"]["acoustic.onnx"] == sha256_of(folder / "acoustic.onnx")
    losses = [row["val_onset"] for row in account["history"]]
    assert losses[-1] < losses[0]
    model = AcousticModel(
        WeightsFile(name="acoustic", path=folder / "acoustic.onnx", sha256=account["sha256"]["acoustic.onnx"])
    )
    roll = model(Audio(samples=np.zeros((1, 22050), np.float32), sample_rate=22050))
    assert roll.onset.shape == (44, 6, 56)


@pytest.fixture(scope="module")
def random_net() -> AcousticNet:
    """A thin network over short windows: quick to export."""
    torch.manual_seed(0)
    thin = AcousticConfig(
        pitch_min=52,
        n_pitches=20,
        offset_hz=30.0,
        fine_channels=4,
        channels=8,
        dilations=(1, 2),
        pitch_context=5,
    )
    net = AcousticNet(thin)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return net.eval()


def test_save_and_load_is_bit_equal(random_net: AcousticNet, tmp_path: Path) -> None:
    save_network(random_net, random_net.config, tmp_path / "a.safetensors")
    loaded = load_acoustic_net(tmp_path / "a.safetensors")
    audio = torch.randn(1, 22050)
    with torch.inference_mode():
        before, after = AcousticGraph(random_net)(audio), AcousticGraph(loaded)(audio)
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_foreign_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match=r"a\.safetensors"):
        load_acoustic_net(path)


@pytest.fixture(scope="module")
def exported(random_net: AcousticNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "a.onnx"
    export_acoustic(random_net, path)
    return path


@pytest.mark.parametrize("n_samples", [600, 22050, 50000])
def test_onnx_agrees_with_torch(random_net: AcousticNet, exported: Path, n_samples: int) -> None:
    session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
    audio = (0.1 * torch.randn(1, n_samples)).float()
    heard = session.run(None, {"audio": audio.numpy()})
    with torch.inference_mode():
        expected = AcousticGraph(random_net)(audio)
    for one, other in zip(heard, expected, strict=True):
        np.testing.assert_allclose(one, other.numpy(), atol=1e-5, rtol=1e-4)


def test_chunks_join_without_a_seam(random_net: AcousticNet, exported: Path) -> None:
    model = AcousticModel(WeightsFile(name="acoustic", path=exported, sha256=""))
    rng = np.random.default_rng(0)
    signal = (0.1 * rng.standard_normal(22050 * 65)).astype(np.float32)
    seen: list[float] = []
    roll = model(Audio(samples=signal[None], sample_rate=22050), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    with torch.inference_mode():
        onset, active, level = AcousticGraph(random_net)(torch.from_numpy(signal * level_gain(signal))[None])
    assert roll.grid.n_frames == len(onset)
    np.testing.assert_allclose(roll.onset, onset.numpy(), atol=1e-5)
    np.testing.assert_allclose(roll.active, active.numpy(), atol=1e-5)
    np.testing.assert_allclose(roll.level, level.numpy(), atol=1e-2)

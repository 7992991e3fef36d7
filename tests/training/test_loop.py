"""The plain loop on a toy task: it learns, stops, goes on to the same bits, and shares work out fairly."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fretscribe.training.loop import TabLoopSettings, Task, fit

SETTINGS = TabLoopSettings(epochs=4, batch=16, learning_rate=0.02, seed=3)
N_EXAMPLES = 101


def toy_task(*, scores: Sequence[float] | None = None, dropout: float = 0.2, **more: object) -> Task:
    """To tell from six numbers which of their sums is larger; ``scores`` are what validation finds."""
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.standard_normal((N_EXAMPLES, 6)).astype(np.float32))
    target = (x[:, :3].sum(dim=1) > x[:, 3:].sum(dim=1)).long()
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Dropout(dropout), nn.Linear(16, 2))
    told: Iterator[float] = iter(scores or ())

    def loss(net: nn.Module, batch: np.ndarray, rng: np.random.Generator) -> Tensor:
        noise = torch.from_numpy(0.01 * rng.standard_normal((len(batch), 6)).astype(np.float32))
        return F.cross_entropy(net(x[batch] + noise), target[batch])

    def validate(net: nn.Module) -> dict[str, float]:
        assert not net.training
        found = net(x).argmax(dim=1)
        return {"tab_f1": float((found == target).float().mean()) if scores is None else next(told)}

    task = Task(name="toy", net=net, n_examples=N_EXAMPLES, loss=loss, validate=validate)
    return dataclasses.replace(task, **more)  # type: ignore[arg-type]


def silent(_: str) -> None:
    """Swallow progress."""


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_it_learns_and_says_so(tmp_path: Path) -> None:
    lines: list[str] = []
    outcome = fit(toy_task(), dataclasses.replace(SETTINGS, epochs=12), tmp_path / "toy.pt", lines.append)
    assert outcome.finished
    assert outcome.epoch == 12
    assert outcome.step == 12 * (N_EXAMPLES // 16)
    losses = [row["loss"] for row in outcome.history]
    assert losses[-1] < 0.7 * losses[0]
    assert outcome.best_score > 0.9
    assert [row["epoch"] for row in outcome.history] == list(range(1, 13))
    assert len(lines) == 12
    assert '"held_out_tab_f1"' in lines[0]


def test_a_seed_gives_the_same_weights_and_another_does_not(tmp_path: Path) -> None:
    one, other = (fit(toy_task(), SETTINGS, tmp_path / f"{n}.pt", silent) for n in "ab")
    assert same(one.net, other.net)
    third = fit(toy_task(), dataclasses.replace(SETTINGS, seed=4), tmp_path / "c.pt", silent)
    assert not same(one.net, third.net)


def test_a_stopped_run_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    whole = fit(toy_task(), SETTINGS, tmp_path / "whole.pt", silent)
    lines: list[str] = []
    epochs = []
    for _ in range(SETTINGS.epochs):
        resumed = fit(toy_task(), SETTINGS, tmp_path / "parts.pt", lines.append, stop_after_s=1e-9)
        epochs.append(resumed.epoch)
    assert epochs == [1, 2, 3, 4]
    assert resumed.finished
    assert same(resumed.net, whole.net)
    assert same(resumed.average, whole.average)
    assert same(resumed.best, whole.best)
    drop_clock = [{k: v for k, v in row.items() if k != "seconds"} for row in resumed.history]
    assert drop_clock == [{k: v for k, v in row.items() if k != "seconds"} for row in whole.history]
    assert "toy: stopped after epoch 1; run again to go on" in lines
    assert "toy: goes on after epoch 1" in lines
    again = fit(toy_task(), SETTINGS, tmp_path / "parts.pt", silent)
    assert (again.epoch, again.finished) == (4, True)
    assert same(again.best, whole.best)


def test_a_checkpoint_of_something_else_is_not_gone_on_from(tmp_path: Path) -> None:
    fit(toy_task(fingerprint="one"), SETTINGS, tmp_path / "toy.pt", silent)
    lines: list[str] = []
    outcome = fit(toy_task(fingerprint="other"), SETTINGS, tmp_path / "toy.pt", lines.append)
    assert len(outcome.history) == 4
    assert len(lines) == 5
    assert lines[0] == "toy: the checkpoint is of other settings or arrays, so this starts anew"
    lines.clear()
    fit(toy_task(fingerprint="other"), SETTINGS, tmp_path / "toy.pt", lines.append)
    assert lines == ["toy: goes on after epoch 4"]


def test_the_best_epoch_by_held_out_score_is_kept(tmp_path: Path) -> None:
    kept = fit(toy_task(scores=[0.2, 0.9, 0.5, 0.9]), SETTINGS, tmp_path / "a.pt", silent)
    second = fit(toy_task(), SETTINGS, tmp_path / "b.pt", silent, stop_after_s=1e-9)
    second = fit(toy_task(), SETTINGS, tmp_path / "b.pt", silent, stop_after_s=1e-9)
    assert kept.best_score == 0.9
    assert second.epoch == 2
    assert same(kept.best, second.average)
    assert not same(kept.best, kept.average)


def test_without_validation_the_last_average_is_kept(tmp_path: Path) -> None:
    outcome = fit(toy_task(validate=None), SETTINGS, tmp_path / "toy.pt", silent)
    assert same(outcome.best, outcome.average)
    assert outcome.best_score == -np.inf


@pytest.mark.parametrize(
    ("scores", "patience", "epochs"),
    [
        ([0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1], 2, 3),
        ([0.5, 0.4, 0.6, 0.2, 0.3, 0.9, 0.1, 0.1], 2, 5),
        ([0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1], 0, 8),
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], 1, 8),
    ],
)
def test_patience_stops_early(scores: list[float], patience: int, epochs: int, tmp_path: Path) -> None:
    settings = dataclasses.replace(SETTINGS, epochs=8, patience=patience)
    outcome = fit(toy_task(scores=scores), settings, tmp_path / "toy.pt", silent)
    assert outcome.epoch == epochs
    assert outcome.finished
    assert outcome.best_score == max(scores[:epochs])


def test_mixed_precision_learns_too(tmp_path: Path) -> None:
    settings = dataclasses.replace(SETTINGS, epochs=12, bfloat16=True)
    assert fit(toy_task(), settings, tmp_path / "toy.pt", silent).best_score > 0.9


def quiet_toy() -> Task:
    """Without anything drawn within a step: what two processes do together is then what one does."""
    task = toy_task(dropout=0.0, validate=None)

    def loss(net: nn.Module, batch: np.ndarray, rng: np.random.Generator) -> Tensor:
        return task.loss(net, batch, _NoNoise())  # type: ignore[arg-type]

    return dataclasses.replace(task, loss=loss)


class _NoNoise:
    def standard_normal(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.zeros(shape)


_PROCESS = """
import importlib.util, os, sys
from pathlib import Path
import torch

spec = importlib.util.spec_from_file_location("toy", sys.argv[1])
toy = importlib.util.module_from_spec(spec)
sys.modules["toy"] = toy
spec.loader.exec_module(toy)
folder = Path(sys.argv[2])
stop_after_s = float(sys.argv[3])
lines = []
outcome = toy.fit(toy.quiet_toy(), toy.SETTINGS, folder / "toy.pt", lines.append, stop_after_s=stop_after_s)
rank = torch.distributed.get_rank()
torch.save({"net": outcome.net.state_dict(), "epoch": outcome.epoch}, folder / f"rank{rank}.pt")
torch.distributed.destroy_process_group()
os._exit(0)  # all is saved; torch's threads may abort an interpreter that shuts down
"""


@pytest.fixture
def two_processes(tmp_path: Path) -> Callable[..., list[dict[str, object]]]:
    """Runs the quiet toy in two processes, each with a time limit of its own; what each ended with."""

    def run(*stop_after_s: float) -> list[dict[str, object]]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        places = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", _PROCESS, __file__, str(tmp_path), str(limit_s)],
                env={**os.environ, **places, "RANK": str(rank), "OMP_NUM_THREADS": "1"},
                stderr=subprocess.PIPE,
                text=True,
            )
            for rank, limit_s in enumerate(stop_after_s)
        ]
        for process in processes:
            _, err = process.communicate(timeout=120)
            assert process.returncode == 0, err
        return [torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in (0, 1)]

    return run


@pytest.mark.slow
def test_two_processes_learn_what_one_does(
    two_processes: Callable[..., list[dict[str, object]]], tmp_path: Path
) -> None:
    """The batches have 16 or 17 examples: the shares are unequal at times."""
    alone = fit(quiet_toy(), SETTINGS, tmp_path / "alone.pt", silent).net.state_dict()
    together = two_processes(0, 0)
    for ended in together:
        for name, value in ended["net"].items():  # type: ignore[attr-defined]
            torch.testing.assert_close(value, alone[name], atol=1e-5, rtol=1e-4)
    assert (tmp_path / "toy.pt").exists()


@pytest.mark.slow
def test_processes_stop_together_when_the_first_one_says_so(
    two_processes: Callable[..., list[dict[str, object]]],
) -> None:
    assert [ended["epoch"] for ended in two_processes(1e-9, 1000)] == [1, 1]
    assert [ended["epoch"] for ended in two_processes(1000, 1e-9)] == [4, 4]

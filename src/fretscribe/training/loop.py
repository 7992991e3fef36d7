"""The plain loop that the tab networks share: draw, step, validate, keep the best, resume.

What differs between networks comes in as callables (`Task`). Runs under ``torchrun`` on many devices: every
process takes its share of each batch, gradients are averaged, process 0 writes (``processes``). Neighbours:
``tabcnn`` and ``lstm`` make tasks, ``curves`` draws the history.
"""

from __future__ import annotations

import copy
import json
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fretscribe.training.checkpoints import restoring, save_checkpoint
from fretscribe.training.processes import Processes

Report = Callable[[str], None]
Scores = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TabLoopSettings:
    """How to learn.

    Attributes
    ----------
    epochs : int
        Most passes over the training frames.
    batch : int
        Examples a step (windows, or sequences), shared out among processes.
    learning_rate, weight_decay : float
        AdamW; the rate warms up for 3 % of the steps and falls along a cosine.
    ema : float
        Decay of the averaged weights that are validated and kept.
    patience : int
        Epochs without a better held-out score after which the run stops; 0 never stops early.
    seed : int
    bfloat16 : bool
        Mixed precision for the forward pass.
    """

    epochs: int = 6
    batch: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    ema: float = 0.99
    patience: int = 0
    seed: int = 1
    bfloat16: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be learned.

    Attributes
    ----------
    name : str
        For messages, and the checkpoint's file name.
    net : Module
        On the device that it is to be trained on.
    n_examples : int
        Examples of an epoch.
    loss : callable
        (network, indices of examples, random generator) -> loss.
    validate : callable, or None
        Network in evaluation mode -> scores of the held-out player; the one named ``tab_f1`` decides.
    fingerprint : str
        Says from what and how is learned: a checkpoint of anything else is not gone on from.
    """

    name: str
    net: nn.Module
    n_examples: int
    loss: Callable[[nn.Module, np.ndarray[Any, Any], np.random.Generator], Tensor]
    validate: Callable[[nn.Module], Scores] | None = None
    fingerprint: str = ""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """A run's state, and its result: ``best`` is the network to keep.

    Attributes
    ----------
    net, best : Module
    epoch, step : int
        Done so far.
    finished : bool
        False where the time limit came first: run again to go on.
    history : list of dict
        A row an epoch: losses, held-out scores, seconds.
    best_score : float
        Held-out score of ``best``; minus infinity without validation.
    """

    net: nn.Module
    best: nn.Module
    average: nn.Module
    epoch: int = 0
    step: int = 0
    finished: bool = False
    history: list[dict[str, float]] = field(default_factory=list)
    best_score: float = -math.inf


def best_device() -> torch.device:
    """The GPU of this process where there is one, else the CPU."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


def fit(
    task: Task, settings: TabLoopSettings, checkpoint: Path, report: Report, *, stop_after_s: float = 0.0
) -> Outcome:
    """Train, or go on from the checkpoint.

    Parameters
    ----------
    task : Task
    settings : TabLoopSettings
    checkpoint : Path
        Written after every epoch; an interrupted epoch is done again, with the same draws. One of another
        task is replaced.
    report : callable
        Gets one line of text at a time.
    stop_after_s : float
        Ends this call after the epoch that passes it; 0 = never.
    """
    started_s = time.monotonic()
    torch.manual_seed(settings.seed)
    processes = Processes.joined()
    average = copy.deepcopy(task.net).eval()
    state = Outcome(net=task.net, best=copy.deepcopy(average), average=average)
    optimizer = torch.optim.AdamW(
        task.net.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    if checkpoint.exists():
        if _restore(task, state, optimizer, checkpoint):
            report(f"{task.name}: goes on after epoch {state.epoch}")
        else:
            report(f"{task.name}: the checkpoint is of other settings or arrays, so this starts anew")
    n_steps = settings.epochs * _steps_per_epoch(task, settings)
    while state.epoch < settings.epochs and not state.finished:
        row = _epoch(task, state, optimizer, settings, n_steps, processes)
        row |= _validated(task, state)
        state.history.append(row)
        report(f"{task.name}: " + json.dumps({k: round(v, 4) for k, v in row.items()}))
        done = state.epoch >= settings.epochs or _waited_enough(state, settings)
        state.finished = processes.agreed(done)
        if processes.rank == 0:
            _save(task, state, optimizer, checkpoint)
        too_late = stop_after_s > 0 and time.monotonic() - started_s > stop_after_s
        if not state.finished and processes.agreed(too_late):
            report(f"{task.name}: stopped after epoch {state.epoch}; run again to go on")
            break
    return state


def _steps_per_epoch(task: Task, settings: TabLoopSettings) -> int:
    return max(1, task.n_examples // settings.batch)


def _epoch(
    task: Task,
    state: Outcome,
    optimizer: torch.optim.AdamW,
    settings: TabLoopSettings,
    n_steps: int,
    processes: Processes,
) -> dict[str, float]:
    rng = np.random.default_rng([settings.seed, state.epoch])
    torch.manual_seed(settings.seed * 1000 + state.epoch)  # dropout: an epoch done again is the same
    batches = np.array_split(rng.permutation(task.n_examples), _steps_per_epoch(task, settings))
    losses, clock_s = [], time.monotonic()
    device_type = next(state.net.parameters()).device.type
    state.net.train()
    for batch in batches:
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * _rate(state.step, n_steps)
        with torch.autocast(device_type, dtype=torch.bfloat16, enabled=settings.bfloat16):
            mine = processes.share(batch)
            loss = task.loss(state.net, mine, rng)
            if processes.world > 1:  # shares of unequal size: the average is over examples
                loss = loss * (len(mine) * processes.world / len(batch))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        processes.average_gradients(state.net)
        nn.utils.clip_grad_norm_(state.net.parameters(), 5.0)
        optimizer.step()
        state.step += 1
        _follow(state.average, state.net, min(settings.ema, state.step / (state.step + 10)))
        losses.append(float(loss.detach()))
    state.epoch += 1
    return {"epoch": state.epoch, "loss": float(np.mean(losses)), "seconds": time.monotonic() - clock_s}


def _rate(step: int, n_steps: int) -> float:
    warm_up = max(1, int(0.03 * n_steps))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, n_steps - warm_up)))


@torch.no_grad()
def _follow(average: nn.Module, net: nn.Module, decay: float) -> None:
    for mean, value in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)


def _validated(task: Task, state: Outcome) -> dict[str, float]:
    """Score the averaged weights; keep them if they are the best so far, or if nothing judges them."""
    if task.validate is None:
        state.best.load_state_dict(state.average.state_dict())
        return {}
    with torch.no_grad():
        scores = dict(task.validate(state.average))
    if scores["tab_f1"] > state.best_score:
        state.best_score = scores["tab_f1"]
        state.best.load_state_dict(state.average.state_dict())
    return {f"held_out_{name}": value for name, value in scores.items()}


def _waited_enough(state: Outcome, settings: TabLoopSettings) -> bool:
    if not settings.patience or not math.isfinite(state.best_score):
        return False
    scores = [row["held_out_tab_f1"] for row in state.history]
    return len(scores) - 1 - int(np.argmax(scores)) >= settings.patience


def _save(task: Task, state: Outcome, optimizer: torch.optim.AdamW, path: Path) -> None:
    save_checkpoint(
        {
            "net": state.net.state_dict(),
            "best": state.best.state_dict(),
            "average": state.average.state_dict(),
            "optimizer": optimizer.state_dict(),
            "epoch": state.epoch,
            "step": state.step,
            "finished": state.finished,
            "history": state.history,
            "best_score": state.best_score,
            "fingerprint": task.fingerprint,
        },
        path,
    )


def _restore(task: Task, state: Outcome, optimizer: torch.optim.AdamW, path: Path) -> bool:
    """Take a checkpoint's state, if it is of this task; one that does not say is taken for that."""
    with restoring(path) as saved:
        if saved.get("fingerprint", task.fingerprint) != task.fingerprint:
            return False
        state.net.load_state_dict(saved["net"])
        state.best.load_state_dict(saved["best"])
        state.average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        state.epoch, state.step, state.finished = saved["epoch"], saved["step"], saved["finished"]
        state.history, state.best_score = saved["history"], saved["best_score"]
    return True

"""Training of the acoustic model: render clips, learn, validate, checkpoint, export.

One run is one TOML (``configs/acoustic.toml``). It resumes where it stopped: shards and checkpoint lie
in the cache. Under ``torchrun`` every process renders its share and learns from its share of each batch,
the first one validates and writes. Neighbours: ``acoustic_clips`` renders, ``acoustic_batches`` makes
targets, ``export`` writes what ships.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fretscribe.errors import OptionError
from fretscribe.models.acoustic_net import AcousticConfig, AcousticNet, n_parameters
from fretscribe.training.acoustic_batches import Batch, all_batches, draw_batch
from fretscribe.training.acoustic_clips import (
    Shard,
    load_shard,
    make_shards,
    shard_folder,
    shard_path,
)
from fretscribe.training.checkpoints import restoring, save_checkpoint
from fretscribe.training.clips import ClipSettings
from fretscribe.training.processes import Processes
from fretscribe.training.settings import read_toml, settings_from
from fretscribe.training.shared_norm import share_norms
from fretscribe.workers.pool import worker_pool

Report = Callable[[str], None]
_VALIDATION_SHARD = 99_999


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSettings:
    """How to learn.

    Attributes
    ----------
    n_steps, batch_clips : int
    learning_rate, weight_decay : float
        AdamW; the rate warms up for 3 % of the steps and falls along a cosine.
    ema : float
        Decay of the averaged weights that are validated and shipped.
    string_weight : float
        Weight of the string loss.
    save_every : int
        Steps between checkpoints (and validations).
    stop_after_s : float
        Ends the run early, resumable, after this many seconds; 0 = never.
    n_workers : int
        Processes that render.
    seed : int
    bfloat16 : bool
        Mixed precision for the forward pass.
    """

    n_steps: int = 8000
    batch_clips: int = 6
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    ema: float = 0.998
    string_weight: float = 0.7
    save_every: int = 250
    stop_after_s: float = 0.0
    n_workers: int = 2
    seed: int = 1
    bfloat16: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """A whole training run, as its TOML says it."""

    name: str
    model: AcousticConfig
    clips: Mapping[str, ClipSettings]
    loop: LoopSettings


def read_run(path: Path) -> RunSettings:
    """A run's settings from ``[model]``, ``[clips.<name>]`` and ``[loop]`` of a TOML file.

    Raises
    ------
    OptionError
        If the file is absent, no TOML, or holds an unknown key.
    """
    tables = read_toml(path)
    unknown = sorted(set(tables) - {"model", "clips", "loop"})
    if unknown:
        raise OptionError(f"{path}: unknown table {unknown[0]!r}", mend="known: model, clips, loop")
    return RunSettings(
        name=path.stem,
        model=settings_from(AcousticConfig, tables.get("model", {}), f"{path} [model]"),
        clips={
            name: settings_from(ClipSettings, table, f"{path} [clips.{name}]")
            for name, table in tables.get("clips", {}).items()
        },
        loop=settings_from(LoopSettings, tables.get("loop", {}), f"{path} [loop]"),
    )


def prepare_shards(
    run: RunSettings, cache: Path, data: Path, report: Report
) -> tuple[list[Path], list[Path]]:
    """Render what the run lacks, shared out; returns the paths of training and of validation shards."""
    processes = Processes.joined()
    training: list[Path] = []
    validation: list[Path] = []
    for name, clips in run.clips.items():
        folder = shard_folder(cache, clips, run.model)
        wanted = [_VALIDATION_SHARD, *range(clips.n_shards)]
        mine = wanted[processes.rank :: processes.world]
        missing = [i for i in mine if not shard_path(folder, i).exists()]
        start = time.monotonic()
        with worker_pool(max(1, min(run.loop.n_workers, len(missing)))) as executor:
            for done, path in enumerate(make_shards(folder, missing, clips, run.model, data, executor), 1):
                left_s = (time.monotonic() - start) / done * (len(missing) - done)
                report(f"rendered {name} {path.name} ({done}/{len(missing)}, {left_s / 60:.0f} min left)")
        validation.append(shard_path(folder, _VALIDATION_SHARD))
        training += [shard_path(folder, i) for i in range(clips.n_shards)]
    processes.meet()
    return training, validation


@dataclass(slots=True, kw_only=True)
class Learner:
    """The mutable state of a run: network, average, optimiser, step."""

    net: AcousticNet
    average: AcousticNet
    optimizer: torch.optim.AdamW
    step: int = 0
    history: list[dict[str, float]] = dataclasses.field(default_factory=list)

    def save(self, path: Path) -> None:
        save_checkpoint(
            {
                "net": self.net.state_dict(),
                "average": self.average.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "step": self.step,
                "history": self.history,
            },
            path,
        )

    def restore(self, path: Path) -> None:
        with restoring(path) as state:
            self.net.load_state_dict(state["net"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.history = state["step"], state["history"]


def new_learner(run: RunSettings) -> Learner:
    """A learner at step 0, initialised from the run's seed."""
    torch.manual_seed(run.loop.seed)
    net = AcousticNet(run.model).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    decayed = [p for p in net.parameters() if p.ndim >= 2]
    plain = [p for p in net.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": run.loop.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=run.loop.learning_rate,
    )
    return Learner(net=net, average=copy.deepcopy(net).eval(), optimizer=optimizer)


def train_acoustic(run: RunSettings, cache: Path, data: Path, report: Report) -> Learner:
    """Run (or go on with) a training run to its end or its time limit.

    Parameters
    ----------
    run : RunSettings
    cache : Path
        Shards and checkpoints live here.
    data : Path
        GuitarSet's annotations and the samples.
    report : callable
        Gets one line of text at a time.

    Returns
    -------
    Learner
        ``average`` holds the weights to ship; ``step`` says how far it came.
    """
    started = time.monotonic()
    processes = Processes.joined()
    if run.loop.batch_clips < processes.world:
        raise OptionError(
            f"{processes.world} processes cannot share {run.loop.batch_clips} clips",
            mend="raise batch_clips, or start fewer processes",
        )
    paths = prepare_shards(run, cache, data, report)
    training, validation = ([load_shard(p) for p in part] for part in paths)
    learner, checkpoint = new_learner(run), cache / f"{run.name}.pt"
    if checkpoint.exists():
        learner.restore(checkpoint)
        report(f"resumed {checkpoint} at step {learner.step}")
    if processes.world > 1:
        share_norms(learner.net)
    report(f"{n_parameters(learner.net):,} parameters, {len(training)} shards")
    losses: list[dict[str, float]] = []
    clock = time.monotonic()
    while learner.step < run.loop.n_steps:
        losses.append(_train_step(learner, training, run, processes))
        if learner.step % run.loop.save_every == 0 or learner.step == run.loop.n_steps:
            if processes.rank == 0:
                row = _mean_rows(losses)
                row |= {f"val_{k}": v for k, v in validate(learner, validation, run).items()}
                row |= {"step": learner.step, "s_per_step": (time.monotonic() - clock) / len(losses)}
                learner.history.append(row)
                learner.save(checkpoint)
                report(json.dumps({k: round(v, 4) for k, v in row.items()}))
            losses, clock = [], time.monotonic()
        too_late = time.monotonic() - started > run.loop.stop_after_s
        if run.loop.stop_after_s and processes.agreed(too_late):
            if processes.rank == 0:
                learner.save(checkpoint)
            report(f"stopped at step {learner.step} after {run.loop.stop_after_s:.0f} s; run again to go on")
            break
    return learner


def _train_step(
    learner: Learner, shards: Sequence[Shard], run: RunSettings, processes: Processes
) -> dict[str, float]:
    rng = np.random.default_rng([run.loop.seed, learner.step])
    batch = _share(draw_batch(shards, run.loop.batch_clips, run.model, rng), processes)
    for group in learner.optimizer.param_groups:
        group["lr"] = run.loop.learning_rate * _rate(learner.step, run.loop.n_steps)
    learner.net.train()
    parts = losses_of(learner.net, batch, run.loop, processes)
    loss = parts["onset"] + parts["active"] + run.loop.string_weight * parts["string"]
    learner.optimizer.zero_grad()
    (loss * processes.world).backward()  # type: ignore[no-untyped-call]  # the sum is averaged
    processes.average_gradients(learner.net)
    nn.utils.clip_grad_norm_(learner.net.parameters(), 2.0)
    learner.optimizer.step()
    learner.step += 1
    _update_average(learner, min(run.loop.ema, learner.step / (learner.step + 10)))
    return {name: float(processes.total(value.detach())) for name, value in parts.items()}


def _share(batch: Batch, processes: Processes) -> Batch:
    return Batch(
        features=processes.share(batch.features),
        onset=processes.share(batch.onset),
        active=processes.share(batch.active),
        strings=processes.share(batch.strings),
    )


def _rate(step: int, n_steps: int) -> float:
    warm_up = max(1, int(0.03 * n_steps))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, n_steps - warm_up)))


@torch.no_grad()
def _update_average(learner: Learner, decay: float) -> None:
    for mean, value in zip(
        learner.average.state_dict().values(), learner.net.state_dict().values(), strict=True
    ):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)


def losses_of(net: AcousticNet, batch: Batch, loop: LoopSettings, processes: Processes) -> dict[str, Tensor]:
    """The three losses, each divided by the amount of truth so that sparse clips weigh as dense ones.

    Of a share of a batch, the part that it adds to the losses of the whole.
    """
    features = batch.features.contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=loop.bfloat16):
        onset, active, strings = net(features)
    onset, active, strings = onset.float(), active.float(), strings.float()
    n_sounding = batch.strings.sum(2, keepdim=True)
    sounding = torch.maximum(batch.onset, 0.3 * batch.active) * (n_sounding[:, :, 0] > 0)
    share = batch.strings / n_sounding.clamp(min=1)
    cross = -(share * F.log_softmax(strings, dim=2)).sum(2)
    return {
        "onset": _bce(onset, batch.onset) / processes.total(batch.onset.sum()).clamp(min=1),
        "active": _bce(active, batch.active) / processes.total(batch.active.sum()).clamp(min=1),
        "string": (cross * sounding).sum() / processes.total(sounding.sum()).clamp(min=1),
    }


def _bce(logits: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, target, reduction="sum")


@torch.no_grad()
def validate(learner: Learner, shards: Sequence[Shard], run: RunSettings) -> dict[str, float]:
    """Losses of the averaged weights on rendered clips that are never trained on."""
    learner.average.eval()
    rows = []
    for shard in shards:
        batches = all_batches(shard, run.loop.batch_clips, run.model)
        rows += [losses_of(learner.average, batch, run.loop, Processes()) for batch in batches]
    return _mean_rows([{k: float(v) for k, v in row.items()} for row in rows])


def _mean_rows(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}

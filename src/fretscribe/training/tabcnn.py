"""Training of TabCNN: windows in, frets out, one network a fold.

Neighbours: ``tab_examples`` chooses what may be learned from, ``augment`` bends it, ``loop`` learns,
``tab_run`` names folds and writes files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fretscribe.datasets.tab_examples import Ints, TabExamples, check_learnable
from fretscribe.evaluation.metrics import FrameScores
from fretscribe.evaluation.tab_frames import summed, tab_frame_scores
from fretscribe.frames import N_ARRAY_STRINGS, N_FRET_CLASSES, FloatArray
from fretscribe.models.tabcnn import N_CONTEXT
from fretscribe.models.tabcnn_net import TabCnnConfig, TabCnnNet
from fretscribe.training.augment import AugmentSettings, augmented
from fretscribe.training.loop import Task, best_device

_PREDICT_BATCH = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TabCnnSettings:
    """A TabCNN run but for its loop: the network, and what it hears."""

    model: TabCnnConfig
    augment: AugmentSettings


def tabcnn_task(
    name: str,
    sets: Sequence[TabExamples],
    settings: TabCnnSettings,
    *,
    held_out: Sequence[str] = (),
    validate_on: Sequence[str] = (),
    seed: int = 1,
) -> Task:
    """Learning from all sets but for some players.

    Parameters
    ----------
    name : str
    sets : sequence of TabExamples
    settings : TabCnnSettings
    held_out : sequence of str
        Players whose samples are not learned from.
    validate_on : sequence of str
        Players to score after every epoch; they are held out too.
    seed : int
        Initialises the network.

    Raises
    ------
    DatasetError
        If there is nothing to learn from, or no real playing to validate on.
    """
    check_learnable(sets, held_out, validate_on)
    away = [*held_out, *validate_on]
    frames = [
        np.column_stack([np.full(len(f), i), f])
        for i, examples in enumerate(sets)
        for f in [examples.frames(examples.learnable(away))]
    ]
    pool = np.concatenate(frames)
    torch.manual_seed(seed)
    device = best_device()
    net = TabCnnNet(settings.model).to(device)

    def loss(net: nn.Module, batch: np.ndarray, rng: np.random.Generator) -> Tensor:
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        rows = pool[np.sort(batch)]
        inputs = _gather(sets, rows, settings.model)
        assert isinstance(net, TabCnnNet)  # noqa: S101 - the loop passes back what it was given
        x = net.normalised(torch.from_numpy(inputs.decibels))
        microphone = torch.from_numpy(inputs.microphone)
        bent = torch.rand(len(x), generator=generator) < settings.augment.share
        microphone = torch.maximum(microphone, bent.float())
        x = torch.where(bent[:, None, None], augmented(x, settings.augment, generator), x)
        logits = net.hear(x.to(device), microphone.to(device)).float()
        flat = torch.from_numpy(inputs.targets).to(device).reshape(-1)
        return F.cross_entropy(logits.reshape(-1, N_FRET_CLASSES), flat) * N_ARRAY_STRINGS

    def validate(net: nn.Module) -> dict[str, float]:
        return summed([_scores(net, examples, settings.model, validate_on) for examples in sets])

    return Task(
        name=name, net=net, n_examples=len(pool), loss=loss, validate=validate if validate_on else None
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Inputs:
    """Windows in dB [n, n_bins, 9], whether a microphone heard them [n], classes [n, 6]."""

    decibels: FloatArray
    microphone: FloatArray
    targets: Ints


def _gather(sets: Sequence[TabExamples], rows: Ints, model: TabCnnConfig) -> _Inputs:
    """What is to be heard at rows (set, sample, timestep)."""
    decibels = np.empty((len(rows), model.n_bins, N_CONTEXT), dtype=np.float32)
    microphone = np.empty(len(rows), dtype=np.float32)
    targets = np.empty((len(rows), N_ARRAY_STRINGS), dtype=np.int64)
    for i, examples in enumerate(sets):
        here = rows[:, 0] == i
        decibels[here] = examples.inputs(rows[here, 1:], model.front_end)
        microphone[here] = examples.microphone[rows[here, 1]]
        targets[here] = examples.targets(rows[here, 1:])
    return _Inputs(decibels, microphone, targets)


@torch.no_grad()
def predict(net: nn.Module, decibels: FloatArray, microphone: FloatArray) -> FloatArray:
    """Probabilities [n, 6, 22] of windows in dB [n, n_bins, 9], each from a pickup (0) or microphone (1)."""
    device = next(net.parameters()).device
    parts = [np.zeros((0, N_ARRAY_STRINGS, N_FRET_CLASSES), dtype=np.float32)]
    net.eval()
    for first in range(0, len(decibels), _PREDICT_BATCH):
        some = slice(first, first + _PREDICT_BATCH)
        batch, by = (torch.from_numpy(array[some]).to(device) for array in (decibels, microphone))
        logits = net(batch, by)
        parts.append(torch.softmax(logits, dim=-1).cpu().numpy())
    return np.concatenate(parts)


def _scores(
    net: nn.Module, examples: TabExamples, model: TabCnnConfig, players: Sequence[str]
) -> FrameScores:
    frames = examples.frames(examples.judged(players))
    if not len(frames):
        return FrameScores()
    inputs = examples.inputs(frames, model.front_end)
    found = predict(net, inputs, examples.microphone[frames[:, 0]]).argmax(axis=-1)
    return tab_frame_scores(examples.targets(frames), found, model.open_pitches)

"""Training of the LSTMPredictor: TabCNN's out-of-fold predictions in, the truth out.

Neighbours: ``tab_examples`` chooses what may be learned from, ``loop`` learns, ``tab_run`` names folds and
writes files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fretscribe.datasets.tab_examples import TabExamples, check_learnable
from fretscribe.evaluation.metrics import FrameScores
from fretscribe.evaluation.tab_frames import summed, tab_frame_scores
from fretscribe.frames import (
    N_ARRAY_STRINGS,
    N_FRET_CLASSES,
    FloatArray,
    probs_from_tab,
    tab_from_probs,
)
from fretscribe.models.lstm_net import LstmConfig, LstmNet
from fretscribe.training.loop import Task, best_device

_IGNORED = -100
_SMALLEST = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class LstmSettings:
    """An LSTM run but for its loop.

    Attributes
    ----------
    model : LstmConfig
    crop : int
        Frames of the stretches that are learned from.
    temperature_spread : float
        Every stretch is made more or less sure of itself: the deviation of the logarithm of a temperature.
    silence_spread : float
        And more or less silent: the deviation of what is added to the log odds of silence. TabCNN errs
        differently with every player; without both, the network learns how it errs with these.
    f1_weight : float
        Weight in the loss of one minus the tab F1 of the probabilities, beside the cross entropy of a frame.
    """

    model: LstmConfig
    crop: int = 100
    temperature_spread: float = 0.3
    silence_spread: float = 0.7
    f1_weight: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sequences:
    """Predictions beside the truth, from one set of examples.

    Attributes
    ----------
    examples : TabExamples
    tab : float32 array [n_samples, timesteps, 126]
        Predicted by networks that never saw the sample's player.
    """

    examples: TabExamples
    tab: FloatArray


def lstm_task(
    name: str,
    sets: Sequence[Sequences],
    settings: LstmSettings,
    *,
    held_out: Sequence[str] = (),
    validate_on: Sequence[str] = (),
    seed: int = 1,
) -> Task:
    """Learning from all sets but for some players; parameters and errors as `tabcnn.tabcnn_task`.

    An epoch has a random stretch of every sample.
    """
    check_learnable([s.examples for s in sets], held_out, validate_on)
    away = [*held_out, *validate_on]
    rows = np.concatenate(
        [
            np.column_stack([np.full(len(chosen), i), chosen])
            for i, s in enumerate(sets)
            for chosen in [np.flatnonzero(s.examples.learnable(away))]
        ]
    )
    torch.manual_seed(seed)
    device = best_device()
    net = LstmNet(settings.model).to(device)

    def loss(net: nn.Module, batch: npt.NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        tabs, targets = [], []
        for set_index, sample in rows[batch]:
            tab, target = _stretch(sets[set_index], sample, settings, rng)
            tabs.append(tab)
            targets.append(target)
        logs = net(torch.from_numpy(np.stack(tabs)).to(device)).float()
        wanted = torch.from_numpy(np.stack(targets)).to(device).reshape(-1)
        logs = logs.reshape(-1, N_FRET_CLASSES)
        cross = F.nll_loss(logs, wanted, ignore_index=_IGNORED)
        return cross * N_ARRAY_STRINGS + settings.f1_weight * (1.0 - soft_tab_f1(logs, wanted))

    def validate(net: nn.Module) -> dict[str, float]:
        return summed([_scores(net, s, settings.model, validate_on) for s in sets])

    return Task(
        name=name, net=net, n_examples=len(rows), loss=loss, validate=validate if validate_on else None
    )


def soft_tab_f1(logs: Tensor, wanted: Tensor) -> Tensor:
    """Tab F1 of probabilities: log probabilities [n, 22] against classes [n]; -100 does not count."""
    counts = wanted != _IGNORED
    probs = torch.exp(logs[counts])[:, 1:]
    truth = F.one_hot(wanted[counts], N_FRET_CLASSES)[:, 1:]
    return 2.0 * (probs * truth).sum() / (probs.sum() + truth.sum()).clamp(min=1.0)


def _stretch(
    sequences: Sequences, sample: int, settings: LstmSettings, rng: np.random.Generator
) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Predictions [crop, 126] and classes [crop, 6] of a random stretch; -100 where nothing counts."""
    examples = sequences.examples
    timesteps = examples.arrays.info.timesteps
    n_frames = min(timesteps, int(examples.n_frames[sample]))
    crop = min(settings.crop, timesteps)
    first = int(rng.integers(0, max(1, n_frames - crop + 1)))
    frames = slice(first, first + crop)
    tab = np.array(sequences.tab[sample, frames])
    classes = examples.classes[sample, frames].astype(np.int64)
    classes[~examples.arrays.valid[sample, frames]] = _IGNORED
    return jittered(tab, settings, rng), classes


def jittered(tab: FloatArray, settings: LstmSettings, rng: np.random.Generator) -> FloatArray:
    """A stretch [n, 126] with other odds, drawn once for all of it; the order of its frets stays."""
    probs = np.maximum(probs_from_tab(tab), _SMALLEST)
    logits = np.log(probs) / np.exp(rng.normal(0.0, settings.temperature_spread))
    logits[..., 0] += rng.normal(0.0, settings.silence_spread)
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return tab_from_probs(odds / odds.sum(axis=-1, keepdims=True)).astype(np.float32)


@torch.no_grad()
def refine(net: nn.Module, tab: FloatArray) -> FloatArray:
    """Log probabilities [n_samples, timesteps, 6, 22] of sequences [n_samples, timesteps, 126]."""
    net.eval()
    device = next(net.parameters()).device
    parts = [
        net(torch.from_numpy(np.array(tab[i : i + 64])).to(device)).cpu() for i in range(0, len(tab), 64)
    ]
    return np.asarray(torch.cat(parts).numpy())


def _scores(net: nn.Module, sequences: Sequences, model: LstmConfig, players: Sequence[str]) -> FrameScores:
    judged = sequences.examples.judged(players)
    if not judged.any():
        return FrameScores()
    found = refine(net, sequences.tab[judged]).argmax(axis=-1)
    valid = sequences.examples.arrays.valid[judged]
    truth = sequences.examples.classes[judged]
    return tab_frame_scores(truth[valid].astype(np.int64), found[valid], model.open_pitches)

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

from fretscribe.datasets.tab_examples import TabExamples
from fretscribe.evaluation.metrics import FrameScores
from fretscribe.evaluation.tab_frames import summed, tab_frame_scores
from fretscribe.frames import N_ARRAY_FRETS, N_ARRAY_STRINGS, N_FRET_CLASSES, N_TAB, FloatArray
from fretscribe.models.lstm_net import LstmConfig, LstmNet
from fretscribe.training.loop import Task, best_device

_IGNORED = -100
_SHIFTS = range(-3, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class LstmSettings:
    """An LSTM run but for its loop.

    Attributes
    ----------
    model : LstmConfig
    crop : int
        Frames of the stretches that are learned from.
    shift_share : float
        Share of stretches that are moved along the neck, as a capo would.
    """

    model: LstmConfig
    crop: int = 100
    shift_share: float = 0.5


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
    """Learning from all sets but for some players; parameters as `tabcnn.tabcnn_task`.

    An epoch has two random stretches of every sample.
    """
    away = [*held_out, *validate_on]
    rows = np.concatenate(
        [
            np.column_stack([np.full(len(chosen), i), chosen])
            for i, s in enumerate(sets)
            for chosen in [np.flatnonzero(s.examples.learnable(away))]
        ]
    ).repeat(2, axis=0)
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
        cross = F.nll_loss(logs.reshape(-1, N_FRET_CLASSES), wanted, ignore_index=_IGNORED)
        return cross * N_ARRAY_STRINGS

    def validate(net: nn.Module) -> dict[str, float]:
        return summed([_scores(net, s, settings.model, validate_on) for s in sets])

    return Task(
        name=name, net=net, n_examples=len(rows), loss=loss, validate=validate if validate_on else None
    )


def _stretch(
    sequences: Sequences, sample: int, settings: LstmSettings, rng: np.random.Generator
) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Predictions [crop, 126] and classes [crop, 6] of a random stretch; -100 where nothing counts."""
    examples = sequences.examples
    timesteps = examples.arrays.info.timesteps
    n_frames = min(timesteps, examples.arrays.info.samples[sample].n_frames)
    crop = min(settings.crop, timesteps)
    first = int(rng.integers(0, max(1, n_frames - crop + 1)))
    frames = slice(first, first + crop)
    tab = np.array(sequences.tab[sample, frames])
    classes = examples.classes[sample, frames].astype(np.int64)
    if rng.random() < settings.shift_share:
        tab, classes = moved(tab, classes, int(rng.choice(_SHIFTS)))
    classes[~examples.arrays.valid[sample, frames]] = _IGNORED
    return tab, classes


def moved(
    tab: FloatArray, classes: npt.NDArray[np.int64], n_frets: int
) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """A stretch [n, 126], [n, 6] as if played ``n_frets`` higher; unchanged where it would leave the neck."""
    sounding = classes > 0
    new = np.where(sounding, classes + n_frets, 0)
    if (new[sounding] < 1).any() or (new > N_ARRAY_FRETS).any():
        return tab, classes
    blocks = tab.reshape(-1, N_ARRAY_STRINGS, N_ARRAY_FRETS)
    shifted = np.zeros_like(blocks)
    if n_frets >= 0:
        shifted[..., n_frets:] = blocks[..., : N_ARRAY_FRETS - n_frets]
    else:
        shifted[..., :n_frets] = blocks[..., -n_frets:]
    return shifted.reshape(-1, N_TAB), new


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

"""LSTMPredictor's network: refines a sequence of tab predictions by what comes before and after.

A bidirectional LSTM over frames in the 126 layout. What it adds is a correction to the log probabilities
that came in, so an untrained network changes nothing. This is the one definition: ``training`` wraps it,
``lstm`` runs its ONNX export without torch.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from fretscribe.frames import N_ARRAY_FRETS, N_ARRAY_STRINGS, N_FRET_CLASSES, N_TAB

_SMALLEST = 1e-4  # probabilities below are taken for this: their logarithm says nothing more


@dataclass(frozen=True, slots=True, kw_only=True)
class LstmConfig:
    """Everything that shapes the network; stored beside its weights.

    Attributes
    ----------
    sample_rate, hop_length, start_s : grid of the sequences it learned from
    open_pitches : tuple of int
        The guitar it learned from, low to high.
    hidden : int
        Width of each direction.
    layers : int
    dropout : float
    """

    sample_rate: int = 10
    hop_length: int = 1
    start_s: float = 0.1
    open_pitches: tuple[int, ...] = (40, 45, 50, 55, 59, 64)
    hidden: int = 128
    layers: int = 1
    dropout: float = 0.3

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, object]) -> LstmConfig:
        """Inverse of `as_json`; lists become tuples, unknown keys are a TypeError."""
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})  # type: ignore[arg-type]


class LstmNet(nn.Module):
    """Probabilities [batch, n_frames, 126] -> log probabilities [batch, n_frames, 6, 22], silence first."""

    def __init__(self, config: LstmConfig) -> None:
        super().__init__()
        self.config = config
        n_classes = N_ARRAY_STRINGS * N_FRET_CLASSES
        self.enter = nn.Sequential(nn.Linear(2 * n_classes, config.hidden), nn.ReLU())
        self.drop = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(
            config.hidden,
            config.hidden,
            config.layers,
            batch_first=True,
            bidirectional=True,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )
        self.correct = nn.Linear(2 * config.hidden, n_classes)
        nn.init.zeros_(self.correct.weight)
        nn.init.zeros_(self.correct.bias)

    def forward(self, tab: Tensor) -> Tensor:
        batch, n_frames = tab.shape[0], tab.shape[1]
        frets = tab.reshape(batch, n_frames, N_ARRAY_STRINGS, N_ARRAY_FRETS)
        silence = 1.0 - frets.sum(dim=-1, keepdim=True)
        probs = torch.cat([silence, frets], dim=-1).clamp(min=_SMALLEST, max=1.0)
        logs = torch.log(probs)
        flat = torch.cat([probs.flatten(2), 0.2 * logs.flatten(2) + 1.0], dim=-1)
        context, _ = self.lstm(self.drop(self.enter(flat)))
        correction = self.correct(self.drop(context))
        corrected = logs + correction.reshape(batch, n_frames, N_ARRAY_STRINGS, N_FRET_CLASSES)
        return torch.log_softmax(corrected, dim=-1)


class LstmGraph(nn.Module):
    """What is exported: probabilities [1, n_frames, 126] -> refined probabilities [1, n_frames, 126]."""

    def __init__(self, net: LstmNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, tab: Tensor) -> Tensor:
        probs = torch.exp(self.net(tab))[..., 1:]
        return probs.reshape(tab.shape[0], tab.shape[1], N_TAB)

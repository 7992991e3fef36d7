"""LSTMPredictor's network: refines a sequence of tab predictions by what comes before and after.

One small bidirectional LSTM runs along time at every fret of every string, with the same weights. What it is
told there is relative: how likely this fret is, what its neighbours on the string say, where the same pitch
and the hand are heard on the other strings. A few players can teach that without being learned by heart.
What comes out is a correction to the log probabilities that came in, so an untrained network changes
nothing. This is the one definition: ``training`` wraps it, ``lstm`` runs its ONNX export without torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fretscribe.frames import N_ARRAY_FRETS, N_ARRAY_STRINGS, N_TAB

_SMALLEST = 1e-4  # probabilities below are taken for this: their logarithm says nothing more
_N_CUES = 8
_SURROUNDINGS = (5, 21, 81)  # frames over which a cell's surroundings are averaged, as cues
_REACH = (3, 9)  # frames and frets around a cell: as far as a hand reaches on either side


@dataclass(frozen=True, slots=True, kw_only=True)
class LstmConfig:
    """Everything that shapes the network; stored beside its weights.

    Attributes
    ----------
    sample_rate, hop_length, start_s : grid of the sequences it learned from
    open_pitches : tuple of int
        The guitar it learned from, low to high.
    channels : int
        Features of a cell.
    hidden : int
        Width of each direction of the LSTM.
    """

    sample_rate: int = 10
    hop_length: int = 1
    start_s: float = 0.1
    open_pitches: tuple[int, ...] = (40, 45, 50, 55, 59, 64)
    channels: int = 16
    hidden: int = 16

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, object]) -> LstmConfig:
        """Inverse of `as_json`; lists become tuples, unknown keys are a TypeError."""
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})  # type: ignore[arg-type]


class LstmNet(nn.Module):
    """Probabilities [batch, n_frames, 126] -> log probabilities [batch, n_frames, 6, 22], silence first."""

    same_pitch: Tensor
    place: Tensor

    def __init__(self, config: LstmConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("same_pitch", _same_pitch(config.open_pitches), persistent=False)
        self.register_buffer("place", _place(), persistent=False)
        self.enter = nn.Conv2d(_N_CUES + 3 * len(_SURROUNDINGS), config.channels, _REACH, padding="same")
        self.lstm = nn.LSTM(config.channels, config.hidden, batch_first=True, bidirectional=True)
        self.mix = nn.Conv2d(config.channels + 2 * config.hidden, config.channels, _REACH, padding="same")
        self.correct_fret = nn.Linear(config.channels, 1)
        self.correct_silence = nn.Linear(2 * config.channels, 1)
        for last in (self.correct_fret, self.correct_silence):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, tab: Tensor) -> Tensor:
        batch, n_frames = tab.shape[0], tab.shape[1]
        frets = tab.reshape(batch, n_frames, N_ARRAY_STRINGS, N_ARRAY_FRETS).transpose(1, 2)
        logs = torch.log(frets.clamp(_SMALLEST, 1.0))  # [batch, 6, n_frames, 21]
        silence = (1.0 - frets.sum(dim=-1, keepdim=True)).clamp(_SMALLEST, 1.0)
        cells = F.silu(self.enter(self._cues(tab, frets, logs, silence)))
        cells = cells + F.silu(self.mix(torch.cat([cells, self._along_time(cells)], dim=1)))
        cells = cells.permute(0, 2, 3, 1)  # [batch * 6, n_frames, 21, channels]
        string = torch.cat([cells.mean(dim=2), cells.amax(dim=2)], dim=-1)
        fret = logs + self.correct_fret(cells).reshape(logs.shape)
        no_fret = torch.log(silence) + self.correct_silence(string).reshape(silence.shape)
        return torch.log_softmax(torch.cat([no_fret, fret], dim=-1), dim=-1).transpose(1, 2)

    def _cues(self, tab: Tensor, frets: Tensor, logs: Tensor, silence: Tensor) -> Tensor:
        """What is told at each fret: [batch * 6, n_cues, n_frames, 21]."""
        elsewhere = (tab @ self.same_pitch).reshape(tab.shape[0], tab.shape[1], *self.place.shape[1:])
        others = frets.sum(dim=1, keepdim=True) - frets  # where the other strings are fretted
        heard = torch.stack([frets, elsewhere.transpose(1, 2), others], dim=2).flatten(0, 1)
        around = [
            F.avg_pool2d(heard, (width, 1), 1, (width // 2, 0), count_include_pad=False)
            for width in _SURROUNDINGS
        ]
        there = torch.stack(
            [
                0.2 * logs + 1.0,
                silence.expand_as(frets),
                (1.0 - silence).mean(dim=1, keepdim=True).expand_as(frets),
                self.place[0][:, None].expand_as(frets),
                self.place[1][:, None].expand_as(frets),
            ],
            dim=2,
        )
        return torch.cat([heard, *around, there.flatten(0, 1)], dim=1)

    def _along_time(self, cells: Tensor) -> Tensor:
        """Context [n, 2 * hidden, n_frames, 21] of cells [n, channels, n_frames, 21]."""
        n, channels, n_frames, n_frets = cells.shape
        sequences = cells.permute(0, 3, 2, 1).reshape(n * n_frets, n_frames, channels)
        context: Tensor = self.lstm(sequences)[0]
        return context.reshape(n, n_frets, n_frames, -1).permute(0, 3, 2, 1)


def _same_pitch(open_pitches: Sequence[int]) -> Tensor:
    """Matrix [126, 126]: which fret of another string has the same pitch."""
    pitches = torch.tensor(open_pitches)[:, None] + torch.arange(N_ARRAY_FRETS)
    flat = pitches.reshape(-1)
    strings = torch.arange(N_ARRAY_STRINGS).repeat_interleave(N_ARRAY_FRETS)
    same = torch.eq(flat[:, None], flat) & torch.ne(strings[:, None], strings)
    return same.to(torch.float32)


def _place() -> Tensor:
    """Where a cell is, [2, 6, 21]: its string and its fret, each from 0 to 1."""
    strings = torch.arange(N_ARRAY_STRINGS)[:, None].expand(-1, N_ARRAY_FRETS) / (N_ARRAY_STRINGS - 1)
    frets = torch.arange(N_ARRAY_FRETS)[None].expand(N_ARRAY_STRINGS, -1) / (N_ARRAY_FRETS - 1)
    return torch.stack([strings, frets])


class LstmGraph(nn.Module):
    """What is exported: probabilities [1, n_frames, 126] -> refined probabilities [1, n_frames, 126]."""

    def __init__(self, net: LstmNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, tab: Tensor) -> Tensor:
        probs = torch.exp(self.net(tab))[..., 1:]
        return probs.reshape(tab.shape[0], tab.shape[1], N_TAB)

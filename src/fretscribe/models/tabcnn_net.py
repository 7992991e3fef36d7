"""TabCNN's network: a window of 9 spectral frames in, the fret of every string out.

After Wiggins and Kim, "Guitar tablature estimation with a convolutional neural network", ISMIR 2019: small
convolutions, then for each string a softmax over silence and frets. Three things are added. Time is pooled
early, which makes it quick on a CPU. Every (string, fret) also sees the convolutional features at its own
pitch, the same weights for all frets, so that what is learned of a string at one fret serves the others. And
inputs are made independent of level inside the network, which is told whether they come from a pickup (0) or
a microphone (1): it learns from both, and they sound different.

This is the one definition: ``training`` wraps it, ``tabcnn`` runs its ONNX export without torch.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fretscribe.convert import midi_to_hz
from fretscribe.dsp.cqt_windows import FLOOR_DB, MIDI_MIN, N_BINS
from fretscribe.frames import N_ARRAY_FRETS, N_FRET_CLASSES
from fretscribe.models.tabcnn import N_CONTEXT, FrontEndName

_MEL_RANGE_DB = 70.0  # from there down to the front end's floor: a silent window is all 0
_MEL_QUIET_DB = -30.0  # windows whose peak lies lower keep their distance to it
_SILENT_LOGIT = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TabCnnConfig:
    """Everything that shapes the network; stored beside its weights.

    Attributes
    ----------
    front_end : "windows" | "mel"
        Constant-Q windows (`dsp.cqt_windows`) or 9 frames of a log-mel spectrogram (`dsp.mel`).
    sample_rate, hop_length, start_s : grid of the predictions
        ``sample_rate / hop_length`` predictions a second, the first at ``start_s``.
    open_pitches : tuple of int
        The guitar it learned from, low to high.
    stem, channels : int
        Width of the first and of the other convolutions.
    pitch_context : int
        Bins that the wide depthwise convolution covers.
    reduced, hidden : int
        Width of the fully connected part: features a bin, and its hidden layer.
    dropout : float
    """

    front_end: FrontEndName = "windows"
    sample_rate: int = 10
    hop_length: int = 1
    start_s: float = 0.1
    open_pitches: tuple[int, ...] = (40, 45, 50, 55, 59, 64)
    stem: int = 32
    channels: int = 64
    pitch_context: int = 25
    reduced: int = 16
    hidden: int = 256
    dropout: float = 0.3

    def __post_init__(self) -> None:
        if self.front_end not in ("windows", "mel"):
            raise ValueError(f"front_end must be 'windows' or 'mel', not {self.front_end!r}")

    @property
    def n_bins(self) -> int:
        return N_BINS if self.front_end == "windows" else 128

    @property
    def n_strings(self) -> int:
        return len(self.open_pitches)

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, object]) -> TabCnnConfig:
        """Inverse of `as_json`; lists become tuples, unknown keys are a TypeError."""
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})  # type: ignore[arg-type]


class TabCnnNet(nn.Module):
    """Windows in dB [batch, n_bins, 9] -> logits [batch, n_strings, 22], silence first."""

    def __init__(self, config: TabCnnConfig) -> None:
        super().__init__()
        self.config = config
        stem, channels = config.stem, config.channels
        self.stem = nn.Sequential(
            nn.Conv2d(1, stem, (5, 3), stride=(1, 3), padding=(2, 0), bias=False),
            nn.BatchNorm2d(stem),
            nn.ReLU(),
        )
        self.over_time = nn.Sequential(
            nn.Conv2d(stem, channels, (3, N_CONTEXT // 3), padding=(1, 0), bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )
        self.bin_embedding = nn.Parameter(torch.zeros(2, channels, config.n_bins))
        self.gain = nn.Parameter(torch.ones(2, channels, 1))
        wide = config.pitch_context
        self.wide = nn.Sequential(
            nn.Conv1d(channels, channels, wide, padding=wide // 2, groups=channels),
            nn.Conv1d(channels, channels, 1, bias=False),
            nn.BatchNorm1d(channels),
            nn.ReLU(),
        )
        self.near = nn.Sequential(
            nn.Conv1d(channels, channels, 5, padding=2, bias=False), nn.BatchNorm1d(channels), nn.ReLU()
        )
        self.at_pitch = nn.Conv1d(channels, config.n_strings, 1)
        self.reduce = nn.Sequential(
            nn.Conv1d(channels, config.reduced, 1, bias=False), nn.BatchNorm1d(config.reduced), nn.ReLU()
        )
        self.whole = nn.Sequential(
            nn.Dropout(config.dropout),
            nn.Linear(config.reduced * config.n_bins, config.hidden),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.hidden, config.n_strings * N_FRET_CLASSES),
        )
        self.drop_maps = nn.Dropout1d(config.dropout / 2)
        self.register_buffer("bin_of_place", torch.from_numpy(_bins_of_places(config)), persistent=False)

    def normalised(self, decibels: Tensor) -> Tensor:
        """Windows in dB [batch, n_bins, 9] as values 0..1, 0 where nothing is known."""
        if self.config.front_end == "windows":
            floor = decibels.amin(dim=(1, 2), keepdim=True)
            shown = decibels.clamp(min=FLOOR_DB, max=0.0) / -FLOOR_DB + 1.0
            return torch.where(decibels > floor, shown, torch.zeros_like(shown))
        top = decibels.amax(dim=(1, 2), keepdim=True).clamp(min=_MEL_QUIET_DB)
        return ((decibels - top) / _MEL_RANGE_DB + 1.0).clamp(min=0.0, max=1.0)

    def hear(self, x: Tensor, microphone: Tensor) -> Tensor:
        """Normalised windows [batch, n_bins, 9], microphone [batch] -> logits [batch, n_strings, 22]."""
        batch, n_strings = x.shape[0], self.config.n_strings
        share = microphone[:, None, None]
        maps = self.over_time(self.stem(x[:, None]))[..., 0]
        maps = maps * torch.lerp(self.gain[:1], self.gain[1:], share)
        maps = maps + torch.lerp(self.bin_embedding[:1], self.bin_embedding[1:], share)
        maps = self.drop_maps(maps + self.wide(maps))
        maps = maps + self.near(maps)
        places = self.at_pitch(maps)  # [batch, n_strings, n_bins]
        index = self.get_buffer("bin_of_place")[None].expand(batch, -1, -1)
        fretted = F.pad(torch.gather(places, 2, index), (1, 0))
        whole = self.whole(self.reduce(maps).flatten(1))
        logits: Tensor = fretted + whole.view(batch, n_strings, N_FRET_CLASSES)
        return logits

    def forward(self, decibels: Tensor, microphone: Tensor) -> Tensor:
        x = self.normalised(decibels)
        logits = self.hear(x, microphone)
        dark = x.amax(dim=(1, 2)) == 0.0  # a flat window: nothing above the front end's floor
        silent: Tensor = F.one_hot(torch.zeros_like(logits[..., 0], dtype=torch.int64), N_FRET_CLASSES)
        result: Tensor = torch.where(dark[:, None, None], _SILENT_LOGIT * silent.float(), logits)
        return result


class TabCnnGraph(nn.Module):
    """What is exported: windows in dB [n, n_bins, 9], microphone [n] -> probabilities [n, n_strings, 22]."""

    def __init__(self, net: TabCnnNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, decibels: Tensor, microphone: Tensor) -> Tensor:
        return torch.softmax(self.net(decibels, microphone), dim=-1)


def _bins_of_places(config: TabCnnConfig) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Bin nearest to the fundamental of every place, int64 [n_strings, 21]."""
    pitches = np.array(config.open_pitches)[:, None] + np.arange(N_ARRAY_FRETS)
    if config.front_end == "windows":
        return np.asarray(np.clip(pitches - MIDI_MIN, 0, N_BINS - 1), dtype=np.int64)
    from fretscribe.dsp.mel import mel_centres_hz

    centres = mel_centres_hz()
    frequencies = np.vectorize(midi_to_hz)(pitches)
    return np.asarray(np.abs(centres - frequencies[..., None]).argmin(axis=-1), dtype=np.int64)

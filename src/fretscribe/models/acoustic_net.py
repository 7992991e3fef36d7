"""The acoustic model's network: audio in, onset, active and string probabilities out.

A variable-Q front end at two time resolutions, harmonic stacking (a pitch sees its own harmonics as
channels, as in Bittner et al., "A lightweight instrument-agnostic model for polyphonic note
transcription", ICASSP 2022), then small convolutions shared by all pitches. The heads factorise the
`StringRoll`: P(pitch) by a sigmoid, P(string | pitch) by a softmax over strings.

This is the one definition: ``training`` wraps it, ``acoustic`` runs its ONNX export without torch.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fretscribe.dsp.vqt import VqtSpec, kernel_groups


@dataclass(frozen=True, slots=True, kw_only=True)
class AcousticConfig:
    """Everything that shapes the network; stored beside its weights.

    Attributes
    ----------
    sample_rate, hop_length : int
        Grid of the frames.
    pitch_min, n_pitches, n_strings : int
        MIDI 33..88 on the six strings of a guitar by default.
    q, offset_hz, short_offset_hz : float
        Bandwidths of the long and the short transform.
    harmonics, short_harmonics : tuple of float
        What a pitch sees of each transform.
    fine_channels, channels : int
        Width before and after the reduction from 3 bins to 1 bin a semitone.
    dilations : tuple of int
        Time dilation of each residual block.
    pitch_context : int
        Pitches that `PitchContext` sees.
    clip_context : bool
        Whether the network compares each note with all else that it hears (`ClipContext`).
    """

    sample_rate: int = 22050
    hop_length: int = 512
    pitch_min: int = 33
    n_pitches: int = 56
    n_strings: int = 6
    midi_max: int = 124
    q: float = 30.0
    offset_hz: float = 5.0
    short_offset_hz: float = 32.0
    harmonics: tuple[float, ...] = (0.5, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12)
    short_harmonics: tuple[float, ...] = (1, 2, 3, 4)
    fine_channels: int = 24
    channels: int = 48
    dilations: tuple[int, ...] = (1, 2, 4, 8, 1)
    pitch_context: int = 25
    clip_context: bool = False

    @property
    def bins_per_semitone(self) -> int:
        return 3

    @property
    def n_bins(self) -> int:
        return self.bins_per_semitone * (self.midi_max - self.pitch_min + 1)

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, object]) -> AcousticConfig:
        """Inverse of `as_json`; lists become tuples, unknown keys are a TypeError."""
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})  # type: ignore[arg-type]


class FrontEnd(nn.Module):
    """Audio [batch, n_samples] -> log magnitudes [batch, 2, n_frames, n_bins], about 0..1.

    Channel 0 has long windows (pitch), channel 1 short ones (time). Frame i is centred on sample
    ``i * hop_length``; there are ``n_samples // hop_length + 1`` frames.
    """

    FLOOR_DB = 90.0

    def __init__(self, config: AcousticConfig) -> None:
        super().__init__()
        self.hop_length = config.hop_length
        self.paddings: list[list[int]] = []
        for channel, offset_hz in enumerate((config.offset_hz, config.short_offset_hz)):
            spec = VqtSpec(
                sample_rate=config.sample_rate,
                midi_min=config.pitch_min - 1 / config.bins_per_semitone,
                bins_per_semitone=config.bins_per_semitone,
                n_bins=config.n_bins,
                q=config.q,
                offset_hz=offset_hz,
            )
            paddings = []
            for index, (_, kernels) in enumerate(kernel_groups(spec)):
                flat = torch.from_numpy(kernels.reshape(-1, 1, kernels.shape[-1]))
                self.register_buffer(f"kernel_{channel}_{index}", flat, persistent=False)
                paddings.append(kernels.shape[-1] // 2)
            self.paddings.append(paddings)

    def forward(self, audio: Tensor) -> Tensor:
        signal = audio[:, None]
        channels = []
        for channel, paddings in enumerate(self.paddings):
            groups = []
            for index, padding in enumerate(paddings):
                kernel = self.get_buffer(f"kernel_{channel}_{index}")
                both = F.conv1d(signal, kernel, stride=self.hop_length, padding=padding)
                real, imaginary = both.chunk(2, dim=1)
                groups.append(real.square() + imaginary.square())
            power = torch.cat(groups, dim=1).transpose(1, 2)
            channels.append(power)
        decibels = 10 / math.log(10) * torch.log(torch.stack(channels, dim=1) + 10 ** (-self.FLOOR_DB / 10))
        return decibels / self.FLOOR_DB + 1


class ResidualBlock(nn.Module):
    """3x3 convolution with time dilation, normalised, added to its input."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            channels, channels, 3, padding=(dilation, 1), dilation=(dilation, 1), bias=False
        )
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + F.relu(self.norm(self.conv(x)))


class PitchContext(nn.Module):
    """What sounds around a pitch, up to an octave away: depthwise along pitch, then pointwise."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(channels, channels, (1, width), padding=(0, width // 2), groups=channels)
        self.mix = nn.Conv2d(channels, channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + F.relu(self.norm(self.mix(self.wide(x))))


class ClipContext(nn.Module):
    """How this guitar sounds in this recording, pitch region by pitch region: scales and shifts.

    The mean over all frames, weighted towards those where something sounds, spread along pitch. Strings
    differ less than guitars do; only beside its neighbours does a note tell its string.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Conv2d(channels, 1, 1)
        self.spread = nn.Conv2d(channels, channels, (1, width), padding=(0, width // 2))
        self.mix = nn.Conv2d(channels, channels, (1, width), padding=(0, width // 2))
        self.out = nn.Conv2d(channels, 2 * channels, 1)
        nn.init.zeros_(self.out.weight)
        if self.out.bias is not None:
            nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        weight = torch.sigmoid(self.weight(x)) + 1e-3
        mean = (x * weight).sum(2, keepdim=True) / weight.sum(2, keepdim=True)
        told: Tensor = self.out(F.relu(self.mix(F.relu(self.spread(mean)))))
        scale, shift = told.chunk(2, dim=1)
        return x * (1 + scale) + shift


class AcousticNet(nn.Module):
    """Features -> logits of onset and active [batch, n_frames, n_pitches] and of strings
    [batch, n_frames, n_strings, n_pitches]."""

    def __init__(self, config: AcousticConfig) -> None:
        super().__init__()
        self.config = config
        self.front_end = FrontEnd(config)
        n_inputs = len(config.harmonics) + len(config.short_harmonics)
        fine, wide = config.fine_channels, config.channels
        self.stem = nn.Sequential(
            nn.Conv2d(n_inputs, fine, (3, 5), padding=(1, 2), bias=False),
            nn.BatchNorm2d(fine),
            nn.ReLU(),
            nn.Conv2d(fine, wide, (3, 3), stride=(1, 3), padding=(1, 0), bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU(),
        )
        self.pitch_embedding = nn.Parameter(torch.zeros(1, wide, 1, config.n_pitches))
        blocks: list[nn.Module] = [ResidualBlock(wide, d) for d in config.dilations]
        blocks.insert(2, PitchContext(wide, config.pitch_context))
        if config.clip_context:
            blocks.insert(3, ClipContext(wide, config.pitch_context))
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Conv2d(wide, 2 + config.n_strings, 1)
        if self.head.bias is not None:
            nn.init.constant_(self.head.bias[0:1], -5.0)  # notes are rare: start near their rate
            nn.init.constant_(self.head.bias[1:2], -3.0)

    def features(self, audio: Tensor) -> Tensor:
        """Front end alone, so that training can cache it."""
        result: Tensor = self.front_end(audio)
        return result

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.stem(self._stack_harmonics(features))
        x = self.blocks(x + self.pitch_embedding)
        maps = self.head(x)
        return maps[:, 0], maps[:, 1], maps[:, 2:].transpose(1, 2)

    def _stack_harmonics(self, features: Tensor) -> Tensor:
        config = self.config
        n_fine = config.bins_per_semitone * config.n_pitches
        stacked = []
        for channel, harmonics in enumerate((config.harmonics, config.short_harmonics)):
            for harmonic in harmonics:
                shift = round(12 * config.bins_per_semitone * math.log2(harmonic))
                low, high = max(0, shift), min(config.n_bins, shift + n_fine)
                part = features[:, channel, :, low:high]
                stacked.append(F.pad(part, (low - shift, n_fine - (high - shift))))
        return torch.stack(stacked, dim=1)


class AcousticGraph(nn.Module):
    """What is exported: audio [1, n_samples] -> onset and active [n_frames, n_strings, n_pitches], and
    level [n_frames, n_pitches] in dB: the strongest of a pitch's first three partials."""

    def __init__(self, net: AcousticNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.net.features(audio)
        onset, active, strings = self.net(features)
        share = torch.softmax(strings[0], dim=1)
        return (
            torch.sigmoid(onset[0])[:, None] * share,
            torch.sigmoid(active[0])[:, None] * share,
            self._level(features[0, 0]),
        )

    def _level(self, long_windows: Tensor) -> Tensor:
        config = self.net.config
        n_fine = config.bins_per_semitone * config.n_pitches
        partials = []
        for harmonic in (1, 2, 3):
            shift = 1 + round(12 * config.bins_per_semitone * math.log2(harmonic))  # bin 1 is pitch_min
            partials.append(long_windows[:, shift : shift + n_fine : config.bins_per_semitone])
        strongest = torch.stack(partials).amax(dim=0)
        return (strongest - 1) * FrontEnd.FLOOR_DB


def n_parameters(net: nn.Module) -> int:
    """Trainable parameters."""
    return int(np.sum([p.numel() for p in net.parameters() if p.requires_grad]))

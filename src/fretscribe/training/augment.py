"""Other microphones for TabCNN's windows: random envelopes, floors, body resonances and brightness.

The real windows were taken from a pickup; a microphone adds the body's air resonance near 100 Hz, lifts the
high partials and colours all of it. Works on normalised windows: 1 is the window's peak, 0 means unknown or
15 dB below it. Neighbour: ``tabcnn`` trains with this.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

_RANGE_DB = 15.0
_N_KNOTS = 9
_PARTIALS = (12, 19, 24)  # semitones from a partial to the octave, the twelfth and the double octave


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentSettings:
    """How far windows are bent.

    Attributes
    ----------
    share : float
        Share of windows that are bent at all; those count as heard by a microphone.
    envelope_db : float
        Standard deviation of a smooth random curve over frequency.
    floor : float
        Highest random floor below which nothing is shown, as a share of the range.
    resonance_share : float
        Share of windows that get a steady resonance between E1 and E3.
    brightness_share : float
        Share of windows whose partials are echoed one to two octaves higher.
    """

    share: float = 0.4
    envelope_db: float = 3.0
    floor: float = 0.5
    resonance_share: float = 0.3
    brightness_share: float = 0.3


def augmented(x: Tensor, settings: AugmentSettings, generator: torch.Generator) -> Tensor:
    """Normalised windows [batch, n_bins, 9], bent and normalised again."""
    x = _enveloped(x, settings, generator)
    if settings.brightness_share:
        x = _brightened(x, settings, generator)
    if settings.resonance_share:
        x = _resonant(x, settings, generator)
    top = x.amax(dim=(1, 2), keepdim=True)
    x = torch.where(x > 0, x - top + 1.0, x).clamp(min=0.0)
    return _floored(x, settings, generator)


def _enveloped(x: Tensor, settings: AugmentSettings, generator: torch.Generator) -> Tensor:
    knots = torch.randn(len(x), 1, _N_KNOTS, generator=generator) * (settings.envelope_db / _RANGE_DB)
    curve = F.interpolate(knots, size=x.shape[1], mode="linear", align_corners=True)[:, 0, :, None]
    return torch.where(x > 0, x + curve, x)


def _chosen(x: Tensor, share: float, generator: torch.Generator) -> Tensor:
    return torch.rand(len(x), 1, 1, generator=generator) < share


def _brightened(x: Tensor, settings: AugmentSettings, generator: torch.Generator) -> Tensor:
    echoes = x
    for shift in _PARTIALS:
        drop_db = torch.rand(len(x), 1, 1, generator=generator) * 20.0 + 2.0
        moved = F.pad(x, (0, 0, shift, 0))[:, : x.shape[1]]
        echoes = torch.maximum(echoes, torch.where(moved > 0, moved - drop_db / _RANGE_DB, moved))
    return torch.where(_chosen(x, settings.brightness_share, generator), echoes.clamp(min=0.0), x)


def _resonant(x: Tensor, settings: AugmentSettings, generator: torch.Generator) -> Tensor:
    bins = torch.arange(x.shape[1], dtype=x.dtype)[None, :, None]
    centre = 12.0 + 16.0 * torch.rand(len(x), 1, 1, generator=generator)
    width = 0.7 + 2.0 * torch.rand(len(x), 1, 1, generator=generator)
    level_db = 16.0 * torch.rand(len(x), 1, 1, generator=generator) - 12.0
    wobble_db = torch.randn(len(x), 1, x.shape[2], generator=generator)
    shape_db = level_db + wobble_db - 8.6 * ((bins - centre) / width) ** 2
    resonance = (1.0 + shape_db / _RANGE_DB).clamp(min=0.0)
    louder = torch.maximum(x, resonance)
    return torch.where(_chosen(x, settings.resonance_share, generator), louder, x)


def _floored(x: Tensor, settings: AugmentSettings, generator: torch.Generator) -> Tensor:
    floor = settings.floor * torch.rand(len(x), 1, 1, generator=generator)
    floor = floor * _chosen(x, 0.5, generator)
    return torch.where(x > floor, x, torch.zeros_like(x))

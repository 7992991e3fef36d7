"""Batches for the acoustic model: frame targets from notes, and augmentation on the features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fretscribe.frames import FloatArray
from fretscribe.models.acoustic_net import AcousticConfig, FrontEnd
from fretscribe.training.acoustic_clips import NO_STRING, Shard

ONSET_HALF_WIDTH_FRAMES = 2.0  # the onset target is a triangle, so that peaks interpolate between frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Truth on the frame grid.

    Attributes
    ----------
    onset : float32 [n_frames, n_pitches]
        1 at a note's onset, falling linearly to 0 within `ONSET_HALF_WIDTH_FRAMES`.
    active : float32 [n_frames, n_pitches]
        1 while a note sounds.
    strings : float32 [n_frames, n_strings, n_pitches]
        1 for each string that sounds a pitch, around onsets too; all 0 where it is not known.
    """

    onset: FloatArray
    active: FloatArray
    strings: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Tensors of one step: features [batch, 2, n_frames, n_bins] and stacked `Targets`."""

    features: Tensor
    onset: Tensor
    active: Tensor
    strings: Tensor


def frame_targets(notes: npt.NDArray[np.void], n_frames: int, config: AcousticConfig) -> Targets:
    """Targets of one clip from its notes (`NOTE_FIELDS`)."""
    onset = np.zeros((n_frames, config.n_pitches), np.float32)
    active = np.zeros_like(onset)
    strings = np.zeros((n_frames, config.n_strings, config.n_pitches), np.float32)
    frames_per_s = config.sample_rate / config.hop_length
    for note in notes:
        column = int(note["pitch"]) - config.pitch_min
        start, stop = float(note["onset_s"]) * frames_per_s, float(note["offset_s"]) * frames_per_s
        first, last = max(0, int(np.ceil(start - 0.5))), min(n_frames, int(np.ceil(stop - 0.01)))
        last = max(last, first + 1)
        around = np.arange(max(0, int(start) - 1), min(n_frames, int(start) + 3))
        height = np.clip(1 - np.abs(around - start) / ONSET_HALF_WIDTH_FRAMES, 0, 1)
        onset[around, column] = np.maximum(onset[around, column], height)
        active[first:last, column] = 1.0
        if note["string"] != NO_STRING:
            strings[around, int(note["string"]), column] = 1.0
            strings[first:last, int(note["string"]), column] = 1.0
    return Targets(onset=onset, active=active, strings=strings)


def draw_batch(
    shards: Sequence[Shard], n_clips: int, config: AcousticConfig, rng: np.random.Generator
) -> Batch:
    """Random clips of random shards, augmented."""
    clips = []
    for _ in range(n_clips):
        shard = shards[int(rng.integers(len(shards)))]
        number = int(rng.integers(len(shard.features)))
        features = augmented(shard.features[number].astype(np.float32), rng)
        clips.append((features, _clip_targets(shard, number, config)))
    return _stacked(clips)


def all_batches(shard: Shard, n_clips: int, config: AcousticConfig) -> Iterator[Batch]:
    """Every clip of a shard once, in order, as it is: for validation."""
    for start in range(0, len(shard.features), n_clips):
        numbers = range(start, min(start + n_clips, len(shard.features)))
        clips = [(shard.features[n].astype(np.float32), _clip_targets(shard, n, config)) for n in numbers]
        yield _stacked(clips)


def _clip_targets(shard: Shard, number: int, config: AcousticConfig) -> Targets:
    notes = shard.notes[shard.notes["clip"] == number]
    return frame_targets(notes, shard.features.shape[2], config)


def _stacked(clips: Sequence[tuple[FloatArray, Targets]]) -> Batch:
    return Batch(
        features=torch.from_numpy(np.stack([features for features, _ in clips])),
        onset=torch.from_numpy(np.stack([targets.onset for _, targets in clips])),
        active=torch.from_numpy(np.stack([targets.active for _, targets in clips])),
        strings=torch.from_numpy(np.stack([targets.strings for _, targets in clips])),
    )


def augmented(features: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Another level, another equaliser and another noise floor, applied to log magnitudes.

    Parameters
    ----------
    features : float32 array [2, n_frames, n_bins]
        In units of `FrontEnd.FLOOR_DB` decibels, 0 = the front end's own floor.
    """
    n_bins = features.shape[-1]
    knots = np.linspace(0, n_bins - 1, 9)
    curve_db = np.interp(np.arange(n_bins), knots, rng.normal(0, rng.uniform(0, 5), 9)) + rng.normal(0, 6)
    shifted = features + (curve_db / FrontEnd.FLOOR_DB).astype(np.float32)
    floor_db = np.float32(rng.uniform(-10, 25) if rng.random() < 0.5 else 0.0)
    return np.asarray(_louder_of(shifted, floor_db / FrontEnd.FLOOR_DB), dtype=np.float32)


def _louder_of(features: FloatArray, floor: np.float32) -> FloatArray:
    """Sum of the powers of features and a constant floor, both in log units."""
    nepers = np.float32(FrontEnd.FLOOR_DB * np.log(10) / 10)
    return np.asarray(np.logaddexp(features * nepers, floor * nepers) / nepers, dtype=np.float32)

"""Shards of rendered clips for the acoustic model: features, truth, and their cache on disk.

A shard holds the front end's features of some clips and their notes. Shard k of a run is a function of
the settings and k alone, so a lost cache grows again, in any order and on any number of processes.
Neighbour: ``clips`` says what the clips play and how they sound.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from fretscribe.io.atomic import atomic_write, make_folder
from fretscribe.models.acoustic_net import AcousticConfig, FrontEnd
from fretscribe.training.clips import Clip, ClipSettings, render_clip
from fretscribe.workers.pool import in_order

NOTE_FIELDS = np.dtype(
    [("clip", "i4"), ("onset_s", "f4"), ("offset_s", "f4"), ("pitch", "i2"), ("string", "i2")]
)
NO_STRING = -1
"""String of a note whose string is not known; it teaches pitch and time only."""

_FORMAT = 3  # raise when a change of the code changes the shards


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Clips in memory.

    Attributes
    ----------
    features : float16 array [n_clips, 2, n_frames, n_bins]
    notes : structured array of `NOTE_FIELDS`
    """

    features: npt.NDArray[np.float16]
    notes: npt.NDArray[np.void]


def clip_notes(clip: Clip, index: int, config: AcousticConfig) -> npt.NDArray[np.void]:
    """Truth of a clip on the model's six strings, counted from the top; `NO_STRING` where unknown.

    Dead notes are left out: they click, but their pitch does not sound.
    """
    shift = config.n_strings - clip.tab.tuning.n_strings
    rows = [
        (
            index,
            n.note.onset_s,
            n.note.offset_s,
            n.note.pitch,
            max(0, n.position.string + shift) if clip.knows_strings else NO_STRING,
        )
        for n in clip.tab.notes
        if config.pitch_min <= n.note.pitch < config.pitch_min + config.n_pitches
        and "dead" not in n.techniques
    ]
    return np.array(rows, dtype=NOTE_FIELDS)


def shard_folder(cache: Path, settings: ClipSettings, config: AcousticConfig) -> Path:
    """Folder of the shards of these settings: named by all that shapes them, but for their number."""
    shaping = dataclasses.asdict(settings) | {"n_shards": 0, "format": _FORMAT}
    grid = [config.sample_rate, config.hop_length, config.pitch_min, config.midi_max]
    front_end = [*grid, config.q, config.offset_hz, config.short_offset_hz]
    digest = hashlib.sha256(json.dumps([shaping, front_end]).encode()).hexdigest()[:12]
    return cache / f"clips-{digest}"


def shard_path(folder: Path, index: int) -> Path:
    """File of one shard."""
    return folder / f"shard-{index:05d}.npz"


def make_shard(index: int, folder: Path, settings: ClipSettings, config: AcousticConfig, data: Path) -> Path:
    """Render one shard into the folder, unless it is there; returns its path."""
    path = shard_path(folder, index)
    if path.exists():
        return path
    torch.set_num_threads(1)
    front_end = FrontEnd(config).eval()
    features, notes = [], []
    for number in range(settings.clips_per_shard):
        rng = np.random.default_rng([settings.seed, index, number])
        clip = render_clip(rng, settings, data, config.sample_rate)
        with torch.inference_mode():
            heard = front_end(torch.from_numpy(clip.signal)[None])[0]
        features.append(heard.numpy().astype(np.float16))
        notes.append(clip_notes(clip, number, config))
    make_folder(folder)
    with atomic_write(path, force=True) as part, part.open("wb") as file:
        np.savez(file, features=np.stack(features), notes=np.concatenate(notes))
    return path


def make_shards(
    folder: Path,
    indices: Sequence[int],
    settings: ClipSettings,
    config: AcousticConfig,
    data: Path,
    executor: Executor | None,
) -> Iterator[Path]:
    """Render shards on an executor, or here; yields the paths in their order, as they are done."""
    work = partial(make_shard, folder=folder, settings=settings, config=config, data=data)
    return in_order(work, indices, executor)


def load_shard(path: Path) -> Shard:
    """Read a shard written by `make_shard`."""
    with np.load(path) as arrays:
        return Shard(features=arrays["features"], notes=arrays["notes"])

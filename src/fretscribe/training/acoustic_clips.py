"""Rendered clips for the acoustic model: what they play, how they sound, and their cache on disk.

A shard holds the front end's features of some clips and their notes. Shard k of a run is a function of
the settings and k alone, so a lost cache grows again, in any order and on any number of processes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from fretscribe.datasets.effects import random_recording, record
from fretscribe.datasets.guitars import GuitarKind, random_guitar
from fretscribe.datasets.guitarset import open_guitarset
from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.sample_bank import VOICE_NAMES, SampleVoice, load_sample_bank
from fretscribe.datasets.sample_voice import keep_playable
from fretscribe.datasets.sample_voice import render_strings as render_samples
from fretscribe.datasets.synthetic import render_strings
from fretscribe.datasets.variation import excerpt, moved_along_neck, stretched
from fretscribe.frames import FloatArray
from fretscribe.models.acoustic_net import AcousticConfig, FrontEnd
from fretscribe.music import Tab

NOTE_FIELDS = np.dtype(
    [("clip", "i4"), ("onset_s", "f4"), ("offset_s", "f4"), ("pitch", "i2"), ("string", "i2")]
)
NO_STRING = -1
"""String of a note whose string is not known; it teaches pitch and time only."""

_KIND_OF_VOICE: Mapping[str, GuitarKind] = {
    "strat": "electric",
    "emily": "electric",
    "black": "electric",
    "green": "electric",
    "spanish-classical": "nylon",
    "freesound-acoustic": "steel",
}
_FORMAT = 2  # raise when a change of the code changes the shards


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSettings:
    """What a set of clips is made of; a run may mix several sets.

    Attributes
    ----------
    content : "performances" | "idioms"
        Excerpts of GuitarSet's annotations (never of a development track), or the idiomatic generator.
    voice : "physical" | "samples"
        The string model, or recorded notes (the string model where they lack a pitch).
    n_shards, clips_per_shard : int
    clip_s : float
        Length of a clip in seconds.
    held_out_voices : tuple of str
        Sample voices that are never used here, for measuring.
    seed : int
    """

    content: Literal["performances", "idioms"]
    voice: Literal["physical", "samples"]
    n_shards: int = 40
    clips_per_shard: int = 60
    clip_s: float = 6.0
    held_out_voices: tuple[str, ...] = ()
    seed: int = 1

    def __post_init__(self) -> None:
        if self.content not in ("performances", "idioms") or self.voice not in ("physical", "samples"):
            raise ValueError(f"unknown content {self.content!r} or voice {self.voice!r}")


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


@lru_cache(maxsize=2)
def _performances(root: Path) -> tuple[Tab, ...]:
    return tuple(track.tab() for track in open_guitarset(root / "guitarset").training_tracks())


@lru_cache(maxsize=2)
def _voices(root: Path, held_out: tuple[str, ...]) -> tuple[SampleVoice, ...]:
    names = [name for name in VOICE_NAMES if name not in held_out]
    return tuple(load_sample_bank(root / "samples", names).voices.values())


def random_tab(rng: np.random.Generator, settings: ClipSettings, data: Path) -> Tab:
    """What a clip plays: a varied excerpt of a real performance, or generated material."""
    if settings.content == "idioms":
        return generate_tab(rng, duration_s=settings.clip_s)
    tabs = _performances(data)
    tab = tabs[int(rng.integers(len(tabs)))]
    if rng.random() < 0.5:
        tab = stretched(tab, float(np.exp(rng.uniform(np.log(0.75), np.log(1.3)))))
    tab = excerpt(tab, rng.uniform(0, max(0.1, tab.duration_s - settings.clip_s)), settings.clip_s)
    if rng.random() < 0.4:
        tab = moved_along_neck(tab, int(rng.integers(-4, 8))) or tab
    return _with_dynamics(tab, rng)


def _with_dynamics(tab: Tab, rng: np.random.Generator) -> Tab:
    """Annotations carry no loudness: draw it, with a spread of its own for each clip."""
    centre, spread = rng.uniform(60, 105), rng.uniform(3, 18)
    notes = []
    for tab_note in tab.notes:
        velocity = int(np.clip(rng.normal(centre, spread), 20, 127))
        notes.append(
            dataclasses.replace(tab_note, note=dataclasses.replace(tab_note.note, velocity=velocity))
        )
    return dataclasses.replace(tab, notes=tuple(notes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A rendered clip: what is played, float32 samples [n_samples], and whether strings are true."""

    tab: Tab
    signal: FloatArray
    knows_strings: bool


def render_clip(rng: np.random.Generator, settings: ClipSettings, data: Path, sample_rate: int) -> Clip:
    """A random clip of a set; a sample voice plays what it has recordings for."""
    tab = random_tab(rng, settings, data)
    knows_strings, kind = True, None
    if settings.voice == "samples":
        voices = _voices(data, settings.held_out_voices)
        voice = voices[int(rng.integers(len(voices)))]
        tab, _ = keep_playable(voice, tab)
        knows_strings, kind = voice.knows_strings, _KIND_OF_VOICE[voice.name]
        strings = render_samples(tab, voice, rng, sample_rate=sample_rate, duration_s=settings.clip_s)
    else:
        guitar = random_guitar(rng, tab.tuning)
        kind = guitar.kind
        strings = render_strings(tab, guitar, rng, sample_rate=sample_rate, duration_s=settings.clip_s)
    signal = record(strings, random_recording(rng, kind), rng, sample_rate=sample_rate)
    return Clip(tab=tab, signal=signal, knows_strings=knows_strings)


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
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, features=np.stack(features), notes=np.concatenate(notes))
    part.replace(path)
    return path


def make_shards(
    folder: Path,
    indices: Sequence[int],
    settings: ClipSettings,
    config: AcousticConfig,
    data: Path,
    executor: Executor,
) -> Iterator[Path]:
    """Render shards on an executor; yields each path as it is done."""
    jobs = [executor.submit(make_shard, index, folder, settings, config, data) for index in indices]
    for job in as_completed(jobs):
        yield job.result()


def load_shard(path: Path) -> Shard:
    """Read a shard written by `make_shard`."""
    with np.load(path) as arrays:
        return Shard(features=arrays["features"], notes=arrays["notes"])

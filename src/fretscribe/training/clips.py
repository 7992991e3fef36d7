"""Rendered clips to learn from: what they play, and how they sound.

A clip is a varied excerpt of a real performance or generated material, played by a random guitar (or by
recorded notes) through a random room and microphone, with exact truth. Neighbours: ``acoustic_clips``
keeps them as shards for the acoustic model, ``rendered_windows`` as arrays for TabCNN.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

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
from fretscribe.music import Tab

_KIND_OF_VOICE: Mapping[str, GuitarKind] = {
    "strat": "electric",
    "emily": "electric",
    "black": "electric",
    "green": "electric",
    "spanish-classical": "nylon",
    "freesound-acoustic": "steel",
}


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
    return varied_performance(rng, _performances(data), settings.clip_s)


def varied_performance(rng: np.random.Generator, tabs: Sequence[Tab], clip_s: float) -> Tab:
    """An excerpt of one of the tabs, sometimes at another tempo or place on the neck, with drawn dynamics."""
    tab = tabs[int(rng.integers(len(tabs)))]
    if rng.random() < 0.5:
        tab = stretched(tab, float(np.exp(rng.uniform(np.log(0.75), np.log(1.3)))))
    tab = excerpt(tab, rng.uniform(0, max(0.1, tab.duration_s - clip_s)), clip_s)
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
    return play(rng, random_tab(rng, settings, data), settings, data, sample_rate)


def play(rng: np.random.Generator, tab: Tab, settings: ClipSettings, data: Path, sample_rate: int) -> Clip:
    """Play a tab in the voice of a set, by a random guitar, room and microphone."""
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
    open_pitches = [pitch + tab.tuning.capo for pitch in tab.tuning.open_pitches]
    recording = random_recording(rng, kind)
    signal = record(strings, recording, rng, sample_rate=sample_rate, open_pitches=open_pitches)
    return Clip(tab=tab, signal=signal, knows_strings=knows_strings)

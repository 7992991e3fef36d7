"""Rendered studies of technique with exact truth: one set to fit detectors on, another to measure them on.

The fit set is played by random guitars through random recording chains, and by those sampled guitars that
training may use. The measured set has other studies, other random guitars and the held-out instruments, which
nothing is fitted on. Item k of a set is a function of k alone. Neighbours: ``idioms.studies`` writes what is
played; ``evaluation.techniques`` judges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from fretscribe.datasets.effects import random_recording, record
from fretscribe.datasets.guitars import GuitarKind, random_guitar
from fretscribe.datasets.held_out import HELD_OUT_INSTRUMENTS, RATE, STEEL_STRINGS, HeldOutInstrument
from fretscribe.datasets.idioms.studies import technique_study
from fretscribe.datasets.sample_bank import SampleVoice
from fretscribe.datasets.sample_voice import keep_playable
from fretscribe.datasets.sample_voice import render_strings as render_samples
from fretscribe.datasets.synthetic import RENDER_RATE, render_strings
from fretscribe.frames import Audio
from fretscribe.music import STANDARD_TUNING, Tab, Technique

STUDY_S = 20.0
RANDOM_GUITARS = "random guitars"

FIT_VOICES: Mapping[str, GuitarKind] = {
    "strat": "electric",
    "black": "electric",
    "freesound-acoustic": "steel",
}
"""Sampled guitars that play in the fit set."""

_TAIL_S = 0.5
_FIT_SEED, _MEASURED_SEED = 61, 67
_SAMPLED_EVERY = 4
_CONTACT_S = (0.003, 0.012)
_PEAK = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A study as it was played.

    Attributes
    ----------
    instrument : str
        Who plays it; the name of a held-out instrument, a sample voice, or `RANDOM_GUITARS`.
    tab : Tab
        What was played: the truth.
    audio : Audio
    sampled : bool
        Whether recorded notes play it: their slurs are strokes whose beginning is cut off.
    """

    instrument: str
    tab: Tab
    audio: Audio
    sampled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """A study that has not been played yet: rendering takes longer than all that is done with the sound."""

    instrument: str
    play: Callable[[], Study]


def fit_set(n_studies: int, voices: Mapping[str, SampleVoice]) -> Iterator[StudyPlan]:
    """Studies to fit on; every fourth is played by one of `FIT_VOICES`."""
    names = tuple(FIT_VOICES)
    for k in range(n_studies):
        if k % _SAMPLED_EVERY:
            yield StudyPlan(instrument=RANDOM_GUITARS, play=partial(_by_random_guitar, [_FIT_SEED, k]))
        else:
            name = names[k // _SAMPLED_EVERY % len(names)]
            yield StudyPlan(instrument=name, play=partial(_by_voice, [_FIT_SEED, k], voices[name]))


def measured_set(n_random: int, n_each: int, voices: Mapping[str, SampleVoice]) -> Iterator[StudyPlan]:
    """Studies to measure on: ``n_random`` by random guitars, ``n_each`` by each held-out instrument."""
    for k in range(n_random):
        yield StudyPlan(instrument=RANDOM_GUITARS, play=partial(_by_random_guitar, [_MEASURED_SEED, k]))
    for i, instrument in enumerate(HELD_OUT_INSTRUMENTS):
        if instrument.detune_cents:
            continue
        for k in range(n_each):
            yield StudyPlan(
                instrument=instrument.name,
                play=partial(_by_held_out, [_MEASURED_SEED, i + 1, k], instrument, voices),
            )


def _by_random_guitar(seed: list[int]) -> Study:
    rng = np.random.default_rng(seed)
    tab = technique_study(rng, duration_s=STUDY_S)
    guitar = replace(random_guitar(rng, tab.tuning), contact_s=float(rng.uniform(*_CONTACT_S)))
    strings = render_strings(tab, guitar, rng, duration_s=STUDY_S + _TAIL_S)
    signal = record(strings, random_recording(rng, guitar.kind), rng, sample_rate=RENDER_RATE)
    return Study(
        instrument=RANDOM_GUITARS,
        tab=tab,
        audio=Audio(samples=signal[None], sample_rate=RENDER_RATE),
        sampled=False,
    )


def _by_voice(seed: list[int], voice: SampleVoice) -> Study:
    """Recorded notes ring as they were fretted: they play no harmonics."""
    rng = np.random.default_rng(seed)
    tab, _ = keep_playable(voice, technique_study(rng, duration_s=STUDY_S, without={"harmonic"}))
    contact_s = float(rng.uniform(*_CONTACT_S))
    strings = render_samples(tab, voice, rng, duration_s=STUDY_S + _TAIL_S, contact_s=contact_s)
    recording = random_recording(rng, FIT_VOICES[voice.name])
    signal = record(
        strings, recording, rng, sample_rate=RENDER_RATE, open_pitches=STANDARD_TUNING.open_pitches
    )
    return Study(
        instrument=voice.name,
        tab=tab,
        audio=Audio(samples=signal[None], sample_rate=RENDER_RATE),
        sampled=True,
    )


def _by_held_out(seed: list[int], instrument: HeldOutInstrument, voices: Mapping[str, SampleVoice]) -> Study:
    rng = np.random.default_rng(seed)
    without: tuple[Technique, ...] = () if instrument.voice is None else ("harmonic",)
    tab = technique_study(rng, duration_s=STUDY_S, without=without)
    contact_s = float(rng.uniform(*_CONTACT_S))
    length_s = STUDY_S + _TAIL_S
    if instrument.voice is None:
        guitar = replace(STEEL_STRINGS, contact_s=contact_s)
        strings = render_strings(tab, guitar, rng, sample_rate=RATE, duration_s=length_s)
    else:
        voice = voices[instrument.voice]
        tab, _ = keep_playable(voice, tab)
        strings = render_samples(tab, voice, rng, duration_s=length_s, contact_s=contact_s)
    sound = instrument.recorded(strings.sum(axis=0, dtype=np.float64), rng)
    sound = sound * (_PEAK / float(np.abs(sound).max()))
    audio = Audio(samples=sound[None].astype(np.float32), sample_rate=RATE)
    return Study(instrument=instrument.name, tab=tab, audio=audio, sampled=instrument.voice is not None)

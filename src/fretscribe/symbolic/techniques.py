"""Which techniques a note was played with: what each model looks at, what a hand can do, what is written.

A missing mark is better than a wrong one: a mark is written from its model's threshold on, and only where the
hand could have done it (slurs need a note on their string that sounds right up to them). Neighbours:
``technique_features`` has the figures, ``technique_model`` the probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fretscribe.dsp.note_frames import SoundingNotes
from fretscribe.dsp.playing import PlayedSound, hear_playing
from fretscribe.frames import FloatArray
from fretscribe.music import BendPoint, TabNote, Technique, Tuning
from fretscribe.symbolic.pitch_curves import simple_curve
from fretscribe.symbolic.technique_features import REACH_SCALE_CENTS, Features, technique_features
from fretscribe.symbolic.technique_model import TechniqueModels, built_in_models


@dataclass(frozen=True, slots=True, kw_only=True)
class TechniqueSpec:
    """What is asked of a note to tell one technique.

    Attributes
    ----------
    features : tuple of str
        The figures that its model uses.
    possible : callable
        Whether a note can have it at all.
    """

    features: tuple[str, ...]
    possible: Callable[[Features], bool]


def _known(name: str) -> Callable[[Features], bool]:
    return lambda one: not math.isnan(one[name])


def _slurred(one: Features) -> bool:
    return bool(one["joined"]) and one["interval"] != 0


def _bendable(one: Features) -> bool:
    """Far and long enough for a finger: short notes of chords waver by less."""
    return one["log_reach"] >= _LEAST_REACH and one["log_length"] >= _LEAST_LENGTH


_LEAST_REACH = math.log1p(40.0 / REACH_SCALE_CENTS)
_LEAST_LENGTH = math.log(0.14)

_CURVE = (
    "log_reach", "log_excursion", "ends", "log_steepest", "still", "moves_at", "clarity", "free",
    "log_vibrato", "vibrato_hz", "vibrato_share", "period_alike", "half_period_alike",
)  # fmt: skip
_STROKE = (
    "log_flux", "flux_beside", "rise_high", "rise_high_beside", "rise_all", "rise_all_beside", "rise_own",
    "bright", "bright_beside", "pitched", "pitched_beside", "fall_early", "fall_early_beside", "fall_late",
    "fall_high", "fall_least", "onset_prob", "velocity", "log_length", "pitch", "together",
)  # fmt: skip
_JOIN = (
    "step", "dip", "bright_step", "kept_low", "kept_high", "kept_spread", "between", "size", "interval",
    "log_since", "same_string",
)  # fmt: skip
_TOUCH = ("below", "below_rise", "below_fall", "below_clear", "on_touched", "fret")

SPECS: Mapping[Technique, TechniqueSpec] = {
    "bend": TechniqueSpec(features=(*_CURVE, "log_length", "log_flux", "fall_early"), possible=_bendable),
    "vibrato": TechniqueSpec(features=(*_CURVE, "log_length"), possible=_known("half_period_alike")),
    "slide": TechniqueSpec(
        features=(*_CURVE, *_STROKE, *_JOIN),
        possible=lambda one: _slurred(one) and one["fret"] > 0 and one["fret_before"] > 0,
    ),
    "hammer_on": TechniqueSpec(
        features=(*_CURVE, *_STROKE, *_JOIN), possible=lambda one: _slurred(one) and 0 < one["interval"] <= 5
    ),
    "pull_off": TechniqueSpec(
        features=(*_CURVE, *_STROKE, *_JOIN), possible=lambda one: _slurred(one) and -5 <= one["interval"] < 0
    ),
    "palm_mute": TechniqueSpec(features=(*_STROKE, "clarity"), possible=lambda one: True),
    "harmonic": TechniqueSpec(features=(*_CURVE, *_STROKE, *_JOIN, *_TOUCH), possible=_known("below")),
}
"""Techniques that are looked for in heard notes."""

SLURS: frozenset[Technique] = frozenset({"hammer_on", "pull_off", "slide"})

_ONE_OF: tuple[frozenset[Technique], ...] = (
    SLURS,
    frozenset({"palm_mute", "harmonic"}),
    frozenset({"bend", "vibrato"}),
    SLURS | {"harmonic"},
    frozenset({"harmonic", "bend", "vibrato"}),
)
"""Of these a note has the likeliest only."""


def probabilities(features: Sequence[Features], models: TechniqueModels) -> list[dict[Technique, float]]:
    """P(technique) of each note, of those that it can have.

    Parameters
    ----------
    features : sequence of mapping
        See `technique_features`.
    models : mapping of Technique to TechniqueModel
    """
    found: list[dict[Technique, float]] = [{} for _ in features]
    for technique, model in models.items():
        able = [i for i, one in enumerate(features) if SPECS[technique].possible(one)]
        chances = model.probabilities([features[i] for i in able])
        for i, chance in zip(able, chances.tolist(), strict=True):
            found[i][technique] = chance
    return found


def chosen(chances: Mapping[Technique, float], models: TechniqueModels) -> dict[Technique, float]:
    """Those at or above their thresholds; of what excludes each other the likeliest."""
    marked = {t: p for t, p in chances.items() if p >= models[t].threshold}
    for group in _ONE_OF:
        rivals = sorted(group & marked.keys(), key=lambda t: (-marked[t], t))
        for loser in rivals[1:]:
            del marked[loser]
    return marked


FITTED_TOGETHER: tuple[frozenset[Technique], ...] = (frozenset({"hammer_on", "pull_off"}),)
"""Alike but for the direction: each learns from the notes of both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What is written at a note.

    Attributes
    ----------
    techniques : mapping of Technique to float
        Each with its probability.
    curve : tuple of BendPoint
        Of a bend or a vibrato; empty otherwise.
    partial : int
        Of the open string that sounds, for a harmonic; 0 otherwise.
    before : int
        Index of the note that a slur comes from, -1 for none.
    """

    techniques: Mapping[Technique, float]
    curve: tuple[BendPoint, ...] = ()
    partial: int = 0
    before: int = -1


def hear_techniques(
    signal: FloatArray,
    sample_rate: int,
    notes: Sequence[TabNote],
    tuning: Tuning,
    models: TechniqueModels | None = None,
) -> list[Marks]:
    """Listen to how each note of a tab is played.

    Parameters
    ----------
    signal : float32 array [n_samples]
        Mono; the guitar within about 20 cents of concert pitch.
    sample_rate : int
        Hz.
    notes : sequence of TabNote
        In the order of the tab, timed from the start of ``signal``.
    tuning : Tuning
    models : mapping of Technique to TechniqueModel, optional
        The built-in ones otherwise.
    """
    models = built_in_models() if models is None else models
    played = hear_playing(signal, sample_rate, sounding_notes(notes), open_strings(tuning))
    chances = probabilities(technique_features(notes, played), models)
    return [_marks(chosen(one, models), sound) for one, sound in zip(chances, played, strict=True)]


def sounding_notes(notes: Sequence[TabNote]) -> SoundingNotes:
    """The notes of a tab as arrays."""
    return SoundingNotes(
        onset_s=np.array([n.note.onset_s for n in notes], dtype=np.float64),
        offset_s=np.array([n.note.offset_s for n in notes], dtype=np.float64),
        pitch=np.array([n.note.pitch for n in notes], dtype=np.int64),
        string=np.array([n.position.string for n in notes], dtype=np.int64),
    )


def open_strings(tuning: Tuning) -> tuple[int, ...]:
    """MIDI pitches of the open strings, the capo included."""
    return tuple(pitch + tuning.capo for pitch in tuning.open_pitches)


def _marks(techniques: Mapping[Technique, float], one: PlayedSound) -> Marks:
    curved = techniques.keys() & {"bend", "vibrato"} and one.track is not None
    return Marks(
        techniques=techniques,
        curve=simple_curve(one.track) if curved and one.track is not None else (),
        partial=one.sound.partial if "harmonic" in techniques else 0,
        before=one.before if SLURS & techniques.keys() else -1,
    )

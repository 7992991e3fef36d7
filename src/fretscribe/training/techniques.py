"""Fits the models of techniques to rendered studies, as the whole route hears them.

Needs no torch. Sampled guitars slur by recorded strokes whose beginning is cut off: these teach nothing of
hammer-ons and pull-offs. Neighbours: ``datasets.technique_set`` plays the studies, ``symbolic.technique_fit``
fits, ``evaluation.techniques`` measures on other studies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fretscribe.datasets.technique_set import FIT_VOICES, StudyPlan
from fretscribe.dsp.playing import hear_playing
from fretscribe.evaluation.technique_match import match_notes
from fretscribe.evaluation.techniques import NOT_BY_SAMPLES
from fretscribe.frames import Audio, FloatArray
from fretscribe.music import TabNote, Technique, Tuning
from fretscribe.pipeline import TranscribeOptions, Transcriber
from fretscribe.symbolic.technique_features import Features, technique_features
from fretscribe.symbolic.technique_fit import fit_model
from fretscribe.symbolic.technique_model import TechniqueModel
from fretscribe.symbolic.techniques import FITTED_TOGETHER, SPECS, Marks, open_strings, sounding_notes

TARGET_PRECISION: Mapping[Technique, float] = {
    "bend": 0.94,
    "vibrato": 0.90,
    "slide": 0.89,
    "hammer_on": 0.82,
    "pull_off": 0.87,
    "palm_mute": 0.94,
    "harmonic": 0.92,
}
"""Of the marks on held-out studies of the fit set, so that four of five are right on a third set of studies.

Most are held to more: on real playing, where nobody bends chords or plays harmonics, the first false marks
come from about .90 down.
"""

_OPTIONS = TranscribeOptions(tuning="standard", capo=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardStudy:
    """A study as it was heard.

    Attributes
    ----------
    name : str
    instrument : str
    truth : tuple of TabNote
    features : tuple of mapping
        Of the heard notes.
    stands_for : mapping of int to int
        Heard note to the played one that it stands for.
    """

    name: str
    instrument: str
    truth: tuple[TabNote, ...]
    features: tuple[Features, ...]
    stands_for: Mapping[int, int]


def hear_studies(
    plans: Iterable[StudyPlan], transcriber: Transcriber, *, progress: Callable[[str], None] = lambda _: None
) -> list[HeardStudy]:
    """Play studies and transcribe them, without any marks."""
    return [_hear(plan, number, transcriber, progress) for number, plan in enumerate(plans, start=1)]


def _hear(
    plan: StudyPlan, number: int, transcriber: Transcriber, progress: Callable[[str], None]
) -> HeardStudy:
    progress(f"study {number}: {plan.instrument}")
    features: list[Features] = []

    def listen(signal: FloatArray, sample_rate: int, notes: Sequence[TabNote], tuning: Tuning) -> list[Marks]:
        played = hear_playing(signal, sample_rate, sounding_notes(notes), open_strings(tuning))
        features.extend(technique_features(notes, played))
        return [Marks(techniques={}) for _ in notes]

    study = plan.play()
    heard = _heard_by(replace(transcriber, hear_techniques=listen), study.audio)
    matched = match_notes(study.tab.notes, heard)
    return HeardStudy(
        name=f"{number}",
        instrument=plan.instrument,
        truth=study.tab.notes,
        features=tuple(features),
        stands_for={j: i for i, j in matched.items()},
    )


def _heard_by(transcriber: Transcriber, audio: Audio) -> tuple[TabNote, ...]:
    return transcriber(audio, _OPTIONS).tab.notes


def fit_techniques(
    studies: Sequence[HeardStudy], targets: Mapping[Technique, float] = TARGET_PRECISION
) -> dict[Technique, TechniqueModel]:
    """A model for each technique of `SPECS`."""
    return {technique: _fit_one(technique, studies, targets[technique]) for technique in SPECS}


def _fit_one(technique: Technique, studies: Sequence[HeardStudy], target: float) -> TechniqueModel:
    alike = next((group for group in FITTED_TOGETHER if technique in group), frozenset({technique}))
    features: list[Features] = []
    played, judged, groups = [], [], []
    n_played = 0
    for study in studies:
        sampled = study.instrument in FIT_VOICES and technique in NOT_BY_SAMPLES
        n_played += 0 if sampled else sum(technique in note.techniques for note in study.truth)
        for j, one in enumerate(study.features):
            if not any(SPECS[each].possible(one) for each in alike):
                continue
            truth = study.truth[study.stands_for[j]].techniques if j in study.stands_for else frozenset()
            if sampled and truth & NOT_BY_SAMPLES:
                continue
            features.append(one)
            played.append(bool(truth & alike))
            judged.append(SPECS[technique].possible(one))
            groups.append(study.name)
    return fit_model(
        features,
        np.array(played, dtype=np.bool_),
        groups,
        SPECS[technique].features,
        judged=np.array(judged, dtype=np.bool_),
        n_played=n_played,
        target_precision=target,
    )

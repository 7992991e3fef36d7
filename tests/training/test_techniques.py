"""What the models of techniques are fitted to; the fit itself is tested where it is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fretscribe.datasets.technique_set import RANDOM_GUITARS, Study, StudyPlan
from fretscribe.frames import Audio
from fretscribe.music import Technique, Tuning
from fretscribe.pipeline import Transcriber
from fretscribe.symbolic.techniques import SPECS
from fretscribe.training.techniques import TARGET_PRECISION, HeardStudy, fit_techniques, hear_studies
from rendered_notes import tab_note, tab_of

NAMES = sorted(
    {name for spec in SPECS.values() for name in spec.features} | {"joined", "fret", "fret_before"}
)


def studies(technique: Technique, instrument: str, *, told_by: str, n: int = 8) -> list[HeardStudy]:
    """Studies of 8 notes, of which every second has a technique that one figure tells; one is not heard."""
    rng = np.random.default_rng(5)
    made = []
    for k in range(n):
        truth = [tab_note(0.5 * i, 0.5 * i + 0.4, 3, 5, *[technique][: i % 2]) for i in range(10)]
        features = [
            dict.fromkeys(NAMES, 1.0)
            | {"joined": 1.0, "interval": 2.0, "log_reach": 3.0, "log_length": 0.0}
            | {told_by: float(i % 2) + rng.normal(0.0, 0.05)}
            for i in range(8)
        ]
        made.append(
            HeardStudy(
                name=str(k),
                instrument=instrument,
                truth=tuple(truth),
                features=tuple(features),
                stands_for={i: i for i in range(8)},
            )
        )
    return made


def test_studies_are_heard_by_the_whole_route_and_keep_their_truth(acoustic: Any) -> None:
    played = tab_of(
        *(
            tab_note(onset_s, offset_s, string, pitch - Tuning().open_pitches[string])
            for onset_s, offset_s, string, pitch in acoustic.script
        )
    )
    noise = 0.1 * np.random.default_rng(0).standard_normal((1, 5 * 22050))
    audio = Audio(samples=noise.astype(np.float32), sample_rate=22050)
    study = Study(instrument=RANDOM_GUITARS, tab=played, audio=audio, sampled=False)
    plan = StudyPlan(instrument=RANDOM_GUITARS, play=lambda: study)
    told: list[str] = []
    (heard,) = hear_studies([plan], Transcriber(acoustic=acoustic), progress=told.append)
    assert heard.truth == played.notes
    assert len(heard.features) == len(played.notes)
    assert heard.stands_for == {i: i for i in range(len(played.notes))}
    assert {name for spec in SPECS.values() for name in spec.features} <= heard.features[0].keys()
    assert told == [f"study 1: {RANDOM_GUITARS}"]


def test_what_a_figure_tells_is_marked_and_the_unheard_count() -> None:
    models = fit_techniques(studies("vibrato", RANDOM_GUITARS, told_by="vibrato_share"))
    model = models["vibrato"]
    assert model.precision >= TARGET_PRECISION["vibrato"]
    assert model.recall == pytest.approx(0.8)  # of 5 a study, 4 were heard
    low, high = model.probabilities([dict.fromkeys(NAMES, 1.0) | {"vibrato_share": x} for x in (0.0, 1.0)])
    assert low < model.threshold <= high
    assert models["palm_mute"].threshold > 1.0  # nobody played any


@pytest.mark.slow
def test_sampled_guitars_teach_no_hammer_ons() -> None:
    models = fit_techniques(studies("hammer_on", "strat", told_by="log_flux"))
    assert models["hammer_on"].threshold > 1.0
    models = fit_techniques(studies("hammer_on", RANDOM_GUITARS, told_by="log_flux"))
    assert models["hammer_on"].threshold < 1.0

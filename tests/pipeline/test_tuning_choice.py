"""Who decides the tuning: the user, then the ear where it is sure, then standard, and how that is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from fretscribe.cli.summary import summary_rows
from fretscribe.io.tab_json import parse_tab_json, render_tab_json
from fretscribe.music import STANDARD_TUNING, Note, Tuning
from fretscribe.pipeline import TranscribeOptions, Transcriber
from fretscribe.result import Stage, Transcription
from fretscribe.symbolic.tuning import TuningEstimate, TuningGuess
from fretscribe.tunings import NAMED_TUNINGS, tuning_name

DROP_D = Tuning(open_pitches=NAMED_TUNINGS["drop D"])
CAPO_2 = replace(STANDARD_TUNING, capo=2)


@dataclass(kw_only=True)
class Ear:
    """Says what it is told to, and keeps what it was asked."""

    best: Tuning
    probability: float
    sure: bool
    second: Tuning = CAPO_2
    asked: list[tuple[Sequence[Note], Sequence[Tuning]]] = field(default_factory=list)

    def __call__(self, notes: Sequence[Note], tunings: Sequence[Tuning]) -> TuningEstimate:
        self.asked.append((notes, tunings))
        second = self.second if self.best != self.second else STANDARD_TUNING
        return TuningEstimate(
            guesses=(
                TuningGuess(tuning=self.best, probability=self.probability),
                TuningGuess(tuning=second, probability=1 - self.probability),
            ),
            sure=self.sure,
        )


def transcribed(
    acoustic: Any, recording: Path, ear: Ear, options: TranscribeOptions | None = None
) -> tuple[Transcription, Stage]:
    result = Transcriber(acoustic=acoustic, estimate_tuning=ear)(recording, options)
    return result, next(stage for stage in result.stages if stage.name == "tuning")


def test_a_sure_answer_is_taken_and_its_probability_told(acoustic: Any, recording: Path) -> None:
    result, stage = transcribed(acoustic, recording, Ear(best=DROP_D, probability=0.93, sure=True))
    assert tuning_name(result.tab.tuning) == "drop D"
    assert result.tuning_confidence == 0.93
    assert stage.status == "ran"
    assert stage.detail == "drop D, no capo: 93 %, then standard, capo 2: 7 %"
    assert result.warnings == ()
    assert dict(summary_rows(result))["tuning"] == "drop D (D2 A2 D3 G3 B3 E4), no capo, 93 % sure"
    again = parse_tab_json(render_tab_json(result))
    assert (again.tuning_confidence, again.tab.tuning) == (0.93, result.tab.tuning)


def test_an_unsure_answer_falls_to_standard_and_says_what_it_would_have_been(
    acoustic: Any, recording: Path
) -> None:
    ear = Ear(best=DROP_D, probability=0.6, sure=False, second=STANDARD_TUNING)
    result, stage = transcribed(acoustic, recording, ear)
    assert (tuning_name(result.tab.tuning), result.tab.tuning.capo) == ("standard", 0)
    assert result.tuning_confidence == 0.4
    assert stage.status == "fallback"
    assert "not sure: drop D, no capo: 60 %, then standard, no capo: 40 %" in stage.detail
    assert "standard tuning and no capo assumed" in stage.detail
    (warning,) = result.warnings
    assert "drop D, no capo: 60 %" in warning
    assert "--tuning" in warning
    assert summary_rows(result)[:2] == [
        ("tuning", "standard (E2 A2 D3 G3 B3 E4), no capo, assumed"),
        ("", stage.detail),
    ]


def test_the_best_guess_is_taken_where_standard_is_out_of_the_question(
    acoustic: Any, recording: Path
) -> None:
    result, stage = transcribed(acoustic, recording, Ear(best=DROP_D, probability=0.6, sure=False))
    assert (tuning_name(result.tab.tuning), result.tuning_confidence) == ("drop D", 0.6)
    assert stage.status == "fallback"
    assert stage.detail.endswith("then standard, capo 2: 40 %; drop D, no capo assumed")
    (warning,) = result.warnings
    assert "drop D, no capo assumed; give --tuning" in warning


def test_an_unsure_answer_that_is_standard_is_no_reason_to_warn(acoustic: Any, recording: Path) -> None:
    result, stage = transcribed(acoustic, recording, Ear(best=STANDARD_TUNING, probability=0.6, sure=False))
    assert stage.status == "fallback"
    assert result.warnings == ()
    assert result.tuning_confidence == 0.6
    assert "not sure: standard, no capo: 60 %, then standard, capo 2: 40 %" in dict(summary_rows(result))[""]


def test_what_is_given_is_not_listened_for(acoustic: Any, recording: Path) -> None:
    ear = Ear(best=CAPO_2, probability=0.9, sure=True)
    result, stage = transcribed(acoustic, recording, ear, TranscribeOptions(tuning="open G", capo=1))
    assert stage.status == "skipped"
    assert ear.asked == []
    assert result.tuning_confidence == 1.0


@pytest.mark.parametrize(
    ("options", "strings", "capos"),
    [
        (TranscribeOptions(tuning="drop D"), {DROP_D.open_pitches}, set(range(8))),
        (TranscribeOptions(capo=3), None, {3}),
    ],
)
def test_what_is_given_in_part_narrows_the_choice(
    options: TranscribeOptions,
    strings: set[tuple[int, ...]] | None,
    capos: set[int],
    acoustic: Any,
    recording: Path,
) -> None:
    ear = Ear(best=CAPO_2, probability=0.6, sure=False, second=options.requested_tuning())
    _, stage = transcribed(acoustic, recording, ear, options)
    ((notes, tunings),) = ear.asked
    assert len(notes) == len(acoustic.script)
    assert {tuning.capo for tuning in tunings} == capos
    assert strings is None or {tuning.open_pitches for tuning in tunings} == strings
    assert stage.detail.endswith("no capo assumed" if options.capo == "auto" else "standard tuning assumed")


def test_the_neck_is_as_long_as_asked_for(acoustic: Any, recording: Path) -> None:
    ear = Ear(best=CAPO_2, probability=0.9, sure=True)
    result, _ = transcribed(acoustic, recording, ear, TranscribeOptions(max_fret=24))
    assert result.tab.tuning.capo == 2
    assert result.tab.tuning.highest_fret == 24


def test_low_notes_are_heard_before_the_tuning_is_known(
    make_acoustic: Callable[..., Any], recording: Path
) -> None:
    low = make_acoustic([(0.5, 1.0, 0, 38), (1.5, 2.0, 1, 45)])
    ear = Ear(best=DROP_D, probability=0.9, sure=True)
    result, _ = transcribed(low, recording, ear)
    assert [note.pitch for note in ear.asked[0][0]] == [38, 45]
    assert [note.note.pitch for note in result.tab.notes] == [38, 45]


def test_without_notes_nothing_is_estimated(make_acoustic: Callable[..., Any], recording: Path) -> None:
    ear = Ear(best=DROP_D, probability=0.9, sure=True)
    result, stage = transcribed(make_acoustic([]), recording, ear)
    assert ear.asked == []
    assert result.tuning_confidence is None
    assert stage.status == "fallback"
    assert stage.detail == "no notes: standard tuning and no capo assumed"

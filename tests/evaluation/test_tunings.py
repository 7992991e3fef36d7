"""Judging heard tunings: what counts as right, what the report says, and three tunings on the whole route."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fretscribe.datasets.tuned_guitars import RIFF_GUITARS
from fretscribe.evaluation.tunings import CAPOED, TuningRow, judge_recordings, judge_tunings, plan_piece
from fretscribe.evaluation.tunings_report import confusions, offset_errors, tunings_markdown
from fretscribe.music import STANDARD_TUNING, Note, Tuning
from fretscribe.pipeline import Transcriber, load_transcriber
from fretscribe.symbolic.tuning import TuningEstimate, TuningGuess
from fretscribe.tunings import NAMED_TUNINGS, tuning_name

DROP_D = Tuning(open_pitches=NAMED_TUNINGS["drop D"])


def row(
    played: Tuning, best: Tuning | None, probability: float = 0.9, *, cents: float = 10.0, heard: float = 12.0
) -> TuningRow:
    estimate = None
    if best is not None:
        second = DROP_D if best == STANDARD_TUNING else STANDARD_TUNING
        estimate = TuningEstimate(
            guesses=(
                TuningGuess(tuning=best, probability=probability),
                TuningGuess(tuning=second, probability=1 - probability),
            ),
            sure=probability >= 0.8,
        )
    return TuningRow(
        name=CAPOED if played.capo else tuning_name(played),
        played=played,
        source="riff on clean electric",
        estimate=estimate,
        answered=STANDARD_TUNING,
        cents=cents,
        heard_cents=heard,
    )


ROWS = (
    row(DROP_D, DROP_D),
    row(DROP_D, STANDARD_TUNING, 0.6, cents=-30.0, heard=-37.0),
    row(replace(STANDARD_TUNING, capo=2), replace(STANDARD_TUNING, capo=3), 0.85),
    row(STANDARD_TUNING, None),
)


def test_tuning_and_capo_must_be_right() -> None:
    assert [(r.right, r.sure) for r in ROWS] == [(True, True), (False, False), (False, True), (False, False)]
    taken = confusions(ROWS)
    assert taken["drop D"] == {"standard": 1}
    assert taken[CAPOED] == {"standard with capo 3": 1}
    assert taken["standard"] == {"no note heard": 1}
    assert offset_errors(ROWS) == [2.0, 7.0, 2.0, 2.0]


def test_the_report_tells_figures_and_every_wrong_guess() -> None:
    text = tunings_markdown(ROWS, (row(STANDARD_TUNING, DROP_D, 0.5),), weights="w", command="do it")
    assert "- right: 25.0%, to be 85%: not reached" in text
    assert "- sure: 50.0%, to be 60%: not reached" in text
    assert "- right where sure: 50.0%, to be 95%: not reached" in text
    assert "- concert offset within 5 cents: 75.0%, to be 95%: not reached" in text
    assert "standard tuning and no capo: 1 of 1" in text
    assert "| drop D | 2 | 1 | 1 | 1 | standard |" in text
    assert "| standard with capo 2 | riff on clean electric | standard with capo 3 0.85 |" in text


def test_every_tuning_is_played_and_asked_for_without_a_hint(acoustic: Any) -> None:
    asked: list[tuple[int, int]] = []

    def estimate(notes: Sequence[Note], tunings: Sequence[Tuning]) -> TuningEstimate:
        asked.append((len(notes), len(tunings)))
        return TuningEstimate(guesses=(TuningGuess(tuning=DROP_D, probability=1.0),), sure=True)

    plain = Transcriber(acoustic=acoustic, estimate_tuning=estimate)
    rows = judge_tunings(plain, pieces_each=1, names=("open G", "DADGAD"))
    assert [r.name for r in rows] == ["open G", "DADGAD"]
    assert not any(r.right for r in rows)
    assert len({n for _, n in asked}) == 1
    assert asked[0][1] > 40
    assert all(r.cents is not None and abs(r.cents) <= 40 for r in rows)


def test_pieces_are_planned_for_their_tuning() -> None:
    with_capo = [plan_piece(CAPOED, i) for i in range(7)]
    assert {piece.tab.tuning.open_pitches for piece in with_capo} == {STANDARD_TUNING.open_pitches}
    assert {piece.tab.tuning.capo for piece in with_capo} == set(range(1, 8))
    heavy = [plan_piece("drop C", i) for i in range(6)]
    assert all("riff" in piece.parts and piece.guitar in RIFF_GUITARS for piece in heavy)
    assert plan_piece("open G", 1) == plan_piece("open G", 1)


def test_real_recordings_are_in_standard_tuning(acoustic: Any, recording: Path) -> None:
    (one,) = judge_recordings(Transcriber(acoustic=acoustic), [recording])
    assert one.played == STANDARD_TUNING
    assert one.cents is None
    assert offset_errors((one,)) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_three_tunings_are_heard_by_the_weights_that_ship() -> None:
    rows = judge_tunings(load_transcriber(), pieces_each=1, names=("standard", "open G", "DADGAD"))
    assert sum(r.right for r in rows) >= 2
    assert all(r.right for r in rows if r.sure)
    assert max(offset_errors(rows)) <= 5.0

"""The reports: numbers that agree with the evaluation, and text that a person can read."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fretscribe.datasets.guitarset import Style
from fretscribe.evaluation.confidence import confidence_scores
from fretscribe.evaluation.metrics import frame_grid, frame_scores, note_correctness, note_scores
from fretscribe.evaluation.notes import note_arrays
from fretscribe.evaluation.playability import playability
from fretscribe.evaluation.report import to_json, to_markdown
from fretscribe.evaluation.summary import Evaluation, Failure, TrackRow, TrackScores
from fretscribe.music import STANDARD_TUNING


def _row(track_id: str, style: Style, n_right: int) -> TrackRow:
    """Four notes, of which the first ``n_right`` are right and the others a fret too high."""
    wrong = np.arange(4) >= n_right
    onsets, strings, frets = np.arange(4) * 0.5, np.zeros(4), np.array([3, 5, 7, 8])
    ref = note_arrays(onsets, onsets + 0.4, 40 + frets, strings, frets)
    guess = frets + wrong
    est = note_arrays(onsets, onsets + 0.4, 40 + guess, strings, guess, 0.9 - 0.5 * wrong)
    correct = note_correctness(ref, est)
    return TrackRow(
        track_id=track_id,
        player=track_id[:2],
        style=style,
        audio_s=2.0,
        cpu_s=0.5,
        scores=TrackScores(
            notes=note_scores(ref, est),
            frames=frame_scores(ref, est, frame_grid(2.0)),
            confidence=confidence_scores(est.confidence, correct, threshold=0.8),
            playability=playability(est),
            ref_playability=playability(ref),
        ),
        ref=ref,
        est=est,
        ref_tuning=STANDARD_TUNING,
        est_tuning=STANDARD_TUNING,
        correct=correct,
        threshold=0.8,
        warnings=("a warning",),
    )


@pytest.fixture
def evaluation() -> Evaluation:
    return Evaluation(
        rows=(_row("00_a_comp", "comp", 4), _row("01_a_solo", "solo", 2)),
        failures=(Failure(track_id="02_a_solo", message="cannot be read"),),
        settings={"dataset": "GuitarSet", "tuning": "standard"},
    )


def test_json_holds_every_figure(evaluation: Evaluation) -> None:
    document = json.loads(to_json(evaluation))
    assert document["schema"] == "fretscribe-evaluation/1"
    assert document["settings"] == {"dataset": "GuitarSet", "tuning": "standard"}
    first, second = document["tracks"]
    assert (first["track"], first["note_f1"], first["cpu_s"], first["n_ref"]) == ("00_a_comp", 1.0, 0.5, 4)
    assert second["counts"]["onset"] == {"n_matched": 2, "n_ref": 4, "n_est": 4}
    assert second["counts"]["frame_tab"]["n_ref"] == second["counts"]["frame_multipitch"]["n_ref"] > 0
    assert second["playability"]["largest_span"] == 0
    assert second["warnings"] == ["a warning"]
    assert {name: means["note_f1"] for name, means in document["means"].items()} == {
        "all": 0.75,
        "comp": 1.0,
        "solo": 0.5,
    }
    assert document["players"]["00"]["tab_frame_f1"] == 1.0
    assert document["over_players"]["tab_frame_f1"]["mean"] == pytest.approx(0.75, abs=0.01)
    assert document["confidence"]["coverage_at_threshold"] == 0.75
    assert document["failures"] == [{"track_id": "02_a_solo", "message": "cannot be read"}]
    assert (document["audio_s"], document["cpu_s"]) == (4.0, 1.0)
    assert "errors" not in document


def test_json_of_errors_balances(evaluation: Evaluation) -> None:
    errors = json.loads(to_json(evaluation, errors=True))["errors"]
    assert errors["verdicts"]["right"] == 6
    assert errors["verdicts"]["near_pitch"] == 2
    assert errors["by_aspect"]["string"] == {"0": {"right": 6, "near_pitch": 2}}


def test_markdown_has_a_row_a_track_and_means(evaluation: Evaluation) -> None:
    text = to_markdown(evaluation)
    table = [line for line in text.splitlines() if line.startswith("|")]
    header = [cell.strip() for cell in table[0].strip("|").split("|")]
    rows = {
        cells[0]: dict(zip(header, cells, strict=True))
        for line in table[2:7]
        if (cells := [cell.strip() for cell in line.strip("|").split("|")])
    }
    assert list(rows) == [
        "00_a_comp",
        "01_a_solo",
        "**mean all (2)**",
        "**mean comp (1)**",
        "**mean solo (1)**",
    ]
    assert rows["00_a_comp"]["F50"] == "1.000"
    assert rows["01_a_solo"]["notes"] == "4 / 4"
    assert rows["01_a_solo"]["s/min"] == "15.0"
    assert rows["**mean all (2)**"]["tab F1 note"] == "0.750"
    assert rows["**mean all (2)**"]["notes"] == "8 / 8"
    assert text.startswith("- dataset: GuitarSet\n- tuning: standard\n")
    assert "- 02_a_solo: cannot be read" in text
    assert "at 0.80: 1.000 right, 0.750 accepted" in text
    assert "```" not in text


def test_columns_line_up(evaluation: Evaluation) -> None:
    blocks = to_markdown(evaluation).split("\n\n")
    tables = [block.splitlines() for block in blocks if block.startswith("|")]
    assert len(tables) == 3
    for lines in tables:
        assert len({len(line) for line in lines}) == 1


def test_markdown_of_errors_is_a_block_of_text(evaluation: Evaluation) -> None:
    text = to_markdown(evaluation, errors=True)
    assert "near_pitch" in text
    assert text.count("```") == 2


def test_one_row_needs_no_mean_and_nothing_judged_no_table(evaluation: Evaluation) -> None:
    assert "mean all" not in to_markdown(Evaluation(rows=evaluation.rows[:1]))
    nothing = Evaluation(rows=(), failures=evaluation.failures)
    assert to_markdown(nothing) == "Failed:\n\n- 02_a_solo: cannot be read\n"
    assert json.loads(to_json(nothing, errors=True))["means"] == {}

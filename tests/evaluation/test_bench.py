"""Figures of several systems side by side: means, differences, and the two reports."""

from __future__ import annotations

import json

import pytest

from fretscribe.datasets.guitarset import Style
from fretscribe.evaluation.bench import (
    MEASURES,
    Bench,
    BenchRow,
    SystemInfo,
    cpu_s_per_minute,
    largest_peak_mb,
    to_json,
    to_markdown,
)
from fretscribe.evaluation.metrics import Counts, FrameScores, NoteScores
from fretscribe.evaluation.summary import MEASURES as ALL_MEASURES


def _row(
    system: str,
    track_id: str,
    n_right: int,
    *,
    audio_s: float = 30.0,
    cpu_s: float = 1.0,
    peak_mb: float | None = 100.0,
) -> BenchRow:
    counts = Counts(n_matched=n_right, n_ref=10, n_est=10)
    style: Style = "comp" if track_id.endswith("comp") else "solo"
    return BenchRow(
        system=system,
        track_id=track_id,
        style=style,
        audio_s=audio_s,
        notes=NoteScores(onset=counts, offset=Counts(n_ref=10, n_est=10), tab=counts),
        frames=FrameScores(tab=counts),
        cpu_s=cpu_s,
        peak_mb=peak_mb,
    )


def _info(name: str) -> SystemInfo:
    return SystemInfo(name=name, version="1.0", fingering="own", start_cpu_s=0.5)


@pytest.fixture
def bench() -> Bench:
    return Bench(
        systems=(_info("fretscribe"), _info("basic-pitch")),
        rows=(
            _row("fretscribe", "00_a_comp", 9, audio_s=60.0, cpu_s=2.0, peak_mb=200.0),
            _row("fretscribe", "00_a_solo", 6, audio_s=30.0, cpu_s=2.5, peak_mb=300.0),
            _row("basic-pitch", "00_a_comp", 5),
            _row("basic-pitch", "00_a_solo", 8, peak_mb=None),
        ),
        settings={"weights": "built-in"},
    )


def test_means_are_over_tracks_and_costs_over_audio(bench: Bench) -> None:
    assert bench.mean("fretscribe", "note_f1") == pytest.approx(0.75)
    assert bench.mean("fretscribe", "note_f1", "solo") == pytest.approx(0.6)
    ours = bench.of("fretscribe")
    assert cpu_s_per_minute(ours) == pytest.approx(3.0)
    assert largest_peak_mb(ours) == 300.0
    assert largest_peak_mb(bench.of("basic-pitch")) is None


def test_differences_are_ours_less_theirs_and_the_worst_is_the_least(bench: Bench) -> None:
    assert bench.differences("basic-pitch", "tab_note_f1") == pytest.approx(
        {"00_a_comp": 0.4, "00_a_solo": -0.2}
    )
    assert bench.mean_difference("basic-pitch", "note_f1") == pytest.approx(0.1)
    assert bench.mean_difference("basic-pitch", "note_f1", "comp") == pytest.approx(0.4)
    worst = bench.worst("basic-pitch", "note_f1")
    assert (worst.track_id, worst.difference) == ("00_a_solo", pytest.approx(-0.2))


def test_the_markdown_says_the_criterion_and_every_track(bench: Bench) -> None:
    text = to_markdown(bench, command="fretscribe bench ROOT")
    lines = text.splitlines()
    assert "- Difference of the means of F50 over 2 tracks: +0.100" in lines
    assert "- Difference of F50 on the worst track: -0.200 (00_a_solo)" in lines
    assert "| F50 | +0.100 | +0.400 | -0.200 | -0.200 | 00_a_solo |" in lines
    assert "| mean all (2) | fretscribe | 0.750 | 0.000 | 0.750 | 0.750 | 20 / 20 | 3.0 | 300 |" in lines
    assert "| 00_a_solo | basic-pitch | 0.800 | 0.000 | 0.800 | 0.800 | 10 / 10 | 2.0 |  |" in lines
    assert "- weights: built-in" in lines
    assert "```\nfretscribe bench ROOT\n```" in text
    assert "it learned from GuitarSet" in text
    widths = {line.count("|") for line in lines if line.startswith(("| 00", "| mean", "| track"))}
    assert widths == {10}


def test_styles_without_tracks_are_left_out(bench: Bench) -> None:
    comping = Bench(systems=bench.systems, rows=tuple(row for row in bench.rows if row.style == "comp"))
    text = to_markdown(comping, command="x")
    assert "mean comp (1)" in text
    assert "solo" not in text
    assert set(json.loads(to_json(comping))["systems"][0]["means"]) == {"all", "comp"}


def test_the_json_has_the_same_figures(bench: Bench) -> None:
    document = json.loads(to_json(bench))
    assert document["schema"] == "fretscribe-bench/1"
    assert document["settings"] == {"weights": "built-in"}
    ours, theirs = document["systems"]
    assert ours["means"]["all"]["note_f1"] == 0.75
    assert (ours["cpu_s_per_minute"], ours["peak_mb"], theirs["peak_mb"]) == (3.0, 300.0, None)
    difference = document["differences"]["basic-pitch"]["note_f1"]
    assert difference == {
        "all": 0.1,
        "comp": 0.4,
        "solo": -0.2,
        "worst": {"track_id": "00_a_solo", "difference": -0.2},
    }
    assert [(row["track"], row["system"]) for row in document["tracks"]][:1] == [("00_a_comp", "fretscribe")]
    assert document["tracks"][0]["counts"]["onset"] == {"n_matched": 9, "n_ref": 10, "n_est": 10}


def test_systems_that_heard_different_tracks_are_no_bench(bench: Bench) -> None:
    with pytest.raises(ValueError, match="same tracks"):
        Bench(systems=bench.systems, rows=bench.rows[:-1])
    with pytest.raises(ValueError, match="same tracks"):
        Bench(systems=(), rows=())


def test_the_measures_have_the_names_that_evaluate_gives_them() -> None:
    assert set(MEASURES) <= set(ALL_MEASURES)

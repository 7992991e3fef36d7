"""The report on speed: medians, what is promised, and what it says of lengths that were not measured."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fretscribe.evaluation.speed import Agreement, Cost, Speed, to_json, to_markdown

OURS, PEER = "ours", "peer"
SAME = Agreement(name="a", duration_s=20.0, plain_f1=0.9, fast_f1=0.9, n_plain=9, n_fast=9, n_same=9)


def cost(
    audio_s: int, wall_s: float, *, n_cores: int = 2, system: str = OURS, peak_mb: float = 100.0
) -> Cost:
    return Cost(
        system=system, audio_s=audio_s, n_cores=n_cores, wall_s=wall_s, cpu_s=2 * wall_s, peak_mb=peak_mb
    )


def speed(*costs: Cost, agreements: tuple[Agreement, ...] = ()) -> Speed:
    return Speed(systems=(OURS, PEER), costs=costs, agreements=agreements, settings={"date": "today"})


GOOD = speed(
    *(cost(10, wall_s) for wall_s in (2.0, 9.0, 2.5)),
    cost(60, 5.0),
    cost(600, 30.0),
    cost(3600, 180.0, peak_mb=1100.0),
    cost(10, 4.0, system=PEER),
    agreements=(SAME,),
)


def _found(one: Speed) -> dict[str, tuple[float, bool]]:
    return {c.what: (c.measured, c.met) for c in one.criteria()}


def test_what_is_promised_is_measured_by_medians_and_by_our_own_runs() -> None:
    found = _found(GOOD)
    assert found == {
        "peak memory of 60 minutes, MB": (1100.0, True),
        "60 minutes over 10 minutes, wall seconds, 2 cores": (6.0, True),
        "60 minutes over 10 minutes, CPU seconds, 2 cores": (6.0, True),
        "a minute after the start, wall seconds, 2 cores": (pytest.approx(3.0), True),
        "from nothing to the written tab of 10 seconds, wall seconds, 2 cores": (2.5, True),
        "note F1, difference from the plain route, worst recording": (0.0, True),
    }


@pytest.mark.parametrize(
    ("worse", "missed"),
    [
        (cost(3600, 180.0, peak_mb=1201.0), ["peak memory of 60 minutes, MB"]),
        (
            cost(3600, 200.0),
            [f"60 minutes over 10 minutes, {which} seconds, 2 cores" for which in ("wall", "CPU")],
        ),
        (cost(60, 9.0), ["a minute after the start, wall seconds, 2 cores"]),
    ],
)
def test_what_is_missed_is_told(worse: Cost, missed: list[str]) -> None:
    kept = [c for c in GOOD.costs if c.audio_s != worse.audio_s]
    bad = replace(GOOD, costs=(*kept, worse))
    assert [name for name, (_, met) in _found(bad).items() if not met] == missed
    text = to_markdown(bad, command="x")
    assert [line.split(" | ")[0][2:] for line in text.splitlines() if "**no**" in line] == missed


def test_memory_counts_on_any_number_of_cores_and_time_on_the_most() -> None:
    on_one = [replace(c, n_cores=1, wall_s=3 * c.wall_s, peak_mb=1300.0) for c in GOOD.costs]
    found = _found(replace(GOOD, costs=(*on_one, *GOOD.costs)))
    assert found["peak memory of 60 minutes, MB"] == (1300.0, False)
    assert found["60 minutes over 10 minutes, wall seconds, 1 core"] == (6.0, True)
    assert found["from nothing to the written tab of 10 seconds, wall seconds, 2 cores"] == (2.5, True)


def test_a_slow_start_and_another_f1_are_missed() -> None:
    bad = speed(cost(10, 3.1), agreements=(SAME, replace(SAME, fast_f1=0.904)))
    assert [met for _, met in _found(bad).values()] == [False, False]


def test_of_lengths_that_were_not_measured_nothing_is_said() -> None:
    assert _found(speed(cost(20, 1.0), cost(600, 9.0))) == {}
    assert list(_found(speed(cost(10, 1.0), cost(600, 9.0)))) == [
        "from nothing to the written tab of 10 seconds, wall seconds, 2 cores"
    ]


def test_every_length_has_a_line_for_every_system_that_heard_it() -> None:
    text = to_markdown(GOOD, command="fretscribe speed ROOT")
    assert "```\nfretscribe speed ROOT\n```" in text
    assert "- date: today" in text
    assert "| 10 s | 2 | ours | 3 | 2.50 (2.00 to 9.00) | 5.00 | 15.00 | 30.00 | 100 |" in text
    assert "| 10 s | 2 | peer | 1 | 4.00 | 8.00 | 24.00 | 48.00 | 100 |" in text
    assert "| 60 min | 2 | ours | 1 | 180.00 | 360.00 | 3.00 | 6.00 | 1100 |" in text
    assert "| 60 min | 2 | peer" not in text
    assert "| a | 20 | 0.9000 | 0.9000 | +0.0000 | 9 of 9 and 9 |" in text
    assert "The same notes" not in to_markdown(replace(GOOD, agreements=()), command="x")


def test_programs_get_every_run() -> None:
    document = json.loads(to_json(GOOD))
    assert len(document["runs"]) == len(GOOD.costs)
    assert Cost(**document["runs"][1]) == GOOD.costs[1]
    assert [c["met"] for c in document["criteria"]] == [True] * 6
    assert document["agreements"][0]["n_same"] == 9

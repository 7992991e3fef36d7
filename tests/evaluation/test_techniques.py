"""Marks are counted as they should be, on studies and contours written down here."""

from __future__ import annotations

import numpy as np
import pytest

from fretscribe.datasets.technique_set import RANDOM_GUITARS, Study
from fretscribe.evaluation.contours import ContourRow, judge_contours
from fretscribe.evaluation.technique_match import match_notes
from fretscribe.evaluation.technique_report import techniques_markdown
from fretscribe.evaluation.techniques import HEARD, MarkCounts, StudyRow, judge_marks, pooled
from fretscribe.frames import Audio
from fretscribe.music import TabNote
from rendered_notes import tab_note, tab_of

BEND = ((0.0, 0.0), (0.3, 200.0))
SILENCE = Audio(samples=np.zeros((1, 100), np.float32), sample_rate=100)


def study(*notes: TabNote, sampled: bool = False) -> Study:
    return Study(instrument=RANDOM_GUITARS, tab=tab_of(*notes), audio=SILENCE, sampled=sampled)


def test_heard_notes_stand_for_played_ones() -> None:
    ref = [
        tab_note(0.0, 0.5, 3, 5, "bend", bend=BEND),  # heard where it ends
        tab_note(1.0, 1.5, 3, 7, "slide", bend=((0.0, -200.0), (0.2, 0.0))),  # heard on arrival
        tab_note(2.0, 2.5, 0, 7, "harmonic"),  # sounds 19 semitones above the open string
        tab_note(3.0, 3.5, 3, 5),  # heard late
        tab_note(4.0, 4.5, 3, 5),  # heard a semitone off
    ]
    est = [
        tab_note(0.01, 0.5, 3, 7),
        tab_note(1.22, 1.5, 3, 7),
        tab_note(2.01, 2.5, 3, 4),
        tab_note(3.06, 3.5, 3, 5),
        tab_note(4.0, 4.5, 3, 6),
    ]
    assert match_notes(ref, est) == {0: 0, 1: 1, 2: 2}


def test_one_heard_note_stands_for_one_played_note() -> None:
    assert match_notes(
        [tab_note(0.0, 0.5, 3, 5), tab_note(0.02, 0.5, 4, 1)], [tab_note(0.02, 0.5, 3, 5)]
    ) == {1: 0}


def test_marks_are_played_marked_and_right() -> None:
    played = study(
        tab_note(0.0, 0.5, 3, 5, "bend", bend=BEND),
        tab_note(1.0, 1.5, 3, 5),
        tab_note(2.0, 2.5, 3, 7, "hammer_on"),
    )
    est = tab_of(
        tab_note(0.0, 0.5, 3, 5, "bend"),
        tab_note(1.0, 1.5, 3, 5, "bend"),
        tab_note(2.0, 2.5, 3, 7, "slide"),
        tab_note(3.0, 3.5, 3, 7, "slide"),
    )
    row = judge_marks(played, est, HEARD)
    assert row.counts["bend"] == MarkCounts(played=1, marked=2, right=1)
    assert row.counts["hammer_on"] == MarkCounts(played=1)
    assert row.counts["slide"] == MarkCounts(marked=2)
    assert row.wrong == {("bend", "plain"): 1, ("slide", "hammer_on"): 1, ("slide", "no note"): 1}
    assert (row.counts["bend"].precision, row.counts["bend"].recall) == (0.5, 1.0)
    assert row.counts["vibrato"].precision is None
    assert pooled([row, row])["bend"] == MarkCounts(played=2, marked=4, right=2)


def test_dead_notes_are_counted_a_stroke() -> None:
    played = study(
        *(tab_note(1.0 + 0.01 * s, 1.1, s, 0, "dead") for s in range(4)),
        tab_note(2.0, 2.05, 0, 3, "dead"),
        tab_note(3.0, 3.05, 0, 3),
    )
    est = tab_of(
        *(tab_note(1.02, 1.05, s, 5, "dead") for s in (2, 3)),
        tab_note(2.06, 2.1, 0, 3, "dead"),
        tab_note(3.0, 3.05, 0, 3, "dead"),
    )
    row = judge_marks(played, est, HEARD)
    assert row.counts["dead"] == MarkCounts(played=2, marked=3, right=1)
    assert row.wrong == {("dead", "no dead stroke"): 2}


def test_sampled_slurs_do_not_count_but_false_ones_do() -> None:
    notes = [tab_note(0.0, 0.5, 3, 7, "hammer_on"), tab_note(1.0, 1.5, 3, 7)]
    marked = [tab_note(0.0, 0.5, 3, 7, "hammer_on"), tab_note(1.0, 1.5, 3, 7, "hammer_on")]
    row = judge_marks(study(*notes, sampled=True), tab_of(*marked), HEARD)
    assert row.counts["hammer_on"] == MarkCounts(marked=1)


def test_marks_are_judged_by_contours_long_enough_to_tell() -> None:
    shake = tuple((k * 0.01, 20.0 * float(np.sin(2 * np.pi * 5.5 * k * 0.01))) for k in range(80))
    still, short = ((0.0, 0.0), (0.8, 1.0)), ((0.0, 0.0), (0.1, 0.0))
    ref = tab_of(
        tab_note(0.0, 1.0, 3, 5, bend=((0.0, 0.0), (0.2, 0.0), (0.4, 100.0), (0.8, 100.0))),
        tab_note(1.0, 2.0, 3, 5, bend=shake),
        tab_note(2.0, 3.0, 3, 5, bend=still),
        tab_note(3.0, 3.2, 3, 5, bend=short),
    )
    est = tab_of(
        tab_note(0.0, 1.0, 3, 5, "bend"),
        tab_note(1.0, 2.0, 3, 5, "vibrato"),
        tab_note(2.0, 3.0, 3, 5, "vibrato"),
        tab_note(3.0, 3.2, 3, 5, "vibrato", "palm_mute"),
        tab_note(5.0, 6.0, 3, 5, "bend"),
    )
    row = judge_contours("track", ref, est)
    assert row.bend == MarkCounts(played=1, marked=2, right=1)
    assert row.vibrato == MarkCounts(played=1, marked=2, right=1)
    assert row.untold == 1
    assert row.others == {"palm_mute": 1}


def row_of(**counts: MarkCounts) -> StudyRow:
    empty = judge_marks(study(), tab_of(), HEARD)
    return StudyRow(instrument=RANDOM_GUITARS, heard=HEARD, counts={**empty.counts, **counts})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        (MarkCounts(played=10, marked=5, right=5), "reached"),
        (MarkCounts(played=10, marked=4, right=4), "not reached"),
        (MarkCounts(played=10, marked=10, right=7), "not reached"),
        (MarkCounts(played=10), "not reached"),
    ],
)
def test_the_report_says_plainly_what_is_reached(counts: MarkCounts, verdict: str) -> None:
    contour = ContourRow(
        track_id="00_x", n_notes=50, bend=MarkCounts(), vibrato=MarkCounts(), untold=0, others={"slide": 2}
    )
    text = techniques_markdown([row_of(bend=counts)], [contour], weights="w", command="the command")
    line = next(line for line in text.splitlines() if line.startswith("| bend "))
    assert line.split("|")[-2].strip() == verdict
    assert "the command" in text
    assert "2 slide" in text

"""Signs that all writers of scores share."""

from __future__ import annotations

from fractions import Fraction

import pytest

from fretscribe.io.score import ScoreBar, ScoreBeat, ScoreNote
from fretscribe.io.score_signs import dynamic_of, tempo_marks_of


def bars(*tempos: dict[str, float]) -> list[ScoreBar]:
    return [ScoreBar(tempos=tuple((Fraction(at), t) for at, t in bar.items())) for bar in tempos]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ([{"0": 100}, {}, {"0": 105}], [True, False]),  # small
        ([{"0": 100}, {"0": 120}, {}], [True, True]),
        ([{"0": 100}, {"0": 104}, {"0": 108}, {"0": 112}], [True, False, False, True]),  # small steps add up
        ([{"0": 100}, {"0": 150, "3": 100}, {}], [True, False, False]),  # a beat heard late
        ([{"0": 100}, {"2": 150}], [True, True]),  # to the end
        ([{}, {"1": 121}, {}], [True, False]),  # 120 where the score is silent
        ([{"2": 60}, {}], [True, True]),
    ],
)
def test_large_changes_that_last_are_shown(written: list[dict[str, float]], shown: list[bool]) -> None:
    assert [mark.shown for mark in tempo_marks_of(bars(*written))] == shown


def test_places_and_tempos_are_all_there() -> None:
    marks = list(tempo_marks_of(bars({"1": 90}, {"0": 80, "2": 70})))
    assert [(m.bar, m.position, m.quarters_a_minute) for m in marks] == [
        (0, 0, 120.0),
        (0, Fraction(1, 4), 90),
        (1, 0, 80),
        (1, Fraction(1, 2), 70),
    ]


@pytest.mark.parametrize(("velocity", "dynamic"), [(1, "ppp"), (64, "mp"), (90, "f"), (127, "fff")])
def test_the_loudest_struck_note_gives_the_dynamic(velocity: int, dynamic: str) -> None:
    notes = (
        ScoreNote(string=0, fret=0, velocity=1),
        ScoreNote(string=1, fret=0, velocity=velocity),
        ScoreNote(string=2, fret=0, velocity=127, tied=True),
    )
    beat = ScoreBeat(start=Fraction(0), duration=Fraction(1), notes=notes)
    assert dynamic_of(beat, "p") == dynamic
    assert dynamic_of(ScoreBeat(start=Fraction(0), duration=Fraction(1)), "p") == "p"

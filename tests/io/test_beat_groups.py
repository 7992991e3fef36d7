"""Beams and tuplets of whole bars."""

from __future__ import annotations

from fractions import Fraction

import pytest

from fretscribe.io.beat_groups import beams_of, tuplet_spans, written_beat
from fretscribe.io.score import ScoreBeat
from scores import note


def bar(lengths: str) -> list[ScoreBeat]:
    """Beats in a row, of lengths in quarter notes; a rest ends in r."""
    at, beats = Fraction(0), []
    for text in lengths.split():
        length = Fraction(text.rstrip("r"))
        beats.append(ScoreBeat(start=at, duration=length, notes=() if text.endswith("r") else (note(0, 0),)))
        at += length
    return beats


@pytest.mark.parametrize(
    ("lengths", "metre", "groups"),
    [
        ("1/2 1/2 1/2 1/2 1 1", (4, 4), [2, 2]),
        ("1/2 1/2 1/2 1/2 1/2 1/2", (6, 8), [3, 3]),
        ("1/2 1/2 1/2 1/2 1/2", (5, 8), [3, 2]),
        ("1/2 1/2r 1/4 1/4 1/2 1", (4, 4), [3]),
        ("1/2 1 1/2 1/4 1/4 1/2r 1", (4, 4), [2]),
        ("1/2 1/2 1/2 1/2 2", (2, 2), [2, 2]),
    ],
)
def test_beams_join_the_notes_of_a_beat(lengths: str, metre: tuple[int, int], groups: list[int]) -> None:
    beams = beams_of([written_beat(beat) for beat in bar(lengths)], *metre)
    found, size = [], 0
    for signs in beams:
        size += bool(signs)
        if signs[:1] == ("end",):
            found.append(size)
            size = 0
    assert found == groups
    assert size == 0


def test_a_short_note_alone_on_its_level_has_a_hook() -> None:
    beats = [written_beat(beat) for beat in bar("3/4 1/4 1/4 1/2 1/4 2")]
    assert beams_of(beats, 4, 4) == [
        ("begin",), ("end", "backward hook"),
        ("begin", "forward hook"), ("continue",), ("end", "backward hook"), (),
    ]  # fmt: skip


def test_tuplets_are_bracketed_as_soon_as_they_fill_a_straight_length() -> None:
    beats = [written_beat(beat) for beat in bar("1/3 2/3 1/6 1/6 1/6 1/2 2/5 1/5 1/5r 1/5 1/2 1/2")]
    assert tuplet_spans(beats) == [(0, 1), (2, 4), (6, 9)]

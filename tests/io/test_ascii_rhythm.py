import dataclasses
import itertools
from fractions import Fraction as F

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.io.ascii_rhythm import RhythmMark, rhythm_of, tuplets_of
from fretscribe.io.tab_to_score import tab_to_score
from fretscribe.io.written_values import spell_duration
from fretscribe.music import BeatGrid, Tab, TabNote
from random_tabs import random_tab
from strategies import tab_note, tab_of


def lasting(onset: str, end: str, string: int = 0) -> TabNote:
    note = tab_note(string, 3, F(onset))
    heard = dataclasses.replace(note.note, offset_s=float(F(end)) / 2)
    return dataclasses.replace(note, note=heard, duration_beats=F(end) - F(onset))


def marks_of(tab: Tab) -> list[RhythmMark]:
    assert tab.beats is not None
    return rhythm_of(tab, tab.beats, min(n.onset_beats for n in tab.notes if n.onset_beats is not None))


def row(notes: list[tuple[str, str]], *, meter: tuple[int, int] = (4, 4)) -> str:
    beats = BeatGrid.constant(120.0, 8.0, beats_per_bar=meter[0], beat_unit=meter[1])
    tab = tab_of(*(lasting(a, b, i % 6) for i, (a, b) in enumerate(notes)), beats=beats)
    return " ".join(mark.text for mark in marks_of(tab))


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ([("0", "4")], "w"),
        ([("0", "1"), ("1", "2"), ("2", "4")], "q q h"),
        ([("0", "3/2"), ("3/2", "2"), ("2", "4")], "q. e h"),
        ([("0", "1/3"), ("1/3", "2/3"), ("2/3", "1"), ("1", "4")], "e e e h."),
        ([("0", "1"), ("2", "4")], "q rq h"),
        # what rings on under later notes is no longer than to the next one, but keeps a rest away
        ([("0", "4"), ("1", "2"), ("2", "4")], "q q h"),
        # ties that one letter can say are gone, others stay
        ([("0", "1/2"), ("1/2", "3/2"), ("3/2", "4")], "e q e +h"),
        ([("0", "5/4"), ("5/4", "2"), ("2", "4")], "q +s e. h"),
        ([("0", "5")], "w +q rq rh"),
        ([("2", "4")], "rh h"),
    ],
)
def test_bars_of_four(notes: list[tuple[str, str]], expected: str) -> None:
    assert row(notes) == expected


def test_other_metres() -> None:
    assert row([("0", "6")], meter=(6, 8)) == "h."
    assert row([("0", "2"), ("2", "3"), ("3", "6")], meter=(6, 8)) == "q e q."
    assert row([("0", "3")], meter=(3, 4)) == "h."


def test_tuplets_are_whole() -> None:
    marks = marks_of(tab_of(*(lasting(f"{i}/3", f"{i + 1}/3") for i in range(6))))
    assert tuplets_of(marks)[:2] == [(0, 2, 3), (3, 5, 3)]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000))
def test_values_follow_each_other_as_in_the_score(seed: int) -> None:
    tab = random_tab(seed)
    assert tab.beats is not None
    score = tab_to_score(tab)
    marks = rhythm_of(tab, tab.beats, F(0))
    unit = F(tab.beats.beat_unit, 4)
    for mark, following in itertools.pairwise(marks):
        assert following.start == mark.start + mark.value.duration * unit
    played = sum((bar.length for bar in score.bars), F(0))
    assert marks[-1].start + marks[-1].value.duration * unit - marks[0].start == played * unit
    n_struck = sum(any(not n.tied for n in beat.notes) for bar in score.tracks[0].bars for beat in bar.beats)
    assert sum(mark.kind == "struck" for mark in marks) == n_struck
    assert all(spell_duration(mark.value.duration) is not None for mark in marks)

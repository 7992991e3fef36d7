"""Tempo marks: as few as follow the beats within the tolerance."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings

from fretscribe.io.score_tempo import TEMPO_TOLERANCE_S, tempo_marks
from fretscribe.music import BeatGrid
from strategies import beat_grids


def _times(marks: list[tuple[int, float]], beats: BeatGrid, end: int) -> list[float]:
    """When each beat sounds by the marks, from that of the first one in the grid."""
    tempos = dict(marks)
    now, tempo, times = beats.time_at(marks[0][0]), 0.0, []
    for beat in range(marks[0][0], end + 1):
        times.append(now)
        tempo = tempos.get(beat, tempo)
        now += 240.0 / beats.beat_unit / tempo
    return times


@settings(max_examples=100, deadline=None)
@given(beat_grids())
def test_no_beat_is_further_off_than_the_tolerance(beats: BeatGrid) -> None:
    end = len(beats.beat_times_s) + 3
    marks = tempo_marks(beats, range(0, end, beats.beats_per_bar), end)
    assert marks[0][0] == 0
    for beat, time_s in enumerate(_times(marks, beats, end)):
        assert time_s == pytest.approx(beats.time_at(beat), abs=TEMPO_TOLERANCE_S + 1e-6)


def test_a_steady_grid_has_one_whole_number_for_a_tempo() -> None:
    beats = BeatGrid.constant(120.003, 60.0)
    assert tempo_marks(beats, range(0, 120, 4), 120) == [(0, 120.0)]
    eighths = BeatGrid.constant(240.0, 30.0, beats_per_bar=6, beat_unit=8)
    assert tempo_marks(eighths, range(0, 120, 6), 120) == [(0, 120.0)]


def test_a_tempo_between_two_numbers_is_kept_over_a_long_piece() -> None:
    (mark,) = tempo_marks(BeatGrid.constant(120.37, 600.0), range(0, 1200, 4), 1200)
    assert mark[1] == pytest.approx(120.37, abs=0.02)


def test_tenths_are_written_where_a_whole_number_would_not_last() -> None:
    assert tempo_marks(BeatGrid.constant(129.44, 25.0), range(0, 52, 4), 52) == [(0, 129.4)]


def test_a_whole_number_is_taken_where_it_lasts_nearly_as_long_as_any() -> None:
    steps = [60 / 120.2] * 40 + [0.4] * 40
    beats = BeatGrid(beat_times_s=tuple(itertools.accumulate(steps, initial=0.0)), downbeats=(0,))
    marks = tempo_marks(beats, range(0, 80, 4), 80)
    assert marks[0] == (0, 120.0)
    assert all(tempo == round(tempo, 1) for _, tempo in marks)


def test_beats_that_jitter_write_no_tempos() -> None:
    chance = random.Random(0)  # noqa: S311 - not for secrets
    times = tuple(i * 0.5 + chance.uniform(-0.02, 0.02) for i in range(200))
    beats = BeatGrid(beat_times_s=times, downbeats=(0,))
    assert len(tempo_marks(beats, range(0, 200, 4), 200)) == 1


def test_changes_fall_on_bar_lines() -> None:
    steps = [0.5] * 22 + [0.4] * 42
    beats = BeatGrid(beat_times_s=tuple(itertools.accumulate(steps, initial=0.0)), downbeats=(0,))
    marks = tempo_marks(beats, range(0, 64, 4), 64)
    assert [tempo for _, tempo in marks][:: len(marks) - 1] == [120.0, 150.0]
    assert sum(beat % 4 for beat, _ in marks) <= 4


def test_beats_faster_than_any_music_end_too() -> None:
    beats = BeatGrid(beat_times_s=tuple(i * 1e-6 for i in range(50)), downbeats=(0,))
    marks = tempo_marks(beats, range(0, 50, 4), 50)
    assert all(0 < tempo <= 6000 for _, tempo in marks)

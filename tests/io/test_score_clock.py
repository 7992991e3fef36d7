from fractions import Fraction

import pytest

from fretscribe.errors import TabFormatError
from fretscribe.io.score import Score, ScoreBar
from fretscribe.io.score_clock import clock_of


def score_of(*bars: ScoreBar) -> Score:
    return Score(name="song", bars=bars)


def metre(beats: int, unit: int, **given: object) -> ScoreBar:
    length = given.pop("length", Fraction(4 * beats, unit))
    return ScoreBar(beats_per_bar=beats, beat_unit=unit, length=length, **given)  # type: ignore[arg-type]


def test_without_a_tempo_it_is_120() -> None:
    clock = clock_of(score_of(metre(4, 4), metre(4, 4)), [0, 1])
    assert clock.time_at(Fraction(4)) == 2.0
    assert clock.beats.downbeats == (0, 4, 8)[:2]
    assert clock.beats.beat_times_s == tuple(i / 2 for i in range(9))


def test_tempo_changes_within_a_bar() -> None:
    tempos = ((Fraction(0), 60.0), (Fraction(2), 120.0))
    clock = clock_of(score_of(metre(4, 4, tempos=tempos), metre(4, 4)), [0, 1])
    assert [clock.time_at(Fraction(q)) for q in (0, 1, 2, 3, 4, 8)] == [0, 1, 2, 2.5, 3, 5]
    assert clock.beats.beat_times_s[:5] == (0, 1, 2, 2.5, 3)


def test_an_unrolled_repeat_takes_up_its_tempo_again() -> None:
    bars = (metre(1, 4, tempos=((Fraction(0), 60.0),)), metre(1, 4, tempos=((Fraction(0), 120.0),)))
    clock = clock_of(score_of(*bars), [0, 1, 0, 1])
    assert [clock.time_at(Fraction(q)) for q in range(5)] == [0, 1, 1.5, 2.5, 3]


def test_metres_that_change_count_the_common_beat() -> None:
    bars = (metre(4, 4), metre(4, 4), metre(7, 8), metre(4, 4))
    clock = clock_of(score_of(*bars), range(4))
    assert (clock.beats.beats_per_bar, clock.beats.beat_unit) == (8, 8)
    assert clock.beats.downbeats == (0, 8, 16, 23)
    in_quarters = clock_of(score_of(metre(4, 4), metre(4, 4), metre(6, 8)), range(3))
    assert (in_quarters.beats.beats_per_bar, in_quarters.beats.beat_unit) == (4, 4)
    assert in_quarters.beats.downbeats == (0, 4, 8)
    assert in_quarters.n_bars_off_beat == 0


def test_bars_off_the_beat_are_counted() -> None:
    clock = clock_of(score_of(metre(4, 4), metre(5, 32), metre(4, 4), metre(4, 4)), range(4))
    assert clock.n_bars_off_beat == 2
    assert clock.beats.downbeats == (0, 4)


def test_a_pickup_is_no_downbeat_and_ends_on_a_beat() -> None:
    whole = clock_of(score_of(metre(4, 4, length=Fraction(1)), metre(4, 4)), range(2))
    assert (whole.bar_starts[0], whole.beats.downbeats) == (0, (1,))
    half = clock_of(score_of(metre(4, 4, length=Fraction(1, 2)), metre(4, 4)), range(2))
    assert half.bar_starts == (Fraction(1, 2), 1, 5)
    assert half.beats.downbeats == (1,)
    assert half.time_at(half.bar_starts[0]) == 0.25


def test_endless_pieces_are_refused() -> None:
    with pytest.raises(TabFormatError, match="song: has more than 200000 beats"):
        clock_of(score_of(metre(64, 4)), [0] * 4000)

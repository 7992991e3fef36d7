"""The values of music hold their promises: positions and pitches, beats and seconds, playable tabs."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.music import BeatGrid, Note, Position, Tab, TabNote, Tuning
from strategies import beat_grids, tab_note, tab_of, tunings


@given(tuning=tunings(), pitch=st.integers(20, 110))
def test_positions_are_exactly_where_a_pitch_sounds(tuning: Tuning, pitch: int) -> None:
    everywhere = [
        Position(string=string, fret=fret)
        for string in range(tuning.n_strings)
        for fret in range(tuning.highest_fret + 1)
    ]
    expected = [place for place in everywhere if tuning.pitch(place) == pitch]
    assert list(tuning.positions(pitch)) == expected


@given(grid=beat_grids(), beat=st.fractions(0, 50, max_denominator=48))
def test_beats_and_seconds_are_inverses(grid: BeatGrid, beat: Fraction) -> None:
    assert grid.beat_at(grid.time_at(beat)) == pytest.approx(float(beat), abs=1e-6)


def test_a_steady_grid_has_its_tempo_and_bars() -> None:
    grid = BeatGrid.constant(120, 10.0, beats_per_bar=3)
    assert grid.tempo_bpm == pytest.approx(120)
    assert grid.downbeats[:3] == (0, 3, 6)
    assert grid.beat_times_s[-1] >= 10.0


def placed(onset_s: float, offset_s: float, string: int, fret: int, pitch: int) -> TabNote:
    note = Note(onset_s=onset_s, offset_s=offset_s, pitch=pitch)
    return TabNote(note=note, position=Position(string=string, fret=fret))


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        ([placed(0, 1, 0, 3, 44)], "sounds 43"),
        ([placed(0, 1, 0, 30, 70)], "not on the neck"),
        ([placed(0, 1, 6, 0, 40)], "not on the neck"),
        ([placed(0, 1, 0, 0, 40), placed(0.5, 2, 0, 3, 43)], "two notes at once"),
        ([placed(1, 2, 0, 0, 40), placed(0, 1, 1, 0, 45)], "sorted"),
    ],
)
def test_what_cannot_be_played_is_no_tab(notes: list[TabNote], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Tab(tuning=Tuning(), notes=tuple(notes))


def test_a_tab_knows_its_length_and_guards_its_provenance() -> None:
    tab = tab_of(tab_note(0, 3, 0), tab_note(1, 2, 1))
    assert tab.duration_s == max(n.note.offset_s for n in tab.notes)
    with pytest.raises(TypeError):
        tab.provenance["weights"] = "mine"  # type: ignore[index]


@pytest.mark.parametrize(
    "wrong",
    [
        {"open_pitches": (40, 45, 50)},
        {"open_pitches": (40, 45, 50, 5)},
        {"n_frets": 0},
        {"capo": 22},
        {"capo": -1},
    ],
)
def test_an_impossible_tuning_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Tuning(**wrong)  # type: ignore[arg-type]

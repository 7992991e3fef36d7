"""Variations stay valid tabs and keep what they promise."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.variation import excerpt, moved_along_neck, stretched


@given(seed=st.integers(0, 500), start=st.floats(0, 8), length=st.floats(0.5, 6))
def test_an_excerpt_holds_the_notes_that_start_in_it(seed: int, start: float, length: float) -> None:
    tab = generate_tab(seed, duration_s=10.0)
    part = excerpt(tab, start, length)
    expected = [n for n in tab.notes if start <= n.note.onset_s < start + length - 0.02]
    assert [n.position for n in part.notes] == [n.position for n in expected]
    assert all(n.note.offset_s <= length + 0.02 for n in part.notes)


@given(seed=st.integers(0, 500), factor=st.floats(0.5, 2.0))
def test_stretching_scales_every_time(seed: int, factor: float) -> None:
    tab = generate_tab(seed, duration_s=6.0)
    slow = stretched(tab, factor)
    for before, after in zip(tab.notes, slow.notes, strict=True):
        assert after.note.onset_s == before.note.onset_s * factor
        assert after.position == before.position


@given(seed=st.integers(0, 500), n_frets=st.integers(-12, 12))
def test_moving_along_the_neck_keeps_strings_or_says_none(seed: int, n_frets: int) -> None:
    tab = generate_tab(seed, duration_s=6.0)
    moved = moved_along_neck(tab, n_frets)
    frets = [n.position.fret + n_frets for n in tab.notes]
    if any(not 0 <= f <= tab.tuning.highest_fret for f in frets):
        assert moved is None
    else:
        assert moved is not None
        assert [n.position.fret for n in moved.notes] == frets
        assert [n.position.string for n in moved.notes] == [n.position.string for n in tab.notes]

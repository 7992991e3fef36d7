"""A tab is found in what was heard of it, at another tempo and later; not in what was heard of another."""

from __future__ import annotations

import numpy as np
import pytest

from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.tab_alignment import MIN_SCORE, align
from fretscribe.frames import FrameGrid, StringRoll
from fretscribe.music import STANDARD_TUNING, Tab

PITCH_MIN = 33


def tab_of(seed: int, duration_s: float = 12.0) -> Tab:
    return generate_tab(seed, duration_s=duration_s, tuning=STANDARD_TUNING, style="fingerstyle")


def drift(time_s: float) -> float:
    """When a moment of the tab sounds: two seconds late, slower, and slower still as it goes."""
    return 2.0 + 1.2 * time_s + 0.01 * time_s**2


def heard(tab: Tab, *, duration_s: float = 25.0, miss: float = 0.1, seed: int = 0) -> StringRoll:
    """What a model hears of a tab played with `drift`: some notes not, and some that nobody played."""
    rng = np.random.default_rng(seed)
    grid = FrameGrid(sample_rate=22050, hop_length=512, n_frames=int(duration_s * 22050) // 512)
    onset = np.zeros((grid.n_frames, 6, 56), dtype=np.float32)
    active = np.zeros_like(onset)
    struck = [(n.note.onset_s, n.note.offset_s, n.position.string, n.note.pitch) for n in tab.notes]
    struck += [
        (float(rng.uniform(0, 12)), 12.5, int(rng.integers(6)), int(rng.integers(40, 80)))
        for _ in range(len(struck) // 10)
    ]
    for onset_s, offset_s, string, pitch in struck:
        if rng.random() < miss:
            continue
        first, last = (round(grid.frame(drift(t))) for t in (onset_s, offset_s))
        if first < grid.n_frames:
            onset[first, string, pitch - PITCH_MIN] = 0.9
            active[first:last, string, pitch - PITCH_MIN] = 0.8
    return StringRoll(grid=grid, onset=onset, active=active, pitch_min=PITCH_MIN)


def test_a_tab_is_found_at_another_tempo_and_later() -> None:
    tab = tab_of(1)
    found = align(tab, heard(tab))
    assert found is not None
    assert found.score > 0.75
    onsets = np.array([n.note.onset_s for n in tab.notes])
    errors = np.abs(found.at(onsets) - [drift(t) for t in onsets.tolist()])
    assert np.median(errors) < 0.03
    assert np.quantile(errors, 0.9) < 0.1
    moved = found.moved(tab)
    assert [n.position for n in moved.notes] == [n.position for n in tab.notes]
    assert moved.beats is None
    assert moved.notes[0].note.onset_s == pytest.approx(drift(onsets[0]), abs=0.1)
    assert (np.diff(found.recording_s) > 0).all()
    assert (np.diff(found.tab_s) > 0).all()


def test_another_tab_is_not() -> None:
    roll = heard(tab_of(1))
    for seed in range(2, 8):
        other = align(tab_of(seed), roll)
        assert other is not None
        assert other.score < MIN_SCORE


def test_a_recording_must_be_long_enough() -> None:
    tab = tab_of(1)
    assert align(tab, heard(tab, duration_s=4.0)) is None
    assert align(tab, heard(tab, duration_s=0.03)) is None


def test_beyond_the_ends_the_tempo_is_the_tabs() -> None:
    tab = tab_of(1)
    found = align(tab, heard(tab))
    assert found is not None
    before, first = found.at([found.tab_s[0] - 0.5, found.tab_s[0]])
    assert first - before == pytest.approx(0.5)
    last, after = found.at([found.tab_s[-1], found.tab_s[-1] + 2.0])
    assert after - last == pytest.approx(2.0)

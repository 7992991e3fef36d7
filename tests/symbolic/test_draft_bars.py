"""Bar lines for a first look: at the tempo that is played, without gaps, whatever is heard."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.music import Note
from fretscribe.symbolic.draft_bars import EARLY_S, DraftBars, draft_bars


def accompaniment(beats_per_bar: int, bpm: float, until_s: float, from_s: float = 0.3) -> list[Note]:
    """A bass on the first beat of every bar, a chord on the others."""
    beat_s = 60.0 / bpm
    notes = []
    for i in range(int((until_s - from_s) / beat_s)):
        bar, place = divmod(i, beats_per_bar)
        pitches = (52, 55, 59) if place else ((40, 45, 43, 47)[bar % 4],)
        length_s = beat_s * (0.8 if place else 0.9 * beats_per_bar)
        onset_s = from_s + i * beat_s
        notes += [Note(onset_s=onset_s, offset_s=onset_s + length_s, pitch=pitch) for pitch in pitches]
    return notes


@pytest.mark.parametrize(("beats_per_bar", "bpm"), [(4, 100.0), (3, 120.0)])
def test_bars_are_those_that_are_played(beats_per_bar: int, bpm: float) -> None:
    bars = draft_bars(accompaniment(beats_per_bar, bpm, 16.0), 16.0)
    assert bars.beats == beats_per_bar
    assert bars.beat_s == pytest.approx(60.0 / bpm, rel=0.03)
    assert bars.lines_s[0] == pytest.approx(0.3, abs=0.1)
    assert np.diff(bars.lines_s) == pytest.approx(beats_per_bar * 60.0 / bpm, abs=0.1)
    assert bars.lines_s[-1] >= 16.0


def test_a_later_stretch_goes_on_where_the_first_ended() -> None:
    notes = accompaniment(4, 100.0, 30.0)
    first = draft_bars([n for n in notes if n.onset_s < 15.0], 15.0)
    joint_s = first.lines_s[-1]
    second = draft_bars([n for n in notes if n.onset_s > joint_s - EARLY_S], 30.0, before=first)
    assert second.lines_s[0] == joint_s
    assert np.diff(second.lines_s) == pytest.approx(2.4, abs=0.12)


def test_a_stretch_that_is_counted_twice_as_fast_is_halved() -> None:
    before = DraftBars(lines_s=(0.0, 4.8), beat_s=1.2, beats=Fraction(4))
    bars = draft_bars(accompaniment(4, 100.0, 25.0, from_s=4.8), 25.0, before=before)
    assert bars.beat_s == pytest.approx(1.2, rel=0.03)
    assert np.diff(bars.lines_s) == pytest.approx(4.8, abs=0.15)


@pytest.mark.parametrize(
    ("meter", "bar_s"),
    [((4, 4), 2.0), ((3, 4), 1.5), ((6, 8), 3.0), ((7, 8), 3.5), ((2, 2), 1.0), (None, 2.0)],
)
def test_a_given_tempo_and_metre_are_obeyed(meter: tuple[int, int] | None, bar_s: float) -> None:
    notes = accompaniment(4, 120.0, 12.0)
    bars = draft_bars(notes, 12.0, bpm=120.0, meter=meter)
    assert np.diff(bars.lines_s) == pytest.approx(bar_s)
    more = draft_bars(notes[-9:], 30.0, bpm=120.0, meter=meter, before=bars)
    assert more.lines_s[0] == bars.lines_s[-1]
    assert np.diff(more.lines_s) == pytest.approx(bar_s)


def test_a_few_notes_say_nothing_of_a_tempo() -> None:
    note = Note(onset_s=5.0, offset_s=6.0, pitch=60)
    assert draft_bars([note], 8.5).lines_s == (5.0, 7.0, 9.0)
    before = DraftBars(lines_s=(0.0, 3.0), beat_s=1.0, beats=Fraction(3))
    assert draft_bars([note], 8.5, before=before).lines_s == (3.0, 6.0, 9.0)


def test_a_bar_needs_two_lines() -> None:
    with pytest.raises(ValueError, match="two lines"):
        DraftBars(lines_s=(1.0,), beat_s=0.5, beats=Fraction(4))


@settings(max_examples=25)
@given(
    onsets_s=st.lists(st.floats(0.0, 12.0), min_size=1, max_size=30).map(sorted),
    until_s=st.floats(0.0, 20.0),
    meter=st.sampled_from([None, (4, 4), (1, 4), (6, 8), (5, 8), (1, 16), (12, 8)]),
    joint_s=st.none() | st.floats(0.0, 12.0),
    beat_s=st.floats(0.25, 1.3),
)
def test_lines_rise_from_the_first_note_to_the_end(
    onsets_s: list[float],
    until_s: float,
    meter: tuple[int, int] | None,
    joint_s: float | None,
    beat_s: float,
) -> None:
    notes = [Note(onset_s=t, offset_s=t + 0.3, pitch=40 + i % 30) for i, t in enumerate(onsets_s)]
    before = None
    if joint_s is not None:
        notes = [n for n in notes if n.onset_s >= joint_s - EARLY_S]
        beats = draft_bars(notes, until_s, meter=meter).beats if notes else Fraction(4)
        before = DraftBars(lines_s=(joint_s - 2.0, joint_s), beat_s=beat_s, beats=beats)
    if not notes:
        return
    bars = draft_bars(notes, until_s, meter=meter, before=before)
    assert all(b > a for a, b in pairwise(bars.lines_s))
    assert bars.lines_s[-1] >= until_s - 1e-9
    if joint_s is None:
        assert bars.lines_s[0] <= notes[0].onset_s + EARLY_S + 1e-9
    else:
        assert bars.lines_s[0] == joint_s

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.music import Note
from fretscribe.symbolic.onset_rows import FRAME_HZ, N_ROWS, SOUNDING, _held, onset_rows
from fretscribe.symbolic.onsets import find_onsets

SHORT_HARMONY, BAR_HARMONY, NEW_BASS, NEW_PITCHES, HELD, STROKES, SINCE_CHORD, SINCE_BASS = range(14, 22)


def note(onset_s, pitch, length_s=0.4):
    return Note(onset_s=onset_s, offset_s=onset_s + length_s, pitch=pitch)


def at(rows, time_s, lead_s=0.5):
    """What an onset on a frame draws: it is shared with no other frame."""
    return rows[:, round((time_s + lead_s) * FRAME_HZ)]


notes = st.lists(
    st.tuples(st.floats(0.0, 20.0), st.floats(0.02, 3.0), st.integers(30, 90)), min_size=1, max_size=40
).map(lambda raw: [note(onset, pitch, length) for onset, length, pitch in raw])


@given(notes)
@settings(max_examples=60, deadline=None)
def test_any_notes_are_drawn_in_bounds(played):
    rows = onset_rows(played, 1200, 0.5)
    assert rows.shape == (N_ROWS, 1200)
    assert np.isfinite(rows).all()
    assert rows[0].sum() == pytest.approx(len(find_onsets(played)), rel=1e-4)


@given(notes)
@settings(max_examples=60, deadline=None)
def test_held_notes_are_counted_as_one_would(played):
    times_s = find_onsets(played).times_s
    plainly = [sum(n.onset_s < t - 0.06 and n.offset_s > t + 0.03 for n in played) for t in times_s]
    assert _held(played, times_s).tolist() == plainly


def test_nothing_is_drawn_of_nothing():
    assert not onset_rows([], 100, 0.5).any()


def test_a_new_harmony_shows_over_a_beat_and_over_a_bar():
    chords = [(40, 56, 59)] * 8 + [(45, 57, 60)] * 8
    rows = onset_rows([note(0.3 * i, p) for i, chord in enumerate(chords) for p in chord], 400, 0.5)
    change, before = at(rows, 2.4), at(rows, 1.8)
    for row in (SHORT_HARMONY, BAR_HARMONY, NEW_BASS, NEW_PITCHES):
        assert change[row] > before[row] + 0.2


def test_chords_and_basses_know_how_long_ago_the_last_was():
    melody = [note(0.25 * i, 70) for i in range(16)]
    basses = [note(float(i), 45, 0.9) for i in range(4)]
    rows = onset_rows(melody + basses, 400, 0.5)
    assert at(rows, 2.0)[SINCE_BASS] == pytest.approx(np.log2(1.0 / 0.25) / 2.0, abs=1e-5)
    assert at(rows, 0.0)[SINCE_BASS] == at(rows, 1.25)[SINCE_BASS] == 0.0
    assert not rows[SINCE_CHORD].any()
    assert at(rows, 1.25)[HELD] == pytest.approx(0.25)
    assert at(rows, 2.5)[SOUNDING] == pytest.approx(0.75)


def test_a_strum_down_and_one_up_differ():
    def strum(pitches, start_s):
        return [note(start_s + 0.01 * i, p) for i, p in enumerate(pitches)]

    down, up = (40, 47, 52, 56, 59), (64, 59, 56, 52)
    rows = onset_rows(strum(down, 1.0) + strum(up, 2.0), 300, 0.5)
    assert rows[STROKES, :100].sum() > 0.5
    assert rows[STROKES, 100:].sum() < -0.5

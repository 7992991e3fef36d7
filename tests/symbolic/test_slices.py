import numpy as np
import pytest

from fretscribe.music import BeatGrid, Note
from fretscribe.symbolic.slices import slice_notes

GRID = BeatGrid(beat_times_s=tuple(0.5 * i for i in range(9)), downbeats=(0, 4, 8))
DOWNBEAT, HALF_BAR, BEAT, BETWEEN = range(4)


def note(start_s, end_s, pitch, prob=1.0):
    return Note(onset_s=start_s, offset_s=end_s, pitch=pitch, onset_prob=prob)


def test_a_note_counts_half_for_its_start_and_half_for_what_it_fills():
    slices = slice_notes([note(0.0, 0.375, 60, 0.8), note(0.25, 0.5, 64)], GRID)
    assert slices.edges[:3].tolist() == [0.0, 0.25, 0.5]
    assert slices.tones[:2, 0].tolist() == pytest.approx([0.8, 0.2])
    assert slices.tones[:2, 4].tolist() == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize(("start_s", "starts_in"), [(0.48, 1), (0.492, 2), (0.5, 2)])
def test_a_note_barely_ahead_of_a_beat_starts_on_it(start_s, starts_in):
    slices = slice_notes([note(0.25, 0.49, 60), note(start_s, 1.0, 44)], GRID)
    assert np.flatnonzero(slices.tones[:, 8] > 0.0).tolist() == list(range(starts_in, 4))
    assert np.flatnonzero(slices.motion.sum(axis=1)).tolist() == [starts_in]


def test_the_bass_is_the_lowest_note_of_a_slice():
    slices = slice_notes([note(0.0, 1.0, 60), note(0.5, 1.0, 43, 0.9)], GRID)
    assert np.argmax(slices.bass, axis=1).tolist() == [0, 0, 7, 7]
    assert slices.bass[2, 7] == 0.9


def test_places_in_the_bar():
    slices = slice_notes([note(0.0, 2.5, 60)], GRID)
    assert slices.places.tolist() == [
        *(DOWNBEAT, BETWEEN, BEAT, BETWEEN, HALF_BAR, BETWEEN, BEAT, BETWEEN),
        *(DOWNBEAT, BETWEEN),
    ]


def test_eighths_that_are_beats_are_not_cut_in_halves():
    grid = BeatGrid(
        beat_times_s=tuple(0.25 * i for i in range(13)), downbeats=(0, 6, 12), beats_per_bar=6, beat_unit=8
    )
    slices = slice_notes([note(0.0, 1.5, 60)], grid)
    assert slices.places.tolist() == [DOWNBEAT, BEAT, BEAT, HALF_BAR, BEAT, BEAT]


def test_motion_of_single_notes():
    pitches = (60, 60, 62, 65, 72)
    line = [note(0.25 * i, 0.25 * i + 0.25, pitch) for i, pitch in enumerate(pitches)]
    slices = slice_notes(line, GRID)
    assert [int(np.argmax(row)) for row in slices.motion[1:5]] == [0, 1, 2, 3]
    assert slices.motion.sum() == 4
    assert slice_notes([*line, note(0.26, 0.5, 40)], GRID).motion.sum() == 2


def test_at_most_a_bar_around_the_grid():
    slices = slice_notes([note(0.0, 1.0, 60), note(2.0, 500.0, 62)], GRID)
    assert slices.edges[-1] == pytest.approx(4.0 + 0.5 + 2.0)
    late = BeatGrid(beat_times_s=(100.0, 100.5), downbeats=(0,))
    assert slice_notes([note(0.0, 101.0, 60)], late).edges[0] == pytest.approx(98.0)


def test_nothing_sounds_without_notes():
    assert not slice_notes([], GRID).tones.any()

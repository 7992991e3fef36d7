import itertools

import numpy as np
import pytest

from fretscribe.datasets.excerpts import WARP, warped_excerpt, without_beat
from fretscribe.music import STANDARD_TUNING, BeatGrid, Note, Position, TabNote

BEATS = BeatGrid.constant(120.0, 40.0)


def on_every_beat(n=80):
    position = Position(string=0, fret=0)
    pitch = STANDARD_TUNING.pitch(position)
    return [
        TabNote(note=Note(onset_s=i * 0.5, offset_s=i * 0.5 + 0.4, pitch=pitch), position=position)
        for i in range(n)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_notes_and_beats_are_cut_and_bent_together(seed):
    excerpt = warped_excerpt(on_every_beat(), BEATS, 40.0, np.random.default_rng(seed))
    onsets = np.array([n.note.onset_s for n in excerpt.notes])
    assert onsets == pytest.approx(excerpt.beats_s, abs=0.02)
    assert 20.0 * (1 - WARP) < excerpt.duration_s < 40.0 * (1 + WARP)
    assert all((b - a) % 4 == 1 for a, b in itertools.pairwise(excerpt.places.tolist()))
    lengths = np.diff(excerpt.beats_s)
    assert 0.5 * (1 - WARP) - 1e-3 < lengths.min() < lengths.max() < 0.5 * (1 + WARP) + 1e-3
    assert lengths.max() - lengths.min() > 0.01


def test_the_same_seed_gives_the_same_excerpt():
    a, b = (warped_excerpt(on_every_beat(), BEATS, 40.0, np.random.default_rng(7)) for _ in range(2))
    assert a.notes == b.notes
    assert a.beats_s.tolist() == b.beats_s.tolist()


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_beat_can_be_cut_out_of_every_bar(place):
    excerpt = warped_excerpt(on_every_beat(), BEATS, 40.0, np.random.default_rng(1))
    waltz = without_beat(excerpt, place)
    assert set(waltz.places.tolist()) == {0, 1, 2}
    onsets = np.array([n.note.onset_s for n in waltz.notes])
    assert onsets == pytest.approx(waltz.beats_s, abs=0.03)
    assert all((b - a) % 3 == 1 for a, b in itertools.pairwise(waltz.places.tolist()))
    assert waltz.duration_s < excerpt.duration_s

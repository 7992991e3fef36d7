"""Targets put notes where they are; augmentation changes level and colour, never shape."""

from __future__ import annotations

import numpy as np

from fretscribe.models.acoustic_net import AcousticConfig
from fretscribe.training.acoustic_batches import augmented, frame_targets
from fretscribe.training.acoustic_clips import NO_STRING, NOTE_FIELDS

CONFIG = AcousticConfig()
FRAME_S = 512 / 22050


def test_targets_peak_at_the_onset_and_last_to_the_offset() -> None:
    notes = np.array([(0, 10 * FRAME_S, 20 * FRAME_S, 45, 1)], dtype=NOTE_FIELDS)
    targets = frame_targets(notes, 50, CONFIG)
    column = 45 - CONFIG.pitch_min
    np.testing.assert_allclose(targets.onset[8:13, column], [0, 0.5, 1, 0.5, 0], atol=1e-4)
    assert np.flatnonzero(targets.active[:, column]).tolist() == list(range(10, 20))
    assert targets.onset.sum() == targets.onset[:, column].sum()
    assert targets.strings[10:20, 1, column].all()
    assert targets.strings[:, [0, 2, 3, 4, 5]].sum() == 0


def test_an_onset_between_frames_leans_to_the_nearer_one() -> None:
    notes = np.array([(0, 10.25 * FRAME_S, 12 * FRAME_S, 60, 3)], dtype=NOTE_FIELDS)
    onset = frame_targets(notes, 20, CONFIG).onset[:, 60 - CONFIG.pitch_min]
    assert onset[10] > onset[11] > onset[9] > 0


def test_an_unknown_string_teaches_pitch_only() -> None:
    notes = np.array([(0, 0.1, 0.5, 60, NO_STRING)], dtype=NOTE_FIELDS)
    targets = frame_targets(notes, 50, CONFIG)
    assert targets.active.any()
    assert not targets.strings.any()


def test_the_shortest_note_at_either_end_is_kept() -> None:
    notes = np.array([(0, 0.0, 0.001, 60, 3), (0, 49 * FRAME_S, 49.2 * FRAME_S, 62, 3)], dtype=NOTE_FIELDS)
    targets = frame_targets(notes, 50, CONFIG)
    assert targets.active[0, 60 - CONFIG.pitch_min] == 1
    assert targets.active[49, 62 - CONFIG.pitch_min] == 1


def test_augmentation_is_a_smooth_curve_over_bins_above_a_floor() -> None:
    rng = np.random.default_rng(5)
    features = np.full((2, 30, CONFIG.n_bins), 0.8, np.float32)
    features[:, :10] = 0.0
    out = augmented(features, rng)
    assert out.shape == features.shape
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert np.allclose(out[:, 10:], out[:, 10:11])
    assert np.abs(np.diff(out[0, 20])).max() < 0.02

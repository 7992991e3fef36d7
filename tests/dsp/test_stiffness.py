"""Stiffness is read from partials: right for single notes, silent where it cannot be told."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.convert import midi_to_hz
from fretscribe.dsp.stiffness import measure_stiffness

RATE = 22050


def stiff_note(pitch: int, stiffness: float, duration_s: float = 0.5, cents: float = 0.0) -> np.ndarray:
    """Decaying partials of one stiff string, and a faint hiss."""
    time = np.arange(int(duration_s * RATE)) / RATE
    f0 = midi_to_hz(pitch + cents / 100)
    n = np.arange(1, 19)
    hz = n * f0 * np.sqrt(1 + stiffness * n**2)
    n, hz = n[hz < 0.45 * RATE], hz[hz < 0.45 * RATE]
    partials = np.sin(2 * np.pi * hz[:, None] * time + n[:, None]) * np.exp(-time * (2 + hz[:, None] / 800))
    hiss = np.random.default_rng(0).normal(0, 3e-4, len(time))
    return ((partials / n[:, None]).sum(axis=0) + hiss).astype(np.float32)


def measured(signal: np.ndarray, pitches: list[int], duration_s: float = 0.5) -> list[float | None]:
    n = len(pitches)
    found = measure_stiffness(
        signal, RATE, np.zeros(n), np.full(n, duration_s), np.array(pitches, dtype=np.int64)
    )
    return [None if one is None else one.log_b for one in found]


@settings(max_examples=40, deadline=None)
@given(pitch=st.integers(45, 72), log_b=st.floats(math.log(2e-5), math.log(3e-4)), cents=st.floats(-12, 12))
def test_a_single_notes_stiffness_is_found(pitch: int, log_b: float, cents: float) -> None:
    [found] = measured(stiff_note(pitch, math.exp(log_b), cents=cents), [pitch])
    assert found == pytest.approx(log_b, abs=0.2)


@pytest.mark.parametrize(("thin", "thick"), [(3.9e-5, 19e-5), (5.1e-5, 16.6e-5)])
def test_thin_and_thick_strings_at_one_pitch_are_far_apart(thin: float, thick: float) -> None:
    [low], [high] = (measured(stiff_note(69, b), [69]) for b in (thin, thick))
    assert low is not None
    assert high is not None
    assert high - low > 0.8 * math.log(thick / thin)


def test_the_partials_that_two_notes_share_are_left_out() -> None:
    both = stiff_note(57, 8e-5) + stiff_note(64, 4e-5)
    low, high = measured(both, [57, 64])
    assert low == pytest.approx(math.log(8e-5), abs=0.3)
    assert high is None or high == pytest.approx(math.log(4e-5), abs=0.3)


def test_an_octave_leaves_of_the_upper_note_only_what_stands_free() -> None:
    _, upper = measured(stiff_note(52, 8e-5) + stiff_note(64, 4e-5), [52, 64])
    assert upper is None or upper == pytest.approx(math.log(4e-5), abs=0.2)


def test_a_unison_with_another_string_is_measured_as_one_note() -> None:
    [first, second] = measured(stiff_note(64, 8e-5), [64, 64])
    assert first == second


def test_silence_noise_and_short_notes_say_nothing() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, RATE).astype(np.float32)
    assert measured(np.zeros(RATE, np.float32), [57]) == [None]
    assert measured(stiff_note(57, 8e-5, duration_s=0.05), [57], duration_s=0.05) == [None]
    assert measured(noise[:0], [57]) == [None]
    heard = measured(np.concatenate([noise, noise]), [45, 50, 57, 62, 69], duration_s=1.0)
    assert sum(one is not None for one in heard) <= 2  # chance lines are rare


def test_no_notes_no_answers() -> None:
    none = np.zeros(0)
    assert measure_stiffness(np.zeros(RATE, np.float32), RATE, none, none, none.astype(np.int64)) == []


def test_error_says_how_well_the_partials_agree() -> None:
    clean = measure_stiffness(
        stiff_note(57, 8e-5), RATE, np.zeros(1), np.full(1, 0.5), np.array([57], dtype=np.int64)
    )[0]
    assert clean is not None
    assert 0 < clean.error < 0.1


def test_what_was_played_long_before_changes_nothing_and_what_rings_on_does() -> None:
    silence = np.zeros(2 * RATE, np.float32)
    both = np.concatenate([silence, stiff_note(57, 8e-5) + stiff_note(64, 4e-5)])
    early = np.arange(10) * 0.1

    def heard(offsets_s: np.ndarray) -> list[float | None]:
        onset_s = np.concatenate([early, [2.0, 2.0]])
        offset_s = np.concatenate([offsets_s, [2.5, 2.5]])
        pitch = np.array([52] * 10 + [57, 64], dtype=np.int64)
        found = measure_stiffness(both, RATE, onset_s, offset_s, pitch)
        return [None if one is None else one.log_b for one in found[10:]]

    alone = measure_stiffness(
        both, RATE, np.array([2.0, 2.0]), np.array([2.5, 2.5]), np.array([57, 64], dtype=np.int64)
    )
    short, rings = early + 0.05, early + 0.05
    rings[3] = 2.4  # covers partials of both
    assert heard(short) == [None if one is None else one.log_b for one in alone]
    assert heard(rings) != heard(short)

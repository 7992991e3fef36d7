"""The recording chain keeps length and level, and adds what it says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fretscribe.datasets.effects import QUIET_ROOM, random_recording, record
from fretscribe.datasets.guitars import GUITAR_KINDS

RATE = 22050


def strings() -> np.ndarray:
    """Two strings: a decaying tone each."""
    time = np.arange(RATE) / RATE
    tones = [np.exp(-3 * time) * np.sin(2 * np.pi * f * time) for f in (110.0, 247.0)]
    return np.array(tones, dtype=np.float32)


@pytest.mark.parametrize("seed", range(12))
def test_any_chain_keeps_length_and_reaches_its_peak(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chain = random_recording(rng, GUITAR_KINDS[seed % 3])
    out = record(strings(), chain, rng, sample_rate=RATE)
    assert out.shape == (RATE,)
    assert out.dtype == np.float32
    assert np.abs(out).max() == pytest.approx(chain.peak, rel=1e-5)


def test_silence_stays_faint_noise_without_nan() -> None:
    out = record(np.zeros((6, RATE), np.float32), QUIET_ROOM, np.random.default_rng(0), sample_rate=RATE)
    assert np.isfinite(out).all()


def test_a_room_rings_on_after_the_sound() -> None:
    click = np.zeros((1, RATE), np.float32)
    click[0, 100] = 1.0
    dry = dataclasses.replace(QUIET_ROOM, room_s=0.0, noise_db=-120.0, hum_db=-120.0)
    wet = dataclasses.replace(dry, room_s=0.8, room_mix=0.4)
    tails = [
        np.abs(record(click, c, np.random.default_rng(0), sample_rate=RATE)[RATE // 4 :]).max()
        for c in (dry, wet)
    ]
    assert tails[1] > 10 * tails[0]


def test_drive_makes_harmonics() -> None:
    tone = np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)[None].astype(np.float32)
    clean = dataclasses.replace(QUIET_ROOM, room_s=0.0, noise_db=-120.0, hum_db=-120.0)
    third = []
    for drive in (0.0, 10.0):
        out = record(
            tone, dataclasses.replace(clean, drive=drive), np.random.default_rng(0), sample_rate=RATE
        )
        spectrum = np.abs(np.fft.rfft(out))
        third.append(spectrum[600] / spectrum[200])
    assert third[1] > 20 * third[0]

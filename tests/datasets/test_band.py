"""The band that plays along: seeded, in time, and each player in its own register."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest

from fretscribe.datasets.band import PLAYERS, Player, play_along
from fretscribe.datasets.filters import Floats
from fretscribe.datasets.idioms import generate_tab
from fretscribe.music import Tab

RATE = 22050
N_SAMPLES = 6 * RATE


@cache
def tab() -> Tab:
    return generate_tab(1, duration_s=6.0, style="strum")


@cache
def part(player: Player, seed: int = 0) -> Floats:
    return play_along(player, tab(), N_SAMPLES, np.random.default_rng(seed), sample_rate=RATE)


def share_of_power(sound: Floats, low_hz: float, high_hz: float) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / RATE)
    return float(power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum())


@pytest.mark.parametrize("player", PLAYERS)
def test_parts_are_as_long_as_asked_and_full_scale(player: Player) -> None:
    assert part(player).shape == (N_SAMPLES,)
    assert np.abs(part(player)).max() == pytest.approx(1.0)


@pytest.mark.parametrize("player", PLAYERS)
def test_a_seed_gives_one_part(player: Player) -> None:
    again = play_along(player, tab(), N_SAMPLES, np.random.default_rng(0), sample_rate=RATE)
    np.testing.assert_array_equal(part(player), again)
    assert np.abs(part(player) - part(player, 1)).max() > 0.1


def test_each_plays_in_its_own_register() -> None:
    assert share_of_power(part("bass"), 30, 300) > 0.8
    assert share_of_power(part("voice"), 80, 4000) > 0.95
    assert share_of_power(part("drums"), 4000, RATE / 2) > 10 * share_of_power(part("bass"), 4000, RATE / 2)


def test_drums_strike_on_the_beats() -> None:
    beats = tab().beats
    assert beats is not None
    drums = part("drums")
    for beat_s in [t for t in beats.beat_times_s if 0.1 < t < 5.5]:
        at = round(beat_s * RATE)
        assert np.abs(drums[at : at + 1000]).max() > np.abs(drums[at - 60 : at - 10]).max()


@pytest.mark.parametrize("player", PLAYERS)
def test_without_notes_and_beats_there_is_still_a_part_or_silence(player: Player) -> None:
    bare = dataclasses.replace(tab(), notes=(), beats=None, chords=())
    sound = play_along(player, bare, N_SAMPLES, np.random.default_rng(0), sample_rate=RATE)
    assert np.isfinite(sound).all()
    assert bool(sound.any()) == (player != "bass")  # there is no harmony to play
    assert len(play_along(player, bare, 10, np.random.default_rng(0), sample_rate=RATE)) == 10

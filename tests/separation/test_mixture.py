"""A guitar alone is told from a band, each player by what gives it away; figures: docs/EXPERIMENTS.md."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from fretscribe.datasets.band import PLAYERS, Player, play_along
from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, open_guitarset
from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.synthetic import RENDER_RATE, render
from fretscribe.frames import Audio, FloatArray
from fretscribe.io.audio import read_audio, resample_audio
from fretscribe.music import Tab
from fretscribe.separation.mixture import hear_mixture

GUITARSET = (
    Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "guitarset"
)


@cache
def guitar(seed: int = 3, duration_s: float = 8.0) -> tuple[Tab, FloatArray]:
    tab = generate_tab(seed, duration_s=duration_s)
    return tab, render(tab, seed=seed).mono()


@cache
def band(players: Sequence[Player], level_db: float = 0.0) -> Audio:
    tab, alone = guitar()
    mix = alone.astype(np.float64)
    for player in players:
        part = play_along(player, tab, len(alone), np.random.default_rng(5), sample_rate=RENDER_RATE)
        mix += part * 10 ** (level_db / 20) * np.sqrt(np.mean(alone**2) / np.mean(part**2))
    return audio(mix)


def audio(mono: FloatArray, rate: int = RENDER_RATE) -> Audio:
    return Audio(samples=np.asarray(mono, dtype=np.float32)[np.newaxis], sample_rate=rate)


def test_a_guitar_alone() -> None:
    heard = hear_mixture(audio(guitar()[1]))
    assert not heard.more_than_guitar
    assert str(heard).startswith("a guitar alone (low -")


@pytest.mark.parametrize(
    ("player", "reason"), [("drums", "bursts of noise"), ("bass", "below a guitar's"), ("voice", "gliding")]
)
def test_each_player_is_told_by_its_own_sign(player: Player, reason: str) -> None:
    heard = hear_mixture(band((player,), 6.0))
    assert heard.more_than_guitar
    assert [reason in told for told in heard.reasons].count(True) == 1
    assert str(heard).startswith("more than a guitar: ")
    assert reason in str(heard)


def test_a_band_has_several_signs() -> None:
    assert len(hear_mixture(band(PLAYERS)).reasons) >= 2


def test_the_level_of_the_recording_does_not_matter() -> None:
    loud = band(PLAYERS)
    quiet = audio(loud.mono() * 0.01)
    assert hear_mixture(quiet).reasons == hear_mixture(loud).reasons
    assert not hear_mixture(audio(guitar()[1] * 0.01)).more_than_guitar


def test_steady_hum_and_hiss_are_no_players() -> None:
    alone = guitar()[1]
    time_s = np.arange(len(alone)) / RENDER_RATE
    loud = float(np.sqrt(np.mean(alone**2)))
    hum = 0.03 * loud * np.sin(2 * np.pi * 50 * time_s) + 0.03 * loud * np.sin(2 * np.pi * 40 * time_s)
    hiss = 0.03 * loud * np.random.default_rng(1).standard_normal(len(alone))
    assert not hear_mixture(audio(alone + hum + hiss)).more_than_guitar


def test_a_band_that_comes_in_late_is_heard() -> None:
    both = np.concatenate([guitar()[1], band(PLAYERS).mono(), guitar()[1], band(PLAYERS).mono()])
    heard = hear_mixture(audio(both))
    assert heard.n_excerpts == 3
    assert heard.more_than_guitar


@pytest.mark.parametrize("n_samples", [0, 100, RENDER_RATE, 5 * RENDER_RATE])
def test_silence_and_snippets_are_not_judged(n_samples: int) -> None:
    heard = hear_mixture(audio(np.zeros(n_samples, dtype=np.float32)))
    assert (heard.n_excerpts, heard.more_than_guitar) == (0, False)
    assert str(heard) == "too little sounds to tell what plays"


@pytest.mark.parametrize("rate", [32000, 44100, 48000])
def test_other_rates_are_judged_alike(rate: int) -> None:
    alone, mix = audio(guitar()[1]), band(PLAYERS)
    assert not hear_mixture(resample_audio(alone, rate)).more_than_guitar
    assert hear_mixture(resample_audio(mix, rate)).reasons == hear_mixture(mix).reasons


@pytest.mark.slow
@pytest.mark.skipif(not GUITARSET.is_dir(), reason=f"no GuitarSet in {GUITARSET} (set FRETSCRIBE_DATA)")
@pytest.mark.parametrize("track", DEVELOPMENT_TRACKS)
def test_real_guitars_are_never_taken_apart(track: str) -> None:
    heard = hear_mixture(read_audio(open_guitarset(GUITARSET).track(track).audio_path("mic")).audio)
    assert not heard.more_than_guitar, heard

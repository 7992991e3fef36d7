"""How far a guitar lies between the semitones: tones, renders, silence, noise, and the way back."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.convert import midi_to_hz
from fretscribe.datasets.guitars import GuitarKind
from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.synthetic import render
from fretscribe.dsp.detune import Detune, estimate_detune, slowed, speed_of
from fretscribe.frames import Audio, FloatArray, FrameGrid
from fretscribe.music import STANDARD_TUNING

RATE = 22050


def around(cents: float) -> float:
    """The same place on the circle of 100 cents, from -50 on."""
    return (cents + 50.0) % 100.0 - 50.0


def plucked(
    pitches: list[float], *, cents: float = 0.0, stiffness: float = 0.0, length_s: float = 0.6
) -> FloatArray:
    """Decaying tones of eight partials, one after the other."""
    t = np.arange(round(length_s * RATE)) / RATE
    tones = []
    for pitch in pitches:
        f0 = midi_to_hz(pitch + cents / 100)
        partials = [n * f0 * np.sqrt(1 + stiffness * n**2) for n in range(1, 9)]
        waves = [np.sin(2 * np.pi * f * t) / n for n, f in enumerate(partials, start=1)]
        tones.append(0.2 * np.exp(-3 * t) * np.sum(waves, axis=0))
    return np.concatenate(tones).astype(np.float32)


def sped_up(samples: FloatArray, cents: float) -> FloatArray:
    """As a tape that runs too fast."""
    speed = 2 ** (cents / 1200)
    return np.asarray(soxr.resample(samples, 100 * RATE * speed, 100 * RATE, quality="VHQ"), np.float32)


@settings(max_examples=25)
@given(
    cents=st.floats(-45, 45),
    pitches=st.lists(st.integers(40, 76), min_size=3, max_size=8),
    stiffness=st.floats(0, 1.4e-4),
)
def test_tones_are_heard_where_they_lie(cents: float, pitches: list[int], stiffness: float) -> None:
    heard = estimate_detune(plucked(pitches, cents=cents, stiffness=stiffness), RATE)
    assert heard.cents == pytest.approx(cents, abs=5)  # the fifth partial is 14 cents flat
    assert heard.certainty > 0.6


@pytest.fixture(scope="module", params=["steel", "nylon", "electric"])
def guitar(request: pytest.FixtureRequest) -> tuple[FloatArray, Detune]:
    """A piece on a random guitar, and how far that guitar lies from the semitones itself."""
    kind: GuitarKind = request.param
    samples = render(generate_tab(4, duration_s=6.0, tuning=STANDARD_TUNING), seed=2, kind=kind).mono()
    return samples, estimate_detune(samples, RATE)


@pytest.mark.parametrize("cents", [-45.0, -20.0, -3.0, 12.0, 35.0, 45.0])
def test_a_piece_moves_with_its_speed_and_comes_back(guitar: tuple[FloatArray, Detune], cents: float) -> None:
    samples, own = guitar
    assert own.certainty > 0.5
    assert abs(own.cents) < 30  # as guitars are drawn
    moved = sped_up(samples, cents)
    heard = estimate_detune(moved, RATE)
    assert abs(around(heard.cents - own.cents - cents)) < 2
    assert heard.certainty > 0.5
    back = slowed(Audio(samples=moved[None], sample_rate=RATE), speed_of(heard.cents))
    assert abs(estimate_detune(back.mono(), RATE).cents) < 2


def test_half_way_is_sharp_and_beyond_it_the_next_semitone() -> None:
    line = [45, 52, 57, 60, 64]
    assert estimate_detune(plucked(line, cents=47), RATE).cents == pytest.approx(47, abs=3)
    assert estimate_detune(plucked(line, cents=54), RATE).cents == pytest.approx(-46, abs=3)
    assert estimate_detune(plucked(line, cents=-54), RATE).cents == pytest.approx(46, abs=3)


def test_vibrato_and_bends_are_outvoted() -> None:
    t = np.arange(2 * RATE) / RATE
    bent = 20 + 40 * np.sin(2 * np.pi * 5 * t) + 200 * np.clip(t - 0.5, 0, 0.3)
    sung = np.sin(2 * np.pi * np.cumsum(midi_to_hz(64) * 2 ** (bent / 1200)) / RATE).astype(np.float32)
    together = np.concatenate([plucked([45, 50, 55, 59, 52, 48], cents=20), 0.2 * sung])
    heard = estimate_detune(together, RATE)
    assert heard.cents == pytest.approx(20, abs=4)


@pytest.mark.parametrize("n_samples", [0, 1, 100, 4096, RATE, 3 * RATE])
def test_silence_tells_nothing(n_samples: int) -> None:
    assert estimate_detune(np.zeros(n_samples, np.float32), RATE) == Detune(cents=0.0, certainty=0.0)


@pytest.mark.parametrize("length_s", [0.1, 0.3, 0.4, 0.5, 1.0, 5.0])
def test_noise_and_clicks_tell_nothing(length_s: float) -> None:
    n_samples = round(length_s * RATE)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        noise = rng.normal(0, 0.1, n_samples).astype(np.float32)
        assert estimate_detune(noise, RATE).certainty < 0.3
        clicks = np.where(rng.random(n_samples) < 5 / RATE, noise, 0).astype(np.float32)
        assert estimate_detune(clicks, RATE).certainty < 0.3


def test_one_short_note_is_enough_and_less_is_not() -> None:
    note = plucked([52], cents=32)
    heard = estimate_detune(note, RATE)
    assert heard.cents == pytest.approx(32, abs=4)
    assert heard.certainty > 0.5
    assert estimate_detune(note[: round(0.25 * RATE)], RATE) == Detune(cents=0.0, certainty=0.0)


def test_level_and_rate_do_not_matter() -> None:
    sound = plucked([40, 47, 52, 56], cents=-28)
    heard = estimate_detune(sound, RATE)
    assert estimate_detune(1e-3 * sound, RATE).cents == pytest.approx(heard.cents, abs=0.1)
    finer = np.asarray(soxr.resample(sound, RATE, 44100), np.float32)
    assert estimate_detune(finer, 44100).cents == pytest.approx(heard.cents, abs=0.5)
    with pytest.raises(ValueError, match="one dimension"):
        estimate_detune(sound[None], RATE)


@pytest.mark.slow  # librosa takes seconds to import
@pytest.mark.parametrize("cents", [-40.0, -15.0, 0.0, 25.0, 44.0])
def test_it_agrees_with_librosa(cents: float) -> None:
    librosa = pytest.importorskip("librosa", reason="librosa is not installed")
    samples = sped_up(render(generate_tab(9, duration_s=8.0), seed=5).mono(), cents)
    theirs = 100 * librosa.estimate_tuning(y=samples, sr=RATE, n_fft=8192, fmin=75, fmax=1500)
    assert abs(around(estimate_detune(samples, RATE).cents - theirs)) < 5


@given(cents=st.floats(-100, 100))
def test_the_ratio_is_small_and_within_a_tenth_of_a_cent(cents: float) -> None:
    speed = speed_of(cents)
    assert speed.denominator <= 10_000
    assert 1200 * np.log2(float(speed)) == pytest.approx(cents, abs=0.1)


@given(cents=st.floats(-100, 100), at=st.integers(0, 3 * RATE - 1))
@settings(max_examples=25)
def test_what_is_slowed_keeps_its_time(cents: float, at: int) -> None:
    pulse = np.zeros((2, 3 * RATE), np.float32)
    pulse[:, at] = 1.0
    speed = speed_of(cents)
    slow = slowed(Audio(samples=pulse, sample_rate=RATE), speed)
    assert slow.sample_rate == RATE
    assert slow.samples.shape == (2, pytest.approx(3 * RATE * float(speed), abs=1))
    found = int(np.abs(slow.samples[1]).argmax())
    grid = FrameGrid(sample_rate=RATE, hop_length=1, n_frames=slow.n_samples).faster(speed)
    assert grid.time_s(found) == pytest.approx(at / RATE, abs=1.1 / RATE)


def test_a_sound_in_tune_is_not_touched() -> None:
    audio = Audio(samples=np.ones((1, 5)), sample_rate=RATE)
    assert slowed(audio, speed_of(0.0)) is audio
    assert slowed(audio, Fraction(2)).n_samples == 10

"""A guitar between the semitones: what reaches the networks, what is told, and that times stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.convert import midi_to_hz
from fretscribe.dsp.detune import Detune, estimate_detune, speed_of
from fretscribe.errors import OptionError
from fretscribe.frames import Audio, FloatArray, FrameGrid, FretProbs, StringRoll
from fretscribe.pipeline import TranscribeOptions, Transcriber, retab
from fretscribe.pipeline.detuning import InTune
from fretscribe.result import Stage, Transcription

RATE = 22050
HOP = 16
A2 = 45


def loudest_s(audio: Audio) -> float:
    return int(np.abs(audio.mono()).argmax()) / audio.sample_rate


@dataclass(frozen=True, kw_only=True)
class Ears:
    """Hears one A2 of 0.3 s where the sound is loudest, and keeps what it was given."""

    given: list[Audio] = field(default_factory=list)
    sample_rate: int = RATE
    name: str = "ears"
    sha256: str = "0" * 64

    def __call__(self, audio: Audio, *, progress: Callable[[float], None] | None = None) -> StringRoll:
        self.given.append(audio)
        grid = FrameGrid(sample_rate=RATE, hop_length=HOP, n_frames=audio.n_samples // HOP + 1)
        onset = np.zeros((grid.n_frames, 1, 1), dtype=np.float32)
        active = np.zeros_like(onset)
        first = round(grid.frame(loudest_s(audio)))
        onset[first] = 0.95
        active[first : first + round(grid.frame(0.3))] = 0.9
        return StringRoll(grid=grid, onset=onset, active=active, pitch_min=A2)


@dataclass(frozen=True, kw_only=True)
class Frets:
    """A TabCNN that hears the A string open in the half second after the loudest place."""

    given: list[Audio] = field(default_factory=list)
    name: str = "frets"
    sha256: str = "1" * 64
    open_pitches: tuple[int, ...] = (40, 45, 50, 55, 59, 64)

    def __call__(self, audio: Audio) -> FretProbs:
        self.given.append(audio)
        grid = FrameGrid(sample_rate=10, hop_length=1, n_frames=int(10 * audio.duration_s), start_s=0.1)
        probs = np.zeros((grid.n_frames, 6, 22), dtype=np.float32)
        probs[..., 0] = 1.0
        struck_s = loudest_s(audio)
        near = (grid.times_s() > struck_s - 0.1) & (grid.times_s() < struck_s + 0.5)
        probs[near, 1, :2] = (0.1, 0.9)
        return FretProbs(grid=grid, probs=probs)


@dataclass(frozen=True, kw_only=True)
class Told:
    """An estimate that is told, and what it was asked of."""

    detune: Detune
    asked: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, signal: FloatArray, sample_rate: int) -> Detune:
        self.asked.append((len(signal), sample_rate))
        return self.detune


def told(cents: float, certainty: float = 0.9) -> Told:
    return Told(detune=Detune(cents=cents, certainty=certainty))


def piece(cents: float, *, struck_s: float, length_s: float) -> Audio:
    """Quiet chords all along, and one click."""
    t = np.arange(round(length_s * RATE)) / RATE
    chord = sum(np.sin(2 * np.pi * midi_to_hz(p + cents / 100) * t) for p in (40, 47, 52, 56))
    samples = (0.01 * chord).astype(np.float32)
    samples[round(struck_s * RATE)] = 0.9
    return Audio(samples=samples[None], sample_rate=RATE)


def stage_of(result: Transcription) -> Stage:
    return next(stage for stage in result.stages if stage.name == "detune")


@pytest.mark.parametrize("cents", [-44.0, 32.0])
def test_the_networks_hear_semitones_and_times_are_those_of_the_recording(cents: float) -> None:
    ears, frets = Ears(), Frets()
    sound = piece(cents, struck_s=60.0, length_s=62.0)
    result = Transcriber(acoustic=ears, tabcnn=frets)(sound)
    (heard,) = ears.given
    assert frets.given == [heard]
    assert heard.duration_s == pytest.approx(62.0 * 2 ** (cents / 1200), rel=5e-4)
    assert abs(estimate_detune(heard.mono(), RATE).cents) < 1
    (note,) = (tab_note.note for tab_note in result.tab.notes)
    assert note.onset_s == pytest.approx(60.0, abs=1e-3)
    assert note.offset_s - note.onset_s == pytest.approx(0.3 / 2 ** (cents / 1200), abs=2e-3)
    assert note.tab_probs is not None
    assert note.tab_probs[1] > 0.8  # a second beside it there is nothing
    assert result.detune_cents == pytest.approx(cents, abs=1)
    assert stage_of(result).status == "ran"


def test_a_section_keeps_its_times() -> None:
    sound = piece(-30.0, struck_s=7.0, length_s=9.0)
    options = TranscribeOptions(start_s=5.0, end_s=8.5)
    result = Transcriber(acoustic=Ears(), tabcnn=Frets())(sound, options)
    (note,) = (tab_note.note for tab_note in result.tab.notes)
    assert note.onset_s == pytest.approx(7.0, abs=1e-3)
    assert note.tab_probs is not None
    assert note.tab_probs[1] > 0.8


@given(cents=st.floats(-100, 100), frame=st.integers(0, 10**5), start_s=st.floats(0, 1000))
def test_the_clock_is_exact(cents: float, frame: int, start_s: float) -> None:
    speed = speed_of(cents)
    tuned = InTune(audio=Audio(samples=np.zeros((1, 1)), sample_rate=RATE), speed=speed)
    grid = FrameGrid(sample_rate=10, hop_length=1, n_frames=5, start_s=0.1)
    assert tuned.clock(grid, start_s).time_s(frame) == pytest.approx(
        start_s + grid.time_s(frame) / float(speed), rel=1e-12
    )


def test_what_was_estimated_is_told() -> None:
    sound = piece(0.0, struck_s=0.5, length_s=1.0)
    estimate = told(31.96)
    result = Transcriber(acoustic=Ears(), estimate_detune=estimate)(sound)
    assert estimate.asked == [(RATE, RATE)]
    assert stage_of(result) == Stage(name="detune", status="ran", detail="+32 cents (A4 = 448.2 Hz)")
    assert result.detune_cents == 32.0
    assert result.warnings == ()


@pytest.mark.parametrize(
    ("cents", "warned"),
    [
        (46.8, "47 cents above the semitones, near half-way: if every note is a semitone too low, give"
         " --detune -53"),
        (-41.0, "41 cents below the semitones, near half-way: if every note is a semitone too high, give"
         " --detune 59"),
    ],
)  # fmt: skip
def test_half_way_between_two_semitones_is_a_guess_and_says_so(cents: float, warned: str) -> None:
    sound = piece(0.0, struck_s=0.5, length_s=1.0)
    result = Transcriber(acoustic=Ears(), estimate_detune=told(cents))(sound)
    assert [w for w in result.warnings if warned in w]
    given = Transcriber(acoustic=Ears(), estimate_detune=told(cents))(sound, TranscribeOptions(detune=cents))
    assert given.warnings == ()


@pytest.mark.parametrize(
    ("detune", "estimate", "detail", "cents"),
    [
        ("auto", told(-9.4), "-9 cents: below 10 nothing is changed", -9.4),
        ("auto", told(30.0, 0.12), "too few steady pitches to tell (certainty 0.12)", None),
        ("off", told(30.0), "switched off", None),
        (0, told(30.0), "0 cents were given", 0.0),
    ],
)
def test_why_nothing_was_changed(detune: Any, estimate: Told, detail: str, cents: float | None) -> None:
    ears = Ears()
    sound = piece(0.0, struck_s=0.5, length_s=1.0)
    result = Transcriber(acoustic=ears, estimate_detune=estimate)(sound, TranscribeOptions(detune=detune))
    assert stage_of(result) == Stage(name="detune", status="skipped", detail=detail)
    assert result.detune_cents == cents
    assert np.array_equal(ears.given[0].samples, sound.samples)
    assert len(estimate.asked) == (detune == "auto")


def test_cents_that_are_given_are_obeyed_unheard() -> None:
    ears, estimate = Ears(), told(30.0)
    sound = piece(0.0, struck_s=0.5, length_s=1.0)
    result = Transcriber(acoustic=ears, estimate_detune=estimate)(sound, TranscribeOptions(detune=-53))
    assert estimate.asked == []
    assert stage_of(result).detail == "-53 cents (A4 = 426.7 Hz), given"
    assert ears.given[0].duration_s == pytest.approx(2 ** (-53 / 1200), rel=1e-3)
    assert result.tab.provenance["options"] == {"detune": -53}
    assert result.detune_cents == -53.0


def test_noise_and_a_short_sound_are_heard_as_they_are(acoustic: Any, recording: Path) -> None:
    result = Transcriber(acoustic=acoustic)(recording)
    assert stage_of(result).status == "skipped"
    short = Audio(samples=np.full((1, 660), 0.1), sample_rate=RATE)
    ears = Ears()
    assert stage_of(Transcriber(acoustic=ears)(short)).status == "skipped"
    assert ears.given[0].n_samples == 660


def test_a_tab_that_is_fingered_anew_stays_as_sharp_as_it_is() -> None:
    sound = piece(32.0, struck_s=0.5, length_s=1.0)
    result = Transcriber(acoustic=Ears())(sound)
    again = retab(result, TranscribeOptions(capo=2))
    assert again.detune_cents == result.detune_cents
    with pytest.raises(OptionError, match="detune cannot be changed without the recording"):
        retab(result, TranscribeOptions(detune=10))


def test_a_faster_grid_is_the_same_frames() -> None:
    grid = FrameGrid(sample_rate=RATE, hop_length=512, n_frames=10, start_s=2.0)
    assert replace(grid.faster(Fraction(1)), start_s=2.0) == grid
    twice = grid.faster(Fraction(2))
    assert (twice.n_frames, twice.time_step_s, twice.start_s) == (10, grid.time_step_s / 2, 1.0)

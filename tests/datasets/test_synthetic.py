"""The string model: pitch, timing, stiffness and damping are what the tab says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fretscribe.convert import midi_to_hz
from fretscribe.datasets.guitars import GUITAR_KINDS, Guitar, random_guitar
from fretscribe.datasets.synthetic import RENDER_RATE, render, render_strings
from fretscribe.music import BendPoint, Note, Position, Tab, TabNote, Tuning


def tab_of(*notes: tuple[float, float, int, int], **extra: object) -> Tab:
    """A tab in standard tuning of (onset, offset, string, fret)."""
    tuning = Tuning()
    return Tab(
        tuning=tuning,
        notes=tuple(
            TabNote(
                note=Note(onset_s=a, offset_s=b, pitch=tuning.open_pitches[s] + f, **extra),  # type: ignore[arg-type]
                position=Position(string=s, fret=f),
            )
            for a, b, s, f in notes
        ),
    )


@pytest.fixture
def plain_guitar() -> Guitar:
    """A guitar in perfect tune, bright and without noise."""
    guitar = random_guitar(np.random.default_rng(3), kind="steel")
    return dataclasses.replace(
        guitar, detune_cents=(0.0,) * 6, fret_cents=0.0, pick_noise=0.0, pluck=0.2, pluck_spread=0.0
    )


def spectrum_peak_hz(signal: np.ndarray, near_hz: float) -> float:
    """Frequency of the strongest bin within 4 % of a frequency, from a long padded spectrum."""
    n = 1 << 18
    magnitude = np.abs(np.fft.rfft(signal * np.hanning(len(signal)), n))
    frequency = np.fft.rfftfreq(n, 1 / RENDER_RATE)
    near = np.abs(frequency / near_hz - 1) < 0.04
    return float(frequency[near][np.argmax(magnitude[near])])


@pytest.mark.parametrize(("string", "fret"), [(0, 0), (2, 5), (5, 12)])
def test_the_fundamental_is_the_notes_pitch(plain_guitar: Guitar, string: int, fret: int) -> None:
    tab = tab_of((0.0, 1.5, string, fret))
    sound = render_strings(tab, plain_guitar, np.random.default_rng(0))[string]
    expected = midi_to_hz(tab.notes[0].note.pitch)
    heard = spectrum_peak_hz(sound[:RENDER_RATE], expected)
    assert 1200 * abs(np.log2(heard / expected)) < 6


def test_partials_are_stretched_by_the_strings_stiffness(plain_guitar: Guitar) -> None:
    stiff = dataclasses.replace(plain_guitar, stiffness=(3e-4,) * 6, polarisation_mix=0.0)
    sound = render_strings(tab_of((0.0, 1.5, 2, 0)), stiff, np.random.default_rng(0))[2]
    f1 = spectrum_peak_hz(sound, midi_to_hz(50))
    f9 = spectrum_peak_hz(sound, 9 * midi_to_hz(50) * np.sqrt((1 + 81 * 3e-4) / (1 + 3e-4)))
    assert f9 / (9 * f1) == pytest.approx(np.sqrt((1 + 81 * 3e-4) / (1 + 3e-4)), rel=5e-4)


def test_sound_starts_at_the_onset_and_dies_after_the_offset(plain_guitar: Guitar) -> None:
    sound = render_strings(tab_of((0.5, 1.0, 3, 2)), plain_guitar, np.random.default_rng(0))[3]
    assert not np.any(sound[: int(0.5 * RENDER_RATE)])
    early = np.abs(sound[int(0.5 * RENDER_RATE) : int(0.55 * RENDER_RATE)]).max()
    late = np.abs(sound[int(1.0 * RENDER_RATE + 6 * plain_guitar.release_s * RENDER_RATE) :]).max()
    assert early > 0.01
    assert late < 0.02 * early


def test_each_note_sounds_on_its_own_string_only(plain_guitar: Guitar) -> None:
    sound = render_strings(tab_of((0.0, 0.4, 1, 3), (0.5, 0.9, 4, 1)), plain_guitar, np.random.default_rng(0))
    loud = np.abs(sound).max(axis=1) > 0
    assert loud.tolist() == [False, True, False, False, True, False]


def test_a_bend_raises_the_pitch_by_its_cents(plain_guitar: Guitar) -> None:
    bend = (BendPoint(time_s=0.0, cents=200.0), BendPoint(time_s=2.0, cents=200.0))
    tab = tab_of((0.0, 1.5, 4, 5), bend=bend)
    sound = render_strings(tab, plain_guitar, np.random.default_rng(0))[4]
    expected = midi_to_hz(tab.notes[0].note.pitch + 2)
    assert 1200 * abs(np.log2(spectrum_peak_hz(sound, expected) / expected)) < 8


@pytest.mark.parametrize("kind", GUITAR_KINDS)
def test_same_seed_same_recording_other_seed_another(kind: str) -> None:
    tab = tab_of((0.0, 0.4, 1, 3), (0.5, 0.9, 4, 1))
    first, again, other = (render(tab, seed=s, kind=kind).samples for s in (1, 1, 2))  # type: ignore[arg-type]
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.isfinite(first).all()
    assert np.abs(first).max() <= 1.0


def test_a_guitar_with_other_strings_is_refused() -> None:
    seven = Tuning(open_pitches=(35, 40, 45, 50, 55, 59, 64))
    guitar = random_guitar(np.random.default_rng(0), seven)
    assert guitar.n_strings == 7
    with pytest.raises(ValueError, match="7-string guitar"):
        render_strings(tab_of((0.0, 0.4, 1, 3)), guitar, np.random.default_rng(0))

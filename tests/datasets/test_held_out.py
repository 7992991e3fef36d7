"""Held-out instruments: what they play, that it is always the same, and that nothing learns from them."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import fretscribe
from fretscribe.convert import midi_to_hz
from fretscribe.datasets.held_out import (
    HELD_OUT_INSTRUMENTS,
    RATE,
    HeldOutInstrument,
    Performance,
    perform,
    through_mp3,
)
from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.sample_bank import RecordedNote, SampleVoice, estimate_pitch
from fretscribe.music import STANDARD_TUNING, Note, Position, Tab, TabNote

PACKAGE = Path(fretscribe.__file__).parent
NAMES = {instrument.name: instrument for instrument in HELD_OUT_INSTRUMENTS}


def _voice(name: str, pitches: range) -> SampleVoice:
    """Decaying tones of six harmonics that know no strings."""
    t = np.arange(RATE) / RATE
    notes = []
    for pitch in pitches:
        wave = sum(np.sin(2 * np.pi * midi_to_hz(pitch) * k * t) / k for k in range(1, 7)) * np.exp(-2 * t)
        samples = np.asarray(16000 * wave / np.abs(wave).max(), dtype=np.int16)
        notes.append(RecordedNote(samples=samples, pitch=pitch, string=None, velocity=80.0, level=1.0))
    return SampleVoice(name=name, notes=tuple(notes))


VOICES = {name: _voice(name, range(40, 70)) for name in ("emily", "spanish-classical")}


def _line(*played: tuple[float, int, int], title: str = "a line") -> Tab:
    """Notes of 0.4 s: onset, string, fret."""
    notes = []
    for onset_s, string, fret in played:
        position = Position(string=string, fret=fret)
        note = Note(onset_s=onset_s, offset_s=onset_s + 0.4, pitch=STANDARD_TUNING.pitch(position))
        notes.append(TabNote(note=note, position=position))
    return Tab(tuning=STANDARD_TUNING, notes=tuple(notes), title=title)


def _perform(name: str, tab: Tab, duration_s: float | None = None) -> Performance:
    return perform(NAMES[name], tab, VOICES, duration_s=duration_s)


def _rise_s(samples: np.ndarray) -> float:
    """When the sound first comes near its peak."""
    loud = np.abs(samples)
    return float(np.argmax(loud > 0.4 * loud.max())) / RATE


@pytest.mark.parametrize("instrument", HELD_OUT_INSTRUMENTS, ids=lambda i: i.name)
def test_an_instrument_plays_in_time_and_always_alike(instrument: HeldOutInstrument) -> None:
    tab = _line((0.5, 2, 2), (1.2, 3, 0))
    performance = perform(instrument, tab, VOICES, duration_s=2.0)
    samples = performance.audio.samples[0]
    assert performance.audio.sample_rate == RATE
    assert len(samples) == 2 * RATE
    assert np.abs(samples).max() == pytest.approx(0.7, abs=1e-3)
    assert _rise_s(samples[:RATE]) == pytest.approx(0.5, abs=0.012)
    assert np.abs(samples[: RATE // 3]).max() < 0.02
    assert np.array_equal(samples, perform(instrument, tab, VOICES, duration_s=2.0).audio.samples[0])
    assert performance.knows_strings == (instrument.voice is None)


@pytest.mark.parametrize("instrument", HELD_OUT_INSTRUMENTS, ids=lambda i: i.name)
def test_a_tab_without_notes_is_next_to_silence(instrument: HeldOutInstrument) -> None:
    samples = perform(instrument, _line(), VOICES, duration_s=1.0).audio.samples
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() < 0.1


def test_the_truth_is_what_was_played() -> None:
    tab = _line((0.1, 2, 2), (0.6, 5, 12), (1.1, 3, 0))  # E5 is beyond the voice
    performance = _perform("clean electric", tab)
    assert [n.note.pitch for n in performance.tab.notes] == [52, 55]
    assert performance.n_lacking == 1
    assert performance.audio.duration_s == pytest.approx(performance.tab.duration_s + 0.5, abs=1e-3)
    everything = _perform("steel body", tab)
    assert (len(everything.tab.notes), everything.n_lacking) == (3, 0)


def test_strokes_differ_in_loudness_and_the_notes_of_one_hardly_do() -> None:
    chords = [(0.5 * i, string, 2) for i in range(16) for string in range(6)]
    notes = _perform("clean electric", _line(*chords)).tab.notes
    velocities = np.array([n.note.velocity for n in notes]).reshape(16, 6)
    assert velocities.mean(axis=1).std() > 4
    assert 1 < velocities.std(axis=1).mean() < 6


def test_the_electrics_play_one_take() -> None:
    tab = generate_tab(5, duration_s=4.0, tuning=STANDARD_TUNING)
    takes = [_perform(name, tab) for name in NAMES if NAMES[name].voice == "emily"]
    assert len(takes) == 4
    assert len({take.tab.notes for take in takes}) == 1


def test_a_detuned_guitar_is_sharp_and_in_time() -> None:
    tab = _line((0.3, 1, 3), (4.5, 1, 3))
    tuned, sharp = (_perform(n, tab).audio.samples[0] for n in ("clean electric", "electric 30 cents sharp"))
    pitches = [
        estimate_pitch(wave[round(4.4 * RATE) :].astype(np.float64), RATE)[0] for wave in (tuned, sharp)
    ]
    assert pitches[0] == pytest.approx(48.0, abs=0.05)
    assert pitches[1] == pytest.approx(48.3, abs=0.05)
    late = [4.4 + _rise_s(wave[round(4.4 * RATE) :]) for wave in (tuned, sharp)]
    assert late[1] == pytest.approx(late[0], abs=0.005)


def test_the_phone_hears_a_band_and_the_drive_adds_harmonics() -> None:
    tab = _line((0.1, 3, 9))  # E4, 330 Hz
    spectra = {}
    for name in ("nylon", "nylon by phone", "clean electric", "driven electric"):
        wave = _perform(name, tab, 1.0).audio.samples[0]
        spectra[name] = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    low = {name: float(power[60:120].sum() / power.sum()) for name, power in spectra.items()}
    assert low["nylon by phone"] < 0.3 * low["nylon"]
    beyond = {name: float(power[2300:3600].sum() / power.sum()) for name, power in spectra.items()}
    assert beyond["driven electric"] > 30 * beyond["clean electric"]  # the voice has six harmonics


def test_the_codec_keeps_time_and_length() -> None:
    rng = np.random.default_rng(0)
    burst = np.zeros(RATE + 5)
    burst[5000:5200] = rng.normal(size=200)
    heard = through_mp3(burst, RATE)
    assert heard.shape == burst.shape
    assert abs(int(np.argmax(np.correlate(heard, burst, "same"))) - len(burst) // 2) <= 2
    assert np.isfinite(through_mp3(np.zeros(100), RATE)).all()


def test_the_criterion_is_judged_on_the_sample_voices_that_training_holds_out() -> None:
    judged = [i.name for i in HELD_OUT_INSTRUMENTS if i.judged]
    assert judged == ["nylon", "clean electric", "driven electric"]
    assert {i.voice for i in HELD_OUT_INSTRUMENTS} == {"emily", "spanish-classical", None}


def _imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }


def test_nothing_that_training_renders_with_knows_the_held_out_sounds() -> None:
    held_out = {f"fretscribe.datasets.{name}" for name in ("held_out", "amplifier", "room", "acoustic_body")}
    may_know = {f"{name}.py" for name in ("held_out", "amplifier", "room", "acoustic_body")}
    may_know |= {"tuned_guitars.py", "technique_set.py"}  # make what is measured on
    modules = [*(PACKAGE / "training").glob("*.py"), *(PACKAGE / "datasets").rglob("*.py")]
    knowing = {path.name for path in modules if held_out & _imports(path)}
    assert knowing <= may_know
    measured_on = {f"fretscribe.datasets.{name}" for name in ("tuned_guitars", "tuned_pieces")}
    assert not [path.name for path in modules if measured_on & _imports(path)]

"""The main job with the weights that ship: rendered guitars become their own tabs again."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soxr

import fretscribe
from fretscribe.datasets.guitars import random_guitar
from fretscribe.datasets.guitarset import open_guitarset
from fretscribe.datasets.idioms import demo_tab, generate_tab
from fretscribe.datasets.synthetic import RENDER_RATE, render, render_strings
from fretscribe.datasets.variation import stretched
from fretscribe.errors import OptionError
from fretscribe.evaluation.metrics import NoteScores, match_notes, note_scores
from fretscribe.evaluation.notes import NoteArrays, tab_arrays
from fretscribe.evaluation.run import evaluate_dataset
from fretscribe.frames import Audio
from fretscribe.music import Tuning
from fretscribe.pipeline import TranscribeOptions, load_transcriber

DATA = Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[2] / "shared" / "data"))
GUITARSET = DATA / "guitarset"


@pytest.fixture(scope="module")
def transcriber():  # type: ignore[no-untyped-def]
    return load_transcriber()


@pytest.mark.parametrize("kind", ["steel", "electric", "nylon"])
def test_the_demo_piece_comes_back(transcriber, kind: str) -> None:  # type: ignore[no-untyped-def]
    tab = demo_tab()
    heard = transcriber(render(tab, seed=7, kind=kind))  # type: ignore[arg-type]
    scores = note_scores(tab_arrays(tab), tab_arrays(heard.tab))
    assert scores.onset.f1 >= 0.85
    assert scores.tab.f1 >= 0.7
    assert heard.tab.beats.tempo_bpm == pytest.approx(112, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("cents", [-40.0, 35.0])
def test_a_guitar_between_the_semitones_is_heard_as_well_as_one_in_tune(  # type: ignore[no-untyped-def]
    transcriber, cents: float
) -> None:
    speed = 2.0 ** (cents / 1200)
    tab = generate_tab(6, duration_s=20.0, tuning=Tuning())
    guitar = replace(random_guitar(np.random.default_rng(1), kind="steel"), detune_cents=(0.0,) * 6)
    in_tune = render_strings(tab, guitar, np.random.default_rng(2)).sum(axis=0)
    # As a tape at the wrong speed: what it plays is over a little sooner or later.
    moved = soxr.resample(in_tune, RENDER_RATE * speed, RENDER_RATE, quality="VHQ")
    played = tab_arrays(stretched(tab, 1 / speed))
    options = TranscribeOptions(tuning="standard", capo=0)

    def scores(samples: np.ndarray, truth: NoteArrays, heard_as: TranscribeOptions) -> NoteScores:
        heard = transcriber(Audio(samples=samples[None], sample_rate=RENDER_RATE), heard_as)
        return note_scores(truth, tab_arrays(heard.tab))

    before = scores(in_tune, tab_arrays(tab), options)
    corrected = scores(moved, played, options)
    ignored = scores(moved, played, replace(options, detune="off"))
    assert before.onset.f1 > 0.8
    assert corrected.onset.f1 > before.onset.f1 - 0.02
    assert corrected.tab.f1 > before.tab.f1 - 0.05
    assert ignored.tab.f1 < corrected.tab.f1 - 0.05  # else it proves nothing


def test_louder_notes_get_higher_velocities(transcriber) -> None:  # type: ignore[no-untyped-def]
    tab = generate_tab(11, duration_s=20.0, tuning=Tuning(), style="lead")
    heard = transcriber(render(tab, seed=3)).tab
    pairs = match_notes(tab_arrays(tab), tab_arrays(heard))
    played = np.array([tab.notes[i].note.velocity for i, _ in pairs])
    found = np.array([heard.notes[j].note.velocity for _, j in pairs])
    assert len(pairs) > 20
    assert np.corrcoef(played, found)[0, 1] > 0.3


def test_silence_is_an_empty_tab_and_says_so(transcriber) -> None:  # type: ignore[no-untyped-def]
    heard = transcriber(Audio(samples=np.zeros((1, 22050 * 3), np.float32), sample_rate=22050))
    assert heard.tab.notes == ()
    assert heard.warnings


def _cpu_of_children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.slow
def test_two_runs_write_identical_files_in_little_time(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    command = [sys.executable, "-m", "fretscribe.cli.__main__"]
    subprocess.run([*command, "render", "--demo", "-o", str(song)], check=True)
    for folder in ("one", "two"):
        before_s = _cpu_of_children_s()
        subprocess.run([*command, str(song), "-o", str(tmp_path / folder), "-q"], check=True)
        assert _cpu_of_children_s() - before_s < 6.0  # 24 s of sound; 15 s of CPU a minute are allowed
    names = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert names == ["song.json", "song.mid", "song.tab.txt"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(not GUITARSET.is_dir(), reason=f"no GuitarSet in {GUITARSET} (set FRETSCRIBE_DATA)")
def test_the_development_recordings_reach_their_figures(transcriber) -> None:  # type: ignore[no-untyped-def]
    options = TranscribeOptions(tuning="standard", capo=0)
    evaluation = evaluate_dataset(open_guitarset(GUITARSET), lambda path: transcriber(path, options))
    means = evaluation.means()
    assert means["note_f1"] >= 0.88
    assert means["tab_note_f1"] >= 0.74


def test_the_python_door_is_the_same_job(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="tunning"):
        fretscribe.transcribe(tmp_path / "song.wav", tunning="drop D")

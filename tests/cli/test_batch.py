"""Transcribing files from the command line, with a scripted model: checks, failures, files, lines."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from fretscribe.cli.batch import transcribe_files
from fretscribe.cli.outputs import Destination, plan_destination
from fretscribe.errors import OptionError, OutputError
from fretscribe.io.formats import read_tab
from fretscribe.pipeline import TranscribeOptions, Transcriber

RATE = 22050
Run = Callable[..., int]


class Loader:
    """Hands out a scripted transcriber, and remembers how often it was asked."""

    def __init__(self, acoustic: Any) -> None:
        self.transcriber = Transcriber(acoustic=acoustic)
        self.n_loads = 0

    def __call__(self, weights: Path | None) -> Transcriber:
        self.n_loads += 1
        return self.transcriber


@pytest.fixture
def loader(acoustic: Any) -> Loader:
    return Loader(acoustic)


@pytest.fixture
def run(loader: Loader) -> Run:
    def run(
        *sources: Path, destination: Destination | None = None, quiet: bool = False, **options: Any
    ) -> int:
        destination = destination or plan()
        return transcribe_files(
            list(sources), destination, TranscribeOptions(**options), quiet=quiet, load=loader
        )

    return run


def plan(output: str | None = None, formats: str = "txt,mid,json", *, force: bool = False) -> Destination:
    return plan_destination(output, [formats], force=force, n_inputs=1)


@pytest.mark.parametrize(("detune", "told"), [(-31.6, ", 32 cents flat"), (12, ", 12 cents sharp"), (0, "")])
def test_the_summary_says_what_was_corrected(
    run: Run, recording: Path, capsys: pytest.CaptureFixture[str], detune: float, told: str
) -> None:
    assert run(recording, detune=detune) == 0
    assert re.search(rf"no capo, (\d+ % sure|assumed){told}\n", capsys.readouterr().err)


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_three_files_beside_the_input_and_a_summary(
    run: Run, recording: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(recording) == 0
    assert files_in(recording.parent) == {"song.wav", "song.tab.txt", "song.mid", "song.json"}
    out, err = capfd.readouterr()
    assert out == ""
    for line in (
        "tuning",
        "standard (E2 A2 D3 G3 B3 E4), no capo, ",
        "tempo",
        "4/4",
        "notes   9",
        "song.json",
    ):
        assert line in err
    assert len(read_tab(recording.with_suffix(".json")).tab.notes) == 9


def test_quiet_prints_nothing(run: Run, recording: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(recording, quiet=True) == 0
    assert capfd.readouterr() == ("", "")


def test_a_folder_is_made_for_the_results(run: Run, recording: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "tabs"
    assert run(recording, destination=plan(str(folder), "json")) == 0
    assert files_in(folder) == {"song.json"}


def test_two_runs_give_identical_files(run: Run, recording: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert run(recording, destination=plan(str(tmp_path / name))) == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_batch_finishes_and_tells_each_failure(
    run: Run, loader: Loader, recording: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.wav"
    text.write_text("six strings\n" * 40)
    empty = tmp_path / "empty.wav"
    empty.touch()
    assert run(tmp_path / "nope.wav", text, empty, recording) == 3
    assert loader.n_loads == 1
    assert (tmp_path / "song.json").exists()
    lines = capfd.readouterr().err.splitlines()
    errors = [line for line in lines if line.startswith("fretscribe: error: ")]
    assert len(errors) == 3
    assert lines[-1] == "fretscribe: 3 of 4 recordings failed"


def test_failures_of_several_kinds_exit_with_1(run: Run, recording: Path, tmp_path: Path) -> None:
    (tmp_path / "song.json").write_text("mine")
    assert run(recording, tmp_path / "nope.wav") == 1
    assert (tmp_path / "song.json").read_text() == "mine"


def test_nothing_is_loaded_where_nothing_can_be_done(run: Run, loader: Loader, tmp_path: Path) -> None:
    assert run(tmp_path / "nope.wav") == 3
    assert run(tmp_path) == 3
    assert loader.n_loads == 0


def test_an_existing_output_is_found_before_the_model_loads(
    run: Run, loader: Loader, recording: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    existing = recording.with_suffix(".mid")
    existing.write_bytes(b"mine")
    assert run(recording) == 4
    assert loader.n_loads == 0
    assert "--force" in capfd.readouterr().err
    assert files_in(recording.parent) == {"song.wav", "song.mid"}
    assert run(recording, destination=plan(force=True)) == 0
    assert existing.read_bytes() != b"mine"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(run: Run, loader: Loader, recording: Path, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    assert run(recording, destination=plan(str(folder))) == 4
    assert loader.n_loads == 0


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder where not even root may write")
def test_a_folder_where_nobody_may_write(
    run: Run, loader: Loader, recording: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(recording, destination=plan("/proc/self")) == 4
    assert loader.n_loads == 0
    assert "cannot write into /proc/self" in capfd.readouterr().err


def test_inputs_that_would_become_one_file_stop_everything(run: Run, recording: Path, tmp_path: Path) -> None:
    other = tmp_path / "song.flac"
    soundfile.write(other, np.zeros(RATE), RATE)
    with pytest.raises(OptionError, match="would both become"):
        run(recording, other)


def test_an_interrupted_run_leaves_no_half_file(run: Run, loader: Loader, recording: Path) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    loader.transcriber = replace(loader.transcriber, separate=interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(recording)
    assert files_in(recording.parent) == {"song.wav"}


@pytest.mark.parametrize("name", ["two words.wav", 'it\'s "mine".wav', "Für Élise – 吉他.wav", "-q.wav"])
def test_odd_names(run: Run, recording: Path, tmp_path: Path, name: str) -> None:
    source = recording.rename(tmp_path / name)
    assert run(source) == 0
    assert source.with_suffix(".json").exists()


def test_sound_problems_are_told_as_one_line_each(
    run: Run, recording: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).standard_normal((5 * RATE, 1)).astype(np.float32)
    soundfile.write(tmp_path / "loud.wav", np.clip(noise, -1, 1), RATE, subtype="PCM_16")
    soundfile.write(tmp_path / "nan.wav", np.where(noise > 3.0, np.nan, noise), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "cut.mp3", 0.1 * noise, RATE)
    cut = tmp_path / "cut.mp3"
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    assert run(tmp_path / "loud.wav", tmp_path / "nan.wav", cut) == 3
    lines = capfd.readouterr().err.splitlines()
    assert sum("clipped" in line for line in lines) == 1
    assert sum("not a number" in line and "--end" in line for line in lines) == 1
    assert sum("cut short" in line for line in lines) == 1
    assert not [line for line in lines if "Xing" in line or "mpg123" in line], "the decoder's own chatter"


def test_an_empty_tab_is_a_result(run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE), RATE)
    assert run(tmp_path / "silence.wav") == 0
    assert "the tab is empty" in capfd.readouterr().err
    assert read_tab(tmp_path / "silence.json").tab.notes == ()


def test_a_target_that_is_a_file_is_no_folder(run: Run, recording: Path) -> None:
    with pytest.raises(OutputError, match="is not a folder"):
        plan(str(recording)).check_folder(recording)
    assert run(recording, destination=plan(str(recording))) == 4

"""Files, folders and standard input become the files to transcribe."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fretscribe.cli.__main__ import run
from fretscribe.cli.batch import transcribe_files
from fretscribe.cli.inputs import STDIN, expand_recordings, standard_input_kept
from fretscribe.cli.outputs import plan_destination
from fretscribe.errors import AudioError, OptionError
from fretscribe.io.formats import read_tab
from fretscribe.pipeline import TranscribeOptions, Transcriber


def test_folders_become_their_recordings_and_each_is_named_once(tmp_path: Path) -> None:
    for name in ("a.wav", "b.mp3", "c.txt"):
        (tmp_path / name).touch()
    song, nowhere = tmp_path / "a.wav", tmp_path / "nowhere.wav"
    assert expand_recordings([song, tmp_path, nowhere, song], output=None) == [
        song, tmp_path / "b.mp3", nowhere,
    ]  # fmt: skip
    assert expand_recordings([STDIN, song], output="out") == [STDIN, song]


def test_standard_input_needs_a_place_for_its_results(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OptionError, match="no folder to write into"):
        expand_recordings([STDIN], output=None)
    assert run(["-"]) == 2
    assert "give -o DIR" in capsys.readouterr().err


def test_what_comes_is_kept_until_it_is_transcribed(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    with standard_input_kept([song], stream=io.BytesIO(b"never read")) as (files, kept):
        assert (files, kept) == ([song], None)
    with standard_input_kept([song, STDIN], stream=io.BytesIO(b"sound")) as (files, kept):
        assert kept is not None
        assert files == [song, kept]
        assert (kept.name, kept.read_bytes()) == ("stdin", b"sound")
    assert not kept.parent.exists()


def test_nothing_on_standard_input_is_told() -> None:
    with (
        pytest.raises(AudioError, match="nothing came on standard input"),
        standard_input_kept([STDIN], stream=io.BytesIO()),
    ):
        pytest.fail("there was nothing")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal to pretend with")
def test_a_terminal_is_no_recording() -> None:
    ours, theirs = os.openpty()
    with (
        os.fdopen(ours, "rb"),
        os.fdopen(theirs, "rb") as terminal,
        pytest.raises(AudioError, match="is a terminal"),
        standard_input_kept([STDIN], stream=terminal),
    ):
        pytest.fail("a terminal was read")


def test_results_name_no_temporary_file(acoustic: Any, recording: Path, tmp_path: Path) -> None:
    stream = io.BytesIO(recording.read_bytes())
    destination = plan_destination(str(tmp_path / "out"), ["json,txt"], force=False, n_inputs=1)
    with standard_input_kept([STDIN], stream=stream) as (files, kept):
        code = transcribe_files(
            files,
            destination,
            TranscribeOptions(),
            standard_input=kept,
            load=lambda _: Transcriber(acoustic=acoustic),
            quiet=True,
        )
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["stdin.json", "stdin.tab.txt"]
    result = read_tab(tmp_path / "out" / "stdin.json")
    assert result.audio is not None
    assert (result.audio.path, result.tab.title) == ("stdin", "stdin")


@pytest.mark.slow
def test_a_recording_through_a_pipe(recording: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fretscribe.cli", "-", "-o", "-", "-f", "json", "-q"],
        input=recording.read_bytes(),
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"{")
    assert b"fretscribe-tab/1" in done.stdout

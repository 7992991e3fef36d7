"""The real command: help that is instant, one-line errors, exit codes, data alone on stdout."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import fretscribe
from fretscribe.cli.__main__ import run
from fretscribe.cli.reference import reference
from fretscribe.io.formats import read_tab, write_tab
from fretscribe.music import BeatGrid, Note, Position, Tab, TabNote, Tuning
from fretscribe.result import Transcription
from fretscribe.separation.stems import separation_is_installed

ROOT = Path(__file__).parents[2]


def command(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "fretscribe.cli", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, **settings)  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def tab_file(tmp_path: Path) -> Path:
    """Four notes up the A string, as JSON."""
    notes = tuple(
        TabNote(
            note=Note(onset_s=0.5 * i, offset_s=0.5 * i + 0.5, pitch=45 + 2 * i),
            position=Position(string=1, fret=2 * i),
        )
        for i in range(4)
    )
    tab = Tab(tuning=Tuning(), notes=notes, beats=BeatGrid.constant(120.0, 2.0), title="scale")
    path = tmp_path / "scale.json"
    write_tab(Transcription(tab=tab), path)
    return path


@pytest.mark.parametrize("arguments", [["--help"], ["transcribe", "--help"], ["--version"], []])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "fretscribe.cli", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in result.stderr.splitlines()}
    assert "typer" in loaded
    assert not loaded & {"numpy", "onnxruntime", "torch", "soundfile", "soxr", "rich", "mido", "guitarpro"}
    assert "fretscribe" in result.stdout


def test_version() -> None:
    assert command("--version").stdout == f"fretscribe {fretscribe.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nope.wav"], 3, "nope.wav does not exist"),
        (["-q", "nope.wav"], 3, "nope.wav does not exist"),
        (["transcibe", "song.wav"], 2, "did you mean 'fretscribe transcribe'?"),
        (["song.wav", "--tunning", "x"], 2, "No such option: --tunning"),
        (["song.wav", "--tuning", "drop Q"], 2, "'drop Q' is not a tuning"),
        (["song.wav", "--capo", "two"], 2, "'two' is not a capo position"),
        (["song.wav", "--detune", "flat"], 2, "'flat' is no detuning"),
        (["song.wav", "--detune", "-150"], 2, "detune cannot be -150"),
        (["song.wav", "--bpm", "fast"], 2, "--bpm"),
        (["song.wav", "--prefer", "high"], 2, "--prefer"),
        (["song.wav", "--meter", "4:4"], 2, "is not a metre"),
        (["song.wav", "--end", "1", "--start", "2"], 2, "is empty"),
        (["song.wav", "-f", "docx"], 2, "'docx' is not a format"),
        (["song.wav", "-o", "-"], 2, "standard output takes one result"),
        (["a.wav", "b.wav", "-o", "-", "-f", "txt"], 2, "standard output takes one result"),
        (["transcribe"], 2, "Missing argument"),
        (["retab", "nope.json"], 3, "nope.json"),
        (["retab", "nope.xyz"], 2, "suffix"),
        (["convert", "nope.json", "x.mid"], 3, "nope.json"),
    ],
)
def test_errors_are_one_line_with_a_code(
    arguments: list[str],
    code: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("fretscribe: error: ")
    assert err.count("\n") == 1
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_separate_on_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    song, nowhere = tmp_path / "song.wav", tmp_path / "nowhere"
    soundfile.write(song, np.zeros(2000), 22050)
    code = run([str(song), "--separate", "on", "--separation-model", str(nowhere)])
    installed = separation_is_installed()
    assert code == (5 if installed else 6)
    message = f"{nowhere} is no folder" if installed else 'pip install "fretscribe[separate]"'
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err
    assert list(tmp_path.iterdir()) == [song]


def test_weights_that_are_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "song.wav", np.zeros(2000), 22050)
    assert run([str(tmp_path / "song.wav"), "--weights", str(tmp_path / "nope")]) == 5
    assert "is not a folder of weights" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["song.wav"]


def test_retab_writes_a_tab_for_another_guitar(tab_file: Path, tmp_path: Path) -> None:
    assert (
        run(["retab", str(tab_file), "--tuning", "DADGAD", "--capo", "2", "-o", str(tmp_path / "out")]) == 0
    )
    again = read_tab(tmp_path / "out" / "scale.json").tab
    assert [n.note.pitch for n in again.notes] == [45, 47, 49, 51]
    assert (again.tuning.open_pitches[0], again.tuning.capo) == (38, 2)
    assert (tmp_path / "out" / "scale.tab.txt").exists()
    assert (tmp_path / "out" / "scale.mid").exists()


def test_retab_does_not_overwrite_its_input_unasked(tab_file: Path) -> None:
    before = tab_file.read_bytes()
    assert run(["retab", str(tab_file), "--bpm", "60", "-q"]) == 4
    assert tab_file.read_bytes() == before
    assert run(["retab", str(tab_file), "--bpm", "60", "-q", "--force"]) == 0
    assert tab_file.read_bytes() != before


def test_convert(tab_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "scale.mid"
    assert run(["convert", str(tab_file), str(target)]) == 0
    assert [n.note.pitch for n in read_tab(target).tab.notes] == [45, 47, 49, 51]
    assert run(["convert", str(tab_file), str(target)]) == 4
    assert run(["convert", str(tab_file), str(target), "--force"]) == 0


def test_stdout_carries_the_data_and_nothing_else(tab_file: Path) -> None:
    result = command("retab", str(tab_file), "-o", "-", "-f", "json", "--capo", "0")
    assert result.returncode == 0
    assert result.stdout.startswith("{")
    assert result.stdout.endswith("}\n")
    assert "tuning" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="pipes break differently there")
def test_a_reader_that_leaves_is_no_crash(tab_file: Path) -> None:
    writer = [sys.executable, "-m", "fretscribe.cli", "retab", str(tab_file), "-q", "-o", "-", "-f", "json"]
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        result = subprocess.run(writer, stdout=write_end, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(write_end)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "Exception" not in result.stderr


_WAITS = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
from fretscribe.cli.__main__ import run
from fretscribe.cli.app import app

@app.command("wait")
def wait():
    print("ready", flush=True)
    time.sleep(60)

sys.exit(run(["wait"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process there")
def test_ctrl_c_is_130() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _WAITS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == "fretscribe: error: interrupted\n"


def test_the_reference_is_current() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert text == reference(), "run: python -m fretscribe.cli.reference > docs/cli.md"
    for name in ("transcribe", "retab", "convert", "doctor"):
        assert f"## fretscribe {name}\n" in text

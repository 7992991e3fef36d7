"""``fretscribe speed``: what is checked first, and where the report goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fretscribe.cli.__main__ import run
from fretscribe.cli.speed import parse_lengths
from fretscribe.errors import DatasetError, OptionError, OutputError
from fretscribe.evaluation.speed_run import JOURNAL, Length
from guitarset_folder import TRACKS, make_folder

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="speed is measured on Linux")


def test_lengths_are_seconds_and_runs() -> None:
    assert parse_lengths("3600x1") == [Length(audio_s=3600, n_runs=1)]
    for text, message in (
        ("10", "'10' is not SECONDSxRUNS"),
        ("", "'' is not SECONDSxRUNS"),
        ("10x5,", "'' is not SECONDSxRUNS"),
        ("1.5x2", "is not SECONDSxRUNS"),
        ("0x2", "at least one"),
        ("10x0", "at least one"),
        ("99999x1", "at most 21600 seconds"),
        ("10x1,10x2", "has 10 seconds twice"),
    ):
        with pytest.raises(OptionError, match=message):
            parse_lengths(text)


@linux_only
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "ROOT"),
        ([".", "--peer", "x"], OptionError.exit_code, "not NAME=PROGRAM"),
        ([".", "--lengths", "ten"], OptionError.exit_code, "is not SECONDSxRUNS"),
        ([".", "--tracks", ","], OptionError.exit_code, "names no track"),
        (["absent"], DatasetError.exit_code, "not a folder"),
        ([".", "--markdown", "absent/a.md"], OutputError.exit_code, "is not a folder"),
    ],
)
def test_bad_command_lines_leave_with_one_line_and_a_code(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["speed", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1


@linux_only
def test_a_peer_or_a_folder_that_cannot_be_had_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "data"
    make_folder(root, TRACKS[:1])
    line = ["speed", str(root), "--tracks", TRACKS[0]]
    assert run([*line, "--peer", "x=no-such-program"]) == OptionError.exit_code
    assert "no-such-program is no program" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert run([*line, "--work", str(tmp_path / "file")]) == OutputError.exit_code
    assert "cannot make" in capsys.readouterr().err
    assert run(["speed", str(root)]) == DatasetError.exit_code  # the development recordings are not there


def test_the_command_multiplies_on_one_core_unless_told_otherwise() -> None:
    code = (
        "import atexit, os, sys; sys.argv[1:] = ['--version']\n"
        "atexit.register(lambda: print(os.environ['OPENBLAS_NUM_THREADS'], 'numpy' in sys.modules))\n"
        "from fretscribe.cli.__main__ import main; main()"
    )
    plain = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    for given, threads in (({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2")):
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=plain | given)
        assert said.stdout.splitlines()[1] == f"{threads} False", said.stderr


@linux_only
@pytest.mark.slow
def test_a_report_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, work = tmp_path / "data", tmp_path / "work"
    report, figures = tmp_path / "speed.md", tmp_path / "speed.json"
    make_folder(root, TRACKS[:1])
    peer = tmp_path / "peer.py"
    peer.write_text("import pathlib, sys\npathlib.Path(sys.argv[1], 'heard.mid').write_text(sys.argv[2])\n")
    line = ["speed", str(root), "--tracks", TRACKS[0], "--lengths", "2x1,3x1", "--peer", f"quick={peer}"]
    line += ["--work", str(work), "--json", str(figures), "--markdown", str(report)]
    assert run(line) == 0
    out = capsys.readouterr().out
    assert out == report.read_text(encoding="utf-8")
    assert str(tmp_path) not in out
    assert "fretscribe speed ROOT --peer quick=PROGRAM --lengths 2x1,3x1 --tracks" in out
    document = json.loads(figures.read_text(encoding="utf-8"))
    cost = {(run["system"], run["audio_s"]): run for run in document["runs"]}
    assert set(cost) == {(system, audio_s) for system in ("fretscribe", "quick") for audio_s in (2, 3)}
    assert cost["fretscribe", 2]["cpu_s"] > 5 * cost["quick", 2]["cpu_s"]
    assert cost["fretscribe", 2]["peak_mb"] > 3 * cost["quick", 2]["peak_mb"]
    ours, rendered = document["agreements"]
    assert ours["name"] == TRACKS[0]
    assert rendered["plain_f1"] > 0.9
    assert rendered["n_same"] >= 0.99 * max(rendered["n_plain"], rendered["n_fast"])
    assert rendered["duration_s"] > 60.0  # in three chunks
    assert [c["met"] for c in document["criteria"]] == [True]
    assert not (work / JOURNAL).exists()
    assert run(line) == OutputError.exit_code

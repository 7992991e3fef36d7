"""``fretscribe bench``: what is checked first, and where the report goes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from fretscribe.cli.__main__ import run
from fretscribe.cli.bench import parse_peers
from fretscribe.errors import DatasetError, InputError, OptionError, OutputError
from guitarset_folder import TRACKS, make_folder

ANSWER = {"version": "7.1", "start_cpu_s": 0.5, "cpu_s": 0.25, "peak_mb": 80.0, "notes": []}


@pytest.fixture
def deaf(tmp_path: Path) -> Path:
    """A peer that hears nothing."""
    path = tmp_path / "deaf.py"
    path.write_text(f"print({json.dumps(json.dumps(ANSWER))})\n")
    return path


def test_peers_are_named_once_each() -> None:
    assert parse_peers(["a=x", "b = c=d "]) == {"a": "x", "b": "c=d"}
    for texts, message in ((["x"], "not NAME=PROGRAM"), (["=x"], "not NAME"), (["a=x", "a=y"], "a twice")):
        with pytest.raises(OptionError, match=message):
            parse_peers(texts)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "ROOT"),
        (["."], 2, "--peer"),
        ([".", "--peer", "x"], OptionError.exit_code, "not NAME=PROGRAM"),
        ([".", "--peer", "x=no-such-program"], OptionError.exit_code, "no-such-program is no program"),
        ([".", "--peer", f"x={sys.executable}", "--tracks", ","], OptionError.exit_code, "names no track"),
        (["absent", "--peer", f"x={sys.executable}"], DatasetError.exit_code, "not a folder"),
        ([".", "--peer", "x=y", "--json", "absent/a.json"], OutputError.exit_code, "is not a folder"),
    ],
)
def test_bad_command_lines_leave_with_one_line_and_a_code(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["bench", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.slow
def test_a_bench_from_the_command_line(
    tmp_path: Path, deaf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, report, figures = tmp_path / "data", tmp_path / "bench.md", tmp_path / "bench.json"
    make_folder(root, TRACKS[1:2])
    arguments = [
        "bench",
        str(root),
        "--peer",
        f"deaf={deaf}",
        "--json",
        str(figures),
        "--markdown",
        str(report),
    ]
    assert run(arguments) == 0
    out = capsys.readouterr().out
    assert out == report.read_text(encoding="utf-8")
    assert "fretscribe bench ROOT --peer deaf=PROGRAM\n" in out
    assert str(tmp_path) not in out
    document = json.loads(figures.read_text(encoding="utf-8"))
    ours, theirs = document["systems"]
    assert (ours["name"], ours["fingering"]) == ("fretscribe", "own")
    assert ours["means"]["all"]["note_f1"] > 0.5
    assert theirs["means"]["all"]["note_f1"] == 0.0
    assert document["differences"]["deaf"]["note_f1"]["worst"]["track_id"] == TRACKS[1]
    assert run(arguments) == OutputError.exit_code
    assert run([*arguments, "--force", "--weights", str(tmp_path / "absent")]) == InputError.exit_code
    assert "WeightsError" in capsys.readouterr().err

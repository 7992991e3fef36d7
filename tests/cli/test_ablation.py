"""``evaluate --protocol ablation``: its options, what must be there at once, and the file it writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fretscribe.cli.__main__ import run
from fretscribe.cli.protocols import ABLATION
from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS
from fretscribe.errors import DatasetError, OptionError, OutputError, WeightsError
from fretscribe.evaluation.levers import LEVERS
from guitarset_folder import make_folder
from tab_networks import constant_folds

PROTOCOL = ["--protocol", ABLATION]
DATA = Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data"))
PLAYERS = sorted({name[:2] for name in DEVELOPMENT_TRACKS})

needs_samples = pytest.mark.skipif(
    not (DATA / "samples").is_dir(), reason=f"no samples in {DATA} (set FRETSCRIBE_DATA)"
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([".", *PROTOCOL], "needs --folds"),
        ([".", "other.json", *PROTOCOL, "--folds", "."], "one folder"),
        ([".", *PROTOCOL, "--folds", ".", "--pictures", "drawn"], "--pictures does not go"),
        ([".", "--data", "."], "--data is for"),
    ],
)
def test_options_that_do_not_go_together(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", *arguments]) == OptionError.exit_code
    assert message in capsys.readouterr().err


def test_tracks_samples_and_a_free_file_must_be_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*PROTOCOL, "--folds", str(tmp_path)]
    make_folder(tmp_path / "few", ["00_Rock1-120-C_comp"], duration_s=1.0)
    assert run(["evaluate", str(tmp_path / "few"), *arguments]) == DatasetError.exit_code
    assert DEVELOPMENT_TRACKS[0] in capsys.readouterr().err
    root = tmp_path / "all" / "guitarset"
    make_folder(root, DEVELOPMENT_TRACKS, duration_s=0.5)
    assert run(["evaluate", str(root), *arguments]) == DatasetError.exit_code
    assert str(tmp_path / "all" / "samples") in capsys.readouterr().err
    there = tmp_path / "there.md"
    there.write_text("mine")
    assert run(["evaluate", str(root), *arguments, "--markdown", str(there)]) == OutputError.exit_code
    assert there.read_text() == "mine"


@needs_samples
def test_a_missing_fold_is_told_before_anything_is_heard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_folder(tmp_path / "set", DEVELOPMENT_TRACKS, duration_s=0.5)
    arguments = [*PROTOCOL, "--folds", str(tmp_path), "--data", str(DATA)]
    assert run(["evaluate", str(tmp_path / "set"), *arguments]) == WeightsError.exit_code
    (line,) = capsys.readouterr().err.splitlines()
    assert "has no tabcnn-00.onnx" in line


@pytest.mark.slow
@needs_samples
def test_the_report_is_printed_written_and_names_its_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_folder(tmp_path / "set", DEVELOPMENT_TRACKS, duration_s=0.5)
    folds = constant_folds(tmp_path / "folds", dict.fromkeys(PLAYERS, 3), dict.fromkeys(PLAYERS, 5))
    out = tmp_path / "accuracy.md"
    arguments = [*PROTOCOL, "--folds", str(folds), "--data", str(DATA), "--markdown", str(out), "--quiet"]
    assert run(["evaluate", str(tmp_path / "set"), *arguments]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out == out.read_text(encoding="utf-8")
    assert "\nfretscribe evaluate ROOT --protocol ablation --folds FOLDS --data DATA\n" in printed.out
    assert all(f"| {lever.name} |" in printed.out for lever in LEVERS)
    assert all(f"lstm_final-{player} `" in printed.out for player in PLAYERS)

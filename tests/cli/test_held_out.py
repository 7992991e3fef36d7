"""``evaluate --protocol held-out-instruments``: its options, and what must be there at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from fretscribe.cli.__main__ import run
from fretscribe.cli.protocols import HELD_OUT
from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS
from fretscribe.errors import DatasetError, OptionError, OutputError
from guitarset_folder import make_folder

PROTOCOL = ["--protocol", HELD_OUT]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([".", *PROTOCOL, "--folds", "."], "no --folds"),
        ([".", "other.json", *PROTOCOL], "takes one folder"),
        ([".", "--data", "."], "--data is for"),
        ([".", "--protocol", "pickup-to-microphone", "--folds", ".", "--data", "."], "--data is for"),
        ([".", "--protocol", "pickup-to-microphone"], "needs --folds"),
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
    make_folder(tmp_path / "few", ["00_Rock1-120-C_comp"], duration_s=1.0)
    assert run(["evaluate", str(tmp_path / "few"), *PROTOCOL]) == DatasetError.exit_code
    assert DEVELOPMENT_TRACKS[0] in capsys.readouterr().err
    root = tmp_path / "all" / "guitarset"
    make_folder(root, DEVELOPMENT_TRACKS, duration_s=0.5)
    assert run(["evaluate", str(root), *PROTOCOL]) == DatasetError.exit_code
    assert str(tmp_path / "all" / "samples") in capsys.readouterr().err
    assert run(["evaluate", str(root), *PROTOCOL, "--data", str(tmp_path)]) == DatasetError.exit_code
    assert str(tmp_path / "samples") in capsys.readouterr().err
    there = tmp_path / "there.md"
    there.write_text("mine")
    assert run(["evaluate", str(root), *PROTOCOL, "--markdown", str(there)]) == OutputError.exit_code

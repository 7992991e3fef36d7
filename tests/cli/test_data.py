"""``fretscribe data`` as typed in a terminal."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from fretscribe.cli.app import app
from fretscribe.datasets.arrays import array_path, read_arrays
from fretscribe.datasets.noise_file import read_confusions, write_confusions
from fretscribe.errors import DatasetError, OptionError
from guitarset_folder import TRACKS, make_folder, make_windows
from noise_models import model


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guitarset") / "set"
    make_folder(folder)
    make_windows(folder / "cqt_windows.zip")
    return folder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["data", *map(str, arguments)])


def test_guitarset_makes_arrays_that_check_describes(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = run("guitarset", "--root", home, "--out", out, "--timesteps", "50", "--val-players", "01")
    assert made.exit_code == 0, made.output
    assert made.stdout == ""
    assert "train: 6 samples of 2 tracks" in made.stderr
    assert "val: 3 samples of 1 track" in made.stderr
    checked = run("check", out)
    assert checked.exit_code == 0, checked.output
    assert "X_spec_train.npy (6, 50, 128)" in checked.stdout
    assert "player 01: 1 tracks" in checked.stdout


def test_windows_are_another_source(home: Path, tmp_path: Path) -> None:
    made = run("guitarset", "--root", home, "--out", tmp_path, "--source", "windows", "--players", "00")
    assert made.exit_code == 0, made.output
    assert read_arrays(tmp_path).x_win is not None


def test_what_is_missing_is_named_and_skipped_on_demand(home: Path, tmp_path: Path) -> None:
    torn = shutil.copytree(home, tmp_path / "torn")
    (torn / "audio_mono-mic" / f"{TRACKS[0]}_mic.wav").unlink()
    (torn / "annotation" / f"{TRACKS[1]}.jams").write_text("no json")
    out = tmp_path / "out"
    failed = run("guitarset", "--root", torn, "--out", out)
    assert isinstance(failed.exception, DatasetError)
    assert "2 recordings or annotations are missing or broken" in failed.exception.message
    assert f"error: {TRACKS[0]}: no mic recording" in failed.stderr
    assert f"error: {TRACKS[1]}: the annotation is broken" in failed.stderr
    assert not out.exists()
    skipped = run("guitarset", "--root", torn, "--out", out, "--skip-broken")
    assert skipped.exit_code == 0, skipped.output
    assert f"warning: {TRACKS[0]}: no mic recording" in skipped.stderr
    assert "2 recordings or annotations were left out" in skipped.stderr


def test_a_broken_contract_fails_the_check(home: Path, tmp_path: Path) -> None:
    run("guitarset", "--root", home, "--out", tmp_path)
    y = np.load(array_path(tmp_path, "y"))
    y[0, 0, :2] = 1.0
    np.save(array_path(tmp_path, "y"), y)
    checked = run("check", tmp_path)
    assert isinstance(checked.exception, DatasetError)
    assert "sample 0, frame 0" in checked.exception.message


def test_merge_joins_folders_and_says_what_it_left_out(home: Path, tmp_path: Path) -> None:
    a, b, c = (tmp_path / name for name in "abc")
    run("guitarset", "--root", home, "--out", a, "--players", "00")
    run("guitarset", "--root", home, "--out", b, "--players", "01", "--no-predictions")
    merged = run("merge", a, b, "--out", c)
    assert merged.exit_code == 0, merged.output
    assert "warning: X_lstm is left out" in merged.stderr
    assert "samples of 3 tracks in" in merged.stderr
    other = run("guitarset", "--root", home, "--out", b, "--force", "--timesteps", "30")
    assert other.exit_code == 0, other.output
    refused = run("merge", a, b, "--out", c, "--force")
    assert isinstance(refused.exception, DatasetError)
    assert "differ in timesteps: 200 in" in refused.exception.message


def test_bad_options_are_refused(home: Path, tmp_path: Path) -> None:
    for arguments, message in (
        (("--source", "midi"), "unknown source"),
        (("--audio", "di"), "unknown recording"),
        (("--workers", "0"), "0 workers"),
        (("--scheduler", "localhost"), "no scheduler's address"),
        (("--players", ","), "names nothing"),
    ):
        failed = run("guitarset", "--root", home, "--out", tmp_path / "x", *arguments)
        assert isinstance(failed.exception, OptionError), failed.output
        assert message in failed.exception.message


def test_synth_errs_as_confusions_were_measured(tmp_path: Path) -> None:
    by_hand, measured = tmp_path / "hand.json", tmp_path / "measured.json"
    write_confusions(model(), by_hand, force=False)
    small = ("--minutes", "0.05", "--no-layout", "--quiet")
    first = run("synth", *small, "--out", tmp_path / "a", "--seed", "1", "--confusions", by_hand)
    assert first.exit_code == 0, first.output
    assert "train: 1 sample of 1 track" in first.stderr
    found = run("confusions", tmp_path / "a", "--out", measured)
    assert found.exit_code == 0, found.output
    assert "notes: kept " in found.stderr
    provenance = read_confusions(measured).provenance
    assert provenance["sources"] == ["synthetic"]
    second = run("synth", *small, "--out", tmp_path / "b", "--seed", "2", "--confusions", measured)
    assert second.exit_code == 0, second.output
    assert run("check", tmp_path / "b").exit_code == 0
    merged = run("merge", tmp_path / "a", tmp_path / "b", "--out", tmp_path / "c")
    assert merged.exit_code == 0, merged.output
    refused = run("synth", *small, "--out", tmp_path / "d", "--kind", "bass", "--confusions", by_hand)
    assert isinstance(refused.exception, OptionError)


def test_fetch_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    for arguments, message in (
        (("egfxset", "--out", tmp_path), "unknown dataset 'egfxset'"),
        (("guitarset", "--out", tmp_path, "--what", "mic,di"), "no archive 'di'"),
        (("guitarset", "--out", tmp_path, "--base", "ftp://x"), "no address of a web server"),
    ):
        failed = run("fetch", *arguments)
        assert isinstance(failed.exception, OptionError), failed.output
        assert message in failed.exception.message

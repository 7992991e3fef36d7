"""``fretscribe data tabs`` as typed in a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from fretscribe.cli.__main__ import run
from fretscribe.datasets.arrays import read_arrays
from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.synthetic import render
from fretscribe.io.ascii_tab import write_ascii
from fretscribe.io.audio_writer import write_audio
from fretscribe.io.formats import write_tab
from fretscribe.music import STANDARD_TUNING, Tuning
from guitarset_folder import make_folder
from tab_folder import ONE_BAR, make_tabs, one_note


def test_tabs_become_arrays_with_an_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "tabs"
    make_tabs(home, duration_s=2.0)
    (home / "plain.txt").write_text(ONE_BAR, encoding="utf-8")
    write_tab(one_note(22, tuning=Tuning(capo=0)), home / "high.json")
    assert run(["data", "tabs", str(home), "--out", str(tmp_path / "out")]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "6 files of 6 songs" in err
    assert "tunings: standard (6)" in err
    assert "1 file states no tempo: 120 beats a minute were assumed" in err
    assert "train: 1 note above fret 20 was left out" in err
    assert run(["data", "check", str(tmp_path / "out")]) == 0
    assert "source tabs: 6 tracks" in capsys.readouterr().out
    assert run(["data", "tabs", str(home), "--out", str(tmp_path / "out")]) == 4
    assert "exists" in capsys.readouterr().err


def test_bpm_and_splits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "tabs"
    home.mkdir()
    for name in ("a", "b", "c", "d"):
        (home / f"{name}.txt").write_text(ONE_BAR, encoding="utf-8")
    options = ["--bpm", "60", "--val-share", "0.25", "--grid", "windows", "--quiet"]
    assert run(["data", "tabs", str(home), "--out", str(tmp_path / "out"), *options]) == 0
    assert "state no tempo" not in capsys.readouterr().err
    arrays = read_arrays(tmp_path / "out", "val")
    assert (arrays.info.n_samples, arrays.info.time_step_s) == (1, 0.1)
    assert arrays.valid.sum() == pytest.approx(34, abs=1)  # three beats and 0.4 s


def test_broken_files_fail_or_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tab(one_note(3), tmp_path / "good.json")
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    out = str(tmp_path / "out")
    assert run(["data", "tabs", str(tmp_path), "--out", out]) == 3
    err = capsys.readouterr().err
    assert "error: bad.json: " in err
    assert "1 of 2 files in" in err
    assert "--skip-broken leaves them out" in err
    assert run(["data", "tabs", str(tmp_path), "--out", out, "--skip-broken"]) == 0
    err = capsys.readouterr().err
    assert "warning: bad.json: " in err
    assert "1 file was left out" in err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--bpm", "1"], "a tempo lies between"),
        (["--ring", "0"], "cannot last 0 s"),
        (["--grid", "cqt"], "unknown grid"),
        (["--val-share", "2"], "impossible"),
        (["--timesteps", "0"], "timesteps"),
    ],
)
def test_bad_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    assert run(["data", "tabs", str(tmp_path), "--out", str(tmp_path / "out"), *options]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.slow  # hears ten seconds with the networks that ship
def test_recordings_of_tabs_are_heard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tab = generate_tab(3, duration_s=10.0, tuning=STANDARD_TUNING, style="fingerstyle")
    for folder in ("tabs", "audio"):
        (tmp_path / folder).mkdir()
    (tmp_path / "tabs" / "song.tab.txt").write_text(write_ascii(tab), encoding="utf-8")
    write_audio(render(tab, seed=3), tmp_path / "audio" / "song.wav")
    arguments = ["data", "tabs", str(tmp_path / "tabs"), "--out", str(tmp_path / "out")]
    assert run([*arguments, "--audio", str(tmp_path / "audio")]) == 0
    assert "1 were aligned to their recordings (alike by 0." in capsys.readouterr().err
    arrays = read_arrays(tmp_path / "out")
    assert arrays.info.x_lstm["made_by"] == "built-in weights"
    assert arrays.x_lstm is not None
    assert arrays.x_lstm[arrays.y == 1].mean() > 5 * arrays.x_lstm[arrays.y == 0].mean()
    assert run(["data", "check", str(tmp_path / "out")]) == 0


def test_weights_hear_recordings_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["data", "tabs", str(tmp_path), "--out", str(tmp_path / "out")]
    assert run([*arguments, "--weights", str(tmp_path)]) == 2
    assert "name their folder with --audio" in capsys.readouterr().err


@pytest.mark.slow  # trains a network
def test_the_documented_sequence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Annotations as text tabs, beside recordings, to weights."""
    pytest.importorskip("torch")
    monkeypatch.setenv("FRETSCRIBE_CACHE", str(tmp_path / "cache"))
    tabs = make_folder(tmp_path / "set", duration_s=6.0)
    (tmp_path / "tabs").mkdir()
    for track, tab in tabs.items():
        (tmp_path / "tabs" / f"my {track}.tab.txt").write_text(write_ascii(tab), encoding="utf-8")
    config = tmp_path / "lstm.toml"
    text = (Path(__file__).parents[2] / "configs" / "lstm.toml").read_text(encoding="utf-8")
    config.write_text(text.replace("epochs = 6", "epochs = 1"), encoding="utf-8")
    mine, real, both, weights = (str(tmp_path / name) for name in ("mine", "real", "both", "weights"))
    for arguments in (
        ["tabs", str(tmp_path / "tabs"), "--out", mine],
        ["guitarset", "--root", str(tmp_path / "set"), "--out", real],
        ["merge", real, mine, "--out", both],
        ["check", both],
    ):
        assert run(["data", *arguments]) == 0
    samples = read_arrays(tmp_path / "both").info.samples
    assert {sample.source for sample in samples} == {"guitarset-mic", "tabs"}
    train = ["train", "lstm", str(config), "--arrays", both, "--val-players", "01", "-o", weights]
    assert run(train) == 0
    assert (tmp_path / "weights" / "lstm_final.onnx").is_file()

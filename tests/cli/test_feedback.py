"""``fretscribe feedback``: learned, shown, carried elsewhere, forgotten; the next fingering leans to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fretscribe.cli.__main__ import run
from fretscribe.cli.feedback import own_examples
from fretscribe.datasets.array_options import ArrayOptions
from fretscribe.datasets.guitarset import open_guitarset
from fretscribe.datasets.guitarset_arrays import build
from fretscribe.errors import InputError, OptionError
from fretscribe.feedback.json_lines import parse_lines
from fretscribe.io.formats import read_tab, write_tab
from fretscribe.models.weights import sha256_of
from fretscribe.music import Note, Position, Tab, TabNote, Tuning
from fretscribe.result import AudioInfo, Transcription
from guitarset_folder import TRACKS, make_folder
from tab_networks import make_arrays

SCALE = [48, 50, 52, 53, 55, 57, 59, 60]
NUT = [1, 1, 1, 2, 2, 3, 4, 4]
HIGH = [0, 0, 0, 1, 1, 1, 2, 2]


def _tab(
    strings: list[int], n_times: int = 1, sha256: str = "ab" * 32, path: str = "song.wav"
) -> Transcription:
    tuning = Tuning()
    notes = tuple(
        TabNote(
            note=Note(onset_s=0.25 * i, offset_s=0.25 * i + 0.2, pitch=pitch),
            position=Position(string=string, fret=pitch - tuning.open_pitches[string]),
        )
        for i, (pitch, string) in enumerate(list(zip(SCALE, strings, strict=True)) * n_times)
    )
    audio = AudioInfo(path=path, duration_s=0.25 * len(notes), sha256=sha256)
    return Transcription(tab=Tab(tuning=tuning, notes=notes, title="scale"), audio=audio)


@pytest.fixture
def first(tmp_path: Path) -> Path:
    (tmp_path / "song.wav").write_bytes(b"sound")
    path = tmp_path / "song.json"
    write_tab(_tab(NUT, 40), path)
    return path


@pytest.fixture
def mended(tmp_path: Path) -> Path:
    path = tmp_path / "mended.json"
    write_tab(_tab(HIGH, 40), path)
    return path


def test_what_is_learned_is_shown_exported_and_forgotten(
    tmp_path: Path, first: Path, mended: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ["--store", str(tmp_path / "mine" / "feedback.sqlite3")]
    for _ in range(2):  # learned twice, counted once
        assert run(["feedback", "learn", str(first), str(mended), *store]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "scale: 320 notes: 320 moved" in told.err
    assert "habits learned from 320 notes of 1 recording" in told.err
    assert run(["feedback", "show", *store]) == 0
    shown = capsys.readouterr().out
    assert f"abababababab  scale: 320 notes: 320 moved  ({tmp_path / 'song.wav'})" in shown
    assert "A2  fret 12  played 40, expected 0" in shown
    lines = tmp_path / "feedback.jsonl"
    assert run(["feedback", "export", "-o", str(lines), *store]) == 0
    assert run(["feedback", "forget", "abab", *store]) == 0
    assert "forgot 1 recording" in capsys.readouterr().err
    assert run(["feedback", "import", str(lines), *store]) == 0
    assert run(["feedback", "export", *store]) == 0
    (again,) = parse_lines(capsys.readouterr().out.encode())
    assert parse_lines(lines.read_bytes()) == [again]
    assert run(["feedback", "forget", "--all", *store]) == 0
    assert run(["feedback", "show", *store]) == 0
    assert "all           0 notes" in capsys.readouterr().out


def test_looking_at_an_absent_store_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(tmp_path / "none.sqlite3")]
    assert run(["feedback", "show", *store]) == 0
    assert run(["feedback", "export", *store]) == 0
    assert run(["feedback", "forget", "--all", *store]) == 0
    assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["forget"], OptionError.exit_code, "needs a recording's key, or --all"),
        (["forget", "abab", "--all"], OptionError.exit_code, "needs a recording's key, or --all"),
        (["forget", "a"], OptionError.exit_code, "too short"),
        (["forget", "abcdef"], InputError.exit_code, "no recording's key begins with 'abcdef'"),
        (["import", "absent.jsonl"], InputError.exit_code, "cannot read absent.jsonl"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["feedback", *arguments, "--store", str(tmp_path / "none.sqlite3")]) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["calibrate", "--feedback", "--synthetic"], OptionError.exit_code, "calibrate needs one source"),
        (["calibrate", "--feedback", "--folds", "."], OptionError.exit_code, "--folds is for --dataset"),
        (
            ["calibrate", "--feedback", "--dataset", ".", "--folds", "."],
            OptionError.exit_code,
            "no fold knows your own recordings",
        ),
        (["calibrate", "--feedback", "-o", "OUT"], InputError.exit_code, "no whole tab with its recording"),
        (["feedback", "dataset", "OUT"], InputError.exit_code, "no whole tab with its recording"),
    ],
)
def test_nothing_is_learned_from_nothing(
    arguments: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run([str(out) if argument == "OUT" else argument for argument in arguments]) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_a_mended_tab_becomes_a_dataset(
    tmp_path: Path, mended: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, song, first = tmp_path / "f.sqlite3", tmp_path / "take.wav", tmp_path / "take.json"
    soundfile.write(song, 0.1 * np.random.default_rng(0).standard_normal(22050), 22050)
    write_tab(_tab(NUT, 40, sha256=sha256_of(song), path="take.wav"), first)
    write_tab(replace(_tab(HIGH, 40), audio=None), mended, force=True)
    assert run(["feedback", "learn", str(first), str(mended), "--store", str(store)]) == 0
    assert run(["feedback", "dataset", str(tmp_path / "gold"), "--store", str(store)]) == 0
    assert f"wrote 1 recording into {tmp_path / 'gold'}" in capsys.readouterr().err
    (track,) = open_guitarset(tmp_path / "gold").tracks
    assert [n.position.string for n in track.tab().notes] == HIGH * 40


def test_tabs_of_two_recordings_teach_nothing(
    tmp_path: Path, first: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.json"
    write_tab(replace(_tab(NUT, sha256="cd" * 32)), other)
    store = tmp_path / "none.sqlite3"
    assert run(["feedback", "learn", str(first), str(other), "--store", str(store)]) == InputError.exit_code
    assert "two recordings" in capsys.readouterr().err
    assert not store.exists()


@pytest.mark.slow
def test_retab_leans_to_the_habits_of_this_user_unless_told_otherwise(
    tmp_path: Path, first: Path, mended: Path
) -> None:
    home = {**os.environ, "FRETSCRIBE_HOME": str(tmp_path / "home")}
    assert (
        run(
            [
                "feedback",
                "learn",
                str(first),
                str(mended),
                "--store",
                str(tmp_path / "home" / "feedback.sqlite3"),
            ]
        )
        == 0
    )
    tune = tmp_path / "tune.json"
    write_tab(_tab(NUT), tune)
    frets, told = {}, {}
    for name, more in (("own", []), ("none", ["--no-personal"])):
        line = [sys.executable, "-m", "fretscribe.cli", "retab", str(tune), "--max-span", "4", "-f", "json"]
        done = subprocess.run(
            [*line, "-o", str(tmp_path / name), *more], env=home, capture_output=True, text=True, check=True
        )
        result = read_tab(tmp_path / name / "tune.json")
        frets[name] = [n.position.fret for n in result.tab.notes]
        told[name] = next(s.detail for s in result.stages if s.name == "fingering"), done.stderr
    assert max(frets["none"]) <= 5 < 7 <= min(frets["own"])
    for text in told["own"]:
        assert "leaning to this player's habits, learned from 320 notes of 1 recording" in text
    assert "leaning" not in "".join(told["none"])
    assert json.loads((tmp_path / "own" / "tune.json").read_text())["schema"] == "fretscribe-tab/1"


@pytest.mark.parametrize("time_step_s", [None, 0.05])
def test_mended_tabs_become_arrays_like_others(tmp_path: Path, time_step_s: float | None) -> None:
    make_folder(tmp_path / "set", TRACKS[:1])
    options = ArrayOptions(timesteps=50, time_step_s=time_step_s)
    build(tmp_path / "set", tmp_path / "arrays", options)
    with pytest.raises(InputError, match="no whole tab"):
        own_examples(tmp_path / "own", tmp_path / "arrays")


def test_own_playing_cannot_join_arrays_of_windows(tmp_path: Path) -> None:
    make_arrays(tmp_path / "arrays")
    with pytest.raises(OptionError, match=r"arrays of log-mel frames.*--source audio"):
        own_examples(tmp_path / "own", tmp_path / "arrays")

"""``fretscribe evaluate --pictures``: refused at once where it must fail, told when it is done."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from fretscribe.cli.__main__ import run
from fretscribe.cli.pictures import check_pictures, write_pictures
from fretscribe.errors import OptionError, OutputError
from fretscribe.evaluation.summary import Evaluation, Failure
from fretscribe.io.tab_json import render_tab_json
from fretscribe.music import Note, Position, Tab, TabNote, Tuning
from fretscribe.result import Transcription


def _score(path: Path, frets: Sequence[int]) -> Path:
    tuning = Tuning()
    positions = [Position(string=1, fret=fret) for fret in frets]
    notes = [
        TabNote(note=Note(onset_s=i, offset_s=i + 0.5, pitch=tuning.pitch(position)), position=position)
        for i, position in enumerate(positions)
    ]
    path.write_bytes(render_tab_json(Transcription(tab=Tab(tuning=tuning, notes=tuple(notes)))))
    return path


def test_a_pair_of_scores_is_drawn_into_a_new_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ref, est = _score(tmp_path / "ref.json", [3, 5, 7]), _score(tmp_path / "est.json", [3, 5, 8])
    folder = tmp_path / "new" / "pictures"
    arguments = ["evaluate", str(ref), str(est), "--pictures", str(folder)]
    assert run(arguments) == 0
    captured = capsys.readouterr()
    assert "0.667" in captured.out
    assert captured.err == (
        f"fretscribe: wrote 2 pictures into {folder}; summary.png has all tracks together\n"
    )
    assert sorted(path.name for path in folder.iterdir()) == ["est.json.png", "summary.png"]
    assert run(arguments) == OutputError.exit_code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "has pictures already (--force overwrites" in captured.err
    assert run([*arguments, "--force", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_pictures_are_refused_before_any_work(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    with pytest.raises(OutputError, match=r"not a folder .*--pictures DIR takes a folder"):
        check_pictures(there, force=True)
    with pytest.raises(OutputError, match=r"cannot write into .*choose another folder with --pictures DIR"):
        check_pictures(there / "below", force=True)
    folder = tmp_path / "folder"
    check_pictures(folder, force=False)
    assert folder.is_dir()
    (folder / "notes.txt").write_text("no picture")
    check_pictures(folder, force=False)


def test_protocols_have_no_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", str(tmp_path), "--protocol", "leave-one-player-out", "--folds", str(tmp_path)]
    assert run([*arguments, "--pictures", str(tmp_path / "p")]) == OptionError.exit_code
    assert "--pictures does not go with --protocol" in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_where_every_track_failed_nothing_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluation = Evaluation(rows=(), failures=(Failure(track_id="a", message="cannot be read"),))
    assert write_pictures(evaluation, tmp_path, force=False, quiet=False) == ()
    assert capsys.readouterr().err == ""
    assert list(tmp_path.iterdir()) == []


def test_help_loads_no_matplotlib() -> None:
    script = (
        "import sys\n"
        "from fretscribe.cli.__main__ import run\n"
        "run(['evaluate', '--help'])\n"
        "sys.exit(any(name in sys.modules for name in ('matplotlib', 'numpy')))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--pictures DIR" in done.stdout

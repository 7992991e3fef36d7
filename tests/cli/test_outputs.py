"""Names of results, and what is refused before any work is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from fretscribe.cli.outputs import Destination, check_no_collision, plan_destination
from fretscribe.errors import OptionError, OutputError


def plan(output: str | None = None, *formats: str, force: bool = False, n_inputs: int = 1) -> Destination:
    return plan_destination(output, formats or ("txt,mid,json",), force=force, n_inputs=n_inputs)


def test_names_beside_the_input_and_in_a_folder() -> None:
    names = [path.as_posix() for path in plan().paths(Path("in/my song.wav"))]
    assert names == ["in/my song.tab.txt", "in/my song.mid", "in/my song.json"]
    assert plan("out", "json").paths(Path("in/song.v2.flac")) == (Path("out/song.v2.json"),)
    assert plan("out", "mid").paths(Path("song.tab.txt")) == (Path("out/song.mid"),)


def test_formats_are_read_forgivingly_but_not_guessed() -> None:
    assert plan(None, "JSON, .txt", "txt").formats == ("json", "txt")
    with pytest.raises(OptionError, match=r"'docx'.*choose from.*json"):
        plan(None, "txt,docx")
    with pytest.raises(OptionError, match="no output format"):
        plan(None, ",")


def test_stdout_takes_one_result() -> None:
    assert plan("-", "txt").to_stdout
    assert plan("-", "txt").paths(Path("song.wav")) == ()
    with pytest.raises(OptionError):
        plan("-", "txt,json")
    with pytest.raises(OptionError):
        plan("-", "txt", n_inputs=2)


def test_two_inputs_must_not_become_one_file(tmp_path: Path) -> None:
    sources = [tmp_path / "song.wav", tmp_path / "song.mp3"]
    with pytest.raises(OptionError, match=r"song\.wav and .*song\.mp3 would both become"):
        check_no_collision(plan(None, "txt"), sources)
    apart = [tmp_path / "a" / "song.wav", tmp_path / "b" / "song.wav"]
    check_no_collision(plan(None, "txt"), apart)
    with pytest.raises(OptionError):
        check_no_collision(plan(str(tmp_path), "txt"), apart)


def test_existing_results_are_kept_without_force(tmp_path: Path) -> None:
    source = tmp_path / "song.wav"
    (tmp_path / "song.mid").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"song\.mid exists already \(--force"):
        plan().check(source)
    plan(None, "txt,mid", force=True).check(source)
    plan(None, "txt").check(source)
    (tmp_path / "song.json").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        plan(None, "json", force=True).check(source)


def test_the_folder_is_made(tmp_path: Path) -> None:
    plan(str(tmp_path / "new" / "deep")).check_folder(Path("song.wav"))
    assert (tmp_path / "new" / "deep").is_dir()
    assert not list((tmp_path / "new" / "deep").iterdir())


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="is not a folder"):
        plan(str(tmp_path / "file")).check_folder(Path("song.wav"))
    with pytest.raises(OutputError, match="cannot write into"):
        plan(str(tmp_path / "file" / "below")).check_folder(Path("song.wav"))

"""Notation files from the command line, and a PDF where no program can engrave one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fretscribe.cli.__main__ import run
from fretscribe.io.formats import read_tab, write_tab
from strategies import tab_note, tab_of


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.json"
    write_tab(tab_of(tab_note(0, 3, 0), tab_note(2, 2, 1), tab_note(5, 3, 2)), path)
    return path


def test_notation_from_a_tab(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["retab", str(song), "-f", "musicxml,ly", "-o", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    again = read_tab(tmp_path / "out" / "song.musicxml").tab
    assert [(n.position.string, n.position.fret) for n in again.notes] == [(0, 3), (2, 2), (5, 3)]
    assert "\\stringTuning" in (tmp_path / "out" / "song.ly").read_text(encoding="utf-8")


def test_lilypond_files_are_not_read(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["convert", str(song), str(song.with_suffix(".ly"))]) == 0
    assert run(["convert", str(song.with_suffix(".ly")), str(song.with_suffix(".mid"))]) == 2
    assert "ly tabs can be written but not read" in capsys.readouterr().err


def test_a_pdf_without_a_program_is_refused_before_any_work(song: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fretscribe.cli", "retab", str(song), "-f", "txt,pdf", "-o", "out"]
    bare = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(
        command, cwd=tmp_path, env=bare, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 6
    assert "writing a PDF needs LilyPond or MuseScore, which is not installed" in done.stderr
    assert "install LilyPond" in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_pdf(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("lilypond") is None and shutil.which("musescore3") is None:
        pytest.skip("neither LilyPond nor MuseScore is installed: make install-system")
    assert run(["convert", str(song), str(song.with_suffix(".pdf"))]) == 0
    assert song.with_suffix(".pdf").read_bytes().startswith(b"%PDF-")
    assert capsys.readouterr().out == ""

"""PDF through LilyPond or MuseScore: which program, what it is given, and how its failures are told."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from engravers import lilypond, musescore, play_with_musescore, struck, written_strikes
from fretscribe.errors import MissingProgramError, OutputError
from fretscribe.io.engraver import find_engraver, render_pdf
from fretscribe.io.tab_to_score import tab_to_score
from random_tabs import n_tabs, random_tab
from scores import note, row, score, track

SMALL = score(track(row(note(0, 3), note(1, 2), note(2, 0), note(5, 3))), title='"} #(system "touch pwned")')


def fake(folder: Path, name: str, script: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_without_a_program_the_error_says_what_to_install() -> None:
    with pytest.raises(MissingProgramError, match="writing a PDF needs LilyPond or MuseScore") as caught:
        render_pdf(SMALL, find_program=lambda _: None)
    assert "install LilyPond" in caught.value.mend
    assert "write ly" in caught.value.mend


def test_lilypond_comes_first() -> None:
    there = {"lilypond": "/a/lilypond", "musescore3": "/b/musescore3"}
    assert find_engraver(there.get) == "/a/lilypond"
    del there["lilypond"]
    assert find_engraver(there.get) == "/b/musescore3"


@pytest.mark.parametrize(
    ("name", "script"),
    [("lilypond", 'grep -q stringTuning score.ly && echo "%PDF" > score.pdf'),
     ("musescore3", 'grep -q staff-tuning score.musicxml && echo "%PDF" > "$2"')],
)  # fmt: skip
def test_a_program_gets_its_own_language_in_a_folder_of_its_own(
    tmp_path: Path, name: str, script: str
) -> None:
    program = fake(tmp_path, name, script)
    assert render_pdf(SMALL, find_program={name: program}.get) == b"%PDF\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == [name]


@pytest.mark.parametrize(
    ("script", "message"),
    [("echo first >&2; echo 'no such font' >&2; exit 3", "lilypond failed with status 3: no such font"),
     ("echo odd >&2", "lilypond wrote no PDF: odd"),
     ("exec sleep 60", "lilypond took longer than 0.2 s to engrave the score")],
)  # fmt: skip
def test_failures_are_one_line(tmp_path: Path, script: str, message: str) -> None:
    program = fake(tmp_path, "lilypond", script)
    with pytest.raises(OutputError) as caught:
        render_pdf(SMALL, find_program={"lilypond": program}.get, timeout_s=0.2 if "sleep" in script else 60)
    assert caught.value.message == message


def test_a_program_that_does_not_start_is_told(tmp_path: Path) -> None:
    program = tmp_path / "lilypond"
    program.write_bytes(b"\x00")
    with pytest.raises(OutputError, match="lilypond does not start"):
        render_pdf(SMALL, find_program={"lilypond": str(program)}.get)


@pytest.mark.slow
def test_lilypond_engraves_a_pdf_and_runs_nothing_of_a_title() -> None:
    before = set(Path.cwd().iterdir())
    pdf = render_pdf(SMALL, find_program={"lilypond": lilypond()}.get)
    assert pdf.startswith(b"%PDF-")
    assert len(pdf) > 5000
    assert set(Path.cwd().iterdir()) == before


@pytest.mark.slow
def test_musescore_plays_the_musicxml_at_its_beats(tmp_path: Path) -> None:
    """MuseScore 3 chooses frets of its own, so that only pitches and beats are compared.

    Without slides, for it plays the notes that they pass.
    """
    musescore()
    scores = []
    for seed in range(n_tabs(16)):
        tab = random_tab(seed)
        plain = (dataclasses.replace(n, techniques=n.techniques - {"slide"}) for n in tab.notes)
        scores.append(tab_to_score(dataclasses.replace(tab, notes=tuple(plain))))
    for made, sound in zip(scores, play_with_musescore(scores, tmp_path), strict=True):
        assert np.array(struck(sound)) == pytest.approx(np.array(written_strikes(made)), abs=0.02)


@pytest.mark.slow
def test_musescore_engraves_a_pdf() -> None:
    pdf = render_pdf(SMALL, find_program={"musescore3": musescore()}.get)
    assert pdf.startswith(b"%PDF-")

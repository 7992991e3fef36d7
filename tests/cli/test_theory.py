"""``fretscribe theory``: what it says of a tab, and of what is no tab or key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fretscribe.cli.__main__ import run
from fretscribe.cli.theory import harmony_lines
from fretscribe.io.formats import write_tab
from fretscribe.music import BeatGrid, Chord, Note, Position, Tab, TabNote, Tuning
from fretscribe.result import Transcription

TUNING = Tuning()
SHAPES = {  # frets, low string first; None is not played
    "G": (3, 2, 0, 0, 0, 3),
    "Em": (0, 2, 2, 0, 0, 0),
    "C": (None, 3, 2, 0, 1, 0),
    "D": (None, None, 0, 2, 3, 2),
    "D/F#": (2, None, 0, 2, 3, 2),
}


def strummed(names: list[str], *, beats: bool = True) -> Tab:
    """A bar of four strums for each chord at 120 beats a minute."""
    notes = []
    for i, name in enumerate(name for name in names for _ in range(4)):
        for string, fret in enumerate(SHAPES[name]):
            if fret is None:
                continue
            position = Position(string=string, fret=fret)
            note = Note(onset_s=0.5 * i, offset_s=0.5 * i + 0.49, pitch=TUNING.pitch(position))
            notes.append(TabNote(note=note, position=position))
    grid = BeatGrid.constant(120.0, 2.0 * len(names))
    return Tab(tuning=TUNING, notes=tuple(notes), beats=grid if beats else None)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.json"
    write_tab(Transcription(tab=strummed(["G", "D/F#", "Em", "C", "G", "D", "G"])), path)
    return path


def test_key_scale_and_chords_by_bars(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["theory", str(song)]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "key     G major"
    assert lines[1] == "scale   G major (G A B C D E F#), 100 % of the notes"
    rows = [line.split()[:4] for line in lines if line[:1].isdigit()]
    assert rows == [
        ["1", "0:00.0", "G", "I"],
        ["2", "0:02.0", "D/F#", "V/7"],
        ["3", "0:04.0", "Em", "vi"],
        ["4", "0:06.0", "C", "IV"],
        ["5", "0:08.0", "G", "I"],
        ["6", "0:10.0", "D", "V"],
        ["7", "0:12.0", "G", "I"],
    ]
    assert rows[0][:3] == ["1", "0:00.0", "G"]
    assert "G major, G major pentatonic" in next(line for line in lines if line.startswith("1 "))
    assert err == ""


def test_a_given_key_counts(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["theory", str(song), "--key", "E minor"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("key     E minor\n")
    assert [line.split()[3] for line in out.splitlines() if line[:1].isdigit()] == [
        "III",
        "VII/2",
        "i",
        "VI",
        "III",
        "VII",
        "III",
    ]


def test_chords_of_the_file_are_kept_and_places_within_bars_told() -> None:
    chords = (
        Chord(start_s=0.0, end_s=2.5, name="Gadd9"),
        Chord(start_s=2.5, end_s=3.25, name="N.C."),
        Chord(start_s=3.25, end_s=4.0, name="weird"),
    )
    tab = replace(strummed(["G", "D"]), chords=chords)
    rows = [line.split() for line in harmony_lines(tab) if line[:1].isdigit()]
    assert [row[:4] for row in rows[:1]] == [["1", "0:00.0", "Gadd9", "Iadd9"]]
    assert [row[:3] for row in rows[1:]] == [["2:2", "0:02.5", "N.C."], ["2:3.5", "0:03.2", "weird"]]


def test_shapes_above_a_capo() -> None:
    tab = strummed(["G", "D/F#", "G"])
    raised = replace(
        tab,
        tuning=replace(TUNING, capo=2),
        notes=tuple(replace(n, note=replace(n.note, pitch=n.note.pitch + 2)) for n in tab.notes),
    )
    lines = harmony_lines(raised)
    assert lines[0] == "key     A major"
    table = [line.split() for line in lines[lines.index("") + 1 :]]
    assert table[0][2:5] == ["chord", "capo", "2"]
    assert [row[2:5] for row in table[1:]] == [["A", "G", "I"], ["E/G#", "D/F#", "V/7"], ["A", "G", "I"]]


def test_without_beats_or_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plain.json"
    write_tab(Transcription(tab=strummed(["G", "C", "D", "G"], beats=False)), path)
    assert run(["theory", str(path)]) == 0
    out, err = capsys.readouterr()
    assert "key     G major" in out
    assert "has no beats" in err
    assert harmony_lines(Tab(tuning=TUNING, notes=())) == [
        "key     none: fewer than three different tones",
        "chords  none",
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["--key", "H minor"], "is not a note name"), (["--key", "C dorian"], "is not a key")],
)
def test_bad_keys(song: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert run(["theory", str(song), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err


def test_bad_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["theory", str(tmp_path / "absent.json")]) == 3
    assert "no such file" in capsys.readouterr().err

import io
from pathlib import Path

import guitarpro
import pytest
from guitarpro import models as gp

from fretscribe.cli.__main__ import run
from fretscribe.io.formats import read_tab, write_tab
from strategies import tab_note, tab_of


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Two guitars of one bar that is played twice."""
    piece = gp.Song(title="Lied")
    piece.measureHeaders[0].isRepeatOpen = True
    piece.measureHeaders[0].repeatClose = 1
    piece.tracks[0].name = "Lead"
    piece.tracks.append(gp.Track(piece, number=2, name="Rhythm"))
    for fret, track in enumerate(piece.tracks):
        voice = track.measures[0].voices[0]
        beat = gp.Beat(voice, status=gp.BeatStatus.normal)
        beat.notes.append(gp.Note(beat, value=fret + 5, string=6, type=gp.NoteType.normal))
        voice.beats.append(beat)
    file = io.BytesIO()
    guitarpro.write(piece, file, version=(5, 1, 0))
    path = tmp_path / "song.gp5"
    path.write_bytes(file.getvalue())
    return path


def frets(path: Path) -> list[int]:
    return [n.position.fret for n in read_tab(path).tab.notes]


@pytest.mark.parametrize("suffix", [".mid", ".json", ".jams"])
def test_a_guitar_pro_file_becomes_any_tab(
    song: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = song.with_suffix(suffix)
    assert run(["convert", str(song), str(target)]) == 0
    assert frets(target) == [5]
    out, err = capsys.readouterr()
    assert out == ""
    assert "warning: " in err
    assert "track 1 'Lead' is read; not read: 2 'Rhythm' (guitar)" in err


def test_text(song: Path) -> None:
    target = song.with_name("song.tab.txt")
    assert run(["convert", str(song), str(target)]) == 0
    assert "5" in target.read_text(encoding="utf-8")


def test_names_of_strings(song: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    target = song.with_name("song.tab.txt")
    assert run(["convert", str(song), str(target), "--string-names", "numbers"]) == 0
    assert "\n6|-5" in target.read_text(encoding="utf-8")
    assert frets(target) == [5]
    assert run(["retab", str(target), "-o", "-", "-f", "txt", "-q", "--string-names", "pitches"]) == 0
    assert b"\nE2|-5" in capsysbinary.readouterr().out
    assert run(["convert", str(song), str(target), "--force", "--string-names", "runes"]) == 2


def test_a_table(song: Path) -> None:
    target = song.with_suffix(".csv")
    assert run(["convert", str(song), str(target)]) == 0
    assert target.read_bytes().startswith(b"onset_s,")
    assert run(["convert", str(target), str(song.with_suffix(".json"))]) != 0


def test_track_and_unroll(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = song.with_suffix(".json")
    assert run(["convert", str(song), str(target), "--track", "rhythm", "--unroll"]) == 0
    assert frets(target) == [6, 6]
    assert run(["convert", str(song), str(target), "--force", "--track", "2"]) == 0
    assert frets(target) == [6]
    capsys.readouterr()
    assert run(["convert", str(song), str(target), "--force", "--track", "flute"]) == 2
    assert "no track named 'flute'" in capsys.readouterr().err
    assert run(["convert", str(target), str(song.with_suffix(".mid")), "--unroll"]) == 2
    assert "no tracks to choose from and no repeats" in capsys.readouterr().err


def test_formats_that_are_only_read(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["convert", str(song), str(song.with_suffix(".gpx"))]) == 2
    assert "can be read but not written" in capsys.readouterr().err


def test_what_a_format_cannot_hold_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tab(tab_of(tab_note(0, 3, 0), tab_note(1, 5, 1, "bend")), tmp_path / "song.json")
    wanted = "song.json: not in the .gp5 file: 1 bends of unknown height"
    assert run(["convert", str(tmp_path / "song.json"), str(tmp_path / "a.gp5")]) == 0
    assert capsys.readouterr().err.count(wanted) == 1
    assert run(["convert", str(tmp_path / "song.json"), str(tmp_path / "b.json")]) == 0
    assert "not in the" not in capsys.readouterr().err
    folder = str(tmp_path / "out")
    assert run(["retab", str(tmp_path / "song.json"), "-f", "gp5,json", "-o", folder]) == 0
    assert capsys.readouterr().err.count(wanted) == 1
    assert frets(tmp_path / "out" / "song.gp5") == [3, 5]
    assert run(["retab", str(tmp_path / "song.json"), "-f", "gp5", "-o", folder, "--force", "-q"]) == 0
    assert capsys.readouterr().err == ""

import io
from pathlib import Path

import guitarpro
import pytest
from guitarpro import models as gp

from fretscribe.cli.__main__ import run
from fretscribe.io.formats import read_tab


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

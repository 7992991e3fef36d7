"""``fretscribe plot``: pictures of a tab and of a calibration, refused in one line where there are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fretscribe.cli.__main__ import run
from fretscribe.errors import InputError, OptionError, OutputError
from fretscribe.evaluation.pictures.score import MOST_ROWS, place_counts_of, row_starts_s
from fretscribe.io.formats import write_tab
from fretscribe.models.weights import DEFAULT_FOLDER
from fretscribe.music import Note, Position, Tab, TabNote, Tuning
from fretscribe.result import ConfidenceSummary, Transcription
from fretscribe.symbolic.calibration import FILE_NAME


def _result(n_notes: int = 12, confidence: float | None = 0.8) -> Transcription:
    places = [Position(string=1 + i % 4, fret=i % 5) for i in range(n_notes)]
    notes = tuple(
        TabNote(
            note=Note(onset_s=0.5 * i, offset_s=0.5 * i + 0.4, pitch=Tuning().pitch(place)),
            position=place,
            confidence=confidence and max(0.0, confidence - 0.06 * i),
        )
        for i, place in enumerate(places)
    )
    summary = ConfidenceSummary(target_accuracy=0.8, threshold=0.4, share_accepted=0.5)
    return Transcription(tab=Tab(tuning=Tuning(), notes=notes, title="steps"), confidence=summary)


@pytest.fixture
def tab(tmp_path: Path) -> Path:
    path = tmp_path / "song.json"
    write_tab(_result(), path)
    return path


def test_a_tab_is_drawn_beside_itself(tab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from matplotlib.image import imread

    assert run(["plot", str(tab)]) == 0
    picture = tab.with_suffix(".png")
    assert capsys.readouterr().err == f"fretscribe: wrote {picture}\n"
    pixels = imread(picture)
    red, green, blue = np.moveaxis(pixels[..., :3], -1, 0)
    assert ((blue > 0.5) & (red < 0.3)).sum() > 500, "places often played, and sure notes"
    assert ((red > 0.9) & (green > 0.8) & (blue < 0.5)).sum() > 50, "notes half sure"
    before = picture.read_bytes()
    assert run(["plot", str(tab)]) == OutputError.exit_code
    assert run(["plot", str(tab), "--force", "-q"]) == 0
    assert picture.read_bytes() == before, "the same tab is the same picture"


@pytest.mark.parametrize(
    ("view", "shown", "hidden"), [("fretboard", "open", "confidence"), ("roll", "accepted from 0.40", "open")]
)
def test_one_view_alone_as_svg(tab: Path, view: str, shown: str, hidden: str) -> None:
    picture = tab.with_name("view.svg")
    assert run(["plot", str(tab), "--view", view, "-o", str(picture), "-q"]) == 0
    text = picture.read_text(encoding="utf-8")
    assert f"<!-- {shown}" in text
    assert f"<!-- {hidden}" not in text
    assert "<dc:date>" not in text


def test_reliability_needs_and_counts_the_truth(tab: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    played = _result(confidence=None)
    write_tab(replace(played, tab=replace(played.tab, notes=played.tab.notes[:9])), truth)
    picture = tmp_path / "reliability.svg"
    arguments = ["plot", str(tab), "-o", str(picture), "--view", "reliability"]
    assert run(arguments) == OptionError.exit_code
    assert run([*arguments, "--truth", str(truth), "-q"]) == 0
    text = picture.read_text(encoding="utf-8")
    assert "12 notes: ECE" in text
    assert "from 0.40: 100% right, 58% accepted" in text


def test_a_calibration_is_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "calibration.svg"
    assert run(["plot", str(DEFAULT_FOLDER / FILE_NAME), "-o", str(picture), "-q"]) == 0
    assert "what it is, held out" in picture.read_text(encoding="utf-8")
    line = ["plot", str(DEFAULT_FOLDER / FILE_NAME), "-o", str(picture), "--view", "roll", "--force"]
    assert run(line) == OptionError.exit_code


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["absent.json"], InputError.exit_code, "cannot read absent.json"),
        (["song.json", "-o", "song.pdf"], OptionError.exit_code, "end it in .png or .svg"),
        (["song.json", "-o", "absent/song.png"], OutputError.exit_code, "absent is not a folder"),
        (["song.json", "--truth", "song.json"], OptionError.exit_code, "--view reliability --truth REF"),
        (["empty.json"], InputError.exit_code, "no notes"),
        (
            ["bare.json", "--view", "reliability", "--truth", "song.json"],
            InputError.exit_code,
            "no note has a confidence",
        ),
    ],
)
def test_what_cannot_be_drawn_is_one_line(
    arguments: list[str], code: int, message: str, tab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tab.parent
    write_tab(Transcription(tab=Tab(tuning=Tuning(), notes=())), folder / "empty.json")
    write_tab(_result(confidence=None), folder / "bare.json")
    paths = [str(folder / a) if a.partition(".")[2] or "/" in a else a for a in arguments]
    assert run(["plot", *paths]) == code
    error = capsys.readouterr().err.replace(f"{folder}/", "")
    assert message in error
    assert error.count("\n") == 1


def test_places_count_from_the_nut() -> None:
    note = Note(onset_s=0.0, offset_s=1.0, pitch=45)
    tab = Tab(tuning=Tuning(capo=2), notes=(TabNote(note=note, position=Position(string=0, fret=3)),))
    assert place_counts_of(tab) == {Position(string=0, fret=5): 1}


def test_a_long_piece_has_longer_rows() -> None:
    note = Note(onset_s=3599.0, offset_s=3600.0, pitch=40)
    long = Tab(tuning=Tuning(), notes=(TabNote(note=note, position=Position(string=0, fret=0)),))
    rows = row_starts_s(long)
    assert len(rows) <= MOST_ROWS + 1
    assert rows[-1] >= 3600.0

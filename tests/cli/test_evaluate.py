"""``fretscribe evaluate``: what is checked first, what is written where, and how it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fretscribe.cli.__main__ import run
from fretscribe.cli.evaluate import ReportFiles, evaluate_root, parse_track_list, tell_failures
from fretscribe.errors import AudioError, DatasetError, OptionError, OutputError
from fretscribe.io.jams import render_jams
from fretscribe.io.tab_json import render_tab_json
from fretscribe.music import Note, Position, Tab, TabNote, Tuning
from fretscribe.pipeline import TranscribeOptions
from fretscribe.result import Transcription

TRACKS = ("00_A1-120-C_comp", "01_A1-120-C_solo")


def _result(*frets: int) -> Transcription:
    tuning = Tuning()
    notes = []
    for i, fret in enumerate(frets):
        position = Position(string=1, fret=fret)
        note = Note(onset_s=0.5 * i, offset_s=0.5 * i + 0.4, pitch=tuning.pitch(position))
        notes.append(TabNote(note=note, position=position))
    return Transcription(tab=Tab(tuning=tuning, notes=tuple(notes)))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A dataset of two tracks with the frets 3, 5, 7."""
    home = tmp_path / "data"
    (home / "annotation").mkdir(parents=True)
    (home / "audio_mono-mic").mkdir()
    for track_id in TRACKS:
        (home / "annotation" / f"{track_id}.jams").write_bytes(render_jams(_result(3, 5, 7)))
        (home / "audio_mono-mic" / f"{track_id}_mic.wav").write_bytes(b"")
    return home


class FakeModel:
    """Hears the frets it was given, and remembers what it was asked."""

    def __init__(self, *frets: int) -> None:
        self.frets = frets
        self.heard: list[tuple[str, str, object]] = []

    def load(self, weights: Path | None) -> Callable[[Path, TranscribeOptions], Transcription]:
        return self

    def __call__(self, path: Path, options: TranscribeOptions) -> Transcription:
        self.heard.append((path.name, options.tuning, options.capo))
        return _result(*self.frets)


def _never_load(weights: Path | None) -> Callable[[Path, TranscribeOptions], Transcription]:
    raise AssertionError("the model was loaded before everything was checked")


def test_a_dataset_is_transcribed_in_the_tuning_given_and_the_report_says_so(root: Path) -> None:
    model = FakeModel(3, 5, 8)
    evaluation = evaluate_root(root, load=model.load)
    assert model.heard == [(f"{track_id}_mic.wav", "standard", 0) for track_id in TRACKS]
    assert evaluation.means()["note_f1"] == pytest.approx(2 / 3)
    assert evaluation.settings["tuning given to the transcriber"] == "standard"
    assert evaluation.settings["weights"] == "built-in"


def test_auto_leaves_tuning_and_capo_to_the_transcriber(root: Path) -> None:
    model = FakeModel(3)
    evaluate_root(root, tracks=TRACKS[:1], tuning="auto", load=model.load)
    assert model.heard == [("00_A1-120-C_comp_mic.wav", "auto", "auto")]


def test_everything_is_checked_before_the_model_is_loaded(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no track 'x'"):
        evaluate_root(root, tracks=["x"], load=_never_load)
    with pytest.raises(OptionError):
        evaluate_root(root, tuning="no such tuning", load=_never_load)
    with pytest.raises(DatasetError, match="not a folder"):
        evaluate_root(tmp_path / "absent", load=_never_load)


def test_a_recording_that_fails_is_told_and_the_others_are_judged(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def hears_only_comping(path: Path, options: TranscribeOptions) -> Transcription:
        if "solo" in path.name:
            raise AudioError(f"{path.name}: cannot be read")
        return _result(3, 5, 7)

    evaluation = evaluate_root(root, load=lambda weights: hears_only_comping)
    assert [row.scores.notes.onset.f1 for row in evaluation.rows] == [1.0]
    assert tell_failures(evaluation) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "fretscribe: error: 01_A1-120-C_solo: 01_A1-120-C_solo_mic.wav: cannot be read",
        "fretscribe: 1 of 2 tracks could not be judged",
    ]
    assert tell_failures(evaluate_root(root, load=FakeModel(3).load)) == 0


def test_unpaired_recordings_are_warned_of_unless_quiet(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "audio_mono-mic" / "04_A1-120-C_solo_mic.wav").write_bytes(b"")
    evaluate_root(root, load=FakeModel(3).load)
    assert "04_A1-120-C_solo_mic.wav has no annotation" in capsys.readouterr().err
    evaluate_root(root, load=FakeModel(3).load, quiet=True)
    assert capsys.readouterr().err == ""


def test_files_that_cannot_be_written_are_refused_at_once(tmp_path: Path) -> None:
    there = tmp_path / "there.json"
    there.write_text("mine")
    for path, message in (
        (there, "exists already"),
        (tmp_path, "is a folder"),
        (tmp_path / "absent" / "x.json", "is not a folder"),
    ):
        with pytest.raises(OutputError, match=message):
            ReportFiles(json=path).check()
    ReportFiles(json=there, force=True).check()


def test_track_lists_need_a_track() -> None:
    assert parse_track_list(" a,b, a") == ["a", "b"]
    with pytest.raises(OptionError, match="names no track"):
        parse_track_list(" , ")


def test_a_pair_of_scores_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ref, est = tmp_path / "ref.jams", tmp_path / "est.json"
    ref.write_bytes(render_jams(_result(3, 5, 7, 8)))
    est.write_bytes(render_tab_json(_result(3, 5, 7, 10)))
    report, table = tmp_path / "report.json", tmp_path / "table.md"
    arguments = ["evaluate", str(ref), str(est), "--json", str(report), "--markdown", str(table), "--errors"]
    assert run(arguments) == 0
    out = capsys.readouterr().out
    assert out == table.read_text(encoding="utf-8")
    assert "0.750" in out
    assert "near_pitch" in out
    document = json.loads(report.read_text(encoding="utf-8"))
    assert document["settings"] == {"reference": "ref.jams", "estimate": "est.json"}
    assert document["tracks"][0]["note_f1"] == 0.75
    assert document["errors"]["verdicts"]["near_pitch"] == 1
    assert run(arguments) == OutputError.exit_code
    assert run([*arguments, "--force"]) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["absent"], DatasetError.exit_code, "not a folder"),
        (["a.json", "b.json", "--tracks", "x"], OptionError.exit_code, "are for datasets"),
        ([".", "--tracks", ","], OptionError.exit_code, "names no track"),
        ([], 2, "ROOT"),
    ],
)
def test_bad_command_lines_leave_with_one_line_and_a_code(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1

"""``fretscribe calibrate``: its sources, what it writes and prints, and how it leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fretscribe.cli.__main__ import run
from fretscribe.cli.calibrate import Listener, Source, calibration_table, run_calibration
from fretscribe.errors import AudioError, DatasetError, OptionError, OutputError, WeightsError
from fretscribe.frames import Audio
from fretscribe.io.jams import render_jams
from fretscribe.music import Note, Position, Tab, TabNote, Tuning
from fretscribe.result import Transcription
from fretscribe.symbolic.calibration_file import read_calibration

TRACKS = ("00_A1-120-C_comp", "01_A1-120-C_solo")
N_NOTES = 40


@pytest.fixture
def arrays(tmp_path: Path) -> tuple[Path, Path]:
    """Predictions that are as sure as they should be, and their truth."""
    rng = np.random.default_rng(0)
    p = rng.uniform(0.6, 0.99, (20, 10, 6))
    fret = rng.integers(0, 21, p.shape)
    played = np.where(rng.random(p.shape) < p, fret, (fret + 1) % 21)
    pred, truth = np.zeros((2, *p.shape, 21), dtype=np.float32)
    np.put_along_axis(pred, fret[..., None], p[..., None].astype(np.float32), axis=-1)
    np.put_along_axis(truth, played[..., None], np.float32(1.0), axis=-1)
    paths = tmp_path / "y_pred.npy", tmp_path / "y_val.npy"
    for path, array in zip(paths, (pred, truth), strict=True):
        np.save(path, array.reshape(20, 10, 126))
    return paths


def test_arrays_become_a_file_a_picture_and_a_table_on_stderr(
    arrays: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pred, truth = arrays
    out, picture = tmp_path / "own.json", tmp_path / "own.png"
    arguments = ["calibrate", "--pred", str(pred), "--truth", str(truth), "-o", str(out)]
    assert run([*arguments, "--picture", str(picture), "--target-accuracy", "0.87"]) == 0
    made = read_calibration(out)
    assert (made.level, made.target_accuracy, made.counts.n_examples) == ("frames", 0.87, 1200)
    assert made.provenance["pred"] == "y_pred.npy"
    assert picture.read_bytes()[:4] == b"\x89PNG"
    printed = capsys.readouterr()
    assert printed.out == ""
    assert calibration_table(made) in printed.err
    assert "networks behind these arrays are not known" in printed.err
    assert f"wrote {out}" in printed.err
    assert run([*arguments, "--force", "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_folder_of_weights_gets_the_file_and_its_networks_are_named(
    arrays: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "tabcnn.onnx").write_bytes(b"net")
    (folder / "acoustic.onnx").write_bytes(b"another")
    pred, truth = map(str, arrays)
    assert run(["calibrate", "--pred", pred, "--truth", truth, "--weights", str(folder)]) == 0
    made = read_calibration(folder / "confidence_calibration.json")
    assert dict(made.weights) == {"tabcnn": hashlib.sha256(b"net").hexdigest()}
    assert "not known" not in capsys.readouterr().err


def test_the_table_marks_what_was_chosen_and_what_is_not_met(arrays: tuple[Path, Path]) -> None:
    source = Source(pred=arrays[0], truth=arrays[1])
    made, code = run_calibration(source, target_accuracy=0.8, quiet=True)
    lines = calibration_table(made).splitlines()
    assert code == 0
    assert lines[0].startswith("1200 frets in frames in 5 groups, ")
    assert [line.split()[1] for line in lines if line.startswith("* ")] == [made.method, "0.80"]
    never = replace(made, thresholds=(*made.thresholds[:-1], replace(made.thresholds[-1], **_UNMET)))
    assert "0.95         not met by any threshold" in calibration_table(never)


_UNMET = dict.fromkeys(["threshold", "accuracy", "coverage", "crossed_accuracy", "crossed_coverage"])


def _played(seed: int, *, right: float = 1.0) -> Tab:
    """A line on the D string; each note strays to the A string with its own probability."""
    rng = np.random.default_rng(seed)
    tuning, notes = Tuning(), []
    for i, fret in enumerate(rng.integers(2, 10, N_NOTES)):
        on_its_string = rng.random() < right
        position = (
            Position(string=2, fret=int(fret)) if on_its_string else Position(string=1, fret=int(fret) + 5)
        )
        note = Note(onset_s=0.5 * i, offset_s=0.5 * i + 0.4, pitch=tuning.pitch(position), onset_prob=0.8)
        notes.append(TabNote(note=note, position=position))
    return Tab(tuning=tuning, notes=tuple(notes))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    home = tmp_path / "data"
    (home / "annotation").mkdir(parents=True)
    (home / "audio_mono-mic").mkdir()
    for seed, track_id in enumerate(TRACKS):
        data = render_jams(Transcription(tab=_played(seed)))
        (home / "annotation" / f"{track_id}.jams").write_bytes(data)
        (home / "audio_mono-mic" / f"{track_id}_mic.wav").write_bytes(b"")
    return home


def _listener(*, broken: str = "nothing") -> Callable[[Path | None], Listener]:
    def hears(recording: Path | Audio) -> Transcription:
        if not isinstance(recording, Path):
            return Transcription(tab=_played(7, right=0.7))
        if broken in recording.name:
            raise AudioError(f"{recording.name}: cannot be read")
        return Transcription(tab=_played(int(recording.name[:2]), right=0.7))

    return lambda weights: Listener(transcribe=hears, weights={"acoustic": "a" * 64})


def _never_load(weights: Path | None) -> Listener:
    raise AssertionError("the model was loaded before everything was checked")


def test_a_dataset_is_transcribed_and_the_networks_in_use_are_written_down(root: Path) -> None:
    made, code = run_calibration(Source(dataset=root), target_accuracy=0.8, load=_listener())
    assert code == 0
    assert (made.level, made.counts.n_examples, made.counts.n_groups) == ("notes", 2 * N_NOTES, 2)
    assert dict(made.weights) == {"acoustic": "a" * 64}


def test_a_recording_that_fails_is_told_and_fails_the_command_after_the_rest(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, code = run_calibration(Source(dataset=root), target_accuracy=0.8, load=_listener(broken="00_"))
    assert code == 1
    assert made.counts.n_examples == N_NOTES
    assert capsys.readouterr().err == (
        "fretscribe: error: 00_A1-120-C_comp: 00_A1-120-C_comp_mic.wav: cannot be read\n"
    )


def test_rendered_guitars_need_no_data() -> None:
    source = Source(synthetic=True, minutes=0.02, seed=3)
    with pytest.raises(DatasetError, match="all 200 examples are wrong"):  # the fake hears its own line
        run_calibration(source, target_accuracy=0.8, quiet=True, load=_listener())


def test_everything_is_checked_before_the_model_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="not a folder"):
        run_calibration(Source(dataset=tmp_path / "absent"), target_accuracy=0.8, load=_never_load)


def test_the_built_in_networks_calibrate_on_rendered_sound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "calibration.json"
    assert run(["calibrate", "--synthetic", "--minutes", "0.3", "--seed", "1", "-o", str(out)]) == 0
    made = read_calibration(out)
    assert made.counts.n_groups == 5
    assert all(len(sha256) == 64 for sha256 in made.weights.values())
    assert "acoustic" in made.weights
    assert "held out" in capsys.readouterr().err


ARRAYS = ["--pred", "y_pred.npy", "--truth", "y_val.npy"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], OptionError.exit_code, "needs one source"),
        (["--synthetic", "--dataset", "."], OptionError.exit_code, "needs one source"),
        (["--synthetic", *ARRAYS], OptionError.exit_code, "needs one source"),
        (["--pred", "y_pred.npy"], OptionError.exit_code, "--pred and --truth go together"),
        (["--truth", "y_val.npy"], OptionError.exit_code, "--pred and --truth go together"),
        ([*ARRAYS, "--seed", "1"], OptionError.exit_code, "are for --synthetic"),
        (["--dataset", ".", "--minutes", "1"], OptionError.exit_code, "are for --synthetic"),
        ([*ARRAYS, "--target-accuracy", "80"], OptionError.exit_code, "must lie in 0..1"),
        (["--synthetic", "--minutes", "0"], OptionError.exit_code, "--minutes must be positive"),
        (["--synthetic", "--seed", "-1"], OptionError.exit_code, "--seed must not be negative"),
        ([*ARRAYS, "--picture", "x.pdf"], OptionError.exit_code, "end it in .png or .svg"),
        ([*ARRAYS, "--weights", "absent"], WeightsError.exit_code, "not a folder of weights"),
        ([*ARRAYS, "-o", "absent/x.json"], OutputError.exit_code, "absent is not a folder"),
        ([*ARRAYS, "-o", "y_val.npy"], OutputError.exit_code, "exists already"),
        ([*ARRAYS, "-o", "."], OutputError.exit_code, "is a folder"),
        (["--dataset", "absent"], DatasetError.exit_code, "absent is not a folder"),
        (["--pred", "absent.npy", "--truth", "y_val.npy"], DatasetError.exit_code, "cannot read absent.npy"),
        (["--pred", "text.npy", "--truth", "y_val.npy"], DatasetError.exit_code, "is not a .npy array"),
        (["--pred", "pickled.npy", "--truth", "y_val.npy"], DatasetError.exit_code, "is not a .npy array"),
        (["--pred", "many.npz", "--truth", "y_val.npy"], DatasetError.exit_code, "archive of arrays"),
        (["--pred", "flat.npy", "--truth", "y_val.npy"], DatasetError.exit_code, "(samples, timesteps, 126)"),
        (["--pred", "y_val.npy", "--truth", "y_val.npy"], DatasetError.exit_code, "nothing to calibrate on"),
        (["--pred", "y_val.npy", "--truth", "y_pred.npy"], DatasetError.exit_code, "zeros and ones only"),
    ],
)
def test_bad_command_lines_leave_with_one_line_and_a_code(
    arguments: list[str],
    code: int,
    message: str,
    arrays: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.npy").write_text("0.5\n")
    np.save("pickled.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.savez("many.npz", a=np.zeros(3))
    np.save("flat.npy", np.zeros((3, 6, 21)))
    before = sorted(tmp_path.iterdir())
    assert run(["calibrate", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before

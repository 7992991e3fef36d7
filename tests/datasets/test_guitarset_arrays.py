"""A folder in GuitarSet's layout becomes training arrays, or fails by name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fretscribe.datasets.array_options import ArrayOptions, Predictor, parse_audio, parse_source
from fretscribe.datasets.arrays import decode_frets, read_arrays, read_infos
from fretscribe.datasets.arrays_check import check_arrays
from fretscribe.datasets.guitarset import Track, open_guitarset
from fretscribe.datasets.guitarset_arrays import build
from fretscribe.datasets.windows import open_windows
from fretscribe.dsp.mel import log_mel
from fretscribe.errors import DatasetError, OptionError, OutputError
from fretscribe.frames import FloatArray
from fretscribe.io.audio import read_audio
from fretscribe.workers.pool import worker_pool
from guitarset_folder import TRACKS, make_folder, make_windows

REAL_DATA = (
    Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "guitarset"
)
SMALL = ArrayOptions(timesteps=40)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guitarset") / "set"
    make_folder(folder)
    make_windows(folder / "cqt_windows.zip")
    return folder


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return shutil.copytree(made, tmp_path / "set")


def test_audio_becomes_frames_with_the_truth_of_the_annotation(home: Path, tmp_path: Path) -> None:
    shown: list[tuple[str, float]] = []
    report = build(home, tmp_path / "out", SMALL, progress=lambda *step: shown.append(step))
    assert report.broken == ()
    assert [name for name, _ in shown] == list(TRACKS)
    assert shown[-1][1] == 1.0
    arrays = read_arrays(tmp_path / "out")
    assert arrays.info == report.infos["train"]
    assert arrays.x_lstm is None
    assert arrays.info.players == ("00", "01")
    for track in open_guitarset(home).tracks:
        at = [i for i, sample in enumerate(arrays.info.samples) if sample.track == track.track_id]
        n_frames = sum(arrays.info.samples[i].n_frames for i in at)
        recording = read_audio(track.audio_path()).audio.mono()
        expected = log_mel(recording)
        assert arrays.x_spec is not None
        found = arrays.x_spec[at].reshape(-1, 128)
        np.testing.assert_array_equal(found[:n_frames], expected)
        assert arrays.valid[at].sum() == n_frames == len(expected)
        frets = decode_frets(arrays.y[at].reshape(-1, 126))[:n_frames]
        for note in track.truth().notes:
            middle = round(0.5 * (note.onset_s + note.offset_s) * 22050 / 512)
            if note.offset_s - note.onset_s > 0.1 and middle < n_frames:
                assert frets[middle, note.string] == note.fret
    (check,) = check_arrays(tmp_path / "out")
    assert check.valid_share == arrays.valid.mean()


def test_windows_keep_their_values_and_say_which_are_missing(home: Path, tmp_path: Path) -> None:
    build(home, tmp_path / "out", replace(SMALL, source="windows", val_players=("01",)))
    assert list(read_infos(tmp_path / "out")) == ["train", "val"]
    train, val = (read_arrays(tmp_path / "out", split) for split in ("train", "val"))
    assert train.info.players == ("00",)
    assert val.info.players == ("01",)
    assert (train.info.sample_rate, train.info.hop_length, train.info.start_s) == (10, 1, 0.1)
    assert val.x_win is not None
    np.testing.assert_array_equal(val.x_win[0, :25], open_windows(home).read(TRACKS[2]).windows)
    assert val.valid[0].tolist() == [True] * 3 + [False] + [True] * 21 + [False] * 15
    assert train.info.samples[0].source == "guitarset-windows"


def test_the_bytes_depend_on_the_input_only(home: Path, tmp_path: Path) -> None:
    build(home, tmp_path / "a", SMALL)
    build(home, tmp_path / "b", SMALL)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


@pytest.mark.slow  # starts processes
def test_many_workers_make_what_one_makes(home: Path, tmp_path: Path) -> None:
    build(home, tmp_path / "one", SMALL)
    with worker_pool(2) as pool:
        build(home, tmp_path / "two", SMALL, executor=pool)
        build(home, tmp_path / "windows", replace(SMALL, source="windows"), executor=pool)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_predictor_makes_x_lstm_and_is_described(home: Path, tmp_path: Path) -> None:
    asked = []

    def predict(track: Track, frames: FloatArray) -> np.ndarray:
        asked.append((track.track_id, track.player, frames.shape[1:]))
        probs = np.full((len(frames), 6, 22), 0.5 / 21)
        probs[..., 0] = 0.5
        return probs

    predictor = Predictor(
        predict=predict,
        made_by="default weights",
        seen_player=lambda player: player == "00",
        details={"sha256": "0" * 64},
    )
    build(home, tmp_path / "out", SMALL, predictor=predictor)
    assert asked == [(track, track[:2], (128,)) for track in TRACKS]
    arrays = read_arrays(tmp_path / "out")
    assert arrays.x_lstm is not None
    np.testing.assert_allclose(arrays.x_lstm[arrays.valid], 0.5 / 21, rtol=1e-6)
    assert not arrays.x_lstm[~arrays.valid].any()
    assert arrays.info.x_lstm == {
        "made_by": "default weights",
        "seen_player": {TRACKS[0]: True, TRACKS[1]: True, TRACKS[2]: False},
        "sha256": "0" * 64,
    }
    check_arrays(tmp_path / "out")


def without_audio(home: Path) -> None:
    (home / "audio_mono-mic" / f"{TRACKS[1]}_mic.wav").unlink()


def without_annotation(home: Path) -> None:
    (home / "annotation" / f"{TRACKS[1]}.jams").unlink()


def with_a_broken_annotation(home: Path) -> None:
    (home / "annotation" / f"{TRACKS[1]}.jams").write_text("{}")


def with_a_broken_recording(home: Path) -> None:
    (home / "audio_mono-mic" / f"{TRACKS[1]}_mic.wav").write_bytes(b"RIFF....WAVE")


@pytest.mark.parametrize(
    "spoil", [without_audio, without_annotation, with_a_broken_annotation, with_a_broken_recording]
)
def test_what_is_missing_or_broken_is_named_and_fails_unless_skipped(
    home: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(home)
    told: list[str] = []
    with pytest.raises(DatasetError, match=r"1 recordings or annotations are .*nothing was written"):
        build(home, tmp_path / "out", SMALL, tell=told.append)
    assert len(told) == 1
    assert TRACKS[1] in told[0]
    assert not (tmp_path / "out").exists()
    report = build(home, tmp_path / "out", replace(SMALL, skip_broken=True), tell=told.append)
    assert report.broken == (told[1],)
    assert told[1] == told[0]
    assert {sample.track for sample in report.infos["train"].samples} == {TRACKS[0], TRACKS[2]}
    assert report.infos["train"].provenance["left_out"] == [told[0]]


def test_all_that_is_missing_is_named_before_anything_is_heard(home: Path, tmp_path: Path) -> None:
    for track in TRACKS:
        (home / "audio_mono-mic" / f"{track}_mic.wav").unlink()
    told: list[str] = []
    options = replace(SMALL, skip_broken=True)
    with pytest.raises(DatasetError, match="no track can be used for the split 'train'"):
        build(home, tmp_path / "out", options, tell=told.append)
    assert told == [f"{track}: no mic recording" for track in TRACKS]
    assert not (tmp_path / "out").exists()


def test_players_that_nobody_asked_for_are_no_trouble(home: Path, tmp_path: Path) -> None:
    without_audio(home)
    report = build(home, tmp_path / "out", replace(SMALL, players=("01",)))
    assert report.infos["train"].players == ("01",)
    with pytest.raises(DatasetError, match="no player '07'"):
        build(home, tmp_path / "x", replace(SMALL, players=("07",)))


def test_existing_arrays_are_refused_before_the_work(home: Path, tmp_path: Path) -> None:
    build(home, tmp_path / "out", SMALL)
    heard: list[str] = []
    with pytest.raises(OutputError, match="exists"):
        build(home, tmp_path / "out", SMALL, progress=lambda name, share: heard.append(name))
    assert heard == []
    build(home, tmp_path / "out", replace(SMALL, timesteps=20), force=True)
    assert read_infos(tmp_path / "out")["train"].timesteps == 20


def test_another_time_step_is_kept_as_a_ratio(home: Path, tmp_path: Path) -> None:
    build(home, tmp_path / "out", replace(SMALL, time_step_s=0.05))
    info = read_infos(tmp_path / "out")["train"]
    assert (info.hop_length, info.sample_rate) == (1102, 22050)


def test_impossible_options_are_refused() -> None:
    for options, message in (
        ({"players": ("00", "01"), "val_players": ("01",)}, "player 01 is for both"),
        ({"time_step_s": 0.0}, "time step of 0.0 s"),
        ({"time_step_s": 0.05, "source": "windows"}, "time step of 0.1 s"),
        ({"timesteps": 0}, "must be positive"),
    ):
        with pytest.raises(OptionError, match=message):
            ArrayOptions(**options)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="unknown source 'midi'"):
        parse_source("midi")
    with pytest.raises(OptionError, match="unknown recording 'di'"):
        parse_audio("di")


@pytest.mark.skipif(not (REAL_DATA / "cqt_windows.zip").is_file(), reason="the real data are not here")
@pytest.mark.slow
def test_real_windows_become_arrays(tmp_path: Path) -> None:
    options = ArrayOptions(source="windows", players=("05",), skip_broken=True)
    report = build(REAL_DATA, tmp_path, options)
    assert len({sample.track for sample in report.infos["train"].samples}) == 57
    (check,) = check_arrays(tmp_path)
    sounding = check.cells[:, 1:].sum() / check.cells.sum()
    assert 0.2 < sounding < 0.4

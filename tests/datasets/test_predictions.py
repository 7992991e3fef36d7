"""X_lstm: written beside the arrays with an account of who predicted it, and never made from the truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fretscribe.datasets.array_options import ArrayOptions
from fretscribe.datasets.arrays import array_path, read_arrays, read_infos, write_arrays
from fretscribe.datasets.arrays_check import check_arrays
from fretscribe.datasets.folds import fold_name
from fretscribe.datasets.guitarset import open_guitarset
from fretscribe.datasets.predictions import track_predictor, write_predictions
from fretscribe.dsp.mel import log_mel
from fretscribe.errors import DatasetError, OutputError, WeightsError
from fretscribe.frames import on_grid
from fretscribe.io.audio import read_audio
from fretscribe.models.tabcnn import TabCNN
from guitarset_folder import make_folder
from tab_networks import constant_tabcnn, exported, make_arrays, random_tabcnn

TRACKS = {p: (f"{p}_Toy0-100-C_comp", f"{p}_Toy1-100-C_solo") for p in ("00", "01", "02")}
"""Player -> the tracks that `make_arrays` gives them."""


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network that never heard player k hears fret k."""
    folder = tmp_path_factory.mktemp("folds")
    for fret, player in enumerate(TRACKS):
        exported(constant_tabcnn(fret), folder, fold_name("tabcnn", (player,)))
    return folder


@pytest.fixture(scope="module")
def tabcnn(tmp_path_factory: pytest.TempPathFactory) -> TabCNN:
    """Learned from the players 00 and 02."""
    folder = tmp_path_factory.mktemp("weights")
    return TabCNN(exported(random_tabcnn(), folder, "tabcnn", {"players": ["00", "02"]}), n_threads=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two samples of each player, the last three of their 12 frames padding."""
    make_arrays(tmp_path / "arrays", n_frames=9)
    return tmp_path / "arrays"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_folds_predict_each_player_and_none_was_seen(folder: Path, folds: Path) -> None:
    made = write_predictions(folder, "train", folds=folds, tabcnn=None, force=False)
    assert made["made_by"] == "folds"
    assert made["seen_player"] == {track: False for tracks in TRACKS.values() for track in tracks}
    arrays = read_arrays(folder)
    assert arrays.x_lstm is not None
    places = [set((np.argwhere(sample > 0.5)[:, -1] % 21).tolist()) for sample in arrays.x_lstm]
    assert places == [{0}, {0}, {1}, {1}, {2}, {2}]


def test_one_network_tells_whose_playing_it_had_learned_from(folder: Path, tabcnn: TabCNN) -> None:
    made = write_predictions(folder, "train", folds=None, tabcnn=tabcnn, force=False)
    assert made == {
        "made_by": "given weights",
        "sha256": tabcnn.sha256,
        "seen_player": {track: player != "01" for player, tracks in TRACKS.items() for track in tracks},
    }
    arrays = read_arrays(folder)
    assert arrays.x_lstm is not None
    assert arrays.x_win is not None
    expected = tabcnn.predict(arrays.x_win[3, :9], microphone=0.0)[..., 1:]
    np.testing.assert_allclose(arrays.x_lstm[3, :9].reshape(9, 6, 21), expected, atol=1e-6)


def test_weights_of_the_package_are_called_built_in(folder: Path, tabcnn: TabCNN) -> None:
    built_in = TabCNN(replace(tabcnn.weights, built_in=True), n_threads=1)
    made = write_predictions(folder, "train", folds=None, tabcnn=built_in, force=False)
    assert made["made_by"] == "built-in weights"


def test_the_account_lies_beside_the_arrays_and_all_else_stays(folder: Path, tabcnn: TabCNN) -> None:
    make_arrays(folder, ("03",), split="val")
    before, files = read_infos(folder), contents(folder)
    made = write_predictions(folder, "train", folds=None, tabcnn=tabcnn, force=False)
    after = read_infos(folder)
    assert dict(after["train"].x_lstm) == made
    assert replace(after["train"], x_lstm={}) == before["train"]
    assert after["val"] == before["val"]
    changed = {name for name, data in contents(folder).items() if files.get(name) != data}
    assert changed == {"X_lstm_train.npy", "arrays.json"}
    check_arrays(folder)


def test_frames_that_do_not_count_are_silent(folder: Path, tabcnn: TabCNN) -> None:
    write_predictions(folder, "train", folds=None, tabcnn=tabcnn, force=False)
    tab = np.load(array_path(folder, "x_lstm"))
    assert tab[:, :9].any(axis=-1).all()
    assert not tab[:, 9:].any()


def test_predictions_come_from_what_was_heard_and_never_from_the_truth(
    folder: Path, tmp_path: Path, tabcnn: TabCNN
) -> None:
    """Another truth beside the same windows gives the same predictions."""
    arrays = read_arrays(folder)
    other = replace(arrays, y=np.ascontiguousarray(arrays.y[::-1]))
    write_arrays(tmp_path / "other", other, force=False)
    for place in (folder, tmp_path / "other"):
        write_predictions(place, "train", folds=None, tabcnn=tabcnn, force=False)
    tab = np.load(array_path(folder, "x_lstm"))
    np.testing.assert_array_equal(np.load(array_path(tmp_path / "other", "x_lstm")), tab)
    for truth in (arrays.y, other.y):
        assert not (tab == truth)[:, :9].all(axis=-1).any()


def test_predictions_that_are_there_are_kept_before_any_work_is_done(folder: Path, tmp_path: Path) -> None:
    array_path(folder, "x_lstm").write_bytes(b"dear to somebody")
    before = contents(folder)
    told: list[str] = []
    with pytest.raises(OutputError, match=r"X_lstm_train\.npy exists .*--force"):
        write_predictions(
            folder, "train", folds=tmp_path / "nowhere", tabcnn=None, force=False, progress=told.append
        )
    assert told == []
    assert contents(folder) == before


def test_force_replaces_predictions_and_their_account(folder: Path, folds: Path, tabcnn: TabCNN) -> None:
    write_predictions(folder, "train", folds=folds, tabcnn=None, force=False)
    first = array_path(folder, "x_lstm").read_bytes()
    write_predictions(folder, "train", folds=None, tabcnn=tabcnn, force=True)
    assert array_path(folder, "x_lstm").read_bytes() != first
    assert read_infos(folder)["train"].x_lstm["made_by"] == "given weights"
    write_predictions(folder, "train", folds=folds, tabcnn=None, force=True)
    assert array_path(folder, "x_lstm").read_bytes() == first


def test_a_missing_fold_or_another_grid_leaves_the_folder_as_it_was(
    folder: Path, folds: Path, tmp_path: Path
) -> None:
    make_arrays(folder, ("07",), split="val")
    before = contents(folder)
    with pytest.raises(WeightsError, match=r"has no tabcnn-07\.onnx"):
        write_predictions(folder, "val", folds=folds, tabcnn=None, force=False)
    mel = TabCNN(exported(constant_tabcnn(3, "mel"), tmp_path / "mel", "tabcnn"))
    with pytest.raises(DatasetError, match="time step"):
        write_predictions(folder, "train", folds=None, tabcnn=mel, force=False)
    assert contents(folder) == before


def test_somebody_must_predict(folder: Path) -> None:
    with pytest.raises(ValueError, match="either folds or a network"):
        write_predictions(folder, "train", folds=None, tabcnn=None, force=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guitarset") / "set"
    make_folder(folder)
    return folder


def test_tracks_are_predicted_by_their_players_fold(home: Path, folds: Path) -> None:
    predictor = track_predictor(ArrayOptions(source="windows"), folds=folds)
    assert (predictor.made_by, predictor.seen_player("00")) == ("folds", False)
    windows = np.random.default_rng(0).uniform(-60, 0, (5, 96, 9)).astype(np.float32)
    for track in open_guitarset(home).tracks:
        heard = predictor.predict(track, windows).argmax(axis=-1) - 1
        assert (heard == int(track.player)).all()


def test_a_network_of_windows_listens_to_the_recording_for_arrays_of_log_mel_frames(home: Path) -> None:
    folder = home.parent / "windows"
    exported(random_tabcnn(), folder, "tabcnn", {"players": ["00"]})
    options = ArrayOptions()
    predictor = track_predictor(options, weights=folder)
    assert (predictor.seen_player("00"), predictor.seen_player("01")) == (True, False)
    track = open_guitarset(home).tracks[0]
    audio = read_audio(track.audio_path(), sample_rate=44100).audio
    predicted = predictor.predict(track, np.zeros((80, 128), np.float32))
    expected = on_grid(TabCNN(exported(random_tabcnn(), folder, "tabcnn"))(audio), options.grid(80)).probs
    np.testing.assert_allclose(predicted, expected, atol=1e-5)


def test_a_log_mel_network_predicts_its_own_frames_and_no_windows(home: Path) -> None:
    folder = home.parent / "mel"
    exported(random_tabcnn("mel"), folder, "tabcnn")
    track = open_guitarset(home).tracks[0]
    frames = log_mel(read_audio(track.audio_path(), sample_rate=22050).audio.mono())
    predicted = track_predictor(ArrayOptions(), weights=folder).predict(track, frames)
    expected = TabCNN(exported(random_tabcnn("mel"), folder, "tabcnn")).predict_sequence(frames)
    np.testing.assert_allclose(predicted, expected, atol=1e-5)
    windows = track_predictor(ArrayOptions(source="windows"), weights=folder)
    with pytest.raises(DatasetError, match="not precomputed windows"):
        windows.predict(track, np.zeros((2, 96, 9), np.float32))

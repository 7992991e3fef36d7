"""Folds: each player is predicted by networks that never saw them, and by no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fretscribe.datasets.folds import (
    Fold,
    fold_name,
    fold_weights,
    out_of_fold,
    player_folds,
    predict_samples,
)
from fretscribe.datasets.tab_examples import TabExamples, load_examples
from fretscribe.errors import DatasetError, WeightsError
from fretscribe.frames import tab_from_probs
from fretscribe.models.tabcnn import TabCNN
from fretscribe.models.weights import sha256_of
from tab_networks import MEL_GRID, WINDOW_GRID, constant_tabcnn, exported, make_arrays, random_tabcnn

PLAYERS = ("00", "01", "02")
FRET_OF_FOLD: dict[Fold, int] = {
    ("00",): 0,
    ("01",): 1,
    ("02",): 2,
    ("00", "01"): 3,
    ("00", "02"): 4,
    ("01", "02"): 5,
}
"""Each fold's network hears a fret of its own, so that predictions tell who made them."""


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folds")
    for fold, fret in FRET_OF_FOLD.items():
        exported(constant_tabcnn(fret), folder, fold_name("tabcnn", fold))
    return folder


@pytest.fixture
def examples(tmp_path: Path) -> TabExamples:
    """Two samples of 12 frames of each player; the last three frames are padding."""
    make_arrays(tmp_path / "arrays", PLAYERS, n_frames=9)
    return load_examples(tmp_path / "arrays")


def frets_heard(tab: np.ndarray) -> set[int]:
    """Frets of which something is sure, on any string at any time."""
    return {int(place) % 21 for place in np.argwhere(tab > 0.5)[:, -1]}


def without_frame(examples: TabExamples, frame: int) -> TabExamples:
    """The same examples, one frame of each not to be counted."""
    valid = np.array(examples.arrays.valid)
    valid[:, frame] = False
    return replace(examples, arrays=replace(examples.arrays, valid=valid))


def test_a_folds_name_does_not_depend_on_the_order_of_players() -> None:
    assert fold_name("tabcnn", ("05", "00")) == fold_name("tabcnn", {"00", "05"}) == "tabcnn-00+05"
    assert fold_name("lstm_final", ["03"]) == "lstm_final-03"


def test_folds_are_one_a_player_and_one_a_pair() -> None:
    players = ["03", "00", "02", "03", "01"]
    assert player_folds(players, nested=False) == [("00",), ("01",), ("02",), ("03",)]
    nested = player_folds(players, nested=True)
    assert len(nested) == len(set(nested)) == 4 + 6
    assert all(list(fold) == sorted(set(fold)) for fold in nested)
    assert player_folds(["00"], nested=True) == [("00",)]


def test_a_folds_weights_are_found_by_name(folds: Path) -> None:
    found = fold_weights(folds, "tabcnn", ("02", "00"))
    assert (found.name, found.path) == ("tabcnn-00+02", folds / "tabcnn-00+02.onnx")
    assert found.sha256 == sha256_of(found.path)
    assert not found.built_in


def test_a_missing_fold_is_named_with_what_makes_it(folds: Path) -> None:
    with pytest.raises(WeightsError, match=r"has no tabcnn-00\+07\.onnx .*--folds player.*--nested"):
        fold_weights(folds, "tabcnn", ("07", "00"))
    with pytest.raises(WeightsError, match=r"has no lstm_final-00\.onnx"):
        fold_weights(folds, "lstm_final", ("00",))


def test_each_player_is_predicted_by_the_network_that_held_them_out(
    folds: Path, examples: TabExamples
) -> None:
    told: list[str] = []
    tab = out_of_fold(folds, examples, progress=told.append)
    assert tab.shape == (6, 12, 126)
    assert tab.dtype == np.float32
    for player in PLAYERS:
        assert frets_heard(tab[examples.players == player]) == {FRET_OF_FOLD[player,]}
    assert told == [f"predicting player {player} by tabcnn-{player}" for player in PLAYERS]


@pytest.mark.parametrize("held_out", PLAYERS)
def test_with_a_player_held_out_both_are_unknown_to_the_network(
    held_out: str, folds: Path, examples: TabExamples
) -> None:
    tab = out_of_fold(folds, examples, held_out=[held_out])
    for player in PLAYERS:
        fold = tuple(sorted({player, held_out}))
        assert frets_heard(tab[examples.players == player]) == {FRET_OF_FOLD[fold]}


def test_only_the_players_asked_for_are_predicted(folds: Path, examples: TabExamples) -> None:
    tab = out_of_fold(folds, examples, players=["01"])
    assert frets_heard(tab[examples.players == "01"]) == {FRET_OF_FOLD["01",]}
    assert not tab[examples.players != "01"].any()


def test_predictions_stop_at_a_missing_fold(folds: Path, examples: TabExamples) -> None:
    with pytest.raises(WeightsError, match=r"has no tabcnn-00\+07\.onnx"):
        out_of_fold(folds, examples, held_out=["07"])


def test_frames_that_do_not_count_are_silent(folds: Path, examples: TabExamples) -> None:
    tab = out_of_fold(folds, without_frame(examples, 4))
    sounds = tab.any(axis=(0, 2))
    assert sounds.tolist() == [True] * 4 + [False] + [True] * 4 + [False] * 3


def test_log_mel_frames_that_do_not_count_are_silent_but_heard_by_their_neighbours(tmp_path: Path) -> None:
    make_arrays(tmp_path, ("00",), front_end="mel", n_frames=9)
    examples = without_frame(load_examples(tmp_path), 4)
    tabcnn = TabCNN(exported(random_tabcnn("mel"), tmp_path, "tabcnn-00"), n_threads=1)
    tab = out_of_fold(tmp_path, examples)
    assert examples.arrays.x_spec is not None
    whole = tab_from_probs(tabcnn.predict_sequence(examples.arrays.x_spec[0, :9], microphone=1.0))
    there = [0, 1, 2, 3, 5, 6, 7, 8]
    np.testing.assert_allclose(tab[0, there], whole[there], atol=1e-6)
    assert not tab[:, 4].any()
    assert not tab[:, 9:].any()


@pytest.mark.parametrize(("source", "microphone"), [("guitarset-hex", 0.0), ("guitarset-mic", 1.0)])
def test_the_network_is_told_whether_a_microphone_heard_it(
    source: str, microphone: float, tmp_path: Path
) -> None:
    make_arrays(tmp_path, ("00",), source=source)
    examples = load_examples(tmp_path)
    tabcnn = TabCNN(exported(random_tabcnn(), tmp_path, "tabcnn-00"), n_threads=1)
    assert examples.arrays.x_win is not None
    heard, otherwise = (
        tab_from_probs(tabcnn.predict(examples.arrays.x_win[0], microphone=m))
        for m in (microphone, 1.0 - microphone)
    )
    tab = out_of_fold(tmp_path, examples)
    np.testing.assert_allclose(tab[0], heard, atol=1e-6)
    assert np.abs(tab[0] - otherwise).max() > 0.01


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"sample_rate": 20}, r"time step of 0\.1000 s .*tabcnn-00 learned at 0\.0500 s"),
        ({"open_pitches": (38, 45, 50, 55, 59, 64)}, r"tuning \(40, .*learned at 0\.1000 s in \(38, "),
    ],
)
def test_a_network_of_another_grid_or_tuning_predicts_nothing(
    more: dict[str, object], message: str, examples: TabExamples, tmp_path: Path
) -> None:
    tabcnn = TabCNN(exported(constant_tabcnn(3, **more), tmp_path, "tabcnn-00"))
    out = np.zeros((6, 12, 126), dtype=np.float32)
    with pytest.raises(DatasetError, match=message):
        predict_samples(tabcnn, examples, np.arange(6), out)
    assert not out.any()


def test_arrays_must_hold_what_the_network_hears(tmp_path: Path) -> None:
    make_arrays(tmp_path / "windows", ("00",))
    make_arrays(tmp_path / "mel", ("00",), front_end="mel")
    exported(constant_tabcnn(3, "mel", **WINDOW_GRID), tmp_path / "hears mel", "tabcnn-00")
    exported(constant_tabcnn(3, **MEL_GRID), tmp_path / "hears windows", "tabcnn-00")
    with pytest.raises(DatasetError, match="hold no X_spec"):
        out_of_fold(tmp_path / "hears mel", load_examples(tmp_path / "windows"))
    with pytest.raises(DatasetError, match="hold no X_win"):
        out_of_fold(tmp_path / "hears windows", load_examples(tmp_path / "mel"))

"""Whole runs of the tab networks on tiny arrays: what they read, learn from, refuse, write and go on with."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import load_file

from fretscribe.datasets.arrays import array_path
from fretscribe.datasets.folds import Fold, fold_name
from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS
from fretscribe.datasets.tab_examples import TabExamples, load_examples
from fretscribe.errors import DatasetError, OptionError, WeightsError
from fretscribe.frames import tab_from_probs
from fretscribe.models.lstm import load_lstm
from fretscribe.models.session import TRAINING_KEY, open_session, read_training
from fretscribe.models.tabcnn import TabCNN, load_tabcnn
from fretscribe.models.weights import WeightsFile, sha256_of
from fretscribe.training.augment import AugmentSettings
from fretscribe.training.export import load_tabcnn_net
from fretscribe.training.loop import TabLoopSettings
from fretscribe.training.lstm import LstmSettings, Sequences, jittered, lstm_task
from fretscribe.training.tab_run import (
    LstmRun,
    TabCnnRun,
    Workshop,
    read_lstm_run,
    read_tabcnn_run,
    train_lstm,
    train_tabcnn,
)
from fretscribe.training.tabcnn import TabCnnSettings, predict
from tab_networks import constant_tabcnn, exported, lstm_config, make_arrays, random_tab, tabcnn_config

CONFIGS = Path(__file__).parents[2] / "configs"
LOOP = TabLoopSettings(epochs=2, batch=16, learning_rate=5e-3, ema=0.9, seed=1)
TABCNN_RUN = TabCnnRun(
    name="tiny",
    settings=TabCnnSettings(model=tabcnn_config(), augment=AugmentSettings(share=0.25)),
    loop=LOOP,
)
ONE_EPOCH = dataclasses.replace(TABCNN_RUN, loop=dataclasses.replace(LOOP, epochs=1))
LSTM_RUN = LstmRun(
    name="tiny",
    settings=LstmSettings(model=lstm_config(), crop=10),
    loop=dataclasses.replace(LOOP, batch=2),
)


@pytest.fixture
def examples(tmp_path: Path) -> TabExamples:
    """Two samples of each of three players, with an X_lstm."""
    make_arrays(tmp_path / "arrays", with_x_lstm=True)
    return load_examples(tmp_path / "arrays")


@pytest.fixture
def make_shop(tmp_path: Path) -> Callable[..., Workshop]:
    """Makes workshops of their own name, which keep what they are told in ``lines``."""

    def make(name: str = "shop", lines: list[str] | None = None, stop_after_s: float = 0.0) -> Workshop:
        told = [] if lines is None else lines
        home = tmp_path / name
        return Workshop(cache=home / "cache", out=home / "out", stop_after_s=stop_after_s, report=told.append)

    return make


def same_weights(one: Path, other: Path) -> bool:
    """Whether two safetensors files hold the same bits."""
    ours, theirs = load_file(one), load_file(other)
    return ours.keys() == theirs.keys() and all(bool((ours[k] == theirs[k]).all()) for k in ours)


def spoiled(examples: TabExamples, samples: Sequence[int]) -> TabExamples:
    """The same arrays, but with another truth, other windows and other predictions in some samples."""
    rng = np.random.default_rng(9)
    arrays, chosen = examples.arrays, list(samples)
    x_win, x_lstm, classes = (np.array(a) for a in (arrays.x_win, arrays.x_lstm, examples.classes))
    x_win[chosen] = rng.uniform(-90, 0, x_win[chosen].shape)
    x_lstm[chosen] = random_tab(rng, *x_lstm[chosen].shape[:2])
    classes[chosen] = rng.integers(0, 22, classes[chosen].shape)
    return dataclasses.replace(
        examples, arrays=dataclasses.replace(arrays, x_win=x_win, x_lstm=x_lstm), classes=classes
    )


# Reading a run.


@pytest.mark.parametrize("name", ["tabcnn.toml", "tabcnn_mel.toml"])
def test_the_tabcnn_runs_that_are_shipped_can_be_read(name: str) -> None:
    run = read_tabcnn_run(CONFIGS / name)
    assert run.name == name.removesuffix(".toml")
    assert run.settings.model.front_end == ("mel" if "mel" in name else "windows")
    assert run.loop.epochs > 0


def test_the_lstm_run_that_is_shipped_can_be_read() -> None:
    run = read_lstm_run(CONFIGS / "lstm.toml")
    assert run.name == "lstm"
    assert run.settings.crop > 0


def test_what_a_run_says_is_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("[model]\nhidden = 9\n[augment]\nshare = 0.1\n[loop]\nseed = 7\n", encoding="utf-8")
    run = read_tabcnn_run(path)
    assert (run.name, run.settings.model.hidden, run.settings.augment.share, run.loop.seed) == (
        "own",
        9,
        0.1,
        7,
    )
    path.write_text("[model]\nhidden = 9\n[examples]\ncrop = 33\n", encoding="utf-8")
    refining = read_lstm_run(path)
    assert (refining.settings.model.hidden, refining.settings.crop) == (9, 33)
    assert refining.loop == TabLoopSettings()


@pytest.mark.parametrize("read", [read_tabcnn_run, read_lstm_run])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[models]\nhidden = 9\n", r"unknown table 'models' \(known: model, "),
        ("[model]\nhiden = 9\n", r"\[model\]: unknown key 'hiden' \(known: .*hidden"),
        ("[loop]\nepoch = 9\n", r"\[loop\]: unknown key 'epoch'"),
        ("epochs = 9\n", "unknown table 'epochs'"),
        ("[model\n", "is not TOML"),
    ],
)
def test_what_a_run_does_not_know_is_refused(
    read: Callable[[Path], object], text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OptionError, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_each_kind_of_run_refuses_the_tables_of_the_other(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("[augment]\nshare = 0.5\n", encoding="utf-8")
    with pytest.raises(OptionError, match="unknown table 'augment'"):
        read_lstm_run(path)
    path.write_text("[examples]\ncrop = 50\n", encoding="utf-8")
    with pytest.raises(OptionError, match="unknown table 'examples'"):
        read_tabcnn_run(path)
    for table, key, read in (
        ("augment", "shares", read_tabcnn_run),
        ("examples", "crops", read_lstm_run),
    ):
        path.write_text(f"[{table}]\n{key} = 0\n", encoding="utf-8")
        with pytest.raises(OptionError, match=rf"\[{table}\]: unknown key '{key}'"):
            read(path)


def test_log_mel_frames_cannot_be_bent(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[model]\nfront_end = "mel"\n', encoding="utf-8")  # the default share is not 0
    with pytest.raises(OptionError, match=r"only constant-Q windows .*share = 0\.0"):
        read_tabcnn_run(path)
    path.write_text('[model]\nfront_end = "stft"\n', encoding="utf-8")
    with pytest.raises(OptionError, match=r"\[model\]: front_end must be"):
        read_tabcnn_run(path)


def test_a_run_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"cannot read the configuration .*nope\.toml"):
        read_lstm_run(tmp_path / "nope.toml")


# TabCNN.


def test_a_fold_of_tabcnn_becomes_four_files_that_say_whose_playing_they_know(
    examples: TabExamples, make_shop: Callable[..., Workshop]
) -> None:
    lines: list[str] = []
    shop = make_shop(lines=lines)
    outcome = train_tabcnn(TABCNN_RUN, [examples], ("01",), shop)
    assert outcome.finished
    names = [f"tabcnn-01{suffix}" for suffix in (".onnx", ".png", ".run.json", ".safetensors")]
    assert sorted(path.name for path in shop.out.iterdir()) == names
    weights, picture, account_file, parameters = (shop.out / name for name in names)
    training = read_training(open_session(weights, 1), weights)
    wanted = {"players": ["00", "02"], "held_out": ["01"], "sources": ["guitarset-windows"], "seed": 1}
    assert training == wanted
    with safe_open(parameters, framework="pt") as file:
        assert json.loads(file.metadata()[TRAINING_KEY]) == wanted
    account = json.loads(account_file.read_text(encoding="utf-8"))
    assert (account["run"], account["training"], account["epoch"]) == ("tiny", wanted, 2)
    assert account["sha256"] == {p.name: sha256_of(p) for p in (weights, parameters)}
    assert [row["epoch"] for row in account["history"]] == [1, 2]
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert lines[-1] == f"tabcnn-01: wrote {weights} after epoch 2"


def test_the_written_network_runs_as_it_was_trained(
    examples: TabExamples, make_shop: Callable[..., Workshop]
) -> None:
    shop = make_shop()
    outcome = train_tabcnn(TABCNN_RUN, [examples], (), shop)
    tabcnn = load_tabcnn(shop.out)
    assert tabcnn.players == ("00", "01", "02")
    windows = np.array(examples.arrays.x_win)[0]
    in_torch = predict(outcome.best, windows, np.zeros(len(windows), dtype=np.float32))
    np.testing.assert_allclose(tabcnn.predict(windows, microphone=0.0), in_torch, atol=1e-5)
    reloaded = load_tabcnn_net(shop.out / "tabcnn.safetensors")
    np.testing.assert_array_equal(
        predict(reloaded, windows, np.zeros(len(windows), dtype=np.float32)), in_torch
    )


def test_the_network_takes_grid_and_tuning_of_its_arrays(
    tmp_path: Path, make_shop: Callable[..., Workshop]
) -> None:
    make_arrays(tmp_path / "arrays", grid={"sample_rate": 20, "start_s": 0.0})
    train_tabcnn(TABCNN_RUN, [load_examples(tmp_path / "arrays")], (), make_shop())
    tabcnn = load_tabcnn(make_shop().out)
    assert (tabcnn.sample_rate, tabcnn.hop_length, tabcnn.start_s) == (20, 1, 0.0)


def test_arrays_of_different_grids_are_not_learned_from_together(
    examples: TabExamples, tmp_path: Path, make_shop: Callable[..., Workshop]
) -> None:
    make_arrays(tmp_path / "other", grid={"sample_rate": 20}, with_x_lstm=True)
    sets = [examples, load_examples(tmp_path / "other")]
    with pytest.raises(DatasetError, match="different grids or tunings"):
        train_tabcnn(TABCNN_RUN, sets, (), make_shop())
    with pytest.raises(DatasetError, match="different grids or tunings"):
        train_lstm(LSTM_RUN, sets, (), make_shop(), tabcnn_folds=None)


def test_a_stopped_run_ends_with_the_weights_of_an_uninterrupted_one(
    examples: TabExamples, make_shop: Callable[..., Workshop]
) -> None:
    train_tabcnn(TABCNN_RUN, [examples], (), make_shop("whole"))
    stopped = train_tabcnn(TABCNN_RUN, [examples], (), make_shop("parts", stop_after_s=1e-9))
    assert (stopped.epoch, stopped.finished) == (1, False)
    assert list(make_shop("parts").out.iterdir()) == []  # nothing is written before it is done
    lines: list[str] = []
    resumed = train_tabcnn(TABCNN_RUN, [examples], (), make_shop("parts", lines))
    assert lines[0] == "tabcnn: goes on after epoch 1"
    assert resumed.finished
    whole, parts = (make_shop(name).out / "tabcnn.safetensors" for name in ("whole", "parts"))
    assert same_weights(whole, parts)


def test_a_checkpoint_of_other_arrays_settings_or_players_is_not_gone_on_from(
    examples: TabExamples, make_shop: Callable[..., Workshop]
) -> None:
    other_seed = dataclasses.replace(TABCNN_RUN, loop=dataclasses.replace(LOOP, seed=2))
    train_tabcnn(TABCNN_RUN, [examples], (), make_shop(stop_after_s=1e-9))
    for run, sets in (
        (TABCNN_RUN, [spoiled(examples, [0])]),
        (other_seed, [examples]),
        (TABCNN_RUN, [examples, examples]),
    ):
        lines: list[str] = []
        train_tabcnn(run, sets, (), make_shop(lines=lines, stop_after_s=1e-9))
        assert lines[0].startswith("tabcnn: the checkpoint is of other settings or arrays")


@pytest.mark.parametrize(("fold", "validate_on"), [(("01",), []), ((), ["01"])])
def test_tabcnn_learns_nothing_of_held_out_and_validated_players(
    fold: Fold, validate_on: list[str], examples: TabExamples, make_shop: Callable[..., Workshop]
) -> None:
    """Whatever their arrays hold, the weights are the same bits."""
    weights = []
    for name, spoil in (("as it is", []), ("held out", [2, 3]), ("learned", [0])):
        shop = make_shop(name)
        train_tabcnn(ONE_EPOCH, [spoiled(examples, spoil)], fold, shop, validate_on=validate_on)
        weights.append(shop.out / f"{fold_name('tabcnn', fold)}.safetensors")
    assert same_weights(weights[0], weights[1])
    assert not same_weights(weights[0], weights[2])


def test_tabcnn_learns_nothing_of_development_recordings(
    tmp_path: Path, make_shop: Callable[..., Workshop]
) -> None:
    make_arrays(tmp_path / "arrays", tracks={"01": DEVELOPMENT_TRACKS[2]}, with_x_lstm=True)
    examples = load_examples(tmp_path / "arrays")
    weights = []
    for name, spoil in (("as it is", []), ("development", [2, 3]), ("learned", [0])):
        shop = make_shop(name)
        train_tabcnn(ONE_EPOCH, [spoiled(examples, spoil)], (), shop)
        weights.append(shop.out / "tabcnn.safetensors")
    assert load_tabcnn(make_shop("as it is").out).players == ("00", "02")
    assert same_weights(weights[0], weights[1])
    assert not same_weights(weights[0], weights[2])


def test_players_to_validate_on_are_scored_and_not_learned_from(
    examples: TabExamples, make_shop: Callable[..., Workshop]
) -> None:
    shop = make_shop()
    outcome = train_tabcnn(TABCNN_RUN, [examples], (), shop, validate_on=["02"])
    assert all(0.0 <= row["held_out_tab_f1"] <= 1.0 for row in outcome.history)
    training = read_training(open_session(shop.out / "tabcnn.onnx", 1), shop.out)
    assert (training["players"], training["held_out"]) == (["00", "01"], ["02"])
    with pytest.raises(DatasetError, match="no real playing by 07 to validate on"):
        train_tabcnn(TABCNN_RUN, [examples], (), shop, validate_on=["07"])
    with pytest.raises(DatasetError, match="nothing to learn from but for the players 00, 01, 02"):
        train_tabcnn(TABCNN_RUN, [examples], ("00", "01"), shop, validate_on=["02"])


def test_tabcnn_learns_to_tell_frets_from_windows(tmp_path: Path, make_shop: Callable[..., Workshop]) -> None:
    make_arrays(tmp_path / "arrays", n_samples=3, timesteps=100)
    loop = dataclasses.replace(LOOP, epochs=8, batch=32, learning_rate=2e-2)
    settings = dataclasses.replace(TABCNN_RUN.settings, model=tabcnn_config(channels=16, dropout=0.0))
    run = dataclasses.replace(TABCNN_RUN, settings=settings, loop=loop)
    outcome = train_tabcnn(run, [load_examples(tmp_path / "arrays")], (), make_shop(), validate_on=["02"])
    losses = [row["loss"] for row in outcome.history]
    assert losses[-1] < 0.6 * losses[0]
    assert outcome.best_score > 0.4  # guessing gives less than 0.1
    assert outcome.history[-1]["held_out_multipitch_f1"] > 0.7


def test_a_tabcnn_of_log_mel_frames_is_trained_too(
    tmp_path: Path, make_shop: Callable[..., Workshop]
) -> None:
    make_arrays(tmp_path / "arrays", front_end="mel")
    settings = TabCnnSettings(model=tabcnn_config("mel"), augment=AugmentSettings(share=0.0))
    run = dataclasses.replace(TABCNN_RUN, settings=settings)
    train_tabcnn(run, [load_examples(tmp_path / "arrays")], ("00",), make_shop())
    path = make_shop().out / "tabcnn-00.onnx"
    tabcnn = TabCNN(WeightsFile(name="tabcnn-00", path=path, sha256=sha256_of(path)))
    assert (tabcnn.front_end, tabcnn.players) == ("mel", ("01", "02"))
    with pytest.raises(DatasetError, match="hold no X_win"):
        train_tabcnn(TABCNN_RUN, [load_examples(tmp_path / "arrays")], (), make_shop("other"))


# The LSTMPredictor.


@pytest.fixture(scope="module")
def tabcnn_folds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is needed to train the LSTM of player 00's fold."""
    folder = tmp_path_factory.mktemp("folds")
    for fret, fold in enumerate((("00",), ("00", "01"), ("00", "02"))):
        exported(constant_tabcnn(fret), folder, fold_name("tabcnn", fold))
    return folder


def test_an_lstm_of_a_fold_needs_tabcnn_folds(
    examples: TabExamples, make_shop: Callable[..., Workshop]
) -> None:
    with pytest.raises(OptionError, match=r"never saw that fold's player .*--tabcnn-folds"):
        train_lstm(LSTM_RUN, [examples], ("00",), make_shop(), tabcnn_folds=None)
    assert not make_shop().out.exists()


def test_an_lstm_of_a_fold_is_trained_on_what_networks_of_both_players_folds_predict(
    examples: TabExamples, tabcnn_folds: Path, make_shop: Callable[..., Workshop]
) -> None:
    lines: list[str] = []
    shop = make_shop(lines=lines)
    train_lstm(LSTM_RUN, [examples], ("00",), shop, tabcnn_folds=tabcnn_folds)
    assert lines[:3] == [
        "predicting player 00 by tabcnn-00",
        "predicting player 01 by tabcnn-00+01",
        "predicting player 02 by tabcnn-00+02",
    ]
    names = [f"lstm_final-00{suffix}" for suffix in (".onnx", ".png", ".run.json", ".safetensors")]
    assert sorted(path.name for path in shop.out.iterdir()) == names
    training = read_training(open_session(shop.out / "lstm_final-00.onnx", 1), shop.out)
    assert (training["players"], training["held_out"]) == (["01", "02"], ["00"])
    with pytest.raises(WeightsError, match=r"has no tabcnn-01\.onnx|has no tabcnn-00\+01\+02\.onnx"):
        train_lstm(LSTM_RUN, [examples], ("01", "02"), make_shop("other"), tabcnn_folds=tabcnn_folds)


def test_the_lstm_of_nobodys_fold_may_learn_from_the_arrays_own_predictions(
    examples: TabExamples, make_shop: Callable[..., Workshop]
) -> None:
    shop = make_shop()
    train_lstm(LSTM_RUN, [examples], (), shop, tabcnn_folds=None)
    lstm = load_lstm(shop.out)
    assert lstm.players == ("00", "01", "02")
    assert (lstm.sample_rate, lstm.hop_length, lstm.start_s) == (10, 1, 0.1)


def test_own_playing_teaches_the_lstm_of_every_fold(
    examples: TabExamples, tabcnn_folds: Path, make_shop: Callable[..., Workshop]
) -> None:
    lines: list[str] = []
    shop = make_shop(lines=lines)
    mine = dataclasses.replace(examples, players=np.full_like(examples.players, "me"))
    train_lstm(LSTM_RUN, [examples], ("00",), shop, tabcnn_folds=tabcnn_folds, own=mine)
    training = read_training(open_session(shop.out / "lstm_final-00.onnx", 1), shop.out)
    assert (training["players"], training["held_out"]) == (["01", "02", "me"], ["00"])
    assert not any("player me" in line for line in lines), "no fold is asked about it"


def test_without_predictions_an_lstm_has_nothing_to_refine(
    tmp_path: Path, make_shop: Callable[..., Workshop]
) -> None:
    make_arrays(tmp_path / "arrays")
    assert not array_path(tmp_path / "arrays", "x_lstm").exists()
    with pytest.raises(DatasetError, match=r"hold no X_lstm .*data predict"):
        train_lstm(LSTM_RUN, [load_examples(tmp_path / "arrays")], (), make_shop(), tabcnn_folds=None)


def test_a_stopped_lstm_ends_with_the_weights_of_an_uninterrupted_one(
    examples: TabExamples, make_shop: Callable[..., Workshop]
) -> None:
    train_lstm(LSTM_RUN, [examples], (), make_shop("whole"), tabcnn_folds=None)
    stopped = train_lstm(LSTM_RUN, [examples], (), make_shop("parts", stop_after_s=1e-9), tabcnn_folds=None)
    assert (stopped.epoch, stopped.finished) == (1, False)
    assert train_lstm(LSTM_RUN, [examples], (), make_shop("parts"), tabcnn_folds=None).finished
    whole, parts = (make_shop(name).out / "lstm_final.safetensors" for name in ("whole", "parts"))
    assert same_weights(whole, parts)


def test_the_lstm_learns_nothing_of_development_recordings_or_validated_players(
    tmp_path: Path, make_shop: Callable[..., Workshop]
) -> None:
    make_arrays(tmp_path / "arrays", tracks={"01": DEVELOPMENT_TRACKS[3]}, with_x_lstm=True)
    examples = load_examples(tmp_path / "arrays")
    one_epoch = dataclasses.replace(LSTM_RUN, loop=dataclasses.replace(LSTM_RUN.loop, epochs=1))
    weights = []
    for name, spoil in (("as it is", []), ("not learned", [2, 3, 4, 5]), ("learned", [0])):
        shop = make_shop(name)
        train_lstm(one_epoch, [spoiled(examples, spoil)], (), shop, tabcnn_folds=None, validate_on=["02"])
        weights.append(shop.out / "lstm_final.safetensors")
    assert load_lstm(make_shop("as it is").out).players == ("00",)
    assert same_weights(weights[0], weights[1])
    assert not same_weights(weights[0], weights[2])


def test_an_lstm_learns_that_its_input_is_a_fret_too_high(
    examples: TabExamples, make_shop: Callable[..., Workshop]
) -> None:
    off_by_one = np.full((*examples.classes.shape, 22), 0.005, dtype=np.float32)
    heard = np.where(examples.classes > 0, examples.classes + 1, 0)
    np.put_along_axis(off_by_one, heard[..., None].astype(np.int64), 1 - 21 * 0.005, axis=-1)
    shifted = dataclasses.replace(examples.arrays, x_lstm=tab_from_probs(off_by_one))
    loop = dataclasses.replace(LOOP, epochs=30, batch=2, learning_rate=3e-2)
    run = dataclasses.replace(LSTM_RUN, loop=loop)
    outcome = train_lstm(
        run,
        [dataclasses.replace(examples, arrays=shifted)],
        (),
        make_shop(),
        tabcnn_folds=None,
        validate_on=["02"],
    )
    losses = [row["loss"] for row in outcome.history]
    assert losses[-1] < 0.3 * losses[0]
    assert outcome.history[0]["held_out_tab_f1"] < 0.3
    assert outcome.best_score > 0.8


def test_frames_that_do_not_count_teach_the_lstm_nothing(examples: TabExamples) -> None:
    """Another truth there gives the same loss; elsewhere it does not."""
    valid = np.array(examples.arrays.valid)
    valid[:, ::2] = False
    some = dataclasses.replace(examples, arrays=dataclasses.replace(examples.arrays, valid=valid))

    def loss(changed: slice) -> float:
        classes = np.array(some.classes)
        classes[:, changed] = (classes[:, changed] + 5) % 22
        tab = np.asarray(some.arrays.x_lstm)
        sequences = Sequences(examples=dataclasses.replace(some, classes=classes), tab=tab)
        task = lstm_task("lstm", [sequences], LSTM_RUN.settings)
        assert task.n_examples == 6
        return float(task.loss(task.net, np.arange(6), np.random.default_rng(0)).detach())

    assert loss(slice(0, 12, 2)) == loss(slice(0, 0))
    assert loss(slice(1, 12, 2)) != loss(slice(0, 0))


# Making sequences more or less sure of themselves.


def settings_of(temperature_spread: float, silence_spread: float) -> LstmSettings:
    return LstmSettings(
        model=lstm_config(), temperature_spread=temperature_spread, silence_spread=silence_spread
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_jittered_stretch_is_still_probabilities_and_its_frets_keep_their_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tab = random_tab(rng, 30)
    other = jittered(tab, settings_of(0.8, 2.0), rng)
    assert other.shape == tab.shape
    assert other.dtype == np.float32
    assert other.min() >= 0.0
    assert (other.reshape(30, 6, 21).sum(axis=-1) <= 1 + 1e-6).all()
    order = np.argsort(tab.reshape(30, 6, 21), axis=-1)
    rising = np.take_along_axis(other.reshape(30, 6, 21), order, axis=-1)
    assert (np.diff(rising, axis=-1) >= 0).all()
    assert np.abs(other - tab).max() > 0.01


def test_without_spread_nothing_changes() -> None:
    rng = np.random.default_rng(0)
    tab = random_tab(rng, 50)
    np.testing.assert_allclose(jittered(tab, settings_of(0.0, 0.0), rng), tab, atol=1e-5)


def test_one_draw_holds_for_the_whole_stretch_and_the_next_is_another() -> None:
    rng = np.random.default_rng(0)
    tab = np.tile(random_tab(rng, 1), (20, 1))
    first, second = (jittered(tab, settings_of(0.5, 1.0), rng) for _ in range(2))
    np.testing.assert_array_equal(first, np.tile(first[:1], (20, 1)))
    assert np.abs(first - second).max() > 0.01


def test_more_silence_leaves_the_odds_among_frets() -> None:
    rng = np.random.default_rng(1)
    tab = random_tab(rng, 40).reshape(40, 6, 21)
    other = jittered(tab.reshape(40, 126), settings_of(0.0, 1.0), rng).reshape(40, 6, 21)
    sounds, sounded = tab.sum(axis=-1), other.sum(axis=-1)
    less = sounds - sounded
    assert np.abs(less).max() > 0.01
    assert (less > -1e-6).all() or (less < 1e-6).all()  # on all strings alike
    heard = sounds > 0.1
    among_frets, among_frets_then = (t[heard] / t[heard].sum(axis=-1, keepdims=True) for t in (other, tab))
    np.testing.assert_allclose(among_frets, among_frets_then, atol=1e-3)

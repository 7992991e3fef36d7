"""From torch to files and back: what is saved is what runs, and what is foreign is refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import save_file

from fretscribe.errors import WeightsError
from fretscribe.frames import Audio, FrameGrid, FretProbs, on_grid, probs_from_tab, tab_from_probs
from fretscribe.models.lstm import LSTMPredictor, load_lstm
from fretscribe.models.lstm_net import LstmGraph, LstmNet
from fretscribe.models.session import CONFIG_KEY, open_session
from fretscribe.models.tabcnn import FrontEndName, TabCNN, load_tabcnn
from fretscribe.models.tabcnn_net import TabCnnConfig, TabCnnGraph, TabCnnNet
from fretscribe.models.weights import DEFAULT_FOLDER, WeightsFile
from fretscribe.training.export import load_lstm_net, load_tabcnn_net, save_network
from tab_networks import exported, lstm_config, random_lstm, random_tab, random_tabcnn, tabcnn_config

FRONT_ENDS: tuple[FrontEndName, ...] = ("windows", "mel")
N_BINS = {"windows": 96, "mel": 128}


def random_windows(front_end: str, n: int = 40, seed: int = 0) -> np.ndarray:
    """Windows in dB: some loud, some quiet, some below the floor."""
    rng = np.random.default_rng(seed)
    windows = rng.uniform(-90, 0, (n, N_BINS[front_end], 9)) - rng.uniform(0, 60, (n, 1, 1))
    windows -= windows.max(axis=(1, 2), keepdims=True) if front_end == "windows" else 0.0
    return windows.astype(np.float32)


@pytest.fixture(scope="module", params=FRONT_ENDS)
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[TabCnnNet, TabCNN]:
    """A TabCNN in torch, and as it runs."""
    net = random_tabcnn(request.param)
    return net, TabCNN(exported(net, tmp_path_factory.mktemp("tabcnn"), "tabcnn"), n_threads=1)


@pytest.fixture(scope="module")
def lstms(tmp_path_factory: pytest.TempPathFactory) -> tuple[LstmNet, LSTMPredictor]:
    """An LSTMPredictor in torch, and as it runs."""
    net = random_lstm()
    training = {"players": ["01", "02"], "held_out": ["00"]}
    file = exported(net, tmp_path_factory.mktemp("lstm"), "lstm_final", training)
    return net, LSTMPredictor(file, n_threads=1)


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_saved_tabcnn_infers_the_same_bits(front_end: FrontEndName, tmp_path: Path) -> None:
    net = random_tabcnn(front_end)
    save_network(net, net.config, tmp_path / "t.safetensors", {"players": ["01"]})
    loaded = load_tabcnn_net(tmp_path / "t.safetensors")
    assert loaded.config == net.config
    windows, microphone = torch.from_numpy(random_windows(front_end)), torch.rand(40)
    with torch.inference_mode():
        assert torch.equal(net(windows, microphone), loaded(windows, microphone))


def test_a_saved_lstm_infers_the_same_bits(tmp_path: Path) -> None:
    net = random_lstm(hidden=6)
    save_network(net, net.config, tmp_path / "l.safetensors")
    loaded = load_lstm_net(tmp_path / "l.safetensors")
    assert loaded.config == net.config
    tab = torch.from_numpy(random_tab(np.random.default_rng(0), 2, 30))
    with torch.inference_mode():
        assert torch.equal(net(tab), loaded(tab))


def test_the_networks_of_one_kind_are_no_networks_of_the_other(tmp_path: Path) -> None:
    save_network(random_lstm(), lstm_config(), tmp_path / "l.safetensors")
    save_network(random_tabcnn(), tabcnn_config(), tmp_path / "t.safetensors")
    with pytest.raises(WeightsError, match=r"l\.safetensors does not hold a TabCNN"):
        load_tabcnn_net(tmp_path / "l.safetensors")
    with pytest.raises(WeightsError, match=r"t\.safetensors does not hold an LSTMPredictor"):
        load_lstm_net(tmp_path / "t.safetensors")
    save_network(random_tabcnn(), tabcnn_config(channels=9), tmp_path / "odd.safetensors")
    with pytest.raises(WeightsError, match=r"odd\.safetensors"):
        load_tabcnn_net(tmp_path / "odd.safetensors")


@pytest.mark.parametrize(
    "config", ["1", "[" * 100_000, '{"open_pitches": 40}', '{"hidden": 1000000}', '{"channels": 1e999}']
)
def test_a_config_of_another_network_makes_none(config: str, tmp_path: Path) -> None:
    path = tmp_path / "l.safetensors"
    save_file(random_lstm().state_dict(), path, metadata={CONFIG_KEY: config})
    with pytest.raises(WeightsError, match=r"l\.safetensors does not hold an LSTMPredictor") as caught:
        load_lstm_net(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("microphone", [0.0, 1.0])
def test_tabcnn_runs_as_it_does_in_torch(both: tuple[TabCnnNet, TabCNN], microphone: float) -> None:
    net, tabcnn = both
    windows = random_windows(tabcnn.front_end, 700, seed=1)  # more than a batch
    heard = tabcnn.predict(windows, microphone=microphone)
    with torch.inference_mode():
        expected = TabCnnGraph(net)(torch.from_numpy(windows), torch.full((700,), microphone))
    np.testing.assert_allclose(heard, expected.numpy(), atol=1e-5)
    np.testing.assert_allclose(heard.sum(axis=-1), 1.0, atol=1e-5)
    assert heard.max() > 0.2  # it does say something


def test_a_pickup_and_a_microphone_are_heard_differently(both: tuple[TabCnnNet, TabCNN]) -> None:
    _, tabcnn = both
    windows = random_windows(tabcnn.front_end)
    pickup, microphone = (tabcnn.predict(windows, microphone=m) for m in (0.0, 1.0))
    assert np.abs(pickup - microphone).max() > 0.01


def test_log_mel_windows_are_independent_of_level(tmp_path: Path) -> None:
    tabcnn = TabCNN(exported(random_tabcnn("mel"), tmp_path, "tabcnn"), n_threads=1)
    loud = random_windows("mel") - random_windows("mel").max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(tabcnn.predict(loud), tabcnn.predict(loud - 20.0), atol=1e-5)
    quiet = tabcnn.predict(loud - 60.0)  # so quiet that it is nearly silence
    assert np.abs(quiet - tabcnn.predict(loud)).max() > 0.01


def test_flat_windows_and_silence_come_out_silent(both: tuple[TabCnnNet, TabCNN]) -> None:
    _, tabcnn = both
    flat = 0.0 if tabcnn.front_end == "windows" else -100.0  # what the front ends make of silence
    probs = tabcnn.predict(np.full((3, N_BINS[tabcnn.front_end], 9), flat, dtype=np.float32))
    assert (probs[..., 0] > 0.999).all()
    audio = Audio(samples=np.zeros((2, 48000), dtype=np.float32), sample_rate=48000)
    frets = tabcnn(audio)
    assert (frets.probs[..., 0] > 0.999).all()
    assert frets.grid.n_frames == (9 if tabcnn.front_end == "windows" else 44)


def test_a_recording_is_heard_on_the_grid_that_was_learned(both: tuple[TabCnnNet, TabCNN]) -> None:
    _, tabcnn = both
    rng = np.random.default_rng(0)
    signal = (0.1 * rng.standard_normal((1, 44100))).astype(np.float32)
    frets = tabcnn(Audio(samples=signal, sample_rate=44100))
    assert frets.grid.time_step_s == tabcnn.hop_length / tabcnn.sample_rate
    assert frets.grid.start_s == tabcnn.start_s
    assert abs(frets.grid.n_frames * frets.grid.time_step_s - 1.0) < 0.15
    louder = tabcnn(Audio(samples=2 * signal, sample_rate=44100))
    np.testing.assert_allclose(louder.probs, frets.probs, atol=1e-3)


def test_a_sequence_is_heard_window_by_window(both: tuple[TabCnnNet, TabCNN]) -> None:
    _, tabcnn = both
    frames = random_windows(tabcnn.front_end, 1, seed=3)[0].T.repeat(60, axis=0)  # 540, more than a batch
    heard = tabcnn.predict_sequence(frames)
    padded = np.pad(frames, ((4, 4), (0, 0)), mode="edge")
    alone = tabcnn.predict(np.stack([padded[i : i + 9].T for i in (0, 5, 511, 512, 539)]))
    np.testing.assert_allclose(heard[[0, 5, 511, 512, 539]], alone, atol=1e-6)
    assert tabcnn.predict_sequence(frames[:0]).shape == (0, 6, 22)
    assert tabcnn.predict(np.zeros((0, N_BINS[tabcnn.front_end], 9), np.float32)).shape == (0, 6, 22)


def test_the_lstm_runs_as_it_does_in_torch(lstms: tuple[LstmNet, LSTMPredictor]) -> None:
    net, lstm = lstms
    tab = random_tab(np.random.default_rng(0), 3, 70)
    with torch.inference_mode():
        expected = LstmGraph(net)(torch.from_numpy(tab)).numpy()
    refined = lstm.predict(tab)
    np.testing.assert_allclose(refined, expected, atol=1e-5)
    assert np.abs(refined - tab).max() > 0.05
    assert (refined.reshape(3, 70, 6, 21).sum(axis=-1) <= 1 + 1e-5).all()


def test_an_untrained_lstm_changes_nothing(tmp_path: Path) -> None:
    lstm = LSTMPredictor(exported(LstmNet(lstm_config()), tmp_path, "lstm_final"))
    tab = random_tab(np.random.default_rng(1), 2, 50)
    np.testing.assert_allclose(lstm.predict(tab), tab, atol=0.003)  # probabilities of 1e-4 and less are one
    sure = tab_from_probs(np.eye(22, dtype=np.float32)[np.arange(6)][None])
    np.testing.assert_allclose(lstm.predict(sure[None])[0], sure, atol=0.003)


def test_long_sequences_are_refined_in_chunks_as_they_would_be_whole(
    lstms: tuple[LstmNet, LSTMPredictor],
) -> None:
    _, lstm = lstms
    tab = random_tab(np.random.default_rng(2), 1, 4500)
    session = open_session(lstm.weights.path, 1)
    whole = session.run(None, {"tab": tab})[0]
    np.testing.assert_allclose(lstm.predict(tab), whole, atol=1e-4)


def test_another_grid_is_brought_to_the_networks_own(lstms: tuple[LstmNet, LSTMPredictor]) -> None:
    _, lstm = lstms
    probs = probs_from_tab(random_tab(np.random.default_rng(3), 431))
    fine = FretProbs(grid=FrameGrid(sample_rate=22050, hop_length=512, n_frames=431), probs=probs)
    refined = lstm(fine)
    assert refined.grid == FrameGrid(sample_rate=10, hop_length=1, n_frames=100)
    coarse = on_grid(fine, refined.grid)
    np.testing.assert_array_equal(refined.probs, lstm(coarse).probs)
    later = FrameGrid(sample_rate=10, hop_length=1, n_frames=100, start_s=3.0)
    assert lstm(FretProbs(grid=later, probs=coarse.probs)).grid == later
    assert (
        lstm(FretProbs(grid=FrameGrid(sample_rate=10, hop_length=1, n_frames=0), probs=probs[:0])).probs.size
        == 0
    )


def test_a_wrong_shape_is_a_programming_error(lstms: tuple[LstmNet, LSTMPredictor]) -> None:
    _, lstm = lstms
    for shape in ((10, 126), (1, 10, 132), (1, 1, 10, 126)):
        with pytest.raises(ValueError, match="sequences must be"):
            lstm.predict(np.zeros(shape, dtype=np.float32))
    grid = FrameGrid(sample_rate=10, hop_length=1, n_frames=5)
    with pytest.raises(ValueError, match="probs must end in"):
        lstm(FretProbs(grid=grid, probs=np.zeros((5, 7, 22))))
    with pytest.raises(ValueError, match="front_end must be"):
        TabCnnConfig(front_end="stft")  # type: ignore[arg-type]


def test_weights_say_whose_playing_they_learned_from(
    lstms: tuple[LstmNet, LSTMPredictor], both: tuple[TabCnnNet, TabCNN]
) -> None:
    assert lstms[1].players == ("01", "02")
    assert (lstms[1].name, len(lstms[1].sha256)) == ("lstm_final", 64)
    assert both[1].players == ()
    assert both[1].open_pitches == (40, 45, 50, 55, 59, 64)


def test_foreign_weights_are_refused_by_name(
    lstms: tuple[LstmNet, LSTMPredictor], both: tuple[TabCnnNet, TabCNN], tmp_path: Path
) -> None:
    acoustic = (DEFAULT_FOLDER / "acoustic.onnx").read_bytes()
    tab, refine = (network.weights.path.read_bytes() for network in (both[1], lstms[1]))
    for kind, name, contents in (
        (load_tabcnn, "tabcnn", (acoustic, refine, b"garbage", b"")),
        (load_lstm, "lstm_final", (acoustic, tab, b"garbage", b"")),
    ):
        for content in contents:
            path = tmp_path / f"{name}.onnx"
            path.write_bytes(content)
            with pytest.raises(WeightsError, match=rf"{name}\.onnx") as caught:
                kind(tmp_path)
            assert "\n" not in str(caught.value)


def test_a_users_own_networks_are_loaded_from_the_folder(
    lstms: tuple[LstmNet, LSTMPredictor], both: tuple[TabCnnNet, TabCNN]
) -> None:
    assert load_lstm(lstms[1].weights.path.parent).sha256 == lstms[1].sha256
    assert load_tabcnn(both[1].weights.path.parent).front_end == both[1].front_end


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_a_keras_file_is_refused_with_one_clear_line(
    suffix: str, lstms: tuple[LstmNet, LSTMPredictor], tmp_path: Path
) -> None:
    (tmp_path / f"lstm_final{suffix}").write_bytes(b"\x89HDF")
    with pytest.raises(
        WeightsError, match=rf"lstm_final\{suffix} is a Keras file.*fretscribe train lstm"
    ) as caught:
        load_lstm(tmp_path)
    assert "\n" not in str(caught.value)
    (tmp_path / "lstm_final.onnx").write_bytes(lstms[1].weights.path.read_bytes())
    assert load_lstm(tmp_path).weights == WeightsFile(
        name="lstm_final", path=tmp_path / "lstm_final.onnx", sha256=lstms[1].sha256
    )


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("{", "broken description"),
        ("[" * 100_000, "broken description"),
        ("[]", "not a JSON object"),
        ('{"front_end": "mel"}', "lacks 'sample_rate'"),
    ],
)
def test_a_network_with_a_broken_config_is_named(config: str, told: str, tmp_path: Path) -> None:
    file = exported(random_tabcnn(), tmp_path, "tabcnn")
    model = onnx.load(str(file.path))
    onnx.helper.set_model_props(model, {CONFIG_KEY: config})
    onnx.save(model, str(file.path))
    with pytest.raises(WeightsError, match=rf"tabcnn\.onnx .*{told}"):
        TabCNN(file)

"""Tiny tab networks and small training arrays for tests: exported in a moment, learned in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from fretscribe.datasets.arrays import ArraysInfo, SampleInfo, Split, TabArrays, encode_frets, write_arrays
from fretscribe.datasets.folds import fold_name
from fretscribe.dsp.cqt_windows import MIDI_MIN
from fretscribe.frames import N_TAB, FloatArray
from fretscribe.models.lstm_net import LstmConfig, LstmNet
from fretscribe.models.tabcnn import FrontEndName
from fretscribe.models.tabcnn_net import TabCnnConfig, TabCnnNet
from fretscribe.models.weights import WeightsFile, sha256_of
from fretscribe.training.export import export_lstm, export_tabcnn

OPEN = (40, 45, 50, 55, 59, 64)
MEL_GRID = {"sample_rate": 22050, "hop_length": 512, "start_s": 0.0}
WINDOW_GRID = {"sample_rate": 10, "hop_length": 1, "start_s": 0.1}


def tabcnn_config(front_end: FrontEndName = "windows", **more: object) -> TabCnnConfig:
    grid = WINDOW_GRID if front_end == "windows" else MEL_GRID
    sizes = {"stem": 4, "channels": 8, "pitch_context": 5, "reduced": 4, "hidden": 16}
    return TabCnnConfig(**{"front_end": front_end, **grid, **sizes, **more})  # type: ignore[arg-type]


def lstm_config(**more: object) -> LstmConfig:
    return LstmConfig(**{"channels": 4, "hidden": 4, **more})  # type: ignore[arg-type]


def random_tabcnn(front_end: FrontEndName = "windows", **more: object) -> TabCnnNet:
    """With random parameters and random statistics of its norms, ready to infer."""
    torch.manual_seed(0)
    net = TabCnnNet(tabcnn_config(front_end, **more))
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if name.endswith("running_var"):
                value.uniform_(0.5, 2.0)
            elif value.is_floating_point():
                value.add_(0.2 * torch.randn_like(value))
    return net.eval()


def constant_tabcnn(fret: int, front_end: FrontEndName = "windows", **more: object) -> TabCnnNet:
    """Hears this fret on every string of every window that is not flat."""
    net = TabCnnNet(tabcnn_config(front_end, **more))
    with torch.no_grad():
        for parameter in (*net.at_pitch.parameters(), *net.whole[-1].parameters()):
            parameter.zero_()
        net.whole[-1].bias.view(6, 22)[:, 1 + fret] = 20.0
    return net.eval()


def random_lstm(**more: object) -> LstmNet:
    torch.manual_seed(0)
    net = LstmNet(lstm_config(**more))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return net.eval()


def constant_lstm(fret: int, **more: object) -> LstmNet:
    """Answers this fret on every string of every frame."""
    net = LstmNet(lstm_config(**more))
    with torch.no_grad():
        for layer in (net.enter, net.mix):
            layer.weight.zero_()
            layer.bias.zero_()
        cue_of_fret, time, middle = -1, *(size // 2 for size in net.enter.kernel_size)
        for channel, corner in enumerate((fret - 1, fret, fret + 1)):  # three bends make a peak
            net.enter.weight[channel, cue_of_fret, time, middle] = 20.0
            net.enter.bias[channel] = -float(corner)
            net.mix.weight[channel, channel, time, middle] = 1.0
        net.correct_fret.weight[0, :3] = 30.0 * torch.tensor([1.0, -2.0, 1.0])
    return net.eval()


def exported(
    net: TabCnnNet | LstmNet, folder: Path, name: str, training: Mapping[str, object] | None = None
) -> WeightsFile:
    """The network as ``NAME.onnx`` in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    if isinstance(net, TabCnnNet):
        export_tabcnn(net, path, training)
    else:
        export_lstm(net, path, training)
    return WeightsFile(name=name, path=path, sha256=sha256_of(path))


def constant_folds(folder: Path, frets: Mapping[str, int], refined: Mapping[str, int]) -> Path:
    """Networks that never saw a player: what TabCNN hears of everything, and what the LSTM makes of it."""
    for player in frets:
        exported(constant_tabcnn(frets[player]), folder, fold_name("tabcnn", (player,)))
        exported(constant_lstm(refined[player]), folder, fold_name("lstm_final", (player,)))
    return folder


def random_tab(rng: np.random.Generator, *shape: int) -> FloatArray:
    """Probabilities in the 126 layout, [*shape, 126]."""
    odds = 4.0 * rng.standard_normal((*shape, 6, 22))
    probs = np.exp(odds) / np.exp(odds).sum(axis=-1, keepdims=True)
    return probs[..., 1:].reshape(*shape, N_TAB).astype(np.float32)


def windows_of(frets: np.ndarray) -> FloatArray:
    """Windows in dB [n, 96, 9] in which each sounding fret [n, 6] (-1 is silence) is one bright bin.

    The string shows in the bin 24 above, as a timbre of its own.
    """
    windows = np.full((len(frets), 96, 9), -120.0, dtype=np.float32)
    for frame, string in zip(*np.nonzero(frets >= 0), strict=True):
        place = OPEN[string] + frets[frame, string] - MIDI_MIN
        windows[frame, place] = 0.0
        windows[frame, min(95, place + 24)] = -2.0 * string
    return windows


def make_arrays(
    folder: Path,
    players: Sequence[str] = ("00", "01", "02"),
    *,
    front_end: FrontEndName = "windows",
    n_samples: int = 2,
    timesteps: int = 12,
    n_frames: int | None = None,
    source: str = "",
    tracks: Mapping[str, str] | None = None,
    with_x_lstm: bool = False,
    split: Split = "train",
    seed: int = 0,
    grid: Mapping[str, object] | None = None,
) -> TabArrays:
    """Write samples of each player, alternately comping and solo; windows tell the frets, mel frames do not.

    ``tracks`` renames players' tracks. Frames from ``n_frames`` on are padding.
    """
    rng = np.random.default_rng(seed)
    n_frames = n_frames or timesteps
    places = [(player, k) for player in players for k in range(n_samples)]
    frets = rng.integers(-1, 13, (len(places), -(-timesteps // 4), 6)).repeat(4, axis=1)[:, :timesteps]
    frets[:, n_frames:] = -1
    valid = np.arange(timesteps) < n_frames
    features: dict[str, FloatArray] = {}
    if front_end == "windows":
        features["x_win"] = windows_of(frets.reshape(-1, 6)).reshape(len(places), timesteps, 96, 9)
        features["x_win"][:, n_frames:] = 0.0
    else:
        features["x_spec"] = rng.uniform(-60, 0, (len(places), timesteps, 128)).astype(np.float32)
        features["x_spec"][:, n_frames:] = 0.0
    if with_x_lstm:
        features["x_lstm"] = random_tab(rng, len(places), timesteps) * valid[:, None]
    info = ArraysInfo(
        **{**(WINDOW_GRID if front_end == "windows" else MEL_GRID), **(grid or {})},  # type: ignore[arg-type]
        timesteps=timesteps,
        samples=tuple(
            SampleInfo(
                track=(tracks or {}).get(player, f"{player}_Toy{k}-100-C_{'solo' if k % 2 else 'comp'}"),
                player=player,
                source=source or ("guitarset-windows" if front_end == "windows" else "guitarset-mic"),
                start_frame=0,
                n_frames=n_frames,
                style="solo" if k % 2 else "comp",
            )
            for player, k in places
        ),
    )
    arrays = TabArrays(
        info=info, y=encode_frets(frets), valid=np.broadcast_to(valid, frets.shape[:2]).copy(), **features
    )
    write_arrays(folder, arrays, split, force=False)
    return arrays

"""Readers of networks, of what they learn from and of how they are trained, with small seeds made here.

Neighbours: ``readers`` has those of tabs and recordings and lists all; ``structures`` makes seeds wrong.
"""

from __future__ import annotations

import io
import json
import random
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from importlib import resources
from pathlib import Path

import numpy as np

from fretscribe.cli.calibrate import read_array
from fretscribe.datasets.arrays import array_path, read_arrays
from fretscribe.datasets.arrays_info import ENCODING, ArraysInfo, SampleInfo, infos_text
from fretscribe.datasets.unpack import unpack
from fretscribe.datasets.windows import open_windows
from fretscribe.frames import Audio, FrameGrid, FretProbs
from fretscribe.models.acoustic import AcousticModel
from fretscribe.models.lstm import LSTMPredictor
from fretscribe.models.tabcnn import TabCNN
from fretscribe.models.weights import WeightsFile
from fretscribe.music import STANDARD_TUNING
from fretscribe.pipeline.stem_cache import StemCache
from fretscribe.symbolic.beat_model import parse_beat_model
from fretscribe.symbolic.beat_net import built_in_beat_net, parse_beat_net, render_beat_net
from fretscribe.symbolic.technique_model import parse_models
from fuzz.mutations import bytes_mutation, json_mutation, text_mutation
from fuzz.reader import Reader, files, of_file, of_folder, one_of, written
from fuzz.structures import (
    member_mutation,
    near_json_mutation,
    npy_mutation,
    npz_mutation,
    onnx_mutation,
    safetensors_mutation,
    zipped,
)

_SYMBOLIC = resources.files("fretscribe.symbolic")
_CONFIGS = Path(__file__).parents[2] / "configs"
_TIMESTEPS = 20
_SPEC = np.random.default_rng(0).standard_normal((2, _TIMESTEPS, 128)).astype(np.float32)
_BAG = b"""models:
- 'aaaaaaaa'
- aaaaaaaa
weights:
- [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
- &row [0, 1, 0, 0, 0, 1.5]
segment: 7.8
"""


def arrays_info() -> ArraysInfo:
    """Of two samples that lie one after the other."""
    sample = partial(SampleInfo, track="t", player="00", source="mic", n_frames=_TIMESTEPS, style="comp")
    return ArraysInfo(
        encoding=ENCODING,
        sample_rate=22050,
        hop_length=512,
        start_s=0.0,
        timesteps=_TIMESTEPS,
        open_pitches=STANDARD_TUNING.open_pitches,
        seed=1,
        n_above_fret_20=0,
        x_lstm={},
        provenance={},
        samples=(sample(start_frame=0), sample(start_frame=_TIMESTEPS)),
    )


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _read_spec(data: bytes) -> object:
    """Arrays of a folder, one of them wrong."""
    with tempfile.TemporaryDirectory(prefix="fretscribe-fuzz-") as name:
        folder = Path(name)
        (folder / "arrays.json").write_text(infos_text({"train": arrays_info()}), encoding="utf-8")
        frames = (2, _TIMESTEPS)
        np.save(array_path(folder, "y"), np.zeros((*frames, 126), np.float32))
        np.save(array_path(folder, "valid"), np.ones(frames, np.bool_))
        array_path(folder, "x_spec").write_bytes(data)
        return read_arrays(folder).x_spec, read_arrays(folder, mmap=False).x_spec


def _beat_net() -> list[bytes]:
    """The one that ships, narrower."""
    whole, narrow = built_in_beat_net(), {64: 8, 192: 24}
    weights = {
        name: array[tuple(slice(narrow.get(n)) for n in array.shape)] for name, array in whole.weights.items()
    }
    return [render_beat_net(replace(whole, weights=weights))]


def _techniques() -> list[bytes]:
    """Those that ship, shorter."""
    document = json.loads(_SYMBOLIC.joinpath("techniques.json").read_bytes())
    for model in document["techniques"].values():
        del model["tables"][4:]
    return [json.dumps(document).encode()]


def _windows() -> list[bytes]:
    buffer = io.BytesIO()
    np.savez(buffer, cqt_db=np.full((3, 96, 9), -30.0, np.float32))
    return [buffer.getvalue()]


def _in_cache(data: bytes) -> object:
    with tempfile.TemporaryDirectory(prefix="fretscribe-fuzz-") as folder:
        cache_of_stems = StemCache(folder=Path(folder))
        cache_of_stems.put("song", np.zeros(100, np.float32))
        next(Path(folder).glob("*.npy")).write_bytes(data)
        return cache_of_stems.get("song")


def _dataset() -> list[bytes]:
    members = {f"annotation/{n}.jams": b"{}" for n in range(3)} | {"__MACOSX/._x": b"", "readme.txt": b"x"}
    return [zipped(members, zipfile.ZIP_DEFLATED)]


def _demucs_folder(name: str) -> Callable[[], list[bytes]]:
    def make(folder: Path) -> object:
        from demucs_model import save_small_demucs

        return save_small_demucs(folder)

    return written(make, name)


def _read_bag(folder: Path) -> object:
    from fretscribe.separation.demucs_files import model_at_hand

    (folder / "aaaaaaaa.safetensors").write_bytes(b"")
    return model_at_hand(str(folder))


def _read_demucs(path: Path) -> object:
    import torch

    from fretscribe.separation.demucs_files import read_network

    torch.set_num_threads(1)  # of a fork; those of its parent are not there
    return read_network(path)


def _bag_mutation(data: bytes, chance: random.Random) -> bytes:
    """YAML is indented, quoted and aliased."""
    if chance.random() < 0.02:
        return b"models: [" + b"[" * chance.choice((50, 5000))
    if chance.random() < 0.02:
        depth = chance.choice((3, 30))
        lines = [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]".encode() for n in range(1, depth)]
        return b"\n".join([b"a0: &a0 [x, x]", *lines, f"models: *a{depth - 1}".encode()])
    return text_mutation(data, chance)


def _read_net(name: str) -> Callable[[Path], object]:
    def read(path: Path) -> object:
        import torch

        from fretscribe.training import export

        torch.set_num_threads(1)  # of a fork; those of its parent are not there
        return getattr(export, name)(path)

    return read


def _tabcnn_file(folder: Path) -> object:
    from fretscribe.training.export import save_network
    from tab_networks import random_tabcnn

    net = random_tabcnn()
    return save_network(net, net.config, folder / "net.safetensors", {"players": ["00"]})


def _lstm_file(folder: Path) -> object:
    from fretscribe.training.export import save_network
    from tab_networks import random_lstm

    net = random_lstm()
    return save_network(net, net.config, folder / "net.safetensors", {"players": ["00"]})


def _tabcnn_onnx(folder: Path) -> object:
    from fretscribe.training.export import export_tabcnn
    from tab_networks import random_tabcnn

    return export_tabcnn(random_tabcnn(), folder / "net.onnx", {"players": ["00"], "held_out": []})


def _lstm_onnx(folder: Path) -> object:
    from fretscribe.training.export import export_lstm
    from tab_networks import random_lstm

    return export_lstm(random_lstm(), folder / "net.onnx", {"players": ["00"], "held_out": []})


def _acoustic_onnx(folder: Path) -> object:
    from hearing_network import save_hearing_network

    return save_hearing_network(folder / "net.onnx")


def _hear_noise(path: Path) -> object:
    """As the pipeline does, which resamples for the network."""
    model = AcousticModel(WeightsFile(name="net", path=path, sha256=""), n_threads=1)
    return model(Audio(samples=_noise().samples, sample_rate=model.sample_rate))


def _hear(
    make: Callable[[WeightsFile], Callable[[object], object]], heard: object
) -> Callable[[Path], object]:
    """Open a network and let it hear something."""
    return lambda path: make(WeightsFile(name="net", path=path, sha256=""))(heard)


@cache
def _noise() -> Audio:
    samples = np.random.default_rng(0).standard_normal((1, 4410)).astype(np.float32)
    return Audio(samples=0.1 * samples, sample_rate=22050)


@cache
def _frets() -> FretProbs:
    grid = FrameGrid(sample_rate=10, hop_length=1, n_frames=8, start_s=0.1)
    return FretProbs(grid=grid, probs=np.full((8, 6, 22), 1 / 22, np.float32))


def _learn(path: Path) -> object:
    """Train a toy, or go on from the checkpoint that lies there."""
    import torch

    from fretscribe.training.loop import TabLoopSettings, Task, fit

    net = torch.nn.Linear(2, 2)
    task = Task(
        name="toy", net=net, n_examples=4, loss=lambda net, batch, rng: net(torch.ones(1, 2)).square().sum()
    )
    return fit(task, TabLoopSettings(epochs=2, batch=2), path, lambda line: None).epoch


def _go_on(path: Path) -> object:
    import torch

    torch.set_num_threads(1)  # of a fork; those of its parent are not there
    return _learn(path)


def _run(name: str) -> Callable[[Path], object]:
    def read(path: Path) -> object:
        from fretscribe.training import acoustic, tab_run

        return getattr(acoustic if name == "read_run" else tab_run, name)(path)

    return read


def _toml(name: str, read: str) -> Reader:
    return Reader(seeds=files(_CONFIGS / name), mutate=_toml_mutation, read=of_file("run.toml", _run(read)))


def _toml_mutation(data: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.02:
        return data + b"x = " + chance.choice((b"[", b"{a=", b"{a.b=[")) * chance.choice((50, 20_000))
    return text_mutation(data, chance)


_ANY_JSON = one_of(json_mutation, near_json_mutation)

LEARNING_READERS: dict[str, Reader] = {
    "acoustic-onnx": Reader(
        seeds=written(_acoustic_onnx, "net.onnx"),
        mutate=onnx_mutation,
        read=of_file("net.onnx", _hear_noise),
    ),
    "tabcnn-onnx": Reader(
        seeds=written(_tabcnn_onnx, "net.onnx"),
        mutate=onnx_mutation,
        read=of_file("net.onnx", _hear(partial(TabCNN, n_threads=1), _noise())),
    ),
    "lstm-onnx": Reader(
        seeds=written(_lstm_onnx, "net.onnx"),
        mutate=onnx_mutation,
        read=of_file("net.onnx", _hear(partial(LSTMPredictor, n_threads=1), _frets())),
    ),
    "tabcnn-net": Reader(
        seeds=written(_tabcnn_file, "net.safetensors"),
        mutate=safetensors_mutation,
        read=of_file("net.safetensors", _read_net("load_tabcnn_net")),
    ),
    "lstm-net": Reader(
        seeds=written(_lstm_file, "net.safetensors"),
        mutate=safetensors_mutation,
        read=of_file("net.safetensors", _read_net("load_lstm_net")),
    ),
    "demucs-net": Reader(
        seeds=_demucs_folder("00000000.safetensors"),
        mutate=safetensors_mutation,
        read=of_file("net.safetensors", _read_demucs),
    ),
    "demucs-bag": Reader(seeds=lambda: [_BAG], mutate=_bag_mutation, read=of_folder("bag.yaml", _read_bag)),
    "checkpoint": Reader(
        seeds=written(lambda folder: _learn(folder / "toy.pt"), "toy.pt"),
        mutate=bytes_mutation,
        read=of_file("toy.pt", _go_on),
    ),
    "beat-model": Reader(
        seeds=lambda: [_SYMBOLIC.joinpath("beats.json").read_bytes()],
        mutate=_ANY_JSON,
        read=lambda data: parse_beat_model(data, "beats"),
    ),
    "beat-net": Reader(seeds=_beat_net, mutate=npz_mutation, read=lambda data: parse_beat_net(data, "beats")),
    "techniques": Reader(
        seeds=_techniques,
        mutate=_ANY_JSON,
        read=lambda data: parse_models(data.decode("utf-8", "replace"), "techniques"),
    ),
    "array": Reader(seeds=lambda: [_npy(_SPEC)], mutate=npy_mutation, read=_read_spec),
    "windows": Reader(
        seeds=_windows,
        mutate=npz_mutation,
        read=of_folder("t.npz", lambda folder: open_windows(folder).read("t")),
    ),
    "npy": Reader(
        seeds=lambda: [_npy(np.zeros(9, np.float32))], mutate=npy_mutation, read=of_file("a.npy", read_array)
    ),
    "stem": Reader(seeds=lambda: [_npy(np.zeros(100, np.float32))], mutate=npy_mutation, read=_in_cache),
    "archive": Reader(
        seeds=_dataset,
        mutate=member_mutation,
        read=of_file("a.zip", lambda path: unpack(path, path.with_name("annotation"), free_bytes=10**7)),
    ),
    "toml-tabcnn": _toml("tabcnn.toml", "read_tabcnn_run"),
    "toml-lstm": _toml("lstm.toml", "read_lstm_run"),
    "toml-acoustic": _toml("acoustic.toml", "read_run"),
}

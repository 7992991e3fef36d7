"""From a trained network to files: safetensors for training, ONNX for use.

The metadata of both holds the network's config and whose playing it learned from, as JSON. The acoustic
network's ONNX graph takes audio (the front end is inside), TabCNN's takes windows, the LSTM's sequences.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, Self, TypeVar

import onnx
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from fretscribe.errors import WeightsError
from fretscribe.frames import N_TAB
from fretscribe.io.atomic import atomic_write, write_bytes
from fretscribe.models.acoustic_net import AcousticConfig, AcousticGraph, AcousticNet
from fretscribe.models.lstm_net import LstmConfig, LstmGraph, LstmNet
from fretscribe.models.session import CONFIG_KEY, TRAINING_KEY
from fretscribe.models.tabcnn import N_CONTEXT
from fretscribe.models.tabcnn_net import TabCnnConfig, TabCnnGraph, TabCnnNet

OPSET = 17

# What a config that is none raises in reading it and in making a network of it.
_MISFITS = (
    KeyError, TypeError, ValueError, AttributeError, IndexError, RuntimeError, AssertionError,
    ArithmeticError,
)  # fmt: skip

Training = Mapping[str, object]
"""Whose playing a network learned from, as JSON values."""


class _Config(Protocol):
    def as_json(self) -> dict[str, object]: ...

    @classmethod
    def from_json(cls, values: dict[str, object]) -> Self: ...


C = TypeVar("C", bound=_Config)
N = TypeVar("N", bound=nn.Module)


def save_network(net: nn.Module, config: _Config, path: Path, training: Training | None = None) -> None:
    """Write a network's parameters as safetensors, its config in the metadata."""
    tensors = {name: tensor.contiguous().cpu() for name, tensor in net.state_dict().items()}
    write_bytes(path, save(tensors, metadata=_metadata(config, training)), force=True)


def load_acoustic_net(path: Path) -> AcousticNet:
    """Inverse of `save_network` for the acoustic network.

    Raises
    ------
    WeightsError
        If the file is no safetensors file or holds another network.
    """
    return _load(path, AcousticConfig, AcousticNet, "an acoustic network")


def load_tabcnn_net(path: Path) -> TabCnnNet:
    """Inverse of `save_network` for TabCNN; errors as `load_acoustic_net`."""
    return _load(path, TabCnnConfig, TabCnnNet, "a TabCNN")


def load_lstm_net(path: Path) -> LstmNet:
    """Inverse of `save_network` for the LSTMPredictor; errors as `load_acoustic_net`."""
    return _load(path, LstmConfig, LstmNet, "an LSTMPredictor")


def _load(path: Path, config: type[C], make: Callable[[C], N], what: str) -> N:
    try:
        with safe_open(path, framework="pt") as file:
            values = json.loads((file.metadata() or {})[CONFIG_KEY])
        wanted, state = config.from_json(values), load_file(path)
        _check_shapes(make, wanted, state)
        net = make(wanted)
        net.load_state_dict(state)
    except (OSError, SafetensorError, *_MISFITS) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(f"{path} does not hold {what}: {reason}") from error
    return net.eval()


def _check_shapes(make: Callable[[C], N], config: C, state: Mapping[str, Tensor]) -> None:
    """Hold a config against the tensors beside it, before a network of any size is made of it."""
    with torch.device("meta"):  # takes no memory
        wanted = {name: value.shape for name, value in make(config).state_dict().items()}
    if wanted != {name: value.shape for name, value in state.items()}:
        raise ValueError("its config is of another network than its tensors")


def export_acoustic(net: AcousticNet, path: Path) -> None:
    """Write the network with its front end as an ONNX graph of audio [1, n_samples]."""
    net = net.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    audio = torch.zeros(1, 4 * net.config.sample_rate)
    outputs = {name: {0: "n_frames"} for name in ("onset", "active", "level")}
    _export(
        AcousticGraph(net),
        {"audio": audio},
        outputs,
        {"audio": {1: "n_samples"}},
        path,
        _metadata(net.config, None),
    )


def export_tabcnn(net: TabCnnNet, path: Path, training: Training | None = None) -> None:
    """Write TabCNN as an ONNX graph of windows in dB [n, n_bins, 9] and microphone [n]."""
    inputs = {"windows": -20.0 * torch.rand(3, net.config.n_bins, N_CONTEXT), "microphone": torch.ones(3)}
    axes = {"windows": {0: "n"}, "microphone": {0: "n"}}
    described = _metadata(net.config, training)
    _export(TabCnnGraph(net.cpu().eval()), inputs, {"probs": {0: "n"}}, axes, path, described)


def export_lstm(net: LstmNet, path: Path, training: Training | None = None) -> None:
    """Write the LSTMPredictor as an ONNX graph of sequences [1, n_frames, 126]."""
    inputs = {"tab": torch.full((1, 50, N_TAB), 1 / N_TAB)}
    axes = {1: "n_frames"}
    described = _metadata(net.config, training)
    _export(LstmGraph(net.cpu().eval()), inputs, {"refined": axes}, {"tab": axes}, path, described)


def _export(
    graph: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: Mapping[str, Mapping[int, str]],
    axes: Mapping[str, Mapping[int, str]],
    path: Path,
    described: dict[str, str],
) -> None:
    with atomic_write(path, force=True) as temporary, warnings.catch_warnings():
        # the graph exporter is deprecated in favour of one that needs a further package
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph.eval(),
            tuple(inputs.values()),
            str(temporary),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: dict(free) for name, free in [*axes.items(), *outputs.items()]},
            opset_version=OPSET,
            dynamo=False,
        )
        model = onnx.load(str(temporary))
        onnx.helper.set_model_props(model, described)
        model.producer_name, model.producer_version, model.doc_string = "fretscribe", "", ""
        temporary.write_bytes(model.SerializeToString())


def _metadata(config: _Config, training: Training | None) -> dict[str, str]:
    entries = {CONFIG_KEY: json.dumps(config.as_json())}
    if training is not None:
        entries[TRAINING_KEY] = json.dumps(dict(training))
    return entries

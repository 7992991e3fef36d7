"""From a trained network to files: safetensors for training, ONNX for use, checksums for both.

The ONNX graph takes audio: the front end is inside. Its metadata holds the config as JSON.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import onnx
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from fretscribe.errors import WeightsError
from fretscribe.models.acoustic_net import AcousticConfig, AcousticGraph, AcousticNet
from fretscribe.models.session import CONFIG_KEY

OPSET = 17


def save_acoustic(net: AcousticNet, path: Path) -> None:
    """Write the network's parameters as safetensors, its config in the metadata."""
    tensors = {name: tensor.contiguous() for name, tensor in net.state_dict().items()}
    save_file(tensors, path, metadata={CONFIG_KEY: json.dumps(net.config.as_json())})


def load_acoustic_net(path: Path) -> AcousticNet:
    """Inverse of `save_acoustic`.

    Raises
    ------
    WeightsError
        If the file is no safetensors file or holds another network.
    """
    try:
        with safe_open(path, framework="pt") as file:
            config = json.loads((file.metadata() or {})[CONFIG_KEY])
        net = AcousticNet(AcousticConfig.from_json(config))
        net.load_state_dict(load_file(path))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path} does not hold an acoustic network: {error}") from error
    return net.eval()


def export_acoustic(net: AcousticNet, path: Path) -> None:
    """Write the network with its front end as an ONNX graph of audio [1, n_samples]."""
    net = net.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    example = torch.zeros(1, 4 * net.config.sample_rate)
    with warnings.catch_warnings():
        # the graph exporter is deprecated in favour of one that needs a further package
        warnings.simplefilter("ignore")
        torch.onnx.export(
            AcousticGraph(net).eval(),
            (example,),
            str(path),
            input_names=["audio"],
            output_names=["onset", "active", "level"],
            dynamic_axes={
                "audio": {1: "n_samples"},
                "onset": {0: "n_frames"},
                "active": {0: "n_frames"},
                "level": {0: "n_frames"},
            },
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, {CONFIG_KEY: json.dumps(net.config.as_json())})
    model.producer_name, model.producer_version, model.doc_string = "fretscribe", "", ""
    onnx.save(model, str(path))

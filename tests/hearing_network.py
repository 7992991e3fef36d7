"""A small ONNX graph in the place of the acoustic network: it hears nothing in anything, in a moment."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import onnx
from onnx import TensorProto, helper

CONFIG: dict[str, object] = {
    "sample_rate": 22050,
    "hop_length": 512,
    "pitch_min": 33,
    "n_pitches": 56,
    "n_strings": 6,
}


def save_hearing_network(
    path: Path, *, config: object = CONFIG, described: str | None = None, hop_length: int = 512
) -> None:
    """Write the graph.

    Parameters
    ----------
    path : Path
    config : JSON value
        What it says of itself.
    described : str, optional
        The same as text, for what is no JSON.
    hop_length : int
        What it really hears with.
    """

    def number(name: str, value: list[int]) -> onnx.NodeProto:
        return helper.make_node("Constant", [], [name], value_ints=value)

    nodes = [
        helper.make_node("Shape", ["audio"], ["shape"], start=1, end=2),
        number("hop", [hop_length]),
        number("one", [1]),
        number("cells", [6, 56]),
        number("pitches", [56]),
        helper.make_node("Div", ["shape", "hop"], ["hops"]),
        helper.make_node("Add", ["hops", "one"], ["frames"]),
        helper.make_node("Concat", ["frames", "cells"], ["roll"], axis=0),
        helper.make_node("Concat", ["frames", "pitches"], ["flat"], axis=0),
        *(
            helper.make_node("ConstantOfShape", [shape], [name])
            for name, shape in (("onset", "roll"), ("active", "roll"), ("level", "flat"))
        ),
    ]
    told = partial(helper.make_tensor_value_info, elem_type=TensorProto.FLOAT)
    outputs = [told(name, shape=None) for name in ("onset", "active", "level")]
    graph = helper.make_graph(nodes, "acoustic", [told("audio", shape=[1, "n_samples"])], outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    text = json.dumps(config) if described is None else described
    helper.set_model_props(model, {"fretscribe_config": text})
    onnx.save(model, str(path))

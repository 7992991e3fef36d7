"""Opening exported networks on onnxruntime, and reading what they say of themselves.

Knows nothing of what a network does. Neighbours: ``weights`` finds the files; ``acoustic``, ``tabcnn`` and
``lstm`` run them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnxruntime

from fretscribe.errors import WeightsError

CONFIG_KEY = "fretscribe_config"
"""Metadata entry of a weights file that holds the network's config as JSON."""

TRAINING_KEY = "fretscribe_training"
"""Metadata entry that says, as JSON, whose playing it learned from."""


def open_session(path: Path, n_threads: int | None = None) -> onnxruntime.InferenceSession:
    """An ONNX file, ready to run on the CPU; all cores unless told otherwise.

    Raises
    ------
    WeightsError
        If it is no ONNX file.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads or os.cpu_count() or 1
    options.log_severity_level = 3
    # The arena keeps what every length of chunk needed: a quarter of a gigabyte after ten minutes of music,
    # and it is no faster here.
    options.enable_cpu_mem_arena = False
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises unrelated classes without a common base
        raise WeightsError(f"{path} is not a readable ONNX file: {str(error).splitlines()[0]}") from error


def read_config(
    session: onnxruntime.InferenceSession,
    path: Path,
    *,
    outputs: Sequence[str],
    keys: Sequence[str],
    what: str,
) -> dict[str, Any]:
    """The config that a network carries, if it has the outputs of its kind and all ``keys``.

    Raises
    ------
    WeightsError
        If it is another network than ``what`` says.
    """
    text = session.get_modelmeta().custom_metadata_map.get(CONFIG_KEY)
    names = [output.name for output in session.get_outputs()]
    if text is None or names != list(outputs):
        raise WeightsError(f"{path} is not {what} of fretscribe")
    config = _json_object(text, path)
    lacking = [key for key in keys if key not in config]
    if lacking:
        raise WeightsError(f"{path} is not {what} of fretscribe: its config lacks {lacking[0]!r}")
    return config


def read_training(session: onnxruntime.InferenceSession, path: Path) -> dict[str, Any]:
    """Whose playing a network learned from (``players``, ``held_out`` ...); empty where it does not say.

    Raises
    ------
    WeightsError
        If the file says it in a broken way.
    """
    text = session.get_modelmeta().custom_metadata_map.get(TRAINING_KEY)
    return _json_object(text, path) if text else {}


def _json_object(text: str, path: Path) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path} carries a broken description of itself: {error}") from error
    if not isinstance(values, dict):
        raise WeightsError(f"{path} carries a broken description of itself: not a JSON object")
    return values

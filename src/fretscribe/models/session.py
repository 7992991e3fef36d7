"""Opening exported networks on onnxruntime, and reading what they say of themselves.

Knows nothing of what a network does. Neighbours: ``weights`` finds the files; ``acoustic``, ``tabcnn`` and
``lstm`` run them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnxruntime

from fretscribe.errors import WeightsError
from fretscribe.frames import FloatArray
from fretscribe.workers.cores import usable_cores

CONFIG_KEY = "fretscribe_config"
"""Metadata entry of a weights file that holds the network's config as JSON."""

TRAINING_KEY = "fretscribe_training"
"""Metadata entry that says, as JSON, whose playing it learned from."""

Shape = tuple[int | None, ...]

_MOST_FRAMES_A_SECOND = 1000


def _whole(low: int, high: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


_IS_PITCH = _whole(0, 127)
_FITS: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {
        "sample_rate": _whole(1, 768_000),
        "hop_length": _whole(1, 768_000),
        "start_s": lambda s: isinstance(s, int | float) and 0 <= s <= 1,
        "open_pitches": lambda p: isinstance(p, list) and len(p) == 6 and all(map(_IS_PITCH, p)),
        "pitch_min": _IS_PITCH,
        "n_pitches": _whole(1, 128),
        "n_strings": _whole(1, 12),
    }
)
"""What the values of a config must be, by their keys; others are looked at by whoever wants them."""


def open_session(path: Path, n_threads: int | None = None) -> onnxruntime.InferenceSession:
    """An ONNX file, ready to run on the CPU; all cores that the process may use unless told otherwise.

    Raises
    ------
    WeightsError
        If it is no ONNX file.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads or usable_cores()
    options.log_severity_level = 4  # errors are raised, and told once
    # The arena keeps what every length of chunk needed: a quarter of a gigabyte after ten minutes of music,
    # and it is no faster here.
    options.enable_cpu_mem_arena = False
    try:
        # Its second try on the same provider would only print.
        return onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
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
    text = _told(session, path, CONFIG_KEY)
    names = [output.name for output in session.get_outputs()]
    if text is None or names != list(outputs):
        raise WeightsError(f"{path} is not {what} of fretscribe")
    config = _json_object(text, path)
    lacking = [key for key in keys if key not in config]
    if lacking:
        raise WeightsError(f"{path} is not {what} of fretscribe: its config lacks {lacking[0]!r}")
    odd = [key for key in keys if key in _FITS and not _FITS[key](config[key])]
    if not odd and config["sample_rate"] > _MOST_FRAMES_A_SECOND * config["hop_length"]:
        odd = ["hop_length"]
    if odd:
        raise WeightsError(f"{path} is not {what} of fretscribe: its config has an odd {odd[0]!r}")
    return config


def run_session(
    session: onnxruntime.InferenceSession,
    path: Path,
    inputs: Mapping[str, FloatArray],
    shapes: Sequence[Shape],
) -> list[FloatArray]:
    """What a network makes of its inputs.

    Parameters
    ----------
    session : InferenceSession
    path : Path
        Where it is from, for messages.
    inputs : mapping of str to float32 array
    shapes : sequence of tuple
        Of its outputs; None is any length.

    Raises
    ------
    WeightsError
        If it cannot be run, or answers with something else.
    """
    try:
        heard: list[Any] = session.run(None, dict(inputs))
    except Exception as error:  # onnxruntime raises unrelated classes without a common base
        raise WeightsError(f"{path} cannot be run: {str(error).splitlines()[0]}") from error
    for output, shape in zip(heard, shapes, strict=True):
        if not _is_of(output, shape):
            raise WeightsError(f"{path} answers with something else than a network of fretscribe")
    return heard


def _is_of(output: object, shape: Shape) -> bool:
    return (
        isinstance(output, np.ndarray)
        and output.dtype == np.float32
        and output.ndim == len(shape)
        and all(wanted is None or n == wanted for n, wanted in zip(output.shape, shape, strict=True))
        and bool(np.isfinite(output).all())
    )


def read_training(session: onnxruntime.InferenceSession, path: Path) -> dict[str, Any]:
    """Whose playing a network learned from (``players``, ``held_out`` ...); empty where it does not say.

    Raises
    ------
    WeightsError
        If the file says it in a broken way.
    """
    text = _told(session, path, TRAINING_KEY)
    training = _json_object(text, path) if text else {}
    players = training.get("players", [])
    if not isinstance(players, list) or not all(isinstance(player, str) for player in players):
        raise WeightsError(f"{path} carries a broken description of itself: its players have no names")
    return training


def _told(session: onnxruntime.InferenceSession, path: Path, key: str) -> str | None:
    try:
        text: str | None = session.get_modelmeta().custom_metadata_map.get(key)
    except UnicodeDecodeError as error:
        raise WeightsError(f"{path} carries a broken description of itself: {error}") from error
    return text


def _json_object(text: str, path: Path) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path} carries a broken description of itself: {error}") from error
    if not isinstance(values, dict):
        raise WeightsError(f"{path} carries a broken description of itself: not a JSON object")
    return values

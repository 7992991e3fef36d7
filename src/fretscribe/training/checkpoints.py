"""Checkpoints of training runs: written whole or not at all, and read without trusting them.

Neighbours: ``loop`` and ``acoustic`` say what is in them.
"""

from __future__ import annotations

import contextlib
import io
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from fretscribe.errors import WeightsError
from fretscribe.io.atomic import make_folder, write_bytes

# What torch raises on files that are none, and what another run's checkpoint leads to.
_MISFITS = (
    KeyError, TypeError, ValueError, AttributeError, IndexError, RuntimeError, EOFError, ArithmeticError,
    AssertionError, OSError, pickle.UnpicklingError,
)  # fmt: skip


def save_checkpoint(state: Mapping[str, object], path: Path) -> None:
    """Replace the checkpoint that is there.

    Raises
    ------
    OutputError
        If it cannot be written, for example on a full disk; the one before stays.
    """
    whole = io.BytesIO()  # torch's own writer tells of a full disk as of a fault in itself
    torch.save(dict(state), whole)
    make_folder(path.parent)
    write_bytes(path, whole.getvalue(), force=True)


@contextlib.contextmanager
def restoring(path: Path) -> Iterator[dict[str, Any]]:
    """What `save_checkpoint` wrote; the block takes it.

    Raises
    ------
    WeightsError
        If it is no checkpoint, or the block cannot take it.
    """
    try:
        yield torch.load(path, weights_only=True)
    except _MISFITS as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(
            f"cannot go on from {path}: {reason}", mend="move it away, and the run starts anew"
        ) from error

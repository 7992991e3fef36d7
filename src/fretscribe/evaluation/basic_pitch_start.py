"""Starts Basic Pitch with so many threads: run as a file, by the Python of an environment that has it.

``PYTHON -I basic_pitch_start.py N_THREADS OUT RECORDING``. It is its own command, every setting at its
default, but for the threads of its runtime, which it has no option for: left alone it would take all cores,
those that it is confined to and the others. Neighbours: ``speed_run`` starts it.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import onnxruntime


def main() -> None:
    """Open its runtime with so many threads, and run its command."""
    n_threads, *arguments = sys.argv[1:]
    plain: Any = onnxruntime.InferenceSession

    def confined(path: str, **given: object) -> object:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(n_threads)
        return plain(path, options, **given)

    onnxruntime.InferenceSession = confined
    sys.argv[1:] = arguments
    importlib.import_module("basic_pitch.predict").main()


if __name__ == "__main__":
    main()

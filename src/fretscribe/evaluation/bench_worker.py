"""Hears one recording with one system, and writes what it heard and what that cost: run as a file.

``PYTHON -I bench_worker.py SYSTEM [OPTION ...] RECORDING`` with the Python of the system's own environment.
fretscribe need not be there: this file imports the standard library, and the one system that it is asked
for. Every system is measured by these same lines.

On standard output, one JSON object: ``version``; ``notes``, each ``{"onset_s", "offset_s", "pitch"}`` with a
MIDI pitch, and ``"string"`` (0 = lowest) and ``"fret"`` where the system gives them; ``peak_mb``, the largest
resident memory of a process that begins and hears this recording (10^6 bytes, or null); ``cpu_s``, the CPU
seconds of hearing it once more, so that nothing counts that is made only once; ``start_cpu_s``, what the
first time took beyond that (imports, networks). Any program that writes such an object can take part.

Neighbours: ``bench_run`` starts it and reads the object.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

Note = Mapping[str, float]
Hear = Callable[[str], Sequence[Note]]
"""A recording's path to its notes."""


def load_basic_pitch(options: argparse.Namespace) -> tuple[str, Hear]:
    """Basic Pitch (Bittner et al., ICASSP 2022) as its own command runs it, every setting at its default.

    Raises
    ------
    ImportError
        If it is not installed for this Python.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # as for fretscribe: else onnxruntime reports to its maker
    package = importlib.import_module("basic_pitch")
    inference = importlib.import_module("basic_pitch.inference")
    model = inference.Model(package.ICASSP_2022_MODEL_PATH)

    def hear(path: str) -> list[Note]:
        _, _, events = inference.predict(path, model)
        return [
            {"onset_s": float(onset_s), "offset_s": float(offset_s), "pitch": float(pitch)}
            for onset_s, offset_s, pitch, *_ in events
        ]

    return version("basic-pitch"), hear


def load_fretscribe(options: argparse.Namespace) -> tuple[str, Hear]:
    """fretscribe itself, told that the guitar is in standard tuning without a capo.

    Raises
    ------
    FretscribeError
        If weights or folds cannot be used.
    """
    from fretscribe.pipeline import TranscribeOptions, load_transcriber

    asked = TranscribeOptions(tuning="standard", capo=0)
    transcriber = load_transcriber(options.weights)
    by_player = None
    if options.folds is not None:
        from dataclasses import replace

        from fretscribe.datasets.guitarset import open_guitarset
        from fretscribe.evaluation.fold_transcriber import FoldTranscriber

        dataset = open_guitarset(Path(options.dataset))
        recorded = [t for t in dataset.tracks if Path(options.recording) in t.audio_paths.values()]
        alone = replace(dataset, tracks=tuple(recorded))  # no other player's networks: they cost memory
        by_player = FoldTranscriber.of(transcriber, alone, Path(options.folds), asked)

    def hear(path: str) -> list[Note]:
        tab = (transcriber(path, asked) if by_player is None else by_player(Path(path))).tab
        return [
            {
                "onset_s": n.note.onset_s,
                "offset_s": n.note.offset_s,
                "pitch": n.note.pitch,
                "string": n.position.string,
                "fret": n.position.fret + tab.tuning.capo,
            }
            for n in tab.notes
        ]

    return version("fretscribe"), hear


SYSTEMS: Mapping[str, Callable[[argparse.Namespace], tuple[str, Hear]]] = {
    "fretscribe": load_fretscribe,
    "basic-pitch": load_basic_pitch,
}


def measure(load: Callable[[], tuple[str, Hear]], recording: str) -> dict[str, object]:
    """Load a system and let it hear a recording twice; what the module says is written.

    CPU seconds are those of the whole process, all threads, user and system.
    """
    its_version, hear = load()
    hear(recording)
    peak, once_s = peak_mb(), time.process_time()
    notes = list(hear(recording))
    cpu_s = time.process_time() - once_s
    return {
        "version": its_version,
        "start_cpu_s": max(once_s - cpu_s, 0.0),
        "cpu_s": cpu_s,
        "peak_mb": peak,
        "notes": notes,
    }


def peak_mb() -> float | None:
    """Largest resident memory of this process so far, in MB (10^6 bytes).

    Linux counts it for the program alone; what ``getrusage`` says there begins with the memory of the process
    that started it. None where nothing tells.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        kib = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        try:
            resource = importlib.import_module("resource")
        except ImportError:
            return None
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        kib = peak / 1024 if sys.platform == "darwin" else peak
    return kib * 1024 / 1e6


def main(arguments: Sequence[str] | None = None) -> None:
    """Hear the recording of a command line, and write the object."""
    parser = argparse.ArgumentParser(description="Hear a recording with one system and write its notes.")
    parser.add_argument("system", choices=sorted(SYSTEMS))
    parser.add_argument("--weights", help="folder with weights (fretscribe)")
    parser.add_argument("--folds", help="folder with tab networks for each player (fretscribe)")
    parser.add_argument("--dataset", help="folder that the recording belongs to (with --folds)")
    parser.add_argument("recording")
    options = parser.parse_args(arguments)
    load = SYSTEMS[options.system]
    # Whatever a system prints goes to stderr; the object alone goes to what was stdout.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        heard = measure(lambda: load(options), options.recording)
        out.write(json.dumps(heard, allow_nan=False) + "\n")


if __name__ == "__main__":
    main()

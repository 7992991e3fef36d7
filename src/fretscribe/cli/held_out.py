"""``fretscribe evaluate --protocol held-out-instruments``: loads what it needs, measures, and says how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def held_out_report(root: Path, data: Path | None, weights: Path | None, tell: Callable[[str], None]) -> str:
    """The Markdown report of the held-out instruments; the networks are loaded after all checks.

    Parameters
    ----------
    root : Path
        Folder in GuitarSet's layout.
    data : Path, optional
        Folder that holds ``samples``; by default the one that holds GuitarSet's.
    weights : Path, optional
    tell : callable
        Gets a line for each track on each instrument.

    Raises
    ------
    FretscribeError
        If data, weights or an extra are missing.
    """
    from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, open_guitarset
    from fretscribe.datasets.held_out import load_voices
    from fretscribe.evaluation.heard_voices import read_heard_voices
    from fretscribe.evaluation.held_out import held_out_instruments, held_out_markdown
    from fretscribe.evaluation.metrics import require_mir_eval
    from fretscribe.evaluation.report import name_weights
    from fretscribe.models.weights import find_weights
    from fretscribe.pipeline import TranscribeOptions, load_transcriber

    require_mir_eval()
    dataset = open_guitarset(root)
    for name in DEVELOPMENT_TRACKS:
        dataset.track(name)
    voices = load_voices((data or dataset.root.absolute().parent) / "samples")
    heard = read_heard_voices(find_weights("acoustic", weights))
    transcriber = load_transcriber(weights)
    options = TranscribeOptions(tuning="standard", capo=0)
    rows = held_out_instruments(dataset, voices, lambda audio: transcriber(audio, options), progress=tell)
    networks = name_weights(transcriber.weights())
    given = ("" if data is None else " --data DATA") + ("" if weights is None else " --weights WEIGHTS")
    command = f"fretscribe evaluate ROOT --protocol held-out-instruments{given}"
    return held_out_markdown(rows, heard, weights=networks, command=command)

"""``fretscribe evaluate --protocol tunings``: loads what it needs, measures, and says how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def tunings_report(root: Path, weights: Path | None, tell: Callable[[str], None]) -> str:
    """The Markdown report of heard tunings; the networks are loaded after all checks.

    Parameters
    ----------
    root : Path
        Folder in GuitarSet's layout: its development recordings are the real ones.
    weights : Path, optional
    tell : callable
        Gets a line for each piece.

    Raises
    ------
    FretscribeError
        If recordings or weights are missing.
    """
    from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, open_guitarset
    from fretscribe.evaluation.report import name_weights
    from fretscribe.evaluation.tunings import judge_recordings, judge_tunings
    from fretscribe.evaluation.tunings_report import tunings_markdown
    from fretscribe.pipeline import load_transcriber

    dataset = open_guitarset(root)
    paths = [dataset.track(name).audio_path("mic") for name in DEVELOPMENT_TRACKS]
    transcriber = load_transcriber(weights)
    recordings = judge_recordings(transcriber, paths, progress=tell)
    rows = judge_tunings(transcriber, progress=tell)
    networks = name_weights({transcriber.acoustic.name: transcriber.acoustic.sha256})
    given = "" if weights is None else " --weights WEIGHTS"
    command = f"fretscribe evaluate ROOT --protocol tunings{given}"
    return tunings_markdown(rows, recordings, weights=networks, command=command)

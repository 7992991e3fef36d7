"""``fretscribe evaluate --protocol personal``: loads what it needs, measures, and says how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def personal_report(root: Path, weights: Path | None, tell: Callable[[str], None]) -> str:
    """The Markdown report of what a player's habits are worth; the networks are loaded after all checks.

    Parameters
    ----------
    root : Path
        Folder in GuitarSet's layout.
    weights : Path, optional
    tell : callable
        Gets a line for each step.

    Raises
    ------
    FretscribeError
        If data, weights or an extra are missing.
    """
    from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, open_guitarset
    from fretscribe.evaluation.metrics import require_mir_eval
    from fretscribe.evaluation.personal import measure_personal, played_tracks
    from fretscribe.evaluation.personal_report import personal_markdown
    from fretscribe.evaluation.personal_sound import measure_sound
    from fretscribe.evaluation.report import name_weights
    from fretscribe.evaluation.run import check_tracks
    from fretscribe.pipeline import load_transcriber

    require_mir_eval()
    dataset = open_guitarset(root)
    check_tracks(dataset, DEVELOPMENT_TRACKS)
    transcriber = load_transcriber(weights)
    tracks = played_tracks(dataset)
    result = measure_personal(tracks, progress=tell)
    rows = measure_sound(dataset, transcriber, progress=tell)
    networks = name_weights(transcriber.weights())
    given = "" if weights is None else " --weights WEIGHTS"
    command = f"fretscribe evaluate ROOT --protocol personal{given}"
    return personal_markdown(result, rows, n_tracks=len(tracks), weights=networks, command=command)

"""``fretscribe evaluate --protocol harmony``: loads what it needs, measures, and says how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def harmony_report(root: Path, weights: Path | None, tell: Callable[[str], None]) -> str:
    """The Markdown report of keys and chords; the networks are loaded after all checks.

    Parameters
    ----------
    root : Path
        Folder in GuitarSet's layout.
    weights : Path, optional
    tell : callable
        Gets a line for each player and each recording.

    Raises
    ------
    FretscribeError
        If data, weights or an extra are missing.
    """
    from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, open_guitarset
    from fretscribe.evaluation.harmony import annotated_tracks, harmony_of_notes, harmony_of_sound
    from fretscribe.evaluation.harmony_report import harmony_markdown
    from fretscribe.evaluation.metrics import require_mir_eval
    from fretscribe.evaluation.report import name_weights
    from fretscribe.evaluation.run import check_tracks
    from fretscribe.pipeline import TranscribeOptions, load_transcriber

    require_mir_eval()
    dataset = open_guitarset(root)
    check_tracks(dataset, DEVELOPMENT_TRACKS)
    transcriber = load_transcriber(weights)
    options = TranscribeOptions(tuning="standard", capo=0)
    tracks = annotated_tracks(dataset)
    by_notes = harmony_of_notes(tracks, progress=tell)
    by_sound = harmony_of_sound(dataset, lambda path: transcriber(path, options), tracks, progress=tell)
    networks = name_weights(transcriber.weights())
    given = "" if weights is None else " --weights WEIGHTS"
    command = f"fretscribe evaluate ROOT --protocol harmony{given}"
    return harmony_markdown(by_notes, by_sound, weights=networks, command=command)

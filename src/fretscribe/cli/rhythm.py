"""``fretscribe evaluate --protocol rhythm``: hears the recordings once, judges beats, and says how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def rhythm_report(root: Path, weights: Path | None, tell: Callable[[str], None]) -> str:
    """The Markdown report of beats, bars and note values.

    Parameters
    ----------
    root : Path
        Folder in GuitarSet's layout; tracks with a microphone recording are judged by what is heard in it.
    weights : Path, optional
    tell : callable
        Gets a line for each track.

    Raises
    ------
    FretscribeError
        If data or weights are missing.
    """
    from fretscribe.datasets.guitarset import open_guitarset
    from fretscribe.evaluation.rhythm import judge_rhythm, judged_tracks
    from fretscribe.evaluation.rhythm_report import rhythm_markdown
    from fretscribe.pipeline import TranscribeOptions, load_transcriber
    from fretscribe.symbolic.beat_model import built_in_beat_model

    dataset = open_guitarset(root)
    judged_tracks(dataset)
    recorded = dataset.with_audio("mic")
    heard = {}
    networks = "none: there are no recordings"
    if recorded:
        transcriber = load_transcriber(weights)
        options = TranscribeOptions(tuning="standard", capo=0)
        for track in recorded:
            tell(f"hearing {track.track_id}")
            heard[track.track_id] = transcriber(track.audio_path("mic"), options).tab.notes
        networks = ", ".join(f"{name} `{sha256[:12]}`" for name, sha256 in transcriber.weights().items())
    rows = judge_rhythm(dataset, heard, progress=tell)
    command = "fretscribe evaluate ROOT --protocol rhythm" + ("" if weights is None else " --weights WEIGHTS")
    learned_from = built_in_beat_model().provenance
    return rhythm_markdown(rows, learned_from=learned_from, weights=networks, command=command)

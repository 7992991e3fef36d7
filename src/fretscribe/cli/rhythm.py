"""``fretscribe evaluate --protocol rhythm``: hears the recordings once, judges beats, and says how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def rhythm_report(root: Path, folds: Path, weights: Path | None, tell: Callable[[str], None]) -> str:
    """The Markdown report of beats, bars and note values.

    Parameters
    ----------
    root : Path
        Folder in GuitarSet's layout; tracks with a microphone recording are judged by what is heard in it.
    folds : Path
        Folder of a ``beats-PLAYER.json`` and a ``beat_net-PLAYER.npz`` for each player, learned from others.
    weights : Path, optional
    tell : callable
        Gets a line for each track.

    Raises
    ------
    FretscribeError
        If data or weights are missing.
    """
    from fretscribe.datasets.guitarset import open_guitarset
    from fretscribe.evaluation.report import name_weights
    from fretscribe.evaluation.rhythm import judge_rhythm, judged_tracks, read_beat_folds
    from fretscribe.evaluation.rhythm_report import rhythm_markdown
    from fretscribe.pipeline import TranscribeOptions, load_transcriber

    dataset = open_guitarset(root)
    recorded = dataset.with_audio("mic")
    models = read_beat_folds(folds, {t.player for t in (*judged_tracks(dataset), *recorded)})
    heard = {}
    networks = "none: there are no recordings"
    if recorded:
        transcriber = load_transcriber(weights)
        options = TranscribeOptions(tuning="standard", capo=0)
        for track in recorded:
            tell(f"hearing {track.track_id}")
            heard[track.track_id] = transcriber(track.audio_path("mic"), options).tab.notes
        networks = name_weights(transcriber.weights())
    rows = judge_rhythm(dataset, heard, models, progress=tell)
    command = "fretscribe evaluate ROOT --protocol rhythm --folds FOLDS"
    if weights is not None:
        command += " --weights WEIGHTS"
    learned_from = {player: (model.players, net.players) for player, (model, net) in models.items()}
    return rhythm_markdown(rows, learned_from=learned_from, weights=networks, command=command)

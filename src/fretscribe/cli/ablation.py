"""``fretscribe evaluate --protocol ablation``: loads what it needs, pulls every lever, and says how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def ablation_report(
    root: Path, folds: Path, data: Path | None, weights: Path | None, tell: Callable[[str], None]
) -> str:
    """The Markdown report of the ablation; nothing is heard before all is there.

    Parameters
    ----------
    root : Path
        Folder in GuitarSet's layout.
    folds : Path
        Tab networks that never saw a player, for the real recordings.
    data : Path, optional
        Folder that holds ``samples``; by default the one that holds GuitarSet's.
    weights : Path, optional
    tell : callable
        Gets a line for each recording.

    Raises
    ------
    FretscribeError
        If data, weights or an extra are missing.
    """
    from dataclasses import replace

    from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, open_guitarset
    from fretscribe.datasets.held_out import load_voices
    from fretscribe.evaluation.ablation import OPTIONS, ablate_instruments, ablate_recordings
    from fretscribe.evaluation.ablation_report import ablation_markdown
    from fretscribe.evaluation.fold_transcriber import FoldTranscriber
    from fretscribe.evaluation.heard_voices import read_heard_voices
    from fretscribe.evaluation.levers import LEVERS
    from fretscribe.evaluation.metrics import require_mir_eval
    from fretscribe.evaluation.run import check_tracks
    from fretscribe.models.weights import find_weights
    from fretscribe.pipeline import load_transcriber

    require_mir_eval()
    dataset = open_guitarset(root)
    dataset = replace(dataset, tracks=check_tracks(dataset, DEVELOPMENT_TRACKS))
    voices = load_voices((data or dataset.root.absolute().parent) / "samples")
    heard = read_heard_voices(find_weights("acoustic", weights))
    transcriber = load_transcriber(weights)
    by_player = FoldTranscriber.of(transcriber, dataset, folds, OPTIONS).of_player
    rows = ablate_recordings(dataset, by_player.__getitem__, progress=tell)
    rows += ablate_instruments(dataset, voices, transcriber, progress=tell)
    given = ("" if weights is None else " --weights WEIGHTS") + ("" if data is None else " --data DATA")
    command = f"fretscribe evaluate ROOT --protocol ablation --folds FOLDS{given}"
    networks = [transcriber, *by_player.values()]
    used = {name: sha256 for each in networks for name, sha256 in each.weights().items()}
    return ablation_markdown(rows, LEVERS, heard, weights=used, command=command)

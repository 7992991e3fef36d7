"""``fretscribe evaluate --protocol techniques``: loads what it needs, measures, and says how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

N_RANDOM, N_EACH = 60, 4
"""Studies by random guitars, and by each held-out instrument."""


def techniques_report(
    root: Path, data: Path | None, weights: Path | None, tell: Callable[[str], None]
) -> str:
    """The Markdown report of the techniques; the networks are loaded after all checks.

    Parameters
    ----------
    root : Path
        Folder in GuitarSet's layout.
    data : Path, optional
        Folder that holds ``samples``; by default the one that holds GuitarSet's.
    weights : Path, optional
    tell : callable
        Gets a line for each study and recording.

    Raises
    ------
    FretscribeError
        If data, weights or an extra are missing.
    """
    from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, open_guitarset
    from fretscribe.datasets.held_out import load_voices
    from fretscribe.datasets.technique_set import measured_set
    from fretscribe.evaluation.contours import judge_contours
    from fretscribe.evaluation.report import name_weights
    from fretscribe.evaluation.run import check_tracks
    from fretscribe.evaluation.technique_report import techniques_markdown
    from fretscribe.evaluation.techniques import measure_studies
    from fretscribe.pipeline import TranscribeOptions, load_transcriber

    dataset = open_guitarset(root)
    tracks = check_tracks(dataset, DEVELOPMENT_TRACKS)
    voices = load_voices((data or dataset.root.absolute().parent) / "samples")
    transcriber = load_transcriber(weights)
    options = TranscribeOptions(tuning="standard", capo=0, dead_notes=True)
    rows = measure_studies(
        measured_set(N_RANDOM, N_EACH, voices),
        lambda audio: transcriber(audio, options).tab,
        transcriber.hear_techniques,
        transcriber.hear_dead_strokes,
        progress=tell,
    )
    contours = []
    for track in tracks:
        tell(track.track_id)
        heard = transcriber(track.audio_path("mic"), options)
        contours.append(judge_contours(track.track_id, track.tab(bent_cents=0.0), heard.tab))
    networks = name_weights(transcriber.weights())
    given = ("" if data is None else " --data DATA") + ("" if weights is None else " --weights WEIGHTS")
    command = f"fretscribe evaluate ROOT --protocol techniques{given}"
    return techniques_markdown(rows, contours, weights=networks, command=command)

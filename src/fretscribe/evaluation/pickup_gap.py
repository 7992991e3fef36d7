"""What TabCNN loses from the pickup to the microphone, on recordings of which both are there.

Most real features come from a pickup, users' recordings from a microphone. Each track is heard twice, in the
same frames: from its precomputed windows and from its recording, by networks that never saw its player.
Neighbours: ``protocol`` judges many players on windows alone, ``run`` judges whole transcriptions.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from fretscribe.datasets.folds import fold_networks
from fretscribe.datasets.fret_frames import frets_on_grid
from fretscribe.datasets.guitarset import GuitarSet, Style, Track
from fretscribe.datasets.windows import TrackWindows, open_windows
from fretscribe.dsp.cqt_windows import SAMPLE_RATE
from fretscribe.errors import DatasetError
from fretscribe.evaluation.metrics import FrameScores
from fretscribe.evaluation.protocol import GUITARSET_STYLES, TABCNN, WITH_LSTM
from fretscribe.evaluation.tab_frames import tab_frame_scores
from fretscribe.frames import FretProbs
from fretscribe.io.audio import read_audio
from fretscribe.models.lstm import LSTMPredictor
from fretscribe.models.tabcnn import TabCNN

HeardFrom = Literal["windows", "microphone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """Counts of one track, heard one way by one stage."""

    track_id: str
    style: Style
    stage: str
    heard_from: HeardFrom
    scores: FrameScores


def pickup_gap(
    dataset: GuitarSet, folds: Path, *, progress: Callable[[str], None] = lambda _: None
) -> tuple[GapRow, ...]:
    """Hear every track twice.

    Parameters
    ----------
    dataset : GuitarSet
        With ``cqt_windows.zip``; tracks without recording or windows take no part.
    folds : Path
        Holds ``tabcnn-PLAYER.onnx`` and ``lstm_final-PLAYER.onnx`` of constant-Q windows.
    progress : callable

    Raises
    ------
    DatasetError
        If no track has both, or the networks hear no constant-Q windows.
    WeightsError
        If a fold is missing.
    """
    windows = open_windows(dataset.root)
    tracks = [t for t in dataset.tracks if "mic" in t.audio_paths and t.track_id in windows]
    if not tracks:
        raise DatasetError(
            f"no track in {dataset.root} has a recording and windows", mend="put both into the folder"
        )
    networks = functools.cache(lambda player: fold_networks(folds, player))
    rows: list[GapRow] = []
    for track in tracks:
        progress(track.track_id)
        tabcnn, lstm = networks(track.player)
        if tabcnn.front_end != "windows":
            raise DatasetError(f"{tabcnn.name} hears log-mel frames, not constant-Q windows")
        rows += _heard_twice(track, windows.read(track.track_id), tabcnn, lstm)
    return tuple(rows)


def _heard_twice(track: Track, pickup: TrackWindows, tabcnn: TabCNN, lstm: LSTMPredictor) -> list[GapRow]:
    frets, _ = frets_on_grid(track.truth().notes, pickup.grid)
    recording = read_audio(track.audio_path("mic"), sample_rate=SAMPLE_RATE)
    from_pickup = tabcnn.predict(pickup.windows, microphone=0.0)
    heard: dict[HeardFrom, FretProbs] = {
        "windows": FretProbs(grid=pickup.grid, probs=from_pickup),
        "microphone": tabcnn(recording.audio),
    }
    n_frames = min(by.grid.n_frames for by in heard.values())
    judged = np.flatnonzero(pickup.has_data[:n_frames])
    rows = []
    for heard_from, by_tabcnn in heard.items():
        for stage, predicted in ((TABCNN, by_tabcnn), (WITH_LSTM, lstm(by_tabcnn))):
            found = predicted.probs[judged].argmax(axis=-1)
            scores = tab_frame_scores(frets[judged].astype(np.int64) + 1, found, tabcnn.open_pitches)
            rows.append(
                GapRow(
                    track_id=track.track_id,
                    style=track.style,
                    stage=stage,
                    heard_from=heard_from,
                    scores=scores,
                )
            )
    return rows


def gap_markdown(rows: Sequence[GapRow], *, command: str) -> str:
    """The report: a table a stage, a row a track, and means over tracks."""
    lines = ["# From the pickup to the microphone", ""]
    lines += [
        "Frames of the same recordings, heard from the precomputed windows (pickup) and from the microphone"
    ]
    lines += ["recording, by networks that never saw the player.", "", "```", command, "```"]
    for stage in (TABCNN, WITH_LSTM):
        of_stage = [row for row in rows if row.stage == stage]
        lines += ["", f"## {stage}", "", *_table(of_stage)]
    return "\n".join(lines) + "\n"


def _table(rows: Sequence[GapRow]) -> list[str]:
    head = [
        "track",
        "tab F1 pickup",
        "tab F1 mic",
        "lost",
        "multi-pitch F1 pickup",
        "mic",
        "TDR pickup",
        "mic",
    ]
    lines = [_line(head), _line(["---"] + ["--:"] * (len(head) - 1))]
    tracks = sorted({row.track_id for row in rows})
    lines += [_line([name, *_figures([r for r in rows if r.track_id == name])]) for name in tracks]
    for style in (None, *GUITARSET_STYLES):
        chosen = [row for row in rows if style in (None, row.style)]
        if chosen:
            lines.append(_line([f"**mean {style or 'all'}**", *_figures(chosen)]))
    return lines


def _figures(rows: Sequence[GapRow]) -> list[str]:
    def mean(of: Callable[[FrameScores], float], heard_from: HeardFrom) -> float:
        return float(np.mean([of(row.scores) for row in rows if row.heard_from == heard_from]))

    pickup, mic = mean(lambda s: s.tab.f1, "windows"), mean(lambda s: s.tab.f1, "microphone")
    others = [
        mean(of, heard_from)
        for of in (lambda s: s.multipitch.f1, lambda s: s.tdr)
        for heard_from in ("windows", "microphone")
    ]
    return [f"{value:.3f}" for value in (pickup, mic, pickup - mic, *others)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"

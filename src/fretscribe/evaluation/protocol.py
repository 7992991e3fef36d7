"""The field's protocol for tab networks: leave one player out, frames pooled by player, mean and deviation.

Each player is judged by networks that never saw them (``datasets.folds``): TabCNN alone, and TabCNN with
the LSTMPredictor on top. Measures are those of Wiggins and Kim (ISMIR 2019); frames without features do not
count.
Neighbours: ``tab_frames`` counts, ``run`` judges whole transcriptions.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fretscribe.datasets.folds import fold_weights, predict_samples
from fretscribe.datasets.guitarset import Style
from fretscribe.datasets.tab_examples import Ints, TabExamples
from fretscribe.errors import DatasetError
from fretscribe.evaluation.metrics import FrameScores
from fretscribe.evaluation.summary import FRAME_MEASURES, MeanAndDeviation
from fretscribe.evaluation.tab_frames import tab_frame_scores
from fretscribe.frames import N_TAB, FloatArray, probs_from_tab
from fretscribe.models.lstm import NAME as LSTM_NAME
from fretscribe.models.lstm import LSTMPredictor
from fretscribe.models.tabcnn import TabCNN

TABCNN, WITH_LSTM = "TabCNN", "TabCNN + LSTM"
GUITARSET_STYLES: tuple[Style, ...] = ("comp", "solo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Counts of one player's frames: by which networks, in which style (``comp``, ``solo``)."""

    player: str
    stage: str
    style: Style
    scores: FrameScores


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolResult:
    """All cells, and what they were made with.

    Attributes
    ----------
    cells : tuple of Cell
    settings : mapping
        Folders, checksums of weights, counts: what a report should say.
    """

    cells: tuple[Cell, ...]
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def players(self) -> tuple[str, ...]:
        return tuple(sorted({cell.player for cell in self.cells}))

    @property
    def stages(self) -> tuple[str, ...]:
        there = {cell.stage for cell in self.cells}
        return tuple(stage for stage in (TABCNN, WITH_LSTM) if stage in there)

    def pooled(self, stage: str, player: str, style: Style | None = None) -> FrameScores:
        """Counts of a player's frames, of one style or of both."""
        chosen = [
            cell.scores
            for cell in self.cells
            if cell.stage == stage and cell.player == player and style in (None, cell.style)
        ]
        return sum(chosen, FrameScores())

    def over_players(self, stage: str, style: Style | None = None) -> dict[str, MeanAndDeviation]:
        """Mean and population deviation over players of the pooled measures."""
        pooled = [self.pooled(stage, player, style) for player in self.players]
        values = {name: np.array([of(scores) for scores in pooled]) for name, of in FRAME_MEASURES.items()}
        return {
            name: MeanAndDeviation(mean=float(v.mean()), std=float(v.std())) for name, v in values.items()
        }


def leave_one_player_out(
    examples: TabExamples,
    folds: Path,
    *,
    with_lstm: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> ProtocolResult:
    """Judge each player by the folds that hold them out.

    Parameters
    ----------
    examples : TabExamples
        Real playing; rendered samples are not judged.
    folds : Path
        Holds ``tabcnn-PLAYER.onnx`` and ``lstm_final-PLAYER.onnx``. For an honest figure the LSTMs were
        trained with nested folds.
    with_lstm : bool
    progress : callable

    Raises
    ------
    DatasetError
        If there is nothing real to judge.
    WeightsError
        If a fold is missing.
    """
    players = sorted({str(p) for p in examples.players[~examples.rendered]})
    if not players:
        raise DatasetError("the arrays hold no real playing", mend="give arrays of data guitarset")
    cells: list[Cell] = []
    hashes: dict[str, str] = {}
    for player in players:
        progress(f"player {player}")
        tabcnn_file = fold_weights(folds, "tabcnn", (player,))
        hashes[tabcnn_file.name] = tabcnn_file.sha256
        rows = np.flatnonzero(examples.judged([player]))
        tab = np.zeros((len(examples.players), examples.arrays.info.timesteps, N_TAB), dtype=np.float32)
        predict_samples(TabCNN(tabcnn_file), examples, rows, tab)
        cells += _cells(examples, rows, tab[rows], player, TABCNN)
        if with_lstm:
            lstm_file = fold_weights(folds, LSTM_NAME, (player,))
            hashes[lstm_file.name] = lstm_file.sha256
            refined = _refined(LSTMPredictor(lstm_file), examples, rows, tab)
            cells += _cells(examples, rows, refined, player, WITH_LSTM)
    n_valid = int(examples.arrays.valid[~examples.rendered].sum())
    settings = {"players": ", ".join(players), "frames judged": n_valid, "weights": hashes}
    return ProtocolResult(cells=tuple(cells), settings=settings)


def _refined(
    lstm: LSTMPredictor,
    examples: TabExamples,
    rows: Ints,
    tab: FloatArray,
) -> FloatArray:
    """Refined predictions of samples: those of one track and source are joined, refined, and cut again."""
    refined = np.zeros_like(tab[rows])
    infos = examples.arrays.info.samples
    place = {int(row): i for i, row in enumerate(rows)}

    def recording(row: int) -> tuple[str, str]:
        return infos[row].track, infos[row].source

    in_order = sorted((int(row) for row in rows), key=lambda row: (recording(row), infos[row].start_frame))
    for _, of_recording in itertools.groupby(in_order, key=recording):
        ordered = list(of_recording)
        pieces = [tab[row, : infos[row].n_frames] for row in ordered]
        whole = lstm.predict(np.concatenate(pieces)[None])[0]
        start = 0
        for row, piece in zip(ordered, pieces, strict=True):
            refined[place[row], : len(piece)] = whole[start : start + len(piece)]
            start += len(piece)
    return refined


def _cells(
    examples: TabExamples,
    rows: Ints,
    tab: FloatArray,
    player: str,
    stage: str,
) -> list[Cell]:
    arrays = examples.arrays
    found = probs_from_tab(tab).argmax(axis=-1)
    cells = []
    for style in GUITARSET_STYLES:
        chosen = np.array([arrays.info.samples[row].style == style for row in rows], dtype=np.bool_)
        valid = arrays.valid[rows[chosen]]
        truth = examples.classes[rows[chosen]][valid].astype(np.int64)
        scores = tab_frame_scores(truth, found[chosen][valid], arrays.info.open_pitches)
        cells.append(Cell(player=player, stage=stage, style=style, scores=scores))
    return cells


_COLUMNS = {
    "tab_frame_f1": "tab F1",
    "tab_frame_precision": "tab P",
    "tab_frame_recall": "tab R",
    "multipitch_f1": "multi-pitch F1",
    "multipitch_precision": "multi-pitch P",
    "multipitch_recall": "multi-pitch R",
    "tdr": "TDR",
}


def protocol_markdown(result: ProtocolResult, *, command: str = "") -> str:
    """The report: a table for all tracks, one for accompaniment, one for solos."""
    lines = ["# Leave one player out", ""]
    lines += ["Each player is judged by networks that no stage of showed them. Frames are pooled by player;"]
    lines += ["the last row is mean ± standard deviation over players.", ""]
    if command:
        lines += ["```", command, "```", ""]
    lines += [f"- {name}: {_told(value)}" for name, value in result.settings.items()]
    for style, heading in zip(
        (None, *GUITARSET_STYLES), ("All tracks", "Accompaniment", "Solos"), strict=True
    ):
        for stage in result.stages:
            lines += ["", f"## {heading}, {stage}", "", *_table(result, stage, style)]
    return "\n".join(lines) + "\n"


def _told(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} `{str(sha)[:12]}`" for name, sha in value.items())
    return str(value)


def _table(result: ProtocolResult, stage: str, style: Style | None) -> Sequence[str]:
    rows = [
        [player, *(f"{FRAME_MEASURES[m](result.pooled(stage, player, style)):.3f}" for m in _COLUMNS)]
        for player in result.players
    ]
    over = result.over_players(stage, style)
    rows.append(["**mean ± std**", *(f"{over[m].mean:.3f} ± {over[m].std:.3f}" for m in _COLUMNS)])
    head = ["player", *_COLUMNS.values()]
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] + ["--:"] * len(_COLUMNS), *rows)]

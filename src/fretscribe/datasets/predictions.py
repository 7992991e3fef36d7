"""``X_lstm``: what TabCNN predicts for every frame, written with the arrays or into a folder of them.

Out of fold where folds are given: each sample by the network that never saw its player. Otherwise one network
predicts all, and ``arrays.json`` says of each track whether that network had learned from its player.
Neighbours: ``folds`` predicts, ``arrays`` has the files, ``noise`` makes predictions where nothing was
recorded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from fretscribe.datasets.array_options import ArrayOptions, Predictor
from fretscribe.datasets.arrays import Split, array_path
from fretscribe.datasets.arrays_info import INFO_FILE, infos_text, read_infos
from fretscribe.datasets.folds import fold_weights, out_of_fold, predict_samples
from fretscribe.datasets.guitarset import Track
from fretscribe.datasets.tab_examples import load_examples
from fretscribe.dsp.cqt_windows import SAMPLE_RATE as WINDOW_RATE
from fretscribe.errors import DatasetError, OutputError
from fretscribe.frames import N_TAB, FloatArray, on_grid
from fretscribe.io.atomic import atomic_write
from fretscribe.io.audio import read_audio
from fretscribe.models.tabcnn import TabCNN, load_tabcnn

Progress = Callable[[str], None]


def track_predictor(
    options: ArrayOptions, *, folds: Path | None = None, weights: Path | None = None
) -> Predictor:
    """What predicts tracks while their arrays are made.

    A network of constant-Q windows listens to the recording itself; what it hears is brought to the arrays'
    grid.

    Parameters
    ----------
    options : ArrayOptions
    folds : Path, optional
        Folder of TabCNN folds: each player by the one that never saw them.
    weights : Path, optional
        Folder that may have a user's ``tabcnn.onnx``; otherwise the built-in one predicts all.

    Raises
    ------
    WeightsError
        If the weights (later: a player's fold) are absent or corrupt.
    DatasetError
        Later, if a log-mel network is asked about precomputed windows.
    """
    if folds is not None:
        of_player = functools.cache(lambda player: TabCNN(fold_weights(folds, "tabcnn", (player,))))
        return Predictor(
            predict=lambda track, frames: _heard(of_player(track.player), track, frames, options),
            made_by="folds",
            seen_player=lambda player: False,
        )
    tabcnn = load_tabcnn(weights)
    return Predictor(
        predict=lambda track, frames: _heard(tabcnn, track, frames, options),
        made_by=_maker(tabcnn),
        seen_player=lambda player: player in tabcnn.players,
        details={"sha256": tabcnn.sha256},
    )


def _maker(tabcnn: TabCNN) -> str:
    return "built-in weights" if tabcnn.weights.built_in else "given weights"


def _heard(tabcnn: TabCNN, track: Track, frames: FloatArray, options: ArrayOptions) -> FloatArray:
    """Probabilities [n_frames, 6, 22] of a track on the arrays' grid."""
    if options.source == "windows":
        if tabcnn.front_end != "windows":
            raise DatasetError(
                f"{tabcnn.name} hears log-mel frames, not precomputed windows",
                mend="use --source audio, or other weights",
            )
        return tabcnn.predict(frames, microphone=0.0)
    grid = options.grid(len(frames))
    if tabcnn.front_end == "mel" and (tabcnn.sample_rate, tabcnn.hop_length) == (
        grid.sample_rate,
        grid.hop_length,
    ):
        return tabcnn.predict_sequence(frames)
    recording = read_audio(track.audio_path(options.audio), sample_rate=WINDOW_RATE)
    return on_grid(tabcnn(recording.audio), grid).probs


def write_predictions(
    folder: Path,
    split: Split,
    *,
    folds: Path | None,
    tabcnn: TabCNN | None,
    force: bool,
    progress: Progress = lambda _: None,
) -> dict[str, object]:
    """Predict a split and write its X_lstm file; returns what ``arrays.json`` now says of it.

    Parameters
    ----------
    folder : Path
    split : "train" | "val"
    folds : Path, optional
        Folder of TabCNN folds.
    tabcnn : TabCNN, optional
        Used where there are no folds.
    force : bool
        Whether an X_lstm that is there may be replaced.
    progress : callable

    Raises
    ------
    OutputError
        If there is an X_lstm (without ``force``); nothing is predicted then.
    DatasetError
        If the arrays are broken, or lie on another grid than the network.
    WeightsError
        If a fold is missing.
    """
    path = array_path(folder, "x_lstm", split)
    if path.exists() and not force:
        raise OutputError(f"{path} exists", mend="use --force to replace it")
    examples = load_examples(folder, split)
    if folds is not None:
        tab = out_of_fold(folds, examples, progress=progress)
        made: dict[str, object] = {
            "made_by": "folds",
            "seen_player": dict.fromkeys(sorted({str(t) for t in examples.tracks}), False),
        }
    elif tabcnn is not None:
        progress(f"predicting by {tabcnn.name}")
        tab = np.zeros((*examples.arrays.valid.shape, N_TAB), dtype=np.float32)
        predict_samples(tabcnn, examples, np.arange(len(examples.players)), tab)
        pairs = zip(examples.tracks, examples.players, strict=True)
        made = {
            "made_by": _maker(tabcnn),
            "sha256": tabcnn.sha256,
            "seen_player": {str(track): str(player) in tabcnn.players for track, player in pairs},
        }
    else:
        raise ValueError("either folds or a network must predict")
    _write(folder, split, tab, made, force=force)
    return made


def _write(folder: Path, split: Split, tab: FloatArray, made: dict[str, object], *, force: bool) -> None:
    infos = read_infos(folder)
    infos[split] = replace(infos[split], x_lstm=made)
    with (
        atomic_write(folder / INFO_FILE, force=True) as info_file,
        atomic_write(array_path(folder, "x_lstm", split), force=force) as array_file,
    ):
        info_file.write_text(infos_text(infos), encoding="utf-8", newline="\n")
        with array_file.open("wb") as file:
            np.save(file, tab, allow_pickle=False)

"""Writing ``X_lstm`` into a folder of arrays: what TabCNN predicts for every frame.

Out of fold where folds are given: each sample by the network that never saw its player. Otherwise one network
predicts all, and ``arrays.json`` says of each track whether that network had learned from its player.
Neighbours: ``folds`` predicts, ``arrays`` has the files, ``noise`` makes predictions where nothing was
recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from fretscribe.datasets.arrays import Split, array_path
from fretscribe.datasets.arrays_info import INFO_FILE, infos_text, read_infos
from fretscribe.datasets.folds import out_of_fold, predict_samples
from fretscribe.datasets.tab_examples import TabExamples, load_examples
from fretscribe.errors import DatasetError
from fretscribe.frames import N_TAB, FloatArray
from fretscribe.io.atomic import atomic_write
from fretscribe.models.tabcnn import TabCNN

Progress = Callable[[str], None]


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
    DatasetError
        If the arrays are broken, or lie on another grid than the network.
    WeightsError
        If a fold is missing.
    """
    examples = load_examples(folder, split)
    if folds is not None:
        tab = out_of_fold(folds, examples, progress=progress)
        made: dict[str, object] = {
            "made_by": "folds",
            "seen_player": dict.fromkeys(sorted({str(t) for t in examples.tracks}), False),
        }
    elif tabcnn is not None:
        _require_same_grid(folder, examples, tabcnn)
        progress(f"predicting by {tabcnn.name}")
        tab = np.zeros((*examples.arrays.valid.shape, N_TAB), dtype=np.float32)
        predict_samples(tabcnn, examples, np.arange(len(examples.players)), tab)
        pairs = zip(examples.tracks, examples.players, strict=True)
        made = {
            "made_by": "built-in weights" if tabcnn.weights.built_in else "given weights",
            "sha256": tabcnn.sha256,
            "seen_player": {str(track): str(player) in tabcnn.players for track, player in pairs},
        }
    else:
        raise ValueError("either folds or a network must predict")
    _write(folder, split, tab, made, force=force)
    return made


def _require_same_grid(folder: Path, examples: TabExamples, tabcnn: TabCNN) -> None:
    info = examples.arrays.info
    there, wanted = info.hop_length / info.sample_rate, tabcnn.hop_length / tabcnn.sample_rate
    if abs(there - wanted) > 1e-9 or info.open_pitches != tabcnn.open_pitches:
        raise DatasetError(
            f"{folder} has a time step of {there:.4f} s, {tabcnn.name} learned at {wanted:.4f} s in the "
            f"tuning {tabcnn.open_pitches}",
            mend="predict with weights trained on such arrays",
        )


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

"""Which networks a player-wise protocol needs, what their files are called, and what they predict.

A network's *fold* is the set of players that it never saw. ``tabcnn.onnx`` held out nobody,
``tabcnn-00.onnx`` player 00, ``tabcnn-00+03.onnx`` both. Predictions for a player come from a fold that
holds that player out; to train an LSTM that may not know player 00 either, from the fold of both. Knows
nothing of training.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from fretscribe.datasets.tab_examples import Ints, TabExamples
from fretscribe.errors import DatasetError, WeightsError
from fretscribe.frames import N_TAB, FloatArray, tab_from_probs
from fretscribe.models.lstm import NAME as LSTM_NAME
from fretscribe.models.lstm import LSTMPredictor
from fretscribe.models.tabcnn import TabCNN
from fretscribe.models.weights import WeightsFile, sha256_of

Fold = tuple[str, ...]
"""Players held out, sorted; empty for the network that is to be used."""


def fold_name(kind: str, fold: Iterable[str]) -> str:
    """File name without suffix.

    >>> fold_name("tabcnn", ("03", "00")), fold_name("lstm_final", ())
    ('tabcnn-00+03', 'lstm_final')
    """
    held_out = "+".join(sorted(fold))
    return f"{kind}-{held_out}" if held_out else kind


def player_folds(players: Iterable[str], *, nested: bool) -> list[Fold]:
    """A fold a player, and with ``nested`` one for every pair.

    >>> player_folds(["00", "01", "02"], nested=True)
    [('00',), ('01',), ('02',), ('00', '01'), ('00', '02'), ('01', '02')]
    """
    ordered = sorted(set(players))
    pairs = list(itertools.combinations(ordered, 2)) if nested else []
    return [(player,) for player in ordered] + [tuple(pair) for pair in pairs]


def fold_weights(folder: Path, kind: str, fold: Iterable[str]) -> WeightsFile:
    """The weights of a fold.

    Raises
    ------
    WeightsError
        If the folder does not have them.
    """
    name = fold_name(kind, fold)
    path = folder / f"{name}.onnx"
    if not path.exists():
        raise WeightsError(
            f"{folder} has no {path.name}",
            mend="train it with --folds player (and --nested for folds of two players)",
        )
    return WeightsFile(name=name, path=path, sha256=sha256_of(path))


def fold_networks(folder: Path, player: str) -> tuple[TabCNN, LSTMPredictor]:
    """The two networks that never saw a player; errors as `fold_weights`."""
    fold = (player,)
    return TabCNN(fold_weights(folder, "tabcnn", fold)), LSTMPredictor(fold_weights(folder, LSTM_NAME, fold))


def out_of_fold(
    folder: Path,
    examples: TabExamples,
    *,
    held_out: Sequence[str] = (),
    players: Sequence[str] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> FloatArray:
    """TabCNN's predictions, each sample's from a network that never saw its player (nor ``held_out``).

    Parameters
    ----------
    folder : Path
        Holds the folds' weights.
    examples : TabExamples
    held_out : sequence of str
        Players that must be unknown to every network used.
    players : sequence of str, optional
        Whose samples are predicted; the rest stays silent. All by default.

    Returns
    -------
    float32 array [n_samples, timesteps, 126]
        Zero (silent) at frames that do not count.

    Raises
    ------
    WeightsError
        If a fold is missing.
    DatasetError
        If the arrays lie on another grid than a network, or lack what it hears.
    """
    arrays = examples.arrays
    out = np.zeros((*arrays.valid.shape, N_TAB), dtype=np.float32)
    for player in sorted(set(examples.players)) if players is None else players:
        fold = sorted({player, *held_out})
        progress(f"predicting player {player} by {fold_name('tabcnn', fold)}")
        tabcnn = TabCNN(fold_weights(folder, "tabcnn", fold))
        predict_samples(tabcnn, examples, np.flatnonzero(examples.players == player), out)
    return out


def predict_samples(tabcnn: TabCNN, examples: TabExamples, rows: Ints, out: FloatArray) -> None:
    """Fill rows of ``out`` [n_samples, timesteps, 126] by a network; errors as `out_of_fold`."""
    _require_same_grid(examples, tabcnn)
    arrays = examples.arrays
    for row in rows:
        microphone = float(examples.microphone[row])
        if tabcnn.front_end == "windows":
            there = np.flatnonzero(arrays.valid[row])
            frames = np.column_stack([np.full(len(there), row), there])
            probs = tabcnn.predict(examples.inputs(frames, "windows"), microphone=microphone)
            out[row, there] = tab_from_probs(probs)
        else:
            n_frames = int(examples.n_frames[row])
            if arrays.x_spec is None:
                raise DatasetError("the arrays hold no X_spec", mend="make them with --source audio")
            probs = tabcnn.predict_sequence(np.asarray(arrays.x_spec[row, :n_frames]), microphone=microphone)
            out[row, :n_frames] = tab_from_probs(probs)
            out[row, ~arrays.valid[row]] = 0.0


def _require_same_grid(examples: TabExamples, tabcnn: TabCNN) -> None:
    info = examples.arrays.info
    there, wanted = info.hop_length / info.sample_rate, tabcnn.hop_length / tabcnn.sample_rate
    if abs(there - wanted) > 1e-9 or info.open_pitches != tabcnn.open_pitches:
        raise DatasetError(
            f"the arrays have a time step of {there:.4f} s and the tuning {info.open_pitches}, {tabcnn.name} "
            f"learned at {wanted:.4f} s in {tabcnn.open_pitches}",
            mend="predict with weights trained on such arrays",
        )

"""Training arrays as the tab networks see them: who may be learned from, classes, and input windows.

Neighbours: ``arrays`` reads the files, ``folds`` predicts them, ``training`` learns from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fretscribe.datasets.arrays import SampleInfo, Split, TabArrays, read_arrays
from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS
from fretscribe.errors import DatasetError
from fretscribe.frames import N_ARRAY_FRETS, N_ARRAY_STRINGS, FloatArray
from fretscribe.models.tabcnn import N_CONTEXT, FrontEndName

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
RENDERED_SOURCES = frozenset({"rendered", "synthetic", "tabs", "tabs-audio"})
"""Sources that are learned from but never judged on: what nobody played, or nobody checked."""

PICKUP_SOURCES = frozenset({"guitarset-windows", "guitarset-mix", "guitarset-hex_debleeded", "guitarset-hex"})
"""Sources that no microphone heard."""


def classes_of(y: FloatArray) -> npt.NDArray[np.int8]:
    """Truth [..., 126] as classes [..., 6]: 0 silence, 1 + fret otherwise."""
    blocks = y.reshape(*y.shape[:-1], N_ARRAY_STRINGS, N_ARRAY_FRETS)
    return np.where(blocks.any(axis=-1), blocks.argmax(axis=-1) + 1, 0).astype(np.int8)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TabExamples:
    """One folder's arrays, ready to learn from.

    Attributes
    ----------
    arrays : TabArrays
    classes : int8 array [n_samples, timesteps, 6]
    players, tracks : str arrays [n_samples]
    rendered : bool array [n_samples]
    microphone : float32 array [n_samples]
        1 where a microphone heard it, 0 for a pickup.
    n_frames : int64 array [n_samples]
        Frames that come from the track; padding follows.
    """

    arrays: TabArrays
    classes: npt.NDArray[np.int8]
    players: npt.NDArray[np.str_]
    tracks: npt.NDArray[np.str_]
    rendered: Bools
    microphone: FloatArray
    n_frames: Ints

    def learnable(self, held_out: Sequence[str]) -> Bools:
        """Samples [n_samples] that may be learned from: no held-out player, no development recording."""
        allowed = ~np.isin(self.players, list(held_out))
        return allowed & ~np.isin(self.tracks, DEVELOPMENT_TRACKS)

    def judged(self, players: Sequence[str]) -> Bools:
        """Samples [n_samples] of real playing by these players."""
        return np.isin(self.players, list(players)) & ~self.rendered

    def frames(self, samples: Bools) -> Ints:
        """(sample, timestep) of every valid frame of some samples, [n, 2]."""
        return np.argwhere(self.arrays.valid & samples[:, None])

    def inputs(self, frames: Ints, front_end: FrontEndName) -> FloatArray:
        """Network inputs of frames [n, 2]: windows in dB, float32 [n, n_bins, 9].

        At the ends of a sample its first and last frames are repeated, as `TabCNN.predict_sequence` does.
        """
        if front_end == "windows":
            if self.arrays.x_win is None:
                raise DatasetError("the arrays hold no X_win", mend="make them with --source windows")
            return np.asarray(self.arrays.x_win[frames[:, 0], frames[:, 1]])
        if self.arrays.x_spec is None:
            raise DatasetError("the arrays hold no X_spec", mend="make them with --source audio")
        around = np.arange(N_CONTEXT) - N_CONTEXT // 2
        last = self.n_frames[frames[:, 0], None] - 1
        steps = np.clip(frames[:, 1, None] + around, 0, last)
        return np.asarray(self.arrays.x_spec[frames[:, 0, None], steps].transpose(0, 2, 1))

    def targets(self, frames: Ints) -> npt.NDArray[np.int64]:
        """Classes of frames [n, 2], int64 [n, 6]."""
        return self.classes[frames[:, 0], frames[:, 1]].astype(np.int64)


def load_examples(folder: Path, split: Split = "train") -> TabExamples:
    """Read a split of a folder.

    Raises
    ------
    DatasetError
        If the arrays are absent or broken.
    """
    arrays = read_arrays(folder, split)
    infos: tuple[SampleInfo, ...] = arrays.info.samples
    return TabExamples(
        arrays=arrays,
        classes=classes_of(np.asarray(arrays.y)),
        players=np.array([s.player for s in infos]),
        tracks=np.array([s.track for s in infos]),
        rendered=np.array([s.source in RENDERED_SOURCES for s in infos], dtype=np.bool_),
        microphone=np.array([s.source not in PICKUP_SOURCES for s in infos], dtype=np.float32),
        n_frames=np.array([s.n_frames for s in infos], dtype=np.int64),
    )


def check_learnable(sets: Sequence[TabExamples], held_out: Sequence[str], validate_on: Sequence[str]) -> None:
    """Refuse a task without anything to learn from, or without real playing to validate on.

    Raises
    ------
    DatasetError
    """
    away = [*held_out, *validate_on]
    if not any(len(s.frames(s.learnable(away))) for s in sets):
        others = f" but for the players {', '.join(sorted(away))}" if away else ""
        raise DatasetError(
            f"the arrays hold nothing to learn from{others}", mend="add playing by other players"
        )
    for player in validate_on:
        if not any(len(s.frames(s.judged([player]))) for s in sets):
            raise DatasetError(
                f"the arrays hold no real playing by {player} to validate on",
                mend="name players of recordings: rendered sound is not judged",
            )

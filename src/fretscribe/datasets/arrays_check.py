"""Holds training arrays to their contract, and says what is in them.

Contract: shapes and types; finite values; y one-hot or zero in each string's block, and zero where there is
padding; X_lstm 0..1 with block sums of at most 1, and never the truth; files and ``arrays.json`` in
agreement; no player in two splits. Reads a few samples at a time. Neighbours: ``arrays`` reads the files,
``arrays_report`` puts the figures into words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fretscribe.datasets.arrays import (
    ENCODING,
    FILE_STEMS,
    SPLITS,
    TabArrays,
    array_path,
    decode_frets,
    read_arrays,
)
from fretscribe.datasets.arrays_info import INFO_FILE, ArraysInfo, Split, read_infos
from fretscribe.errors import DatasetError
from fretscribe.frames import N_ARRAY_FRETS, N_ARRAY_STRINGS, N_TAB, FloatArray

_CHUNK_SAMPLES = 16
_SUM_TOLERANCE = 1e-4
_COPY_MIN_CELLS = 10  # as many sounding cells exactly right are no chance
_MEND = "make the arrays again"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueRange:
    """Least, mean and greatest value of an array over the frames that count (all where none counts)."""

    low: float
    mean: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SplitCheck:
    """What is in the arrays of a split.

    Attributes
    ----------
    split : "train" | "val"
    info : ArraysInfo
    ranges : mapping of str to ValueRange
        Array file's stem -> its values.
    valid_share : float
        Share of the frames that count.
    cells : int64 array [6, 22]
        Frames that count, by string and by what it does: silence, frets 0..20.
    first_sample : int8 array [timesteps, 6]
        Frets of the first sample with notes; -1 is silence.
    first_sample_index : int
    """

    split: Split
    info: ArraysInfo
    ranges: Mapping[str, ValueRange]
    valid_share: float
    cells: npt.NDArray[np.int64]
    first_sample: npt.NDArray[np.int8]
    first_sample_index: int


def check_arrays(folder: Path) -> tuple[SplitCheck, ...]:
    """Check all splits of a folder of training arrays.

    Raises
    ------
    DatasetError
        If the contract is broken; names the file, the place and the rule.
    """
    folder = Path(folder)
    infos = read_infos(folder)
    for split in SPLITS:
        stray = [path for name in FILE_STEMS if (path := array_path(folder, name, split)).exists()]
        if split not in infos and stray:
            raise DatasetError(f"{stray[0]} is there, {INFO_FILE} has no split {split!r}", mend=_MEND)
    _check_players(folder, infos)
    return tuple(_check_split(folder, split) for split in infos)


def _check_players(folder: Path, infos: Mapping[Split, ArraysInfo]) -> None:
    seen: dict[str, Split] = {}
    for split, info in infos.items():
        for player in info.players:
            if player in seen:
                raise DatasetError(
                    f"{folder}: player {player!r} is in both {seen[player]} and {split}",
                    mend="splits are made by player, never by track or window",
                )
            seen[player] = split


def _check_split(folder: Path, split: Split) -> SplitCheck:
    arrays = read_arrays(folder, split)
    info = arrays.info
    if info.encoding != ENCODING:
        raise DatasetError(
            f"{folder / INFO_FILE}: {split}.encoding is {info.encoding!r}, not {ENCODING!r}", mend=_MEND
        )
    if bool(info.x_lstm) != (arrays.x_lstm is not None):
        there = "not described" if arrays.x_lstm is not None else "described, but not there"
        raise DatasetError(
            f"{array_path(folder, 'x_lstm', split)} is {there} in {INFO_FILE} ({split}.x_lstm)", mend=_MEND
        )
    tally = _Tally()
    for first, part in _chunks(arrays):
        _check_chunk(folder, split, first, part, tally, info)
    return SplitCheck(
        split=split,
        info=info,
        ranges=tally.ranges(),
        valid_share=tally.n_valid / tally.n_frames,
        cells=tally.cells,
        first_sample=tally.first_sample,
        first_sample_index=tally.first_sample_index,
    )


class _Tally:
    """Running sums over the chunks of a split."""

    def __init__(self) -> None:
        self.cells = np.zeros((N_ARRAY_STRINGS, N_ARRAY_FRETS + 1), dtype=np.int64)
        self.n_valid = 0
        self.n_frames = 0
        self.first_sample: npt.NDArray[np.int8] = np.full((0, N_ARRAY_STRINGS), -1, dtype=np.int8)
        self.first_sample_index = 0
        self._ranges: dict[str, list[float]] = {}

    def add_values(self, stem: str, values: npt.NDArray[np.float32]) -> None:
        """Take in the values of an array at the frames that count."""
        if not values.size:
            return
        low, high = float(values.min()), float(values.max())
        total = float(values.sum(dtype=np.float64))
        if stem not in self._ranges:
            self._ranges[stem] = [low, high, 0.0, 0.0]
        row = self._ranges[stem]
        row[:] = [min(row[0], low), max(row[1], high), row[2] + total, row[3] + values.size]

    def add_frets(self, first: int, frets: npt.NDArray[np.int8], valid: npt.NDArray[np.bool_]) -> None:
        """Take in the frets of some samples [n, timesteps, 6]."""
        self.n_frames += valid.size
        self.n_valid += int(valid.sum())
        for string in range(N_ARRAY_STRINGS):
            classes = frets[..., string][valid] + 1
            self.cells[string] += np.bincount(classes, minlength=N_ARRAY_FRETS + 1)
        sounding = np.flatnonzero((frets >= 0).any(axis=(1, 2)))
        if not len(self.first_sample) and len(sounding):
            self.first_sample = frets[sounding[0]]
            self.first_sample_index = first + int(sounding[0])

    def ranges(self) -> dict[str, ValueRange]:
        """Least, mean and greatest value of each array."""
        return {
            stem: ValueRange(low=low, mean=total / n, high=high)
            for stem, (low, high, total, n) in self._ranges.items()
        }


def _chunks(arrays: TabArrays) -> Iterator[tuple[int, dict[str, npt.NDArray[np.generic]]]]:
    named = arrays.named()
    for first in range(0, arrays.info.n_samples, _CHUNK_SAMPLES):
        yield (
            first,
            {name: np.asarray(array[first : first + _CHUNK_SAMPLES]) for name, array in named.items()},
        )


def _check_chunk(
    folder: Path,
    split: Split,
    first: int,
    part: Mapping[str, npt.NDArray[np.generic]],
    tally: _Tally,
    info: ArraysInfo,
) -> None:
    def refuse(name: str, broken: npt.ArrayLike, rule: str) -> None:
        """Fail with the first sample and frame [n, timesteps] where a rule is broken."""
        at = np.argwhere(np.asarray(broken))
        if len(at):
            sample, frame = at[0].tolist()
            place = f"{array_path(folder, name, split)}: sample {first + sample}, frame {frame}"
            raise DatasetError(f"{place}: {rule}", mend=_MEND)

    valid = part["valid"].astype(np.bool_)
    for name in part.keys() - {"valid"}:
        bad = ~np.isfinite(part[name].astype(np.float32)).reshape(*valid.shape, -1).all(axis=-1)
        refuse(name, bad, "a value is not a finite number")
    y = part["y"].astype(np.float32)
    refuse("y", ~_one_hot(y), "a string's block must be one-hot, or zero for silence")
    real = np.array([sample.n_frames for sample in info.samples[first : first + len(valid)]])
    padding = np.arange(info.timesteps)[None] >= real[:, None]
    refuse("valid", padding & valid, "padding must not be valid")
    refuse("y", padding & y.any(axis=-1), "padding must be silent")
    if "x_lstm" in part:
        x_lstm = part["x_lstm"].astype(np.float32)
        refuse("x_lstm", ((x_lstm < 0) | (x_lstm > 1)).any(axis=-1), "a probability must be 0 to 1")
        sums = _blocks(x_lstm).sum(axis=-1)
        refuse("x_lstm", (sums > 1 + _SUM_TOLERANCE).any(axis=-1), "a string's block must not sum above 1")
        refuse("x_lstm", _copies(x_lstm, y), "the predictions are the truth: a network would learn to copy")
    tally.add_frets(first, decode_frets(y), valid)
    for name in part.keys() - {"valid"}:
        values = part[name].astype(np.float32)
        tally.add_values(FILE_STEMS[name], values[valid])


def _blocks(frames: FloatArray) -> FloatArray:
    return frames.reshape(*frames.shape[:-1], N_ARRAY_STRINGS, N_TAB // N_ARRAY_STRINGS)


def _one_hot(y: FloatArray) -> npt.NDArray[np.bool_]:
    """Which frames [n, timesteps] have in each block a single 1, or nothing."""
    whole = ((y == 0) | (y == 1)).all(axis=-1)
    return np.asarray(whole & (_blocks(y).sum(axis=-1) <= 1).all(axis=-1))


def _copies(x_lstm: FloatArray, y: FloatArray) -> npt.NDArray[np.bool_]:
    """[n, timesteps]: True in the first frame of each sample whose predictions equal the truth throughout."""
    same = (x_lstm == y).all(axis=(1, 2)) & (y.sum(axis=(1, 2)) >= _COPY_MIN_CELLS)
    at = np.zeros(y.shape[:2], dtype=np.bool_)
    at[:, 0] = same
    return at

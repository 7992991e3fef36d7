"""The training arrays: files of fixed names and shapes, and samples cut from tracks.

``X_spec`` (samples, timesteps, 128) log-mel frames, ``X_win`` (samples, timesteps, 96, 9) constant-Q windows,
``y_lstm`` (samples, timesteps, 126) truth, ``X_lstm`` of the same shape a predictor's probabilities,
``valid`` (samples, timesteps) which frames count. They are written whole or not at all.
Neighbours: ``arrays_info`` has the description beside them, ``fret_frames`` the layout of a frame;
``guitarset_arrays`` and ``synthetic_set`` make them, ``merge`` joins them, ``arrays_check`` holds them to the
contract, ``training`` learns from them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt

from fretscribe.datasets.arrays_info import (
    ENCODING,
    INFO_FILE,
    SPLITS,
    ArraysInfo,
    SampleInfo,
    SampleStyle,
    Split,
    infos_text,
    read_infos,
)
from fretscribe.datasets.fret_frames import FretArray, decode_frets, encode_frets, frets_on_grid
from fretscribe.errors import DatasetError, OutputError
from fretscribe.frames import N_TAB, FloatArray
from fretscribe.io.atomic import atomic_write
from fretscribe.npy import read_npy_header

__all__ = [
    "ENCODING",
    "SPLITS",
    "ArraysInfo",
    "FretArray",
    "SampleInfo",
    "Split",
    "TabArrays",
    "array_path",
    "check_free",
    "cut_samples",
    "decode_frets",
    "encode_frets",
    "frets_on_grid",
    "read_arrays",
    "read_infos",
    "sample_infos",
    "write_arrays",
    "write_pieces",
]

N_MELS = 128
WINDOW_SHAPE = (96, 9)
"""Constant-Q bins and columns of a window."""

FILE_STEMS: Mapping[str, str] = MappingProxyType(
    {"x_spec": "X_spec", "x_win": "X_win", "x_lstm": "X_lstm", "y": "y_lstm", "valid": "valid"}
)
"""Field of `TabArrays` -> beginning of its file's name."""

_FRAME_SHAPES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"x_spec": (N_MELS,), "x_win": WINDOW_SHAPE, "x_lstm": (N_TAB,), "y": (N_TAB,), "valid": ()}
)
_REQUIRED = ("y", "valid")
_WRITE_BYTES = 1 << 24

_Scalar = TypeVar("_Scalar", bound=np.generic)
BoolArray = npt.NDArray[np.bool_]
AnyArray = FloatArray | BoolArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TabArrays:
    """The arrays of one split; shapes and types are checked, values are not (see `arrays_check`).

    Attributes
    ----------
    info : ArraysInfo
    y : float32 array [n_samples, timesteps, 126]
        One-hot per string block; silence is an all-zero block.
    valid : bool array [n_samples, timesteps]
        False: padding, or a frame whose features are missing.
    x_spec : float32 array [n_samples, timesteps, 128], or None
        Log-mel frames in dB.
    x_win : float32 array [n_samples, timesteps, 96, 9], or None
        Constant-Q windows in dB.
    x_lstm : float32 array [n_samples, timesteps, 126], or None
        Predicted probabilities; a block's sum is P(the string sounds). Never the truth.
    """

    info: ArraysInfo
    y: FloatArray
    valid: BoolArray
    x_spec: FloatArray | None = None
    x_win: FloatArray | None = None
    x_lstm: FloatArray | None = None

    def __post_init__(self) -> None:
        for name, array in self.named().items():
            wanted = _expected(name, self.info)
            dtype = np.dtype(np.bool_ if name == "valid" else np.float32)
            if array.shape != wanted or array.dtype != dtype:
                raise ValueError(
                    f"{FILE_STEMS[name]} must be {dtype} {wanted}, not {array.dtype} {array.shape}"
                )

    def named(self) -> dict[str, AnyArray]:
        """The arrays that are there, by field name."""
        arrays = {name: getattr(self, name) for name in FILE_STEMS}
        return {name: array for name, array in arrays.items() if array is not None}


def _expected(name: str, info: ArraysInfo) -> tuple[int, ...]:
    return (info.n_samples, info.timesteps, *_FRAME_SHAPES[name])


def array_path(folder: Path, name: str, split: Split = "train") -> Path:
    """Path of an array's file; ``name`` is a field of `TabArrays`.

    >>> array_path(Path("sets"), "y", "val").as_posix()
    'sets/y_lstm_val.npy'
    """
    return Path(folder) / f"{FILE_STEMS[name]}_{split}.npy"


def read_arrays(folder: Path, split: Split = "train", *, mmap: bool = True) -> TabArrays:
    """Read the arrays of a split.

    Parameters
    ----------
    folder : Path
    split : "train" | "val"
    mmap : bool
        Whether the arrays stay on disk and are read where they are touched.

    Raises
    ------
    DatasetError
        If the folder or the split is not there, a file is foreign or truncated, or files and ``arrays.json``
        disagree; the message is one line and names the file.
    """
    folder = Path(folder)
    infos = read_infos(folder)
    if split not in infos:
        raise DatasetError(f"{folder} has no split {split!r}", mend=f"it has {', '.join(infos)}")
    info = infos[split]
    arrays = {
        name: _read_array(array_path(folder, name, split), _expected(name, info), mmap=mmap)
        for name in FILE_STEMS
        if name in _REQUIRED or array_path(folder, name, split).exists()
    }
    return TabArrays(info=info, **arrays)  # type: ignore[arg-type]  # _read_array has checked each dtype


def _read_array(path: Path, shape: tuple[int, ...], *, mmap: bool) -> AnyArray:
    dtype = np.dtype(np.float32 if len(shape) > 2 else np.bool_)
    try:
        # The header first: archives, pickles and truncated files are refused before anything is mapped.
        with path.open("rb") as file:
            read_npy_header(file)
        array: np.ndarray = np.lib.format.open_memmap(path, mode="r")
        loaded = array if mmap else np.array(array)
    except FileNotFoundError as error:
        raise DatasetError(f"{path} is missing", mend="make the arrays again") from error
    except (OSError, ValueError, OverflowError) as error:  # the last where there is nothing to map
        reason = " ".join(str(error).split())[:160]
        raise DatasetError(
            f"{path} is no array file, or is truncated: {reason}", mend="make the arrays again"
        ) from error
    if loaded.dtype != dtype or loaded.shape != shape:
        raise DatasetError(
            f"{path} holds {loaded.dtype} {loaded.shape}, {INFO_FILE} says {dtype} {shape}",
            mend="make the arrays again",
        )
    return loaded


def write_arrays(folder: Path, arrays: TabArrays, split: Split = "train", *, force: bool) -> None:
    """Write the arrays of a split and its part of ``arrays.json``; other splits stay as they are.

    Raises
    ------
    OutputError
        If the split is there already (without ``force``) or the folder cannot be written; nothing is changed.
    DatasetError
        If an ``arrays.json`` is there that cannot be understood.
    """
    pieces = {name: [array] for name, array in arrays.named().items()}
    write_pieces(folder, arrays.info, pieces, split, force=force)


def write_pieces(
    folder: Path,
    info: ArraysInfo,
    pieces: Mapping[str, Iterable[AnyArray]],
    split: Split = "train",
    *,
    force: bool,
) -> None:
    """As `write_arrays`, for arrays that come in pieces: each is written and let go before the next is made.

    Parameters
    ----------
    pieces : mapping of str to iterable of array
        Field name of `TabArrays` -> pieces of that array, joined along samples; together they must have
        ``info.n_samples``.
    """
    folder = Path(folder)
    if not set(_REQUIRED) <= set(pieces) <= set(FILE_STEMS):
        raise ValueError(f"y and valid must be among the arrays, and nothing foreign: {sorted(pieces)}")
    infos = check_free(folder, split, force=force)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
    with contextlib.ExitStack() as files:  # they get their names last to first, so arrays.json comes last
        info_file = files.enter_context(atomic_write(folder / INFO_FILE, force=bool(infos)))
        info_file.write_text(infos_text(infos | {split: info}), encoding="utf-8", newline="\n")
        for name in sorted(pieces):
            path = files.enter_context(atomic_write(array_path(folder, name, split), force=force))
            with path.open("wb") as file:
                _write_npy(file, name, pieces[name], _expected(name, info))
        for name in set(FILE_STEMS) - set(pieces):  # left by an older set: taken for this one's otherwise
            array_path(folder, name, split).unlink(missing_ok=True)


def check_free(folder: Path, split: Split, *, force: bool) -> dict[Split, ArraysInfo]:
    """Refuse a split that is there already, before any work is done; returns what else is there.

    Raises
    ------
    OutputError
        If there are arrays of that split (without ``force``).
    DatasetError
        If an ``arrays.json`` is there that cannot be understood.
    """
    present = [path for name in FILE_STEMS if (path := array_path(folder, name, split)).exists()]
    infos = read_infos(folder) if (folder / INFO_FILE).exists() else {}
    if (present or split in infos) and not force:
        shown = present[0] if present else f"the split {split!r} of {folder / INFO_FILE}"
        raise OutputError(f"{shown} exists", mend="use --force to replace it")
    return infos


def _write_npy(file: BinaryIO, name: str, pieces: Iterable[AnyArray], shape: tuple[int, ...]) -> None:
    """Write pieces as one .npy, a few samples at a time: a memory map would crash on a full disk."""
    dtype = np.dtype("?" if name == "valid" else "<f4")
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    step = max(1, _WRITE_BYTES // (int(np.prod(shape[1:])) * dtype.itemsize))
    n_written = 0
    for piece in pieces:
        if piece.shape[1:] != shape[1:] or piece.dtype != dtype:
            raise ValueError(
                f"a piece of {FILE_STEMS[name]} is {piece.dtype} {piece.shape}, not {dtype} {shape}"
            )
        for first in range(0, len(piece), step):
            file.write(np.ascontiguousarray(piece[first : first + step]).tobytes())
        n_written += len(piece)
    if n_written != shape[0]:
        raise ValueError(f"the pieces of {FILE_STEMS[name]} have {n_written} samples, not {shape[0]}")


def cut_samples(
    frames: npt.NDArray[_Scalar], timesteps: int, *, has_data: BoolArray | None = None
) -> tuple[npt.NDArray[_Scalar], BoolArray]:
    """Cut a track's frames into samples of equal length, one after the other, the last one padded with 0.

    Parameters
    ----------
    frames : array [n_frames, ...]
    timesteps : int
    has_data : bool array [n_frames], optional
        False where the frame's features are missing.

    Returns
    -------
    samples : array [n_samples, timesteps, ...]
    valid : bool array [n_samples, timesteps]

    >>> samples, valid = cut_samples(np.ones((5, 2), dtype=np.float32), 3)
    >>> samples.shape, valid.tolist()
    ((2, 3, 2), [[True, True, True], [True, True, False]])
    """
    n_frames = len(frames)
    n_samples = -(-n_frames // timesteps)
    samples = np.zeros((n_samples * timesteps, *frames.shape[1:]), dtype=frames.dtype)
    samples[:n_frames] = frames
    valid = np.zeros(n_samples * timesteps, dtype=np.bool_)
    valid[:n_frames] = True if has_data is None else has_data
    return samples.reshape(n_samples, timesteps, *frames.shape[1:]), valid.reshape(n_samples, timesteps)


def sample_infos(
    *, track: str, player: str, source: str, style: SampleStyle, n_frames: int, timesteps: int
) -> tuple[SampleInfo, ...]:
    """The descriptions of the samples that `cut_samples` makes of a track."""
    return tuple(
        SampleInfo(
            track=track,
            player=player,
            source=source,
            start_frame=start,
            n_frames=min(timesteps, n_frames - start),
            style=style,
        )
        for start in range(0, n_frames, timesteps)
    )

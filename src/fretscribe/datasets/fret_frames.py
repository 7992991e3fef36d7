"""Which fret sounds when: notes on a grid of frames, and the 126 values of a frame in the array files.

Knows nothing of files. Neighbours: ``frames`` has the sizes of the layout and converts probabilities,
``arrays`` writes what is encoded here, ``evaluation.metrics`` has the same rule for which note a frame has.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fretscribe.frames import N_ARRAY_FRETS, N_ARRAY_STRINGS, N_TAB, FloatArray, FrameGrid

SILENT = -1
"""In place of a fret: the string does not sound."""

FretArray = npt.NDArray[np.int8]


class _PlacedNote(Protocol):
    """A note on a string, such as `RefNote`."""

    @property
    def onset_s(self) -> float: ...
    @property
    def offset_s(self) -> float: ...
    @property
    def string(self) -> int: ...
    @property
    def fret(self) -> int: ...


def frets_on_grid(notes: Iterable[_PlacedNote], grid: FrameGrid) -> tuple[FretArray, int]:
    """Which fret sounds on each string at each frame.

    A frame at time t carries the note with ``onset_s <= t < offset_s``, the later one where two overlap (as
    ``evaluation.metrics``).

    Parameters
    ----------
    notes : iterable of `RefNote` or the like
        On strings 0..5.
    grid : FrameGrid

    Returns
    -------
    frets : int8 array [n_frames, 6]
        -1 is silence.
    n_above : int
        Notes above fret 20: left out, their frames are silent.

    Raises
    ------
    ValueError
        If a note lies on no string of the layout, or below the nut.
    """
    times_s = grid.times_s()
    frets = np.full((grid.n_frames, N_ARRAY_STRINGS), SILENT, dtype=np.int8)
    n_above = 0
    for note in sorted(notes, key=lambda note: note.onset_s):
        if not 0 <= note.string < N_ARRAY_STRINGS or note.fret < 0:
            raise ValueError(f"string {note.string}, fret {note.fret} has no place in the layout")
        too_high = note.fret >= N_ARRAY_FRETS
        n_above += too_high
        first, beyond = np.searchsorted(times_s, [note.onset_s, note.offset_s], side="left")
        frets[first:beyond, note.string] = SILENT if too_high else note.fret
    return frets, n_above


def encode_frets(frets: npt.ArrayLike) -> FloatArray:
    """Frets [..., 6] (-1 silence, 0..20) in the 126 layout, float32 [..., 126].

    >>> np.flatnonzero(encode_frets([-1, 3, -1, -1, -1, 0])).tolist()
    [24, 105]
    """
    array = np.asarray(frets)
    if array.shape[-1:] != (N_ARRAY_STRINGS,):
        raise ValueError(f"frets must end in {N_ARRAY_STRINGS} strings, not {array.shape}")
    if array.size and not (array.min() >= SILENT and array.max() < N_ARRAY_FRETS):
        raise ValueError(f"frets must be -1 or 0..{N_ARRAY_FRETS - 1}")
    blocks = array[..., None] == np.arange(N_ARRAY_FRETS)
    return np.ascontiguousarray(blocks.reshape(*array.shape[:-1], N_TAB), dtype=np.float32)


def decode_frets(y: npt.ArrayLike) -> FretArray:
    """Inverse of `encode_frets`, for arrays that are one-hot or silent in each block.

    Raises
    ------
    ValueError
        If a block is neither.

    >>> decode_frets(encode_frets([-1, 3, -1, -1, -1, 20])).tolist()
    [-1, 3, -1, -1, -1, 20]
    """
    array = np.asarray(y)
    if array.shape[-1:] != (N_TAB,):
        raise ValueError(f"a frame has {N_TAB} values, not {array.shape}")
    blocks = array.reshape(*array.shape[:-1], N_ARRAY_STRINGS, N_ARRAY_FRETS)
    if not ((blocks == 0) | (blocks == 1)).all() or blocks.sum(axis=-1).max(initial=0.0) > 1:
        raise ValueError("each block must be one-hot, or zero for silence")
    return np.where(blocks.any(axis=-1), blocks.argmax(axis=-1), SILENT).astype(np.int8)

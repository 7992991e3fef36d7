"""Notes as arrays: the one shape that every measure takes, made from annotations and from tabs.

Knows nothing of measures. Neighbours: ``metrics``, ``errors`` and ``playability`` compute with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.datasets.guitarset_truth import TrackTruth
from fretscribe.music import Tab

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoteArrays:
    """``n`` notes, one array a property, all of shape [n].

    Attributes
    ----------
    onset_s, offset_s : float64 array [n]
        Each offset after its onset.
    pitch : float64 array [n]
        MIDI pitch, fractional in annotations.
    string : int64 array [n]
        0 = lowest.
    fret : int64 array [n]
        Counted from the nut, so that a capo does not matter.
    confidence : float64 array [n]
        P(note right); NaN where it was not judged.
    """

    onset_s: Floats
    offset_s: Floats
    pitch: Floats
    string: Ints
    fret: Ints
    confidence: Floats

    def __post_init__(self) -> None:
        shape = self.onset_s.shape
        arrays = (self.onset_s, self.offset_s, self.pitch, self.string, self.fret, self.confidence)
        if len(shape) != 1 or any(array.shape != shape for array in arrays):
            raise ValueError(f"all arrays need one shape [n], not {[array.shape for array in arrays]}")
        if not (np.isfinite(self.onset_s) & np.isfinite(self.offset_s) & np.isfinite(self.pitch)).all():
            raise ValueError("times and pitches must be finite")
        if (self.offset_s <= self.onset_s).any():
            raise ValueError("every note must end after it starts")
        for array in arrays:
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.onset_s)

    def select(self, which: Bools | Ints) -> NoteArrays:
        """The notes of a mask or of indices."""
        return NoteArrays(
            onset_s=self.onset_s[which],
            offset_s=self.offset_s[which],
            pitch=self.pitch[which],
            string=self.string[which],
            fret=self.fret[which],
            confidence=self.confidence[which],
        )


def note_arrays(
    onset_s: npt.ArrayLike,
    offset_s: npt.ArrayLike,
    pitch: npt.ArrayLike,
    string: npt.ArrayLike,
    fret: npt.ArrayLike,
    confidence: npt.ArrayLike | None = None,
) -> NoteArrays:
    """Copy sequences of equal length into a `NoteArrays`.

    >>> len(note_arrays([0.0, 0.5], [0.4, 0.9], [40, 47], [0, 1], [0, 2]))
    2
    """
    onsets = np.array(onset_s, dtype=np.float64)
    return NoteArrays(
        onset_s=onsets,
        offset_s=np.array(offset_s, dtype=np.float64),
        pitch=np.array(pitch, dtype=np.float64),
        string=np.array(string, dtype=np.int64),
        fret=np.array(fret, dtype=np.int64),
        confidence=np.full(onsets.shape, np.nan)
        if confidence is None
        else np.array(confidence, dtype=np.float64),
    )


def truth_arrays(truth: TrackTruth) -> NoteArrays:
    """The annotated notes with their raw times and fractional pitches."""
    return _columns(
        [(n.onset_s, n.offset_s, n.pitch, n.string, n.fret + truth.tuning.capo, np.nan) for n in truth.notes]
    )


def tab_arrays(tab: Tab) -> NoteArrays:
    """The notes of a tab at the pitch of their fret; bends are left out, as the annotations' frets are."""
    return _columns(
        [
            (
                n.note.onset_s,
                n.note.offset_s,
                n.note.pitch,
                n.position.string,
                n.position.fret + tab.tuning.capo,
                np.nan if n.confidence is None else n.confidence,
            )
            for n in tab.notes
        ]
    )


def _columns(rows: Sequence[tuple[float, ...]]) -> NoteArrays:
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    return note_arrays(*(table[:, column] for column in range(6)))

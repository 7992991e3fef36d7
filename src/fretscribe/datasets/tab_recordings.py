"""Recordings of tabs: found by name, aligned, and heard by TabCNN at the times of the tab.

Only the stretch that the tab covers is kept: before and after it nobody says what is played. Neighbours:
``tab_alignment`` finds the tab in the recording, ``tab_frames`` asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fretscribe.datasets.tab_alignment import MIN_SCORE, align
from fretscribe.datasets.tab_files import TabFile, without_suffix
from fretscribe.errors import DatasetError
from fretscribe.frames import (
    N_ARRAY_FRETS,
    N_ARRAY_STRINGS,
    Audio,
    FloatArray,
    FrameGrid,
    FretProbs,
    StringRoll,
    on_grid,
    tab_from_probs,
)
from fretscribe.io.audio import read_audio
from fretscribe.music import Tab, Tuning

AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".aif", ".aiff", ".m4a", ".mp4", ".webm")

_LONGEST_S = 600.0  # a third of a gigabyte for the longest tab that fits

GridFor = Callable[[float], FrameGrid]
"""Seconds -> frames."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeardTab:
    """A tab at the times of its recording.

    Attributes
    ----------
    tab : Tab
    grid : FrameGrid
        Of the whole recording.
    first_frame : int
        Where the tab begins.
    predicted : float32 array [n, 126]
        Frames from there to the tab's end; frets of the tab's tuning.
    score : float
        Of the alignment, 0 to 1.
    """

    tab: Tab
    grid: FrameGrid
    first_frame: int
    predicted: FloatArray
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Hears the recordings of tabs.

    Attributes
    ----------
    recordings : mapping of str to Path
        See `find_recordings`.
    acoustic : callable
        The acoustic model: what tabs are aligned by.
    tabcnn : callable
        What predicts X_lstm.
    sample_rate : int
        That both take, in Hz.
    open_pitches : sequence of int
        The guitar that ``tabcnn`` speaks of.
    made_by, sha256 : str
        Of ``tabcnn``.
    players : sequence of str
        That ``tabcnn`` learned from.
    """

    recordings: Mapping[str, Path]
    acoustic: Callable[[Audio], StringRoll]
    tabcnn: Callable[[Audio], FretProbs]
    sample_rate: int
    open_pitches: Sequence[int]
    made_by: str
    sha256: str
    players: Sequence[str] = ()

    def hear(self, file: TabFile, tab: Tab, grid_for: GridFor) -> HeardTab | None:
        """A tab in its recording, None if it has none.

        Raises
        ------
        DatasetError
            If the recording is not of this tab, or longer than 10 minutes.
        AudioError
            If the recording cannot be read.
        """
        path = self.recordings.get(without_suffix(file.path).casefold())
        if path is None:
            return None
        audio = read_audio(path, sample_rate=self.sample_rate, end_s=_LONGEST_S + 1.0).audio
        if audio.duration_s > _LONGEST_S:
            raise DatasetError(f"the recording {path.name} is longer than {_LONGEST_S:.0f} s")
        alignment = align(tab, self.acoustic(audio))
        if alignment is None or alignment.score < MIN_SCORE:
            reason = "too short" if alignment is None else f"alike by {alignment.score:.2f} only"
            raise DatasetError(f"is not what is played in {path.name} ({reason}, {MIN_SCORE} is the least)")
        moved = alignment.moved(tab)
        grid = grid_for(audio.duration_s)
        times_s = grid.times_s()
        first, end = np.searchsorted(times_s, [moved.notes[0].note.onset_s, moved.duration_s], side="left")
        predicted = tab_from_probs(on_grid(self.tabcnn(audio), grid).probs)[first:end]
        if not len(predicted):
            raise DatasetError(f"has no frame in {path.name}")
        carried = carried_frets(predicted, self.open_pitches, tab.tuning)
        return HeardTab(
            tab=moved, grid=grid, first_frame=int(first), predicted=carried, score=alignment.score
        )


def find_recordings(folder: Path) -> dict[str, Path]:
    """Recordings in a folder and its subfolders, by their names without suffix in small letters.

    Raises
    ------
    DatasetError
        If the folder is not there or holds none, or if two have the same name.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is no folder")
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in AUDIO_SUFFIXES or path.name.startswith(".") or not path.is_file():
            continue
        other = found.setdefault(path.stem.casefold(), path)
        if other != path:
            raise DatasetError(f"{other} and {path} have the same name", mend="keep one of them")
    if not found:
        raise DatasetError(f"{folder} holds no recordings", mend=f"these are: {', '.join(AUDIO_SUFFIXES)}")
    return found


def carried_frets(predicted: FloatArray, open_pitches: Sequence[int], tuning: Tuning) -> FloatArray:
    """Predictions [n, 126] for one guitar as frets of another: each string's pitches stay.

    >>> frame = np.zeros((1, 126), dtype=np.float32)
    >>> frame[0, 0] = 0.9  # the open low string of the standard guitar
    >>> drop_d = Tuning(open_pitches=(38, 45, 50, 55, 59, 64))
    >>> np.flatnonzero(carried_frets(frame, (40, 45, 50, 55, 59, 64), drop_d)).tolist()
    [2]
    """
    blocks = predicted.reshape(-1, N_ARRAY_STRINGS, N_ARRAY_FRETS)
    out = np.zeros_like(blocks)
    pairs = zip(open_pitches, tuning.open_pitches, strict=True)
    for string, (learned, own) in enumerate(pairs):
        up = learned - own - tuning.capo
        frets = np.arange(max(0, up), min(N_ARRAY_FRETS, N_ARRAY_FRETS + up))
        out[:, string, frets] = blocks[:, string, frets - up]
    return out.reshape(predicted.shape)

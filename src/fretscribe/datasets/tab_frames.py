"""A tab on the frames of training arrays, at its own times or at those of its recording.

Neighbours: ``tab_files`` reads the tab, ``tab_recordings`` aligns it, ``fret_frames`` has the rule for which
note a frame has, ``tab_set`` writes what comes out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from fretscribe.datasets.fret_frames import FretArray, frets_on_grid
from fretscribe.datasets.tab_files import LoadedTab, TabFile, TempoFrom
from fretscribe.datasets.tab_recordings import Listener
from fretscribe.datasets.windows import window_grid
from fretscribe.dsp.mel import MEL_HOP_LENGTH, MEL_SAMPLE_RATE, mel_grid
from fretscribe.errors import DatasetError, FretscribeError, OptionError
from fretscribe.frames import N_ARRAY_STRINGS, FloatArray, FrameGrid
from fretscribe.music import Tab, Tuning

GridName = Literal["mel", "windows"]

LoadFile = Callable[[Path], LoadedTab]
"""`tab_files.load_tab` with its options."""

_LONGEST_S = 3600.0


def parse_grid(text: str) -> GridName:
    """A grid by name; `OptionError` for what is none."""
    for name in get_args(GridName):
        if text == name:
            return name  # type: ignore[no-any-return]  # get_args forgets that it is a Literal
    raise OptionError(f"unknown grid {text!r}", mend=f"use {' or '.join(get_args(GridName))}")


def tab_grid(name: GridName, duration_s: float) -> FrameGrid:
    """The frames of so many seconds, the last one within them; one at least."""
    if name == "windows":
        return window_grid(max(1, int(duration_s * 10 + 1e-9)))
    return mel_grid(1 + int(duration_s * MEL_SAMPLE_RATE) // MEL_HOP_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FramedTab:
    """A tab on its frames.

    Attributes
    ----------
    file : TabFile
    frets : int8 array [n_frames, 6]
    first_frame : int
        Of the recording; 0 without one.
    predicted : float32 array [n_frames, 126], or None
        What TabCNN hears in the recording; None without one.
    score : float, or None
        How well the tab was found in the recording.
    tuning : Tuning
    n_notes, n_above, n_dead, n_between : int
        Notes; those above fret 20, dead ones, and those that no frame falls into.
    tempo_from : TempoFrom
    warnings : tuple of str
    """

    file: TabFile
    frets: FretArray
    first_frame: int
    predicted: FloatArray | None
    score: float | None
    tuning: Tuning
    n_notes: int
    n_above: int
    n_dead: int
    n_between: int
    tempo_from: TempoFrom
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    onset_s: float
    offset_s: float
    string: int
    fret: int


def frame_tab(
    file: TabFile, *, load: LoadFile, grid: GridName, listener: Listener | None = None
) -> FramedTab | str:
    """A tab on its frames, or the line that says why it cannot be used (errors do not travel well).

    With a recording, the frames are those between the tab's first onset and its last offset in it.
    """
    try:
        loaded = load(file.path)
        _check_usable(loaded.tab)
        heard = None if listener is None else listener.hear(file, loaded.tab, lambda s: tab_grid(grid, s))
    except FretscribeError as error:
        reason = error.message.removeprefix(f"{file.path}: ").removeprefix(f"{file.path.name}: ")
        return f"{file.name}: {reason}"
    tab = loaded.tab if heard is None else heard.tab
    frames = tab_grid(grid, tab.duration_s) if heard is None else heard.grid
    notes = [
        _Placed(
            onset_s=n.note.onset_s, offset_s=n.note.offset_s, string=n.position.string, fret=n.position.fret
        )
        for n in tab.notes
        if "dead" not in n.techniques
    ]
    frets, n_above = frets_on_grid(notes, frames)
    edges = np.searchsorted(frames.times_s(), [[n.onset_s, n.offset_s] for n in notes], side="left")
    return FramedTab(
        file=file,
        frets=frets if heard is None else frets[heard.first_frame :][: len(heard.predicted)],
        first_frame=0 if heard is None else heard.first_frame,
        predicted=None if heard is None else heard.predicted,
        score=None if heard is None else heard.score,
        tuning=tab.tuning,
        n_notes=len(tab.notes),
        n_above=n_above,
        n_dead=len(tab.notes) - len(notes),
        n_between=int((edges[:, 0] == edges[:, 1]).sum()),
        tempo_from=loaded.tempo_from,
        warnings=tuple(f"{file.name}: {line}" for line in loaded.warnings),
    )


def _check_usable(tab: Tab) -> None:
    if tab.tuning.n_strings != N_ARRAY_STRINGS:
        raise DatasetError(f"has {tab.tuning.n_strings} strings, the arrays hold {N_ARRAY_STRINGS}")
    if not any("dead" not in note.techniques for note in tab.notes):
        raise DatasetError("holds no notes")
    if tab.duration_s > _LONGEST_S:
        raise DatasetError(f"lasts {tab.duration_s:.0f} s, more than {_LONGEST_S:.0f}")

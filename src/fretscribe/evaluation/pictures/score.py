"""A tab as a picture: how often each place of the neck is played, and every note in time by its confidence.

Knows no truth. Needs matplotlib (extra ``eval``). Neighbours: ``track`` draws a tab against the truth,
``neck`` draws the neck, ``drawing`` has ink and paper.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from fretscribe.convert import pitch_name
from fretscribe.errors import InputError
from fretscribe.evaluation.pictures.drawing import (
    FAINT,
    INK,
    axes_at,
    check_picture,
    ink_axes,
    new_figure,
    save_figure,
    write_at,
)
from fretscribe.evaluation.pictures.neck import Neck, draw_bare_neck, neck_extent, point
from fretscribe.music import Position, Tab, TabNote
from fretscribe.result import Transcription

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

View = Literal["fretboard", "roll"]
VIEWS: tuple[View, ...] = ("fretboard", "roll")

ROW_S, MOST_ROWS = 10.0, 24
"""Seconds in a row of the roll; a piece that needs more rows has longer ones."""

_WIDTH_IN, _DPI = 12.0, 110
_LEFT_IN, _RIGHT_IN, _HEAD_IN, _FOOT_IN, _GAP_IN = 0.7, 0.3, 0.75, 0.55, 0.45
_LEAST_ROW_IN, _SEMITONE_IN = 1.1, 0.055
_LEAST_FRETS, _LEAST_SEMITONES = 12, 12
_CELL = 0.4  # half a cell's side along the neck
_UNSURE, _HALF_SURE, _SURE = "#d55e00", "#f0e442", "#0072b2"  # people tell them apart whatever they see
_NOT_JUDGED = "#b4c0cb"
_STRIPE, _SECOND = "#f3f5f7", "#dde2e7"
_BLACK_KEYS = frozenset({1, 3, 6, 8, 10})
_NAMED_PITCHES = frozenset({0, 4, 7})


def score_picture(
    result: Transcription, path: Path, *, views: Sequence[View] = VIEWS, force: bool = False
) -> None:
    """Draw a tab: a heat map of the neck, a piano roll coloured by confidence, or both on one sheet.

    Parameters
    ----------
    result : Transcription
    path : Path
        The suffix says PNG or SVG.
    views : sequence of "fretboard", "roll"
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    InputError
        If the tab has no notes.
    OptionError, MissingExtraError
        As `drawing.check_picture`.
    OutputError
        If the file cannot be written.
    """
    check_picture(path)
    tab = result.tab
    if not tab.notes:
        raise InputError("there is nothing to draw: the tab has no notes")
    neck = _neck(tab)
    rows = row_starts_s(tab)
    pitches = _pitch_range(tab)
    width_in = _WIDTH_IN - _LEFT_IN - _RIGHT_IN
    across, up = neck_extent(neck)
    neck_in = width_in * up / across if "fretboard" in views else 0.0
    row_in = max(_LEAST_ROW_IN, _SEMITONE_IN * (pitches[1] - pitches[0] + 1))
    roll_in = (row_in + _GAP_IN) * (len(rows) - 1) if "roll" in views else 0.0
    foot_in = _FOOT_IN if "roll" in views else 0.0
    figure = new_figure(_WIDTH_IN, _HEAD_IN + neck_in + roll_in + foot_in, dpi=_DPI)
    write_at(figure, tab.title or path.stem, left=0.2, top=0.15, fontsize=14, fontweight="bold")
    counted = f"{len(tab.notes)} notes" + ("; how many at each place" if "fretboard" in views else "")
    write_at(figure, counted, left=_WIDTH_IN - _RIGHT_IN, top=0.19, fontsize=10, ha="right")
    top = _HEAD_IN
    if "fretboard" in views:
        _draw_heat(axes_at(figure, left=_LEFT_IN, top=top - 0.2, width=width_in, height=neck_in), neck, tab)
        top += neck_in
    if "roll" in views:
        for start_s, end_s in itertools.pairwise(rows):
            axes = axes_at(figure, left=_LEFT_IN, top=top, width=width_in, height=row_in)
            _draw_row(axes, tab.notes, pitches, start_s, end_s)
            top += row_in + _GAP_IN
        threshold = None if result.confidence is None else result.confidence.threshold
        _draw_scale(figure, threshold)
    save_figure(figure, path, force=force)


def row_starts_s(tab: Tab) -> list[float]:
    """Where the rows of the roll start, and where the last one ends.

    >>> from fretscribe.music import Note, Tuning
    >>> note = Note(onset_s=0.0, offset_s=31.0, pitch=40)
    >>> row_starts_s(Tab(tuning=Tuning(), notes=(TabNote(note=note, position=Position(string=0, fret=0)),)))
    [0.0, 10.0, 20.0, 30.0, 40.0]
    """
    row_s = max(ROW_S, math.ceil(tab.duration_s / MOST_ROWS))
    n_rows = max(1, math.ceil(tab.duration_s / row_s))
    return [row * row_s for row in range(n_rows + 1)]


def place_counts_of(tab: Tab) -> Counter[Position]:
    """How many notes are played at each place, frets counted from the nut."""
    capo = tab.tuning.capo
    return Counter(Position(string=n.position.string, fret=n.position.fret + capo) for n in tab.notes)


def _neck(tab: Tab) -> Neck:
    highest = max(place.fret for place in place_counts_of(tab))
    return Neck(
        tuning=tab.tuning,
        n_strings=tab.tuning.n_strings,
        n_frets=max(_LEAST_FRETS, highest),
        counts=(),
        moved=(),
    )


def _draw_heat(axes: Axes, neck: Neck, tab: Tab) -> None:
    """A cell at every place that is played, the darker the more notes, with their number."""
    from matplotlib import colormaps
    from matplotlib.patches import FancyBboxPatch

    draw_bare_neck(axes, neck)
    counts = place_counts_of(tab)
    most = max(counts.values())
    shades = colormaps["Blues"]
    for place, count in counts.items():
        x, y = point(place)
        share = 0.15 + 0.85 * math.sqrt(count / most)
        box = FancyBboxPatch(
            (x - _CELL, y - 0.2),
            2 * _CELL,
            0.4,
            boxstyle="round,pad=0,rounding_size=0.12",
            facecolor=shades(share),
            edgecolor=INK,
            linewidth=0.5,
            zorder=3,
        )
        axes.add_patch(box)
        ink = "white" if share > 0.6 else INK
        axes.text(x, y, str(count), ha="center", va="center_baseline", fontsize=8.5, color=ink, zorder=4)


def _draw_row(
    axes: Axes, notes: Sequence[TabNote], pitches: tuple[int, int], start_s: float, end_s: float
) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    low, high = pitches
    for pitch in range(low, high + 1):
        if pitch % 12 in _BLACK_KEYS:
            axes.axhspan(pitch - 0.5, pitch + 0.5, facecolor=_STRIPE, edgecolor="none", zorder=0)
    step_s = 1 if end_s - start_s <= 30 else 10
    seconds = range(math.ceil(start_s), math.floor(end_s) + 1, step_s)
    for second in seconds:
        axes.axvline(second, color=_SECOND, linewidth=0.7, zorder=0.5)
    shown = [n for n in notes if n.note.onset_s < end_s and n.note.offset_s > start_s]
    scale = confidence_colours()
    boxes = [Rectangle((n.note.onset_s, n.note.pitch - 0.4), n.note.duration_s, 0.8) for n in shown]
    colours = [_NOT_JUDGED if n.confidence is None else scale(n.confidence) for n in shown]
    axes.add_collection(PatchCollection(boxes, facecolors=colours, edgecolors=INK, linewidths=0.5, zorder=2))
    axes.set_xlim(start_s, end_s)
    axes.set_ylim(low - 0.5, high + 0.5)
    named = [pitch for pitch in range(low, high + 1) if pitch % 12 in _NAMED_PITCHES]
    axes.set_yticks(named, [pitch_name(pitch) for pitch in named])
    axes.set_xticks(seconds)
    axes.tick_params(labelsize=8, length=2.5, pad=2)
    ink_axes(axes)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)


def confidence_colours() -> Colormap:
    """From notes that nobody should trust to those that are right."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("confidence", [_UNSURE, _HALF_SURE, _SURE])


def _draw_scale(figure: Figure, threshold: float | None) -> None:
    """What the colours mean, at the foot of the sheet."""
    height_in = figure.get_size_inches()[1]
    top = height_in - 0.36
    write_at(figure, "confidence  0", left=_LEFT_IN, top=top - 0.02, fontsize=9)
    left, width = _LEFT_IN + 0.95, 2.6
    axes = axes_at(figure, left=left, top=top, width=width, height=0.14)
    axes.imshow(np.linspace(0, 1, 256)[None], aspect="auto", cmap=confidence_colours(), extent=(0, 1, 0, 1))
    axes.set_xticks([])
    axes.set_yticks([])
    write_at(figure, "1", left=left + width + 0.07, top=top - 0.02, fontsize=9)
    told = "grey: not judged"
    if threshold is not None and threshold <= 1.0:
        axes.axvline(threshold, color=INK, linewidth=1.6)
        told = f"accepted from {threshold:.2f} (line); {told}"
    write_at(figure, told, left=left + width + 0.35, top=top - 0.02, fontsize=9, color=FAINT)


def _pitch_range(tab: Tab) -> tuple[int, int]:
    pitches = [n.note.pitch for n in tab.notes]
    low, high = min(pitches) - 1, max(pitches) + 1
    spare = max(0, _LEAST_SEMITONES - (high - low))
    return low - spare // 2, high + spare - spare // 2

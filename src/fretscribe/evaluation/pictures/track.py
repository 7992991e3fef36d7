"""A track as pictures: where it goes wrong on the neck, and note by note in time.

Needs matplotlib (extra ``eval``). Neighbours: ``track_layout`` says what is where, ``neck`` draws the neck,
``verdicts`` has the colours.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fretscribe.convert import pitch_name
from fretscribe.evaluation.errors import VERDICTS, NoteVerdicts, error_breakdown, verdicts
from fretscribe.evaluation.pictures.drawing import (
    FAINT,
    INK,
    axes_at,
    ink_axes,
    new_figure,
    require_matplotlib,
    save_figure,
    write_at,
)
from fretscribe.evaluation.pictures.neck import (
    NECK_CAPTION,
    draw_neck_and_list,
    neck_height_in,
    neck_of,
)
from fretscribe.evaluation.pictures.track_layout import (
    Box,
    RollRow,
    moves,
    pages,
    pitch_range,
    place_counts,
    roll_rows,
)
from fretscribe.evaluation.pictures.verdicts import FILL, MISSED_EDGE, draw_legend
from fretscribe.evaluation.summary import TrackRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN, DPI = 14.0, 110

_LEFT_IN, _RIGHT_IN, _HEAD_IN, _FOOT_IN = 0.62, 0.2, 0.95, 0.3
_SEMITONE_IN, _LEAST_ROLL_IN, _ROW_GAP_IN = 0.068, 1.5, 0.42
_ROLL_CAPTION = "Boxes over seconds: outlined as played, filled as found."
_EST_HEIGHT, _REF_HEIGHT = 0.7, 0.9  # semitones
_STRIPE, _SECOND = "#f3f5f7", "#dde2e7"
_NAMED_PITCHES = frozenset({0, 4, 7})
_BLACK_KEYS = frozenset({1, 3, 6, 8, 10})


def track_pictures(row: TrackRow, folder: Path, *, force: bool = False) -> tuple[Path, ...]:
    """Draw a judged track: its errors on the neck, and a piano roll of truth (outlined) and guess (filled).

    Parameters
    ----------
    row : TrackRow
    folder : Path
        Must exist. The file is ``TRACK.png``; a long track has pages ``TRACK-1.png``, ``TRACK-2.png``, ...
    force : bool
        Whether existing files may be replaced.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    MissingExtraError
        Without matplotlib or mir_eval.
    OutputError
        If a file cannot be written.
    """
    require_matplotlib()
    found = verdicts(row.ref, row.est)
    sheets = pages(roll_rows(row.ref, row.est, found, duration_s=row.audio_s))
    written = []
    for number, rows in enumerate(sheets, start=1):
        of_pages = f", page {number} of {len(sheets)}" if len(sheets) > 1 else ""
        figure = _draw_page(row, found, rows, with_neck=number == 1, of_pages=of_pages)
        path = folder / f"{_file_name(row.track_id)}{f'-{number}' if of_pages else ''}.png"
        save_figure(figure, path, force=force)
        written.append(path)
    return tuple(written)


def _file_name(track_id: str) -> str:
    """A track's id without what file systems take amiss.

    >>> _file_name("00_Funk1-97-C#_comp"), _file_name("a/b: c")
    ('00_Funk1-97-C#_comp', 'a_b_ c')
    """
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", track_id) or "track"


def _draw_page(
    row: TrackRow, found: NoteVerdicts, rows: Sequence[RollRow], *, with_neck: bool, of_pages: str
) -> Figure:
    pitches = pitch_range(row.ref, row.est)
    roll_in = max(_LEAST_ROLL_IN, _SEMITONE_IN * (pitches[1] - pitches[0]))
    width_in = WIDTH_IN - _LEFT_IN - _RIGHT_IN
    counts, moved = place_counts(row.ref, row.est, found), moves(row.ref, row.est, found)
    neck = neck_of(counts, moved, row.ref_tuning)
    neck_in = neck_height_in(neck, width_in) if with_neck else 0.0
    height_in = _HEAD_IN + neck_in + len(rows) * (roll_in + _ROW_GAP_IN) + _FOOT_IN
    figure = new_figure(WIDTH_IN, height_in, dpi=DPI)
    _draw_head(figure, row, of_pages)
    top = _HEAD_IN
    if with_neck:
        draw_neck_and_list(figure, neck, left=0.1, top=top, width_in=width_in)
        top += neck_in
    for stretch in rows:
        axes = axes_at(figure, left=_LEFT_IN, top=top, width=width_in, height=roll_in)
        draw_roll(axes, stretch, pitches)
        top += roll_in + _ROW_GAP_IN
    caption = f"{NECK_CAPTION}  {_ROLL_CAPTION}" if with_neck else _ROLL_CAPTION
    write_at(figure, caption, left=_LEFT_IN, top=height_in - 0.25, fontsize=8.5, color=FAINT)
    return figure


def _draw_head(figure: Figure, row: TrackRow, of_pages: str) -> None:
    notes = row.scores.notes
    write_at(figure, row.track_id + of_pages, left=_LEFT_IN, top=0.14, fontsize=14, fontweight="bold")
    told = (
        f"{notes.onset.n_ref} notes played, {notes.onset.n_est} found.   F50 {notes.onset.f1:.3f}, "
        f"tab F1 {notes.tab.f1:.3f}"
    )
    write_at(figure, told, left=WIDTH_IN - _RIGHT_IN, top=0.17, fontsize=10.5, ha="right")
    draw_legend(figure, error_breakdown(row.ref, row.est), top=0.55, played=True)


def draw_roll(axes: Axes, row: RollRow, pitches: tuple[int, int]) -> None:
    """Draw a row: the guess in one collection of boxes for each verdict, the truth in two, met and missed."""
    low, high = pitches
    seconds = range(math.ceil(row.start_s), math.floor(row.end_s) + 1)
    for pitch in range(low, high + 1):
        if pitch % 12 in _BLACK_KEYS:
            axes.axhspan(pitch - 0.5, pitch + 0.5, facecolor=_STRIPE, edgecolor="none", zorder=0)
    for second in seconds:
        axes.axvline(second, color=_SECOND, linewidth=0.7, zorder=0.5)
    for verdict in (v for v in VERDICTS if v != "missed"):
        boxes = [box for box in row.est if box.verdict == verdict]
        _draw_boxes(axes, boxes, _EST_HEIGHT, facecolor=FILL[verdict], edgecolor="none", zorder=2)
    met = [box for box in row.ref if box.verdict != "missed"]
    missed = [box for box in row.ref if box.verdict == "missed"]
    _draw_boxes(axes, met, _REF_HEIGHT, facecolor="none", edgecolor=INK, linewidth=0.7, zorder=3)
    _draw_boxes(axes, missed, _REF_HEIGHT, facecolor="none", **MISSED_EDGE, zorder=4)
    axes.set_xlim(row.start_s, row.end_s)
    axes.set_ylim(low - 0.5, high + 0.5)
    named = [pitch for pitch in range(low, high + 1) if pitch % 12 in _NAMED_PITCHES]
    axes.set_yticks(named, [pitch_name(pitch) for pitch in named])
    axes.set_xticks(seconds)
    axes.tick_params(labelsize=8.5, length=2.5, pad=2)
    ink_axes(axes)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)


def _draw_boxes(axes: Axes, boxes: Sequence[Box], height: float, **look: Any) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    patches = [
        Rectangle((box.start_s, box.pitch - 0.5 * height), box.end_s - box.start_s, height) for box in boxes
    ]
    axes.add_collection(PatchCollection(patches, **look))

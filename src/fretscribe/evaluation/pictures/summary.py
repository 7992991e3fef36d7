"""All tracks of an evaluation in one picture: the neck, and verdicts by string, register and so on.

Needs matplotlib (extra ``eval``). Neighbours: ``errors`` counts and has the same as a table, ``track`` draws
one track.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fretscribe.evaluation.errors import (
    VERDICTS,
    Aspect,
    ErrorBreakdown,
    Verdict,
    class_label,
    verdicts,
)
from fretscribe.evaluation.pictures.drawing import (
    FAINT,
    INK,
    PAPER,
    axes_at,
    ink_axes,
    new_figure,
    require_matplotlib,
    save_figure,
    write_at,
)
from fretscribe.evaluation.pictures.neck import (
    NECK_CAPTION,
    Neck,
    draw_neck_and_list,
    neck_height_in,
    neck_of,
)
from fretscribe.evaluation.pictures.track_layout import moves, place_counts, pooled_moves, pooled_places
from fretscribe.evaluation.pictures.verdicts import FILL, draw_legend
from fretscribe.evaluation.summary import Evaluation, TrackRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FILE_NAME = "summary.png"

_COLUMNS: tuple[tuple[Aspect, ...], ...] = (("string", "register"), ("polyphony", "duration"))
_TITLES: Mapping[Aspect, str] = {
    "string": "by string",
    "register": "by register",
    "polyphony": "by number of notes that sound at once",
    "duration": "by duration",
}
_LOWEST_BELOW: frozenset[Aspect] = frozenset({"string", "register"})  # as in tab, and as a roll has it
_WIDTH_IN, _DPI = 14.0, 110
_HEAD_IN, _FOOT_IN, _MARGIN_IN = 0.95, 0.3, 0.2
_BAR_IN, _PANEL_GAP_IN, _LABEL_IN = 0.27, 0.75, 1.75
_EXTRA_FROM, _EXTRA_MOST = 103.0, 65.0
_LEAST_LABELLED = 4.5
_DARK: frozenset[Verdict] = frozenset({"other_string", "octave", "extra"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRow:
    """One bar: a class of notes.

    Attributes
    ----------
    label : str
    n_ref, n_extra : int
        Notes played, and extra notes.
    shares : mapping of Verdict to float
        Of the notes played, in percent: all verdicts but ``extra`` sum to 100. Empty where none was played.
    """

    label: str
    n_ref: int
    n_extra: int
    shares: Mapping[Verdict, float]

    @property
    def extra_share(self) -> float:
        """Extra notes in percent of the notes played; 0 where none was played."""
        return 100.0 * self.n_extra / self.n_ref if self.n_ref else 0.0


def bar_rows(breakdown: ErrorBreakdown, aspect: Aspect) -> tuple[BarRow, ...]:
    """The bars of an aspect, top to bottom: string and register with the lowest below, as tab has it."""
    rows = []
    for name in breakdown.classes(aspect):
        counts = {verdict: breakdown.count(aspect, name, verdict) for verdict in VERDICTS}
        n_ref = sum(counts.values()) - counts["extra"]
        shares: dict[Verdict, float] = {
            verdict: 100.0 * count / n_ref
            for verdict, count in counts.items()
            if count and verdict != "extra"
        }
        label = class_label(aspect, name)
        rows.append(BarRow(label=label, n_ref=n_ref, n_extra=counts["extra"], shares=shares))
    return tuple(reversed(rows) if aspect in _LOWEST_BELOW else rows)


def summary_picture(evaluation: Evaluation, folder: Path, *, force: bool = False) -> Path:
    """Draw what became of the notes of all tracks together.

    Parameters
    ----------
    evaluation : Evaluation
        With at least one row.
    folder : Path
        Must exist; the file is `FILE_NAME`.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    MissingExtraError
        Without matplotlib or mir_eval.
    OutputError
        If the file cannot be written.
    """
    require_matplotlib()
    breakdown = evaluation.errors()
    bars = {aspect: bar_rows(breakdown, aspect) for column in _COLUMNS for aspect in column}
    neck = _common_neck(evaluation.rows)
    width_in = _WIDTH_IN - 2 * _MARGIN_IN
    neck_in = 0.0 if neck is None else neck_height_in(neck, width_in) + 0.15
    bars_in = max(sum(_panel_in(bars[aspect]) for aspect in column) for column in _COLUMNS)
    height_in = _HEAD_IN + neck_in + bars_in + _FOOT_IN
    figure = new_figure(_WIDTH_IN, height_in, dpi=_DPI)
    _draw_head(figure, evaluation, breakdown)
    if neck is not None:
        draw_neck_and_list(figure, neck, left=_MARGIN_IN, top=_HEAD_IN, width_in=width_in)
    _draw_panels(figure, bars, top=_HEAD_IN + neck_in)
    caption = "Bars: percent of the notes played; extra notes beyond them."
    caption = caption if neck is None else f"{NECK_CAPTION}  {caption}"
    write_at(figure, caption, left=_MARGIN_IN, top=height_in - 0.25, fontsize=8.5, color=FAINT)
    path = folder / FILE_NAME
    save_figure(figure, path, force=force)
    return path


def _common_neck(rows: Sequence[TrackRow]) -> Neck | None:
    """One neck for all tracks; None where they are tuned differently."""
    if len({row.ref_tuning for row in rows}) != 1:
        return None
    judged = [(row.ref, row.est, verdicts(row.ref, row.est)) for row in rows]
    counts = pooled_places(c for one in judged for c in place_counts(*one))
    return neck_of(counts, pooled_moves(m for one in judged for m in moves(*one)), rows[0].ref_tuning)


def _panel_in(rows: Sequence[BarRow]) -> float:
    return _BAR_IN * len(rows) + _PANEL_GAP_IN


def _draw_head(figure: Figure, evaluation: Evaluation, breakdown: ErrorBreakdown) -> None:
    n_tracks = len(evaluation.rows)
    title = evaluation.rows[0].track_id if n_tracks == 1 else f"{n_tracks} tracks"
    means = evaluation.means()
    told = (
        f"{breakdown.n_ref} notes played, {breakdown.n_est} found.   "
        f"{'Means over tracks: ' if n_tracks > 1 else ''}F50 {means['note_f1']:.3f}, "
        f"tab F1 {means['tab_note_f1']:.3f}"
    )
    write_at(figure, title, left=_MARGIN_IN, top=0.14, fontsize=14, fontweight="bold")
    write_at(figure, told, left=_WIDTH_IN - _MARGIN_IN, top=0.17, fontsize=10.5, ha="right")
    draw_legend(figure, breakdown, top=0.55)


def _draw_panels(figure: Figure, bars: Mapping[Aspect, Sequence[BarRow]], *, top: float) -> None:
    most_extra = max((row.extra_share for rows in bars.values() for row in rows), default=0.0)
    end = _EXTRA_FROM + min(most_extra, _EXTRA_MOST) + 9.0
    column_in = 0.5 * (_WIDTH_IN - 2 * _MARGIN_IN)
    for number, column in enumerate(_COLUMNS):
        left, at = _MARGIN_IN + number * column_in, top
        for aspect, rows in ((aspect, bars[aspect]) for aspect in column if bars[aspect]):
            write_at(figure, _TITLES[aspect], left=left + _LABEL_IN, top=at, fontsize=10, fontweight="bold")
            axes = axes_at(
                figure,
                left=left + _LABEL_IN,
                top=at + 0.24,
                width=column_in - _LABEL_IN - 0.1,
                height=_BAR_IN * len(rows),
            )
            _draw_bars(axes, rows, end=end)
            at += _panel_in(rows)


def _draw_bars(axes: Axes, rows: Sequence[BarRow], *, end: float) -> None:
    for y, row in enumerate(rows):
        done = 0.0
        for verdict, share in row.shares.items():
            edge: dict[str, Any] = {"edgecolor": PAPER, "linewidth": 0.6}
            if verdict == "missed":
                edge = {"edgecolor": INK, "linewidth": 1.2}
            axes.barh(y, share, left=done, height=0.72, color=FILL[verdict], **edge)
            if share >= _LEAST_LABELLED:
                ink = PAPER if verdict in _DARK else INK
                axes.text(
                    done + 0.5 * share, y, f"{share:.0f}", ha="center", va="center", fontsize=8.5, color=ink
                )
            done += share
        if row.n_extra:
            shown = min(row.extra_share, _EXTRA_MOST)
            axes.barh(y, shown, left=_EXTRA_FROM, height=0.72, color=FILL["extra"])
            told = f"{row.extra_share:.0f}" if row.n_ref else f"{row.n_extra} extra"
            told += " ▸" if row.extra_share > shown else ""
            axes.text(_EXTRA_FROM + shown + 1.0, y, told, ha="left", va="center", fontsize=8.5, color=INK)
    ink_axes(axes)
    axes.set_xlim(0.0, end)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [f"{row.label}   {row.n_ref}" for row in rows])
    axes.set_xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100 %"])
    axes.tick_params(labelsize=8.5, length=2.5, pad=2)
    axes.tick_params(axis="y", length=0, labelsize=9)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)

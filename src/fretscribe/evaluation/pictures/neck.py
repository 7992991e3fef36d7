"""The neck of a guitar with what was played on it and where the guess went: pies at places, arrows between.

Neighbours: ``track_layout`` counts, ``track`` and ``summary`` put the neck on a page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fretscribe.convert import pitch_name
from fretscribe.evaluation.errors import VERDICTS
from fretscribe.evaluation.pictures.drawing import FAINT, INK, PAPER, axes_at, write_at
from fretscribe.evaluation.pictures.track_layout import Move, PlaceCounts
from fretscribe.evaluation.pictures.verdicts import FILL, NAMES
from fretscribe.music import Position, Tuning

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

STRING_GAP = 0.62
"""Distance of strings where frets are 1 apart."""

MOST_ARROWS = 24
"""Of the most frequent moves; more arrows hide what they show."""

NECK_CAPTION = (
    "Pies: notes played at a place, by what became of them. Arrows: from where notes were played to where "
    "they were found. Squares: extra notes."
)

_LEAST_FRETS = 15
_INLAYS = (3, 5, 7, 9, 12, 15, 17, 19, 21, 24)
_NECK_SHARE = 0.72
_LINE_IN = 0.2
_WIRE = "#c9c2b6"
_WOOD = "#f4f1ec"
_INLAY = "#ddd6ca"
_MAX_RADIUS, _MIN_RADIUS = 0.29, 0.085
_WIDEST_ARROW = 5.0


def radius(count: int, largest: int) -> float:
    """Radius of a place's pie, its area in proportion to the count but never too small to see.

    >>> radius(40, 40) / radius(10, 40)
    2.0
    """
    return max(_MIN_RADIUS, _MAX_RADIUS * math.sqrt(count / largest))


def point(place: Position) -> tuple[float, float]:
    """Where a place lies: frets to the right, the lowest string at the bottom."""
    return float(place.fret), place.string * STRING_GAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Neck:
    """A neck to be drawn: its strings, and what happened on them.

    Attributes
    ----------
    tuning : Tuning
        That of the truth.
    n_strings, n_frets : int
        As many as truth or guess need.
    counts : sequence of PlaceCounts
    moved : sequence of Move
        Most frequent first.
    """

    tuning: Tuning
    n_strings: int
    n_frets: int
    counts: Sequence[PlaceCounts]
    moved: Sequence[Move]


def neck_of(counts: Sequence[PlaceCounts], moved: Sequence[Move], tuning: Tuning) -> Neck:
    """A neck that has room for all places."""
    return Neck(
        tuning=tuning,
        n_strings=max([tuning.n_strings, *(c.place.string + 1 for c in counts)]),
        n_frets=max([_LEAST_FRETS, *(c.place.fret for c in counts)]),
        counts=counts,
        moved=moved,
    )


def neck_height_in(neck: Neck, width_in: float) -> float:
    """How high the neck and the list beside it become on a page of a width."""
    width, height = neck_extent(neck)
    return _NECK_SHARE * width_in * height / width


def draw_neck_and_list(figure: Figure, neck: Neck, *, left: float, top: float, width_in: float) -> None:
    """Draw the neck, and beside it in words the places that were mistaken most often."""
    neck_in = _NECK_SHARE * width_in
    height_in = neck_height_in(neck, width_in)
    draw_neck(axes_at(figure, left=left, top=top, width=neck_in, height=height_in), neck)
    left += neck_in + 0.2
    heading = "Most frequent wrong places" if neck.moved else "No wrong places"
    write_at(figure, heading, left=left, top=top, fontsize=10, fontweight="bold")
    room = int((height_in - 0.45) / _LINE_IN)
    shown = neck.moved if len(neck.moved) <= room else neck.moved[: room - 1]
    for line, move in enumerate(shown, start=1):
        at = top + 0.06 + _LINE_IN * line
        text = f"{place_name(move.ref, neck.tuning)}  →  {place_name(move.est, neck.tuning)}"
        if move.verdict != "other_string":
            text += f"  ({NAMES[move.verdict]})"
        write_at(figure, f"{move.count}×", left=left + 0.38, top=at, fontsize=9.5, ha="right")
        write_at(figure, text, left=left + 0.48, top=at, fontsize=9.5)
    if len(shown) < len(neck.moved):
        rest = sum(move.count for move in neck.moved[len(shown) :])
        at = top + 0.06 + _LINE_IN * (len(shown) + 1)
        write_at(figure, f"{rest}×", left=left + 0.38, top=at, fontsize=9.5, ha="right", color=FAINT)
        drawn = f", arrows for {MOST_ARROWS} pairs only" if len(neck.moved) > MOST_ARROWS else ""
        write_at(figure, f"elsewhere{drawn}", left=left + 0.48, top=at, fontsize=9.5, color=FAINT)


def place_name(place: Position, tuning: Tuning) -> str:
    """A place in words: the open string's pitch, and the fret from the nut.

    >>> place_name(Position(string=3, fret=5), Tuning()), place_name(Position(string=0, fret=0), Tuning())
    ('G3 fret 5', 'E2 open')
    """
    known = place.string < tuning.n_strings
    name = pitch_name(tuning.open_pitches[place.string]) if known else f"string {place.string}"
    return f"{name} fret {place.fret}" if place.fret else f"{name} open"


def draw_bare_neck(axes: Axes, neck: Neck) -> None:
    """A neck with its names and numbers, on which nothing is played yet."""
    _draw_wood(axes, neck)
    _draw_names(axes, neck)
    width, height = neck_extent(neck)
    right, top = neck.n_frets + 0.6, (neck.n_strings - 1) * STRING_GAP + 0.4
    axes.set_xlim(right - width, right)
    axes.set_ylim(top - height, top)
    axes.set_aspect("equal")
    axes.set_axis_off()


def draw_neck(axes: Axes, neck: Neck) -> None:
    """Draw a pie of verdicts wherever truth plays, squares for extra notes, arrows for frequent moves."""
    draw_bare_neck(axes, neck)
    largest = max([max(c.n_ref, c.verdicts.get("extra", 0)) for c in neck.counts], default=1)
    pies = {c.place: _draw_pie(axes, c, largest) for c in neck.counts if c.n_ref}
    for counts in neck.counts:
        _draw_extra(axes, counts, largest)
    for move in reversed(neck.moved[:MOST_ARROWS]):  # the most frequent on top
        _draw_move(axes, move, pies, most=neck.moved[0].count)


def neck_extent(neck: Neck) -> tuple[float, float]:
    """Width and height with names and numbers, where frets are 1 apart."""
    return neck.n_frets + 1.9, (neck.n_strings - 1) * STRING_GAP + 1.25


def _draw_wood(axes: Axes, neck: Neck) -> None:
    from matplotlib.patches import Circle, Rectangle

    bottom, top = -0.3, (neck.n_strings - 1) * STRING_GAP + 0.3
    wood = Rectangle((0.5, bottom), neck.n_frets, top - bottom, facecolor=_WOOD, edgecolor="none", zorder=0)
    axes.add_patch(wood)
    for fret in range(1, neck.n_frets + 1):
        axes.plot([fret + 0.5] * 2, [bottom, top], color=_WIRE, linewidth=1.0, zorder=1)
    axes.plot([0.5] * 2, [bottom, top], color=INK, linewidth=3.0, zorder=1)
    if neck.tuning.capo:
        axes.plot([neck.tuning.capo] * 2, [bottom, top], color=FAINT, linewidth=7.0, alpha=0.5, zorder=1)
    middle = 0.5 * (bottom + top)
    for fret in (fret for fret in _INLAYS if fret <= neck.n_frets):
        for y in (middle - STRING_GAP, middle + STRING_GAP) if fret % 12 == 0 else (middle,):
            axes.add_patch(Circle((fret, y), 0.1, facecolor=_INLAY, edgecolor="none", zorder=1))
    for string in range(neck.n_strings):
        y = string * STRING_GAP
        thickness = max(0.6, 1.5 - 0.15 * string)
        axes.plot([-0.45, neck.n_frets + 0.5], [y, y], color=FAINT, linewidth=thickness, zorder=1)


def _draw_names(axes: Axes, neck: Neck) -> None:
    """The open strings on the left, the frets below."""
    for string, pitch in enumerate(neck.tuning.open_pitches):
        y = string * STRING_GAP
        axes.text(-0.55, y, pitch_name(pitch), ha="right", va="center", fontsize=9, color=INK)
    for fret in range(neck.n_frets + 1):
        ink = INK if fret == 0 or fret in _INLAYS else FAINT
        axes.text(fret, -0.42, str(fret or "open"), ha="center", va="top", fontsize=8.5, color=ink)


def _draw_pie(axes: Axes, place: PlaceCounts, largest: int) -> Patch:
    """A pie of the verdicts on what was played at a place; returns its rim."""
    from matplotlib.patches import Circle, Wedge

    centre, size = point(place.place), radius(place.n_ref, largest)
    axes.add_patch(Circle(centre, size, facecolor=FILL["right"], edgecolor="none", zorder=3))
    start = 90.0
    for verdict in VERDICTS[::-1]:
        if verdict != "extra" and place.verdicts.get(verdict, 0):
            end = start + 360.0 * place.verdicts[verdict] / place.n_ref
            edge = INK if verdict == "missed" else "none"
            slice_ = Wedge(centre, size, start, end, facecolor=FILL[verdict], edgecolor=edge, zorder=3)
            axes.add_patch(slice_)
            start = end
    rim = Circle(centre, size, facecolor="none", edgecolor=INK, linewidth=0.9, zorder=3.5)
    axes.add_patch(rim)
    return rim


def _draw_extra(axes: Axes, place: PlaceCounts, largest: int) -> None:
    from matplotlib.patches import Rectangle

    count = place.verdicts.get("extra", 0)
    if not count:
        return
    side = math.sqrt(math.pi) * radius(count, largest)  # the area of a pie of as many notes
    x, y = point(place.place)
    beside = radius(place.n_ref, largest) + 0.03 if place.n_ref else -0.5 * side
    axes.add_patch(
        Rectangle(
            (x + beside, y - 0.5 * side),
            side,
            side,
            facecolor=FILL["extra"],
            edgecolor=PAPER,
            linewidth=0.6,
            zorder=4,
        )
    )


def _draw_move(axes: Axes, move: Move, pies: Mapping[Position, Patch], *, most: int) -> None:
    """An arrow from rim to rim, below the pies that it passes."""
    from matplotlib.patches import FancyArrowPatch

    widest = min(_WIDEST_ARROW, 0.6 + 0.4 * most)  # a single slip is no broad way
    width = 1.0 + (widest - 1.0) * (move.count - 1) / max(1, most - 1)
    axes.add_patch(
        FancyArrowPatch(
            point(move.ref),
            point(move.est),
            arrowstyle="-|>",
            mutation_scale=7.0 + 2.0 * width,
            connectionstyle="arc3,rad=0.18",
            linewidth=width,
            color=FILL[move.verdict],
            joinstyle="miter",
            alpha=0.8,
            patchA=pies.get(move.ref),
            patchB=pies.get(move.est),
            shrinkA=0.0,
            shrinkB=1.5,
            zorder=2.5,
        )
    )

"""How verdicts look in every picture: one colour each, and the legend that counts them.

The colours are of Okabe and Ito's palette, which people tell apart whatever colours they see; what is right
is quiet, what is wrong is not.
Neighbours: ``track`` and ``summary`` draw with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from fretscribe.evaluation.errors import VERDICTS, ErrorBreakdown, Verdict
from fretscribe.evaluation.pictures.drawing import INK, PAPER

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

FILL: Mapping[Verdict, str] = MappingProxyType(
    {
        "right": "#b4c0cb",
        "other_string": "#0072b2",
        "timing": "#e69f00",
        "octave": "#009e73",
        "near_pitch": "#cc79a7",
        "missed": PAPER,
        "extra": "#d55e00",
    }
)
"""The colour of a note of the guess; what was missed has none, it is an empty box with a strong edge."""

NAMES: Mapping[Verdict, str] = MappingProxyType(
    {
        "right": "right",
        "other_string": "other string",
        "timing": "timing",
        "octave": "octave",
        "near_pitch": "near pitch",
        "missed": "missed",
        "extra": "extra",
    }
)
MISSED_EDGE = {"edgecolor": INK, "linewidth": 1.8}


def legend_patch(verdict: Verdict, label: str) -> Patch:
    """A swatch for a legend."""
    from matplotlib.patches import Patch

    edge: dict[str, Any] = MISSED_EDGE if verdict == "missed" else {"edgecolor": "none"}
    return Patch(facecolor=FILL[verdict], label=label, **edge)


def draw_legend(
    figure: Figure, breakdown: ErrorBreakdown, *, top: float, played: bool = False, size: float = 9.5
) -> None:
    """One line, centred at inches from the top: every verdict with its count and share of the notes played.

    Parameters
    ----------
    played : bool
        Begin with the thin outline of what was played.
    """
    from matplotlib.patches import Patch

    handles = [Patch(facecolor="none", edgecolor=INK, linewidth=0.8, label=f"played {breakdown.n_ref}")]
    for verdict in VERDICTS:
        count = breakdown.verdicts.get(verdict, 0)
        share = f" ({count / breakdown.n_ref:.0%})" if count and breakdown.n_ref else ""
        handles.append(legend_patch(verdict, f"{NAMES[verdict]} {count}{share}"))
    figure.legend(
        handles=handles if played else handles[1:],
        loc="upper center",
        bbox_to_anchor=(0.5, 1.0 - top / figure.get_size_inches()[1]),
        ncols=len(handles),
        frameon=False,
        fontsize=size,
        labelcolor=INK,
        handlelength=1.4,
        handletextpad=0.5,
        columnspacing=1.6,
        borderaxespad=0.0,
    )

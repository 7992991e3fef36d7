"""The reliability diagram of a calibration as a picture: does "80 % sure" mean right in 80 of 100?

Neighbours: ``symbolic.calibration`` has the figures, ``drawing`` ink and paper.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fretscribe.evaluation.pictures.drawing import (
    BLUE,
    FAINT,
    INK,
    ORANGE,
    PAPER,
    check_picture,
    ink_axes,
    new_figure,
    save_figure,
)
from fretscribe.symbolic.calibration import Calibration
from fretscribe.symbolic.reliability import ReliabilityBin

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_IN, _HEIGHT_IN, _DPI = 6.4, 6.8, 150


def reliability_diagram(calibration: Calibration, path: Path, *, force: bool = False) -> None:
    """Draw confidence against accuracy, held out, with the number of examples in each bin below.

    Parameters
    ----------
    calibration : Calibration
    path : Path
        The suffix says PNG or SVG.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OptionError, MissingExtraError
        As `check_picture`.
    OutputError
        If the file cannot be written.
    """
    check_picture(path)
    figure = new_figure(_WIDTH_IN, _HEIGHT_IN, dpi=_DPI, layout="constrained")
    curve, bars = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _draw_curve(curve, calibration)
    _draw_counts(bars, calibration)
    for axes in (curve, bars):
        ink_axes(axes)
    save_figure(figure, path, force=force)


def _draw_curve(axes: Axes, calibration: Calibration) -> None:
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle="--", label="what it should be")
    rows = [row for row in calibration.reliability if row.n]
    sure = [row.mean_confidence or 0.0 for row in rows]
    right = [row.accuracy or 0.0 for row in rows]
    spread = np.array([_standard_errors(row) for row in rows]).T
    axes.errorbar(sure, right, spread, color=BLUE, alpha=0.45, linewidth=1.2, zorder=2)
    largest = max(row.n for row in rows)
    sizes = [12 + 90 * row.n / largest for row in rows]
    axes.scatter(sure, right, s=sizes, color=BLUE, zorder=3, label="what it is, held out (± standard error)")
    _draw_thresholds(axes, calibration, named=True)
    scores, counts = calibration.scores, calibration.counts
    what = "notes" if calibration.level == "notes" else "frets in frames"
    axes.set_title(
        f"{counts.n_examples} {what}, {calibration.method}: ECE {scores.ece:.3f}, Brier {scores.brier:.3f}"
        + ("" if scores.auroc is None else f", AUROC {scores.auroc:.3f}"),
        color=INK,
        fontsize=10.5,
    )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("share that is right", color=INK)
    axes.grid(color=FAINT, alpha=0.25, linewidth=0.6)
    axes.legend(loc="lower right", framealpha=0.9, edgecolor=PAPER, labelcolor=INK, fontsize=9)


def _standard_errors(row: ReliabilityBin) -> tuple[float, float]:
    """How far the accuracy of a bin may be off, downward and upward (Wilson's interval, one deviation)."""
    accuracy, n = row.accuracy or 0.0, row.n
    centre = (accuracy + 0.5 / n) / (1.0 + 1.0 / n)
    half = math.sqrt(accuracy * (1.0 - accuracy) / n + 0.25 / n**2) / (1.0 + 1.0 / n)
    return max(0.0, accuracy - centre + half), max(0.0, centre + half - accuracy)


def _draw_counts(axes: Axes, calibration: Calibration) -> None:
    rows = calibration.reliability
    widths = [row.high - row.low for row in rows]
    axes.bar(
        [row.low for row in rows],
        [row.n for row in rows],
        width=widths,
        align="edge",
        color=BLUE,
        edgecolor=PAPER,
        linewidth=0.8,
    )
    _draw_thresholds(axes, calibration, named=False)
    axes.set_xlabel("confidence", color=INK)
    axes.set_ylabel("how many", color=INK)
    axes.grid(axis="y", color=FAINT, alpha=0.25, linewidth=0.6)


def _draw_thresholds(axes: Axes, calibration: Calibration, *, named: bool) -> None:
    chosen, lower = calibration.chosen, calibration.lower_threshold
    if chosen.threshold is not None and chosen.accuracy is not None and chosen.coverage is not None:
        told = f"from {chosen.threshold:.2f}: {chosen.accuracy:.0%} right, {chosen.coverage:.0%} accepted"
        axes.axvline(chosen.threshold, color=ORANGE, linewidth=1.3, label=told if named else None)
    elif named:
        axes.plot([], [], " ", label=f"no threshold reaches {chosen.target:.0%}")
    if lower is not None:
        told = f"below {lower:.2f}: right less often than by rules"
        axes.axvline(lower, color=ORANGE, linewidth=1.3, linestyle=":", label=told if named else None)

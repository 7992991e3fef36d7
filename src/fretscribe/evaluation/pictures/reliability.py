"""The reliability diagram of a calibration or of some notes: does "80 % sure" mean right in 80 of 100?

Neighbours: ``symbolic.calibration`` and ``confidence`` have the figures, ``drawing`` ink and paper.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fretscribe.errors import InputError
from fretscribe.evaluation.confidence import confidence_scores
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
from fretscribe.symbolic.reliability import ReliabilityBin, reliability_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_IN, _HEIGHT_IN, _DPI = 6.4, 6.8, 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A confidence from which, or below which, something holds."""

    at: float
    text: str
    dotted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """What a diagram shows.

    Attributes
    ----------
    rows : sequence of ReliabilityBin
        Not all of them empty.
    title, measured : str
        Over the diagram, and beside its dots.
    marks : sequence of Mark
    remark : str
        Told with them; may be empty.
    """

    rows: Sequence[ReliabilityBin]
    title: str
    measured: str
    marks: Sequence[Mark] = ()
    remark: str = ""


def reliability_diagram(calibration: Calibration, path: Path, *, force: bool = False) -> None:
    """Draw a calibration's confidence against accuracy, held out; see `draw_reliability` for the errors."""
    draw_reliability(_of_calibration(calibration), path, force=force)


def reliability_of_notes(
    confidence: npt.ArrayLike,
    correct: npt.ArrayLike,
    path: Path,
    *,
    threshold: float | None = None,
    force: bool = False,
) -> None:
    """Draw the confidence of some notes against how many of them are right.

    Parameters
    ----------
    confidence : float array [n]
        NaN where a note was not judged.
    correct : bool array [n]
    path : Path
    threshold : float, optional
        From which notes are accepted.
    force : bool

    Raises
    ------
    InputError
        If no note has a confidence.
    OptionError, MissingExtraError, OutputError
        As `draw_reliability`.
    """
    scores = confidence_scores(confidence, correct, threshold=threshold)
    if scores is None:
        raise InputError("no note has a confidence", mend="give the .json of a transcription")
    p = np.asarray(confidence, dtype=np.float64)
    judged = ~np.isnan(p)
    marks = []
    if threshold is not None and scores.accuracy_at_threshold is not None:
        share, coverage = scores.accuracy_at_threshold, scores.coverage_at_threshold or 0.0
        marks.append(
            Mark(at=threshold, text=f"from {threshold:.2f}: {share:.0%} right, {coverage:.0%} accepted")
        )
    of = f"{scores.n_notes} notes: ECE {scores.ece:.3f}, Brier {scores.brier:.3f}"
    draw_reliability(
        Reliability(
            rows=reliability_table(p[judged], np.asarray(correct)[judged]),
            title=of + ("" if scores.auroc is None else f", AUROC {scores.auroc:.3f}"),
            measured="what it is (± standard error)",
            marks=marks,
        ),
        path,
        force=force,
    )


def draw_reliability(shown: Reliability, path: Path, *, force: bool = False) -> None:
    """Draw confidence against accuracy, with the number of examples in each bin below.

    Parameters
    ----------
    shown : Reliability
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
    _draw_curve(curve, shown)
    _draw_counts(bars, shown)
    for axes in (curve, bars):
        ink_axes(axes)
    save_figure(figure, path, force=force)


def _of_calibration(calibration: Calibration) -> Reliability:
    chosen, lower, scores = calibration.chosen, calibration.lower_threshold, calibration.scores
    marks, remark = [], ""
    if chosen.threshold is not None and chosen.accuracy is not None and chosen.coverage is not None:
        told = f"from {chosen.threshold:.2f}: {chosen.accuracy:.0%} right, {chosen.coverage:.0%} accepted"
        marks.append(Mark(at=chosen.threshold, text=told))
    else:
        remark = f"no threshold reaches {chosen.target:.0%}"
    if lower is not None:
        marks.append(Mark(at=lower, text=f"below {lower:.2f}: right less often than by rules", dotted=True))
    what = "notes" if calibration.level == "notes" else "frets in frames"
    of = f"{calibration.counts.n_examples} {what}, {calibration.method}"
    of += f": ECE {scores.ece:.3f}, Brier {scores.brier:.3f}"
    return Reliability(
        rows=calibration.reliability,
        title=of + ("" if scores.auroc is None else f", AUROC {scores.auroc:.3f}"),
        measured="what it is, held out (± standard error)",
        marks=marks,
        remark=remark,
    )


def _draw_curve(axes: Axes, shown: Reliability) -> None:
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle="--", label="what it should be")
    rows = [row for row in shown.rows if row.n]
    sure = [row.mean_confidence or 0.0 for row in rows]
    right = [row.accuracy or 0.0 for row in rows]
    spread = np.array([_standard_errors(row) for row in rows]).T
    axes.errorbar(sure, right, spread, color=BLUE, alpha=0.45, linewidth=1.2, zorder=2)
    largest = max(row.n for row in rows)
    sizes = [12 + 90 * row.n / largest for row in rows]
    axes.scatter(sure, right, s=sizes, color=BLUE, zorder=3, label=shown.measured)
    _draw_marks(axes, shown, named=True)
    axes.set_title(shown.title, color=INK, fontsize=10.5)
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


def _draw_counts(axes: Axes, shown: Reliability) -> None:
    widths = [row.high - row.low for row in shown.rows]
    axes.bar(
        [row.low for row in shown.rows],
        [row.n for row in shown.rows],
        width=widths,
        align="edge",
        color=BLUE,
        edgecolor=PAPER,
        linewidth=0.8,
    )
    _draw_marks(axes, shown, named=False)
    axes.set_xlabel("confidence", color=INK)
    axes.set_ylabel("how many", color=INK)
    axes.grid(axis="y", color=FAINT, alpha=0.25, linewidth=0.6)


def _draw_marks(axes: Axes, shown: Reliability, *, named: bool) -> None:
    for mark in shown.marks:
        style = ":" if mark.dotted else "-"
        label = mark.text if named else None
        axes.axvline(mark.at, color=ORANGE, linewidth=1.3, linestyle=style, label=label)
    if named and shown.remark:
        axes.plot([], [], " ", label=shown.remark)

"""A picture of how a network learned: loss and held-out scores over epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fretscribe.io.atomic import atomic_write

_SHOWN = {"held_out_tab_f1": "tab F1", "held_out_multipitch_f1": "multi-pitch F1", "held_out_tdr": "TDR"}


def draw_curve(history: Sequence[Mapping[str, float]], path: Path, *, title: str) -> None:
    """Write a learning curve as PNG (or what the suffix says).

    Parameters
    ----------
    history : sequence of mappings
        Rows with ``epoch``, ``loss`` and, where a player was held out, ``held_out_*`` scores.
    path : Path
    title : str
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    left = figure.subplots()
    epochs = [row["epoch"] for row in history]
    left.plot(epochs, [row["loss"] for row in history], "o-", color="tab:gray", label="training loss")
    left.set_xlabel("epoch")
    left.set_ylabel("training loss")
    lines = left.get_lines()
    shown = {key: name for key, name in _SHOWN.items() if history and key in history[-1]}
    if shown:
        right = left.twinx()
        for key, name in shown.items():
            right.plot(epochs, [row[key] for row in history], "o-", label=name)
        right.set_ylabel("held-out score")
        right.set_ylim(0, 1)
        lines = [*lines, *right.get_lines()]
    left.legend(lines, [str(line.get_label()) for line in lines], loc="center right")
    left.set_title(title)
    left.set_xticks(epochs)
    with atomic_write(path, force=True) as temporary:
        figure.savefig(temporary, dpi=120, format="png")

"""What all pictures share: the check for matplotlib, ink and paper, a figure without a screen, the file.

Knows nothing of what is drawn. Neighbours: ``verdicts`` has the colours of verdicts.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fretscribe.errors import MissingExtraError, OptionError
from fretscribe.io.atomic import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg")

INK = "#1f2933"
FAINT = "#7b8794"
BLUE = "#1f6fb2"
ORANGE = "#c8571b"
PAPER = "#ffffff"  # drawn, not transparent: a dark page would swallow dark ink


def require_matplotlib() -> None:
    """Fail now, before minutes of work, where nothing can be drawn.

    Raises
    ------
    MissingExtraError
        Without matplotlib.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingExtraError("drawing a picture", "eval")


def check_picture(path: Path) -> None:
    """Fail now, before minutes of work, where the picture could not be drawn.

    Raises
    ------
    OptionError
        If the suffix is none of `SUFFIXES`.
    MissingExtraError
        Without matplotlib.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise OptionError(f"{path} is no picture's name", mend=f"end it in {' or '.join(SUFFIXES)}")
    require_matplotlib()


def new_figure(
    width_in: float, height_in: float, *, dpi: float, layout: Literal["constrained"] | None = None
) -> Figure:
    """An empty sheet of paper, in inches; without a layout its parts stay where they are put."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=dpi, facecolor=PAPER, layout=layout)
    FigureCanvasAgg(figure)  # its own canvas: pyplot, and with it any screen, stays out
    return figure


def axes_at(figure: Figure, *, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place in inches from the left and from the top of the sheet."""
    sheet_width, sheet_height = figure.get_size_inches()
    bottom = sheet_height - top - height
    return figure.add_axes(
        (left / sheet_width, bottom / sheet_height, width / sheet_width, height / sheet_height)
    )


def write_at(figure: Figure, text: str, *, left: float, top: float, **style: Any) -> None:
    """Text whose upper left corner lies at a place in inches from the left and from the top."""
    width, height = figure.get_size_inches()
    figure.text(left / width, 1.0 - top / height, text, **{"color": INK, "va": "top", **style})


def ink_axes(axes: Axes) -> None:
    """Ink and paper as everywhere, and no frame above and on the right."""
    axes.set_facecolor(PAPER)
    axes.tick_params(colors=INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def save_figure(figure: Figure, path: Path, *, force: bool) -> None:
    """Write the picture whole or not at all; the suffix says PNG or SVG.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    with atomic_write(path, force=force) as temporary:
        figure.savefig(temporary, format=path.suffix[1:].lower(), metadata=_undated(path))


def _undated(path: Path) -> dict[str, Any]:
    """No date in the file, and nothing of what drew it."""
    return {"Date": None, "Creator": "fretscribe"} if path.suffix.lower() == ".svg" else {"Software": None}

"""The folder of pictures that ``evaluate`` writes: checked first, drawn at the end, told on stderr."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fretscribe.cli.outputs import require_writable
from fretscribe.cli.progress import ProgressLine
from fretscribe.cli.report import note_line
from fretscribe.errors import OutputError

if TYPE_CHECKING:
    from fretscribe.evaluation.summary import Evaluation


def check_pictures(folder: Path, *, force: bool) -> None:
    """Make the folder if it is absent, and fail now where pictures could not be drawn after minutes of work.

    Raises
    ------
    MissingExtraError
        Without matplotlib.
    OutputError
        If nothing can be written there, or if it holds pictures and may not lose them: those of two
        evaluations in one folder could not be told apart.
    """
    from fretscribe.evaluation.pictures.drawing import require_matplotlib

    require_matplotlib()
    require_writable(folder, option="--pictures DIR")
    if not force and any(folder.glob("*.png")):
        raise OutputError(f"{folder} has pictures already", mend="--force overwrites, or name another folder")


def write_pictures(evaluation: Evaluation, folder: Path, *, force: bool, quiet: bool) -> tuple[Path, ...]:
    """Draw every track and the summary of all; returns the files, none where no track was judged."""
    from fretscribe.evaluation.pictures.summary import summary_picture
    from fretscribe.evaluation.pictures.track import track_pictures

    if not evaluation.rows:
        return ()
    written: list[Path] = []
    with ProgressLine("draw", enabled=not quiet) as line:
        for number, row in enumerate(evaluation.rows, start=1):
            written += track_pictures(row, folder, force=force)
            line(row.track_id, number / len(evaluation.rows))
        written.append(summary_picture(evaluation, folder, force=force))
    if not quiet:
        note_line(f"wrote {len(written)} pictures into {folder}; {written[-1].name} has all tracks together")
    return tuple(written)

"""``fretscribe plot``: a tab, or how far its confidence can be trusted, as a PNG or SVG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fretscribe.cli import options as o
from fretscribe.cli.report import note_line
from fretscribe.errors import InputError, OptionError, OutputError

if TYPE_CHECKING:
    from fretscribe.result import Transcription

_FULL = 1_000_000  # bytes of a calibration are far fewer


def plot(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="TAB|CALIBRATION", help="A tab, best the .json, or a confidence_calibration.json."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="A .png or .svg. Default: a .png beside the input."
        ),
    ] = None,
    view: Annotated[
        Literal["fretboard", "roll", "reliability"] | None,
        typer.Option(
            "--view",
            help="How often each place of the neck is played; the notes in time, coloured by confidence; or"
            " confidence against truth. Default: the first two on one sheet, of a calibration the third.",
        ),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option("--truth", metavar="REF", help="The true score, for the reliability of a tab."),
    ] = None,
    quiet: o.Quiet = False,
    force: o.Force = False,
) -> None:
    """Draw a tab or a calibration."""
    from fretscribe.evaluation.pictures.drawing import check_picture

    calibration = _is_calibration(file)
    if calibration and (view not in (None, "reliability") or truth is not None):
        raise OptionError("a calibration has one picture", mend="leave --view and --truth out")
    if not calibration and (view == "reliability") != (truth is not None):
        raise OptionError(
            "the reliability of a tab needs its truth", mend="give --view reliability --truth REF"
        )
    path = file.with_suffix(".png") if output is None else output
    check_picture(path)
    _check_free(path, force=force)
    if calibration:
        _draw_calibration(file, path, force=force)
    else:
        _draw_tab(file, path, view, truth, force=force)
    if not quiet:
        note_line(f"wrote {path}")


def _is_calibration(file: Path) -> bool:
    """Whether a JSON file is a calibration rather than a tab."""
    from fretscribe.symbolic.calibration_file import SCHEMA

    if file.suffix.lower() != ".json":
        return False
    try:
        with file.open("rb") as stream:
            return f'"{SCHEMA}"'.encode() in stream.read(200)
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error


def _check_free(path: Path, *, force: bool) -> None:
    if not path.absolute().parent.is_dir():
        raise OutputError(f"{path.parent} is not a folder", mend="make it first")
    if path.exists() and not force:
        raise OutputError(f"{path} exists already", mend="--force overwrites, -o FILE writes elsewhere")


def _draw_calibration(file: Path, path: Path, *, force: bool) -> None:
    from fretscribe.evaluation.pictures.reliability import reliability_diagram
    from fretscribe.symbolic.calibration_file import read_calibration

    reliability_diagram(read_calibration(file), path, force=force)


def _draw_tab(file: Path, path: Path, view: str | None, truth: Path | None, *, force: bool) -> None:
    from fretscribe.evaluation.pictures.score import VIEWS, score_picture
    from fretscribe.io.formats import read_tab

    result = read_tab(file)
    if truth is not None:
        _draw_reliability(result, read_tab(truth), path, force=force)
    else:
        score_picture(result, path, views=[v for v in VIEWS if view in (None, v)], force=force)


def _draw_reliability(result: Transcription, truth: Transcription, path: Path, *, force: bool) -> None:
    from fretscribe.evaluation.metrics import note_correctness
    from fretscribe.evaluation.notes import tab_arrays
    from fretscribe.evaluation.pictures.reliability import reliability_of_notes

    notes = tab_arrays(result.tab)
    reliability_of_notes(
        notes.confidence,
        note_correctness(tab_arrays(truth.tab), notes),
        path,
        threshold=None if result.confidence is None else result.confidence.threshold,
        force=force,
    )

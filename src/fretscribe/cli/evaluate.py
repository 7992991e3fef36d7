"""``fretscribe evaluate``: judge transcriptions of a dataset, or one score by another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fretscribe.cli import options as o
from fretscribe.cli.progress import ProgressLine
from fretscribe.cli.report import error_line, note_line, warning_line
from fretscribe.errors import OptionError, OutputError

if TYPE_CHECKING:
    from fretscribe.evaluation.summary import Evaluation
    from fretscribe.pipeline import TranscribeOptions
    from fretscribe.result import Transcription

    TranscribeFile = Callable[[Path, TranscribeOptions], Transcription]

FAILED = 1
"""Exit code where some of the tracks could not be judged."""


def evaluate(
    reference: Annotated[
        Path, typer.Argument(metavar="ROOT|REF", help="Folder in GuitarSet's layout, or the true score.")
    ],
    estimate: Annotated[
        Path | None, typer.Argument(metavar="EST", help="Score to judge by REF (JSON, JAMS, ...).")
    ] = None,
    tracks: Annotated[
        str | None,
        typer.Option(
            "--tracks", metavar="LIST", help="Track ids, separated by commas. Default: all recordings."
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write every figure as JSON.")
    ] = None,
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write the tables into a file as well.")
    ] = None,
    errors: Annotated[
        bool, typer.Option("--errors", help="Say what went wrong: by register, polyphony, string, duration.")
    ] = False,
    tuning: Annotated[
        str,
        typer.Option(
            "--tuning",
            metavar="NAME|NOTES|auto",
            help="Tuning given to the transcriber (GuitarSet's: standard).",
        ),
    ] = "standard",
    weights: o.Weights = None,
    quiet: o.Quiet = False,
    force: o.Force = False,
) -> None:
    """Judge transcriptions: all recordings of a GuitarSet folder, or one score by another."""
    from fretscribe.evaluation.metrics import require_mir_eval

    require_mir_eval()
    files = ReportFiles(json=json_file, markdown=markdown_file, force=force)
    files.check()
    if estimate is None:
        names = None if tracks is None else parse_track_list(tracks)
        evaluation = evaluate_root(reference, tracks=names, tuning=tuning, weights=weights, quiet=quiet)
    elif tracks is not None or weights is not None:
        raise OptionError("--tracks and --weights are for datasets", mend="leave them out, or leave EST out")
    else:
        from fretscribe.evaluation.run import evaluate_pair

        evaluation = evaluate_pair(reference, estimate)
    typer.echo(files.write(evaluation, errors=errors), nl=False)
    code = tell_failures(evaluation)
    if code:
        raise typer.Exit(code)


def tell_failures(evaluation: Evaluation) -> int:
    """Print a line for each track that could not be judged; the command's exit code."""
    for failure in evaluation.failures:
        error_line(f"{failure.track_id}: {failure.message}")
    if not evaluation.failures:
        return 0
    n_tracks = len(evaluation.rows) + len(evaluation.failures)
    note_line(f"{len(evaluation.failures)} of {n_tracks} tracks could not be judged")
    return FAILED


def parse_track_list(text: str) -> list[str]:
    """Track ids of a comma list, each once.

    Raises
    ------
    OptionError
        If there are none.

    >>> parse_track_list("00_BN1-129-Eb_comp, 00_BN1-129-Eb_solo,")
    ['00_BN1-129-Eb_comp', '00_BN1-129-Eb_solo']
    """
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise OptionError("--tracks names no track", mend="write for example --tracks 00_BN1-129-Eb_comp")
    return names


def _load(weights: Path | None) -> TranscribeFile:
    from fretscribe.pipeline import load_transcriber

    return load_transcriber(weights)


def evaluate_root(
    root: Path,
    *,
    tracks: Sequence[str] | None = None,
    tuning: str = "standard",
    weights: Path | None = None,
    quiet: bool = False,
    load: Callable[[Path | None], TranscribeFile] = _load,
) -> Evaluation:
    """Transcribe and judge the microphone recordings of a dataset; the model is loaded after all checks.

    Raises
    ------
    FretscribeError
        For what concerns all tracks: no dataset, an unknown track, bad options or weights.
    """
    from fretscribe.datasets.guitarset import open_guitarset
    from fretscribe.evaluation.run import check_tracks, evaluate_dataset
    from fretscribe.pipeline import TranscribeOptions

    options = TranscribeOptions(tuning=tuning, capo="auto" if tuning == "auto" else 0)
    dataset = open_guitarset(root)
    check_tracks(dataset, tracks)
    for warning in () if quiet else dataset.warnings:
        warning_line(warning)
    transcriber = load(weights)
    settings = {
        "tuning given to the transcriber": tuning,
        "weights": "built-in" if weights is None else str(weights),
    }
    with ProgressLine("evaluate", enabled=not quiet) as line:

        def progress(n_done: int, n_tracks: int, track_id: str) -> None:
            line(track_id, n_done / n_tracks)

        return evaluate_dataset(
            dataset,
            lambda path: transcriber(path, options),
            tracks=tracks,
            progress=progress,
            settings=settings,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFiles:
    """The files that a report is written into, if any."""

    json: Path | None = None
    markdown: Path | None = None
    force: bool = False

    def check(self) -> None:
        """Raise `OutputError` now for what could not be written after minutes of work."""
        for path in (self.json, self.markdown):
            if path is None:
                continue
            if not path.absolute().parent.is_dir():
                raise OutputError(f"{path.parent} is not a folder", mend="make it first")
            if path.is_dir():
                raise OutputError(f"{path} is a folder", mend="name a file")
            if path.exists() and not self.force:
                raise OutputError(f"{path} exists already", mend="--force overwrites")

    def write(self, evaluation: Evaluation, *, errors: bool) -> str:
        """Write the files and return the Markdown, with the table of errors if asked for."""
        from fretscribe.evaluation.report import to_json, to_markdown
        from fretscribe.io.atomic import write_text

        text = to_markdown(evaluation, errors=errors)
        if self.json is not None:
            write_text(self.json, to_json(evaluation, errors=errors), force=self.force)
        if self.markdown is not None:
            write_text(self.markdown, text, force=self.force)
        return text

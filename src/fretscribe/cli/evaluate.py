"""``fretscribe evaluate``: judge transcriptions of a dataset, or one score by another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fretscribe.cli import options as o
from fretscribe.cli.library import load_with_one_thread
from fretscribe.cli.pictures import check_pictures, write_pictures
from fretscribe.cli.progress import ProgressLine
from fretscribe.cli.protocols import ABLATION, HELD_OUT, Protocol, check_protocol, protocol_report
from fretscribe.cli.report import error_line, note_line, warning_line
from fretscribe.errors import OptionError, OutputError

if TYPE_CHECKING:
    from fretscribe.datasets.guitarset import GuitarSet
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
    tracks: o.Tracks = None,
    json_file: o.JsonFile = None,
    markdown_file: o.MarkdownFile = None,
    errors: Annotated[
        bool, typer.Option("--errors", help="Say what went wrong: by register, polyphony, string, duration.")
    ] = False,
    pictures: Annotated[
        Path | None,
        typer.Option(
            "--pictures",
            metavar="DIR",
            help="Draw what was played against what was found into a folder (made if absent): a PNG of each"
            " track, and summary.png.",
        ),
    ] = None,
    tuning: Annotated[
        str,
        typer.Option(
            "--tuning",
            metavar="NAME|NOTES|auto",
            help="Tuning given to the transcriber (GuitarSet's: standard).",
        ),
    ] = "standard",
    weights: o.Weights = None,
    folds: Annotated[
        Path | None,
        typer.Option(
            "--folds",
            metavar="DIR",
            help="Judge each player by tab networks that never saw them: a folder of train's folds; for"
            " rhythm by models of beats: beats-PLAYER.json and beat_net-PLAYER.npz, made with train beats"
            " and train beat-net.",
        ),
    ] = None,
    protocol: Annotated[
        Protocol | None,
        typer.Option(
            "--protocol",
            help="Judge the tab networks alone, frame by frame: on a folder of arrays"
            " (leave-one-player-out), or on a dataset's windows against its recordings. Or judge whole"
            " transcriptions of what instruments play that training left out (held-out-instruments, without"
            " --folds); or of these and of the development recordings, with one part of the route changed"
            " at a time (ablation). Or judge keys and chords, from annotated notes and from the development"
            " recordings (harmony, without --folds). Or judge which tunings and capos are heard, of"
            " rendered pieces and of the development recordings (tunings, without --folds). Or judge beats,"
            " bars and note values on excerpts without a click (rhythm). Or judge bends,"
            " slurs, mutes and the like on rendered studies (techniques, without --folds). Or judge how often"
            " a guitar alone is told from a band (mixtures, without --folds). Or judge what habits learned"
            " from a player's corrections are worth (personal, without --folds).",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            help="Folder with samples/, for the protocols that judge instruments. Default: the one that holds"
            " ROOT.",
        ),
    ] = None,
    scheduler: o.Scheduler = None,
    quiet: o.Quiet = False,
    force: o.Force = False,
) -> None:
    """Judge transcriptions: all recordings of a GuitarSet folder, or one score by another."""
    if protocol is not None:
        check_protocol(protocol, estimate, folds, data)
        if pictures is not None or scheduler is not None:
            name = "--scheduler" if pictures is None else "--pictures"
            raise OptionError(f"{name} does not go with --protocol", mend="leave one of them out")
        files = ReportFiles(markdown=markdown_file, force=force)
        files.check()
        text = protocol_report(
            protocol, reference, folds, data, weights, lambda line: None if quiet else note_line(line)
        )
        files.write(text)
        typer.echo(text, nl=False)
        return
    if data is not None:
        raise OptionError(f"--data is for --protocol {HELD_OUT} and {ABLATION}", mend="leave it out")
    from fretscribe.evaluation.metrics import require_mir_eval
    from fretscribe.evaluation.report import to_json, to_markdown

    require_mir_eval()
    files = ReportFiles(json=json_file, markdown=markdown_file, force=force)
    files.check()
    if pictures is not None:
        check_pictures(pictures, force=force)
    if estimate is None:
        names = None if tracks is None else parse_track_list(tracks)
        evaluation = evaluate_root(
            reference,
            tracks=names,
            tuning=tuning,
            weights=weights,
            folds=folds,
            scheduler=scheduler,
            quiet=quiet,
        )
    elif any(value is not None for value in (tracks, weights, folds, scheduler)):
        raise OptionError(
            "--tracks, --weights, --folds and --scheduler are for datasets",
            mend="leave them out, or leave EST out",
        )
    else:
        from fretscribe.evaluation.run import evaluate_pair

        evaluation = evaluate_pair(reference, estimate)
    text = to_markdown(evaluation, errors=errors)
    files.write(text, lambda: to_json(evaluation, errors=errors))
    typer.echo(text, nl=False)
    if pictures is not None:
        write_pictures(evaluation, pictures, force=force, quiet=quiet)
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
    folds: Path | None = None,
    scheduler: str | None = None,
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
    from fretscribe.evaluation.far_transcriber import FarTranscriber
    from fretscribe.evaluation.run import check_tracks, evaluate_dataset
    from fretscribe.pipeline import TranscribeOptions
    from fretscribe.workers.pool import worker_pool

    options = TranscribeOptions(tuning=tuning, capo="auto" if tuning == "auto" else 0)
    dataset = open_guitarset(o.far_path(root, scheduler))
    check_tracks(dataset, tracks)
    for warning in () if quiet else dataset.warnings:
        warning_line(warning)
    transcriber = load(weights)
    settings = {
        "tuning given to the transcriber": tuning,
        "weights": "built-in" if weights is None else str(weights),
    }
    transcribe = player_wise(transcriber, dataset, folds, options)
    if folds is not None:
        settings["tab networks"] = "those that never saw the track's player; confidence not calibrated"
    with (
        worker_pool(1, scheduler) as executor,
        ProgressLine("evaluate", enabled=not quiet) as line,
    ):
        if executor is not None:
            transcribe = FarTranscriber(
                load=load_with_one_thread,
                weights=o.far_path(weights, scheduler),
                root=dataset.root,
                folds=o.far_path(folds, scheduler),
                options=options,
            )

        def progress(n_done: int, n_tracks: int, track_id: str) -> None:
            line(track_id, n_done / n_tracks)

        return evaluate_dataset(
            dataset,
            transcribe,
            tracks=tracks,
            progress=progress,
            executor=executor,
            settings=settings,
        )


def player_wise(
    transcriber: TranscribeFile, dataset: GuitarSet, folds: Path | None, options: TranscribeOptions
) -> Callable[[Path], Transcription]:
    """The transcriber, its tab networks exchanged for each player's fold where folds are given.

    Raises
    ------
    WeightsError
        If a player's fold is missing.
    """
    if folds is None:
        return lambda path: transcriber(path, options)
    from fretscribe.evaluation.fold_transcriber import FoldTranscriber
    from fretscribe.pipeline import Transcriber

    if not isinstance(transcriber, Transcriber):
        raise TypeError("folds exchange the networks of a Transcriber")
    return FoldTranscriber.of(transcriber, dataset, folds, options)


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

    def write(self, markdown: str, to_json: Callable[[], str] | None = None) -> None:
        """Write those that are wanted; ``to_json`` is asked only if JSON is."""
        from fretscribe.io.atomic import write_text

        if self.json is not None and to_json is not None:
            write_text(self.json, to_json(), force=self.force)
        if self.markdown is not None:
            write_text(self.markdown, markdown, force=self.force)

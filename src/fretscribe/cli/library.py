"""``fretscribe batch``: a library of recordings, by several processes or a cluster, in one go or more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fretscribe.cli import options as o
from fretscribe.cli.progress import ProgressLine
from fretscribe.cli.report import error_line, note_line
from fretscribe.errors import OptionError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from fretscribe.cli.outputs import Destination
    from fretscribe.pipeline import TranscribeOptions, Transcriber
    from fretscribe.pipeline.library.items import Item
    from fretscribe.pipeline.library.run import Library, Outcome
    from fretscribe.pipeline.separating import Separation
    from fretscribe.symbolic.habits import Habits


def batch(
    recordings: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR|LIST|FILE...",
            help="Folders of recordings, lists of them (.txt, .m3u: one a line), or recordings.",
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder of the results.")],
    formats: o.Formats = [o.DEFAULT_FORMATS],  # noqa: B006 - typer reads the default, nobody changes it
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", metavar="N", help="Processes that work at the same time. Default: one a core."
        ),
    ] = None,
    scheduler: o.Scheduler = None,
    quiet: o.Quiet = False,
    force: Annotated[
        bool, typer.Option("--force", help="Do everything again, and overwrite files that exist.")
    ] = False,
    tuning: o.TuningText = "auto",
    capo: o.CapoText = "auto",
    bpm: o.Bpm = None,
    meter: o.Meter = None,
    no_quantize: o.NoQuantize = False,
    prefer: o.Prefer = None,
    max_span: o.MaxSpan = None,
    max_fret: o.MaxFret = None,
    start: o.Start = 0.0,
    end: o.End = None,
    separate: o.Separate = "auto",
    stem: o.StemName = "guitar",
    separation_model: o.SeparationModel = "htdemucs_6s",
    detune: o.DetuneText = "auto",
    dead_notes: o.DeadNotes = False,
    target_accuracy: o.TargetAccuracy = 0.8,
    no_personal: o.NoPersonal = False,
    string_names: o.StringNames = "letters",
    weights: o.Weights = None,
) -> None:
    """Turn a library of recordings into tabs.

    A recording that fails does not stop the others. Run it again after an interruption, or with new
    recordings: what is done is left as it is, as long as recording, options and weights are the same.
    The results keep the shape of the folders; report.json says what became of every recording.
    """
    from fretscribe.cli.outputs import plan_destination
    from fretscribe.feedback.store import load_habits
    from fretscribe.io.page_options import PageOptions
    from fretscribe.pipeline import TranscribeOptions
    from fretscribe.pipeline.separating import Separation

    if str(out) == "-":
        raise OptionError("a library does not fit standard output", mend="give -o DIR")
    options = TranscribeOptions(
        tuning=tuning,
        capo=o.capo_value(capo),
        bpm=bpm,
        meter=meter,
        quantize=not no_quantize,
        prefer=prefer,
        max_span=max_span,
        max_fret=max_fret,
        start_s=start,
        end_s=end,
        separate=separate,
        stem=stem,
        detune=o.detune_value(detune),
        dead_notes=dead_notes,
        target_accuracy=target_accuracy,
    )
    page = PageOptions(string_names=string_names)
    code = transcribe_library(
        recordings,
        plan_destination(str(out), formats, force=force, n_inputs=len(recordings), page=page),
        options,
        separation=Separation(model=separation_model, say=note_line),
        habits=None if no_personal else load_habits(),
        weights=weights,
        workers=workers,
        scheduler=scheduler,
        quiet=quiet,
    )
    if code:
        raise typer.Exit(code)


def load_with_one_thread(weights: Path | None) -> Transcriber:
    """The transcriber of a worker, which reads in silence and leaves the other cores to the others."""
    from fretscribe.cli.batch import read_in_silence
    from fretscribe.pipeline import load_transcriber

    return replace(load_transcriber(weights, n_threads=1), read=partial(read_in_silence, None))


def transcribe_library(
    arguments: Sequence[Path],
    destination: Destination,
    options: TranscribeOptions,
    *,
    separation: Separation | None = None,
    habits: Habits | None = None,
    weights: Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    quiet: bool = False,
    load: Callable[[Path | None], Transcriber] = load_with_one_thread,
) -> int:
    """Transcribe what the arguments name into the folder of the destination; `batch` without its options.

    Returns
    -------
    int
        0, or the exit code of the failures (1 where they differ).

    Raises
    ------
    FretscribeError
        For what concerns all recordings: there are none, another batch has the folder, bad weights,
        no cluster ...
    """
    from fretscribe.cli.library_report import REPORT_PLACE, check_report, table_lines
    from fretscribe.cli.outputs import require_writable
    from fretscribe.pipeline.library.items import list_items
    from fretscribe.pipeline.library.journal import open_journal
    from fretscribe.pipeline.library.run import Library
    from fretscribe.pipeline.library.work import Work
    from fretscribe.workers.cores import usable_cores
    from fretscribe.workers.pool import far_workers

    if destination.folder is None:
        raise ValueError("a library goes into a folder")
    if scheduler is not None and workers is not None:
        raise OptionError("--workers and --scheduler exclude each other", mend="leave one of them out")
    out = destination.folder.absolute()
    items = list_items(arguments, taken=[REPORT_PLACE])
    require_writable(out)
    n_workers = usable_cores() if workers is None else workers
    with open_journal(out) as journal, far_workers(n_workers, scheduler) as executor:
        check_report(out, force=destination.force)
        if separation is not None:
            separation.prepare(options)
        weights = None if weights is None else weights.absolute()
        work = Work(
            options=options,
            formats=destination.formats,
            page=destination.page,
            weights=weights,
            networks=load(weights).weights(),
            separation=separation,
            habits=habits,
            load=load,
        )
        library = Library(out=out, work=work, recipe=work.recipe(), journal=journal, force=destination.force)
        outcomes = _go_through(library, items, executor, quiet=quiet)
    if not quiet:
        typer.echo("\n".join(table_lines(items, outcomes)))
    codes = {outcome.exit_code for outcome in outcomes.values() if outcome.status == "failed"}
    return 0 if not codes else codes.pop() if len(codes) == 1 else 1


def _go_through(
    library: Library, items: Sequence[Item], executor: Executor, *, quiet: bool
) -> dict[Path, Outcome]:
    """Outcomes by source; the report is written and failures are told however far it gets."""
    from fretscribe.cli.library_report import write_report

    outcomes: dict[Path, Outcome] = {}
    try:
        with ProgressLine("batch", enabled=not quiet) as line:
            for outcome in library.run(items, executor):
                outcomes[outcome.item.source] = outcome
                n_done = len(outcomes)
                line(f"{n_done} of {len(items)}, {outcome.item.source.name},", n_done / len(items))
    except KeyboardInterrupt:
        note_line(f"{len(outcomes)} of {len(items)} recordings done; run it again to go on")
        raise
    finally:
        write_report(library.out, items, outcomes)
        failed = [outcome.error for outcome in outcomes.values() if outcome.status == "failed"]
        for error in failed:
            error_line(error)
        if failed:
            note_line(f"{len(failed)} of {len(items)} recordings failed")
    return outcomes

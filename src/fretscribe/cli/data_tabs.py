"""``fretscribe data tabs``: tabs of any format as training arrays for the LSTMPredictor."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fretscribe.cli import options as o
from fretscribe.cli.data import Out, Seed, Timesteps, Workers, tell_written
from fretscribe.cli.data_networks import data_app as data_app
from fretscribe.cli.progress import ProgressLine
from fretscribe.cli.report import error_line, note_line, warning_line
from fretscribe.convert import counted
from fretscribe.errors import OptionError

if TYPE_CHECKING:
    from fretscribe.datasets.tab_recordings import Listener
    from fretscribe.datasets.tab_set import TabSetReport

_MOST_WARNINGS = 10


@data_app.command("tabs")
def tabs(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Tabs: text, Guitar Pro, MusicXML, MIDI, JAMS, .json; subfolders too."
        ),
    ],
    out: Out,
    timesteps: Timesteps = 200,
    grid: Annotated[
        str,
        typer.Option("--grid", metavar="mel|windows", help="Frames every 512/22050 s, or every 0.1 s."),
    ] = "mel",
    audio: Annotated[
        Path | None,
        typer.Option(
            "--audio",
            metavar="DIR",
            help="Recordings of the tabs, with their names: each tab is aligned to its own.",
        ),
    ] = None,
    weights: o.Weights = None,
    bpm: Annotated[
        float | None,
        typer.Option(
            "--bpm", metavar="BPM", help="Tempo of the text tabs. Default: as each says, or else 120."
        ),
    ] = None,
    ring: Annotated[
        float,
        typer.Option(
            "--ring", metavar="SECONDS", help="Longest that a note of a text lasts: texts draw no ends."
        ),
    ] = 0.4,
    unroll: Annotated[
        bool, typer.Option("--unroll", help="Play repeats of texts and scores as often as they sound.")
    ] = False,
    val_share: Annotated[
        float, typer.Option("--val-share", metavar="P", help="Share of the songs for a split named val.")
    ] = 0.0,
    confusions: Annotated[
        Path | None,
        typer.Option("--confusions", metavar="FILE", help="How predictions err. Default: as measured."),
    ] = None,
    workers: Workers = 1,
    scheduler: o.Scheduler = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave out what cannot be used instead of failing.")
    ] = False,
    seed: Seed = 0,
    quiet: o.Quiet = False,
    force: o.Force = False,
) -> None:
    """Turn tabs into training arrays: their frets as truth, and predictions that err as TabCNN does.

    With recordings, the predictions are TabCNN's own.

    Versions of a song, by their files' names, go to one split. Of a score the first guitar is taken. Tabs in
    other tunings keep their own frets; arrays.json names them. Six strings only.
    """
    from fretscribe.datasets.noise_file import built_in_confusions, read_confusions
    from fretscribe.datasets.tab_files import check_text_options, load_tab
    from fretscribe.datasets.tab_frames import parse_grid
    from fretscribe.datasets.tab_set import TabSetOptions, build_tab_set
    from fretscribe.pipeline.importing import import_tab
    from fretscribe.workers.pool import worker_pool

    if weights is not None and audio is None:
        raise OptionError("--weights hear recordings", mend="name their folder with --audio")
    check_text_options(bpm=bpm, ring_s=ring)
    options = TabSetOptions(
        timesteps=timesteps,
        grid=parse_grid(grid),
        val_share=val_share,
        seed=seed,
        skip_broken=skip_broken,
    )
    noise = built_in_confusions() if confusions is None else read_confusions(confusions)
    with worker_pool(workers, scheduler) as executor, ProgressLine("data", enabled=not quiet) as line:
        report = build_tab_set(
            o.far_path(folder, scheduler),
            out,
            options,
            load=partial(load_tab, read_other=import_tab, bpm=bpm, ring_s=ring, unroll=unroll),
            noise=noise,
            listener=None if audio is None else _listener(audio, weights),
            executor=executor,
            force=force,
            tell=warning_line if skip_broken else error_line,
            progress=line,
        )
    if not quiet:
        _tell(report)
    for split, info in report.infos.items():
        tell_written(out, split, info)


def _listener(audio: Path, weights: Path | None) -> Listener:
    from fretscribe.datasets.tab_recordings import Listener, find_recordings
    from fretscribe.models.acoustic import load_acoustic
    from fretscribe.models.tabcnn import load_tabcnn

    recordings = find_recordings(audio)
    acoustic, tabcnn = load_acoustic(weights), load_tabcnn(weights)
    return Listener(
        recordings=recordings,
        acoustic=acoustic,
        tabcnn=tabcnn,
        sample_rate=acoustic.sample_rate,
        open_pitches=tabcnn.open_pitches,
        made_by="built-in weights" if tabcnn.weights.built_in else "given weights",
        sha256=tabcnn.sha256,
        players=tabcnn.players,
    )


def _tell(report: TabSetReport) -> None:
    """What was used, assumed and lost."""
    for warning in report.warnings[:_MOST_WARNINGS]:
        warning_line(warning)
    if len(report.warnings) > _MOST_WARNINGS:
        warning_line(f"and {len(report.warnings) - _MOST_WARNINGS} more")
    files, songs = counted(report.n_files, "file"), counted(report.n_songs, "song")
    note_line(f"{files} of {songs}, {counted(report.n_notes, 'note')}")
    if report.scores:
        low, high = min(report.scores.values()), max(report.scores.values())
        note_line(
            f"{len(report.scores)} were aligned to their recordings (alike by {low:.2f} to {high:.2f}),"
            f" {report.n_files - len(report.scores)} have none"
        )
    tunings = sorted(report.tunings.items(), key=lambda item: (-item[1], item[0]))
    note_line("tunings: " + ", ".join(f"{name} ({count})" for name, count in tunings))
    unstated = report.tempo_from.get("default", 0)
    for count, one, many, what in (
        (unstated, "file states", "files state", "no tempo: 120 beats a minute were assumed"),
        (report.n_dead, "dead note was", "dead notes were", "left out: no fret sounds"),
        (report.n_between, "note is", "notes are", "too short to meet a frame"),
        (len(report.left_out), "file was", "files were", "left out"),
    ):
        if count:
            note_line(f"{counted(count, one, many)} {what}")

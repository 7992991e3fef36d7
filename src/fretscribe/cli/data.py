"""``fretscribe data``: make, check, join and fetch what the networks learn from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fretscribe.cli import options as o
from fretscribe.cli.progress import ProgressLine
from fretscribe.cli.report import error_line, note_line, warning_line
from fretscribe.convert import counted
from fretscribe.errors import OptionError

if TYPE_CHECKING:
    from fretscribe.datasets.arrays_info import ArraysInfo

data_app = typer.Typer(help="Training data: make, check, join, fetch.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder of the result.")]
Workers = Annotated[int, typer.Option("--workers", metavar="N", help="Processes that work at the same time.")]
Timesteps = Annotated[int, typer.Option("--timesteps", metavar="N", help="Frames of a sample.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Same seed, same result.")]


@data_app.command("guitarset")
def guitarset(
    root: Annotated[
        Path,
        typer.Option("--root", metavar="DIR", help="Folder in GuitarSet's layout (annotation/ or .zip)."),
    ],
    out: Out,
    timesteps: Timesteps = 200,
    time_step: Annotated[
        float | None,
        typer.Option(
            "--time-step", metavar="SECONDS", help="Between frames; default: 512/22050, windows 0.1."
        ),
    ] = None,
    players: Annotated[
        str, typer.Option("--players", metavar="LIST", help="Players to train on. Default: all others.")
    ] = "",
    val_players: Annotated[
        str, typer.Option("--val-players", metavar="LIST", help="Players of a second split, named val.")
    ] = "",
    source: Annotated[
        str, typer.Option("--source", metavar="audio|windows", help="Log-mel frames or precomputed windows.")
    ] = "audio",
    audio: Annotated[
        str, typer.Option("--audio", metavar="mic|mix|hex_debleeded|hex", help="Which recordings.")
    ] = "mic",
    predictions: Annotated[
        bool,
        typer.Option("--predictions/--no-predictions", help="Write X_lstm too: what TabCNN predicts."),
    ] = True,
    folds: Annotated[
        Path | None,
        typer.Option(
            "--folds",
            metavar="DIR",
            help="TabCNN folds for X_lstm: each player by the one that never saw it.",
        ),
    ] = None,
    weights: o.Weights = None,
    workers: Workers = 1,
    scheduler: o.Scheduler = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave out what is missing or broken instead of failing.")
    ] = False,
    seed: Seed = 0,
    quiet: o.Quiet = False,
    force: o.Force = False,
) -> None:
    """Turn GuitarSet into training arrays: features, predictions and truth, with arrays.json beside them."""
    from fretscribe.datasets.array_options import ArrayOptions, parse_audio, parse_source
    from fretscribe.datasets.guitarset_arrays import build
    from fretscribe.datasets.predictions import track_predictor
    from fretscribe.workers.pool import worker_pool

    if (folds is not None) + (weights is not None) + (not predictions) > 1:
        raise OptionError("--folds, --weights and --no-predictions exclude each other")
    options = ArrayOptions(
        source=parse_source(source),
        audio=parse_audio(audio),
        timesteps=timesteps,
        time_step_s=time_step,
        players=parse_names(players),
        val_players=parse_names(val_players),
        skip_broken=skip_broken,
        seed=seed,
    )
    with worker_pool(workers, scheduler) as executor, ProgressLine("data", enabled=not quiet) as line:
        report = build(
            o.far_path(root, scheduler),
            out,
            options,
            predictor=track_predictor(options, folds=folds, weights=weights) if predictions else None,
            executor=executor,
            force=force,
            tell=warning_line if skip_broken else error_line,
            progress=line,
        )
    if n_broken := len(report.broken):
        broken = counted(n_broken, "recording or annotation was", "recordings or annotations were")
        note_line(f"{broken} left out")
    for warning in () if quiet else report.warnings:
        warning_line(warning)
    for split, info in report.infos.items():
        tell_written(out, split, info)


@data_app.command("check")
def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of training arrays.")],
) -> None:
    """Say what is in training arrays; fail where they break their contract."""
    from fretscribe.datasets.arrays_check import check_arrays
    from fretscribe.datasets.arrays_report import report_lines

    for split in check_arrays(folder):
        typer.echo("\n".join(report_lines(split)))


@data_app.command("merge")
def merge(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of training arrays.")],
    out: Out,
    force: o.Force = False,
) -> None:
    """Join training arrays along samples, train with train and val with val."""
    from fretscribe.datasets.merge import merge_arrays

    report = merge_arrays(folders, out, force=force)
    for line in report.notes:
        warning_line(line)
    for split, info in report.infos.items():
        tell_written(out, split, info)


@data_app.command("fetch")
def fetch(
    dataset: Annotated[str, typer.Argument(metavar="guitarset", help="Which dataset.")],
    out: Out,
    what: Annotated[
        str,
        typer.Option("--what", metavar="LIST", help="Of annotation, mic, mix, hex_debleeded, hex."),
    ] = "annotation,mic",
    base: Annotated[
        str, typer.Option("--base", metavar="URL", help="Another server that has the same files.")
    ] = "",
    quiet: o.Quiet = False,
) -> None:
    """Download a dataset's official archives, verify their checksums, unpack them."""
    from fretscribe.datasets.fetch import GUITARSET_URL
    from fretscribe.datasets.fetch import fetch as fetch_archives

    if dataset != "guitarset":
        raise OptionError(f"unknown dataset {dataset!r}", mend="guitarset can be fetched")
    with ProgressLine("fetch", enabled=not quiet) as line:
        fetch_archives(
            out,
            parse_names(what),
            base_url=base or GUITARSET_URL,
            tell=(lambda text: None) if quiet else note_line,
            progress=line,
        )


@data_app.command("synth")
def synth(
    minutes: Annotated[float, typer.Option("--minutes", metavar="N", help="Minutes of music.")],
    out: Out,
    seed: Seed = 0,
    kind: Annotated[
        str, typer.Option("--kind", metavar="mixed|steel|electric|nylon", help="Kind of guitar.")
    ] = "mixed",
    arrays: Annotated[bool, typer.Option("--arrays/--no-arrays", help="Write training arrays.")] = True,
    layout: Annotated[
        bool,
        typer.Option("--layout/--no-layout", help="Write recordings and annotations in GuitarSet's layout."),
    ] = True,
    timesteps: Timesteps = 200,
    confusions: Annotated[
        Path | None,
        typer.Option("--confusions", metavar="FILE", help="How predictions err. Default: as measured."),
    ] = None,
    workers: Workers = 1,
    scheduler: o.Scheduler = None,
    quiet: o.Quiet = False,
    force: o.Force = False,
) -> None:
    """Render invented guitar music: sound, annotations and training arrays with exact truth."""
    from fretscribe.datasets.noise_file import built_in_confusions, read_confusions
    from fretscribe.datasets.synthetic_set import SynthOptions, parse_kind, render_set
    from fretscribe.workers.pool import worker_pool

    options = SynthOptions(
        minutes=minutes, seed=seed, kind=parse_kind(kind), arrays=arrays, layout=layout, timesteps=timesteps
    )
    noise = built_in_confusions() if confusions is None else read_confusions(confusions)
    with worker_pool(workers, scheduler) as executor, ProgressLine("synth", enabled=not quiet) as line:
        info = render_set(
            o.far_path(out, scheduler),
            options,
            noise=noise,
            executor=executor,
            force=force,
            progress=line,
        )
    note_line(f"{counted(options.n_tracks, 'track')}, {minutes:g} min in {out}")
    if info is not None:
        tell_written(out, "train", info)


@data_app.command("confusions")
def confusions(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Arrays with predictions (X_lstm) and truth.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where the JSON goes.")],
    force: o.Force = False,
) -> None:
    """Measure how predictions err: what 'data synth' imitates."""
    from fretscribe.datasets.arrays import read_arrays
    from fretscribe.datasets.noise_file import write_confusions
    from fretscribe.datasets.noise_measure import measure_confusions, stretches

    arrays = read_arrays(folder)
    predictions = {key: value for key, value in arrays.info.x_lstm.items() if key != "seen_player"}
    provenance = {
        "predictions": predictions,
        "sources": sorted({sample.source for sample in arrays.info.samples}),
        "players": list(arrays.info.players),
        "left_out": "GuitarSet's development tracks",
    }
    model = measure_confusions(
        stretches(arrays),
        time_step_s=arrays.info.time_step_s,
        open_pitches=arrays.info.open_pitches,
        provenance=provenance,
    )
    write_confusions(model, out, force=force)
    shares = ", ".join(f"{kind} {100 * share:.1f} %" for kind, share in model.outcomes.items())
    note_line(f"{model.n_notes} notes: {shares}")


def parse_names(text: str) -> tuple[str, ...]:
    """Names of a comma list, each once.

    >>> parse_names("00, 01,00")
    ('00', '01')
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if text and not names:
        raise OptionError(f"{text!r} names nothing", mend="write for example 00,01")
    return names


def tell_written(out: Path, split: str, info: ArraysInfo) -> None:
    """Say on stderr what was written."""
    tracks = len({sample.track for sample in info.samples})
    note_line(f"{split}: {counted(info.n_samples, 'sample')} of {counted(tracks, 'track')} in {out}")
    if info.n_above_fret_20:
        above = counted(info.n_above_fret_20, "note above fret 20 was", "notes above fret 20 were")
        note_line(f"{split}: {above} left out")

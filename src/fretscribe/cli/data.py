"""``fretscribe data``: make, check, join and fetch what the networks learn from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fretscribe.cli import options as o
from fretscribe.cli.progress import ProgressLine
from fretscribe.cli.report import error_line, note_line, warning_line
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
    workers: Workers = 1,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave out what is missing or broken instead of failing.")
    ] = False,
    seed: Seed = 0,
    quiet: o.Quiet = False,
    force: o.Force = False,
) -> None:
    """Turn GuitarSet into training arrays: features and truth, with arrays.json beside them."""
    from fretscribe.datasets.array_options import ArrayOptions, parse_audio, parse_source
    from fretscribe.datasets.guitarset_arrays import build
    from fretscribe.datasets.workers import worker_pool

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
    with worker_pool(workers) as executor, ProgressLine("data", enabled=not quiet) as line:
        report = build(
            root,
            out,
            options,
            executor=executor,
            force=force,
            tell=warning_line if skip_broken else error_line,
            progress=line,
        )
    if report.broken:
        note_line(f"{len(report.broken)} recordings or annotations were left out")
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
    note_line(f"{split}: {info.n_samples} samples of {tracks} tracks in {out}")
    if info.n_above_fret_20:
        note_line(f"{split}: {info.n_above_fret_20} notes above fret 20 were left out")

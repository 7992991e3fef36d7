"""``fretscribe train``: make weights from a run's TOML; resumes where it stopped."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from fretscribe.errors import MissingExtraError

train_app = typer.Typer(help="Train networks; needs the extra 'train'.", no_args_is_help=True)


@train_app.command("acoustic")
def acoustic(
    config: Annotated[Path, typer.Argument(help="The run's settings, for example configs/acoustic.toml.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the weights; default: the cache.")
    ] = None,
    stop_after: Annotated[
        float, typer.Option(help="Stop after this many minutes, to be resumed; 0 = when done.")
    ] = 0.0,
    data: Annotated[
        Path | None, typer.Option(help="Folder with guitarset/ and samples/; default: $FRETSCRIBE_DATA.")
    ] = None,
) -> None:
    """Train the acoustic model: render clips, learn, validate, export safetensors and ONNX."""
    for module in ("torch", "safetensors", "onnx"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError("training", "train")
    from fretscribe.training.acoustic import read_run
    from fretscribe.training.acoustic_run import run_acoustic
    from fretscribe.training.settings import cache_dir, data_dir

    run = read_run(config)
    run_acoustic(
        run,
        cache=cache_dir("acoustic"),
        data=data or data_dir(),
        out=out,
        stop_after_s=stop_after * 60,
        report=lambda line: typer.echo(line, err=True),
    )


@train_app.command("thresholds")
def thresholds(
    root: Annotated[Path, typer.Argument(help="A GuitarSet folder with the development recordings.")],
    weights: Annotated[
        Path | None, typer.Option(help="Folder of weights; default: the built-in ones.")
    ] = None,
) -> None:
    """Choose the decoder's thresholds, leave-one-player-out, and print what they give."""
    from fretscribe.datasets.guitarset import open_guitarset
    from fretscribe.models.acoustic import load_acoustic
    from fretscribe.training.thresholds import choose_thresholds

    choice = choose_thresholds(open_guitarset(root), load_acoustic(weights))
    params = choice.params
    typer.echo(
        f"onset_threshold {params.onset_threshold}, active_threshold {params.active_threshold}\n"
        f"leave-one-player-out: F50 {choice.f50:.3f}, with offsets {choice.f50_with_offsets:.3f}"
    )

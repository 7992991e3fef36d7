"""``fretscribe data predict`` and ``data rendered``: arrays made by networks and by rendered guitars."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fretscribe.cli import options as o
from fretscribe.cli.data import Out, Seed, Timesteps, Workers
from fretscribe.cli.data import data_app as data_app
from fretscribe.cli.progress import ProgressLine
from fretscribe.cli.report import note_line
from fretscribe.convert import counted
from fretscribe.errors import OptionError


@data_app.command("predict")
def predict(
    arrays: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of arrays with X_win or X_spec.")],
    folds: Annotated[
        Path | None,
        typer.Option(
            "--folds", metavar="DIR", help="TabCNN folds: each player by the one that never saw it."
        ),
    ] = None,
    weights: o.Weights = None,
    quiet: o.Quiet = False,
    force: o.Force = False,
) -> None:
    """Write X_lstm: what TabCNN predicts, which the LSTMPredictor learns to refine."""
    from fretscribe.datasets.arrays_info import read_infos
    from fretscribe.datasets.predictions import write_predictions
    from fretscribe.models.tabcnn import load_tabcnn

    if folds is not None and weights is not None:
        raise OptionError("--folds and --weights exclude each other")
    tabcnn = load_tabcnn(weights) if folds is None else None
    for split in read_infos(arrays):
        made = write_predictions(
            arrays,
            split,
            folds=folds,
            tabcnn=tabcnn,
            force=force,
            progress=lambda text: None if quiet else note_line(text),
        )
        if not quiet:
            note_line(f"{arrays}: wrote X_lstm_{split}.npy, made by {made['made_by']}")


@data_app.command("rendered")
def rendered(
    out: Out,
    clips: Annotated[int, typer.Option("--clips", metavar="N", help="Samples of each player.")] = 100,
    timesteps: Timesteps = 200,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with guitarset/ and its annotations; default: $FRETSCRIBE_DATA."),
    ] = None,
    workers: Workers = 2,
    scheduler: o.Scheduler = None,
    seed: Seed = 1,
    quiet: o.Quiet = False,
    force: o.Force = False,
) -> None:
    """Play real performances by random guitars and microphones into windows for TabCNN."""
    from fretscribe.datasets.arrays import write_arrays
    from fretscribe.training.rendered_windows import RenderedSettings, rendered_windows
    from fretscribe.training.settings import data_dir
    from fretscribe.workers.pool import worker_pool

    settings = RenderedSettings(clips_per_player=clips, timesteps=timesteps, seed=seed)
    with worker_pool(workers, scheduler) as executor, ProgressLine("data", enabled=not quiet) as line:
        arrays = rendered_windows(
            settings,
            o.far_path(data or data_dir(), scheduler),
            executor,
            progress=lambda share: line("rendering", share),
        )
    write_arrays(out, arrays, force=force)
    if not quiet:
        note_line(f"wrote {counted(len(arrays.info.samples), 'sample')} of {timesteps} windows to {out}")

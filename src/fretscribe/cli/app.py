"""The tree of commands. A new command is one file with a function, and one line in `_register`."""

from __future__ import annotations

import typer

from fretscribe import __version__
from fretscribe.cli import (
    bench,
    calibrate,
    collect,
    convert,
    data_tabs,
    doctor,
    evaluate,
    feedback,
    library,
    plot,
    render,
    retab,
    speed,
    studio,
    tabs,
    theory,
    train,
    transcribe,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fretscribe {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", is_eager=True, callback=_print_version, help="Print the version and leave."
    ),
) -> None:
    """Guitar recordings in, playable tablature out.

    'fretscribe song.wav' is short for 'fretscribe transcribe song.wav'.
    """


def _register(tree: typer.Typer) -> None:
    tree.command("transcribe")(transcribe.transcribe)
    tree.command("batch")(library.batch)
    tree.command("retab")(retab.retab)
    tree.command("convert")(convert.convert)
    tree.command("theory")(theory.theory)
    tree.command("evaluate")(evaluate.evaluate)
    tree.command("bench")(bench.bench)
    tree.command("speed")(speed.speed)
    tree.command("calibrate")(calibrate.calibrate)
    tree.command("render")(render.render)
    tree.command("plot")(plot.plot)
    tree.add_typer(data_tabs.data_app, name="data")
    tree.add_typer(train.train_app, name="train")
    tree.add_typer(collect.collect_app, name="collect")
    tree.add_typer(tabs.tabs_app, name="tabs")
    tree.add_typer(feedback.feedback_app, name="feedback")
    tree.command("studio")(studio.studio)
    tree.command("doctor")(doctor.doctor)


app = typer.Typer(
    name="fretscribe",
    rich_markup_mode=None,  # plain text: rich would double the start-up time
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.callback()(_root)
_register(app)

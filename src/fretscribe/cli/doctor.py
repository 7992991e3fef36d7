"""``fretscribe doctor``: what is installed, what it lacks, and whether it works."""

from __future__ import annotations

import typer

from fretscribe.cli import options as o


def doctor(weights: o.Weights = None) -> None:
    """Say what is installed, and try it.

    What is absent is optional: each line says what for, and how to get it. Leaves with exit code 1 if
    something that is needed or installed does not work. Asks no network.
    """
    from fretscribe.cli.health import check_health

    healthy = check_health(weights, typer.echo)
    if not healthy:
        raise typer.Exit(1)

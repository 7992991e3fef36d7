"""``fretscribe doctor``: what is installed, and whether it works."""

from __future__ import annotations

import typer

from fretscribe.cli import options as o


def doctor(weights: o.Weights = None) -> None:
    """Say what is installed, and try it.

    Leaves with exit code 1 if something needed does not work.
    """
    from fretscribe.cli.health import check_health

    healthy = check_health(weights, typer.echo)
    if not healthy:
        raise typer.Exit(1)

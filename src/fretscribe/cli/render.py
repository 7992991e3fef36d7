"""``fretscribe render``: play a tab as sound, on a random guitar of the renderer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fretscribe.cli import options as o
from fretscribe.convert import counted
from fretscribe.errors import OptionError


def render(
    tab: Annotated[Path | None, typer.Argument(help="A tab: .json, .mid or .jams of this project.")] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The recording to write, .wav or .flac.")
    ] = Path("rendered.wav"),
    demo: Annotated[bool, typer.Option("--demo", help="Play the built-in demo piece.")] = False,
    seed: Annotated[int, typer.Option(help="Same seed, same guitar, same file.")] = 7,
    kind: Annotated[str, typer.Option(help="steel, nylon or electric.")] = "steel",
    force: o.Force = False,
) -> None:
    """Play a tab as sound, by a physical model of plucked strings."""
    from fretscribe.datasets.guitars import GUITAR_KINDS
    from fretscribe.datasets.idioms import demo_tab
    from fretscribe.datasets.synthetic import render as render_tab
    from fretscribe.io.audio_writer import write_audio
    from fretscribe.io.formats import read_tab

    if (tab is None) != demo:
        raise OptionError("render plays either a tab file or --demo")
    chosen = next((k for k in GUITAR_KINDS if k == kind), None)
    if chosen is None:
        raise OptionError(f"unknown kind of guitar {kind!r}", mend=f"known: {', '.join(GUITAR_KINDS)}")
    piece = demo_tab() if tab is None else read_tab(tab).tab
    audio = render_tab(piece, seed=seed, kind=chosen)
    write_audio(audio, output, force=force)
    typer.echo(f"{output}: {audio.duration_s:.1f} s, {counted(len(piece.notes), 'note')}", err=True)

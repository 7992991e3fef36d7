"""``fretscribe bench``: this program and others on the same recordings, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fretscribe.cli import options as o
from fretscribe.cli.evaluate import ReportFiles, parse_track_list
from fretscribe.cli.progress import ProgressLine
from fretscribe.cli.report import warning_line
from fretscribe.errors import OptionError


def bench(
    root: Annotated[Path, typer.Argument(metavar="ROOT", help="Folder in GuitarSet's layout.")],
    peers: Annotated[
        list[str],
        typer.Option(
            "--peer",
            metavar="NAME=PROGRAM",
            help="Whom to compare with; may be repeated. basic-pitch takes the Python of an environment that"
            " has Basic Pitch, any other name a program that answers as evaluation/bench_worker.py says.",
        ),
    ],
    tracks: o.Tracks = None,
    json_file: o.JsonFile = None,
    markdown_file: o.MarkdownFile = None,
    weights: o.Weights = None,
    folds: Annotated[
        Path | None,
        typer.Option(
            "--folds",
            metavar="DIR",
            help="Tab networks that never saw the track's player: a folder of train's folds.",
        ),
    ] = None,
    quiet: o.Quiet = False,
    force: o.Force = False,
) -> None:
    """Compare fretscribe with other programs on the same recordings: notes, tab, CPU seconds, memory."""
    named = parse_peers(peers)
    files = ReportFiles(json=json_file, markdown=markdown_file, force=force)
    files.check()
    names = None if tracks is None else parse_track_list(tracks)

    from fretscribe.datasets.guitarset import open_guitarset
    from fretscribe.evaluation.bench import to_json, to_markdown
    from fretscribe.evaluation.bench_run import our_system, peer_system, run_bench

    others = [peer_system(name, program) for name, program in named.items()]
    dataset = open_guitarset(root)
    for warning in () if quiet else dataset.warnings:
        warning_line(warning)
    settings: dict[str, object] = {
        "recordings": "GuitarSet, microphone; fretscribe is told standard tuning without a capo",
        "weights of fretscribe": "built-in" if weights is None else weights.name,
    }
    if folds is not None:
        settings["tab networks of fretscribe"] = "those that never saw the track's player"
    with ProgressLine("bench", enabled=not quiet) as line:
        result = run_bench(
            dataset,
            our_system(weights=weights, folds=folds, root=root),
            others,
            tracks=names,
            progress=line,
            settings=settings,
        )
    text = to_markdown(result, command=_command(named, weights=weights, folds=folds, tracks=tracks))
    files.write(text, lambda: to_json(result))
    typer.echo(text, nl=False)


def parse_peers(texts: list[str]) -> dict[str, str]:
    """Name -> program of ``--peer NAME=PROGRAM``.

    Raises
    ------
    OptionError
        If one lacks its name or program, or a name comes twice.

    >>> parse_peers(["basic-pitch=peers/bin/python"])
    {'basic-pitch': 'peers/bin/python'}
    """
    found: dict[str, str] = {}
    for text in texts:
        name, _, program = (part.strip() for part in text.partition("="))
        if not name or not program:
            raise OptionError(f"--peer {text!r} is not NAME=PROGRAM", mend="for example basic-pitch=PYTHON")
        if name in found:
            raise OptionError(f"--peer names {name} twice")
        found[name] = program
    return found


def _command(named: dict[str, str], *, weights: Path | None, folds: Path | None, tracks: str | None) -> str:
    """The command as anybody would give it: no places of this machine in it."""
    words = ["fretscribe bench ROOT", *(f"--peer {name}=PROGRAM" for name in named)]
    words += [
        f"--{option} {placeholder}"
        for option, value, placeholder in (
            ("weights", weights, "WEIGHTS"),
            ("folds", folds, "FOLDS"),
            ("tracks", tracks, tracks),
        )
        if value is not None
    ]
    return " ".join(words)

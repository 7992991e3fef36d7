"""``fretscribe speed``: seconds and memory by the length of a recording, beside those of other programs."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fretscribe.cli import options as o
from fretscribe.cli.bench import parse_peers
from fretscribe.cli.evaluate import ReportFiles, parse_track_list
from fretscribe.cli.progress import ProgressLine
from fretscribe.errors import OptionError, OutputError
from fretscribe.workers.cores import usable_cores

if TYPE_CHECKING:
    from fretscribe.datasets.guitarset import Track
    from fretscribe.evaluation.speed_run import Length, Program

_LENGTHS = "10x5,60x3,600x1,3600x1"
_LONGEST_S = 6 * 3600
_MOST_RUNS = 100
_CORES = (1, 2)


def speed(
    root: Annotated[Path, typer.Argument(metavar="ROOT", help="Folder in GuitarSet's layout.")],
    peers: Annotated[
        list[str],
        typer.Option(
            "--peer",
            metavar="NAME=PROGRAM",
            help="Whom to compare with; may be repeated. basic-pitch takes the Python of an environment that"
            " has Basic Pitch, any other name a program that takes a folder and a recording.",
        ),
    ] = [],  # noqa: B006 - typer reads the default, nobody changes it
    lengths: Annotated[
        str,
        typer.Option(
            "--lengths",
            metavar="LIST",
            help="Seconds of audio, and how often each is heard: SECONDSxRUNS,...",
        ),
    ] = _LENGTHS,
    tracks: Annotated[
        str | None,
        typer.Option(
            "--tracks",
            metavar="LIST",
            help="Track ids to join, separated by commas. Default: the development recordings.",
        ),
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(
            "--work",
            metavar="DIR",
            help="Folder for the joined recordings and a journal, from which an interrupted run goes on.",
        ),
    ] = None,
    json_file: o.JsonFile = None,
    markdown_file: o.MarkdownFile = None,
    quiet: o.Quiet = False,
    force: o.Force = False,
) -> None:
    """Measure seconds and memory by the length of a recording, on one core and on two.

    Every figure is of a whole process, measured from outside. Recordings are joined to the lengths asked for.
    Linux only.
    """
    named = parse_peers(peers)
    asked = parse_lengths(lengths)
    files = ReportFiles(json=json_file, markdown=markdown_file, force=force)
    files.check()
    names = None if tracks is None else parse_track_list(tracks)
    if sys.platform != "linux":
        raise OptionError("fretscribe speed measures on Linux only")

    from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, open_guitarset
    from fretscribe.evaluation.agreement import agreements
    from fretscribe.evaluation.plain_route import plain_transcriber
    from fretscribe.evaluation.run import check_tracks
    from fretscribe.evaluation.speed import Speed, to_json, to_markdown
    from fretscribe.evaluation.speed_run import forget, measure_all
    from fretscribe.pipeline import load_transcriber

    chosen = check_tracks(open_guitarset(root), names or DEVELOPMENT_TRACKS)
    with _folder(work) as folder, ProgressLine("speed", enabled=not quiet) as line:
        programs = _programs(named, folder)
        facts = _facts(named)
        load = os.getloadavg()[0]
        costs = measure_all(
            programs,
            [track.audio_path() for track in chosen],
            asked,
            [n for n in _CORES if n <= usable_cores()],
            folder,
            facts=facts,
            progress=line,
        )
        result = Speed(
            systems=tuple(program.name for program in programs),
            costs=costs,
            agreements=agreements(load_transcriber(), plain_transcriber(), chosen, progress=line),
            settings={**_settings(chosen, load), **{k: v for k, v in facts.items() if k != "code"}},
        )
        text = to_markdown(result, command=_command(named, lengths=lengths, tracks=tracks))
        files.write(text, lambda: to_json(result))
        forget(folder)
    typer.echo(text, nl=False)


def parse_lengths(text: str) -> list[Length]:
    """Read ``--lengths``.

    Raises
    ------
    OptionError
        If a part is not SECONDSxRUNS, is out of range, or a length comes twice.

    >>> parse_lengths("10x5, 60x3")
    [Length(audio_s=10, n_runs=5), Length(audio_s=60, n_runs=3)]
    """
    from fretscribe.evaluation.speed_run import Length

    found: list[Length] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,6})x(\d{1,6})\s*", part)
        if match is None:
            raise OptionError(f"{part.strip()!r} is not SECONDSxRUNS", mend=f"for example {_LENGTHS}")
        audio_s, n_runs = int(match[1]), int(match[2])
        if not 1 <= audio_s <= _LONGEST_S or not 1 <= n_runs <= _MOST_RUNS:
            raise OptionError(
                f"--lengths {part.strip()}: at most {_LONGEST_S} seconds and {_MOST_RUNS} runs, at least one"
            )
        if any(audio_s == other.audio_s for other in found):
            raise OptionError(f"--lengths has {audio_s} seconds twice")
        found.append(Length(audio_s=audio_s, n_runs=n_runs))
    return found


@contextlib.contextmanager
def _folder(work: Path | None) -> Iterator[Path]:
    """The folder to work in, made if absent; one that goes afterwards where none is named."""
    if work is None:
        with tempfile.TemporaryDirectory(prefix="fretscribe-speed-") as folder:
            yield Path(folder)
        return
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {work}: {error.strerror}") from error
    yield work.absolute()


def _programs(named: dict[str, str], folder: Path) -> list[Program]:
    from fretscribe.evaluation.speed_run import our_program, peer_program

    bytecode = folder / "bytecode"
    return [our_program(bytecode), *(peer_program(name, path, bytecode) for name, path in named.items())]


def _facts(named: dict[str, str]) -> dict[str, object]:
    from fretscribe.evaluation.speed_run import KNOWN_PEER, code_fingerprint, machine_facts, peer_version

    facts = machine_facts() | {"code": code_fingerprint()}
    if KNOWN_PEER in named:
        facts[KNOWN_PEER] = f"{peer_version(named[KNOWN_PEER])}, its ONNX model, every setting at its default"
    return facts


def _settings(tracks: tuple[Track, ...], load: float) -> dict[str, object]:
    return {
        "date": time.strftime("%Y-%m-%d"),
        "recordings": f"{len(tracks)} of GuitarSet's microphone recordings in order of name, end to end as"
        " they are (nothing is faded; key and tempo jump), over and over, cut where the length is full; WAV,"
        " 16 bit, 44.1 kHz",
        "command measured": "fretscribe transcribe FILE -o FOLDER, every other option at its default: text,"
        " MIDI and JSON are written",
        "load of the machine when it began": f"{load:.1f} (anything else that runs adds to wall seconds)",
    }


def _command(named: dict[str, str], *, lengths: str, tracks: str | None) -> str:
    """The command as anybody would give it: no places of this machine in it."""
    words = ["fretscribe speed ROOT", *(f"--peer {name}=PROGRAM" for name in named)]
    words += [f"--lengths {lengths}"] if lengths != _LENGTHS else []
    words += [f"--tracks {tracks}"] if tracks is not None else []
    return " ".join(words)

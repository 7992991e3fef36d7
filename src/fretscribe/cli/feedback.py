"""``fretscribe feedback``: what you corrected, kept on this machine: it says where you are wont to play."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fretscribe.cli import options as o
from fretscribe.cli.report import note_line
from fretscribe.convert import counted
from fretscribe.errors import InputError, OptionError

if TYPE_CHECKING:
    from fretscribe.datasets.guitarset import GuitarSet
    from fretscribe.datasets.tab_examples import TabExamples
    from fretscribe.feedback.corrections import MendedRecording
    from fretscribe.feedback.store import FeedbackStore
    from fretscribe.symbolic.habits import Habits

_MOST_HABITS = 8
_STDOUT = "-"

feedback_app = typer.Typer(
    help="What you corrected: kept on this machine alone, and used for your next transcriptions.",
    no_args_is_help=True,
)

StoreFile = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="FILE",
        help="Where feedback is kept. Default: feedback.sqlite3 in the folder of your data, which"
        " FRETSCRIBE_HOME may name.",
    ),
]


@feedback_app.command("learn")
def learn(
    first: Annotated[Path, typer.Argument(metavar="FIRST", help="The .json that transcribe wrote.")],
    mended: Annotated[
        Path, typer.Argument(metavar="MENDED", help="The same tab as you corrected it, in any format.")
    ],
    changed_only: Annotated[
        bool,
        typer.Option(
            "--changed-only",
            help="You did not look at all notes: what you left alone says nothing. Without it, it is right.",
        ),
    ] = False,
    store: StoreFile = None,
    quiet: o.Quiet = False,
) -> None:
    """Learn from a tab that you corrected; learned again, a recording does not count twice."""
    from fretscribe.feedback.corrections import compare
    from fretscribe.io.formats import read_tab

    found = compare(read_tab(first), read_tab(mended), changed_only=changed_only)
    if found.audio is not None:
        path = _recording_beside(Path(found.audio.path), first)
        found = replace(found, audio=replace(found.audio, path=str(path)))
    with _open(store) as kept:
        kept.keep([found])
        habits = kept.habits()
    if not quiet:
        note_line(f"{found.title or first.name}: {_told_kinds([found])}")
        note_line(f"habits {_told(habits)}")


@feedback_app.command("show")
def show(store: StoreFile = None) -> None:
    """Print what is kept: recordings with what was corrected, and where you play otherwise than expected."""
    if not _path(store).exists():
        note_line(f"nothing is kept in {_path(store)}")
        return
    with _open(store) as kept:
        recordings, habits = kept.recordings(), kept.habits()
    note_line(f"kept in {_path(store)}")
    for recording in recordings:
        where = "" if recording.audio is None else f"  ({recording.audio.path})"
        typer.echo(f"{recording.key[:12]}  {recording.title}: {_told_kinds([recording])}{where}")
    typer.echo(f"{'all':<12}  {_told_kinds(recordings)}")
    for line in _habit_lines(habits):
        typer.echo(line)


@feedback_app.command("export")
def export(
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE|-", help="File of JSON lines to write.")
    ] = _STDOUT,
    store: StoreFile = None,
    force: o.Force = False,
) -> None:
    """Write all that is kept as JSON lines, one recording a line."""
    from fretscribe.feedback.json_lines import render_lines
    from fretscribe.io.atomic import write_bytes

    recordings = _kept(store)
    data = render_lines(recordings)
    if output == _STDOUT:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_bytes(output, data, force=force)
        note_line(f"wrote {counted(len(recordings), 'recording')} to {output}")


@feedback_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines that export wrote.")],
    store: StoreFile = None,
) -> None:
    """Keep what was exported elsewhere; recordings that are here already are replaced."""
    from fretscribe.feedback.json_lines import parse_lines

    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error
    recordings = parse_lines(data, str(file))
    with _open(store) as kept:
        kept.keep(recordings)
    note_line(f"kept {counted(len(recordings), 'recording')}: {_told_kinds(recordings)}")


@feedback_app.command("dataset")
def dataset(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write into (made if absent).")],
    store: StoreFile = None,
) -> None:
    """Write whole tabs with their recordings in GuitarSet's layout, to train and calibrate on.

    What cannot be used is told: recordings that are gone or changed, tabs that were not mended whole.
    """
    from fretscribe.feedback.gold_set import write_gold_set

    n_written = write_gold_set(_kept(store), folder, skipped=note_line)
    note_line(f"wrote {counted(n_written, 'recording')} into {folder}")


@feedback_app.command("forget")
def forget(
    key: Annotated[
        str | None,
        typer.Argument(metavar="KEY", help="First letters of a recording's key, as show prints it."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Forget everything.")] = False,
    store: StoreFile = None,
) -> None:
    """Forget a recording, or everything."""
    if (key is None) != everything:
        raise OptionError(
            "forget needs a recording's key, or --all", mend="fretscribe feedback show lists keys"
        )
    if key is not None and len(key) < 4:
        raise OptionError(f"{key!r} is too short to name a recording", mend="give 4 letters or more")
    n_forgotten = 0
    if _path(store).exists():
        with _open(store) as kept:
            n_forgotten = kept.forget(key or "")
    if key is not None and not n_forgotten:
        raise InputError(
            f"no recording's key begins with {key!r}", mend="fretscribe feedback show lists keys"
        )
    note_line(f"forgot {counted(n_forgotten, 'recording')}")


def own_recordings(folder: Path) -> GuitarSet:
    """The recordings whose whole tabs this user mended, laid out as a dataset in a folder.

    Raises
    ------
    InputError
        If there are none.
    """
    from fretscribe.datasets.guitarset import open_guitarset
    from fretscribe.feedback.gold_set import write_gold_set

    write_gold_set(_kept(None), folder, skipped=note_line)
    return open_guitarset(folder)


def own_examples(folder: Path, like: Path) -> TabExamples:
    """The recordings whose whole tabs this user mended, as training arrays in a folder.

    Parameters
    ----------
    folder : Path
        Holds them for as long as they are used.
    like : Path
        Arrays whose time step and length of samples they get.

    Raises
    ------
    InputError
        If there are none.
    OptionError
        If the other arrays are not of log-mel frames.
    """
    from fretscribe.datasets.array_options import ArrayOptions
    from fretscribe.datasets.guitarset_arrays import build
    from fretscribe.datasets.predictions import track_predictor
    from fretscribe.datasets.tab_examples import load_examples

    info = load_examples(like).arrays.info
    options = ArrayOptions(timesteps=info.timesteps, time_step_s=info.time_step_s)
    grid = options.grid(1)
    if (grid.sample_rate, grid.hop_length, grid.start_s) != (info.sample_rate, info.hop_length, info.start_s):
        mend = "make them with fretscribe data guitarset --source audio"
        raise OptionError(f"--feedback is for arrays of log-mel frames, {like} has others", mend=mend)
    own_recordings(folder / "recordings")
    build(
        folder / "recordings", folder / "arrays", options, predictor=track_predictor(options), tell=note_line
    )
    return load_examples(folder / "arrays")


def _kept(store: Path | None) -> list[MendedRecording]:
    """All recordings; none, and no file made, where nothing is kept."""
    if not _path(store).exists():
        return []
    with _open(store) as kept:
        return kept.recordings()


def _path(store: Path | None) -> Path:
    from fretscribe.feedback.store import store_path

    return store_path() if store is None else store


def _open(store: Path | None) -> FeedbackStore:
    from fretscribe.feedback.store import FeedbackStore

    return FeedbackStore(_path(store))


def _recording_beside(path: Path, first: Path) -> Path:
    """Where a recording lies, for those who start elsewhere: as written, or beside the first tab."""
    candidates = (path, first.parent / path.name)
    return next((found.absolute() for found in candidates if found.is_file()), path)


def _told_kinds(recordings: list[MendedRecording]) -> str:
    """Such as ``30 notes: 25 accepted, 5 moved``."""
    from fretscribe.feedback.corrections import KINDS

    counts = Counter(c.kind for recording in recordings for c in recording.corrections)
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind])
    return f"{counted(counts.total(), 'note')}{': ' if kinds else ''}{kinds}"


def _told(habits: Habits | None) -> str:
    from fretscribe.pipeline.tabbing import told_habits

    return "need notes on strings: there are none" if habits is None else told_habits(habits)


def _habit_lines(habits: Habits | None) -> list[str]:
    """The places where the player's notes and the rules differ most."""
    from fretscribe.convert import pitch_name

    lines = [f"habits        {_told(habits)}"]
    if habits is None:
        return lines
    surplus = {
        place: habits.played.get(place, 0.0) - habits.expected.get(place, 0.0)
        for place in {*habits.played, *habits.expected}
    }
    ranked = sorted(surplus, key=lambda place: (-abs(surplus[place]), place))
    for open_pitch, fret in [place for place in ranked if abs(surplus[place]) >= 1.0][:_MOST_HABITS]:
        played = habits.played.get((open_pitch, fret), 0.0)
        expected = habits.expected.get((open_pitch, fret), 0.0)
        lines.append(
            f"  {pitch_name(open_pitch):<3} fret {fret:<2}  played {played:.0f}, expected {expected:.0f}"
        )
    return lines

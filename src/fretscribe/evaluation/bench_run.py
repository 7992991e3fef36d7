"""Runs several systems on a dataset's recordings and judges them alike.

Each system is a program of its own that hears a recording and writes JSON (``bench_worker`` says which);
nothing of a peer is imported here. Every recording is heard by a new process, one after the other: what a
process keeps from earlier recordings would count as memory otherwise. Notes without strings are fingered by
``nearest_position``. Neighbours: ``bench`` pools and writes, ``metrics`` measures, ``run`` judges one system
more thoroughly.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, GuitarSet, Track
from fretscribe.datasets.guitarset_truth import TrackTruth
from fretscribe.errors import InputError, OptionError, TabFormatError
from fretscribe.evaluation import bench_worker
from fretscribe.evaluation.bench import Bench, BenchRow, SystemInfo
from fretscribe.evaluation.metrics import frame_grid, frame_scores, note_scores, require_mir_eval
from fretscribe.evaluation.nearest_position import nearest_position
from fretscribe.evaluation.notes import NoteArrays, note_arrays, truth_arrays
from fretscribe.evaluation.peers import OURS, peer_command
from fretscribe.evaluation.run import check_tracks
from fretscribe.io.json_fields import Field, load_json

_MAX_ANSWER_BYTES = 256_000_000
_ANSWER = ("version", "start_cpu_s", "cpu_s", "peak_mb", "notes")
_HEARD = ("onset_s", "offset_s", "pitch")
_PLACED = (*_HEARD, "string", "fret")
_HIGHEST_PITCH = 127
_MOST_STRINGS = 8
_HIGHEST_FRET = 127

Progress = Callable[[str, float], None]
"""Called with what is at work and the share of all the work that is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A program that hears a recording: its path is appended to the command."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a system heard in one recording.

    Attributes
    ----------
    version : str
        The system's.
    notes : NoteArrays
    has_places : bool
        Whether strings and frets are the system's own.
    start_cpu_s, cpu_s : float
        CPU seconds to begin, and to hear.
    peak_mb : float, or None
    """

    version: str
    notes: NoteArrays
    has_places: bool
    start_cpu_s: float
    cpu_s: float
    peak_mb: float | None


def our_system(*, weights: Path | None = None, folds: Path | None = None, root: Path) -> System:
    """fretscribe, started anew as any peer is."""
    command = [sys.executable, "-P", str(Path(bench_worker.__file__)), OURS]
    if weights is not None:
        command += ["--weights", str(weights.absolute())]
    if folds is not None:
        command += ["--folds", str(folds.absolute()), "--dataset", str(root.absolute())]
    return System(name=OURS, command=tuple(command))


def peer_system(name: str, program: str) -> System:
    """A peer by its name.

    Parameters
    ----------
    name : str
        One that ``bench_worker`` knows, or any other.
    program : str
        For a known one the Python of the environment that it is installed in; for another one a program, or a
        Python file, that answers as ``bench_worker`` does.

    Raises
    ------
    OptionError
        If the program is not there, or the name is ours.
    """
    known = name in bench_worker.SYSTEMS
    worker = ("-I", str(Path(bench_worker.__file__)), name) if known else ()
    return System(name=name, command=(*peer_command(name, program, known=known), *worker))


def run_bench(
    dataset: GuitarSet,
    ours: System,
    peers: Sequence[System],
    *,
    tracks: Sequence[str] | None = None,
    progress: Progress = lambda _what, _share: None,
    settings: dict[str, object] | None = None,
) -> Bench:
    """Let every system hear the microphone recordings, one after the other, and judge what they heard.

    Parameters
    ----------
    dataset : GuitarSet
    ours : System
    peers : sequence of System
    tracks : sequence of str, optional
        Ids; by default every track that has a recording.
    progress : callable
    settings : dict, optional
        What the report should say of the run.

    Raises
    ------
    DatasetError
        If a named track or its recording is missing, or there is no recording at all.
    InputError
        If a system fails, or answers something else than notes.
    MissingExtraError
        Without mir_eval.
    """
    require_mir_eval()
    chosen = check_tracks(dataset, tracks)
    truths = [track.truth() for track in chosen]  # a broken annotation is told before the work begins
    systems = (ours, *peers)
    infos: list[SystemInfo] = []
    rows: list[BenchRow] = []
    for i, system in enumerate(systems):
        # The first start is not measured: it leaves on disk what later ones find (compiled code ...).
        hear(system, chosen[0].audio_path().absolute())
        heard: list[Heard] = []
        for track in chosen:
            progress(f"{system.name} {track.track_id}", (i + len(heard) / len(chosen)) / len(systems))
            heard.append(hear(system, track.audio_path().absolute()))
        infos.append(_info(system.name, heard))
        rows += [judge(system.name, *each) for each in zip(chosen, truths, heard, strict=True)]
    told = {**(settings or {}), **_standing(chosen)}
    return Bench(systems=tuple(infos), rows=tuple(rows), settings=told)


def _standing(tracks: Sequence[Track]) -> dict[str, object]:
    """What fretscribe already knows of the tracks, if anything."""
    n_known = sum(track.track_id in DEVELOPMENT_TRACKS for track in tracks)
    if n_known == 0:
        return {}
    return {
        "development recordings": f"{n_known} of {len(tracks)}; fretscribe trained on none of them, but its"
        " thresholds and the weights of its evidence were set on them"
    }


def _info(name: str, heard: Sequence[Heard]) -> SystemInfo:
    return SystemInfo(
        name=name,
        version=heard[0].version,
        fingering="own" if any(one.has_places for one in heard) else "nearest position",
        start_cpu_s=math.fsum(one.start_cpu_s for one in heard) / len(heard),
    )


def judge(system: str, track: Track, truth: TrackTruth, heard: Heard) -> BenchRow:
    """One recording's figures, by the measures that `run.evaluate_track` uses."""
    ref = truth_arrays(truth)
    return BenchRow(
        system=system,
        track_id=track.track_id,
        style=track.style,
        audio_s=truth.duration_s,
        notes=note_scores(ref, heard.notes),
        frames=frame_scores(ref, heard.notes, frame_grid(truth.duration_s)),
        cpu_s=heard.cpu_s,
        peak_mb=heard.peak_mb,
    )


def hear(system: System, recording: Path) -> Heard:
    """Start a system on a recording and read its answer.

    Raises
    ------
    OptionError
        If it cannot be started.
    InputError
        If it fails (told with the last line of its stderr), or answers something else than notes.
    """
    try:
        finished = subprocess.run(  # noqa: S603 - the program that the user named
            [*system.command, str(recording)], stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except OSError as error:
        raise OptionError(f"{system.name} cannot be started: {error}") from error
    if finished.returncode != 0:
        said = finished.stderr.decode("utf-8", errors="replace").split("\n")
        last = next((line.strip() for line in reversed(said) if line.strip()), "it did not say why")
        raise InputError(f"{system.name} failed on {recording.name}, code {finished.returncode}: {last}")
    try:
        return parse_answer(finished.stdout, f"{system.name} on {recording.name}")
    except TabFormatError as error:
        raise InputError(f"the answer of {error.message}") from error


def parse_answer(answer: bytes, name: str) -> Heard:
    """Read what a system wrote, and finger it where it did not.

    Raises
    ------
    TabFormatError
        If it is not what ``bench_worker`` describes; says where.
    """
    fields = load_json(answer, name, max_bytes=_MAX_ANSWER_BYTES).fields(_ANSWER)
    items = fields["notes"].items()
    has_places = bool(items) and not items[0].get_or_null("string").is_null
    keys = _PLACED if has_places else _HEARD
    columns = np.array([_note(item, keys) for item in items], dtype=np.float64).reshape(-1, len(keys)).T
    return Heard(
        version=fields["version"].text(),
        notes=note_arrays(*columns) if has_places else nearest_position(*columns),
        has_places=has_places,
        start_cpu_s=fields["start_cpu_s"].number(),
        cpu_s=fields["cpu_s"].number(),
        peak_mb=fields["peak_mb"].optional_number(),
    )


def _note(item: Field, keys: Sequence[str]) -> list[float]:
    """The values of a note, all of its keys there and no others."""
    fields = item.fields(keys)
    values = [fields[key].number() for key in _HEARD]
    if values[1] <= values[0]:
        raise item.error("must end after it starts")
    if not 0 <= values[2] <= _HIGHEST_PITCH:
        raise fields["pitch"].wrong(f"a MIDI pitch of 0 to {_HIGHEST_PITCH}")
    places = [fields[key].integer(low=0) for key in keys[len(_HEARD) :]]
    if places and places[0] >= _MOST_STRINGS:
        raise fields["string"].wrong(f"a string of 0 to {_MOST_STRINGS - 1}")
    if places and places[1] > _HIGHEST_FRET:
        raise fields["fret"].wrong(f"a fret of 0 to {_HIGHEST_FRET}")
    return values + [float(place) for place in places]

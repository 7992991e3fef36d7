"""Transcribes files one after the other: checks first, one model for all, failures told and counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from fretscribe.cli.outputs import Destination, check_no_collision
from fretscribe.cli.progress import ProgressLine
from fretscribe.cli.report import error_line, note_line
from fretscribe.cli.silence import c_libraries_silenced
from fretscribe.cli.summary import print_summary
from fretscribe.errors import FretscribeError
from fretscribe.io.audio import AudioFile, check_audio_path, read_audio
from fretscribe.pipeline import TranscribeOptions, Transcriber, load_transcriber
from fretscribe.pipeline.separating import Separation, check_separation
from fretscribe.pipeline.tabbing import with_habits
from fretscribe.symbolic.habits import Habits

LoadTranscriber = Callable[[Path | None], Transcriber]


def transcribe_files(
    sources: Sequence[Path],
    destination: Destination,
    options: TranscribeOptions,
    *,
    separation: Separation | None = None,
    habits: Habits | None = None,
    weights: Path | None = None,
    quiet: bool = False,
    standard_input: Path | None = None,
    load: LoadTranscriber = load_transcriber,
) -> int:
    """Transcribe files; a failure is told and does not stop the others.

    ``standard_input`` is the source that keeps what came there: results name no temporary file.

    Returns
    -------
    int
        0, or the exit code of the failures (1 where they differ).

    Raises
    ------
    FretscribeError
        For what concerns all files: outputs that collide, a folder that cannot be written, bad weights.
    """
    check_no_collision(destination, sources)
    if separation is not None:
        check_separation(options, separation, sources)
    failures: dict[Path, int] = {}
    for source in sources:
        _attempt(partial(_preflight, source, destination), source, failures)
    ready = [source for source in sources if source not in failures]
    if ready:
        if separation is not None:
            separation.prepare(options)
        transcriber = load(weights)
        hands = with_habits(transcriber.hands, habits)
        transcriber = replace(transcriber, read=partial(read_in_silence, standard_input), hands=hands)
        if separation is not None:
            transcriber = replace(transcriber, separate=separation)
        for number, source in enumerate(ready, start=1):
            label = source.name if len(ready) == 1 else f"[{number}/{len(ready)}] {source.name}"
            work = partial(_transcribe_one, source, destination, options, transcriber, label, quiet=quiet)
            _attempt(work, source, failures)
    if failures and len(sources) > 1:
        note_line(f"{len(failures)} of {len(sources)} recordings failed")
    codes = set(failures.values())
    return 0 if not codes else codes.pop() if len(codes) == 1 else 1


def _attempt(work: Callable[[], None], source: Path, failures: dict[Path, int]) -> None:
    try:
        work()
    except FretscribeError as error:
        error_line(str(error))
        failures[source] = error.exit_code


def _preflight(source: Path, destination: Destination) -> None:
    check_audio_path(source)
    destination.check(source)
    destination.check_folder(source)


def _transcribe_one(
    source: Path,
    destination: Destination,
    options: TranscribeOptions,
    transcriber: Transcriber,
    label: str,
    *,
    quiet: bool,
) -> None:
    with ProgressLine(label, enabled=not quiet) as progress:
        result = transcriber(source, options, progress=progress)
    written = destination.write(result, source)
    if not quiet:
        print_summary(result, source, written)
        destination.say_losses(result, source)


def read_in_silence(
    standard_input: Path | None,
    path: Path,
    *,
    sample_rate: int,
    start_s: float,
    end_s: float | None,
    progress: Callable[[float], None] | None,
) -> AudioFile:
    """`read_audio` without the chatter of decoders; what came on standard input keeps its name alone."""
    with c_libraries_silenced():
        file = read_audio(path, sample_rate=sample_rate, start_s=start_s, end_s=end_s, progress=progress)
    if path != standard_input:
        return file
    return replace(file, info=replace(file.info, path=path.name))

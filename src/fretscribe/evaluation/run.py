"""Judges tracks: one transcription against one truth, a whole dataset, or any two scores.

The transcriber is any callable from a recording's path to a `Transcription`; what it is made of is not
known here. Neighbours: ``metrics``, ``confidence``, ``playability`` and ``errors`` measure,
``summary`` pools and ``report`` writes what comes out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from fretscribe.datasets.guitarset import AUDIO_FOLDERS, AudioSource, GuitarSet, Track
from fretscribe.datasets.guitarset_truth import TrackTruth
from fretscribe.errors import DatasetError, FretscribeError, WorkerError
from fretscribe.evaluation.confidence import confidence_scores
from fretscribe.evaluation.metrics import (
    frame_grid,
    frame_scores,
    note_correctness,
    note_scores,
    require_mir_eval,
)
from fretscribe.evaluation.notes import Bools, NoteArrays, tab_arrays, truth_arrays
from fretscribe.evaluation.playability import playability
from fretscribe.evaluation.summary import Evaluation, Failure, TrackRow, TrackScores
from fretscribe.music import Tab, Tuning
from fretscribe.result import Transcription
from fretscribe.workers.pool import as_finished

Progress = Callable[[int, int, str], None]
"""Called with tracks done, tracks in all, and the id of the track that was just finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reference:
    notes: NoteArrays
    tuning: Tuning
    duration_s: float


def evaluate_track(ref: TrackTruth, est: Tab, *, threshold: float | None = None) -> TrackScores:
    """Every measure of a tab against what was played.

    Parameters
    ----------
    ref : TrackTruth
    est : Tab
    threshold : float, optional
        Confidence from which on notes are accepted.

    Raises
    ------
    MissingExtraError
        Without mir_eval.
    """
    reference, notes = _truth_reference(ref), tab_arrays(est)
    return _scores(reference, est, notes, note_correctness(reference.notes, notes), threshold)


def _truth_reference(truth: TrackTruth) -> _Reference:
    return _Reference(notes=truth_arrays(truth), tuning=truth.tuning, duration_s=truth.duration_s)


def _scores(
    ref: _Reference, est: Tab, est_notes: NoteArrays, correct: Bools, threshold: float | None
) -> TrackScores:
    return TrackScores(
        notes=note_scores(ref.notes, est_notes),
        frames=frame_scores(ref.notes, est_notes, frame_grid(ref.duration_s)),
        confidence=confidence_scores(est_notes.confidence, correct, threshold=threshold),
        playability=playability(est_notes, capo=est.tuning.capo),
        ref_playability=playability(ref.notes, capo=ref.tuning.capo),
    )


def check_tracks(
    dataset: GuitarSet, tracks: Sequence[str] | None = None, *, source: AudioSource = "mic"
) -> tuple[Track, ...]:
    """The named tracks, or all that have the recording; every recording is there.

    Raises
    ------
    DatasetError
        If a named track or its recording is missing, or there is no recording at all.
    """
    if tracks is None:
        chosen = dataset.with_audio(source)
        if not chosen:
            folder = AUDIO_FOLDERS[source]
            raise DatasetError(f"no recordings in {dataset.root}", mend=f"put them into {folder}/")
        return chosen
    chosen = tuple(dataset.track(name) for name in dict.fromkeys(tracks))
    for track in chosen:
        track.audio_path(source)
    return chosen


def evaluate_dataset(
    dataset: GuitarSet,
    transcribe: Callable[[Path], Transcription],
    *,
    tracks: Sequence[str] | None = None,
    source: AudioSource = "mic",
    progress: Progress | None = None,
    executor: Executor | None = None,
    settings: Mapping[str, object] | None = None,
) -> Evaluation:
    """Transcribe recordings of a dataset and judge each; a track that fails does not stop the others.

    Parameters
    ----------
    dataset : GuitarSet
    transcribe : callable
        Must be picklable where ``executor`` runs processes.
    tracks : sequence of str, optional
        Ids; by default every track that has the recording.
    source : "mic", "mix", ...
        Which recording is transcribed.
    progress : callable, optional
    executor : Executor, optional
        By default one track after the other, here. CPU seconds are those of a whole process: with an
        executor of threads they count what other threads do meanwhile.
    settings : mapping, optional
        What the report should say of the transcriber (weights, tuning ...).

    Raises
    ------
    DatasetError
        If a named track or its recording is missing, or there is no recording at all.
    MissingExtraError
        Without mir_eval.
    """
    require_mir_eval()
    chosen = check_tracks(dataset, tracks, source=source)
    outcomes: dict[str, TrackRow | Failure] = {}

    def note(outcome: TrackRow | Failure) -> None:
        outcomes[outcome.track_id] = outcome
        if progress is not None:
            progress(len(outcomes), len(chosen), outcome.track_id)

    judge = partial(_judge, source=source, transcribe=transcribe)
    for track_id, outcome in as_finished(judge, {track.track_id: track for track in chosen}, executor):
        if isinstance(outcome, WorkerError):
            note(Failure(track_id=track_id, message=str(outcome)))
        elif isinstance(outcome, Exception):
            raise outcome
        else:
            note(outcome)
    ordered = [outcomes[track.track_id] for track in chosen]
    return Evaluation(
        rows=tuple(outcome for outcome in ordered if isinstance(outcome, TrackRow)),
        failures=tuple(outcome for outcome in ordered if isinstance(outcome, Failure)),
        settings={"dataset": "GuitarSet", "recordings": source, **(settings or {})},
    )


def _judge(
    track: Track, source: AudioSource, transcribe: Callable[[Path], Transcription]
) -> TrackRow | Failure:
    try:
        truth = track.truth()
        started_s = time.process_time()
        result = transcribe(track.audio_path(source))
        cpu_s = time.process_time() - started_s
    except FretscribeError as error:
        return Failure(track_id=track.track_id, message=str(error))
    row = _row(track.track_id, _truth_reference(truth), result)
    return replace(
        row,
        player=track.player,
        style=track.style,
        cpu_s=cpu_s,
        warnings=truth.warnings + result.warnings,
    )


def _row(track_id: str, ref: _Reference, est: Transcription) -> TrackRow:
    est_notes = tab_arrays(est.tab)
    correct = note_correctness(ref.notes, est_notes)
    threshold = None if est.confidence is None else est.confidence.threshold
    return TrackRow(
        track_id=track_id,
        audio_s=ref.duration_s,
        scores=_scores(ref, est.tab, est_notes, correct, threshold),
        ref=ref.notes,
        est=est_notes,
        ref_tuning=ref.tuning,
        est_tuning=est.tab.tuning,
        correct=correct,
        threshold=threshold,
        warnings=est.warnings,
        provenance=dict(est.tab.provenance),  # a plain dict: rows travel between processes
    )


def compare(ref: Transcription, est: Transcription, *, title: str = "") -> Evaluation:
    """Judge one transcription by another, taken for the truth.

    Raises
    ------
    MissingExtraError
        Without mir_eval.
    """
    notes = tab_arrays(ref.tab)
    ends_s = [0.0 if ref.audio is None else ref.audio.duration_s, ref.tab.duration_s, est.tab.duration_s]
    reference = _Reference(notes=notes, tuning=ref.tab.tuning, duration_s=max(ends_s))
    return Evaluation(rows=(_row(title or est.tab.title, reference, est),))


def evaluate_pair(ref_path: Path, est_path: Path) -> Evaluation:
    """Judge one score file by another; any format that `io.formats.read_tab` reads.

    Raises
    ------
    TabFormatError
        If one of the files cannot be read.
    MissingExtraError
        Without mir_eval.
    """
    from fretscribe.io.formats import read_tab  # all readers: only loaded for pairs

    require_mir_eval()
    evaluation = compare(read_tab(ref_path), read_tab(est_path), title=est_path.name)
    return replace(evaluation, settings={"reference": ref_path.name, "estimate": est_path.name})

"""Notes to calibrate on: transcribed real or rendered recordings, each note judged by what was played.

The transcriber is any callable; what it is made of is not known here. Each transcription is also fingered
again without any evidence of strings, to measure how often the rule-based fingering alone is right.
Neighbours: ``symbolic.calibration_fit`` fits, ``run`` judges transcriptions for reports, ``pictures`` draws.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fretscribe import __version__
from fretscribe.datasets.effects import random_recording, record
from fretscribe.datasets.guitars import random_guitar
from fretscribe.datasets.guitarset import AudioSource, GuitarSet
from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.synthetic import RENDER_RATE, render_strings
from fretscribe.errors import DatasetError, FretscribeError, OptionError
from fretscribe.evaluation.metrics import note_correctness
from fretscribe.evaluation.notes import NoteArrays, tab_arrays, truth_arrays
from fretscribe.evaluation.run import Progress, check_tracks
from fretscribe.evaluation.summary import Failure
from fretscribe.frames import Audio
from fretscribe.io.atomic import write_bytes
from fretscribe.music import STANDARD_TUNING, Tab
from fretscribe.result import Transcription
from fretscribe.symbolic.calibration import Calibration
from fretscribe.symbolic.calibration_file import render_calibration
from fretscribe.symbolic.calibration_fit import fit_calibration
from fretscribe.symbolic.confidence import FEATURES, note_features
from fretscribe.symbolic.fingering import finger, without_evidence
from fretscribe.symbolic.reliability import Bools, Floats

MIN_GUITARS, MAX_GUITARS = 5, 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoteExamples:
    """Transcribed notes and whether they are right.

    Attributes
    ----------
    features : float64 array [n, k]
        See `symbolic.confidence.FEATURES`.
    correct : bool array [n]
        Onset, pitch, string and fret all right.
    groups : str array [n]
        Player or guitar.
    rules_correct : bool array [n]
        Which notes the fingering puts right without any evidence of strings.
    failures : tuple of Failure
        Recordings that could not be transcribed, and took no part.
    provenance : mapping
        Where the notes come from.
    """

    features: Floats
    correct: Bools
    groups: npt.NDArray[np.str_]
    rules_correct: Bools
    failures: tuple[Failure, ...] = ()
    provenance: Mapping[str, object] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.correct)


def judged_notes(ref: NoteArrays, est: Tab, group: str) -> NoteExamples:
    """The notes of one transcription, judged by what was played.

    Raises
    ------
    MissingExtraError
        Without mir_eval.
    """
    return NoteExamples(
        features=note_features(est.notes),
        correct=note_correctness(ref, tab_arrays(est)),
        groups=np.full(len(est.notes), group),
        rules_correct=right_by_rules(ref, est),
    )


def right_by_rules(ref: NoteArrays, est: Tab) -> Bools:
    """Which notes of a tab fingering puts right without any evidence of strings, bool [n].

    A note that it leaves out counts as wrong.
    """
    bare = [without_evidence(n.note) for n in est.notes]
    again = Tab(tuning=est.tuning, notes=finger(bare, est.tuning).notes)
    right: dict[tuple[float, int], list[bool]] = defaultdict(list)
    for tab_note, correct in zip(again.notes, note_correctness(ref, tab_arrays(again)), strict=True):
        right[tab_note.note.onset_s, tab_note.note.pitch].append(bool(correct))
    outcomes = (right[n.note.onset_s, n.note.pitch] for n in est.notes)
    return np.array([outcome.pop(0) if outcome else False for outcome in outcomes], dtype=np.bool_)


def examples_from_dataset(
    dataset: GuitarSet,
    transcribe: Callable[[Path], Transcription],
    *,
    tracks: Sequence[str] | None = None,
    source: AudioSource = "mic",
    progress: Progress | None = None,
) -> NoteExamples:
    """Transcribe the recordings of a dataset; players are the groups.

    A recording that fails does not stop the others.

    Parameters
    ----------
    dataset : GuitarSet
    transcribe : callable
    tracks : sequence of str, optional
        Ids; by default every track that has the recording.
    source : "mic", "mix", ...
    progress : callable, optional

    Raises
    ------
    DatasetError
        If a named track or its recording is missing, or there is no recording at all, or all fail.
    MissingExtraError
        Without mir_eval.
    """
    chosen = check_tracks(dataset, tracks, source=source)
    judged: list[NoteExamples] = []
    failures: list[Failure] = []
    for n_done, track in enumerate(chosen, start=1):
        try:
            truth = truth_arrays(track.truth())
            judged.append(judged_notes(truth, transcribe(track.audio_path(source)).tab, track.player))
        except FretscribeError as error:
            failures.append(Failure(track_id=track.track_id, message=str(error)))
        if progress is not None:
            progress(n_done, len(chosen), track.track_id)
    if not judged:
        raise DatasetError(f"none of the {len(chosen)} recordings could be used: {failures[0].message}")
    failed = {failure.track_id for failure in failures}
    return _together(
        judged,
        failures,
        source="dataset",
        recordings=source,
        players=sorted({track.player for track in chosen if track.track_id not in failed}),
        tracks=[track.track_id for track in chosen if track.track_id not in failed],
    )


def examples_from_rendered(
    minutes: float,
    seed: int,
    transcribe: Callable[[Audio], Transcription],
    *,
    progress: Progress | None = None,
) -> NoteExamples:
    """Transcribe invented pieces in standard tuning, played by random guitars in random rooms.

    The guitars, 5 to 10 of them, are the groups. Dead notes sound no pitch and are not asked for.

    Parameters
    ----------
    minutes : float
        Length of all pieces together.
    seed : int
        Same seed, same pieces, same sound.
    transcribe : callable
    progress : callable, optional

    Raises
    ------
    OptionError
        If the length is not positive or the seed negative.
    MissingExtraError
        Without mir_eval.
    """
    if not 0.0 < minutes < math.inf:
        raise OptionError(f"minutes must be positive, not {minutes}")
    if seed < 0:
        raise OptionError(f"the seed must not be negative: {seed}")
    n_guitars = min(max(MIN_GUITARS, math.ceil(minutes)), MAX_GUITARS)
    judged = []
    for i in range(n_guitars):
        tab, audio = rendered_piece(np.random.SeedSequence([seed, i]), 60.0 * minutes / n_guitars)
        sounding = tuple(n for n in tab.notes if "dead" not in n.techniques)
        truth = tab_arrays(Tab(tuning=tab.tuning, notes=sounding))
        judged.append(judged_notes(truth, transcribe(audio).tab, f"guitar {i}"))
        if progress is not None:
            progress(i + 1, n_guitars, f"guitar {i}")
    return _together(judged, [], source="rendered guitars", minutes=minutes, seed=seed)


def rendered_piece(seed: np.random.SeedSequence, duration_s: float) -> tuple[Tab, Audio]:
    """An invented piece in standard tuning, and its sound on a random guitar in a random room."""
    writing, playing = (np.random.default_rng(s) for s in seed.spawn(2))
    tab = generate_tab(writing, duration_s=duration_s, tuning=STANDARD_TUNING)
    guitar = random_guitar(playing, tab.tuning)
    strings = render_strings(tab, guitar, playing, duration_s=duration_s + 0.5)
    mono = record(strings, random_recording(playing, guitar.kind), playing, sample_rate=RENDER_RATE)
    return tab, Audio(samples=mono[None], sample_rate=RENDER_RATE)


def with_own(examples: NoteExamples, own: NoteExamples) -> NoteExamples:
    """The examples of a dataset and those of a user's own recordings, as one set."""
    return _together(
        [examples, own],
        [*examples.failures, *own.failures],
        **examples.provenance,
        feedback=dict(own.provenance),
    )


def _together(
    judged: Sequence[NoteExamples], failures: Sequence[Failure], **provenance: object
) -> NoteExamples:
    return NoteExamples(
        features=np.concatenate([part.features for part in judged]),
        correct=np.concatenate([part.correct for part in judged]),
        groups=np.concatenate([part.groups for part in judged]),
        rules_correct=np.concatenate([part.rules_correct for part in judged]),
        failures=tuple(failures),
        provenance=provenance,
    )


def calibrate_notes(
    examples: NoteExamples,
    *,
    target_accuracy: float = 0.8,
    weights: Mapping[str, str] | None = None,
) -> Calibration:
    """Fit the calibration of notes; see `symbolic.calibration_fit.fit_calibration`.

    Parameters
    ----------
    examples : NoteExamples
    target_accuracy : float
    weights : mapping of str to str, optional
        Name -> sha256 of the networks that the transcriber uses.

    Raises
    ------
    DatasetError
        If there are too few notes, or all are right or all wrong.
    """
    return fit_calibration(
        examples.features,
        examples.correct,
        examples.groups,
        names=FEATURES,
        scalar="product",
        level="notes",
        target_accuracy=target_accuracy,
        rules=examples.rules_correct,
        weights=weights,
        provenance={"program": f"fretscribe {__version__}", **examples.provenance},
    )


def write_calibration(path: Path, calibration: Calibration, *, force: bool) -> None:
    """Write the file whole or not at all; see `io.atomic.atomic_write` for the errors."""
    write_bytes(path, render_calibration(calibration), force=force)

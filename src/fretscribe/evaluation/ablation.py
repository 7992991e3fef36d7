"""What each part of the route is worth: the same recordings transcribed with one part switched off at a time.

Networks hear each recording once, only what comes behind them is done again. Knows no lever by name.
Neighbours: ``levers`` says what can be switched, ``ablation_report`` writes the tables, ``held_out`` has the
rendered instruments, ``run`` judges a dataset more thoroughly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, GuitarSet, Style, Track
from fretscribe.datasets.guitarset_truth import TrackTruth
from fretscribe.datasets.held_out import HELD_OUT_INSTRUMENTS, HeldOutInstrument, perform
from fretscribe.datasets.sample_bank import SampleVoice
from fretscribe.evaluation.errors import ErrorBreakdown, error_breakdown
from fretscribe.evaluation.heard_once import heard_once
from fretscribe.evaluation.held_out import played_truth
from fretscribe.evaluation.levers import LEVERS, Lever
from fretscribe.evaluation.metrics import require_mir_eval
from fretscribe.evaluation.notes import tab_arrays, truth_arrays
from fretscribe.evaluation.run import evaluate_track
from fretscribe.evaluation.summary import TrackScores
from fretscribe.frames import Audio
from fretscribe.pipeline import TranscribeOptions, Transcriber
from fretscribe.pipeline.tabbing import uncalibrated

OPTIONS = TranscribeOptions(tuning="standard", capo=0)
"""What is known of all recordings here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AblationRow:
    """One track with one lever pulled.

    Attributes
    ----------
    lever : str
        Its name.
    instrument : HeldOutInstrument, or None
        What played; None: the real recording.
    track_id : str
    style : "comp" or "solo"
    scores : TrackScores
    errors : ErrorBreakdown
    knows_strings : bool
        Whether the figures of strings mean anything.
    """

    lever: str
    instrument: HeldOutInstrument | None
    track_id: str
    style: Style
    scores: TrackScores
    errors: ErrorBreakdown
    knows_strings: bool


def ablate_recordings(
    dataset: GuitarSet,
    transcriber_of: Callable[[str], Transcriber],
    *,
    tracks: Sequence[str] = DEVELOPMENT_TRACKS,
    levers: Sequence[Lever] = LEVERS,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[AblationRow, ...]:
    """Pull every lever on microphone recordings.

    Parameters
    ----------
    dataset : GuitarSet
    transcriber_of : callable
        From a player to the full transcriber, with networks that never saw the player.
    tracks : sequence of str
    levers : sequence of Lever
    progress : callable

    Raises
    ------
    DatasetError
        If a track or its recording is missing.
    AudioError
        If a recording cannot be read.
    MissingExtraError
        Without mir_eval.
    """
    require_mir_eval()
    chosen = [(track, track.audio_path("mic")) for track in map(dataset.track, tracks)]
    rows: list[AblationRow] = []
    for track, path in chosen:
        progress(track.track_id)
        transcriber = transcriber_of(track.player)
        rate = transcriber.acoustic.sample_rate
        audio = transcriber.read(path, sample_rate=rate, start_s=0.0, end_s=None, progress=None).audio
        rows += _pull(levers, transcriber, audio, track, track.truth(), instrument=None, knows_strings=True)
    return tuple(rows)


def ablate_instruments(
    dataset: GuitarSet,
    voices: Mapping[str, SampleVoice],
    transcriber: Transcriber,
    *,
    tracks: Sequence[str] = DEVELOPMENT_TRACKS,
    instruments: Sequence[HeldOutInstrument] = HELD_OUT_INSTRUMENTS,
    levers: Sequence[Lever] = LEVERS,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[AblationRow, ...]:
    """Pull every lever on rendered instruments; parameters and errors as `held_out.held_out_instruments`."""
    require_mir_eval()
    chosen = [dataset.track(name) for name in tracks]
    rows: list[AblationRow] = []
    for instrument in instruments:
        for track in chosen:
            progress(f"{instrument.name}: {track.track_id}")
            duration_s = track.truth().duration_s
            played = perform(instrument, track.tab(), voices, duration_s=duration_s)
            rows += _pull(
                levers,
                transcriber,
                played.audio,
                track,
                played_truth(played.tab, duration_s),
                instrument=instrument,
                knows_strings=played.knows_strings,
            )
    return tuple(rows)


def _pull(
    levers: Sequence[Lever],
    transcriber: Transcriber,
    audio: Audio,
    track: Track,
    truth: TrackTruth,
    *,
    instrument: HeldOutInstrument | None,
    knows_strings: bool,
) -> list[AblationRow]:
    """A row a lever. Confidence is not judged here, and calibrations fit only the full system."""
    full = heard_once(
        replace(transcriber, hands=replace(transcriber.hands, calibration=uncalibrated), notices=())
    )
    rows = []
    for lever in levers:
        tab = lever.switch(full)(audio, OPTIONS).tab
        rows.append(
            AblationRow(
                lever=lever.name,
                instrument=instrument,
                track_id=track.track_id,
                style=track.style,
                scores=evaluate_track(truth, tab),
                errors=error_breakdown(truth_arrays(truth), tab_arrays(tab)),
                knows_strings=knows_strings,
            )
        )
    return rows

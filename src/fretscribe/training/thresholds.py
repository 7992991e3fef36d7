"""Choosing the decoder's thresholds on the development recordings, leave-one-player-out.

Two parameters are fitted (of the at most twenty that may be): the onset and the active threshold. The
figure that is reported for a player uses thresholds chosen on the other players only.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fretscribe.datasets.guitarset import GuitarSet
from fretscribe.evaluation.metrics import note_scores
from fretscribe.evaluation.notes import NoteArrays, note_arrays, truth_arrays
from fretscribe.frames import Audio, StringRoll
from fretscribe.io.audio import read_audio
from fretscribe.music import Note
from fretscribe.symbolic.decode import DecodeParams, decode_notes

ONSET_THRESHOLDS = (0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85)
ACTIVE_THRESHOLDS = (0.2, 0.275, 0.35, 0.425, 0.5)


class Hears(Protocol):
    """An acoustic model: audio at ``sample_rate`` to a roll."""

    @property
    def sample_rate(self) -> int: ...

    def __call__(self, audio: Audio) -> StringRoll: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdChoice:
    """What a pair of thresholds gives.

    Attributes
    ----------
    params : DecodeParams
        Chosen on all players: what the decoder should use.
    f50, f50_with_offsets : float
        Means over the tracks, each decoded with thresholds chosen without its player.
    """

    params: DecodeParams
    f50: float
    f50_with_offsets: float


def choose_thresholds(
    dataset: GuitarSet, model: Hears, *, base: DecodeParams | None = None
) -> ThresholdChoice:
    """Try a grid of thresholds on every track that has a microphone recording.

    The best pair has the highest mean of F50 and half of F50 with offsets.
    """
    tracks = dataset.with_audio("mic")
    base = base or DecodeParams()
    grid = [
        replace(base, onset_threshold=onset, active_threshold=active)
        for onset, active in itertools.product(ONSET_THRESHOLDS, ACTIVE_THRESHOLDS)
    ]
    scores = np.zeros((len(tracks), len(grid), 2))
    for row, track in enumerate(tracks):
        roll = model(read_audio(track.audio_path("mic"), sample_rate=model.sample_rate).audio)
        truth = truth_arrays(track.truth())
        for column, params in enumerate(grid):
            scores[row, column] = _f50(truth, decode_notes(roll, params))
    players = np.array([track.player for track in tracks])
    honest = np.array([scores[row, _best(scores[players != p])] for row, p in enumerate(players)])
    return ThresholdChoice(
        params=grid[_best(scores)],
        f50=float(honest[:, 0].mean()),
        f50_with_offsets=float(honest[:, 1].mean()),
    )


def development_scores(dataset: GuitarSet, model: Hears) -> dict[str, dict[str, float]]:
    """Note F1 of every recorded track under the decoder's defaults: how a run does on real sound."""
    scores = {}
    for track in dataset.with_audio("mic"):
        roll = model(read_audio(track.audio_path("mic"), sample_rate=model.sample_rate).audio)
        f50, with_offsets = _f50(truth_arrays(track.truth()), decode_notes(roll))
        scores[track.track_id] = {"note_f1": round(f50, 4), "note_offset_f1": round(with_offsets, 4)}
    return scores


def _best(scores: npt.NDArray[np.float64]) -> int:
    """Column of the grid with the highest mean over tracks [n_tracks, n_params, 2]."""
    return int(np.argmax((scores @ np.array([1.0, 0.5])).mean(axis=0)))


def _f50(truth: NoteArrays, notes: Sequence[Note]) -> tuple[float, float]:
    found = note_arrays(
        [n.onset_s for n in notes],
        [n.offset_s for n in notes],
        [n.pitch for n in notes],
        [0] * len(notes),
        [0] * len(notes),
    )
    scores = note_scores(truth, found)
    return scores.onset.f1, scores.offset.f1

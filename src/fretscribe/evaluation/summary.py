"""What an evaluation found: a row a track, and the ways rows are put together.

Note-level figures are means over tracks. Frame-level figures are pooled over a player's frames first, then
mean and standard deviation over players, as TabCNN's authors report them (the deviation divides by n).
Neighbours: ``run`` fills these in, ``report`` writes them, ``pictures`` draws them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from fretscribe.datasets.guitarset import Style
from fretscribe.evaluation.confidence import ConfidenceScores, confidence_scores
from fretscribe.evaluation.errors import ErrorBreakdown, error_breakdown
from fretscribe.evaluation.metrics import FrameScores, NoteScores
from fretscribe.evaluation.notes import Bools, NoteArrays
from fretscribe.evaluation.playability import Playability
from fretscribe.music import Tuning


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackScores:
    """Every measure of one track.

    Attributes
    ----------
    notes : NoteScores
    frames : FrameScores
    confidence : ConfidenceScores, or None
        None where no note of the estimate has a confidence.
    playability, ref_playability : Playability
        Of the estimate and, for comparison, of the truth.
    """

    notes: NoteScores
    frames: FrameScores
    confidence: ConfidenceScores | None
    playability: Playability
    ref_playability: Playability


MEASURES: Mapping[str, Callable[[TrackScores], float]] = MappingProxyType(
    {
        "note_f1": lambda s: s.notes.onset.f1,
        "note_precision": lambda s: s.notes.onset.precision,
        "note_recall": lambda s: s.notes.onset.recall,
        "note_offset_f1": lambda s: s.notes.offset.f1,
        "tab_note_f1": lambda s: s.notes.tab.f1,
        "tab_note_precision": lambda s: s.notes.tab.precision,
        "tab_note_recall": lambda s: s.notes.tab.recall,
        "string_accuracy": lambda s: s.notes.string_accuracy,
        "tab_frame_f1": lambda s: s.frames.tab.f1,
        "tab_frame_precision": lambda s: s.frames.tab.precision,
        "tab_frame_recall": lambda s: s.frames.tab.recall,
        "multipitch_f1": lambda s: s.frames.multipitch.f1,
        "multipitch_precision": lambda s: s.frames.multipitch.precision,
        "multipitch_recall": lambda s: s.frames.multipitch.recall,
        "tdr": lambda s: s.frames.tdr,
    }
)
"""The measures between 0 and 1, by the name they have in reports."""

FRAME_MEASURES: Mapping[str, Callable[[FrameScores], float]] = MappingProxyType(
    {
        "tab_frame_f1": lambda f: f.tab.f1,
        "tab_frame_precision": lambda f: f.tab.precision,
        "tab_frame_recall": lambda f: f.tab.recall,
        "multipitch_f1": lambda f: f.multipitch.f1,
        "multipitch_precision": lambda f: f.multipitch.precision,
        "multipitch_recall": lambda f: f.multipitch.recall,
        "tdr": lambda f: f.tdr,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackRow:
    """One judged track.

    Attributes
    ----------
    track_id : str
    player : str
        Empty where it is not known (pairs of scores).
    style : "comp", "solo" or None
    audio_s : float
        Length of the recording.
    cpu_s : float, or None
        CPU seconds that its transcription took; None where nothing was transcribed.
    scores : TrackScores
    ref, est : NoteArrays
    ref_tuning, est_tuning : Tuning
    correct : bool array [n_est]
    threshold : float, or None
        Confidence from which on notes count as accepted.
    warnings : tuple of str
    provenance : mapping
        That of the estimate: program, weights, options.
    """

    track_id: str
    player: str = ""
    style: Style | None = None
    audio_s: float
    cpu_s: float | None = None
    scores: TrackScores
    ref: NoteArrays
    est: NoteArrays
    ref_tuning: Tuning
    est_tuning: Tuning
    correct: Bools
    threshold: float | None = None
    warnings: tuple[str, ...] = ()
    provenance: Mapping[str, object] = field(default_factory=dict)

    @property
    def cpu_s_per_minute(self) -> float | None:
        """CPU seconds a minute of audio."""
        return None if self.cpu_s is None or self.audio_s <= 0.0 else 60.0 * self.cpu_s / self.audio_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A track that could not be judged, and why."""

    track_id: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanAndDeviation:
    """Mean and population standard deviation."""

    mean: float
    std: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """All rows of an evaluation, in the dataset's order, with what failed and under which settings."""

    rows: tuple[TrackRow, ...]
    failures: tuple[Failure, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)

    def of_style(self, style: Style | None) -> tuple[TrackRow, ...]:
        """The rows of a style; all for None."""
        return tuple(row for row in self.rows if style is None or row.style == style)

    def means(self, style: Style | None = None) -> dict[str, float]:
        """Mean over tracks of every measure of `MEASURES`; empty without tracks of that style."""
        rows = self.of_style(style)
        if not rows:
            return {}
        return {name: _mean([of(row.scores) for row in rows]) for name, of in MEASURES.items()}

    def players(self) -> dict[str, FrameScores]:
        """Frame counts pooled over the tracks of each player."""
        pooled: dict[str, FrameScores] = {}
        for row in self.rows:
            if row.player:
                pooled[row.player] = pooled.get(row.player, FrameScores()) + row.scores.frames
        return dict(sorted(pooled.items()))

    def over_players(self) -> dict[str, MeanAndDeviation]:
        """Mean and deviation over players of the pooled frame measures; empty without players."""
        players = list(self.players().values())
        if not players:
            return {}
        values = {name: [of(frames) for frames in players] for name, of in FRAME_MEASURES.items()}
        return {
            name: MeanAndDeviation(mean=_mean(v), std=float(np.std(np.array(v))))
            for name, v in values.items()
        }

    def confidence(self) -> ConfidenceScores | None:
        """Confidence judged over the notes of all tracks.

        The threshold is the tracks' own where they share one, otherwise none is judged.
        """
        if not self.rows:
            return None
        thresholds = {row.threshold for row in self.rows}
        return confidence_scores(
            np.concatenate([row.est.confidence for row in self.rows]),
            np.concatenate([row.correct for row in self.rows]),
            threshold=thresholds.pop() if len(thresholds) == 1 else None,
        )

    def errors(self, style: Style | None = None) -> ErrorBreakdown:
        """Verdicts on the notes of all tracks of a style (None: all)."""
        total = ErrorBreakdown()
        for row in self.of_style(style):
            total = total + error_breakdown(row.ref, row.est)
        return total

    @property
    def provenance(self) -> dict[str, object]:
        """What made the estimates, where all tracks agree on it; otherwise empty."""
        if not self.rows or any(row.provenance != self.rows[0].provenance for row in self.rows):
            return {}
        return dict(self.rows[0].provenance)

    @property
    def audio_s(self) -> float:
        return math.fsum(row.audio_s for row in self.rows)

    @property
    def cpu_s(self) -> float | None:
        """CPU seconds of all transcriptions; None where one was not timed."""
        seconds = [row.cpu_s for row in self.rows if row.cpu_s is not None]
        return math.fsum(seconds) if seconds and len(seconds) == len(self.rows) else None


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)

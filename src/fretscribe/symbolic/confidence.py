"""How far each note of a tab can be trusted: P(pitch, string and fret all right).

Two things must hold: the note was there (``Note.onset_prob``), and it was played at the chosen place (the
chosen place's probability among the alternatives). Uncalibrated, confidence is their product. A
`ConfidenceModel` with weights is a logistic regression on their log odds; fitting it is the evaluation's
job. Neighbours: ``fingering`` makes the alternatives.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

from fretscribe.music import TabNote
from fretscribe.result import ConfidenceSummary

_EDGE = 1e-3  # probabilities are kept this far from 0 and 1, so that log odds stay finite


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceModel:
    """Turns a note's features into a probability.

    Attributes
    ----------
    weights : tuple of float, or None
        One for each entry of `note_features`; None: uncalibrated, the product of the two probabilities.
    bias : float
        Of the logistic regression; without meaning where ``weights`` is None.
    target_accuracy : float
        Share of right notes that the accepted ones should reach.
    threshold : float, or None
        Notes at or above it are accepted; None where nothing was calibrated.
    """

    weights: tuple[float, ...] | None = None
    bias: float = 0.0
    target_accuracy: float = 0.8
    threshold: float | None = None

    def __post_init__(self) -> None:
        if self.weights is not None and len(self.weights) != N_FEATURES:
            raise ValueError(f"a confidence model has {N_FEATURES} weights, not {len(self.weights)}")
        if not 0.0 < self.target_accuracy <= 1.0:
            raise ValueError(f"target_accuracy must lie in 0..1, not {self.target_accuracy}")
        if self.threshold is not None and not 0.0 <= self.threshold <= 1.0:
            raise ValueError(f"threshold must lie in 0..1, not {self.threshold}")


N_FEATURES = 2


def position_probability(tab_note: TabNote) -> float:
    """Probability of the chosen place; 1.0 where no alternatives are known (imported tabs)."""
    if not tab_note.alternatives:
        return 1.0
    return sum(a.probability for a in tab_note.alternatives if a.position == tab_note.position)


def note_features(tab_note: TabNote) -> tuple[float, float]:
    """Log odds that the note was there, and that it was played at its place."""
    return _log_odds(tab_note.note.onset_prob), _log_odds(position_probability(tab_note))


def note_confidence(tab_note: TabNote, model: ConfidenceModel | None = None) -> float:
    """P(pitch, string and fret all right), 0..1.

    >>> from fretscribe.music import Note, Position
    >>> note = Note(onset_s=0.0, offset_s=1.0, pitch=40, onset_prob=0.75)
    >>> note_confidence(TabNote(note=note, position=Position(string=0, fret=0)))
    0.75
    """
    if model is None or model.weights is None:
        return min(1.0, max(0.0, tab_note.note.onset_prob)) * min(1.0, position_probability(tab_note))
    features = note_features(tab_note)
    total = model.bias + sum(w * x for w, x in zip(model.weights, features, strict=True))
    return _sigmoid(total)


def assess(notes: Sequence[TabNote], model: ConfidenceModel | None = None) -> tuple[TabNote, ...]:
    """The same notes, each with its confidence."""
    return tuple(dataclasses.replace(n, confidence=note_confidence(n, model)) for n in notes)


def summarize(notes: Sequence[TabNote], model: ConfidenceModel) -> ConfidenceSummary:
    """How the confidences are to be read, and the share of notes at or above the threshold."""
    share = None
    if model.threshold is not None and notes:
        accepted = sum(n.confidence is not None and n.confidence >= model.threshold for n in notes)
        share = accepted / len(notes)
    return ConfidenceSummary(
        target_accuracy=model.target_accuracy, threshold=model.threshold, share_accepted=share
    )


def _log_odds(probability: float) -> float:
    clipped = min(max(probability, _EDGE), 1.0 - _EDGE)
    return math.log(clipped / (1.0 - clipped))


def _sigmoid(value: float) -> float:
    if value >= 0.0:
        return 1.0 / (1.0 + math.exp(-value))
    grown = math.exp(value)
    return grown / (1.0 + grown)

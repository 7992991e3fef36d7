"""Bends and vibrato of real playing: marks against the annotated pitch contours.

GuitarSet's contours come from a pitch tracker on each string's own pickup; they are described by the same
measures as what is heard from the microphone. Neighbour: ``techniques`` judges by rendered truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fretscribe.dsp.pitch_track import PitchTrack
from fretscribe.evaluation.technique_match import match_notes
from fretscribe.evaluation.techniques import MarkCounts
from fretscribe.music import Tab, TabNote, Technique
from fretscribe.symbolic.pitch_curves import PitchCurve, describe

BENT_CENTS = 50.0
SHAKEN_CENTS = 20.0

_FRAME_S = 0.01
_LONGEST_S = 1.6
_PERIODIC = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ContourRow:
    """Marks of one recording beside its annotated contours.

    Attributes
    ----------
    track_id : str
    bend, vibrato : MarkCounts
    others : mapping of Technique to int
        Marks that the annotation says nothing of.
    """

    track_id: str
    bend: MarkCounts
    vibrato: MarkCounts
    others: Mapping[Technique, int]


def judge_contours(track_id: str, ref: Tab, est: Tab) -> ContourRow:
    """Count bends and vibrato played, marked and rightly marked.

    Parameters
    ----------
    track_id : str
    ref : Tab
        Of the annotation: `Note.bend` is the contour.
    est : Tab
    """
    curves = [_annotated(note) for note in ref.notes]
    bent = [curve is not None and curve.reach >= BENT_CENTS for curve in curves]
    shaken = [
        curve is not None and curve.vibrato_cents >= SHAKEN_CENTS and curve.period_alike >= _PERIODIC
        for curve in curves
    ]
    stands_for = {j: i for i, j in match_notes(ref.notes, est.notes).items()}
    counts: Counter[Technique] = Counter(technique for note in est.notes for technique in note.techniques)
    return ContourRow(
        track_id=track_id,
        bend=_counts("bend", bent, est, stands_for),
        vibrato=_counts("vibrato", shaken, est, stands_for),
        others={name: n for name, n in counts.items() if name not in ("bend", "vibrato")},
    )


def _counts(technique: Technique, played: list[bool], est: Tab, stands_for: Mapping[int, int]) -> MarkCounts:
    marked = [j for j, note in enumerate(est.notes) if technique in note.techniques]
    right = sum(j in stands_for and played[stands_for[j]] for j in marked)
    return MarkCounts(played=sum(played), marked=len(marked), right=right)


def _annotated(note: TabNote) -> PitchCurve | None:
    """A note's contour, described as if it had been heard; None where it stays at the pitch."""
    if not note.note.bend:
        return None
    times = np.arange(0.0, min(note.note.duration_s, _LONGEST_S), _FRAME_S)
    cents = np.interp(times, [p.time_s for p in note.note.bend], [p.cents for p in note.note.bend])
    return describe(PitchTrack(time_s=times, cents=cents, clarity=np.ones(len(times)), free=1.0))

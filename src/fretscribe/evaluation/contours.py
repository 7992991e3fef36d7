"""Bends and vibrato of real playing: marks against the annotated pitch contours.

GuitarSet's contours come from a pitch tracker on each string's own pickup; they are described by the same
measures as what is heard from the microphone, without the first 30 ms and the last 120 ms, where the tracker
often slides away. Neighbour: ``techniques`` judges by rendered truth.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fretscribe.dsp.pitch_track import PitchTrack
from fretscribe.evaluation.technique_match import match_notes
from fretscribe.evaluation.techniques import MarkCounts
from fretscribe.music import Tab, TabNote, Technique
from fretscribe.symbolic.pitch_curves import UNKNOWN_CURVE, PitchCurve, describe

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
    n_notes : int
        Of the annotation.
    bend, vibrato : MarkCounts
        Of notes whose contour is long enough to tell; marks on notes that were not played are wrong.
    untold : int
        Marks of the two on notes whose contour is too short to tell.
    others : mapping of Technique to int
        Marks that the annotation says nothing of.
    """

    track_id: str
    n_notes: int
    bend: MarkCounts
    vibrato: MarkCounts
    untold: int
    others: Mapping[Technique, int]


def judge_contours(track_id: str, ref: Tab, est: Tab) -> ContourRow:
    """Count bends and vibrato played, marked and rightly marked.

    Parameters
    ----------
    track_id : str
    ref : Tab
        Of the annotation: `Note.bend` is the contour of every note, also of those that keep their pitch
        (``Track.tab(bent_cents=0.0)``).
    est : Tab
    """
    curves = [_annotated(note) for note in ref.notes]
    stands_for = {j: i for i, j in match_notes(ref.notes, est.notes).items()}
    bend, bends_untold = _counts("bend", [_bent(curve) for curve in curves], est, stands_for)
    vibrato, shakes_untold = _counts("vibrato", [_shaken(curve) for curve in curves], est, stands_for)
    counts: Counter[Technique] = Counter(technique for note in est.notes for technique in note.techniques)
    return ContourRow(
        track_id=track_id,
        n_notes=len(ref.notes),
        bend=bend,
        vibrato=vibrato,
        untold=bends_untold + shakes_untold,
        others={name: n for name, n in counts.items() if name not in ("bend", "vibrato")},
    )


def _bent(curve: PitchCurve) -> bool | None:
    return None if math.isnan(curve.reach) else curve.reach >= BENT_CENTS


def _shaken(curve: PitchCurve) -> bool | None:
    if math.isnan(curve.vibrato_cents) or math.isnan(curve.period_alike):
        return None
    return curve.vibrato_cents >= SHAKEN_CENTS and curve.period_alike >= _PERIODIC


def _counts(
    technique: Technique, played: Sequence[bool | None], est: Tab, stands_for: Mapping[int, int]
) -> tuple[MarkCounts, int]:
    """Played, marked and rightly marked notes, and the marks of which nothing can be told."""
    marks = [j for j, note in enumerate(est.notes) if technique in note.techniques]
    verdicts = [played[stands_for[j]] if j in stands_for else False for j in marks]
    told = [verdict for verdict in verdicts if verdict is not None]
    counts = MarkCounts(played=sum(one is True for one in played), marked=len(told), right=sum(told))
    return counts, len(verdicts) - len(told)


def _annotated(note: TabNote) -> PitchCurve:
    """A note's contour, described as if it had been heard."""
    if not note.note.bend:
        return UNKNOWN_CURVE
    from_s, to_s = note.note.bend[0].time_s, min(note.note.bend[-1].time_s, _LONGEST_S)
    times = np.arange(from_s, to_s, _FRAME_S)
    cents = np.interp(times, [p.time_s for p in note.note.bend], [p.cents for p in note.note.bend])
    return describe(PitchTrack(time_s=times, cents=cents, clarity=np.ones(len(times)), free=1.0))

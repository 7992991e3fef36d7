"""Which heard note stands for which played one, where techniques move onsets and pitches.

As mir_eval matches notes (onset within 50 ms, right pitch), but a bent note may be heard at any pitch that it
passes, a slide until it has arrived, and a harmonic is heard at its sounding pitch or written at its place.
"""

from __future__ import annotations

from collections.abc import Sequence

from fretscribe.evaluation.metrics import ONSET_TOLERANCE_S
from fretscribe.music import TabNote
from fretscribe.symbolic.harmonics import sounding_above_open


def match_notes(ref_notes: Sequence[TabNote], est_notes: Sequence[TabNote]) -> dict[int, int]:
    """Index of the heard note for each played one that has one; each stands for one only.

    Nearest onsets first; at the same distance the pitch that is written.
    """
    pairs = []
    first = 0
    for i, ref in enumerate(ref_notes):
        pitches, late_s = heard_pitches(ref), ONSET_TOLERANCE_S + _travel_s(ref)
        while first < len(est_notes) and est_notes[first].note.onset_s < ref.note.onset_s - ONSET_TOLERANCE_S:
            first += 1
        for j in range(first, len(est_notes)):
            after_s = est_notes[j].note.onset_s - ref.note.onset_s
            if after_s > late_s:
                break
            if est_notes[j].note.pitch in pitches:
                pairs.append((abs(after_s), est_notes[j].note.pitch != ref.note.pitch, i, j))
    found: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, i, j in sorted(pairs):
        if i not in found and j not in taken:
            found[i] = j
            taken.add(j)
    return found


def heard_pitches(note: TabNote) -> frozenset[int]:
    """MIDI pitches that a played note may rightly be heard at."""
    pitch = note.note.pitch
    pitches = {pitch}
    if "harmonic" in note.techniques:
        above = sounding_above_open(note.position.fret)
        if above is not None:
            pitches.add(pitch - note.position.fret + above)
    elif note.note.bend and "slide" not in note.techniques:
        cents = [point.cents for point in note.note.bend]
        pitches |= set(range(pitch + round(min(cents) / 100), pitch + round(max(cents) / 100) + 1))
    return frozenset(pitches)


def _travel_s(note: TabNote) -> float:
    return note.note.bend[-1].time_s if "slide" in note.techniques and note.note.bend else 0.0

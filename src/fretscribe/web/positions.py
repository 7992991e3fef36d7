"""Where else a note may have been played, and how probable each place is.

Neighbours: ``symbolic.fingering`` gives the probabilities, ``edits`` moves the note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fretscribe.music import Alternative, Position, Tab, TabNote
from fretscribe.pipeline.tabbing import Hands
from fretscribe.symbolic.fingering import FingeringOptions
from fretscribe.web.edits import note_at

_AROUND_S = 6.0
"""What lies further away says next to nothing of where the hand is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelyPosition:
    """A place that a note's pitch has on the neck.

    Attributes
    ----------
    position : Position
    probability : float, or None
        None where the place was too improbable to be counted.
    """

    position: Position
    probability: float | None


def likely_positions(tab: Tab, index: int, hands: Hands) -> tuple[LikelyPosition, ...]:
    """All places of a note's pitch, the most probable first.

    A note that nobody fingered, because a player wrote it or changed its pitch, is fingered among the notes
    around it.

    Raises
    ------
    InputError
        If there is no such note.
    """
    chosen = note_at(tab, index)
    alternatives = chosen.alternatives or _fingered(tab, chosen, hands)
    known = {a.position: a.probability for a in alternatives}
    places = tab.tuning.positions(chosen.note.pitch)
    ranked = sorted(places, key=lambda p: (-known.get(p, -1.0), p))
    return tuple(LikelyPosition(position=p, probability=known.get(p)) for p in ranked)


def _fingered(tab: Tab, chosen: TabNote, hands: Hands) -> Sequence[Alternative]:
    at_s = chosen.note.onset_s
    around = [n.note for n in tab.notes if abs(n.note.onset_s - at_s) < _AROUND_S]
    placed = hands.finger(around, tab.tuning, FingeringOptions()).notes
    same = (n for n in placed if (n.note.onset_s, n.note.pitch) == (at_s, chosen.note.pitch))
    return next((n.alternatives for n in same), ())

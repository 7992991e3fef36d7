"""Fingerings that know no hand, in the shape of `symbolic.fingering.finger`: to show what the hand is worth.

One believes the sound note by note, the other does what anybody would without hearing any string. Neither
gives alternatives. Neighbours: ``nearest_position`` is the rule of the second; ``levers`` puts both into the
route.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fretscribe.evaluation.nearest_position import nearest_position
from fretscribe.music import Note, Position, TabNote, Tuning
from fretscribe.symbolic.fingering import Fingering, FingeringOptions, cut_overlaps, group_events
from fretscribe.symbolic.fingering_costs import FingeringWeights, GripTable

LIKELY_ALONE = FingeringWeights(fret=1e-6, high_fret=0.0, open_string=0.0)
"""A note by itself then costs what the evidence says, weighed as in fingering; the lower fret wins a tie."""

_NOWHERE = 1e6  # more than all evidence against all strings: no note is left out to please another


def by_evidence_alone(notes: Sequence[Note], tuning: Tuning, options: FingeringOptions) -> Fingering:
    """Every note on the string that the evidence makes most probable; spans and fingers do not count.

    Notes that start together have a string each: the most probable assignment of all. A string that is
    struck again ends the note before. A note is dropped where others that start with it have all its strings.

    Parameters
    ----------
    notes : sequence of Note
        In any order; ``string_probs`` and ``tab_probs`` are the evidence.
    tuning : Tuning
    options : FingeringOptions
        Not asked: they are wishes of a hand.
    """
    from scipy.optimize import linear_sum_assignment  # comes with the extra that judges

    playable, unplayable = _playable(notes, tuning)
    table = GripTable(tuning, LIKELY_ALONE, max_span=options.max_span, max_fret=tuning.highest_fret)
    placed: list[TabNote] = []
    dropped: list[Note] = []
    for group in group_events(playable):
        cost = np.full((len(group), tuning.n_strings), _NOWHERE)
        for i, note in enumerate(group):
            alone, _ = table.event([note])
            cost[i, alone.grips.strings[:, 0]] = alone.cost
        strings = {int(i): int(s) for i, s in zip(*linear_sum_assignment(cost), strict=True)}
        for i, note in enumerate(group):
            string = strings.get(i)
            if string is None or cost[i, string] >= _NOWHERE:
                dropped.append(note)
            else:
                placed.append(_on_string(note, string, tuning))
    return _fingering(placed, unplayable, dropped)


def by_nearest_position(notes: Sequence[Note], tuning: Tuning, options: FingeringOptions) -> Fingering:
    """Every note where its fret is nearest to the mean fret of the notes before it; no evidence is asked.

    As `nearest_position`, but a note that finds no free string is dropped: a tab has none beyond its neck.

    Parameters
    ----------
    notes : sequence of Note
        In any order.
    tuning : Tuning
    options : FingeringOptions
        Not asked: they are wishes of a hand.
    """
    playable, unplayable = _playable(notes, tuning)
    table = np.array([(n.onset_s, n.offset_s, n.pitch) for n in playable], dtype=np.float64).reshape(-1, 3)
    strings = nearest_position(table[:, 0], table[:, 1], table[:, 2], tuning).string.tolist()
    pairs = list(zip(playable, strings, strict=True))
    placed = [_on_string(note, string, tuning) for note, string in pairs if string < tuning.n_strings]
    return _fingering(placed, unplayable, [note for note, string in pairs if string >= tuning.n_strings])


def _playable(notes: Sequence[Note], tuning: Tuning) -> tuple[list[Note], list[Note]]:
    """Notes that the neck has a place for, and those that it has none for, by onset, then pitch."""
    ordered = sorted(notes, key=lambda n: (n.onset_s, n.pitch))
    fits = [bool(tuning.positions(n.pitch)) for n in ordered]
    return (
        [n for n, fit in zip(ordered, fits, strict=True) if fit],
        [n for n, fit in zip(ordered, fits, strict=True) if not fit],
    )


def _on_string(note: Note, string: int, tuning: Tuning) -> TabNote:
    fret = note.pitch - tuning.open_pitches[string] - tuning.capo
    return TabNote(note=note, position=Position(string=string, fret=fret))


def _fingering(placed: list[TabNote], unplayable: list[Note], dropped: list[Note]) -> Fingering:
    ordered = sorted(placed, key=lambda t: (t.note.onset_s, t.position.string))
    return Fingering(notes=tuple(cut_overlaps(ordered)), unplayable=tuple(unplayable), dropped=tuple(dropped))

"""Notes to places on the neck: the cheapest path of a hand through all playable grips.

Notes that start together make an event; every grip that can hold an event (``grips``) is a candidate. A
state is a candidate with the fret of the index finger; it remembers which strings still ring and what they
played last. Costs read as negative log probabilities, so that the forward-backward recursion over the same
states gives each note's probability of every place besides the best path (Viterbi). Never moves a pitch
to another octave; what cannot be played is returned, not bent. Sets no confidence: ``confidence`` does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fretscribe.errors import OptionError
from fretscribe.music import Alternative, Note, Position, TabNote, Tuning
from fretscribe.symbolic.fingering_costs import EventGrips, FingeringWeights, GripTable
from fretscribe.symbolic.fingering_search import PlacedEvent, search
from fretscribe.symbolic.habits import Habits
from fretscribe.symbolic.string_sets import fit_string_set

EVENT_WINDOW_S = 0.035
"""Notes that start within this time of an event's first note belong to it."""

MAX_ALTERNATIVES = 4
_MIN_ALTERNATIVE = 0.005
_STRING_ROUNDS = 2

Preference = Literal["low", "open", "position"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FingeringOptions:
    """What the player asks for.

    Attributes
    ----------
    prefer : "low", "open", "position" or None
        Low frets; open strings; or a hand that stays where it is.
    max_span : int
        Frets between the lowest and the highest finger of a grip, 1..8; one more from fret 7 on.
    max_fret : int, or None
        Highest fret to use, counted from the capo; pitches that lie only above it are unplayable.
    """

    prefer: Preference | None = None
    max_span: int = 4
    max_fret: int | None = None

    def __post_init__(self) -> None:
        if self.prefer not in (None, "low", "open", "position"):
            raise OptionError(f"cannot prefer {self.prefer!r}", mend="choose low, open or position")
        if not 1 <= self.max_span <= 8:
            raise OptionError(f"the hand's span must be 1 to 8 frets, not {self.max_span}")
        if self.max_fret is not None and not 0 <= self.max_fret <= 36:
            raise OptionError(f"the highest fret must be 0 to 36, not {self.max_fret}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingering:
    """The outcome: every input note is in exactly one of the three.

    Attributes
    ----------
    notes : tuple of TabNote
        Sorted by onset, then string, as a `Tab` wants them; a note is cut where its string is struck again.
    unplayable : tuple of Note
        The tuning (or ``max_fret``) has no place for their pitch; unchanged.
    dropped : tuple of Note
        More notes at once than the hand can hold: the least probable ones; unchanged.
    """

    notes: tuple[TabNote, ...]
    unplayable: tuple[Note, ...] = ()
    dropped: tuple[Note, ...] = ()


def finger(
    notes: Sequence[Note],
    tuning: Tuning,
    options: FingeringOptions | None = None,
    weights: FingeringWeights | None = None,
    habits: Habits | None = None,
) -> Fingering:
    """Find the most plausible place of every note.

    Parameters
    ----------
    notes : sequence of Note
        In any order. ``string_probs``, ``tab_probs`` and ``stiffness``, where known, are evidence and not a
        command.
    tuning : Tuning
        4 to 8 strings, any capo.
    options : FingeringOptions, optional
    weights : FingeringWeights, optional
    habits : Habits, optional
        Where this player is wont to play.

    Returns
    -------
    Fingering
        Its notes make a valid `Tab`. Each has up to 4 alternatives, the chosen place among them, with
        probabilities that sum to at most 1.

    >>> low_g = Note(onset_s=0.0, offset_s=1.0, pitch=43)
    >>> finger([low_g], Tuning()).notes[0].position
    Position(string=0, fret=3)
    """
    options = options or FingeringOptions()
    weights = preferred(weights or FingeringWeights(), options.prefer)
    max_fret = tuning.highest_fret
    if options.max_fret is not None:
        max_fret = min(max_fret, options.max_fret)
    ordered = sorted(notes, key=lambda n: (n.onset_s, n.pitch, n.offset_s))
    playable: list[Note] = []
    unplayable: list[Note] = []
    for note in ordered:
        for evidence in (note.string_probs, note.tab_probs):
            if evidence is not None and len(evidence) != tuning.n_strings:
                raise ValueError(f"string_probs or tab_probs of {note} do not fit {tuning.n_strings} strings")
        reachable = any(p.fret <= max_fret for p in tuning.positions(note.pitch))
        (playable if reachable else unplayable).append(note)
    table = GripTable(tuning, weights, max_span=options.max_span, max_fret=max_fret, habits=habits)
    dropped: list[Note] = []
    events: list[EventGrips] = []
    for group in group_events(playable):
        event, too_many = table.event(group)
        events.append(event)
        dropped += too_many
    placed = _with_its_strings(search(events, tuning, weights), table, tuning, weights)
    by_rules = _by_rules(events, table, tuning, weights)
    tab_notes: list[TabNote] = []
    for outcome, rules in zip(placed, by_rules, strict=True):
        kept, lost = _tab_notes(outcome, rules, tuning)
        tab_notes += kept
        dropped += lost
    tab_notes.sort(key=lambda t: (t.note.onset_s, t.position.string))
    dropped.sort(key=lambda n: (n.onset_s, n.pitch))
    return Fingering(
        notes=tuple(cut_overlaps(tab_notes)), unplayable=tuple(unplayable), dropped=tuple(dropped)
    )


def expected_strings(notes: Sequence[Note], tuning: Tuning) -> tuple[tuple[float, ...], ...]:
    """P(string) of every note by the shipped rules alone, in the order of the notes.

    What the sound said of strings does not count. All 0 where a note has no place, or too many sound at once.

    >>> (low_g,) = expected_strings([Note(onset_s=0.0, offset_s=1.0, pitch=43)], Tuning())
    >>> [round(probability, 3) for probability in low_g]
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    weights, options = FingeringWeights(), FingeringOptions()
    bare = [without_evidence(note) for note in notes]
    probs = {id(note): (0.0,) * tuning.n_strings for note in bare}
    playable = sorted(
        (note for note in bare if tuning.positions(note.pitch)),
        key=lambda n: (n.onset_s, n.pitch, n.offset_s),
    )
    table = GripTable(tuning, weights, max_span=options.max_span, max_fret=tuning.highest_fret)
    for event in search([table.event(group)[0] for group in group_events(playable)], tuning, weights):
        for note, of_strings in zip(event.notes, event.string_probs, strict=True):
            probs[id(note)] = tuple(min(1.0, p) for p in of_strings)  # sums may exceed 1 by rounding
    return tuple(probs[id(note)] for note in bare)


def preferred(weights: FingeringWeights, prefer: Preference | None) -> FingeringWeights:
    """Weights bent towards what the player prefers."""
    if prefer == "low":
        return dataclasses.replace(weights, fret=weights.fret + 0.35)
    if prefer == "open":
        return dataclasses.replace(
            weights, open_string=weights.open_string - 2.0, open_far=0.0, fret=weights.fret + 0.1
        )
    if prefer == "position":
        return dataclasses.replace(
            weights, shift=3.0 * weights.shift, open_string=weights.open_string + 1.0, shift_rest=0.8
        )
    return weights


def without_evidence(note: Note) -> Note:
    """The note without anything that the sound said of its string."""
    return dataclasses.replace(note, string_probs=None, tab_probs=None, stiffness=None)


def group_events(notes: Sequence[Note], window_s: float = EVENT_WINDOW_S) -> list[list[Note]]:
    """Notes (sorted by onset) in groups that start within ``window_s`` of the group's first."""
    groups: list[list[Note]] = []
    for note in notes:
        if groups and note.onset_s - groups[-1][0].onset_s <= window_s:
            groups[-1].append(note)
        else:
            groups.append([note])
    return groups


def cut_overlaps(notes: Sequence[TabNote]) -> list[TabNote]:
    """The notes, each ending at the latest where its string is struck again (sorted input)."""
    next_onset: dict[int, float] = {}
    cut: list[TabNote] = []
    for tab_note in reversed(notes):
        note, string = tab_note.note, tab_note.position.string
        end = next_onset.get(string)
        if end is not None and note.offset_s > end:
            bend = tuple(b for b in note.bend if note.onset_s + b.time_s <= end)
            note = dataclasses.replace(note, offset_s=end, bend=bend)
            tab_note = dataclasses.replace(tab_note, note=note)
        next_onset[string] = note.onset_s
        cut.append(tab_note)
    return cut[::-1]


def _with_its_strings(
    placed: list[PlacedEvent], table: GripTable, tuning: Tuning, weights: FingeringWeights
) -> list[PlacedEvent]:
    """The same notes placed again, now that the places found tell how stiff this guitar's strings are."""
    for _ in range(_STRING_ROUNDS):
        pairs = [pair for event in placed for pair in zip(event.notes, event.string_probs, strict=True)]
        known = [(note, probs, heard) for note, probs in pairs if (heard := note.stiffness) is not None]
        if not known or weights.stiffness == 0.0:
            return placed
        strings = fit_string_set(
            [heard for _, _, heard in known],
            [note.pitch for note, _, _ in known],
            np.array([probs for _, probs, _ in known]),
            tuning,
        )
        again = table.with_strings(strings)
        placed = search([again.event(event.notes)[0] for event in placed], tuning, weights)
    return placed


def _by_rules(
    events: Sequence[EventGrips], table: GripTable, tuning: Tuning, weights: FingeringWeights
) -> list[PlacedEvent]:
    """The same events placed without evidence for strings: as they are where there is none."""
    bare = [table.event([without_evidence(n) for n in event.notes])[0] for event in events]
    return search(bare, tuning, weights)


def _tab_notes(event: PlacedEvent, rules: PlacedEvent, tuning: Tuning) -> tuple[list[TabNote], list[Note]]:
    kept: list[TabNote] = []
    lost: list[Note] = []
    for i, (note, string, probs) in enumerate(
        zip(event.notes, event.strings, event.string_probs, strict=True)
    ):
        if string is None:
            lost.append(note)
            continue
        ranked = sorted(range(tuning.n_strings), key=lambda s: (s != string, -probs[s], s))
        shown = [s for s in ranked[:MAX_ALTERNATIVES] if s == string or probs[s] >= _MIN_ALTERNATIVE]
        alternatives = [
            Alternative(position=_position(tuning, s, note.pitch), probability=min(1.0, probs[s]))
            for s in sorted(shown, key=lambda s: (-probs[s], s))
        ]
        kept.append(
            TabNote(
                note=note,
                position=_position(tuning, string, note.pitch),
                alternatives=tuple(alternatives),
                rule_probability=min(1.0, rules.string_probs[i][string]),
            )
        )
    return kept, lost


def _position(tuning: Tuning, string: int, pitch: int) -> Position:
    return Position(string=string, fret=pitch - tuning.open_pitches[string] - tuning.capo)

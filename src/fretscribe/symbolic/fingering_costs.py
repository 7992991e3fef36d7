"""What grips cost: the weights of the fingering search, and candidate grips as arrays.

Costs read as negative log probabilities. ``grips`` lists what a hand can hold, ``fingering_search`` walks
over the arrays made here, ``fingering`` is the door.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.music import Note, Tuning
from fretscribe.symbolic.grips import FINGERS, Place, fingers_needed, list_grips
from fretscribe.symbolic.habits import Habits
from fretscribe.symbolic.string_sets import StringSet, string_likelihoods

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MAX_CANDIDATES = 48
"""Grips kept for an event, the cheapest by what can be said without looking at its neighbours."""

_SPARE_NOTES = 2  # notes beyond the number of strings that are still weighed before some are dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class FingeringWeights:
    """Costs in nats.

    The defaults were fitted by coordinate descent on GuitarSet annotations (players 00, 02, 03; none of the
    development recordings) with artificial evidence of varied strength. Then those that true note ends,
    which a transcription lacks, had made steep were drawn back (``cut``, ``release``, ``span``), keeping
    that common chord shapes come out as such without any evidence.

    Attributes
    ----------
    evidence : float
        Exponent of ``Note.string_probs``.
    tab_evidence : float
        Exponent of the shares that ``Note.tab_probs`` give the strings.
    stiffness : float
        Exponent of what ``Note.stiffness`` says of the strings.
    evidence_floor : float
        Probability below which evidence against a string does not count further.
    shift : float
        Times log(1 + frets the hand moves).
    shift_rest : float
        Share of the shift cost that is left when there is all the time in the world (2 s) to move.
    fret : float
        A fretted note, each fret above the first.
    high_fret : float
        In addition, each fret above the twelfth.
    open_string : float
        An open string (negative: a bonus).
    open_far : float
        An open string while the hand is away from the nut, each fret above the third.
    span : float
        Each fret between the fingers beyond two.
    finger : float
        Each finger beyond the first.
    skip : float
        Each idle string between the lowest and the highest used one, in a grip of three notes or more.
    cut : float
        Striking a string that still rings, each second that is lost (at most one).
    release : float
        Moving the hand away from a fretted note that still rings, each second that is lost (at most one).
    move_string : float
        Playing a pitch elsewhere than where it was last heard (within 4 s).
    cross : float
        Times log(1 + strings crossed) between the middles of successive grips.
    fast_restrike : float
        Two notes on one string less than 40 ms apart.
    drop : float
        Leaving out a note, on top of the log odds of its ``onset_prob``.
    temperature : float
        Divides the costs when alternatives get their probabilities; above 1 for less certainty.
    """

    evidence: float = 0.3
    tab_evidence: float = 0.1
    stiffness: float = 2.0
    evidence_floor: float = 0.02
    shift: float = 1.8
    shift_rest: float = 0.35
    fret: float = 0.02
    high_fret: float = 0.3
    open_string: float = 0.2
    open_far: float = 0.3
    span: float = 1.2
    finger: float = 0.3
    skip: float = 0.4
    cut: float = 4.0
    release: float = 2.5
    move_string: float = 2.0
    cross: float = 0.8
    fast_restrike: float = 4.0
    drop: float = 12.0
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.evidence_floor < 1.0 or self.temperature <= 0.0:
            raise ValueError(f"evidence_floor must lie in 0..1 and temperature above 0: {self}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GripArrays:
    """K grips for m pitches on n strings.

    Attributes
    ----------
    strings : int array [K, m]
        -1 where the note is dropped.
    places : float array [K, m, n]
        1 where note m is on string n.
    used : float array [K, n]
    frets : int array [K, n]
        Fret on each used string, -1 on the others.
    low, high : int array [K]
        Lowest and highest fretted fret; 0 without any.
    middle : float array [K]
        Mean of the used strings.
    cost : float array [K]
        What can be said of a grip alone.
    """

    strings: IntArray
    places: Array
    used: Array
    frets: IntArray
    low: IntArray
    high: IntArray
    middle: Array
    cost: Array

    def select(self, rows: IntArray) -> GripArrays:
        """The same with some of the grips."""
        return GripArrays(
            strings=self.strings[rows],
            places=self.places[rows],
            used=self.used[rows],
            frets=self.frets[rows],
            low=self.low[rows],
            high=self.high[rows],
            middle=self.middle[rows],
            cost=self.cost[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventGrips:
    """Notes that start together, and the grips that can hold them; ``cost`` [K] includes the evidence."""

    notes: tuple[Note, ...]
    grips: GripArrays
    cost: Array


class GripTable:
    """Grips of every chord, listed once for each set of pitches.

    Until the guitar's strings are known (`with_strings`), stiffness says nothing.
    """

    def __init__(
        self,
        tuning: Tuning,
        weights: FingeringWeights,
        *,
        max_span: int,
        max_fret: int,
        habits: Habits | None = None,
    ) -> None:
        self._tuning = tuning
        self._weights = weights
        self._max_span = max_span
        self._max_fret = max_fret
        self._habits = None if habits is None else habits.costs(tuning)
        self._strings: StringSet | None = None
        self._known: dict[tuple[int, ...], GripArrays] = {}

    def with_strings(self, strings: StringSet) -> GripTable:
        """The same grips, with stiffness heard as these strings'."""
        table = copy.copy(self)
        table._strings = strings
        return table

    def event(self, notes: Sequence[Note]) -> tuple[EventGrips, list[Note]]:
        """Candidates for notes that start together, and the notes that are too many to be weighed.

        Every pitch must have a place on the neck.
        """
        most = self._tuning.n_strings + _SPARE_NOTES
        ranked = sorted(notes, key=lambda n: (-n.onset_prob, n.onset_s, n.pitch))
        too_many = ranked[most:]
        kept = sorted(ranked[:most], key=lambda n: (n.pitch, n.onset_s))
        grips = self._grips(tuple(n.pitch for n in kept))
        cost = grips.cost + self._note_costs(kept, grips)
        if len(cost) > MAX_CANDIDATES:
            rows = np.sort(np.argsort(cost, kind="stable")[:MAX_CANDIDATES])
            grips, cost = grips.select(rows), cost[rows]
        return EventGrips(notes=tuple(kept), grips=grips, cost=cost), too_many

    def _note_costs(self, notes: Sequence[Note], grips: GripArrays) -> Array:
        """Evidence for strings, a player's habits, and the price of dropped notes, [K]."""
        weights = self._weights
        n_strings = self._tuning.n_strings
        total = np.zeros(len(grips.cost))
        for i, note in enumerate(notes):
            strings = grips.strings[:, i]
            prob = min(max(note.onset_prob, 0.01), 0.99)
            by_string = np.zeros(n_strings + 1)  # the last one stands for -1, dropped
            by_string[-1] = weights.drop + float(np.log(prob / (1.0 - prob)))
            if self._habits is not None:
                by_string[:-1] += self._habits[:, note.pitch]
            if note.string_probs is not None:
                evidence = np.maximum(note.string_probs, weights.evidence_floor)
                by_string[:-1] -= weights.evidence * np.log(evidence)
            if note.tab_probs is not None:
                shares = _shares(note.tab_probs, weights.evidence_floor)
                by_string[:-1] -= weights.tab_evidence * np.log(shares)
            if note.stiffness is not None and self._strings is not None:
                likely = string_likelihoods(note.stiffness, note.pitch, self._tuning, self._strings)
                by_string[:-1] -= weights.stiffness * np.log(likely / likely.max())
            total += by_string[strings]
        return total

    def _grips(self, pitches: tuple[int, ...]) -> GripArrays:
        if pitches not in self._known:
            listed: list[tuple[Place, ...]] = []
            first = max(0, len(pitches) - self._tuning.n_strings)
            for n_dropped in range(first, len(pitches)):
                listed = list_grips(
                    pitches,
                    self._tuning,
                    max_span=self._max_span,
                    max_fret=self._max_fret,
                    n_dropped=n_dropped,
                )
                if listed:
                    break
            self._known[pitches] = self._arrays(listed)
        return self._known[pitches]

    def _arrays(self, listed: Sequence[tuple[Place, ...]]) -> GripArrays:
        n_grips, n_notes, n_strings = len(listed), len(listed[0]), self._tuning.n_strings
        strings = np.full((n_grips, n_notes), -1, dtype=np.int64)
        places = np.zeros((n_grips, n_notes, n_strings))
        frets = np.full((n_grips, n_strings), -1, dtype=np.int64)
        for k, grip in enumerate(listed):
            for i, place in enumerate(grip):
                if place is not None:
                    strings[k, i] = place[0]
                    places[k, i, place[0]] = 1.0
                    frets[k, place[0]] = place[1]
        fretted = frets > 0
        used = (frets >= 0).astype(np.float64)
        high = np.where(fretted, frets, 0).max(axis=1)
        low = np.where(fretted.any(axis=1), np.where(fretted, frets, 99).min(axis=1), 0)
        return GripArrays(
            strings=strings,
            places=places,
            used=used,
            frets=frets,
            low=low,
            high=high,
            middle=(used * np.arange(n_strings)).sum(axis=1) / used.sum(axis=1),
            cost=np.array([self._grip_cost(grip) for grip in listed]),
        )

    def _grip_cost(self, grip: tuple[Place, ...]) -> float:
        weights = self._weights
        held = [place for place in grip if place is not None]
        fretted = [fret for _, fret in held if fret > 0]
        strings = [string for string, _ in held]
        cost = weights.open_string * (len(held) - len(fretted))
        cost += sum(weights.fret * (f - 1) + weights.high_fret * max(0, f - 12) for f in fretted)
        if fretted:
            cost += weights.span * max(0, max(fretted) - min(fretted) - 2)
            cost += weights.finger * (min(fingers_needed(held), FINGERS) - 1)
        if len(held) >= 3:
            cost += weights.skip * (max(strings) - min(strings) + 1 - len(strings))
        return cost


def _shares(tab_probs: Sequence[float], floor: float) -> Array:
    """What strings get of a note that sounds on one of them; equal shares where nothing was heard."""
    lifted = np.asarray(tab_probs, dtype=np.float64) + floor
    return np.asarray(lifted / lifted.sum())

"""How well a hand on a guitar in some tuning explains the notes of a recording, for many tunings at once.

A hidden Markov model: a hand sits at a fret and seldom moves; it plays in one of two manners, low on the neck
with many open strings, or anywhere with few. Notes that start together are held by one grip: each on its own
string, fretted ones within the hand's reach, few fingers rather than many. A note that no string can play
is a mistake of the ear, at a price. Every tuning is judged by the same hand, so what is compared is where the
open strings would lie. Neighbours: ``tuning`` asks; ``fingering`` finds the one best path once the tuning is
known.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from fretscribe.music import Tuning
from fretscribe.symbolic.grips import FINGERS

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_N_HANDS = 19  # the index finger at fret 1 .. 19
_FREE_PERMUTATIONS = 3  # so many notes at once may lie on any strings; of more, higher ones on higher strings
_NO_FRET = 99
_MOST_FRETS = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class HandModel:
    """What a hand does; probabilities, and costs in nats.

    Attributes
    ----------
    open_low, open_anywhere : float
        P(a note is an open string) in either manner.
    low_share : float
        P(the manner that stays low), where a recording begins.
    manner_changes : float
        P(the manner changes) from one moment to the next.
    stays : float
        P(the hand stays).
    low_falls, far_falls : float
        How steeply places of the hand become rarer up the neck, a fret, in the low manner and otherwise.
    low_strays : float
        Share of the second slope in the low manner.
    fingers : tuple of float
        P(a fretted note lies so many frets above the index finger).
    finger, fourth, too_many : float
        Costs of each finger beyond the first, of the fourth besides, and of each beyond it.
    drop : float
        Cost of a note that was heard by mistake.
    repeats : float
        Exponent: a grip that is heard n times counts as ``n ** repeats``.
    """

    open_low: float = 0.38
    open_anywhere: float = 0.1
    low_share: float = 0.5
    manner_changes: float = 0.02
    stays: float = 0.35
    low_falls: float = 0.8
    far_falls: float = 0.03
    low_strays: float = 0.3
    finger: float = 0.2
    fourth: float = 0.5
    too_many: float = 1.5
    fingers: tuple[float, ...] = (0.22, 0.22, 0.22, 0.22, 0.08)
    drop: float = 12.0
    repeats: float = 0.35


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moment:
    """Notes that start together.

    Attributes
    ----------
    pitches : tuple of int
        MIDI, rising, each once.
    evidence : float64 array [n_tunings, n_notes, n_strings]
        ln P(string) of each on every guitar, as far as its sound tells.
    """

    pitches: tuple[int, ...]
    evidence: Array


def explain(moments: Sequence[Moment], tunings: Sequence[Tuning], model: HandModel | None = None) -> Array:
    """ln likelihood of the notes on each guitar.

    Parameters
    ----------
    moments : sequence of Moment
        In the order of time.
    tunings : sequence of Tuning
        Of equally many strings.
    model : HandModel, optional

    Returns
    -------
    float64 array [n_tunings]
    """
    model = model or HandModel()
    likelihood = np.zeros(len(tunings))
    if not moments:
        return likelihood
    repeated: dict[tuple[int, ...], list[Array]] = {}
    for moment in moments:
        repeated.setdefault(moment.pitches, []).append(moment.evidence)
    sounds = {
        pitches: _emissions(pitches, np.mean(heard, axis=0), tunings, model)
        * len(heard) ** (model.repeats - 1.0)
        for pitches, heard in repeated.items()
    }
    start, moves = _moves(model)
    state = np.tile(start, (len(tunings), 1))
    for i, moment in enumerate(moments):
        if i:
            state = state @ moves
        sound = sounds[moment.pitches]
        loudest = sound.max(axis=1, keepdims=True)
        state = state * np.exp(sound - loudest)
        total = state.sum(axis=1)
        likelihood += np.log(total) + loudest[:, 0]
        state = state / total[:, None]
    return likelihood


def _moves(model: HandModel) -> tuple[Array, Array]:
    """P(state) at the start [n], and of every state after every other [n, n]; low manner first."""
    fret = np.arange(_N_HANDS)
    low, far = np.exp(-model.low_falls * fret), np.exp(-model.far_falls * fret)
    low, far = low / low.sum(), far / far.sum()
    low = (1.0 - model.low_strays) * low + model.low_strays * far
    near = np.exp(-0.6 * np.abs(fret[:, None] - fret))
    near /= near.sum(axis=1, keepdims=True)

    def within(manner: Array) -> Array:
        moved = 0.6 * near + 0.4 * manner
        return np.asarray(model.stays * np.eye(_N_HANDS) + (1.0 - model.stays) * moved)

    change = model.manner_changes
    rows = np.ones((_N_HANDS, 1))
    moves = np.block(
        [
            [(1 - change) * within(low), change * rows * far],
            [change * rows * low, (1 - change) * within(far)],
        ]
    )
    return np.concatenate([model.low_share * low, (1 - model.low_share) * far]), moves


def _emissions(
    pitches: tuple[int, ...], evidence: Array, tunings: Sequence[Tuning], model: HandModel
) -> Array:
    """ln P(these notes | state) on every guitar, [n_tunings, 2 * _N_HANDS]."""
    emissions = np.zeros((len(tunings), 2 * _N_HANDS))
    opens = np.array([[p + tuning.capo for p in tuning.open_pitches] for tuning in tunings])
    tops = np.array([tuning.highest_fret for tuning in tunings])
    frets = np.array(pitches)[None, :, None] - opens[:, None, :]
    playable = ((frets >= 0) & (frets <= tops[:, None, None])).any(axis=2)
    for pattern in np.unique(playable, axis=0):
        same = (playable == pattern).all(axis=1)
        kept = np.flatnonzero(pattern)[: opens.shape[1]]
        grips = _grips(np.array(pitches)[kept], evidence[same][:, kept], opens[same], tops[same], model)
        emissions[same] = grips - model.drop * (len(pitches) - len(kept))
    return emissions


def _grips(pitches: IntArray, evidence: Array, opens: IntArray, tops: IntArray, model: HandModel) -> Array:
    """ln of the summed probability of all grips for playable pitches, [n_guitars, 2 * _N_HANDS]."""
    n_notes = len(pitches)
    if not n_notes:
        return np.zeros((len(opens), 2 * _N_HANDS))
    strings = _assignments(opens.shape[1], n_notes)
    frets = pitches - opens[:, strings]  # [n_guitars, n_assignments, n_notes]
    fits = np.all((frets >= 0) & (frets <= tops[:, None, None]), axis=2)
    strings, frets, fits = strings[fits.any(axis=0)], frets[:, fits.any(axis=0)], fits[:, fits.any(axis=0)]
    fretted = frets > 0
    low = np.where(fretted, frets, _NO_FRET).min(axis=2)
    n_fretted = fretted.sum(axis=2)
    n_fingers = _fingers(frets, fretted, low, strings)
    cost = model.finger * np.maximum(0, n_fingers - 1) + model.fourth * (n_fingers >= FINGERS)
    cost = cost + model.too_many * np.maximum(0, n_fingers - FINGERS)
    fit = evidence[:, np.arange(n_notes), strings].sum(axis=2) - cost
    held = _at_hand(model.fingers)[np.where(fits[..., None], frets, -1)].prod(axis=2)
    floor = math.exp(-(model.drop + 2.0) - 3.0 * n_notes)  # a pile of notes that no hand holds
    manners = []
    for is_open in (model.open_low, model.open_anywhere):
        weight = np.exp(fit + n_fretted * math.log(1.0 - is_open) + (n_notes - n_fretted) * math.log(is_open))
        manners.append(np.log(np.einsum("ga,gah->gh", weight, held) + floor))
    return np.concatenate(manners, axis=1)


@cache
def _at_hand(fingers: tuple[float, ...]) -> Array:
    """P(a note at a fret | hand), [frets -- open first, impossible last --, _N_HANDS]; open strings 1."""
    at_hand = np.zeros((_MOST_FRETS + 2, _N_HANDS))
    at_hand[0] = 1.0
    for hand in range(_N_HANDS):
        for above, share in enumerate(fingers):
            at_hand[hand + 1 + above, hand] = share
    return at_hand


@cache
def _assignments(n_strings: int, n_notes: int) -> IntArray:
    """Strings of each note in every way that counts, [n_assignments, n_notes]."""
    free = n_notes <= _FREE_PERMUTATIONS
    ways = itertools.permutations if free else itertools.combinations
    return np.array(list(ways(range(n_strings), n_notes)), dtype=np.int64)


def _fingers(frets: IntArray, fretted: npt.NDArray[np.bool_], low: IntArray, strings: IntArray) -> IntArray:
    """Fingers of each grip: one lies across the lowest fret where no open string sounds above its start."""
    at_low = fretted & (frets == low[..., None])
    first = np.where(at_low, strings, _NO_FRET).min(axis=2)
    opened = ((frets == 0) & (strings > first[..., None])).any(axis=2)
    n_low = at_low.sum(axis=2)
    n_fingers = fretted.sum(axis=2) - n_low + np.where(opened, n_low, np.minimum(n_low, 1))
    return np.asarray(n_fingers, dtype=np.int64)

"""The walk over grips: Viterbi for the best path, forward-backward for the probabilities beside it.

A state is a grip with the fret of the index finger. The hand moves no further than it must: from fret h
to the nearest place from which the fingers reach the grip. Memory of the strings (what rings, what was
played last) follows each state's best predecessor, so the recursion is exact for the hand and approximate
for the memory. Neighbours: ``fingering_costs`` makes the arrays, ``fingering`` is the door.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fretscribe.music import Note, Tuning
from fretscribe.symbolic.fingering_costs import Array, EventGrips, FingeringWeights, IntArray

BEAM_WIDTH = 80
BEAM_DEPTH = 16.0
"""States that cost this much (nats) more than the best are given up."""

_REACH = 3  # frets from the index finger to the little finger
_MEMORY_S = 4.0
_FAST_S = 0.04
_MOVE_TIME_S = 0.5  # time constant in which moving the hand gets cheap
_FAR_FRET = 3
_RINGING_S = 0.05  # shorter overlaps are legato, not two sounding notes
_NO_PITCH = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedEvent:
    """The outcome for an event: each note's string (None: dropped) and P(string), 0 where not considered."""

    notes: tuple[Note, ...]
    strings: tuple[int | None, ...]
    string_probs: tuple[tuple[float, ...], ...]


@dataclass(slots=True, eq=False)
class _Layer:
    """States after an event: [N] arrays; memory [N, n_strings]; ``edges`` [J, N] from the layer before."""

    grip: IntArray
    hand: IntArray
    middle: Array
    cost: Array
    back: IntArray
    edges: Array
    pitch: IntArray
    until_s: Array
    struck_s: Array


def search(events: Sequence[EventGrips], tuning: Tuning, weights: FingeringWeights) -> list[PlacedEvent]:
    """The best grip of every event, and every note's probability of each string.

    Time and memory grow linearly with the number of events; the outcome is deterministic.
    """
    if not events:
        return []
    base = np.array(tuning.open_pitches, dtype=np.int64) + tuning.capo
    layers: list[_Layer] = []
    previous = _first_layer(tuning)
    time_s = -np.inf
    for event in events:
        now_s = event.notes[0].onset_s
        layer = _advance(previous, event, base, weights, now_s, now_s - time_s)
        layers.append(layer)
        previous, time_s = layer, now_s
        _forget(layers)
    path = _best_path(layers)
    posteriors = _posteriors(layers, weights.temperature)
    return [
        _placed(event, layer, state, posterior)
        for event, layer, state, posterior in zip(events, layers, path, posteriors, strict=True)
    ]


def _first_layer(tuning: Tuning) -> _Layer:
    """Before the first note: the hand may be anywhere, no string has sounded."""
    hands = np.arange(1, max(2, tuning.highest_fret - _REACH + 1), dtype=np.int64)
    n, shape = len(hands), (len(hands), tuning.n_strings)
    return _Layer(
        grip=np.zeros(n, dtype=np.int64),
        hand=hands,
        middle=np.full(n, np.nan),
        cost=np.zeros(n),
        back=np.zeros(n, dtype=np.int64),
        edges=np.zeros((0, n)),
        pitch=np.full(shape, _NO_PITCH, dtype=np.int64),
        until_s=np.full(shape, -np.inf),
        struck_s=np.full(shape, -np.inf),
    )


def _forget(layers: list[_Layer]) -> None:
    """Drop the memory of all but the last layer: only the walk needs it."""
    if len(layers) > 1:
        done = layers[-2]
        done.pitch = done.until_s = done.struck_s = _NOTHING  # type: ignore[assignment]


_NOTHING = np.zeros((0, 0))

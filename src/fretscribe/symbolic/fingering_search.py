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
import numpy.typing as npt

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
_N_PITCHES = 128
_HANDS = 64  # more than any neck has frets: a state is numbered grip * _HANDS + hand


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedEvent:
    """The outcome for an event: each note's string (None: dropped) and P(string), 0 where not considered."""

    notes: tuple[Note, ...]
    strings: tuple[int | None, ...]
    string_probs: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """N states after an event; ``edges`` [J, N] are the costs from the J states before it."""

    grip: IntArray
    hand: IntArray
    middle: Array
    cost: Array
    back: IntArray
    edges: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class _Memory:
    """What N states remember: of each string its last pitch, end and onset, all [N, n_strings]; of each
    pitch the string it was last played on, ``home`` [N, 128], and when it was last heard, ``heard_s`` [128].
    """

    pitch: IntArray
    until_s: Array
    struck_s: Array
    home: IntArray
    heard_s: Array


def search(events: Sequence[EventGrips], tuning: Tuning, weights: FingeringWeights) -> list[PlacedEvent]:
    """The best grip of every event, and every note's probability of each string.

    Time and memory grow linearly with the number of events; the outcome is deterministic.
    """
    if not events:
        return []
    base = np.array(tuning.open_pitches, dtype=np.int64) + tuning.capo
    layers: list[_Layer] = []
    previous, memory = _start(tuning)
    time_s = -np.inf
    for event in events:
        now_s = event.notes[0].onset_s
        costs, hands = _transition(previous, memory, event, base, weights, now_s, now_s - time_s)
        layer = _next_layer(previous, event, costs, hands)
        memory = _remember(memory, event, layer, base)
        layers.append(layer)
        previous, time_s = layer, now_s
    path = _best_path(layers)
    posteriors = _posteriors(layers, weights.temperature)
    return [
        _placed(event, layer, state, posterior)
        for event, layer, state, posterior in zip(events, layers, path, posteriors, strict=True)
    ]


def _start(tuning: Tuning) -> tuple[_Layer, _Memory]:
    """Before the first note: the hand may be anywhere, no string has sounded."""
    hands = np.arange(1, max(2, tuning.highest_fret - _REACH + 1), dtype=np.int64)
    n, shape = len(hands), (len(hands), tuning.n_strings)
    layer = _Layer(
        grip=np.zeros(n, dtype=np.int64),
        hand=hands,
        middle=np.zeros(n),
        cost=np.zeros(n),
        back=np.zeros(n, dtype=np.int64),
        edges=np.zeros((0, n), dtype=np.float32),
    )
    memory = _Memory(
        pitch=np.full(shape, _NO_PITCH, dtype=np.int64),
        until_s=np.full(shape, -np.inf),
        struck_s=np.full(shape, -np.inf),
        home=np.full((n, _N_PITCHES), -1, dtype=np.int64),
        heard_s=np.full(_N_PITCHES, -np.inf),
    )
    return layer, memory


def _transition(
    previous: _Layer,
    memory: _Memory,
    event: EventGrips,
    base: IntArray,
    weights: FingeringWeights,
    now_s: float,
    gap_s: float,
) -> tuple[Array, IntArray]:
    """Cost from each of J states to each of K grips, and where the hand ends up, both [J, K]."""
    grips = event.grips
    here = previous.hand[:, None]
    nearest = np.maximum(1, np.minimum(grips.high - _REACH, grips.low))
    hands = np.where(grips.low > 0, np.clip(here, nearest, np.maximum(grips.low, 1)), here)
    n_open = grips.used.sum(axis=1) - (grips.frets > 0).sum(axis=1)
    costs = event.cost + weights.open_far * n_open * np.maximum(0, hands - _FAR_FRET)
    if np.isfinite(gap_s):
        ease = weights.shift_rest + (1.0 - weights.shift_rest) * np.exp(-gap_s / _MOVE_TIME_S)
        costs += weights.shift * ease * np.log1p(np.abs(hands - here))
        costs += weights.cross * np.log1p(np.abs(previous.middle[:, None] - grips.middle))
        costs += _string_costs(memory, event, base, weights, now_s, hands)
    return costs, hands


def _string_costs(
    memory: _Memory,
    event: EventGrips,
    base: IntArray,
    weights: FingeringWeights,
    now_s: float,
    hands: IntArray,
) -> Array:
    """Costs of what the strings still do or did last, [J, K]."""
    grips = event.grips
    n_states, n_grips = hands.shape
    pitches = np.array([n.pitch for n in event.notes], dtype=np.int64)
    places = grips.places.reshape(n_grips, -1).T
    left_s = np.minimum(memory.until_s - now_s, 1.0)
    left_s[left_s < _RINGING_S] = 0.0
    same = memory.pitch[:, None, :] == pitches[:, None]
    costs = np.zeros((n_states, n_grips))
    for i in np.flatnonzero(now_s - memory.heard_s[pitches] < _MEMORY_S):
        home, strings = memory.home[:, pitches[i], None], grips.strings[:, i]
        costs += weights.move_string * ((home >= 0) & (strings >= 0) & (strings != home))
    costs += weights.fast_restrike * ((now_s - memory.struck_s < _FAST_S).astype(float) @ grips.used.T)
    if left_s.any():
        repeated = (same * left_s[:, None, :]).reshape(n_states, -1) @ places
        costs += weights.cut * (left_s @ grips.used.T - repeated)
        frets = memory.pitch - base
        held_s = np.where(frets > 0, left_s, 0.0)
        if held_s.any():
            away = (frets[:, None, :] < hands[:, :, None]) | (
                frets[:, None, :] > hands[:, :, None] + _REACH + 1
            )
            lost_s = (away * (1.0 - grips.used)) * held_s[:, None, :]
            costs += weights.release * lost_s.sum(axis=2)
    return costs


def _next_layer(previous: _Layer, event: EventGrips, costs: Array, hands: IntArray) -> _Layer:
    """Merge the J x K arrivals into states (grip, hand) and keep the beam."""
    n_states, n_grips = costs.shape
    keys = np.arange(n_grips) * _HANDS + hands
    states, column = np.unique(keys, return_inverse=True)
    edges = np.full((n_states, len(states)), np.inf)
    np.put_along_axis(edges, column.reshape(n_states, n_grips), costs, axis=1)
    arrivals = previous.cost[:, None] + edges
    back = arrivals.argmin(axis=0)
    cost = arrivals.min(axis=0)
    rows = np.argsort(cost, kind="stable")[:BEAM_WIDTH]
    rows = np.sort(rows[cost[rows] <= cost[rows[0]] + BEAM_DEPTH])
    grip = states[rows] // _HANDS
    return _Layer(
        grip=grip,
        hand=states[rows] % _HANDS,
        middle=event.grips.middle[grip],
        cost=cost[rows],
        back=back[rows],
        edges=edges[:, rows].astype(np.float32),
    )


def _remember(memory: _Memory, event: EventGrips, layer: _Layer, base: IntArray) -> _Memory:
    """The strings after an event: as the best predecessor knew them, but for those just struck."""
    places = event.grips.places[layer.grip]
    used = event.grips.used[layer.grip] > 0
    until_s = np.tensordot(places, np.array([n.offset_s for n in event.notes]), axes=(1, 0))
    struck_s = np.tensordot(places, np.array([n.onset_s for n in event.notes]), axes=(1, 0))
    home, heard_s = memory.home[layer.back], memory.heard_s.copy()
    rows = np.arange(len(layer.grip))
    for i, note in enumerate(event.notes):
        strings = event.grips.strings[layer.grip, i]
        home[rows, note.pitch] = np.where(strings >= 0, strings, home[rows, note.pitch])
        heard_s[note.pitch] = note.onset_s
    return _Memory(
        pitch=np.where(used, event.grips.frets[layer.grip] + base, memory.pitch[layer.back]),
        until_s=np.where(used, until_s, memory.until_s[layer.back]),
        struck_s=np.where(used, struck_s, memory.struck_s[layer.back]),
        home=home,
        heard_s=heard_s,
    )


def _best_path(layers: Sequence[_Layer]) -> list[int]:
    """Index of the best path's state in every layer."""
    path = [int(layers[-1].cost.argmin())]
    for layer in reversed(layers[1:]):
        path.append(int(layer.back[path[-1]]))
    return path[::-1]


def _posteriors(layers: Sequence[_Layer], temperature: float) -> list[Array]:
    """P(state) of every layer, from the sums over all paths of exp(-cost / temperature)."""
    forward = [np.zeros(layers[0].edges.shape[0])]
    for layer in layers:
        sums = _log_sum(forward[-1][:, None] - layer.edges.astype(np.float64) / temperature, axis=0)
        forward.append(sums - sums.max())
    backward = np.zeros(len(layers[-1].grip))
    posteriors: list[Array] = []
    for i in range(len(layers) - 1, -1, -1):
        weight = forward[i + 1] + backward
        probs = np.exp(weight - weight.max())
        posteriors.append(probs / probs.sum())
        backward = _log_sum(backward[None, :] - layers[i].edges.astype(np.float64) / temperature, axis=1)
        backward -= backward.max()
    return posteriors[::-1]


def _log_sum(values: Array, axis: int) -> Array:
    """log(sum(exp(values))) along an axis; -inf where no path leads on."""
    top = values.max(axis=axis, keepdims=True)
    safe = np.where(np.isfinite(top), top, 0.0)
    total = np.exp(values - safe).sum(axis=axis)
    out = np.full(total.shape, -np.inf)
    np.log(total, out=out, where=total > 0.0)
    return np.asarray(out + safe.reshape(total.shape))


def _placed(event: EventGrips, layer: _Layer, state: int, posterior: Array) -> PlacedEvent:
    strings = event.grips.strings[layer.grip[state]]
    probs = np.tensordot(posterior, event.grips.places[layer.grip], axes=(0, 0))
    return PlacedEvent(
        notes=event.notes,
        strings=tuple(int(s) if s >= 0 else None for s in strings),
        string_probs=tuple(tuple(row) for row in probs.tolist()),
    )

"""Finding beats and bars among onsets: candidates first, then the one that fits best.

A walk for every style of rhythm gives grids that fit onsets well, and one more a small network's chances;
each of them and its relatives (twice as fast, half a beat later, in thirds ...) is a candidate. The learned
weights choose among candidates, bar lengths and places of the bar line together; what the network says of a
grid is added, and how well the strokes of a strumming hand fit it. Tempi between 46 and 250 beats a minute
are considered, of quarters or whatever the beat is scaled to. Neighbours: ``beat_model`` scores, ``strokes``
knows hands, ``beat_net`` gives chances, ``beat_walk`` walks, ``rhythm`` is the door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from fretscribe.music import Note
from fretscribe.symbolic.beat_chances import bar_line_scores, chance_score, chance_walk, dotted_loss
from fretscribe.symbolic.beat_model import BeatModel, bar_scores, gather
from fretscribe.symbolic.beat_net import BeatNet, beat_chances
from fretscribe.symbolic.beat_walk import RATE_HZ, beat_intervals, walk_beats
from fretscribe.symbolic.onsets import Onsets, find_onsets
from fretscribe.symbolic.strokes import stroke_score

Array = npt.NDArray[np.float64]

STIFFNESS = 30.0
"""Price of a tempo change by a factor of e from one beat to the next."""

CAUTION = 1.0
"""How much less sure the scores are than they say: what log-probabilities are divided by."""

START_BONUS = 2.0
"""What a bar line gains at the first onset: recordings begin there more often than not. Set by hand, for what
is learned from are excerpts that begin anywhere."""

TRUST = 0.2
"""What the network's log-odds of a grid count for: frames beside each other say much the same."""

BAR_TRUST = 0.3
"""What its log-odds of bar lines count for."""

STROKE_TRUST = 0.2
"""What the log-probability of strokes counts for: a hand that has a habit keeps to it."""

_END_S = 2.0
_RIVALS = 24  # grids that are compared with each other
_SAME_BEAT_S = 0.07
_NEARBY = np.exp(-0.5 * (np.arange(-4, 5) / 2.0) ** 2)  # weights of the beats around one
_MODERATE_S = (0.36, 1.0)  # beats of plain strumming
_NO_FASTER = 0.75  # of the length of a plain pulse
_ON_BEAT, _NEARLY_ALL, _MOST = 0.12, 0.92, 0.8  # of a beat; of the onsets; of the beats
_ROUNDS = 3
_RELUCTANCE = 0.5  # onsets that it takes to move a beat half of the way
_PERIODS_S = (0.24, 1.3)
_LEAD = 160  # frames ahead of the first onset; longer than the longest beat
_TAIL = 200
_HALF, _THIRD = Fraction(1, 2), Fraction(1, 3)
_RELATIVES: dict[Fraction, tuple[Fraction, ...]] = {
    Fraction(1): (Fraction(0), _HALF, _HALF / 2, 3 * _HALF / 2, _THIRD, 2 * _THIRD),
    _HALF: (Fraction(0), _HALF / 2),
    Fraction(2): (Fraction(0), Fraction(1), _HALF, 3 * _HALF),
    2 * _THIRD: (Fraction(0), _THIRD),
    3 * _HALF: (Fraction(0), _HALF, Fraction(1)),
    3 * _HALF / 2: (Fraction(0), _HALF / 2, _HALF),
    4 * _THIRD: (Fraction(0), _THIRD, 2 * _THIRD, Fraction(1)),
    Fraction(3): (Fraction(0), Fraction(1), Fraction(2)),
    _THIRD: (Fraction(0),),
}
"""Length of a beat -> where its first lies, both in beats of the grid that it is made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A kind of bar.

    Attributes
    ----------
    n_beats : int
    in_threes : bool
        Whether its beats are dotted ones, of three eighths.
    """

    n_beats: int
    in_threes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsFound:
    """The best grid.

    Attributes
    ----------
    beats_s : float64 array [n]
        Covers the onsets.
    phase : int
        Place of beat 0 in its bar.
    bar : Bar
    confidence : float
        Share of the probability that this kind of bar has among those allowed, 0..1.
    dotted_loss : float or None
        For bars of three plain beats, see `beat_chances.dotted_loss`; None where the network was not asked.
    """

    beats_s: Array
    phase: int
    bar: Bar
    confidence: float
    dotted_loss: float | None = None


def find_bars(
    notes: Sequence[Note],
    bars: Sequence[Bar],
    model: BeatModel,
    net: BeatNet,
    *,
    period_s: float | None = None,
    scale: float = 1.0,
) -> BarsFound:
    """The most probable beats and bars of a performance.

    Parameters
    ----------
    notes : sequence of Note
        With at least two onsets.
    bars : sequence of Bar
        Kinds of bars to choose from.
    model : BeatModel
    net : BeatNet
    period_s : float, optional
        Fixes the length of every beat: only where beats lie is found then.
    scale : float
        Quarters in a plain beat, such as one half where eighths are counted: what tempo is to be expected.
    """
    slow = [replace(n, onset_s=n.onset_s / scale, offset_s=n.offset_s / scale, bend=()) for n in notes]
    onsets = find_onsets(slow)
    first_s, last_s = float(onsets.times_s[0]), float(onsets.times_s[-1])
    chances = beat_chances(slow, last_s + _END_S, net)
    if period_s is None:
        grids = candidates(onsets, model, chance_walk(chances, first_s, last_s, stiffness=STIFFNESS))
    else:
        grids = list(_steady_grids(onsets, period_s / scale))
    pulses_s = [float(np.median(np.diff(grid))) for grid in grids if _all_on_beats(onsets, grid)]
    plain = bool(pulses_s)
    if plain:  # strokes on every beat of a moderate pulse are no half notes of one twice as fast
        grids = [grid for grid in grids if np.median(np.diff(grid)) > _NO_FASTER * min(pulses_s)]
    gains = [0.0 if plain else TRUST * chance_score(chances, grid) for grid in grids]
    if not bars[0].in_threes:  # hands are learned from plain beats
        for i, grid in enumerate(grids):
            gains[i] += STROKE_TRUST * stroke_score(onsets.strokes, onsets.times_s, grid, model.hands)

    def bar_gains(grid: Array, n_beats: int) -> Array | float:
        return 0.0 if plain else BAR_TRUST * bar_line_scores(chances, grid, n_beats)

    found = best_bars(onsets, grids, bars, model, gains, bar_gains)
    if found.bar == Bar(n_beats=3) and not plain:
        loss = dotted_loss(chances, found.beats_s, -found.phase)
        found = replace(found, dotted_loss=loss)
    return replace(found, beats_s=found.beats_s * scale)


def _all_on_beats(onsets: Onsets, grid: Array) -> bool:
    """Whether there is a stroke on nearly every beat of a moderate grid, and hardly one between.

    Nobody whom the network learned from plays so plainly: it would call such strokes off-beats.
    """
    periods = np.diff(grid)
    if not _MODERATE_S[0] <= float(np.median(periods)) <= _MODERATE_S[1]:
        return False
    beat = np.clip(np.searchsorted(grid, onsets.times_s, side="right") - 1, 0, len(periods) - 1)
    place = beat + (onsets.times_s - grid[beat]) / periods[beat]
    nearest = np.rint(place)
    on = np.abs(place - nearest) < _ON_BEAT
    n_beats = float(nearest.max() - nearest.min()) + 1.0
    return float(on.mean()) > _NEARLY_ALL and len(np.unique(nearest[on])) > _MOST * n_beats


def candidates(onsets: Onsets, model: BeatModel, *more: Array) -> list[Array]:
    """Grids that may be the beats, each covering the onsets, none twice; ``more`` are walks besides ours."""
    first_s, last_s = float(onsets.times_s[0]), float(onsets.times_s[-1])
    found: dict[tuple[int, ...], Array] = {}
    for walk in (*_walks(onsets, model), *more):
        for period, phases in _RELATIVES.items():
            for phase in phases:
                grid = _relative(walk, float(period), float(phase), first_s, last_s)
                length_s = float(np.median(np.diff(grid)))
                if _PERIODS_S[0] < length_s < _PERIODS_S[1]:
                    middle = float(grid[len(grid) // 2]) / length_s % 1.0
                    near = (np.log2(length_s) * 20, middle * 12, grid[len(grid) // 4] * 25)
                    found.setdefault(tuple(round(float(value)) for value in near), grid)
    return list(found.values())


def _walks(onsets: Onsets, model: BeatModel) -> Iterator[Array]:
    """The best walk under each style."""
    intervals = beat_intervals()
    # Every place of an onset in every beat that could hold it.
    column = np.concatenate([np.full(length, i) for i, length in enumerate(intervals.tolist())])
    ahead = np.concatenate([np.arange(length) - length // 10 for length in intervals.tolist()])
    periods_s = intervals[column] / RATE_HZ
    tables = model.styles.log_density(ahead / intervals[column], periods_s).T.astype(np.float32)
    start_s = float(onsets.times_s[0])
    frames = np.rint((onsets.times_s - start_s) * RATE_HZ).astype(np.int64) + _LEAD
    last = int(frames[-1])
    target = column - ahead * len(intervals)
    for table in tables:
        gain = np.zeros((last + _TAIL, len(intervals)), dtype=np.float32)
        flat = gain.reshape(-1)
        for frame in frames.tolist():
            flat[frame * len(intervals) + target] += table
        beats = walk_beats(gain, intervals, first=_LEAD, last=last, stiffness=STIFFNESS)
        walk: Array = np.asarray((beats - _LEAD) / RATE_HZ + start_s, dtype=np.float64)
        yield walk


def _relative(walk: Array, period: float, phase: float, first_s: float, last_s: float) -> Array:
    """The grid whose beats last ``period`` beats of a walk and start ``phase`` beats after its first."""
    n = len(walk)
    step = np.arange(-int(3 / period) - 2, int((n + 3) / period) + 3)
    grid = beat_times(walk, (phase + period * step).astype(np.float64))
    inside = np.searchsorted(grid, [first_s + 1e-6, last_s])
    return np.asarray(grid[max(int(inside[0]) - 1, 0) : int(inside[1]) + 2])


def beat_times(beats_s: Array, places: Array) -> Array:
    """Seconds at fractional beats; beyond the grid its edges' tempo goes on."""
    n = len(beats_s)
    inside = np.interp(places, np.arange(n), beats_s)
    before = beats_s[0] + places * (beats_s[1] - beats_s[0])
    after = beats_s[-1] + (places - (n - 1)) * (beats_s[-1] - beats_s[-2])
    return np.asarray(np.where(places < 0, before, np.where(places > n - 1, after, inside)))


def _steady_grids(onsets: Onsets, period_s: float) -> Iterator[Array]:
    """Grids of one tempo, a hundredth of a second (at most a 16th of a beat) apart."""
    first_s, last_s = float(onsets.times_s[0]), float(onsets.times_s[-1])
    n_phases = min(max(16, round(period_s * RATE_HZ)), 150)
    n_beats = int((last_s - first_s) / period_s) + 3
    steps: Array = np.arange(n_beats, dtype=np.float64)
    for phase in range(n_phases):
        yield first_s + period_s * (steps - phase / n_phases)


def best_bars(
    onsets: Onsets,
    grids: Sequence[Array],
    bars: Sequence[Bar],
    model: BeatModel,
    gains: Sequence[float],
    bar_gains: Callable[[Array, int], Array | float],
) -> BarsFound:
    """The best of some grids, with its kind of bar and the place of its first beat.

    ``gains`` speak for grids, ``bar_gains`` for the places that beat 0 of a grid may have in a bar of so many
    beats.

    Not the most probable grid is taken but the one whose beats agree best with all probable ones, as who can
    not tell a tempo from its double had better be half right for sure (least expected loss).
    """
    scores = np.zeros((len(grids), len(bars)))
    phases = np.zeros((len(grids), len(bars)), dtype=np.int64)
    for i, grid in enumerate(grids):
        first = int(np.argmin(np.abs(grid - onsets.times_s[0])))
        for j, bar in enumerate(bars):
            evidence = gather(onsets, grid, model.styles, in_threes=bar.in_threes)
            of_phases = bar_scores(evidence, model.beat_weights, bar.n_beats)
            of_phases[-first % bar.n_beats] += START_BONUS
            of_phases += bar_gains(grid, bar.n_beats)
            phases[i, j] = int(of_phases.argmax())
            scores[i, j] = gains[i] + float(evidence.grid @ model.grid_weights) + float(of_phases.max())
            if bar.n_beats == 3:
                scores[i, j] -= model.triple_price * len(evidence.beats)
    probability = np.exp((scores - scores.max()) / CAUTION)
    probability /= probability.sum()
    j = int(probability.sum(axis=0).argmax())
    of_grids = probability.sum(axis=1)
    likely = np.argsort(-of_grids, kind="stable")[:_RIVALS].tolist()
    expected = [sum(float(of_grids[b]) * _agreement(grids[a], grids[b]) for b in likely) for a in likely]
    i = likely[int(np.argmax(expected))]
    return BarsFound(
        beats_s=grids[i],
        phase=int(phases[i, j]),
        bar=bars[j],
        confidence=float(probability[:, j].sum()),
    )


def _agreement(a: Array, b: Array) -> float:
    """F-measure of the beats of two grids within 70 ms, squared: half right is no good page."""
    near = np.clip(np.searchsorted(b, a), 1, len(b) - 1)
    distance = np.minimum(np.abs(b[near] - a), np.abs(b[near - 1] - a))
    return (2.0 * float(np.sum(distance <= _SAME_BEAT_S)) / (len(a) + len(b))) ** 2


def settle(beats_s: Array, onsets: Onsets) -> Array:
    """The same beats, smoother, and where the notes around them say that they are.

    Smoothing undoes the raster of the walk; then every beat moves by how late onsets within a few beats are.
    """
    beats_s = _smooth(beats_s)
    n, reach = len(beats_s), len(_NEARBY) // 2
    for _ in range(_ROUNDS):
        at, late_s, weight = _lateness(beats_s, onsets)
        total = np.convolve(np.bincount(at, weight * late_s, n), _NEARBY)
        weights = np.convolve(np.bincount(at, weight, n), _NEARBY)
        moved = beats_s + (total / (weights + _RELUCTANCE))[reach : n + reach]
        if np.any(np.diff(moved) <= 0.0):
            break
        beats_s = moved
    return beats_s


def settle_steady(beats_s: Array, onsets: Onsets) -> Array:
    """Beats of a given tempo, moved together to where the notes say that they are."""
    _, late_s, weight = _lateness(beats_s, onsets)
    return beats_s + float((weight * late_s).sum()) / (float(weight.sum()) + _RELUCTANCE)


def _lateness(beats_s: Array, onsets: Onsets) -> tuple[npt.NDArray[np.int64], Array, Array]:
    """Of every onset: its beat, how late it is for the nearest quarter or third, and how much that tells."""
    n = len(beats_s)
    index = np.clip(np.searchsorted(beats_s, onsets.times_s, side="right") - 1, 0, n - 2)
    period = np.diff(beats_s)[index]
    place = index + (onsets.times_s - beats_s[index]) / period
    meant = np.stack([np.rint(place * 4) / 4, np.rint(place * 3) / 3])
    nearest = meant[np.abs(meant - place).argmin(axis=0), np.arange(len(place))]
    late_s = np.clip(place - nearest, -0.1, 0.1) * period
    # On the beat and halfway there is least doubt of what was meant.
    weight = np.where(nearest * 2 == np.rint(nearest * 2), 1.0, 0.3)
    return np.clip(np.rint(nearest).astype(np.int64), 0, n - 1), late_s, weight


def _smooth(beats_s: Array) -> Array:
    """Local means along straight lines, which keep a steady drift as it is."""
    if len(beats_s) < 3:
        return beats_s
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0])
    padded = beat_times(beats_s, np.arange(-2.0, len(beats_s) + 2.0))
    return np.asarray(np.convolve(padded, kernel / kernel.sum(), mode="valid"))


def extend_beats(beats_s: Array, first_s: float, last_s: float) -> Array:
    """Beats continued at the tempo of their edges, to at most ``first_s`` and at least ``last_s``.

    Times before 0 are not made: the first beat lies within one period of the first note.
    """
    before, after = beats_s[1] - beats_s[0], beats_s[-1] - beats_s[-2]
    early = [beats_s[0]]
    while early[-1] > first_s + 1e-9 and early[-1] - before >= 0.0:
        early.append(early[-1] - before)
    late = [beats_s[-1]]
    while late[-1] < last_s:
        late.append(late[-1] + after)
    return np.concatenate([np.array(early[:0:-1]), beats_s, np.array(late[1:])])

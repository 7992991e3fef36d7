"""Learning what beats are from annotated playing: styles of rhythm, then weights of a choice among grids.

The statistics behind ``symbolic/beats.json``. Styles come from annotated onsets by EM. Weights come from
excerpts that are cut and bent in time (``datasets.excerpts``): the tracker lists its candidates for each, and
the log-probability of picking one that is as good as the best is maximised, good meaning the F-measures of
beats and downbeats. Judged players must not be among those that are learned from (``players`` of the model).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fretscribe.datasets.excerpts import Excerpt, warped_excerpt, without_beat
from fretscribe.datasets.guitarset import GuitarSet, Track
from fretscribe.errors import DatasetError
from fretscribe.evaluation.metrics import require_mir_eval
from fretscribe.evaluation.rhythm import beat_f_measure
from fretscribe.symbolic.beat_model import (
    BEAT_FEATURES,
    GRID_FEATURES,
    N_PLACES,
    N_ROLES,
    OUTLIERS,
    BeatModel,
    RhythmStyles,
    bar_scores,
    gather,
    roles_of_bar,
)
from fretscribe.symbolic.beats import candidates
from fretscribe.symbolic.onsets import find_onsets
from fretscribe.training.strokes import count_piece, fit_hands

Array = npt.NDArray[np.float64]

N_STYLES = 6
LAG_S, SPREAD_S = 0.02, 0.02
CUTS = (0.25, 0.25, 0.45)
"""Largest share cut off either end, an excerpt each; short ones teach what few notes can tell."""
LEFT_OUT = ("off_gap", "gap")
"""Features that did not carry over to players who were not learned from; their weights stay 0."""

_EM_ROUNDS = 60
_SMOOTHING = 0.3
_TEMPER = 0.5  # onsets of a piece are not independent
_SHARPNESS = 0.1
_DOWNBEAT_SHARE = 0.3
_PENALTY = 3.0
_PRICES = np.linspace(-1.0, 1.0, 81)
_QUADRUPLE_SHARE = 0.9  # of music, against bars of three


@dataclass(frozen=True, slots=True, kw_only=True)
class _Example:
    """The candidates of an excerpt: their features [n, 4 phases, n_features] and how good each is [n, 4]."""

    features: Array
    quality: Array


def fit_beat_model(
    dataset: GuitarSet,
    players: Sequence[str],
    *,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> BeatModel:
    """Learn from the tracks of some players, the development tracks left out.

    Raises
    ------
    DatasetError
        If there are no such tracks.
    MissingExtraError
        Without mir_eval.
    """
    require_mir_eval()
    tracks = [t for t in dataset.training_tracks() if t.player in players]
    if not tracks:
        raise DatasetError(f"no tracks of {', '.join(players)} in {dataset.root}", mend="name its players")
    progress(f"styles of {len(tracks)} tracks")
    styles = fit_styles(tracks, seed)
    hands = fit_hands([c for t in tracks if (c := count_piece(t)) is not None], seed)
    model = BeatModel(
        styles=styles,
        grid_weights=np.zeros(len(GRID_FEATURES)),
        beat_weights=np.zeros((N_ROLES, len(BEAT_FEATURES))),
        hands=hands,
        triple_price=0.0,
        players=tuple(sorted(players)),
        provenance=f"GuitarSet annotations, {len(tracks)} tracks, seed {seed}",
    )
    rng = np.random.default_rng(seed)
    examples, excerpts = [], []
    for number, track in enumerate(tracks):
        progress(f"candidates {number + 1}/{len(tracks)}: {track.track_id}")
        truth = track.truth()
        if truth.beats is None:
            continue
        notes = track.tab().notes
        for most_cut in CUTS:
            excerpt = warped_excerpt(notes, truth.beats, truth.duration_s, rng, most_cut=most_cut)
            if len(excerpt.notes) >= 4 and len(excerpt.beats_s) >= 4:
                examples.append(_example(excerpt, model))
                excerpts.append(excerpt)
    progress("weights")
    model = _with_weights(model, _fit_weights(examples))
    progress("bars of three")
    return replace(model, triple_price=_fit_triple_price(excerpts[:: len(CUTS)], model, rng))


def fit_styles(tracks: Sequence[Track], seed: int) -> RhythmStyles:
    """EM over pieces (which style) and onsets (which place in the beat)."""
    pieces = []
    for track in tracks:
        beats = track.truth().beats
        if beats is not None:
            onsets = find_onsets([n.note for n in track.tab().notes])
            period_s = 60.0 / beats.tempo_bpm
            places = np.array([beats.beat_at(t) for t in onsets.times_s]) % 1.0
            pieces.append((places, np.full(len(places), period_s)))
    rng = np.random.default_rng(seed)
    styles = RhythmStyles(
        places=rng.dirichlet(np.ones(N_PLACES), N_STYLES),
        shares=np.full(N_STYLES, 1.0 / N_STYLES),
        lag_s=LAG_S,
        spread_s=SPREAD_S,
    )
    kernels = [styles.kernel(*piece) for piece in pieces]
    owner = np.repeat(np.arange(len(pieces)), [len(k) for k in kernels])
    stacked = np.concatenate(kernels)
    belongs = rng.dirichlet(np.full(N_STYLES, 0.5), len(pieces))
    for rounds in range(_EM_ROUNDS):
        if rounds:
            density = np.log((1.0 - OUTLIERS) * stacked @ styles.places.T + OUTLIERS)
            fit = np.zeros((len(pieces), N_STYLES))
            np.add.at(fit, owner, density)
            fit = _TEMPER * fit + np.log(styles.shares)
            belongs = np.exp(fit - np.logaddexp.reduce(fit, axis=1, keepdims=True))
        counts = np.full((N_STYLES, N_PLACES), _SMOOTHING)
        for style in range(N_STYLES):
            meant = stacked * styles.places[style]
            meant /= meant.sum(axis=1, keepdims=True) + OUTLIERS
            counts[style] += belongs[owner, style] @ meant
        styles = replace(
            styles,
            places=counts / counts.sum(axis=1, keepdims=True),
            shares=np.maximum(belongs.mean(axis=0), 1e-3),
        )
    return styles


def _example(excerpt: Excerpt, model: BeatModel) -> _Example:
    onsets = find_onsets([n.note for n in excerpt.notes])
    grids = candidates(onsets, model)
    roles = np.array(roles_of_bar(4))
    features = np.zeros((len(grids), 4, len(GRID_FEATURES) + N_ROLES * len(BEAT_FEATURES)))
    quality = np.zeros((len(grids), 4))
    for i, grid in enumerate(grids):
        evidence = gather(onsets, grid, model.styles)
        sums = np.zeros((4, len(BEAT_FEATURES)))
        np.add.at(sums, np.arange(len(evidence.beats)) % 4, evidence.beats)
        heard = (grid >= 0.0) & (grid <= excerpt.duration_s)
        beats = beat_f_measure(excerpt.beats_s, grid[heard])
        for phase in range(4):
            by_role = sums[np.argsort(roles[(np.arange(4) + phase) % 4])]
            features[i, phase] = np.concatenate([evidence.grid, by_role.ravel()])
            down = grid[heard & ((np.arange(len(grid)) + phase) % 4 == 0)]
            quality[i, phase] = beats + _DOWNBEAT_SHARE * beat_f_measure(excerpt.downbeats_s, down)
    return _Example(features=features, quality=quality)


def _fit_weights(examples: Sequence[_Example]) -> Array:
    """Weights of all features by L-BFGS, with an L2 penalty in units of each feature's spread."""
    from scipy.optimize import minimize

    n_features = examples[0].features.shape[-1]
    rows = [e.features.reshape(-1, n_features) for e in examples]
    sizes = np.array([len(r) for r in rows])
    start = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    own = np.repeat(np.arange(len(rows)), sizes)
    x = np.concatenate(rows)
    x = x - (np.add.reduceat(x, start) / sizes[:, None])[own]
    spread = np.sqrt((x**2).mean(axis=0)) + 1e-6
    used = np.array([name not in LEFT_OUT for name in _names()])
    x = (x / spread * used).astype(np.float32)
    quality = np.concatenate([e.quality.ravel() for e in examples]) / (1.0 + _DOWNBEAT_SHARE)
    good = np.exp((quality - np.maximum.reduceat(quality, start)[own]) / _SHARPNESS)
    penalty = np.full(n_features, _PENALTY)
    styles = GRID_FEATURES.index("styles")
    penalty[styles] = 0.01

    def loss(weights: Array) -> tuple[float, Array]:
        z = (x @ weights.astype(np.float32)).astype(np.float64)
        p = np.exp(z - np.maximum.reduceat(z, start)[own])
        p /= np.add.reduceat(p, start)[own]
        hit = np.add.reduceat(p * good, start)
        slope = x.T @ (p - p * good / hit[own]).astype(np.float32) + penalty * weights
        value = -np.log(hit).sum() + 0.5 * float((penalty * weights**2).sum())
        return float(value) / len(rows), np.asarray(slope, dtype=np.float64) / len(rows)

    begin = np.zeros(n_features)
    begin[styles] = 1.0
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": 60})
    return np.asarray(found.x / spread * used)


def _names() -> list[str]:
    return [*GRID_FEATURES, *(name for _ in range(N_ROLES) for name in BEAT_FEATURES)]


def _with_weights(model: BeatModel, weights: Array) -> BeatModel:
    n = len(GRID_FEATURES)
    return replace(
        model, grid_weights=weights[:n], beat_weights=weights[n:].reshape(N_ROLES, len(BEAT_FEATURES))
    )


def _fit_triple_price(excerpts: Sequence[Excerpt], model: BeatModel, rng: np.random.Generator) -> float:
    """The price of a bar of three that tells excerpts from the same ones with a beat cut out of every bar."""
    margins: dict[int, list[float]] = {4: [], 3: []}
    for excerpt in excerpts:
        for length, played in ((4, excerpt), (3, without_beat(excerpt, int(rng.integers(1, 4))))):
            onsets = find_onsets([n.note for n in played.notes])
            best = {4: -np.inf, 3: -np.inf}
            n_beats = 1
            for grid in candidates(onsets, model):
                evidence = gather(onsets, grid, model.styles)
                common = float(evidence.grid @ model.grid_weights)
                for bar in best:
                    score = common + float(bar_scores(evidence, model.beat_weights, bar).max())
                    if score > best[bar]:
                        best[bar], n_beats = score, len(evidence.beats)
            margins[length].append((best[3] - best[4]) / n_beats)
    right = [
        _QUADRUPLE_SHARE * np.mean(np.array(margins[4]) <= price)
        + (1.0 - _QUADRUPLE_SHARE) * np.mean(np.array(margins[3]) > price)
        for price in _PRICES
    ]
    return float(_PRICES[int(np.argmax(right))])

"""Learning where in a beat strumming hands go down and up, from annotated playing.

EM over pieces: each is played by one of the hands. Onsets of a chord are annotated string by string, so that
down- and upstrokes show. Neighbours: ``beats`` puts the result into its model; ``symbolic.strokes`` uses it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fretscribe.datasets.guitarset import Track
from fretscribe.symbolic.onsets import find_onsets
from fretscribe.symbolic.strokes import LATE_S, PLACES, StrummingHands, count_strokes, hand_fits

Array = npt.NDArray[np.float64]

N_HANDS = 2
LEAST_STROKES = 8
"""Pieces with fewer tell nothing of a hand."""

_ROUNDS = 80
_SMOOTHING = 1.0  # a stroke up and one down, at every place


def count_piece(track: Track) -> Array | None:
    """Strokes of a track at each place, [len(PLACES), 2]; None without beats or with hardly a stroke."""
    beats = track.truth().beats
    if beats is None:
        return None
    onsets = find_onsets([n.note for n in track.tab().notes])
    places = np.array([beats.beat_at(t - LATE_S) for t in onsets.times_s]) % 1.0
    counts = count_strokes(onsets.strokes, places)
    return counts if counts.sum() >= LEAST_STROKES else None


def fit_hands(pieces: Sequence[Array], seed: int) -> StrummingHands:
    """Shares of downstrokes by hand and place, from the counts of each piece; even odds without pieces."""
    rng = np.random.default_rng(seed)
    hands = StrummingHands(
        down=rng.uniform(0.3, 0.7, (N_HANDS, len(PLACES))),
        shares=np.full(N_HANDS, 1.0 / N_HANDS),
        share_down=0.5,
    )
    if not pieces:
        return StrummingHands(down=np.full_like(hands.down, 0.5), shares=hands.shares, share_down=0.5)
    counts = np.stack(pieces)
    total = counts.sum(axis=(0, 1)) + _SMOOTHING
    for _ in range(_ROUNDS):
        fits = np.stack([hand_fits(of_piece, hands) for of_piece in counts])
        belongs = np.exp(fits - np.logaddexp.reduce(fits, axis=1, keepdims=True))
        of_hands = np.einsum("ph,pkd->hkd", belongs, counts) + _SMOOTHING
        hands = StrummingHands(
            down=of_hands[..., 0] / of_hands.sum(axis=-1),
            shares=np.maximum(belongs.mean(axis=0), 1e-3),
            share_down=float(total[0] / total.sum()),
        )
    return hands

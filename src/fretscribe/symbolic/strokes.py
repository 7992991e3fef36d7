"""Down- and upstrokes, and where in a beat the strumming hand makes them.

A chord that is strummed down starts with its low strings, one that is strummed up with its high ones, a few
hundredths of a second apart. The hand swings evenly: who strums eighths comes up between the beats, who
strums sixteenths comes down there too and up in the second and fourth quarter of a beat. Both hands are
learned as shares of downstrokes (``training.strokes``). Says nothing of single notes and of chords that are
plucked at once. Neighbours: ``onsets`` groups notes, ``beats`` asks which grid the strokes fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.music import Note

Array = npt.NDArray[np.float64]

PLACES = ("beat", "half", "quarter", "third")
"""Of strokes in a beat: on it, halfway, on its second or fourth quarter, on its second or last third."""

LATE_S = 0.02
"""How long after the beat its notes start."""

_LEAST_NOTES = 3
_LEAST_SPREAD_S = 0.006
_MEANT = np.array([0.0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0])
_PLACE_OF_MEANT = np.array([0, 2, 3, 1, 3, 2, 0])


@dataclass(frozen=True, slots=True, kw_only=True)
class StrummingHands:
    """Ways of strumming: a mixture over pieces.

    Attributes
    ----------
    down : float64 array [n_hands, len(PLACES)]
        Share of downstrokes among the strokes at each place, within (0, 1).
    shares : float64 array [n_hands]
        Of pieces.
    share_down : float
        Of all strokes, wherever they fall.
    """

    down: Array
    shares: Array
    share_down: float


def stroke(notes: Sequence[Note]) -> float:
    """1 for notes that were strummed down, -1 for up, 0 where that is not to be told.

    >>> notes = [Note(onset_s=s, offset_s=1.0, pitch=p) for s, p in ((0.0, 40), (0.01, 47), (0.02, 52))]
    >>> stroke(notes)
    1.0
    """
    if len(notes) < _LEAST_NOTES:
        return 0.0
    pitches = np.array([float(n.pitch) for n in notes])
    times_s = np.array([n.onset_s for n in notes])
    from_mean = pitches - pitches.mean()
    spread = float(from_mean @ from_mean)
    if spread == 0.0:
        return 0.0
    # How much later the highest note is than the lowest, on the straight line through all.
    rise_s = float(from_mean @ (times_s - times_s.mean())) / spread * float(np.ptp(pitches))
    return float(np.sign(rise_s)) if abs(rise_s) > _LEAST_SPREAD_S else 0.0


def count_strokes(strokes: Array, places: Array) -> Array:
    """Downstrokes and upstrokes at each of `PLACES`, [len(PLACES), 2].

    Parameters
    ----------
    strokes : float64 array [n]
        See `stroke`.
    places : float64 array [n]
        Where in its beat each onset falls, 0..1.
    """
    place = _PLACE_OF_MEANT[np.abs(places[:, None] - _MEANT).argmin(axis=1)]
    counts = np.zeros((len(PLACES), 2))
    np.add.at(counts[:, 0], place[strokes > 0], 1.0)
    np.add.at(counts[:, 1], place[strokes < 0], 1.0)
    return counts


def stroke_score(strokes: Array, times_s: Array, beats_s: Array, hands: StrummingHands) -> float:
    """How much more likely the strokes are with these beats than anywhere, as a logarithm.

    Parameters
    ----------
    strokes, times_s : float64 array [n]
        Of the onsets.
    beats_s : float64 array [n_beats + 1]
        Closes its last beat, and covers the onsets.
    hands : StrummingHands
    """
    told = strokes != 0.0
    if not told.any():
        return 0.0
    late_s = times_s[told] - LATE_S
    periods = np.diff(beats_s)
    beat = np.clip(np.searchsorted(beats_s, late_s, side="right") - 1, 0, len(periods) - 1)
    counts = count_strokes(strokes[told], np.clip((late_s - beats_s[beat]) / periods[beat], 0.0, 1.0))
    anywhere = counts.sum(axis=0) @ np.log([hands.share_down, 1.0 - hands.share_down])
    return float(np.logaddexp.reduce(hand_fits(counts, hands))) - float(anywhere)


def hand_fits(counts: Array, hands: StrummingHands) -> Array:
    """Log-probability of each hand and its making these strokes, [n_hands]."""
    fits = np.log(hands.down) @ counts[:, 0] + np.log1p(-hands.down) @ counts[:, 1]
    return np.asarray(fits + np.log(hands.shares))

"""Pitch curves of notes: evaluating them, and keeping only the points that shape them.

Neighbours: ``midi`` and ``jams`` sample curves densely and read dense ones back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fretscribe.music import BendPoint

Curve = npt.NDArray[np.float64]


def bend_at(bend: Sequence[BendPoint], times_s: npt.ArrayLike) -> Curve:
    """Cents above the note's pitch at seconds after its onset: linear between points, held outside.

    >>> bend_at((BendPoint(time_s=0.0, cents=0.0), BendPoint(time_s=0.2, cents=200.0)), [0.1, 0.5]).tolist()
    [100.0, 200.0]
    """
    times = np.asarray(times_s, dtype=np.float64)
    if not bend:
        return np.zeros_like(times)
    return np.interp(times, [p.time_s for p in bend], [p.cents for p in bend])


def thin_bend(
    times_s: Curve, cents: Curve, *, tolerance_cents: float, max_points: int
) -> tuple[BendPoint, ...]:
    """The fewest points of a curve whose straight joins stay within a tolerance of it (or ``max_points``).

    Greedy form of D. Douglas, T. Peucker, "Algorithms for the reduction of the number of points required
    to represent a digitized line", 1973: the point furthest from the joins comes first, so a limit on the
    number of points costs the least accuracy.

    Parameters
    ----------
    times_s, cents : float arrays [n_points]
        The curve; times rise.
    tolerance_cents : float
    max_points : int
        At least 2.
    """
    if len(times_s) == 0:
        return ()
    kept = sorted({0, len(times_s) - 1})
    while len(kept) < min(max_points, len(times_s)):
        error = np.abs(np.interp(times_s, times_s[kept], cents[kept]) - cents)
        error[kept] = 0.0
        worst = int(error.argmax())
        if error[worst] <= tolerance_cents:
            break
        kept = sorted({*kept, worst})
    return tuple(BendPoint(time_s=float(times_s[i]), cents=float(cents[i])) for i in kept)

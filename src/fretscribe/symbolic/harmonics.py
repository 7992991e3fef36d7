"""Natural harmonics: which partial rings where a finger touches the string, and what pitch that is.

A tab writes a harmonic at the fret over which the string is touched, at that fret's pitch; what sounds is a
partial of the open string. Knows no sound. Neighbours: ``datasets.synthetic`` plays them,
``symbolic.techniques`` finds them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

PARTIAL_AT_FRET: Mapping[int, int] = MappingProxyType({4: 5, 5: 4, 7: 3, 9: 5, 12: 2, 16: 5, 19: 3, 24: 4})
"""Fret (from the nut or the capo) to the partial that has a node there and no lower one."""

USUAL_FRETS: tuple[int, ...] = (12, 7, 5)
"""Where harmonics are mostly played."""


def sounding_above_open(fret: int) -> int | None:
    """Semitones (rounded) of a natural harmonic above the open string; None where there is none.

    >>> [sounding_above_open(fret) for fret in (12, 7, 5, 4, 3)]
    [12, 19, 24, 28, None]
    """
    partial = PARTIAL_AT_FRET.get(fret)
    return None if partial is None else round(12.0 * math.log2(partial))

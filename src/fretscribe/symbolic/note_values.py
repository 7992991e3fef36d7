"""From played places and lengths to written ones, by what is most probable rather than by what is nearest.

Onsets: every beat is divided straight (into four) or in thirds; places within a division are not equally
usual, playing scatters around them, and a division tends to stay (Viterbi over beats). Swung eighths are
written in thirds. After Cemgil, Desain, Kappen, "Rhythm quantization for transcription", Computer Music J.
24(2), 2000. Lengths: a note most often lasts until the next one. Knows nothing of strings: ``rhythm`` keeps
notes of a string apart.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

SPREAD = 0.045
"""Standard deviation of a played onset around its written place, in beats."""

_AHEAD = 0.125  # a note so little ahead of a beat is that beat's
_DIVISIONS: tuple[dict[Fraction, float], ...] = (
    {Fraction(0): 0.4, Fraction(1, 4): 0.13, Fraction(1, 2): 0.32, Fraction(3, 4): 0.15, Fraction(1): 0.4},
    {Fraction(0): 0.45, Fraction(1, 3): 0.15, Fraction(2, 3): 0.4, Fraction(1): 0.45},
)
"""Straight, and in thirds: place -> share of onsets; the next beat has its own."""
_OPENING = (0.0, 1.0)  # price of the first beat's division
_SWITCH = 1.2
_LENGTH_SPREAD = 0.3  # of log length
_OTHER_PRICE, _DOTTED_PRICE = 1.0, 1.2
_PLAIN = tuple(Fraction(v) for v in ("1/8", "1/4", "1/2", "1", "2", "4", "8"))
_DOTTED = tuple(Fraction(v) for v in ("1/6", "1/3", "2/3", "3/4", "4/3", "3/2", "3", "6"))


def written_places(places: Sequence[float]) -> list[Fraction]:
    """The written place of every played one; both in beats and rising.

    >>> [str(p) for p in written_places([0.02, 0.35, 0.64, 1.01, 1.52])]
    ['0', '1/3', '2/3', '1', '3/2']
    """
    beats = [
        (beat, [p - beat for p in inside])
        for beat, inside in itertools.groupby(places, key=lambda p: math.floor(p + _AHEAD))
    ]
    readings = [[_read(inside, division) for division in _DIVISIONS] for _, inside in beats]
    chosen = _steady_choice([[price for price, _ in reading] for reading in readings])
    return [
        beat + place
        for (beat, _), reading, division in zip(beats, readings, chosen, strict=True)
        for place in reading[division][1]
    ]


def _read(inside: Sequence[float], division: dict[Fraction, float]) -> tuple[float, list[Fraction]]:
    """Negative log-probability of a beat's onsets in a division, and where they are written."""
    total, written = 0.0, []
    for played in inside:
        price, place = min(
            (0.5 * ((played - float(place)) / SPREAD) ** 2 - math.log(share), place)
            for place, share in division.items()
        )
        total += price
        written.append(place)
    return total, written


def _steady_choice(prices: Sequence[Sequence[float]]) -> list[int]:
    """The cheapest sequence of divisions, where every change costs `_SWITCH`."""
    totals = list(_OPENING)
    came: list[list[int]] = []
    for row in prices:
        ways = [
            min((totals[a] + (_SWITCH if a != b else 0.0), a) for a in range(len(totals)))
            for b in range(len(totals))
        ]
        came.append([source for _, source in ways])
        totals = [way + price for (way, _), price in zip(ways, row, strict=True)]
    chosen = [min(range(len(totals)), key=totals.__getitem__)]
    for row in reversed(came[1:]):
        chosen.append(row[chosen[-1]])
    return chosen[::-1] if prices else []


def note_value(played_beats: float, to_next: Fraction | None = None) -> Fraction:
    """The most probable written length of a played one; whole beats above eight.

    Parameters
    ----------
    played_beats : float
    to_next : Fraction, optional
        Beats to the next onset: a length that needs neither a rest nor a tie.

    >>> note_value(0.46), note_value(0.34), note_value(0.7, Fraction(1))
    (Fraction(1, 2), Fraction(1, 3), Fraction(1, 1))
    """
    length = math.log(max(played_beats, 1e-6))
    priced = [(_OTHER_PRICE, v) for v in _PLAIN] + [(_DOTTED_PRICE, v) for v in _DOTTED]
    if played_beats > _PLAIN[-1]:
        priced.append((_OTHER_PRICE, Fraction(round(played_beats))))
    if to_next is not None and to_next > 0:
        priced.append((0.0, to_next))
    return min(priced, key=lambda pv: 0.5 * ((math.log(pv[1]) - length) / _LENGTH_SPREAD) ** 2 + pv[0])[1]

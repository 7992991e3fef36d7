"""What a left hand can hold: spans, fingers, barres, and all grips for a set of pitches.

A grip gives each note of a chord its own string (or drops the note). Pure geometry of tuning and hand:
knows nothing of time, of evidence, or of how likely a grip is; ``fingering`` weighs what is listed here.
"""

from __future__ import annotations

from collections.abc import Sequence

from fretscribe.music import Tuning

FINGERS = 4
WIDE_FRET = 7
"""From this fret on the frets are close enough to reach one more."""

MAX_GRIPS = 3000
"""Enumeration of one chord stops here; only piles of notes that no hand plays get that far."""

_NO_FRET = 99

Place = tuple[int, int] | None
"""(string, fret) of a note, or None where it is dropped."""


def span_limit(lowest_fret: int, max_span: int) -> int:
    """Largest distance in frets between the fingers of one grip whose lowest finger is at a fret.

    >>> span_limit(2, 4), span_limit(9, 4)
    (4, 5)
    """
    return max_span + (1 if lowest_fret >= WIDE_FRET else 0)


def within_span(frets: Sequence[int], max_span: int) -> bool:
    """Whether the fretted ones (fret > 0) of these frets can be reached together."""
    fretted = [f for f in frets if f > 0]
    return not fretted or max(fretted) - min(fretted) <= span_limit(min(fretted), max_span)


def fingers_needed(places: Sequence[tuple[int, int]]) -> int:
    """Fingers that hold (string, fret) places down, barres taken into account.

    The index finger may lie across strings at the lowest fret as long as no open string sounds between
    its ends; any finger may press adjacent strings at one fret.

    >>> fingers_needed([(0, 1), (1, 3), (2, 3), (3, 2), (4, 1), (5, 1)])  # F, two joined at fret 3
    3
    >>> fingers_needed([(0, 3), (1, 2), (2, 0), (3, 0), (4, 0), (5, 3)])  # open G
    3
    """
    frets = dict(places)
    fretted = sorted((fret, string) for string, fret in frets.items() if fret > 0)
    if not fretted:
        return 0
    lowest = fretted[0][0]
    needed = 0
    previous: tuple[int, int] | None = None
    for fret, string in fretted:
        joined = previous is not None and previous[0] == fret
        if joined and previous is not None:
            between = range(previous[1] + 1, string)
            joined = fret == lowest and all(frets.get(s, lowest) > 0 for s in between)
            joined = joined or string == previous[1] + 1
        needed += not joined
        previous = (fret, string)
    return needed


def can_hold(places: Sequence[tuple[int, int]], max_span: int) -> bool:
    """Whether one hand can hold these (string, fret) places: one a string, in reach, enough fingers."""
    strings = [s for s, _ in places]
    return (
        len(set(strings)) == len(strings)
        and within_span([f for _, f in places], max_span)
        and fingers_needed(places) <= FINGERS
    )


def list_grips(
    pitches: Sequence[int], tuning: Tuning, *, max_span: int, max_fret: int, n_dropped: int
) -> list[tuple[Place, ...]]:
    """All ways to hold ``len(pitches) - n_dropped`` of the pitches, each on its own string.

    Parameters
    ----------
    pitches : sequence of int
        MIDI pitches, in any order, repetitions allowed (unisons).
    tuning : Tuning
    max_span : int
        Frets between the lowest and the highest finger (one more from fret 7 on).
    max_fret : int
        Highest fret, counted from the capo.
    n_dropped : int
        Exactly so many notes are left out.

    Returns
    -------
    list of tuple
        One entry a pitch, in their order; at most `MAX_GRIPS` grips.
    """
    options = [
        [(p.string, p.fret) for p in tuning.positions(pitch) if p.fret <= max_fret] for pitch in pitches
    ]
    grips: list[tuple[Place, ...]] = []

    def extend(chosen: tuple[Place, ...], low: int, high: int, used: int, drops_left: int) -> None:
        left = len(options) - len(chosen)
        if len(grips) >= MAX_GRIPS or drops_left > left:
            return
        if left == 0:
            if fingers_needed([p for p in chosen if p is not None]) <= FINGERS:
                grips.append(chosen)
            return
        for string, fret in options[len(chosen)]:
            if used >> string & 1:
                continue
            new_low, new_high = (min(low, fret), max(high, fret)) if fret > 0 else (low, high)
            if fret > 0 and new_high - new_low > span_limit(new_low, max_span):
                continue
            extend((*chosen, (string, fret)), new_low, new_high, used | 1 << string, drops_left)
        if drops_left:
            extend((*chosen, None), low, high, used, drops_left - 1)

    extend((), _NO_FRET, 0, 0, n_dropped)
    return grips

"""Which beats of a bar are drawn together: under one tuplet bracket, or under one beam.

Knows lengths and metres, no notes. Neighbours: ``written_values`` spells single beats, ``score_metre`` groups
the beats of a metre.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from fretscribe.io.score import ScoreBeat
from fretscribe.io.score_metre import group_sizes
from fretscribe.io.score_signs import written_value
from fretscribe.io.written_values import WrittenValue

Beam = Literal["begin", "continue", "end", "forward hook", "backward hook"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenBeat:
    """Where a beat stands in its bar (quarter notes), and how its length is written.

    Attributes
    ----------
    start : Fraction
    value : WrittenValue
    rest : bool
    """

    start: Fraction
    value: WrittenValue
    rest: bool

    @property
    def n_beams(self) -> int:
        """How many beams or flags it has."""
        return 0 if self.rest else max(0, self.value.head.bit_length() - 3)


def written_beat(beat: ScoreBeat) -> WrittenBeat:
    """A beat of a score; ValueError where no single sign has its length."""
    return WrittenBeat(start=beat.start, value=written_value(beat), rest=not beat.notes)


def tuplet_spans(beats: Sequence[WrittenBeat]) -> list[tuple[int, int]]:
    """First and last index of every tuplet: the fewest beats of one ratio that fill a straight length.

    >>> eighth = WrittenValue(head=8, tuplet=(3, 2))
    >>> row = [WrittenBeat(start=Fraction(i, 3), value=eighth, rest=False) for i in range(6)]
    >>> tuplet_spans(row)
    [(0, 2), (3, 5)]
    """
    spans = []
    first = 0
    filled = Fraction(0)
    for i, beat in enumerate(beats):
        if beat.value.tuplet == (1, 1):
            first, filled = i + 1, Fraction(0)
            continue
        filled += beat.value.duration
        denominator = filled.denominator
        if denominator & (denominator - 1) == 0:
            spans.append((first, i))
            first, filled = i + 1, Fraction(0)
    return spans


def beams_of(beats: Sequence[WrittenBeat], beats_per_bar: int, beat_unit: int) -> list[tuple[Beam, ...]]:
    """The beams of every beat, the outermost first; empty where it has none.

    Beams join the notes of a quarter note, or of a group of beats that are shorter; not over rests.
    """
    edges = _edges(beats_per_bar, beat_unit)
    found: list[tuple[Beam, ...]] = [()] * len(beats)
    group: list[int] = []
    for i, beat in enumerate(beats):
        last = None if not group else beats[group[-1]]
        if last is not None and (not beat.n_beams or _place(last.start, edges) != _place(beat.start, edges)):
            _beam_group(beats, group, found)
            group = []
        if beat.n_beams:
            group.append(i)
    _beam_group(beats, group, found)
    return found


def _edges(beats_per_bar: int, beat_unit: int) -> list[Fraction]:
    """Where beams are broken."""
    beat = Fraction(4, beat_unit)
    if beat >= 1:
        return [Fraction(i) for i in range(1, int(beats_per_bar * beat))]
    return [n * beat for n in itertools.accumulate(group_sizes(beats_per_bar, beat_unit))]


def _place(start: Fraction, edges: Sequence[Fraction]) -> int:
    return sum(edge <= start for edge in edges)


def _beam_group(beats: Sequence[WrittenBeat], group: Sequence[int], found: list[tuple[Beam, ...]]) -> None:
    if len(group) < 2:
        return
    counts = [beats[i].n_beams for i in group]
    for place, i in enumerate(group):
        before = counts[place - 1] if place else 0
        after = counts[place + 1] if place + 1 < len(group) else 0
        found[i] = tuple(
            _beam(level <= before, level <= after, place) for level in range(1, counts[place] + 1)
        )


def _beam(before: bool, after: bool, place: int) -> Beam:
    if before:
        return "continue" if after else "end"
    if after:
        return "begin"
    return "backward hook" if place else "forward hook"

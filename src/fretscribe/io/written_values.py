"""Written note values: what a head, its dots and its tuplet say, as exact fractions of a quarter note.

The one place where a duration is spelled the way notation spells it. Knows no bars and no ties: a length
that no single sign can hold is refused, and ``tab_to_score`` splits it. Neighbours: the writers of scores
spell their beats with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

TUPLETS = ((1, 1), (3, 2), (5, 4), (6, 4), (7, 4))
"""How many notes stand in the time of how many."""

_HEADS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenValue:
    """A note or rest as it is drawn.

    Attributes
    ----------
    head : int
        1 = whole note, 4 = quarter note, ... 64.
    dots : int
        0 to 2.
    tuplet : tuple of int
        ``(3, 2)`` is three in the time of two, ``(1, 1)`` none.
    """

    head: int
    dots: int = 0
    tuplet: tuple[int, int] = (1, 1)

    @property
    def duration(self) -> Fraction:
        """Quarter notes.

        >>> WrittenValue(head=8, dots=1).duration, WrittenValue(head=8, tuplet=(3, 2)).duration
        (Fraction(3, 4), Fraction(1, 3))
        """
        plain = Fraction(4, self.head) * (2 - Fraction(1, 2**self.dots))
        notes, in_time_of = self.tuplet
        return plain * in_time_of / notes


def spell_duration(duration: Fraction) -> WrittenValue | None:
    """The simplest sign that lasts so many quarter notes; None where no single sign does.

    >>> spell_duration(Fraction(3, 2))
    WrittenValue(head=4, dots=1, tuplet=(1, 1))
    >>> spell_duration(Fraction(1, 6))
    WrittenValue(head=16, dots=0, tuplet=(3, 2))
    >>> spell_duration(Fraction(5, 4)) is None
    True
    """
    return _SPELLED.get(duration)


def _all_values() -> dict[Fraction, WrittenValue]:
    found: dict[Fraction, WrittenValue] = {}
    for tuplet in TUPLETS:
        for dots in range(3):
            for head in _HEADS:
                value = WrittenValue(head=head, dots=dots, tuplet=tuplet)
                found.setdefault(value.duration, value)
    return found


_SPELLED = _all_values()

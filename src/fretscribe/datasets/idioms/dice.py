"""Seeded chance for the generator: a thin, fast layer over one numpy generator.

Every random decision of ``idioms`` passes through one `Dice`, which is what makes a tab a pure function
of its seed. Knows nothing of music.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Dice:
    """Random choices drawn from one generator.

    >>> Dice(3).whole(1, 6) == Dice(3).whole(1, 6)
    True
    """

    __slots__ = ("rng",)

    def __init__(self, seed: int | np.random.Generator) -> None:
        self.rng = np.random.default_rng(seed)

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self.rng.random() < probability

    def between(self, low: float, high: float) -> float:
        """A number in ``low .. high``, uniform."""
        return low + (high - low) * self.rng.random()

    def whole(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int((high - low + 1) * self.rng.random())

    def bell(self, width: float, limit: float) -> float:
        """A normal draw around 0 with this standard deviation, clipped to ``+-limit``."""
        return min(limit, max(-limit, width * self.rng.standard_normal()))

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, all alike."""
        return choices[int(len(choices) * self.rng.random())]

    def weighted(self, choices: Mapping[T, float]) -> T:
        """One of the keys, in proportion to its value."""
        point = self.rng.random() * sum(choices.values())
        for choice, weight in choices.items():
            point -= weight
            if point < 0.0:
                return choice
        return choice

    def sample(self, choices: Sequence[T], n: int) -> list[T]:
        """``n`` different choices in random order."""
        pool = list(choices)
        return [pool.pop(int(len(pool) * self.rng.random())) for _ in range(min(n, len(pool)))]

"""The order in which the bars of a score are played: as written, or with its repeats unrolled.

Knows bars by their repeat signs only. Jump signs (da capo, segno, coda) are not followed; ``score_to_tab``
reports them. Neighbours: ``score`` holds the signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fretscribe.errors import TabFormatError
from fretscribe.io.score import ScoreBar

MAX_PLAYED_BARS = 20_000


@dataclass(slots=True)
class _Passage:
    """A passage that repeats: its first bar, and which round is being played."""

    first: int
    current: int = 1


def written_order(bars: Sequence[ScoreBar]) -> tuple[int, ...]:
    """Every bar once."""
    return tuple(range(len(bars)))


def unrolled_order(bars: Sequence[ScoreBar], name: str) -> tuple[int, ...]:
    """Bars as they sound, repeats and their endings unrolled.

    A repeat without a start goes back to the bar after the last closed repeat, or to the first bar. Of bars
    with endings only those of the round are played; an ending that follows the closing sign belongs to the
    same passage. A passage inside another is repeated anew in each round.

    Parameters
    ----------
    bars : sequence of ScoreBar
    name : str
        What to call the file in messages.

    Raises
    ------
    TabFormatError
        If more than 20,000 bars are played.

    >>> unrolled_order([ScoreBar(repeat_open=True), ScoreBar(repeat_close=2), ScoreBar()], "song")
    (0, 1, 0, 1, 2)
    """
    bars = _with_whole_endings(bars)
    order: list[int] = []
    passages = [_Passage(0)]  # those that are open, the innermost last
    i = 0
    while i < len(bars):
        bar = bars[i]
        if bar.repeat_open and passages[-1].first != i:
            passages.append(_Passage(i))
        passage = passages[-1]
        if not bar.endings or passage.current in bar.endings:
            order.append(i)
            if len(order) > MAX_PLAYED_BARS:
                raise TabFormatError(f"{name}: bar {i + 1}: repeats make more than {MAX_PLAYED_BARS} bars")
        if bar.repeat_close > 1 and _goes_back(bars, i, passage.current):
            passage.current += 1
            i = passage.first
            continue
        i += 1
        if _passage_ends(bars, i):
            passages.pop()
            if not passages:
                passages = [_Passage(i)]
    return tuple(order)


def _with_whole_endings(bars: Sequence[ScoreBar]) -> list[ScoreBar]:
    """Bars whose endings reach from their sign (all that Guitar Pro writes) to the closing of the repeat.

    Endings beside no closing sign at all belong to no repeat: such bars are played like others.
    """
    whole = list(bars)
    for i, bar in enumerate(bars):
        if not bar.endings or bar.repeat_close:
            continue
        for j in range(i + 1, len(bars)):
            if bars[j].endings or bars[j].repeat_open:
                break
            if bars[j].repeat_close:
                whole[i + 1 : j + 1] = [replace(b, endings=bar.endings) for b in bars[i + 1 : j + 1]]
                break
    closed = [
        bool(b.endings) and any(whole[j].repeat_close > 1 for j in _group(whole, i))
        for i, b in enumerate(whole)
    ]
    return [
        b if is_closed else replace(b, endings=frozenset())
        for b, is_closed in zip(whole, closed, strict=True)
    ]


def _group(bars: Sequence[ScoreBar], inside: int) -> range:
    """The run of bars with endings around one of them."""
    first = last = inside
    while first > 0 and bars[first - 1].endings:
        first -= 1
    while last + 1 < len(bars) and bars[last + 1].endings:
        last += 1
    return range(first, last + 1)


def _goes_back(bars: Sequence[ScoreBar], closing: int, current: int) -> bool:
    """Whether a closing sign begins another round.

    Among endings, the sign at the end of the one that was played does; where that ending has none, the last
    sign of the endings does, though its bar was not played.
    """
    bar = bars[closing]
    if not bar.endings:
        return current < bar.repeat_close
    group = _group(bars, closing)
    if current >= max(max(max(bars[j].endings), bars[j].repeat_close) for j in group):
        return False
    later = bars[closing + 1 : group.stop]
    return current in bar.endings or not any(current in b.endings or b.repeat_close > 1 for b in later)


def _passage_ends(bars: Sequence[ScoreBar], following: int) -> bool:
    """Whether the bar before ``following`` closed a passage that no further ending continues."""
    closed = bars[following - 1]
    if closed.endings:
        return following == len(bars) or not bars[following].endings
    return closed.repeat_close > 1

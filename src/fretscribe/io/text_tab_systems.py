"""Systems of a text tab: which lines belong together, and which string each of them is.

A system is the lines of all strings over the same time. Blank lines may stand between its strings, lines
may lack a label or be missing, and the lowest string may be on top. What the file does most often decides
what its odd systems mean. Neighbours: ``text_tab_lines`` finds the lines, ``text_tab_strings`` knows
tunings and which way up a tab is.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from fretscribe.convert import parse_pitch_class
from fretscribe.errors import OptionError
from fretscribe.io.text_tab_lines import StringLine

FEWEST, MOST = 4, 8
_STRUMS = frozenset("^vV")
_GAPS_TRIED = 6
_FAR = 3
"""Lines of other text over which a system that lacks strings may still go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Lines over the same time, from the top of the page down, with the row each has in a full system."""

    lines: tuple[StringLine, ...]
    rows: tuple[int, ...]
    is_full: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """All systems of a file, the labels of a full one (top down), and lines that found no system."""

    systems: tuple[System, ...]
    labels: tuple[str, ...]
    left_over: tuple[StringLine, ...]


def label_pitch_class(label: str) -> int | None:
    """The pitch class a label names (German ``H`` is B), None where it names none.

    >>> label_pitch_class("e"), label_pitch_class("Eb"), label_pitch_class("h"), label_pitch_class("L")
    (4, 3, 11, None)
    """
    text = label.rstrip("0123456789'")
    if text in ("H", "h"):
        return 11
    try:
        return parse_pitch_class(text)
    except OptionError:
        return None


def group_systems(lines: Sequence[StringLine]) -> Grouping:
    """Put lines together to systems; ``lines`` are in the order of the file."""
    groups = [g for run in _runs(_without_rulers(lines)) for g in _groups_of_run(run)]
    labels = _usual_labels(groups)
    groups = _joined(groups, labels)
    systems: list[System] = []
    left: list[StringLine] = []
    for group in groups:
        system = _system(_trimmed(group, len(labels)), labels)
        if system is None:
            left += [line for line in group if line.holds_frets]
        else:
            systems.append(system)
    return Grouping(systems=tuple(systems), labels=labels, left_over=tuple(left))


def _without_rulers(lines: Sequence[StringLine]) -> list[StringLine]:
    """Without rows of strums, and dashes over or under labelled strings that are none themselves."""
    labelled = {line.number for line in lines if line.label}
    return [line for line in lines if not _is_ruler(line, labelled)]


def _is_ruler(line: StringLine, labelled: AbstractSet[int]) -> bool:
    if not _is_note(line.label) and not line.holds_frets and _STRUMS & set(line.body):
        return True
    if line.label or line.holds_frets or "|" in line.body:
        return False
    above = bool({line.number - 1, line.number - 2} & labelled)
    below = bool({line.number + 1, line.number + 2} & labelled)
    return above != below


def _runs(lines: Sequence[StringLine]) -> Iterator[list[StringLine]]:
    """Lines that stand on one margin; what splits them further is the blank lines between."""
    run: list[StringLine] = []
    for line in lines:
        if run and line.number - run[-1].number > 12:
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _groups_of_run(run: Sequence[StringLine]) -> list[list[StringLine]]:
    """Split at the smallest distance of lines that leaves the most of them in whole systems."""
    distances = sorted({b.number - a.number for a, b in itertools.pairwise(run)})
    best: list[list[StringLine]] = []
    best_score = -1
    for widest in distances[:_GAPS_TRIED] or [1]:
        groups: list[list[StringLine]] = []
        for line in run:
            if groups and line.number - groups[-1][-1].number <= widest:
                groups[-1].append(line)
            else:
                groups.append([line])
        groups = [part for group in groups for part in _by_labels(group)]
        score = sum(len(g) * (1 + _is_even(g)) for g in groups if FEWEST <= len(g) <= MOST)
        if score > best_score:
            best, best_score = groups, score
    return best


def _is_even(group: Sequence[StringLine]) -> bool:
    """Whether the lines stand at equal distances, as strings of one system do."""
    return len({b.number - a.number for a, b in itertools.pairwise(group)}) <= 1


def _by_labels(group: list[StringLine]) -> list[list[StringLine]]:
    """Split where the labels start over."""
    labels = [line.label for line in group]
    if (
        len(group) >= FEWEST
        and len(group) % 2 == 0
        and all(labels)
        and labels == labels[:2] * (len(group) // 2)
    ):
        return [group[i : i + 2] for i in range(0, len(group), 2)]  # two strings of a riff, over and over
    if len(group) < MOST or (len(group) == MOST and not any(labels)):
        return [group]
    for period in (6, 4, 7, 5, 8):
        if len(group) % period == 0 and all(
            _alike(a, b) for a, b in zip(labels, labels[period:], strict=False)
        ):
            return [group[i : i + period] for i in range(0, len(group), period)]
    if len(group) == MOST:
        return [group]
    parts: list[list[StringLine]] = [[]]
    for line in group:
        if len(parts[-1]) >= FEWEST and line.label and line.label == parts[0][0].label:
            parts.append([])
        parts[-1].append(line)
    return parts


def _alike(a: str, b: str) -> bool:
    return a == b or not _is_note(a) or not _is_note(b)


def _is_note(label: str) -> bool:
    return label_pitch_class(label) is not None


def _usual_labels(groups: Sequence[Sequence[StringLine]]) -> tuple[str, ...]:
    counts = Counter(
        tuple(line.label for line in g)
        for g in groups
        if FEWEST <= len(g) <= MOST and any(line.label or line.holds_frets for line in g)
    )
    if not counts:
        return ("e", "B", "G", "D", "A", "E")
    by_size: Counter[int] = Counter()
    for labels, n in counts.items():
        by_size[len(labels)] += n
    size = max(by_size, key=lambda s: (by_size[s], s))
    if any(
        len(labels) > size and _holds_in_order(labels, usual)
        for labels in counts
        for usual in counts
        if len(usual) == size
    ):
        size = max(len(labels) for labels in counts)
    return max(
        (labels for labels in counts if len(labels) == size),
        key=lambda labels: (sum(_is_note(label) for label in labels), counts[labels]),
    )


def _holds_in_order(labels: Sequence[str], fewer: Sequence[str]) -> bool:
    """Whether ``fewer`` is ``labels`` with lines missing: then it is the tab that lacks lines."""
    if not all(_is_note(label) for label in (*labels, *fewer)):
        return False
    rest = iter(labels)
    return all(any(_same(label, other) for other in rest) for label in fewer)


def _same(a: str, b: str) -> bool:
    return label_pitch_class(a) == label_pitch_class(b)


def _joined(groups: list[list[StringLine]], labels: Sequence[str]) -> list[list[StringLine]]:
    """Join two neighbours that lack strings and together are a whole system."""
    joined: list[list[StringLine]] = []
    for group in groups:
        last = joined[-1] if joined else None
        if (
            last is not None
            and len(last) < len(labels)
            and len(last) + len(group) == len(labels)
            and group[0].number - last[-1].number <= _FAR
            and any(line.label for line in (*last, *group))
            and all(_alike(a.label, b) for a, b in zip((*last, *group), labels, strict=True))
        ):
            last += group
        else:
            joined.append(list(group))
    return joined


def _trimmed(group: list[StringLine], n_rows: int) -> list[StringLine]:
    """Without lines of strums or rulers that stand against a system: no frets, and no note for a label."""
    spare = [line for line in group if not line.holds_frets and not _is_note(line.label)]
    surplus = len(group) - n_rows
    if surplus <= 0 or len(spare) < surplus or not any(_is_note(line.label) for line in group):
        return group
    drop = {line.number for line in spare[:surplus]}
    return [line for line in group if line.number not in drop]


def _system(group: Sequence[StringLine], labels: Sequence[str]) -> System | None:
    if len(group) == len(labels):
        return System(lines=tuple(group), rows=tuple(range(len(labels))), is_full=True)
    rows = _rows_of_few(group, labels) if len(group) < len(labels) else None
    if rows is None:
        return None
    return System(lines=tuple(group), rows=rows, is_full=False)


def _rows_of_few(group: Sequence[StringLine], labels: Sequence[str]) -> tuple[int, ...] | None:
    """Rows of lines of which some are missing: the labels in order, odd ones wherever there is room.

    None where a label is none of the file's, or no label says anything.
    """
    if not any(_is_note(line.label) for line in group):
        return None
    best: dict[int, tuple[int, tuple[int, ...]]] = {-1: (0, ())}
    for line in group:
        following: dict[int, tuple[int, tuple[int, ...]]] = {}
        for row, label in enumerate(labels):
            fit = _fit(line.label, label)
            before = [b for at, b in best.items() if at < row]
            if fit is None or not before:
                continue
            score, rows = max(before, key=lambda b: (b[0], [-r for r in b[1]]))
            following[row] = (score + fit, (*rows, row))
        best = following
    if not best:
        return None
    return max(best.values(), key=lambda b: (b[0], [-r for r in b[1]]))[1]


def _fit(label: str, usual: str) -> int | None:
    if label and label == usual:
        return 3
    if not _is_note(label):
        return 0
    if not _is_note(usual):
        return 1
    return 2 if _same(label, usual) else None

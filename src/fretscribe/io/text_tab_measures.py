"""Measures of a text tab: systems cut at their bar lines, with the notes, signs and counts of each.

Columns here count from the first character behind the labels. Nothing is known of time: that is
``text_tab_timing``. Neighbours: ``text_tab_cells`` reads a line, ``text_tab_words`` the rows around it.
"""

from __future__ import annotations

import bisect
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from fretscribe.io.text_tab_cells import Cell, Remark, cut_columns, read_cells
from fretscribe.io.text_tab_lines import DIGITS, StringLine
from fretscribe.io.text_tab_strings import Strings
from fretscribe.io.text_tab_systems import System
from fretscribe.io.text_tab_words import RhythmLetter, Stamp
from fretscribe.music import Technique

MOST_REPEATS = 64
_REPEAT = re.compile(r"(?<![0-9A-Za-z])(?:[xX] ?(?P<after>\d{1,2})|(?P<before>\d{1,2}) ?[xX])(?![0-9A-Za-z])")


@dataclass(slots=True, kw_only=True)
class Rows:
    """What stands above and below a system, by column."""

    chords: list[tuple[int, str, int]] = field(default_factory=list)
    """Column, name, line of the file."""
    spans: list[tuple[Technique, int, int]] = field(default_factory=list)
    counts: list[tuple[int, Fraction]] = field(default_factory=list)
    rhythm: list[RhythmLetter] = field(default_factory=list)
    tuplets: list[tuple[int, int, Fraction]] = field(default_factory=list)
    """First column, column after the last, and what it makes of a value."""
    stamp: Stamp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnNote:
    """A note on the page: where in its measure, on which string, in which line."""

    x: int
    string: int
    cell: Cell
    line: StringLine

    @property
    def text(self) -> str:
        return self.line.body[self.cell.first : self.cell.end]

    @property
    def column(self) -> int:
        """Column of its text in the line, from 1."""
        return self.line.start + self.cell.first + 1


@dataclass(slots=True, kw_only=True)
class Measure:
    """What stands between two bar lines.

    Attributes
    ----------
    width : int
        Characters between the bar lines, marks of repeats left out.
    notes : list of DrawnNote
        By x, then string.
    chords : list of (x, name)
    counts : list of (x, Fraction)
        Marks of a count line.
    rhythm : list of RhythmLetter
        Tuplets worked in.
    is_closed : bool
        Whether a bar line ends it.
    opens_repeat : bool
    repeats : int
        How often it, or what goes back to the last opened repeat, is played; 1 = no repeat ends here.
    system : int
    start : int
        Column of the system at which it begins.
    bar : int or None
        Number of the bar, from 1, where a stamp gives it.
    tempo_bpm : float or None
        From its start on, where a stamp gives it.
    was_cut : bool
        Whether it stood on two lines.
    """

    width: int
    notes: list[DrawnNote]
    chords: list[tuple[int, str]]
    counts: list[tuple[int, Fraction]]
    rhythm: list[RhythmLetter]
    is_closed: bool
    system: int
    start: int = 0
    opens_repeat: bool = False
    repeats: int = 1
    bar: int | None = None
    tempo_bpm: float | None = None
    was_cut: bool = False


def repeat_in(tail: str) -> int:
    """How often a system is played by what follows its last bar line; 1 where it says nothing.

    >>> repeat_in(" (x2)"), repeat_in(" [8x]"), repeat_in(" X 3"), repeat_in(" x2000"), repeat_in("")
    (2, 8, 3, 1, 1)
    """
    found = _REPEAT.search(tail[:200])
    if found is None:
        return 1
    return min(max(int(found["after"] or found["before"]), 1), MOST_REPEATS)


def measures_of(
    number: int, system: System, strings: Strings, rows: Rows
) -> tuple[list[Measure], list[Remark], list[Remark]]:
    """The measures of a system, what could not be read, and comments that follow its lines."""
    remarks: list[Remark] = []
    comments: list[Remark] = []
    drawn: list[DrawnNote] = []
    cuts = {x for line in system.lines for x in cut_columns(line.body)}
    for line, row in zip(system.lines, system.rows, strict=True):
        cells, unread = read_cells(line, cuts)
        remarks += unread
        string = strings.string_of_row(row)
        drawn += [DrawnNote(x=cell.x, string=string, cell=cell, line=line) for cell in cells]
        _read_tail(line, remarks, comments)
    _mark_spans(drawn, rows.spans)
    drawn.sort(key=lambda n: (n.x, n.string))
    repeats = max((repeat_in(line.tail) for line in system.lines), default=1)
    return _cut(number, system, drawn, rows, repeats), remarks, comments


def _read_tail(line: StringLine, remarks: list[Remark], comments: list[Remark]) -> None:
    text = line.tail.strip()
    for at, insert in line.inserts:
        comments.append(Remark(line=line.number, column=line.start + at + 1, text=insert, why="comment"))
    if not text:
        return
    column = line.start + len(line.body) + len(line.tail) - len(line.tail.lstrip()) + 1
    if text[0] in DIGITS and _REPEAT.match(text) is None and not line.tail.startswith(" "):
        remarks.append(
            Remark(line=line.number, column=column, text=text, why="stands after the last bar line")
        )
    else:
        comments.append(Remark(line=line.number, column=column, text=text, why="comment"))


def _mark_spans(drawn: Iterable[DrawnNote], spans: Sequence[tuple[Technique, int, int]]) -> None:
    if not spans:
        return
    for technique in {t for t, _, _ in spans}:
        edges = sorted((a, b) for t, a, b in spans if t == technique)
        starts = [a for a, _ in edges]
        for note in drawn:
            i = bisect.bisect_right(starts, note.x) - 1
            if i >= 0 and note.x < edges[i][1]:
                note.cell.techniques.add(technique)


def bar_columns(lines: Sequence[StringLine]) -> list[int]:
    """Columns where at least half of the lines have a bar line."""
    counts: Counter[int] = Counter()
    for line in lines:
        counts.update(i for i, c in enumerate(line.body) if c == "|")
    return sorted(x for x, n in counts.items() if 2 * n >= len(lines))


def _cut(number: int, system: System, drawn: list[DrawnNote], rows: Rows, repeats: int) -> list[Measure]:
    width = max(len(line.body) for line in system.lines)
    edges = [-1, *bar_columns(system.lines), width]
    places = [n.x for n in drawn]
    rhythm = _in_tuplets(rows)
    made: list[Measure] = []
    for left, right in itertools.pairwise(edges):
        start, end = left + 1, right
        if end <= start:
            continue
        inside = drawn[bisect.bisect_left(places, start) : bisect.bisect_left(places, end)]
        if not inside and not any("-" in line.body[start:end] for line in system.lines):
            continue
        opens, closes = (_has_repeat_mark(system.lines, x) for x in (start, end - 1))
        first, last = start + opens, max(end - closes, start + opens + 1)
        made.append(
            Measure(
                width=last - first,
                notes=[
                    DrawnNote(x=max(0, n.x - first), string=n.string, cell=n.cell, line=n.line)
                    for n in inside
                ],
                chords=[(max(0, x - first), name) for x, name, _ in rows.chords if start <= x < end],
                counts=[(max(0, x - first), beat) for x, beat in rows.counts if start <= x < end],
                rhythm=[replace(r, at=max(0, r.at - first)) for r in rhythm if start <= r.at < end],
                is_closed=right < width,
                system=number,
                start=start,
                opens_repeat=opens,
                repeats=2 if closes else 1,
            )
        )
    _mark_repeats(made, system, repeats)
    if made and rows.stamp is not None:
        for i, measure in enumerate(made):
            measure.bar = None if rows.stamp.bar is None else rows.stamp.bar + i
        made[0].tempo_bpm = rows.stamp.tempo_bpm
    return made


def _in_tuplets(rows: Rows) -> list[RhythmLetter]:
    """The letters of a system, each in the time of its tuplet."""
    groups = sorted(rows.tuplets)
    starts = [a for a, _, _ in groups]
    found = []
    for letter in rows.rhythm:
        i = bisect.bisect_right(starts, letter.at) - 1
        share = groups[i][2] if i >= 0 and letter.at < groups[i][1] else Fraction(1)
        found.append(replace(letter, quarters=letter.quarters * share))
    return found


def _mark_repeats(made: Sequence[Measure], system: System, repeats: int) -> None:
    """Repeat what stands before ``[4x]`` between bar lines, and what stands before it at the end."""
    opened = 0
    inserts = sorted({(at, repeat_in(text)) for line in system.lines for at, text in line.inserts})
    for at, times in inserts:
        n_before = sum(m.start < at for m in made)
        if times > 1 and opened < n_before:
            made[opened].opens_repeat = True
            made[n_before - 1].repeats = times
            opened = n_before
    if repeats > 1 and opened < len(made):
        made[opened].opens_repeat = True
        made[-1].repeats = repeats


def _has_repeat_mark(lines: Sequence[StringLine], x: int) -> bool:
    marks = Counter(line.body[x] for line in lines if x < len(line.body))
    return marks[":"] >= 1 or marks["o"] >= 2


def unrolled(measures: Sequence[Measure], most: int) -> list[Measure]:
    """Measures in the order they are played, at most about ``most`` of them."""
    played: list[Measure] = []
    opened = 0
    for i, measure in enumerate(measures):
        if measure.opens_repeat:
            opened = i
        played.append(measure)
        if measure.repeats > 1:
            for _ in range(measure.repeats - 1):
                if len(played) < most:
                    played += measures[opened : i + 1]
            opened = i + 1
    return played

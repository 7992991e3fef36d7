"""The words of a text tab in their places: which rows belong to which system, and what section a line is in.

Neighbours: ``text_tab_words`` reads single lines, ``text_tab_reader`` joins this with the notes.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from fretscribe.io.text_tab_measures import Rows
from fretscribe.io.text_tab_systems import System
from fretscribe.io.text_tab_words import (
    ChordMark,
    chord_names,
    count_marks,
    heading,
    part,
    rhythm_letters,
    says_dots_mute,
    says_rhythm,
    span_columns,
    stamp,
    tuplets,
)

_REACH_DOWN = 6
"""Lines below which a row still belongs to the system under it."""
_REACH_UP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading: its words, and its line from 1."""

    name: str
    line: int


@dataclass(slots=True, kw_only=True)
class Page:
    """What stands around the strings."""

    rows: list[Rows]
    """One for each system."""
    sections: list[Section] = field(default_factory=list)
    parts: list[Section] = field(default_factory=list)
    chords: list[ChordMark] = field(default_factory=list)

    def section_at(self, line: int) -> str:
        """The section that a line of the file is in, empty before the first."""
        return _last_before(self.sections, line)

    def part_at(self, line: int) -> str:
        """Who plays a line of the file (``Guitar 2``), empty where the section names nobody."""
        return _last_before(self.parts, line)


def _last_before(marks: Sequence[Section], line: int) -> str:
    i = bisect.bisect_right(marks, line, key=lambda m: m.line) - 1
    return marks[i].name if i >= 0 else ""


def read_page(lines: Sequence[str], drawn: AbstractSet[int], systems: Sequence[System]) -> Page:
    """The page of a text.

    Parameters
    ----------
    lines : sequence of str
        All lines; line n of the file is ``lines[n - 1]``.
    drawn : set of int
        Lines that draw a string.
    systems : sequence of System
        In the order of the file.
    """
    page = Page(rows=[Rows() for _ in systems])
    finder = _Finder(systems)
    legend = _Legend(dots_mute=says_dots_mute(lines), rhythm=says_rhythm(lines))
    for number, line in enumerate(lines, start=1):
        if number not in drawn and line.strip():
            _read_line(page, finder, number, line, legend)
    return page


@dataclass(frozen=True, slots=True)
class _Legend:
    """What the text says of its own rows."""

    dots_mute: bool
    rhythm: bool


class _Finder:
    """Finds the systems next to a line."""

    def __init__(self, systems: Sequence[System]) -> None:
        self.starts = [system.lines[0].number for system in systems]
        self.ends = [system.lines[-1].number for system in systems]
        self.margins = [system.lines[0].start for system in systems]

    def below(self, line: int) -> int | None:
        i = bisect.bisect_right(self.starts, line)
        return i if i < len(self.starts) and self.starts[i] - line <= _REACH_DOWN else None

    def nearest(self, line: int) -> int | None:
        """The system that a row over or under the strings belongs to: the nearer, the upper one of two."""
        below = self.below(line)
        i = bisect.bisect_right(self.ends, line) - 1
        above = i if i >= 0 and line - self.ends[i] <= _REACH_UP else None
        if below is None or above is None:
            return above if below is None else below
        return below if self.starts[below] - line < line - self.ends[above] else above


def _read_line(page: Page, finder: _Finder, number: int, line: str, legend: _Legend) -> None:
    stamped = stamp(line)
    if stamped is not None:
        below = finder.below(number)
        if below is not None:
            page.rows[below].stamp = stamped
        return
    who, name = part(line), heading(line)
    if who is not None:
        page.parts.append(Section(name=who, line=number))
    elif name is not None:
        page.sections.append(Section(name=name, line=number))
        page.parts.append(Section(name="", line=number))
    if who is None and _read_rows(page, finder, number, line, legend):
        return
    _read_chords(page, finder, number, line)


def _read_rows(page: Page, finder: _Finder, number: int, line: str, legend: _Legend) -> bool:
    """Read a row of counts, rhythm letters, tuplets or spans; whether it was one."""
    near = finder.nearest(number)
    if near is None:
        return False
    rows, margin = page.rows[near], finder.margins[near]
    counts, rhythm = count_marks(line), rhythm_letters(line, is_ours=legend.rhythm)
    groups = tuplets(line) if legend.rhythm else []
    spans = [] if counts or rhythm else span_columns(line, dots_mute=legend.dots_mute)
    if counts and not rows.counts:
        rows.counts = [(at - margin, beat) for at, beat in counts]
    if rhythm and not rows.rhythm:
        rows.rhythm = [replace(letter, at=letter.at - margin) for letter in rhythm]
    rows.tuplets += [(a - margin, b - margin, share) for a, b, share in groups]
    rows.spans += [(technique, a - margin, b - margin) for technique, a, b in spans]
    return bool(counts or rhythm or groups or spans)


def _read_chords(page: Page, finder: _Finder, number: int, line: str) -> None:
    found = chord_names(line)
    below = finder.below(number)
    for at, name in found:
        page.chords.append(ChordMark(name=name, line=number, column=at + 1, section=page.section_at(number)))
        if below is not None:
            page.rows[below].chords.append((max(0, at - finder.margins[below]), name, number))

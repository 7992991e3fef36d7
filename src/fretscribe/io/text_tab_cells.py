"""Notes on one line of a text tab: frets, signs of playing, and what cannot be read.

The rules, where a tab leaves room:

- One digit is a fret. Two digits are one fret from 10 to 24, unless another string has, at the same two
  columns, two digits that can only be two frets. Three digits and more are frets of one digit each.
- Two digits beyond 24 or with a leading 0 are two frets. Inside brackets they are not cut: ``<29>`` is
  listed as not understood.
- A number after ``b`` is where a bend goes if it lies 1 to 12 frets higher; one after ``r`` is where it
  returns (without one, to its fret). Neither is a note of its own.
- A word (two letters and more that are no signs of playing) takes the digits that touch it with it.

Neighbours: ``text_tab_lines`` finds the line, ``text_tab_measures`` puts the notes in time.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from fretscribe.io.text_tab_lines import DIGITS, StringLine
from fretscribe.music import Technique

HIGHEST_FRET = 24
_HIGHEST_BEND = 12
_REACH = 3
"""Characters over which a sign such as ``h`` or ``/`` still waits for its note."""

_SPACE = frozenset("-|= ")
_LEADS: dict[str, Technique] = {
    "h": "hammer_on", "H": "hammer_on", "t": "hammer_on", "T": "hammer_on",
    "p": "pull_off", "P": "pull_off",
    "/": "slide", "\\": "slide", "s": "slide", "S": "slide",
}  # fmt: skip
_VIBRATO = frozenset("~vVwW")
_QUIET_SIGNS = frozenset("_.,'\"!?*+:^>)}]#%rRgob")
"""Accents, marks of repeats, doubts, ends of brackets: they sound nowhere."""
_WORD = re.compile(r"[A-Za-z]{2,}")
_SIGN_WORDS = r"full|half|pm|nh|ah|ph|tr|sl|sh|lr|th|tp|vib|hold|let|ring"
_SIGNS = re.compile(rf"(?>{_SIGN_WORDS}|[hpbrstvwxo])++", re.IGNORECASE)
"""Letters that are all signs; nothing is tried twice, so that long runs take linear time."""
_SIGN_WORD = re.compile(_SIGN_WORDS, re.IGNORECASE)
_ASIDE = re.compile(r"\([^()|]{0,40}\)")
_BEND = re.compile(r"(?:1/[24]|[½¼]|half|\.5|full)|\(?(\d{1,2})(?!\d)\)?")
_RELEASE = re.compile(r"\(?\d{1,2}(?!\d)\)?")
_QUARTER_STEP, _HALF_STEP, _FULL_STEP = 50.0, 100.0, 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something at a place of the text, and what is said about it. Line and column count from 1."""

    line: int
    column: int
    text: str
    why: str


@dataclass(slots=True)
class Cell:
    """A note as drawn: its character in the body (from 0), how wide it is, and what it says."""

    x: int
    width: int
    fret: int
    techniques: set[Technique] = field(default_factory=set)
    bend_cents: float = 0.0
    release_cents: float | None = None
    """Where a bend returns to, None where it stays."""
    first: int = 0
    """Where its text begins (a sign before the fret, an opening bracket)."""
    waves: int = 0
    """Further characters of a long vibrato: they fill time and are no part of the note's text."""

    @property
    def text_width(self) -> int:
        return self.width - self.waves

    @property
    def end(self) -> int:
        return self.x + self.width


def cut_columns(body: str) -> set[int]:
    """Where two digits stand that can only be two frets, by their first character.

    >>> sorted(cut_columns("-12-35-09-"))
    [4, 7]
    """
    found = set()
    for start, end in _digit_runs(body):
        if end - start == 2 and not _is_fret(body[start:end]):
            found.add(start)
    return found


def _digit_runs(body: str) -> list[tuple[int, int]]:
    return [m.span() for m in re.finditer(r"[0-9]+", body)]


def _is_fret(two: str) -> bool:
    return two[0] != "0" and int(two) <= HIGHEST_FRET


def read_cells(line: StringLine, cuts: AbstractSet[int]) -> tuple[list[Cell], list[Remark]]:
    """The notes of a line, left to right, and what could not be read.

    Parameters
    ----------
    line : StringLine
    cuts : set of int
        Characters of the body at which two digits are two frets because another string says so.
    """
    walker = _Walker(line, cuts)
    body, asides = _without_asides(walker)
    for start, end in _chunks(body):
        walker.read_chunk(body, start, end)
    return walker.cells, sorted([*asides, *walker.remarks], key=lambda r: r.column)


def _without_asides(walker: _Walker) -> tuple[str, list[Remark]]:
    """The body with words in brackets blanked."""
    body = walker.line.body
    if "(" not in body:
        return body, []
    asides: list[Remark] = []

    def blank(match: re.Match[str]) -> str:
        if not _has_word(match[0]):
            return match[0]
        asides.append(walker.remark(match.start(), match.end(), "words on a string"))
        return "-" * len(match[0])

    return _ASIDE.sub(blank, body), asides


def _has_word(text: str) -> bool:
    return any(_SIGNS.fullmatch(word[0]) is None for word in _WORD.finditer(text))


def _chunks(body: str) -> list[tuple[int, int]]:
    return [m.span() for m in re.finditer(r"[^-|= ]+", body)]


class _Walker:
    """Reads the chunks between dashes, one after the other."""

    def __init__(self, line: StringLine, cuts: AbstractSet[int]) -> None:
        self.line = line
        self.cuts = cuts
        self.cells: list[Cell] = []
        self.remarks: list[Remark] = []
        self._lead: Technique | None = None
        self._lead_at = 0

    def remark(self, start: int, end: int, why: str) -> Remark:
        return Remark(
            line=self.line.number,
            column=self.line.start + start + 1,
            text=self.line.body[start:end],
            why=why,
        )

    def read_chunk(self, body: str, start: int, end: int) -> None:
        if _has_word(body[start:end]):
            self.remarks.append(self.remark(start, end, "words on a string"))
            return
        i = start
        while i < end:
            i = self._step(body, i, start, end)

    def _step(self, body: str, i: int, start: int, end: int) -> int:
        c = body[i]
        touches = bool(self.cells) and self.cells[-1].end == i and i > start
        if c in DIGITS:
            return self._digits(body, i, end)
        if c in "<[{":
            return self._bracket(body, i, end)
        word = _SIGN_WORD.match(body, i, end)
        if word is not None:
            if c in "sS":
                self._lead, self._lead_at = "slide", word.end() - 1
            return word.end()
        if c in "xX":
            self._add(i, 1, 0).techniques.add("dead")
            return i + 1
        if c in "bB^" and touches:
            return self._bend(body, i, end)
        if c in "rR" and touches and "bend" in self.cells[-1].techniques:
            return self._release(body, i, end)
        if c in _LEADS:
            self._lead, self._lead_at = _LEADS[c], i
            return i + 1
        if c in _VIBRATO:
            if touches:
                self.cells[-1].waves += "vibrato" in self.cells[-1].techniques
                self.cells[-1].techniques.add("vibrato")
                self.cells[-1].width += 1
            return i + 1
        if c == "(":
            return i + 1
        if c not in _QUIET_SIGNS:
            self.remarks.append(self.remark(i, i + 1, "unknown sign"))
        if touches and c in "*?)":
            self.cells[-1].width += 1
        return i + 1

    def _add(self, x: int, width: int, fret: int) -> Cell:
        cell = Cell(x, width, fret, first=x)
        if self._lead is not None and x - self._lead_at <= _REACH:
            cell.techniques.add(self._lead)
            cell.first = max(self._lead_at, self.cells[-1].end if self.cells else 0)
        self._lead = None
        self.cells.append(cell)
        return cell

    def _digits(self, body: str, i: int, end: int) -> int:
        stop = i
        while stop < end and body[stop] in DIGITS:
            stop += 1
        if stop - i == 2 and _is_fret(body[i:stop]) and i not in self.cuts:
            self._add(i, 2, int(body[i:stop]))
        else:
            for at in range(i, stop):
                self._add(at, 1, int(body[at]))
        return stop

    def _bracket(self, body: str, i: int, end: int) -> int:
        """``<12>``: a harmonic; in other brackets the fret alone counts."""
        close = body.find({"<": ">", "[": "]", "{": "}"}[body[i]], i, min(end, i + 5))
        inside = body[i + 1 : close] if close > 0 else ""
        if not inside or not set(inside) <= DIGITS:
            if body[i] != "<":
                self.remarks.append(self.remark(i, i + 1, "unknown sign"))
            return i + 1
        if len(inside) > 2 or int(inside) > HIGHEST_FRET:
            self.remarks.append(self.remark(i, close + 1, f"no fret above {HIGHEST_FRET} is read"))
            return close + 1
        cell = self._add(i, close + 1 - i, int(inside))
        if body[i] == "<":
            cell.techniques.add("harmonic")
        return close + 1

    def _bend(self, body: str, i: int, end: int) -> int:
        cell = self.cells[-1]
        cell.techniques.add("bend")
        target = _BEND.match(body, i + 1, end)
        stop = i + 1 if target is None else target.end()
        if target is None or target[0] == "full":
            cell.bend_cents = _FULL_STEP
        elif target[1] is None:
            cell.bend_cents = _QUARTER_STEP if target[0] in ("1/4", "¼") else _HALF_STEP
        else:
            semitones = int(target[1]) - cell.fret
            if 1 <= semitones <= _HIGHEST_BEND:
                cell.bend_cents = semitones * 100.0
            else:
                cell.bend_cents = _FULL_STEP
                self.remarks.append(self.remark(i, stop, "bends to a fret that is not above its own"))
        cell.width = stop - cell.x
        return stop

    def _release(self, body: str, i: int, end: int) -> int:
        target = _RELEASE.match(body, i + 1, end)
        stop = i + 1 if target is None else target.end()
        cell = self.cells[-1]
        frets = 0 if target is None else int(target[0].strip("()")) - cell.fret
        cell.release_cents = min(max(0.0, frets * 100.0), cell.bend_cents)
        cell.width = stop - cell.x
        return stop

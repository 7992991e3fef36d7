"""One bar of a text tab: note texts, column widths, and the rows they make.

A column is a lead character (a dash, or the sign of how a note is reached) and the fret after it. Columns
are equally wide but where a text would run into its neighbour. Neighbours: ``ascii_grid`` says which
column, ``ascii_rhythm`` which note values, ``ascii_tab`` puts bars side by side.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fretscribe.io.ascii_rhythm import LEADS, RhythmMark, tuplets_of
from fretscribe.music import TabNote, Technique

SIGNS: Mapping[str, str] = {
    "h": "hammer-on",
    "p": "pull-off",
    "/": "slide up",
    "\\": "slide down",
    "~": "vibrato",
    "b": "bend",
    "r": "release",
    "x": "dead note",
    "<>": "harmonic",
    "PM": "palm mute",
    "LR": "let ring",
    "?": "doubtful",
}
_SPANS: tuple[tuple[Technique, str], ...] = (("palm_mute", "PM"), ("let_ring", "LR"))
_COLUMN_WIDTH = 2
_WHOLE_FRET_CENTS = 75.0
TUPLETS, RHYTHM = "tuplets", "rhythm"
ROWS = ("PM", "LR", TUPLETS, RHYTHM)
"""Rows between chord names and strings, from the top."""


@dataclass(frozen=True, slots=True)
class NoteText:
    """What a note looks like: the sign before it (one character or none), the text, the signs it uses."""

    lead: str
    body: str
    signs: frozenset[str]


@dataclass(slots=True)
class BarCells:
    """What stands in the columns of a bar."""

    n_columns: int
    columns_per_beat: int
    texts: dict[tuple[int, int], NoteText] = field(default_factory=dict)
    """By (string, column)."""
    chords: dict[int, str] = field(default_factory=dict)
    spans: dict[str, set[int]] = field(default_factory=dict)
    """Columns of the notes that are muted, ring ..."""
    rhythm: Mapping[int, RhythmMark] = field(default_factory=dict)
    """By column, rising."""


@dataclass(frozen=True, slots=True)
class Block:
    """A drawn bar, or a piece of one that is too wide: rows of equal width."""

    strings: tuple[str, ...]
    """String 0 = lowest first."""
    chords: str
    rows: Mapping[str, str]
    """By their names in `ROWS`."""
    ends_bar: bool

    @property
    def width(self) -> int:
        """Characters, the bar line included."""
        return len(self.strings[0]) + self.ends_bar


def note_text(tab_note: TabNote, previous: TabNote | None, show_doubt: float | None) -> NoteText:
    """The text of a note; ``previous`` is the last one on its string (it says which way a slide goes)."""
    techniques, fret = tab_note.techniques, tab_note.position.fret
    lead, signs = "", set()
    if "hammer_on" in techniques:
        lead = "h"
    elif "pull_off" in techniques:
        lead = "p"
    elif "slide" in techniques:
        lead = "\\" if previous is not None and previous.position.fret > fret else "/"
    body = str(fret)
    if "dead" in techniques:
        body = "x"
        signs.add("x")
    elif "harmonic" in techniques:
        body = f"<{fret}>"
        signs.add("<>")
    if "bend" in techniques and "dead" not in techniques:  # what has no pitch goes nowhere
        body += _bend_text(fret, [p.cents for p in tab_note.note.bend])
        signs |= {"b", "r"} if "r" in body else {"b"}
    if "vibrato" in techniques:
        body += "~"
        signs.add("~")
    confidence = tab_note.confidence
    if show_doubt is not None and confidence is not None and confidence < show_doubt:
        body += "?"
        signs.add("?")
    signs |= {lead} if lead else set()
    signs |= {label for technique, label in _SPANS if technique in techniques}
    return NoteText(lead, body, frozenset(signs))


def _bend_text(fret: int, cents: Sequence[float]) -> str:
    """Where a bend goes and returns, if it does: ``b9``, ``b9r7``; ``b1/4`` for a quarter tone."""
    highest = max(cents, default=0.0)
    if highest <= 0.0:
        return "b"
    if highest < _WHOLE_FRET_CENTS:
        return "b1/4"
    semitones, returned = round(highest / 100.0), max(0, round(cents[-1] / 100.0))
    return f"b{fret + semitones}" + (f"r{fret + returned}" if returned < semitones else "")


def span_labels(tab_note: TabNote) -> list[str]:
    """Labels of the rows above the strings that this note belongs to."""
    return [label for technique, label in _SPANS if technique in tab_note.techniques]


def draw_bar(cells: BarCells, n_strings: int, available: int, *, bar_line: bool = True) -> list[Block]:
    """The rows of a bar, in pieces of at most ``available`` characters where it is wider.

    Pieces are cut before a beat where one fits.
    """
    starts = _column_starts(cells)
    if starts[-1] + 1 > available - bar_line:  # cut between columns, it must not split a number
        starts = _column_starts(cells, may_overlap=False)
    strings, chords = _rows(cells, starts, n_strings)
    width = len(strings[0])
    cuts = _cuts(starts, cells.columns_per_beat, available - bar_line)
    rows = {label: _span_row(columns, cells, starts, cuts, label) for label, columns in cells.spans.items()}
    rows |= _rhythm_rows(cells, starts, cuts)
    blocks = []
    for a, b in zip(cuts, [*cuts[1:], width], strict=True):
        is_last = b == width
        blocks.append(
            Block(
                strings=tuple(row[a:b] for row in strings),
                chords=chords[a:] if is_last else chords[a:b],
                rows={label: row.ljust(width)[a:b] for label, row in rows.items()},
                ends_bar=is_last and bar_line,
            )
        )
    return blocks


def _column_starts(cells: BarCells, *, may_overlap: bool = True) -> list[int]:
    """Where each column starts, and the end of the last.

    A text may reach over the start of the next column where that has nothing on its string, unless
    ``may_overlap`` is false.
    """
    widths = [_COLUMN_WIDTH] * cells.n_columns
    if not may_overlap:
        for (_, column), text in cells.texts.items():
            widths[column] = max(widths[column], 1 + len(text.body))
        for column, mark in cells.rhythm.items():
            widths[column] = max(widths[column], 1 + len(mark.letter))
    occupied = sorted({column for _, column in cells.texts})
    chord_columns = sorted(cells.chords)
    for column in sorted({*occupied, *chord_columns}):
        following = next((c for c in occupied if c > column), cells.n_columns)
        gap = sum(widths[column:following])
        needed = 0
        for (string, at), text in cells.texts.items():
            if at == column:
                touches = following == cells.n_columns or (string, following) in cells.texts
                needed = max(needed, len(text.body) + touches)
        widths[column] += max(0, needed - gap)
        if column in cells.chords:
            following = next((c for c in chord_columns if c > column), cells.n_columns)
            # At the end of the bar a name may stand over the bar line.
            needed = len(cells.chords[column]) + (1 if following < cells.n_columns else -1)
            widths[column] += max(0, needed - sum(widths[column:following]))
    for (column, mark), (following, after) in itertools.pairwise(cells.rhythm.items()):
        needed = len(mark.letter) + 1 + len(LEADS[after.kind])
        widths[column] += max(0, needed - sum(widths[column:following]))
    starts = [0]
    for width in widths:
        starts.append(starts[-1] + width)
    return starts


def _rows(cells: BarCells, starts: Sequence[int], n_strings: int) -> tuple[list[str], str]:
    width = starts[-1] + 1
    grid = [["-"] * width for _ in range(n_strings)]
    for (string, column), text in cells.texts.items():
        at = starts[column]
        row = grid[string]
        row[at : at + 1] = text.lead or "-"
        row[at + 1 : at + 1 + len(text.body)] = text.body
    chords = ""
    for column, name in sorted(cells.chords.items()):
        chords = chords.ljust(starts[column] + 1) + name
    return ["".join(row) for row in grid], chords


def _rhythm_rows(cells: BarCells, starts: Sequence[int], cuts: Sequence[int]) -> dict[str, str]:
    """Letters over the frets that they belong to, and over them ``.-3-.`` from end to end of a tuplet."""
    places = [starts[column] + 1 for column in cells.rhythm]
    marks = list(cells.rhythm.values())
    letters = tuplets = ""
    for mark, at in zip(marks, places, strict=True):
        letters = letters.ljust(at - len(LEADS[mark.kind])) + mark.text
    for first, last, n_notes in tuplets_of(marks):
        edges = [first, *(i for i in range(first + 1, last + 1) if _is_cut(places[i - 1], places[i], cuts))]
        for a, b in itertools.pairwise([*edges, last + 1]):
            width = places[b - 1] - places[a] + 1
            bracket = f".{str(n_notes).center(width - 2, '-')}." if width > 2 else str(n_notes)
            tuplets = tuplets.ljust(places[a]) + bracket
    return {name: row for name, row in ((TUPLETS, tuplets), (RHYTHM, letters)) if row}


def _is_cut(before: int, after: int, cuts: Sequence[int]) -> bool:
    return any(before < cut <= after for cut in cuts)


def _span_row(
    columns: set[int], cells: BarCells, starts: Sequence[int], cuts: Sequence[int], label: str
) -> str:
    """``PM------`` over every run of struck columns that have the technique, anew in every piece."""
    row, before = "", -1  # the place of the last note of the run
    for column in sorted({column for _, column in cells.texts}):
        at = starts[column]
        if column not in columns:
            before = -1
            continue
        if before < 0 or _is_cut(before, at, cuts):
            end = next((cut for cut in cuts if cut > at), at + 1 + len(label))
            row = row.ljust(min(at + 1, end - len(label))) + label
        row = row.ljust(at + 2, "-")
        before = at
    return row


def _cuts(starts: Sequence[int], columns_per_beat: int, available: int) -> list[int]:
    cuts, reached, last = [0], 0, len(starts) - 1
    while starts[-1] + 1 - cuts[-1] > available and reached + 1 < last:
        fitting = [i for i in range(reached + 1, last) if starts[i] - cuts[-1] <= available]
        on_beat = [i for i in fitting if i % columns_per_beat == 0]
        reached = (on_beat or fitting or [reached + 1])[-1]
        cuts.append(starts[reached])
    return cuts

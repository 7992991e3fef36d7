"""Words, chords and counts around the systems of a text tab, each with its line and column.

Headings (``[Chorus]``, ``Verse 1:``), chord names above strings or above lyrics, rows that span notes
(``PM---``, ``let ring``), count lines (``1 & 2 &``) and rhythm letters (``q e e q``).
Neighbours: ``symbols`` knows chord names, ``text_tab_header`` what is said of the whole piece.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from fretscribe.io.symbols import harte_from_symbol
from fretscribe.music import Technique

_LONGEST_HEADING = 60
_BRACKETED = re.compile(r"\s*\[(?P<name>[^\[\]]{1,40})\]")
_NAMED = re.compile(
    r"\W{0,6}(?P<name>(?:pre[ -]?|post[ -]?|main |guitar |first |second |last |final )?"
    r"(?:intro(?:duction)?|verse|chorus|bridge|solo|interlude|outro|riff|refrain|breakdown|break|ending|coda|"
    r"instrumental|melody|hook|fill|lick|tag|part [A-Z1-9])\b[ \w./#&-]{0,24}?)\W{0,6}",
    re.IGNORECASE,
)
_PART = re.compile(
    r"\W{0,4}(?P<name>(?:(?:lead|rhythm|rhy\.?|acoustic|electric|bass) )?"
    r"(?:guitars?|gtr\.?|bass)(?: ?\d)?)\b",
    re.IGNORECASE,
)
_STAMP = re.compile(r"\[(?P<m>\d{1,4}):(?P<s>\d\d)\](?:  bar (?P<bar>\d{1,6}))?")
_INLINE_CHORD = re.compile(r"\[([A-G][^\[\]\s]{0,9})\]")
_TOKEN = re.compile(r"\S+")
_AROUND_CHORD = "|()*,.[]:-"
_NEUTRAL = re.compile(r"\(?x\d{1,2}\)?|\d{1,2}x|[|/%.-]+|\((?:hold|let ring)\)|N\.?C\.?", re.IGNORECASE)
_SPAN = re.compile(
    r"(?:^|(?<=[ |]))(?P<name>P\.?M\.?|LR|let ring)(?P<run>(?:[-. _=>~]{0,400}[-._=>~|])?)", re.IGNORECASE
)
_LEGEND = re.compile(r"\bLR let ring|\bP\.?M\.? palm mute", re.IGNORECASE)
_DOTS = re.compile(r"[ .]+")
_COUNT = re.compile(r"[1-9]|&|\+|and|e|a|ah|\.", re.IGNORECASE)
_LETTERS = {
    "w": Fraction(4),
    "h": Fraction(2),
    "q": Fraction(1),
    "e": Fraction(1, 2),
    "s": Fraction(1, 4),
    "t": Fraction(1, 8),
}
_RHYTHM = re.compile(r"([whqestWHQEST])(\.?)")
_PARTS_OF_BEAT = {"&": Fraction(1, 2), "+": Fraction(1, 2), "and": Fraction(1, 2),
                  "e": Fraction(1, 4), "a": Fraction(3, 4), "ah": Fraction(3, 4)}  # fmt: skip
_LEAST_COUNTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ChordMark:
    """A chord name at a place of the text (line and column from 1), with the section it stands in."""

    name: str
    line: int
    column: int
    section: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time over a system as fretscribe writes it, with the number of its first bar where it has one."""

    time_s: int
    bar: int | None


def heading(line: str) -> str | None:
    """The section that a line opens, None where it opens none.

    >>> heading("[Verse 1] (quietly)"), heading("Pre-Chorus:"), heading("so goes the song")
    ('Verse 1', 'Pre-Chorus', None)
    """
    text = line.strip()
    if not text or len(text) > _LONGEST_HEADING:
        return None
    bracketed = _BRACKETED.match(text)
    if bracketed is not None:
        name = bracketed["name"].strip()
        is_note = harte_from_symbol(name) is not None or _STAMP.match(text) is not None
        return None if is_note or not name else name
    named = _NAMED.fullmatch(text)
    return named["name"].strip() if named is not None else None


def part(line: str) -> str | None:
    """The player that a line names (``Guitar 2``), None where it names none."""
    text = line.strip().lstrip("[(")
    if len(text) > _LONGEST_HEADING:
        return None
    found = _PART.match(text)
    if found is None or len(text) - found.end() > 30:
        return None
    return found["name"].strip()


def stamp(line: str) -> Stamp | None:
    """The time stamp that `io.ascii_tab` writes over a system."""
    found = _STAMP.fullmatch(line.strip())
    if found is None:
        return None
    bar = found["bar"]
    return Stamp(time_s=60 * int(found["m"]) + int(found["s"]), bar=None if bar is None else int(bar))


def chord_names(line: str) -> list[tuple[int, str]]:
    """Chords of a line that holds nothing else, or in brackets among lyrics: index in the line and name.

    >>> chord_names("   Am    D/F#  (x2)"), chord_names("[G]la la [Em]la"), chord_names("A la la")
    ([(3, 'Am'), (9, 'D/F#')], [(0, 'G'), (9, 'Em')], [])
    """
    found = []
    for token in _TOKEN.finditer(line):
        name = token[0].strip(_AROUND_CHORD)
        if name and harte_from_symbol(name) not in (None, "N"):
            found.append((token.start() + token[0].index(name), name))
        elif not _NEUTRAL.fullmatch(token[0]):
            return _inline_chords(line)
    return found


def _inline_chords(line: str) -> list[tuple[int, str]]:
    return [
        (m.start(), m[1]) for m in _INLINE_CHORD.finditer(line) if harte_from_symbol(m[1]) not in (None, "N")
    ]


def span_columns(line: str, *, dots_mute: bool) -> list[tuple[Technique, int, int]]:
    """Where a row such as ``PM----|`` or ``PM. . .`` reaches: technique, first index, index after the last.

    With ``dots_mute`` a row of dots alone mutes, dot by dot.
    """
    found: list[tuple[Technique, int, int]] = []
    if not _LEGEND.search(line) and not _SPAN.sub("", line).strip(" |.-_"):
        for match in _SPAN.finditer(line):
            technique: Technique = "palm_mute" if match["name"].upper().startswith("P") else "let_ring"
            found.append((technique, match.start(), match.end()))
    if not found and dots_mute and "." in line and _DOTS.fullmatch(line):
        found = [("palm_mute", i, i + 1) for i, c in enumerate(line) if c == "."]
    return found


def count_marks(line: str) -> list[tuple[int, Fraction]]:
    """A count line's marks: index, and beats from the first ``1`` of the line; empty where it is none.

    >>> [(i, str(b)) for i, b in count_marks("  1 & 2 & 1 &")]
    [(2, '0'), (4, '1/2'), (6, '1'), (8, '3/2'), (10, '2'), (12, '5/2')]
    """
    marks: list[tuple[int, Fraction]] = []
    bar_start, beat, n_numbers = Fraction(0), 0, 0
    for token in _TOKEN.finditer(line.replace("|", " ")):
        text = token[0].lower()
        if not _COUNT.fullmatch(text):
            return []
        if text.isdecimal():
            n_numbers += 1
            if int(text) == 1 and marks:
                bar_start += beat
            elif int(text) != beat + 1:
                return []
            beat = int(text)
            marks.append((token.start(), bar_start + beat - 1))
        elif text in _PARTS_OF_BEAT and beat:
            marks.append((token.start(), bar_start + beat - 1 + _PARTS_OF_BEAT[text]))
    places = [at for _, at in marks]
    if n_numbers < _LEAST_COUNTS or places != sorted(set(places)):
        return []
    return marks


def rhythm_letters(line: str) -> list[tuple[int, Fraction]]:
    """A row of rhythm letters: index and length in quarter notes; empty where the line is none.

    Two different letters are needed: ``E E E`` are chords.
    """
    found = []
    letters = set()
    for token in _TOKEN.finditer(line.replace("|", " ")):
        match = _RHYTHM.fullmatch(token[0])
        if match is None:
            return []
        length = _LETTERS[match[1].lower()]
        found.append((token.start(), length * Fraction(3, 2) if match[2] else length))
        letters.add(match[1].lower())
    return found if len(letters) > 1 and len(found) > 1 else []


def says_dots_mute(lines: Sequence[str]) -> bool:
    """Whether the legend says that dots below the strings are palm mutes."""
    return any(re.search(r"\.\s{0,3}[=:-]\s{0,3}(?:palm|p\.?m)", line[:120], re.IGNORECASE) for line in lines)

"""Words, chords and counts around the systems of a text tab, each with its line and column.

Headings (``[Chorus]``, ``Verse 1:``), chord names above strings or above lyrics, rows that span notes
(``PM---``, ``let ring``), count lines (``1 & 2 &``), rhythm letters (``q e +q rh``) and tuplets (``.-3-.``).
Neighbours: ``symbols`` knows chord names, ``text_tab_header`` what is said of the whole piece.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from fretscribe.io.ascii_rhythm import LEADS, LEGEND_MARK, VALUE_LETTERS, Kind
from fretscribe.music import Technique
from fretscribe.symbols import harte_from_symbol

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
_STAMP = re.compile(
    r"\[(?P<m>\d{1,4}):(?P<s>\d\d)\](?:  bar (?P<bar>\d{1,6}))?(?:  (?P<bpm>\d{1,4}(?:\.\d)?) bpm)?"
)
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
_LETTERS = {letter: Fraction(4, head) for head, letter in VALUE_LETTERS.items()}
_KINDS = {lead: kind for kind, lead in LEADS.items()}
_RHYTHM = re.compile(r"([+r]?)([whqestx])(\.?)", re.IGNORECASE)
_TUPLET = re.compile(r"\.-*(?P<n>[357])-*\.|[357]")
_IN_TIME_OF = {3: 2, 5: 4, 7: 4}
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
    """A time over a system as fretscribe writes it, with the first bar's number and tempo where known."""

    time_s: int
    bar: int | None
    tempo_bpm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RhythmLetter:
    """A value of a rhythm row: index of its letter, quarter notes, and whether anything is struck there."""

    at: int
    quarters: Fraction
    kind: Kind = "struck"


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
    bar, bpm = found["bar"], found["bpm"]
    return Stamp(
        time_s=60 * int(found["m"]) + int(found["s"]),
        bar=None if bar is None else int(bar),
        tempo_bpm=None if bpm is None or float(bpm) == 0.0 else float(bpm),
    )


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


def rhythm_letters(line: str, *, is_ours: bool = False) -> list[RhythmLetter]:
    """A row of rhythm letters; empty where the line is none.

    Two different letters are needed, ``E E E`` are chords; but not where the text says that its rows are
    rhythm, as fretscribe does (``is_ours``).

    >>> [(r.at, str(r.quarters), r.kind) for r in rhythm_letters("q. +e rh")]
    [(0, '3/2', 'struck'), (4, '1/2', 'tied'), (7, '2', 'rest')]
    """
    found: list[RhythmLetter] = []
    letters = set()
    for token in _TOKEN.finditer(line.replace("|", " ")):
        text = token[0]
        matches = list(_RHYTHM.finditer(text))
        if "".join(m[0] for m in matches) != text or (text != text.lower() if is_ours else len(matches) > 1):
            return []
        for match in matches:
            quarters = _LETTERS[match[2].lower()] * (Fraction(3, 2) if match[3] else 1)
            at = token.start() + match.start(2)
            found.append(RhythmLetter(at=at, quarters=quarters, kind=_KINDS[match[1].lower()]))
            letters.add(match[2].lower())
    return found if is_ours or (len(letters) > 1 and len(found) > 1) else []


def tuplets(line: str) -> list[tuple[int, int, Fraction]]:
    """A row of tuplets: first index, index after the last, and what it makes of a value; else empty.

    >>> [(a, b, str(share)) for a, b, share in tuplets("  .-3-.   3")]
    [(2, 7, '2/3'), (10, 11, '2/3')]
    """
    found = []
    for token in _TOKEN.finditer(line):
        match = _TUPLET.fullmatch(token[0])
        if match is None:
            return []
        notes = int(match["n"] or match[0])
        found.append((token.start(), token.end(), Fraction(_IN_TIME_OF[notes], notes)))
    return found


def says_rhythm(lines: Sequence[str]) -> bool:
    """Whether the legend says that rows of letters are rhythm, as fretscribe's does."""
    return any(line.startswith(LEGEND_MARK) for line in lines)


def says_dots_mute(lines: Sequence[str]) -> bool:
    """Whether the legend says that dots below the strings are palm mutes."""
    return any(re.search(r"\.\s{0,3}[=:-]\s{0,3}(?:palm|p\.?m)", line[:120], re.IGNORECASE) for line in lines)

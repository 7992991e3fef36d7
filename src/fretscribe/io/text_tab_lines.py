"""Lines of a text tab: bytes to clean text, and which lines draw a string of the instrument.

Judges one line at a time and knows nothing of its neighbours. A line draws a string where, behind an
optional label and bar line, mostly dashes, digits and bar lines stand. Every rule reads a line once from
left to right, so that no input takes more than linear time.
Neighbours: ``text_tab_cells`` reads the notes on a line, ``text_tab_systems`` puts lines together.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

DIGITS = frozenset("0123456789")

_TABLE = str.maketrans(
    {
        **dict.fromkeys("│┃║¦❘❙❚｜▏╎╏┆┇┊┋├┤┝┥┠┨┼╂╋╟╢╠╣", "|"),
        **dict.fromkeys("–—−‒―─━┄┅┈┉╌╍═‐‑﹣－﹘⁃", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2008\u2009\u202f\u3000", " "),
        **dict.fromkeys("’‘´`", "'"),
        **dict.fromkeys("\u200b\u200c\u200d\ufeff\u00ad", ""),
        "♯": "#",
        "♭": "b",
        "×": "x",
        "～": "~",
        "∼": "~",
        "〜": "~",
        "〈": "<",
        "〉": ">",
        "‹": "<",
        "›": ">",
        **{chr(ord("０") + i): str(i) for i in range(10)},
        **{chr(c): " " for c in (*range(9), *range(14, 32), 11, 127)},
    }
)
_MARKED_CHORD = re.compile(r"\[ch\]([^\[\]\n]{1,12})\[/ch\]", re.IGNORECASE)
_MARK = re.compile(r"\[/?(?:tab|ch)\]", re.IGNORECASE)
_CLOSING = re.compile(r"\[/([A-Za-z]{1,8})\]")
_OPENING = re.compile(r"\[([A-Za-z]{1,8})\]")
_HTML = re.compile(r"</?(?:pre|span|b|i|u|br|p|div|font|a)\b[^<>]{0,80}>|&(?:lt|gt|amp|quot|nbsp|#\d{1,5});")
_LEAD = re.compile(
    r" *(?:\[[^\[\]|]{1,12}\] +)?(?:"
    r"(?P<label>[A-Za-z][A-Za-z0-9#']{0,2}|[1-8]) {0,3}(?P<bar>\|+|[:)\]] ?\|*)"
    r"|(?P<bare>[A-Ha-hLl][#b]?) {0,2}(?=-)"
    r"|(?P<open>\|+)"
    r"|(?=[-0-9<(xX]))"
)
_INSERT = re.compile(r"(?<=\|)(?: {0,6}\[[^\[\]|]{1,12}\]) {0,6}(?=\|)")
_NOT_A_STRING = frozenset({"PM", "LR", "NH", "AH", "PH", "TR", "SL"})
_TECHNIQUE_LETTERS = frozenset("hHpPbBrRsStTvVwWxX/\\~^()<>{}.*'\"?!=_:o+g")
_LEAST_DASHES = 3
_LEAST_SHARE_DRAWN = 0.55
_LEAST_SHARE_KNOWN = 0.7
_WIDEST_HOLE, _WIDEST_HOLE_AT_BAR = 3, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class StringLine:
    """A line that draws a string.

    Attributes
    ----------
    number : int
        Line of the file, from 1.
    label : str
        What stands before the first bar line, empty where nothing does.
    start : int
        Index in the line of the body's first character: the one after the label and its bar line.
    body : str
        The drawn part, to its last bar line, dash or note.
    tail : str
        What follows the body: ``x4``, a comment.
    inserts : tuple of (index, text)
        Notes in square brackets between two bar lines of the body (``| [4x] |``), where they stand in it; the
        body has blanks there.
    """

    number: int
    label: str
    start: int
    body: str
    tail: str
    inserts: tuple[tuple[int, str], ...] = ()

    @property
    def holds_frets(self) -> bool:
        return any(c in DIGITS for c in self.body)


def decode(data: bytes) -> str:
    """Text of a file: UTF-8 or UTF-16 where it is that, else Latin-1; never fails."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def clean_lines(text: str) -> list[str]:
    """The lines of a text with marks taken out, tabs expanded, and Unicode bars and dashes made plain.

    Columns that the reader reports count characters of these lines, from 1.

    >>> clean_lines("[tab]e│―3―│\\r\\nB|\\t5[/tab]\\r\\n[ch]Am[/ch]\\n[ch]Am[/ch] la")
    ['e|-3-|', 'B|      5', 'Am', '[Am] la']
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    return [_clean(line) for line in text.split("\n")]


def _clean(line: str) -> str:
    if "&" in line or "<" in line:
        line = _HTML.sub(lambda m: html.unescape(m[0]) if m[0].startswith("&") else "", line)
    if "[" in line:
        if any(c.isalpha() for c in _MARK.sub("", _MARKED_CHORD.sub("", line))):
            line = _MARKED_CHORD.sub(r"[\1]", line)  # among lyrics a name needs its brackets to be one
        line = _MARK.sub("", line)
        if "[/" in line:
            pairs = set(_CLOSING.findall(line))
            line = _CLOSING.sub("", line)
            line = _OPENING.sub(lambda m: "" if m[1] in pairs else m[0], line)
    return line.expandtabs(8).translate(_TABLE).rstrip()


def string_line(number: int, line: str) -> StringLine | None:
    """The line as a string of the instrument, None where it is something else.

    >>> found = string_line(1, "e|--3-5h7--| x2")
    >>> found.label, found.start, found.body, found.tail
    ('e', 2, '--3-5h7--|', ' x2')
    >>> string_line(1, "la la-la la") is None
    True
    """
    lead = _LEAD.match(line)
    if lead is None:
        return None
    label = lead["label"] or lead["bare"] or ""
    if label.upper() in _NOT_A_STRING:
        return None
    start = lead.end()
    end = _body_end(line, start)
    body = line[start:end]
    inserts: tuple[tuple[int, str], ...] = ()
    if "[" in body:
        inserts = tuple((m.start(), m[0]) for m in _INSERT.finditer(body))
        body = _INSERT.sub(lambda m: " " * len(m[0]), body)
    if not _is_drawn(body, labelled=bool(label) or bool(lead["open"])):
        return None
    return StringLine(number=number, label=label, start=start, body=body, tail=line[end:], inserts=inserts)


def _body_end(line: str, start: int) -> int:
    """Where the drawing ends: at the last bar line, dash or fret before words begin."""
    end = i = start
    last_bar = -1
    while i < len(line):
        insert = _INSERT.match(line, i) if line[i] in " [" else None
        if insert is not None:
            i = insert.end()
            continue
        if line[i] == " ":
            j = i
            while j < len(line) and line[j] == " ":
                j += 1
            if not _goes_on(line[j : j + 2], j - i):
                break
            i = j
            continue
        if line[i] == "|":
            last_bar = i
        i += 1
        end = i
    if last_bar >= start and "-" not in line[last_bar:end]:
        return last_bar + 1
    return end


def _goes_on(following: str, hole: int) -> bool:
    """Whether a line is still drawn behind so many blanks."""
    if following[:1] == "|":
        return hole <= _WIDEST_HOLE_AT_BAR
    is_drawn = following[:1] == "-" or (following[:1] in DIGITS and following[1:] == "-")
    return bool(following) and is_drawn and hole <= _WIDEST_HOLE


def _is_drawn(body: str, *, labelled: bool) -> bool:
    dashes = body.count("-")
    bars = body.count("|")
    if dashes < (1 if labelled and bars else _LEAST_DASHES):
        return False
    digits = sum(c in DIGITS for c in body)
    known = sum(c in _TECHNIQUE_LETTERS for c in body)
    blanks = body.count(" ")
    drawn = dashes + bars + digits
    size = len(body) - blanks
    return drawn >= _LEAST_SHARE_DRAWN * size and drawn + known >= _LEAST_SHARE_KNOWN * size

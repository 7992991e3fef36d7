"""The tuning of a text tab: from its header, from its labels, or the usual one; and which way up it is.

Neighbours: ``tunings`` knows the names, ``text_tab_header`` finds the words, ``text_tab_systems`` the labels.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from fretscribe.errors import OptionError
from fretscribe.io.text_tab_cells import HIGHEST_FRET
from fretscribe.io.text_tab_systems import label_pitch_class
from fretscribe.music import Tuning
from fretscribe.tunings import NAMED_TUNINGS, parse_tuning

Source = Literal["given", "header", "labels", "default"]
_USUAL = {
    4: "bass",
    5: "5-string bass",
    6: "standard",
    7: "7-string standard",
    8: "8-string standard",
}
_LONGEST_PHRASE, _LONGEST_TEXT = 60, 300
_SPELLED = re.compile(
    r"(?<![A-Za-z#])[A-Ga-g][#b]?-?\d?(?:[\s,/|-]{1,3}[A-Ga-g][#b]?-?\d?){3,7}(?![A-Za-z#])"
)
_STRING = re.compile(r"[A-Ga-g][#b]?-?\d?")
_SEMITONES = re.compile(r"[+-]\s?\d{1,2}")
_PHRASE = re.compile(
    r"(?:double )?drop(?:ped)?[ -]?[A-G][#b]?(?![A-Za-z])"
    r"|open [A-G][#b]?(?: ?(?:minor|maj7|m|6))?(?![A-Za-z])"
    r"|[A-G][#b]? standard|standard|dadgad|nashville|all fourths|new standard",
    re.IGNORECASE,
)
_STEPS = re.compile(
    r"(1 1/2|one and a half|half|1/2|½|whole|full|one|1|two|2)(?: of)?(?: a)?[ -]?(?:steps?|tones?)\b",
    re.IGNORECASE,
)
_SEMITONES_OF = {"half": 1, "1/2": 1, "½": 1, "1 1/2": 3, "one and a half": 3, "two": 4, "2": 4}
_WHOLE_STEP = 2
_DOWN = re.compile(r"\b(?:down|lower|flat)", re.IGNORECASE)
_UP = re.compile(r"\b(?:up|higher)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strings:
    """The instrument of a tab.

    Attributes
    ----------
    tuning : Tuning
    tuning_from : "given", "header", "labels" or "default"
    low_on_top : bool
        Whether the first row of a system is the lowest string.
    why : str
        One line on both.
    """

    tuning: Tuning
    tuning_from: Source
    low_on_top: bool
    why: str

    def string_of_row(self, row: int) -> int:
        """String (0 = lowest) of a row of a full system (0 = top)."""
        return row if self.low_on_top else self.tuning.n_strings - 1 - row


def tuning_in(text: str, n_strings: int) -> tuple[int, ...] | None:
    """Open strings (MIDI, low to high) that a text names, None where it names none of so many strings.

    >>> tuning_in("Drop C (C G C F A D)", 6)
    (36, 43, 48, 53, 57, 62)
    >>> tuning_in("tune down half a step", 6) == tuning_in("Eb Ab Db Gb Bb eb", 6)
    True
    >>> tuning_in("-1", 6)
    (39, 44, 49, 54, 58, 63)
    """
    text = text[:_LONGEST_TEXT]
    high_first = bool(re.search(r"high(?:est)?\W{1,3}(?:to|->?)\W{1,3}low", text, re.IGNORECASE))
    if _SPELLED.search(text) is None:
        stepped = _by_steps(text, n_strings)
        if stepped is not None:
            return stepped
    for phrase in _phrases(text):
        found = _parsed(phrase, n_strings)
        if found is not None:
            spelled = _SPELLED.fullmatch(phrase.strip()) is not None
            return found if not (spelled and high_first) else _parsed_high_first(phrase, n_strings)
    shift = _SEMITONES.fullmatch(text.strip())
    if shift is not None and n_strings in _USUAL:
        semitones = int(shift[0].replace(" ", ""))
        if -12 <= semitones <= 12:
            return tuple(p + semitones for p in NAMED_TUNINGS[_USUAL[n_strings]])
    return None


def _by_steps(text: str, n_strings: int) -> tuple[int, ...] | None:
    """All strings moved by steps, from a named tuning ("drop D, half step down") or the usual one."""
    steps = _STEPS.search(text)
    if steps is None or not (_DOWN.search(text) or _UP.search(text)):
        return None
    semitones = _SEMITONES_OF.get(steps[1].lower(), _WHOLE_STEP)
    shift = -semitones if _DOWN.search(text) else semitones
    named = _PHRASE.search(text)
    base = _parsed(named[0], n_strings) if named is not None else None
    if base is None:
        base = NAMED_TUNINGS[_USUAL[n_strings]]
    return tuple(p + shift for p in base)


def strings_stated(stated: Sequence[str]) -> int:
    """How many strings a header speaks of: as many as it spells, 4 for a bass, else 6."""
    for text in stated:
        spelled = _SPELLED.search(text[:_LONGEST_TEXT])
        if spelled is not None:
            return len(_STRING.findall(spelled[0]))
    return 4 if any("bass" in text.lower() for text in stated) else 6


def _phrases(text: str) -> Iterator[str]:
    """Parts of a line that may name a tuning, the surest first."""
    for match in _SPELLED.finditer(text):
        yield match[0]
    for part in (text, *re.split(r"[()=,;:]", text)[:8]):
        if 0 < len(part.strip()) <= _LONGEST_PHRASE:
            yield part
    for match in _PHRASE.finditer(text):
        yield match[0]


def _parsed(phrase: str, n_strings: int) -> tuple[int, ...] | None:
    for name in (f"{n_strings}-string {phrase}", f"bass {phrase}", phrase):
        if name.startswith("bass") and n_strings != 4:
            continue
        try:
            pitches = parse_tuning(name).open_pitches
        except OptionError:
            continue
        if len(pitches) == n_strings:
            return pitches
    return None


def _parsed_high_first(phrase: str, n_strings: int) -> tuple[int, ...] | None:
    strings = _STRING.findall(phrase)
    return _parsed(" ".join(reversed(strings)), n_strings)


def find_strings(
    labels: Sequence[str],
    stated: Sequence[str],
    *,
    given: Tuning | None = None,
    capo: int = 0,
) -> Strings:
    """The instrument of a tab.

    Parameters
    ----------
    labels : sequence of str
        Of a full system, top down.
    stated : sequence of str
        What the header says of the tuning, in the order of the file.
    given : Tuning, or None
        The user's own, which wins.
    capo : int

    Raises
    ------
    OptionError
        If the given tuning has another number of strings than the tab.
    """
    n_strings = len(labels)
    if given is not None and given.n_strings != n_strings:
        raise OptionError(
            f"the tuning has {given.n_strings} strings, the tab {n_strings}",
            mend="give one pitch for each line of a system",
        )
    told = None if given is None else given.open_pitches
    said = "the tuning was given"
    source: Source = "given"
    if told is None:
        told, said = _stated(n_strings, stated)
        source = "header"
    low_on_top, way = _way_up(labels, told)
    if told is None:
        told, source, said = _labelled(list(labels) if low_on_top else list(reversed(labels)))
    pitches = told
    tuning = Tuning(open_pitches=pitches, n_frets=max(22, HIGHEST_FRET + capo), capo=capo)
    return Strings(tuning=tuning, tuning_from=source, low_on_top=low_on_top, why=f"{said}; {way}")


def _stated(n_strings: int, stated: Sequence[str]) -> tuple[tuple[int, ...] | None, str]:
    for text in stated:
        pitches = tuning_in(text, n_strings)
        if pitches is not None and all(12 <= p <= 88 for p in pitches):
            return pitches, f"the text says {text.strip()[:_LONGEST_PHRASE]!r}"
    return None, ""


def _labelled(low_first: Sequence[str]) -> tuple[tuple[int, ...], Source, str]:
    n_strings = len(low_first)
    pitches = _of_labels(tuple(low_first))
    n_named = sum(label_pitch_class(label) is not None for label in low_first)
    if pitches is not None and 2 * n_named > n_strings:
        return pitches, "labels", f"{n_named} of {n_strings} labels name their string"
    usual = NAMED_TUNINGS[_USUAL[n_strings]]
    return usual, "default", f"nothing names the tuning: {_USUAL[n_strings]} is assumed"


@lru_cache(maxsize=256)
def _of_labels(low_first: tuple[str, ...]) -> tuple[int, ...] | None:
    """Pitches of labels; those that name no note take the usual string there.

    None where no label names a note, or the notes are no tuning.
    """
    usual = NAMED_TUNINGS[_USUAL[len(low_first)]]
    classes = [label_pitch_class(label) for label in low_first]
    if all(c is None for c in classes):
        return None
    names = [["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"][u % 12 if c is None else c]
             for c, u in zip(classes, usual, strict=True)]  # fmt: skip
    try:
        return parse_tuning(" ".join(names)).open_pitches
    except OptionError:  # octaves that no string reaches
        return None


def _way_up(labels: Sequence[str], told: tuple[int, ...] | None) -> tuple[bool, str]:
    """Whether the lowest string is on top.

    By numbers, by the tuning that the text names, by nearness to the usual strings, by a small ``e``.
    """
    numbers = [int(label) for label in labels if label.isdecimal()]
    if len(numbers) == len(labels) and numbers == sorted(numbers, reverse=True):
        return True, "string 1 is the last line, so the lowest string is on top"
    if told is not None and all(label_pitch_class(label) is not None for label in labels):
        classes = [label_pitch_class(label) for label in labels]
        wanted = [p % 12 for p in told]
        if classes == wanted and classes != wanted[::-1]:
            return True, "the labels are the tuning from top to bottom, so the lowest string is on top"
        if classes == wanted[::-1] and classes != wanted:
            return False, "the highest string is on top"
    downward, upward = (_strain(order) for order in (list(reversed(labels)), list(labels)))
    if upward < downward:
        return True, "the labels rise from top to bottom, so the lowest string is on top"
    if upward == downward and len(labels) > 1 and labels[0][:1] == "E" and labels[-1][:1] == "e":
        return True, "the small e is the last line, so the lowest string is on top"
    return False, "the highest string is on top"


def _strain(low_first: Sequence[str]) -> int:
    """How far strings lie from the usual ones, in semitones together, however low the whole is tuned."""
    pitches = _of_labels(tuple(low_first))
    if pitches is None:
        return 0
    usual = NAMED_TUNINGS[_USUAL[len(low_first)]]
    shifts = [p - u for p, u in zip(pitches, usual, strict=True)]
    middle = sorted(shifts)[len(shifts) // 2]
    falls = sum(12 for a, b in itertools.pairwise(pitches) if b < a)
    return falls + sum(abs(shift - middle) for shift in shifts)

"""What the words around a text tab say of the whole piece: tuning, capo, tempo, metre, key, title, artist.

Reads lines that draw no string. The first line that states a fact wins. Neighbours: ``text_tab_strings``
makes pitches of a tuning's words, ``text_tab_words`` reads what stands above and below a system.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fretscribe.convert import parse_pitch_class
from fretscribe.errors import OptionError
from fretscribe.io.text_tab_cells import Remark
from fretscribe.music import Key

SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
HIGHEST_CAPO = 12
_LONGEST = 200
_MOST_TUNINGS = 20

_TUNING = re.compile(r"\btun(?:ing|ed|e)s?\b\s{0,4}(?:to\b|is\b|[:=-])?", re.IGNORECASE)
_TUNING_ALONE = re.compile(
    r"\W{0,4}(?:(?:double )?drop(?:ped)?[ -]?[A-G][#b]?|open [A-G][#b]?|[A-G][#b]? standard|dadgad|"
    r"(?:down |up )?(?:a )?(?:half|whole|full|1/2|1)(?: a)?[ -]?step (?:down|up))\W{0,4}",
    re.IGNORECASE,
)
_CAPO = re.compile(
    r"\bcapo\b[^0-9A-Za-z]{0,6}(?:(?:on|at|in|the|fret|position|pos)\b[^0-9A-Za-z]{0,3}){0,3}"
    r"(?P<at>\d{1,2}|[ivx]{1,4}\b|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|no(?:ne)?\b)",
    re.IGNORECASE,
)
_CAPO_AFTER = re.compile(r"\b(?P<at>\d{1,2})(?:st|nd|rd|th)? fret capo\b", re.IGNORECASE)
_NO_CAPO = re.compile(r"\b(?:no|without(?: a)?) capo\b", re.IGNORECASE)
_ORDINALS = (
    ["no", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"],
    ["none", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"],
)
_TEMPO = (
    re.compile(
        r"(?<![\d.])(?P<bpm>\d{2,3}(?:\.\d{1,3})?) {0,3}(?:bpm|beats (?:per|a) minute)", re.IGNORECASE
    ),
    re.compile(r"\b(?:tempo|bpm|speed)\b\D{0,24}(?P<bpm>\d{2,3}(?:\.\d{1,3})?)(?!\d)", re.IGNORECASE),
    re.compile(r"(?:♩|\bq(?:uarter)?) {0,2}= {0,2}(?P<bpm>\d{2,3}(?:\.\d{1,3})?)(?!\d)", re.IGNORECASE),
)
_METRE = re.compile(
    r"\b(?:time(?: sig(?:nature)?)?|met(?:er|re))\b\W{0,4}(?P<n>\d{1,2})/(?P<u>\d{1,2})(?!\d)", re.IGNORECASE
)
_METRE_ALONE = re.compile(r"\W{0,3}(?P<n>\d{1,2})/(?P<u>1|2|4|8|16)(?: time)?\W{0,3}", re.IGNORECASE)
_BEAT_UNITS = (1, 2, 4, 8, 16)
_MOST_BEATS_A_BAR = 32
_KEY = re.compile(
    r"\b[Kk](?:ey|EY)\b(?: of)?\s{0,3}[:=-]?\s{0,3}"
    r"(?P<tonic>[A-G][#b]?)(?P<minor> ?min(?:or)?\b|m\b)?(?: maj(?:or)?\b)?"
)
_NAMED = re.compile(
    r"\W{0,4}(?P<what>title|song|artist|band|by)\s{0,3}[:=]\s{0,3}(?P<text>\S.{0,100})", re.IGNORECASE
)
_SECONDS = re.compile(r"No beats known: two characters are (?P<s>\d\.\d{1,4}) s")
EMPTY_MARK = "(no notes heard)"


@dataclass(slots=True, kw_only=True)
class Header:
    """Facts of a text, None or empty where it does not state them."""

    tunings: tuple[str, ...] = ()
    capo: int | None = None
    tempo_bpm: float | None = None
    metre: tuple[int, int] | None = None
    key: Key | None = None
    title: str = ""
    artist: str = ""
    seconds_per_column: float | None = None
    says_empty: bool = False
    remarks: tuple[Remark, ...] = ()


def read_header(lines: Iterable[tuple[int, str]]) -> Header:
    """The facts in lines that draw no string, each with its number from 1."""
    found = Header()
    last = ""
    for number, full in lines:
        line = full[:_LONGEST]
        if not line.strip():
            continue
        _read_tuning(found, line, last)
        _read_capo(found, number, line)
        _read_time(found, line)
        _read_names(found, line)
        last = line.strip()
    return found


def _read_tuning(found: Header, line: str, last: str) -> None:
    said = _TUNING.search(line)
    is_first = not found.tunings
    if said is not None and len(found.tunings) < _MOST_TUNINGS:
        after = line[said.end() :].strip()
        found.tunings = (*found.tunings, *(t for t in (after, line.strip()) if t))
        if is_first and line.startswith("Tuning: ") and last and not found.title:
            found.title = last
    elif _TUNING_ALONE.fullmatch(line.strip()) is not None and len(found.tunings) < _MOST_TUNINGS:
        found.tunings = (*found.tunings, line.strip())


def _read_capo(found: Header, number: int, line: str) -> None:
    if found.capo is not None or "capo" not in line.lower():
        return
    said = _CAPO.search(line) or _CAPO_AFTER.search(line)
    if said is None:
        if _NO_CAPO.search(line):
            found.capo = 0
        return
    text = said["at"].lower()
    fret = int(text) if text.isdecimal() else next((o.index(text) for o in _ORDINALS if text in o), -1)
    if 0 <= fret <= HIGHEST_CAPO:
        found.capo = fret
    else:
        remark = Remark(
            line=number, column=said.start() + 1, text=said[0], why=f"a capo sits on fret 0 to {HIGHEST_CAPO}"
        )
        found.remarks = (*found.remarks, remark)


def _read_time(found: Header, line: str) -> None:
    if found.tempo_bpm is None:
        for pattern in _TEMPO:
            said = pattern.search(line)
            if said is not None and SLOWEST_BPM <= float(said["bpm"]) <= FASTEST_BPM:
                found.tempo_bpm = float(said["bpm"])
                break
    if found.metre is None:
        said = _METRE.search(line) or _METRE_ALONE.fullmatch(line)
        if said is not None and int(said["u"]) in _BEAT_UNITS and 1 <= int(said["n"]) <= _MOST_BEATS_A_BAR:
            found.metre = (int(said["n"]), int(said["u"]))
    if found.seconds_per_column is None:
        said = _SECONDS.search(line)
        if said is not None and float(said["s"]) > 0.0:
            found.seconds_per_column = float(said["s"]) / 2


def _read_names(found: Header, line: str) -> None:
    said = _NAMED.fullmatch(line)
    if said is not None and said["what"].lower() in ("title", "song"):
        found.title = found.title or said["text"].strip()
    elif said is not None:
        found.artist = found.artist or said["text"].strip()
    key = _KEY.search(line) if found.key is None else None
    if key is not None:
        try:
            tonic = parse_pitch_class(key["tonic"])
        except OptionError:
            return
        found.key = Key(tonic=tonic, mode="minor" if key["minor"] else "major")
    found.says_empty = found.says_empty or line.strip() == EMPTY_MARK

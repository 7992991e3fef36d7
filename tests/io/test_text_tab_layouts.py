"""The reader on real-world layouts (the data's ``tabs/text``: layouts with random frets, not music)."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from fretscribe.io.text_tab_lines import clean_lines
from fretscribe.io.text_tab_reader import ParsedTextTab, read_text_tab

DATA = (
    Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "tabs" / "text"
)
FILES = sorted(DATA.glob("*.txt")) if DATA.is_dir() else []
needs_layouts = pytest.mark.skipif(not FILES, reason=f"no text tabs in {DATA}")

COUNTED = {
    "vb_04": 69,
    "vb_06": 61,
    "vb_07": 39,
    "vb_09": 35,
    "vb_10": 34,
    "vb_17": 64,
    "vb_22": 49,
    "vb_23": 67,
    "vbm_01": 10,
    "vbm_03": 97,
}
"""Notes of a file, counted by reading it line by line."""

TUNINGS = {
    "ug_02": (38, 43, 48, 53, 57, 62),
    "ug_03": (38, 43, 48, 53, 57, 62),
    "ug_04": (38, 45, 50, 55, 59, 64),
    "ug_05": (36, 43, 48, 53, 57, 62),
    "vb_01": (39, 44, 49, 54, 58, 63),
    "vb_02": (40, 45, 50, 55, 59, 64),
}
CAPOS = {"vb_05": 4, "vb_07": 5, "vb_08": 7, "vb_18": 2, "vb_20": 1, "vb_22": 2, "vb_23": 7, "vbm_01": 3}

_DRAWS_A_STRING = re.compile(r"\s*(?:\[..\]\s*)?[A-Za-z]{0,2}#?\|.*--|.*---.*\|")
"""Wider than the reader's own rule, and written without it in mind."""


@pytest.fixture(scope="module")
def parsed() -> dict[str, ParsedTextTab]:
    return {path.stem: read_text_tab(path) for path in FILES}


@needs_layouts
def test_all_are_tabs(parsed: dict[str, ParsedTextTab]) -> None:
    assert len(parsed) == 33
    for name, tab in parsed.items():
        assert tab.kind == "tab", name
        assert len(tab.events) == len(tab.tab.notes) >= 10, name


@needs_layouts
def test_every_digit_on_a_string_is_a_note_or_accounted_for(parsed: dict[str, ParsedTextTab]) -> None:
    n_digits = 0
    for path in FILES:
        tab = parsed[path.stem]
        places = {(e.line, e.column + i) for e in tab.events for i in range(len(e.text))}
        places |= {
            (r.line, r.column + i) for r in (*tab.not_understood, *tab.comments) for i in range(len(r.text))
        }
        for number, line in enumerate(clean_lines(path.read_text(encoding="utf-8")), start=1):
            if _DRAWS_A_STRING.match(line):
                digits = {(number, i) for i, c in enumerate(line, start=1) if c.isdigit()}
                assert digits <= places, f"{path.name}, line {number}: {line}"
                n_digits += len(digits)
    assert n_digits > 7500


@needs_layouts
def test_comments_hide_no_frets(parsed: dict[str, ParsedTextTab]) -> None:
    """What is waved through as a comment has digits only in repeats and in sentences."""
    for name, tab in parsed.items():
        for remark in tab.comments:
            assert "--" not in remark.text, f"{name}: {remark}"


@needs_layouts
def test_few_files_hold_frets_that_are_not_understood(parsed: dict[str, ParsedTextTab]) -> None:
    unexplained = {
        name
        for name, tab in parsed.items()
        if any(c.isdigit() for remark in tab.not_understood for c in remark.text)
    }
    assert unexplained <= {"vb_08", "vb_11", "vb_19"}
    said = {(r.line, r.text) for name in sorted(unexplained) for r in parsed[name].not_understood}
    assert (48, "8nd") in said  # "2nd" before its digits were shuffled
    assert (154, "b0") in said  # 2b0: no bend goes down


@needs_layouts
@pytest.mark.parametrize("name", sorted(COUNTED))
def test_notes_counted_by_hand(parsed: dict[str, ParsedTextTab], name: str) -> None:
    assert len(parsed[name].tab.notes) == COUNTED[name]


@needs_layouts
def test_tunings_and_capos(parsed: dict[str, ParsedTextTab]) -> None:
    for name, pitches in TUNINGS.items():
        assert parsed[name].tab.tuning.open_pitches == pitches, name
    assert {name: tab.tab.tuning.capo for name, tab in parsed.items() if tab.tab.tuning.capo} == CAPOS


@needs_layouts
def test_the_bars_of_vb_16_are_whole_measures(parsed: dict[str, ParsedTextTab]) -> None:
    """Seventeen characters between bar lines: 4/4 in sixteenths."""
    tab = parsed["vb_16"]
    assert tab.timing.columns_from == "bar lines"
    assert tab.timing.characters_per_beat == 4
    assert tab.tab.beats is not None
    first = [n for n, e in zip(tab.tab.notes, tab.events, strict=True) if e.bar == 1]
    assert [(str(n.onset_beats), n.position.string, n.position.fret) for n in first] == [
        ("0", 1, 5),
        ("0", 4, 1),
        ("1", 2, 6),
        ("3/2", 3, 3),
        ("2", 1, 3),
        ("5/2", 4, 5),
        ("3", 2, 6),
        ("7/2", 3, 5),
    ]

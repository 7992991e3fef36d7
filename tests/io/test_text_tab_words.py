from fractions import Fraction

import pytest

from fretscribe.io.text_tab_header import read_header
from fretscribe.io.text_tab_words import (
    Stamp,
    chord_names,
    count_marks,
    heading,
    part,
    rhythm_letters,
    span_columns,
    stamp,
)
from fretscribe.music import Key


@pytest.mark.parametrize(
    ("line", "capo"),
    [
        ("capo 2nd fret", 2),
        ("Capo: fret 2 (frets are counted from the capo)", 2),
        ("Capo on 3rd fret", 3),
        ("CAPO IV", 4),
        ("capo: none", 0),
        ("no capo", 0),
        ("2nd fret capo", 2),
        ("capo at the fifth fret", 5),
        ("capo", None),
        ("a cappella", None),
    ],
)
def test_capos(line: str, capo: int | None) -> None:
    assert read_header([(1, line)]).capo == capo


def test_an_impossible_capo_is_listed() -> None:
    found = read_header([(4, "  capo 99")])
    assert found.capo is None
    assert [(r.line, r.column, r.text) for r in found.remarks] == [(4, 3, "capo 99")]


@pytest.mark.parametrize(
    ("line", "bpm"),
    [
        ("Tempo: 120 bpm   Time: 4/4", 120.0),
        ("around 216 BPM, more or less", 216.0),
        ("Tempo is set at about 95", 95.0),
        ("q = 132.5", 132.5),
        ("♩=90", 90.0),
        ("tempo: fast", None),
        ("999 bpm", None),
        ("in 2016", None),
    ],
)
def test_tempos(line: str, bpm: float | None) -> None:
    assert read_header([(1, line)]).tempo_bpm == bpm


@pytest.mark.parametrize(
    ("line", "metre"),
    [
        ("Time: 3/4", (3, 4)),
        ("time signature 12/8", (12, 8)),
        ("6/8", (6, 8)),
        ("6/7", None),
        ("0/4", None),
        ("99/4", None),
    ],
)
def test_metres(line: str, metre: tuple[int, int] | None) -> None:
    assert read_header([(1, line)]).metre == metre


def test_the_first_statement_counts() -> None:
    found = read_header(
        enumerate(["Song: A", "Artist: B", "Key: Eb", "capo 1", "Title: C", "capo 2", "Key of Am"])
    )
    assert (found.title, found.artist, found.capo, found.key) == ("A", "B", 1, Key(tonic=3, mode="major"))
    assert read_header([(1, "Key of Am")]).key == Key(tonic=9, mode="minor")


def test_headings() -> None:
    lines = ("[Verse 1] softly", "CHORUS:", "Intro - x2", "Guitar solo")
    assert [heading(line) for line in lines] == ["Verse 1", "CHORUS", "Intro - x2", "Guitar solo"]
    for line in ("[Am]", "the verse was long and it went on until the end of it all and more", "[0:05]", ""):
        assert heading(line) is None


def test_parts() -> None:
    lines = ("Guitar 1", "[Guitar 2: let ring]", "Gtr. 1:", "Bass")
    assert [part(line) for line in lines] == ["Guitar 1", "Guitar 2", "Gtr. 1", "Bass"]
    assert part("guitars were sold here for years and years") is None


def test_stamps() -> None:
    assert stamp("[1:05]  bar 12") == Stamp(time_s=65, bar=12)
    assert stamp("[0:02]") == Stamp(time_s=2, bar=None)
    assert stamp("[Verse]") is None


def test_chords() -> None:
    assert chord_names("   C   G/B  | Am7 (x2)") == [(3, "C"), (7, "G/B"), (14, "Am7")]
    assert chord_names("A day in the life") == []
    assert chord_names("[G]la [Xy]la") == [(0, "G")]


def test_spans() -> None:
    assert span_columns("  PM----|", dots_mute=False) == [("palm_mute", 2, 9)]
    assert span_columns("  let ring--", dots_mute=False) == [("let_ring", 2, 12)]
    assert span_columns("h hammer-on   PM palm mute", dots_mute=False) == []
    assert span_columns("  . .", dots_mute=False) == []
    assert span_columns("  . .", dots_mute=True) == [("palm_mute", 2, 3), ("palm_mute", 4, 5)]


def test_counts() -> None:
    assert count_marks("1 e & a 2") == [
        (0, 0),
        (2, Fraction(1, 4)),
        (4, Fraction(1, 2)),
        (6, Fraction(3, 4)),
        (8, 1),
    ]
    assert count_marks("1 2 3 | 1 2 3")[3] == (8, 3)
    for line in ("1", "1 3", "2 1", "1 2 go", "e a", ""):
        assert count_marks(line) == []


def test_rhythm() -> None:
    assert [(r.at, r.quarters) for r in rhythm_letters("q.  e h")] == [
        (0, Fraction(3, 2)), (4, Fraction(1, 2)), (6, 2),
    ]  # fmt: skip
    assert rhythm_letters("E E E") == rhythm_letters("q") == rhythm_letters("q e la") == []
    ours = rhythm_letters("ere +q.", is_ours=True)
    assert [(r.at, r.quarters, r.kind) for r in ours] == [
        (0, Fraction(1, 2), "struck"), (2, Fraction(1, 2), "rest"), (5, Fraction(3, 2), "tied"),
    ]  # fmt: skip
    assert len(rhythm_letters("q", is_ours=True)) == 1
    assert rhythm_letters("E", is_ours=True) == rhythm_letters("ere") == []

import pytest

from fretscribe.io.text_tab_lines import clean_lines, decode, string_line


@pytest.mark.parametrize(
    ("line", "label", "body", "tail"),
    [
        ("e|--3--|", "e", "--3--|", ""),
        ("   Eb |--3--| x4", "Eb", "--3--|", " x4"),
        ("E---3---5---", "E", "---3---5---", ""),
        ("B:--3---", "B", "--3---", ""),
        ("|--3--|(x2)", "", "--3--|", "(x2)"),
        ("---3---5---", "", "---3---5---", ""),
        ("3--5--7--", "", "3--5--7--", ""),
        ("6|-0-0-|", "6", "-0-0-|", ""),
        ("F#4|-0-0-|", "F#4", "-0-0-|", ""),
        ("[ST] B|---3---|", "B", "---3---|", ""),
        ("e|---|---|  |---|", "e", "---|---|  |---|", ""),
        ("e||--3--||", "e", "--3--||", ""),
        ("e|--3-0|7", "e", "--3-0|", "7"),
        ("e|--3--5", "e", "--3--5", ""),
        ("L|-7777-| la la-la", "L", "-7777-|", " la la-la"),
    ],
)
def test_strings(line: str, label: str, body: str, tail: str) -> None:
    found = string_line(3, line)
    assert found is not None
    assert (found.number, found.label, found.body, found.tail) == (3, label, body, tail)
    assert line[found.start :].startswith(body)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Am  G  F",
        "so-la-la, ti-do",
        "PM----|",
        "P.M.---",
        "  ....  ...",
        "[Verse 1]",
        "Tuning: E-A-D-G-B-E",
        "-- by me --",
        "============",
        "12/8",
        "h = hammer-on",
        "2009-11-17",
    ],
)
def test_other_lines(line: str) -> None:
    assert string_line(1, line) is None


def test_brackets_between_bars_are_no_frets() -> None:
    found = string_line(1, "B|--4-| [7x] |--6--|")
    assert found is not None
    assert found.body == "--4-|      |--6--|"
    assert found.inserts == ((5, " [7x] "),)


def test_decoding() -> None:
    text = "e│―3―│ é"
    assert decode(text.encode("utf-8")) == decode(text.encode("utf-8-sig")) == text
    assert decode(text.encode("utf-16")) == text
    assert decode("é".encode("latin-1")) == "é"
    assert decode(b"\xff\xfe\xd8") != ""


def test_cleaning() -> None:
    assert clean_lines("a\r\nb\rc\nd\fe") == ["a", "b", "c", "d", "e"]
    assert clean_lines("<pre>e|-&lt;12&gt;-|</pre>") == ["e|-<12>-|"]
    assert clean_lines("[ch]Am[/ch]  [ch]G[/ch]") == ["Am  G"]
    assert clean_lines("[la]G[/la] [Intro]") == ["G [Intro]"]
    assert clean_lines("[ch]Am[/ch] oh [ch]G[/ch]") == ["[Am] oh [G]"]  # brackets keep them chords
    assert clean_lines("e|–3—5|\t.") == ["e|-3-5| ."]

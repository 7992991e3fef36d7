"""The reader's door: whole small tabs, with what is assumed, kept and refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from fretscribe.errors import OptionError, TabFormatError
from fretscribe.io.ascii_tab import write_ascii
from fretscribe.io.formats import read_tab
from fretscribe.io.text_tab_reader import MAX_BYTES, ParsedTextTab, parse_text, parse_text_tab, read_text_tab
from fretscribe.music import Chord, Key, Tab, Tuning
from fretscribe.tunings import NAMED_TUNINGS
from strategies import tab_note, tab_of

RIFF = """\
e|-----------------|
B|-----------------|
G|-----------------|
D|---------2h4-----|
A|-----2-------2---|
E|-0-0-------------|
"""


def notes(parsed: ParsedTextTab) -> list[tuple[str, int, int]]:
    return [(str(n.onset_beats), n.position.string, n.position.fret) for n in parsed.tab.notes]


def places(text: str) -> list[tuple[int, int]]:
    return [(n.position.string, n.position.fret) for n in parse_text_tab(text).tab.notes]


def test_a_bar() -> None:
    parsed = parse_text_tab(RIFF)
    assert notes(parsed) == [("0", 0, 0), ("1/2", 0, 0), ("1", 1, 2), ("2", 2, 2), ("5/2", 2, 4), ("3", 1, 2)]
    assert [n.note.pitch for n in parsed.tab.notes] == [40, 40, 47, 52, 54, 47]
    assert parsed.tab.notes[4].techniques == {"hammer_on"}
    assert [(e.line, e.column, e.text, e.bar) for e in parsed.events][3:5] == [
        (4, 12, "2", 1),
        (4, 13, "h4", 1),
    ]
    assert parsed.tab.notes[1].duration_beats == 4
    assert parsed.tab.notes[0].duration_beats == Fraction(1, 2)
    assert parsed.not_understood == ()


def test_what_is_assumed_is_said() -> None:
    parsed = parse_text_tab(RIFF)
    assert (parsed.timing.tempo_bpm, parsed.timing.tempo_from) == (120.0, "default")
    assert (parsed.timing.beats_per_bar, parsed.timing.metre_from) == (4, "default")
    assert (parsed.timing.characters_per_beat, parsed.timing.columns_from) == (4.0, "bar lines")
    assert parsed.timing.time_step_s == pytest.approx(0.125)
    assert (parsed.strings.tuning_from, parsed.capo_from) == ("labels", "default")
    assert any("tempo: 120 bpm (default)" in line for line in parsed.account())
    assert any("default" in line for line in parse_text(RIFF.encode()).warnings)
    assert parsed.tab.provenance["tempo_from"] == "default"


def test_the_user_wins() -> None:
    text = "Tuning: drop D\nCapo 3\nTempo: 100 bpm\n\n" + RIFF
    stated = parse_text_tab(text)
    assert (stated.tab.tuning.open_pitches, stated.tab.tuning.capo) == (NAMED_TUNINGS["drop D"], 3)
    assert stated.timing.tempo_from == "header"
    assert stated.capo_from == "header"
    given = parse_text_tab(text, tuning=Tuning(), capo=0, bpm=60.0)
    assert (given.tab.tuning.open_pitches, given.tab.tuning.capo) == (NAMED_TUNINGS["standard"], 0)
    assert given.timing.time_step_s == pytest.approx(0.25)
    assert [n.note.onset_s for n in given.tab.notes][:3] == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    "text",
    [
        RIFF.replace("\n", "\r\n"),
        RIFF.replace("\n", "\n\n"),
        "[tab]" + RIFF + "[/tab]",
        RIFF.replace("|", "│").replace("-", "―"),
        "\n".join("    " + line for line in RIFF.splitlines()),
        "\n".join("\t" + line for line in RIFF.splitlines()),
        "\n".join(line[1:] for line in RIFF.splitlines()),
        "\n".join(line[2:-1] for line in RIFF.splitlines()),
        "\n".join(reversed(RIFF.splitlines())),
        RIFF.replace("G|", "L|").replace("D|", "L|"),
        "so this is it\n" + RIFF + "and that's all (x2 if you like)\n",
        RIFF.replace("D|---", "\nD|---"),
    ],
    ids=["crlf", "blank lines", "marks", "unicode", "indented", "tabs", "no labels", "no bars", "low on top",
         "odd labels", "words", "a blank line within"],
)  # fmt: skip
def test_the_same_bar_in_many_clothes(text: str) -> None:
    assert places(text) == places(RIFF)


def test_low_on_top_is_detected() -> None:
    parsed = parse_text_tab("\n".join(reversed(RIFF.splitlines())))
    assert parsed.strings.low_on_top
    assert "lowest string is on top" in parsed.strings.why


@pytest.mark.parametrize(
    ("labels", "name"),
    [("GDAE", "bass"), ("GDAEB", "5-string bass"), ("eBGDAEB", "7-string standard")],
)
def test_other_numbers_of_strings(labels: str, name: str) -> None:
    text = "\n".join(f"{label}|-{i}-|" for i, label in enumerate(labels))
    parsed = parse_text_tab(text)
    assert parsed.tab.tuning.open_pitches == NAMED_TUNINGS[name]
    assert [n.position.fret for n in parsed.tab.notes] == list(reversed(range(len(labels))))


def test_a_missing_string_is_found_by_its_neighbours() -> None:
    lacking = RIFF + "\n" + "\n".join(line for line in RIFF.splitlines() if not line.startswith("B"))
    parsed = parse_text_tab(lacking)
    assert [p[1:] for p in notes(parsed)][:6] == [p[1:] for p in notes(parsed)][6:]
    assert [r.why for r in parsed.comments] == ["5 of 6 strings are drawn; their labels say which"]


def test_lines_without_a_system_are_listed() -> None:
    parsed = parse_text_tab(RIFF + "\n\nsome words\n\n---5---7---\n")
    assert [(r.line, r.text) for r in parsed.not_understood] == [(11, "---5---7---")]


def test_fast_runs_and_stacked_numbers() -> None:
    """35 cannot be a fret, so the 13 under it is two frets; 12 over 14 are frets."""
    text = "e|------|\nB|------|\nG|-35---|\nD|-13---|\nA|---14-|\nE|---12-|\n"
    assert places(text) == [(2, 1), (3, 3), (2, 3), (3, 5), (0, 12), (1, 14)]


def test_a_digit_under_the_second_of_a_number_is_struck_with_it() -> None:
    empty = "|-----------------|\n"
    text = f"e{empty}B|-10------12------|\nG|--9-------9------|\nD{empty}A{empty}E{empty}"
    assert [n[0] for n in notes(parse_text_tab(text))] == ["0", "0", "2", "2"]


def test_wide_numbers_do_not_shift_what_follows() -> None:
    text = "e|-8-10-12-8-10-12-8-7-|\n" + "".join(f"{s}|---------------------|\n" for s in "BGDAE")
    assert [n[0] for n in notes(parse_text_tab(text))] == [str(Fraction(i, 2)) for i in range(8)]


def test_bars_of_unequal_width_are_one_measure_each() -> None:
    text = (
        "e|-1-------1-------|-3---------3---------|-5---|\n"
        "B|-----------------|---------------------|-----|\n"
        "G|-----------------|---------------------|-----|\n"
        "D|-----------------|---------------------|-----|\n"
        "A|-----------------|---------------------|-----|\n"
        "E|-----------------|---------------------|-----|\n"
    ) * 2
    parsed = parse_text_tab(text)
    assert [n[0] for n in notes(parsed)] == ["0", "2", "4", "6", "8", "9", "11", "13", "15", "17"]
    assert parsed.tab.beats is not None
    assert parsed.tab.beats.downbeats[:6] == (0, 4, 8, 9, 13, 17)


REPEATED = (
    "e|-1---|-2---|:-3---:| x3\n"
    "B|-----|-----|:-----:|\n"
    "G|-----|-----|:-----:|\n"
    "D|-----|-----|:-----:|\n"
    "A|-----|-----|:-----:|\n"
    "E|-----|-----|:-----:|\n"
)


def test_repeats_are_read_once_or_played_out() -> None:
    assert [p[1] for p in places(REPEATED)] == [1, 2, 3]
    twice = parse_text_tab(REPEATED.replace(" x3", ""), unroll=True)
    assert [n.position.fret for n in twice.tab.notes] == [1, 2, 3, 3]
    all_of_it = parse_text_tab(REPEATED.replace(":", "-"), unroll=True)
    assert [n.position.fret for n in all_of_it.tab.notes] == [1, 2, 3] * 3
    # A bracket between bars repeats what stands before it.
    inner = "\n".join(
        f"{s}|-{f}-| {'[2x]' if s == 'B' else '    '} |---|" for s, f in zip("eBGDAE", "312345", strict=True)
    )
    assert len(parse_text_tab(inner, unroll=True).tab.notes) == 12


def test_a_count_line_and_rhythm_letters() -> None:
    strings = "e|-3---5-7--8---3-|\n" + "".join(f"{s}|---------------|\n" for s in "BGDAE")
    counted = parse_text_tab("   1   2 & 3   4\n" + strings)
    assert counted.timing.columns_from == "count line"
    assert [n[0] for n in notes(counted)] == ["0", "1", "3/2", "9/4", "13/4"]
    lettered = parse_text_tab("   h   e e  q   q\n" + strings.replace("-8---3-", "-8---3-"))
    assert lettered.timing.columns_from == "rhythm letters"
    assert [n[0] for n in notes(lettered)] == ["0", "2", "5/2", "3", "4"]
    assert parse_text_tab("   E   E E  E   E\n" + strings).timing.columns_from == "bar lines"


def test_rests_and_ties_of_rhythm_letters() -> None:
    strings = "e|-3-3-3---3-------7---|---------------|\n" + "".join(
        f"{s}|---------------------|---------------|\n" for s in "BGDAE"
    )
    read = parse_text_tab("   e e e   e   q   e   +h  rh\n" + strings)
    assert read.timing.columns_from == "rhythm letters"
    # the fifth letter has nothing under it: a rest; the last lasts over the bar line to the rest
    assert [(str(n.onset_beats), str(n.duration_beats)) for n in read.tab.notes] == [
        ("0", "1/2"), ("1/2", "1/2"), ("1", "1/2"), ("3/2", "1/2"), ("3", "3"),
    ]  # fmt: skip


def test_bends_return_where_they_say() -> None:
    drawn = "e|-7b9r7---7b9r---7b10r8---7b1/4---7b9---|\n"
    text = drawn + "".join(f"{s}|{'-' * (len(drawn) - 4)}|\n" for s in "BGDAE")
    bends = [[p.cents for p in n.note.bend] for n in parse_text_tab(text).tab.notes]
    assert bends == [[0, 200, 200, 0], [0, 200, 200, 0], [0, 300, 300, 100], [0, 50], [0, 200]]


def test_without_bar_lines_four_characters_are_a_beat() -> None:
    text = "\n".join(f"{s}|" + ("-1-2-3-4" if s == "e" else "--------") * 12 for s in "eBGDAE")
    parsed = parse_text_tab(text)
    assert parsed.timing.columns_from == "default"
    assert parsed.timing.characters_per_beat == 4
    assert [n[0] for n in notes(parsed)][:5] == ["0", "1/2", "1", "3/2", "2"]


def test_sections_parts_and_rows() -> None:
    text = (
        "[Intro]\n[Guitar 1]\n   PM----|\n"
        + RIFF
        + "\nChorus:\n   Am      G\n"
        + RIFF
        + "   ....\n\n.. = nothing\n"
    )
    parsed = parse_text_tab(text)
    assert parsed.sections == (("Intro", 1), ("Chorus", 11))
    assert {(e.section, e.part) for e in parsed.events} == {("Intro", "Guitar 1"), ("Chorus", "")}
    muted = [n for n in parsed.tab.notes if "palm_mute" in n.techniques]
    assert [str(n.onset_beats) for n in muted] == ["0", "1/2", "1"]
    assert [(c.name, c.start_s, c.end_s) for c in parsed.tab.chords] == [("Am", 2.0, 3.0), ("G", 3.0, 4.0)]
    assert (parsed.chords[0].line, parsed.chords[0].column, parsed.chords[0].section) == (12, 4, "Chorus")


def test_dots_mute_where_the_legend_says_so() -> None:
    text = ". = palm mute\n" + RIFF + "   . .\n"
    assert ["palm_mute" in n.techniques for n in parse_text_tab(text).tab.notes] == [True, True] + [False] * 4


def test_a_chord_sheet() -> None:
    parsed = parse_text_tab("Capo: 2\n[Verse]\nAm      F  C/E\nla la la la\n[G]la [D7sus4]la\n")
    assert parsed.kind == "chords"
    assert [c.name for c in parsed.chords] == ["Am", "F", "C/E", "G", "D7sus4"]
    assert {c.section for c in parsed.chords} == {"Verse"}
    assert (parsed.tab.notes, parsed.tab.tuning.capo) == ((), 2)
    assert any("chord sheet" in line for line in parsed.account())


def test_systems_over_pages() -> None:
    page = RIFF + "\f\n            page 2\n\n" + RIFF
    assert places(page) == places(RIFF) * 2
    assert [n[0] for n in notes(parse_text_tab(page))][6] == "4"


def test_header_facts() -> None:
    parsed = parse_text_tab("Title: A Song\nArtist: Nobody\nKey: F# minor\n3/4\n140 BPM\n\n" + RIFF)
    assert (parsed.tab.title, parsed.artist) == ("A Song", "Nobody")
    assert parsed.tab.key == Key(tonic=6, mode="minor")
    assert (parsed.timing.tempo_bpm, parsed.timing.beats_per_bar) == (140.0, 3)


def test_a_written_tab_with_chords_and_key() -> None:
    tab = tab_of(
        tab_note(1, 3, 0), tab_note(2, 2, 1), tab_note(5, 12, Fraction(13, 2), "hammer_on"),
        chords=(Chord(start_s=0.0, end_s=2.0, name="C"), Chord(start_s=2.0, end_s=4.0, name="G")),
        key=Key(tonic=0, mode="major"),
    )  # fmt: skip
    read = parse_text_tab(write_ascii(tab)).tab
    assert [n.position for n in read.notes] == [n.position for n in tab.notes]
    assert [n.onset_beats for n in read.notes] == [n.onset_beats for n in tab.notes]
    assert [(c.name, c.start_s) for c in read.chords] == [("C", 0.0), ("G", 2.0)]
    assert read.key == tab.key


def test_a_written_tab_without_beats_keeps_its_seconds() -> None:
    made = tab_of(*(tab_note(i % 6, i, i * 3) for i in range(12)))
    tab = Tab(tuning=made.tuning, notes=made.notes, beats=None)
    read = parse_text_tab(write_ascii(tab))
    assert read.timing.columns_from == "seconds"
    assert read.tab.beats is None
    assert [n.note.onset_s for n in read.tab.notes] == [n.note.onset_s for n in tab.notes]
    assert [n.position for n in read.tab.notes] == [n.position for n in tab.notes]


def test_an_empty_tab() -> None:
    empty = Tab(tuning=Tuning(open_pitches=NAMED_TUNINGS["bass drop D"], capo=2), notes=())
    read = parse_text_tab(write_ascii(empty))
    assert read.kind == "empty"
    assert (read.tab.tuning.open_pitches, read.tab.tuning.capo) == (empty.tuning.open_pitches, 2)


@pytest.mark.parametrize("text", ["", "la la la", "\x00\x01", "Dear Sir,\nthank you - really - for 12 tabs"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(TabFormatError, match="letter: no line looks like a string"):
        parse_text_tab(text, "letter")


def test_limits() -> None:
    with pytest.raises(TabFormatError, match="longer than the limit"):
        parse_text_tab("-" * (MAX_BYTES + 1))
    with pytest.raises(OptionError, match="capo"):
        parse_text_tab(RIFF, capo=13)
    with pytest.raises(OptionError, match="tempo"):
        parse_text_tab(RIFF, bpm=0)
    with pytest.raises(OptionError, match="4 strings"):
        parse_text_tab(RIFF, tuning=Tuning(open_pitches=NAMED_TUNINGS["bass"]))
    with pytest.raises(TabFormatError, match="200000 beats"):
        parse_text_tab("[0:00]  bar 900000\n" + RIFF)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "a.tab"
    path.write_bytes(RIFF.encode("utf-16"))
    assert len(read_text_tab(path).tab.notes) == 6
    assert [n.position for n in read_tab(path).tab.notes] == [
        n.position for n in read_text_tab(path).tab.notes
    ]
    with pytest.raises(TabFormatError, match="no such file"):
        read_text_tab(tmp_path / "b.tab")


def test_what_is_not_understood_becomes_warnings() -> None:
    warnings = parse_text(RIFF.replace("-2---|", "-2nd-|").encode(), "a.txt").warnings
    assert any(line.startswith("line 5, column 16: '2nd' was not understood") for line in warnings)

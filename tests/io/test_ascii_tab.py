import dataclasses
import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.errors import OutputError
from fretscribe.io.ascii_tab import write_ascii
from fretscribe.io.text_tab_reader import parse_text_tab
from fretscribe.music import BeatGrid, BendPoint, Chord, Key, Tab, TabNote, Tuning
from random_tabs import n_tabs, random_tab
from strategies import tab_note, tab_of, tabs


def strings_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.match(r"^[A-Ga-g][#b]? ?\|", line)]


def systems_of(text: str, n_strings: int) -> list[list[str]]:
    lines = strings_of(text)
    assert len(lines) % n_strings == 0
    return [lines[i : i + n_strings] for i in range(0, len(lines), n_strings)]


def sustained(notes: list[TabNote], end: int) -> list[TabNote]:
    """The same notes, each written to last to the next onset."""
    onsets = sorted({n.onset_beats for n in notes} | {Fraction(end)})
    return [
        dataclasses.replace(n, duration_beats=onsets[onsets.index(n.onset_beats) + 1] - n.onset_beats)
        for n in notes
    ]


def test_a_whole_tab() -> None:
    notes = [tab_note(1, 3, 0), tab_note(2, 2, 1), tab_note(3, 0, 2), tab_note(4, 1, 3)]
    notes += [tab_note(s, f, 4) for s, f in ((0, 3), (1, 2), (2, 0), (3, 0), (4, 0), (5, 3))]
    notes += [tab_note(5, 10, Fraction(6)), tab_note(5, 12, Fraction(13, 2), "hammer_on")]
    notes = sustained(notes, 8)
    chords = (Chord(start_s=0.01, end_s=2, name="C"), Chord(start_s=1.98, end_s=4, name="G"))
    tab = tab_of(*notes, chords=chords, key=Key(tonic=0, mode="major"), title="A song")
    assert write_ascii(tab) == (
        "A song\n"
        "Tuning: standard (E2 A2 D3 G3 B3 E4)\n"
        "Tempo: 120 bpm   Time: 4/4   Key: C major\n"
        "\n"
        "[0:00]  bar 1\n"
        "   C                 G\n"
        "   q   q   q   q     h       e  q.\n"
        "e|-----------------|-3-------10h12----|\n"
        "B|-------------1---|-0----------------|\n"
        "G|---------0-------|-0----------------|\n"
        "D|-----2-----------|-0----------------|\n"
        "A|-3---------------|-2----------------|\n"
        "E|-----------------|-3----------------|\n"
        "\n"
        "Rhythm: h half   q quarter   e eighth   . dotted\n"
        "h hammer-on\n"
    )


def test_silence_is_said_aloud() -> None:
    text = write_ascii(Tab(tuning=Tuning(open_pitches=(38, 45, 50, 55, 59, 64), capo=2), notes=()))
    assert text == (
        "Tuning: drop D (D2 A2 D3 G3 B3 E4)\n"
        "Capo: fret 2 (frets are counted from the capo)\n"
        "\n"
        "(no notes heard)\n"
    )


def only_string(*notes: TabNote, **more: object) -> str:
    """The drawn rows of the lowest string, joined."""
    text = write_ascii(tab_of(*notes), **{"rhythm": False, **more})
    return "".join(line[2:] for line in strings_of(text) if line.startswith("E|"))


@pytest.mark.parametrize(
    ("places", "row"),
    [
        (["0", "1", "2", "3"], "-0---1---2---3---|"),
        (["0", "1/2", "1", "3/2"], "-0-1-2-3---------|"),
        (["0", "1/4", "1/2", "3/4"], "-0-1-2-3-------------------------|"),
        (["0", "1/3", "2/3", "1"], "-0-1-2-3-----------------|"),
        (["0", "1/6", "1/2"], "-0-1---2-----------------------------------------|"),
        (["0", "1/8"], "-0-1-------------------------------------------------------------|"),
        # a triplet and sixteenths in one bar: near enough, but apart and in order
        (["0", "1/3", "2/3", "1", "5/4"], "-0-1---2-3-4---------------------|"),
    ],
)
def test_columns_are_as_fine_as_the_bar_needs(places: list[str], row: str) -> None:
    notes = [tab_note(0, i, Fraction(p)) for i, p in enumerate(places)]
    notes = [
        dataclasses.replace(n, note=dataclasses.replace(n.note, offset_s=n.note.onset_s + 0.03))
        for n in notes
    ]
    assert only_string(*notes) == row


def test_every_technique_has_its_sign() -> None:
    bend = (BendPoint(time_s=0.0, cents=0.0), BendPoint(time_s=0.1, cents=205.0))
    bent = tab_note(0, 7, 3, "bend")
    bent = dataclasses.replace(bent, note=dataclasses.replace(bent.note, bend=bend))
    notes = [
        tab_note(0, 5, 0),
        tab_note(0, 7, Fraction(1, 2), "hammer_on"),
        tab_note(0, 5, 1, "pull_off"),
        tab_note(0, 9, Fraction(3, 2), "slide"),
        tab_note(0, 2, 2, "slide", "vibrato"),
        bent,
        tab_note(0, 0, 4, "dead"),
        tab_note(0, 12, 5, "harmonic"),
        tab_note(0, 3, 6, "palm_mute"),
        tab_note(0, 3, 7, "palm_mute"),
    ]
    text = write_ascii(tab_of(*notes), rhythm=False)
    assert r"E|-5h7p5/9\2~--7b9-|-x---<12>-3---3---|" in text
    assert "                      PM---" in text.replace("E|", "  ")
    legend = text[text.rindex("|") :]
    for sign in (
        "h hammer-on",
        "p pull-off",
        "/ slide up",
        "\\ slide down",
        "~ vibrato",
        "b bend",
        "x dead note",
    ):
        assert sign in legend
    assert "?" not in text


def test_doubt_is_marked_on_request_only() -> None:
    notes = (tab_note(0, 3, 0, confidence=0.3), tab_note(0, 5, 1, confidence=0.9), tab_note(0, 7, 2))
    assert "?" not in write_ascii(tab_of(*notes))
    text = write_ascii(tab_of(*notes), show_doubt=0.8, rhythm=False)
    assert "E|-3?--5---7-------|" in text
    assert text.endswith("? doubtful\n")


def test_long_pieces_wrap_at_bars_and_say_the_time() -> None:
    text = write_ascii(tab_of(*(tab_note(i % 6, i % 5, Fraction(i, 2)) for i in range(400))))
    assert max(len(line) for line in text.splitlines()) <= 80
    systems = systems_of(text, 6)
    assert all(row.endswith("|") for system in systems for row in system)
    stamps = re.findall(r"^\[(\d+:\d\d)\]  bar (\d+)$", text, re.MULTILINE)
    assert stamps[:2] == [("0:00", "1"), ("0:08", "5")]
    assert stamps[-1] == ("1:36", "49")
    assert "[" not in write_ascii(tab_of(tab_note(0, 0, 0)), times=False)


def test_a_bar_too_wide_for_the_page_is_split_at_a_beat() -> None:
    notes = [tab_note(0, 10 + i % 3, Fraction(i, 4)) for i in range(16)]
    text = write_ascii(tab_of(*notes), columns=40)
    first, second = (system[-1] for system in systems_of(text, 6))
    assert len(first) <= 40
    assert len(re.findall(r"\d+", first)) == 12
    assert not first.endswith("|")
    assert second.endswith("|")


def test_labels_of_other_tunings() -> None:
    for pitches, labels in (
        ((38, 45, 50, 55, 57, 62), ["d|", "A|", "G|", "D|", "A|", "D|"]),
        ((39, 44, 49, 54, 58, 63), ["eb|", "Bb|", "Gb|", "Db|", "Ab|", "Eb|"]),
        ((28, 33, 38, 43), ["G|", "D|", "A|", "E|"]),
    ):
        tuning = Tuning(open_pitches=pitches)
        text = write_ascii(tab_of(tab_note(0, 0, 0, tuning=tuning), tuning=tuning))
        assert [line.split("|")[0] + "|" for line in strings_of(text)] == labels


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        ((), "7b-"),
        ((0.0, 200.0), "7b9-"),
        ((0.0, 205.0, 10.0), "7b9r7-"),
        ((0.0, 300.0, 110.0), "7b10r8-"),
        ((0.0, 60.0, 0.0), "7b1/4-"),
        ((0.0, 90.0), "7b8-"),
        ((100.0, -40.0), "7b8r7-"),
    ],
)
def test_bends_say_where_they_go_and_return(cents: tuple[float, ...], text: str) -> None:
    note = tab_note(0, 7, 0, "bend")
    bend = tuple(BendPoint(time_s=i / 20, cents=c) for i, c in enumerate(cents))
    note = dataclasses.replace(note, note=dataclasses.replace(note.note, bend=bend))
    assert only_string(note).startswith(f"-{text}")


def test_names_of_strings() -> None:
    tab = tab_of(tab_note(0, 0, 0))

    def names(**more: str) -> list[str]:
        return [line.split("|")[0] for line in write_ascii(tab, **more).splitlines() if "|-" in line]

    assert names() == ["e", "B", "G", "D", "A", "E"]
    assert names(string_names="pitches") == ["E4", "B3", "G3", "D3", "A2", "E2"]
    assert names(string_names="numbers") == ["1", "2", "3", "4", "5", "6"]


def test_a_tempo_that_changes_much_is_said_again() -> None:
    times = [i * 0.5 for i in range(17)]
    times += [times[-1] + (i + 1) * 0.4 for i in range(16)]
    beats = BeatGrid(beat_times_s=tuple(times), downbeats=tuple(range(0, 33, 4)))
    notes = [tab_note(0, 0, i) for i in range(32)]
    placed = [
        dataclasses.replace(
            n, note=dataclasses.replace(n.note, onset_s=beats.time_at(i), offset_s=beats.time_at(i + 1))
        )
        for i, n in enumerate(notes)
    ]
    text = write_ascii(tab_of(*placed, beats=beats), columns=24)
    assert "Tempo: 133.3 bpm" in text
    assert re.findall(r"^\[.*bpm", text, re.MULTILINE) == [
        "[0:00]  bar 1  120 bpm", "[0:08]  bar 5  150 bpm",
    ]  # fmt: skip
    read = parse_text_tab(text).tab
    assert [n.note.onset_s for n in read.notes] == pytest.approx([n.note.onset_s for n in placed])


def test_legends_stay_within_the_page() -> None:
    for seed in range(20):
        lines = write_ascii(random_tab(seed), columns=60).splitlines()
        legend = lines[next(i for i, line in enumerate(lines) if line.startswith("Rhythm: ")) :]
        assert len(legend) > 2
        assert max(map(len, legend)) <= 60


def test_rhythm_is_left_out_where_it_is_not_wanted() -> None:
    tab = tab_of(*sustained([tab_note(0, 3, 0), tab_note(1, 5, 1)], 4))
    assert "\n   q   h.\n" in write_ascii(tab)
    assert "Rhythm" not in write_ascii(tab, rhythm=False)


def test_chord_names_never_run_together() -> None:
    chords = tuple(Chord(start_s=i / 2, end_s=i / 2 + 0.5, name=f"C#m7b5/{x}") for i, x in enumerate("ABDEF"))
    text = write_ascii(tab_of(tab_note(0, 3, 0), tab_note(0, 3, 4), chords=chords))
    line = next(line for line in text.splitlines() if "C#m7b5" in line)
    assert line.split() == [c.name for c in chords]
    row = strings_of(text)[-1]
    assert line.index("C#m7b5/A") == row.index("3")
    assert line.index("C#m7b5/F") == row.rindex("3")
    assert "C#" not in write_ascii(tab_of(tab_note(0, 3, 0), chords=chords), chords=False)
    flat = write_ascii(tab_of(tab_note(0, 3, 0), chords=chords, key=Key(tonic=3, mode="major")))
    assert "Dbm7b5/A" in flat


def test_that_there_is_no_chord_is_said_between_chords_only() -> None:
    names = ("N.C.", "C", "N.C.", "G")
    chords = tuple(Chord(start_s=i, end_s=i + 1, name=name) for i, name in enumerate(names))
    text = write_ascii(tab_of(tab_note(0, 3, 0), tab_note(0, 3, 7), chords=chords), rhythm=False, times=False)
    assert [line.split() for line in text.splitlines() if "C" in line] == [["C", "N.C.", "G"]]


def test_without_beats_columns_are_time() -> None:
    notes = [tab_note(0, 3, 0), tab_note(0, 5, 1), tab_note(0, 7, 3)]
    text = write_ascii(dataclasses.replace(tab_of(*notes), beats=None))
    assert "No beats known: two characters are 0.125 s" in text
    row = strings_of(text)[-1]
    assert [row.index(c) for c in "357"] == [3, 11, 27]
    assert row.count("|") == 1


def test_unquantised_strums_stand_in_one_column() -> None:
    strum = [tab_note(s, 2, 1 + s * Fraction(1, 50)) for s in range(6)]
    loose = [dataclasses.replace(n, onset_beats=None, duration_beats=None) for n in strum]
    systems = systems_of(write_ascii(tab_of(*loose)), 6)
    assert {row.index("2") for row in systems[0]} == {2 + 1 + 2 * 2}


def test_unquantised_triplets_are_seen() -> None:
    notes = [tab_note(0, i % 5, Fraction(i, 3) + Fraction(1, 100)) for i in range(12)]
    loose = [dataclasses.replace(n, onset_beats=None, duration_beats=None) for n in notes]
    assert only_string(*loose) == "-" + "-".join(str(i % 5) for i in range(12)) + "-|"


def test_pick_up_and_late_start() -> None:
    beats = BeatGrid(beat_times_s=tuple(i / 2 for i in range(10)), downbeats=(1, 5, 9))
    text = write_ascii(tab_of(tab_note(0, 3, 0), tab_note(0, 5, 1), beats=beats), rhythm=False)
    assert "E|-3---|-5---------------|" in text
    text = write_ascii(tab_of(tab_note(0, 5, 5), beats=beats), rhythm=False)
    assert "[0:02]  bar 3\n" in text
    assert "E|-5---------------|" in text


def test_titles_stay_on_their_line() -> None:
    assert write_ascii(tab_of(tab_note(0, 0, 0), title="a\nb\tc ")).startswith("a b c\nTuning")


def test_absurd_tempos_are_refused() -> None:
    beats = BeatGrid(beat_times_s=(0.0, 1e-9), downbeats=())
    note = dataclasses.replace(tab_note(0, 0, 10), onset_beats=None, duration_beats=None)
    with pytest.raises(OutputError, match="too long"):
        write_ascii(tab_of(tab_note(0, 0, 0), note, beats=beats))


def test_impossible_widths() -> None:
    with pytest.raises(ValueError, match="20 or more"):
        write_ascii(tab_of(), columns=10)


@settings(max_examples=n_tabs(40), deadline=None)
@given(tabs(), st.sampled_from([40, 80, 200]))
def test_any_tab_is_drawn_with_all_its_notes(tab: Tab, columns: int) -> None:
    plain = dataclasses.replace(
        tab,
        notes=tuple(dataclasses.replace(n, techniques=frozenset()) for n in tab.notes),
        title="",
        chords=(),
    )
    text = write_ascii(plain, columns=columns)
    assert text.endswith("\n")
    assert all(line == line.rstrip() for line in text.splitlines())
    if not plain.notes:
        assert "(no notes heard)" in text
        return
    systems = systems_of(text, plain.tuning.n_strings)
    for system in systems:
        assert len({len(row) for row in system}) == 1
        assert len(system[0]) <= columns
    for string in range(plain.tuning.n_strings):
        drawn = [
            int(f)
            for system in systems
            for f in re.findall(r"\d+", system[plain.tuning.n_strings - 1 - string].partition("|")[2])
        ]
        of_string = [n for n in plain.notes if n.position.string == string]
        assert sorted(drawn) == sorted(n.position.fret for n in of_string)
        if all(n.onset_beats is None for n in of_string) or plain.beats is None:
            assert drawn == [n.position.fret for n in of_string]


def test_a_bar_wider_than_the_page_is_never_cut_within_a_number() -> None:
    # Neighbours on other strings, so that the second digit may stand above the next column's first place.
    notes = [tab_note(2 + i % 2, 10 + i % 3, Fraction(i, 4)) for i in range(28)]
    beats = BeatGrid.constant(120.0, 10.0, beats_per_bar=7)
    tab = tab_of(*notes, beats=beats)
    for columns in range(30, 60):
        rows = strings_of(write_ascii(tab, columns=columns))
        for label, string in (("G", 3), ("D", 2)):
            drawn = [f for row in rows if row.startswith(label) for f in re.findall(r"\d+", row)]
            assert [int(f) for f in drawn] == [
                n.position.fret for n in tab.notes if n.position.string == string
            ]

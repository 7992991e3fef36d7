from fretscribe.io.text_tab_lines import StringLine, string_line
from fretscribe.io.text_tab_systems import Grouping, group_systems

SIX = [f"{s}|-0-|" for s in "eBGDAE"]


def grouped(lines: list[str]) -> Grouping:
    found = [string_line(i, line) for i, line in enumerate(lines, start=1)]
    return group_systems([line for line in found if line is not None])


def numbers(lines: tuple[StringLine, ...]) -> list[int]:
    return [line.number for line in lines]


def test_two_systems_apart_or_together() -> None:
    for between in ([], [""], ["", ""], ["words"]):
        grouping = grouped([*SIX, *between, *SIX])
        assert [len(s.lines) for s in grouping.systems] == [6, 6]
        assert grouping.labels == tuple("eBGDAE")


def test_blank_lines_between_strings() -> None:
    spaced = [line for string in SIX for line in (string, "")]
    grouping = grouped([*spaced, "", "", *spaced])
    assert [numbers(s.lines) for s in grouping.systems] == [[1, 3, 5, 7, 9, 11], [15, 17, 19, 21, 23, 25]]
    assert [len(s.lines) for s in grouped([*spaced, *spaced]).systems] == [6, 6]


def test_a_system_torn_in_two() -> None:
    grouping = grouped([*SIX, "", *SIX[:3], "words", *SIX[3:]])
    assert [len(s.lines) for s in grouping.systems] == [6, 6]


def test_missing_lines() -> None:
    grouping = grouped([*SIX, "", *SIX[1:3], "", SIX[5], "", "x", "A|-3-|", "E|-3-|"])
    assert [s.rows for s in grouping.systems][1:] == [(1, 2), (5,), (4, 5)]
    assert not grouping.systems[1].is_full


def test_odd_labels_take_the_rows_between() -> None:
    grouping = grouped([*SIX, "", "e|-0-|", "L|-0-|", "L|-0-|", "A|-0-|", "E|-0-|"])
    assert grouping.systems[1].rows == (0, 1, 2, 4, 5)


def test_two_strings_of_a_riff_over_and_over() -> None:
    riff = ["A|-3-|", "E|-1-|", ""]
    grouping = grouped([*riff * 4, "", *SIX])
    assert [s.rows for s in grouping.systems] == [(4, 5)] * 4 + [tuple(range(6))]


def test_lines_that_are_no_strings() -> None:
    strums = ["R|-v---^-|", *SIX]
    assert [len(s.lines) for s in grouped([*strums, "", *strums]).systems] == [6, 6]
    assert len(grouped(["  --------", *SIX]).systems[0].lines) == 6
    assert [line.number for line in grouped([*SIX, "", "word", "", "---3---5"]).left_over] == [10]


def test_a_bass_tab_and_unlabelled_strings() -> None:
    assert grouped(["G|-0-|", "D|-0-|", "A|-0-|", "E|-0-|"]).labels == tuple("GDAE")
    bare = ["|---0---|"] * 7
    assert [len(s.lines) for s in grouped([*bare, "", *bare]).systems] == [7, 7]
    assert [len(s.lines) for s in grouped(["---0---"] * 12).systems] == [6, 6]

import pytest

from fretscribe.io.text_tab_cells import Cell, Remark, cut_columns, read_cells
from fretscribe.io.text_tab_lines import StringLine


def read(body: str, cuts: frozenset[int] = frozenset()) -> tuple[list[Cell], list[Remark]]:
    return read_cells(StringLine(number=7, label="e", start=2, body=body, tail=""), cuts)


@pytest.mark.parametrize(
    ("body", "frets"),
    [
        ("-3-5-", [3, 5]),
        ("-12-24-", [12, 24]),
        ("-25-", [2, 5]),
        ("-05-", [0, 5]),
        ("-777-", [7, 7, 7]),
        ("-1012-", [1, 0, 1, 2]),
        ("-(5)-{7}-[9]-", [5, 7, 9]),
        ("-5/7\\5-", [5, 7, 5]),
        ("-7b9r7-9b(11)-", [7, 9]),
        ("-7b9h10-", [7, 10]),
        ("-x-X-", [0, 0]),
        ("-5~~~-5v-", [5, 5]),
        ("3|5||7", [3, 5, 7]),
        ("-4(8)-", [4, 8]),
        ("-8*-9?-", [8, 9]),
    ],
)
def test_frets(body: str, frets: list[int]) -> None:
    cells, remarks = read(body)
    assert [c.fret for c in cells] == frets
    assert remarks == []


@pytest.mark.parametrize(
    ("body", "techniques"),
    [
        ("-5h7-", [set(), {"hammer_on"}]),
        ("-7p5-", [set(), {"pull_off"}]),
        ("-5h-7-", [set(), {"hammer_on"}]),
        ("-5----h7-", [set(), {"hammer_on"}]),
        ("-5t12-", [set(), {"hammer_on"}]),
        ("-5/7-", [set(), {"slide"}]),
        ("-\\5-", [{"slide"}]),
        ("-5sl7-", [set(), {"slide"}]),
        ("-5/-------7-", [set(), set()]),
        ("-7b-", [{"bend"}]),
        ("-7~-", [{"vibrato"}]),
        ("-7b9~-", [{"bend", "vibrato"}]),
        ("-x-", [{"dead"}]),
        ("-<12>-", [{"harmonic"}]),
    ],
)
def test_techniques(body: str, techniques: list[set[str]]) -> None:
    cells, remarks = read(body)
    assert [c.techniques for c in cells] == techniques
    assert remarks == []


@pytest.mark.parametrize(
    ("body", "cents"),
    [("7b9", 200), ("7b8", 100), ("7b", 200), ("7b1/2", 100), ("7bfull", 200), ("7^10", 300)],
)
def test_bends(body: str, cents: float) -> None:
    cells, remarks = read(f"-{body}-")
    assert [(c.fret, c.bend_cents) for c in cells] == [(7, cents)]
    assert remarks == []


def test_a_number_is_cut_where_another_string_says_so() -> None:
    assert cut_columns("-12-35-") == {4}
    cells, _ = read("-12-13-", frozenset({4}))
    assert [(c.x, c.fret) for c in cells] == [(1, 12), (4, 1), (5, 3)]


@pytest.mark.parametrize(
    ("body", "column", "text", "n_cells"),
    [
        ("-8nd-5-", 4, "8nd", 1),
        ("-5-(in verse 2)-", 6, "(in verse 2)", 1),
        ("-<29>-", 4, "<29>", 0),
        ("-9b7-", 5, "b7", 1),
        ("-5l7-", 5, "l", 2),
        ("-5§-", 5, "§", 1),
    ],
)
def test_what_is_not_understood_has_its_place(body: str, column: int, text: str, n_cells: int) -> None:
    cells, remarks = read(body)
    assert len(cells) == n_cells
    assert [(r.line, r.column, r.text) for r in remarks] == [(7, column, text)]


def test_widths_leave_long_vibrato_out() -> None:
    cells, _ = read("-12~~~~-<7>-")
    assert [(c.width, c.text_width) for c in cells] == [(6, 3), (3, 3)]

"""Verdicts on notes: one example of each, and that the books balance."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fretscribe.evaluation.errors import (
    ASPECTS,
    VERDICTS,
    ErrorBreakdown,
    Verdict,
    error_breakdown,
    error_table,
    verdicts,
)
from fretscribe.evaluation.notes import NoteArrays, note_arrays

Row = tuple[float, float, float, int]  # onset_s, offset_s, pitch, string


def _notes(*rows: Row) -> NoteArrays:
    onsets, offsets, pitches, strings = ([row[i] for row in rows] for i in range(4))
    return note_arrays(onsets, offsets, pitches, strings, [0] * len(rows))


rows = st.lists(
    st.tuples(st.integers(0, 40), st.floats(0.02, 2.0), st.integers(36, 84), st.integers(0, 5)), max_size=15
).map(lambda drawn: [(0.05 * step, 0.05 * step + length, pitch, s) for step, length, pitch, s in drawn])


def test_one_of_each() -> None:
    cases: list[tuple[Verdict, Row | None, Row | None]] = [
        ("right", (0.0, 0.2, 50.0, 1), (0.03, 0.2, 50.0, 1)),
        ("other_string", (1.0, 1.2, 50.0, 1), (1.0, 1.2, 50.0, 2)),
        ("timing", (2.0, 2.2, 50.0, 1), (2.12, 2.2, 50.0, 1)),
        ("octave", (3.0, 3.2, 50.0, 1), (3.0, 3.2, 62.0, 1)),
        ("octave", (4.0, 4.2, 74.0, 1), (4.0, 4.2, 50.0, 1)),
        ("near_pitch", (5.0, 5.2, 50.0, 1), (5.0, 5.2, 52.0, 1)),
        ("missed", (6.0, 6.2, 50.0, 1), None),
        ("missed", (7.0, 7.2, 50.0, 1), (7.0, 7.2, 55.0, 1)),
        ("extra", None, (8.0, 8.2, 50.0, 1)),
    ]
    ref_rows = [(verdict, row) for verdict, row, _ in cases if row is not None]
    est_rows = [(verdict, row) for verdict, _, row in cases if row is not None]
    found = verdicts(_notes(*(row for _, row in ref_rows)), _notes(*(row for _, row in est_rows)))
    assert list(found.ref) == [verdict for verdict, _ in ref_rows]
    assert list(found.est) == ["extra" if verdict == "missed" else verdict for verdict, _ in est_rows]
    assert found.pairs.tolist() == [[i, i] for i in range(6)]


def test_a_note_past_all_tolerances_is_missed_and_extra() -> None:
    found = verdicts(_notes((0.0, 0.5, 50.0, 1)), _notes((0.16, 0.5, 50.0, 1)))
    assert (found.ref, found.est) == (("missed",), ("extra",))
    assert found.pairs.shape == (0, 2)


def test_the_right_string_is_preferred_where_two_guesses_fit() -> None:
    ref = _notes((0.0, 0.5, 64.0, 4))
    est = _notes((0.0, 0.5, 64.0, 5), (0.02, 0.5, 64.0, 4))
    found = verdicts(ref, est)
    assert (found.ref, found.est) == (("right",), ("extra", "right"))
    assert found.pairs.tolist() == [[0, 1]]


@given(rows, rows)
def test_the_books_balance(ref_rows: list[Row], est_rows: list[Row]) -> None:
    ref, est = _notes(*ref_rows), _notes(*est_rows)
    found = error_breakdown(ref, est)
    total = sum(found.verdicts.values())
    assert total - found.verdicts["extra"] == len(ref) == found.n_ref
    assert total - found.verdicts["missed"] == len(est) == found.n_est
    given = verdicts(ref, est)
    assert len(given.pairs) == total - found.verdicts["missed"] - found.verdicts["extra"]
    assert all(given.ref[i] == given.est[j] for i, j in given.pairs)
    for aspect in ASPECTS:
        for verdict in VERDICTS:
            classes = found.classes(aspect)
            assert sum(found.count(aspect, name, verdict) for name in classes) == found.verdicts[verdict]


def test_classes_of_a_note() -> None:
    ref = _notes((0.0, 0.3, 40.0, 0), (0.01, 0.3, 59.6, 4), (1.0, 3.0, 76.0, 5))
    found = error_breakdown(ref, _notes())
    assert found.classes("register") == ("below C3", "C4 to C5", "C5 and up")  # 59.6 is played as C4
    assert found.classes("polyphony") == ("1", "2")
    assert found.classes("string") == ("0", "4", "5")
    assert found.classes("duration") == ("0.25 to 0.5 s", "1 s and more")
    assert found.count("polyphony", "2", "missed") == 2


def test_polyphony_of_an_extra_note_counts_the_guess_around_it() -> None:
    ref = _notes((0.0, 1.0, 40.0, 0))
    est = _notes((0.0, 1.0, 40.0, 0), (0.0, 1.0, 75.0, 5))
    found = error_breakdown(ref, est)
    assert found.count("polyphony", "2", "extra") == 1
    assert found.count("polyphony", "1", "right") == 1


def test_breakdowns_pool_by_adding() -> None:
    one = error_breakdown(_notes((0.0, 0.3, 40.0, 0)), _notes())
    other = error_breakdown(_notes((0.0, 0.3, 40.0, 0)), _notes((0.0, 0.3, 40.0, 0)))
    pooled = ErrorBreakdown() + one + other
    assert (pooled.n_ref, pooled.n_est) == (2, 1)
    assert (pooled.verdicts["missed"], pooled.verdicts["right"]) == (1, 1)
    assert pooled.count("string", "0", "missed") == 1


def test_the_table_gives_counts_and_shares() -> None:
    ref = _notes((0.0, 0.3, 40.0, 0), (1.0, 1.3, 40.0, 0), (2.0, 2.3, 40.0, 0), (3.0, 3.3, 40.0, 0))
    lines = error_table(error_breakdown(ref, ref.select(ref.onset_s > 0.5))).splitlines()
    assert lines[0].split() == ["notes", *VERDICTS]
    assert lines[1].split()[:6] == ["all", "notes", "4", "3", "75.0", "%"]
    assert any(line.startswith("string 0") for line in lines)
    assert len({len(line) for line in lines if line}) == 1

"""The picture of all tracks: bars that agree with the table of errors, and a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from fretscribe.evaluation.errors import ASPECTS, Aspect, error_breakdown
from fretscribe.evaluation.notes import NoteArrays, note_arrays
from fretscribe.evaluation.pictures.summary import BarRow, bar_rows, summary_picture
from fretscribe.evaluation.run import compare
from fretscribe.evaluation.summary import Evaluation, TrackRow
from fretscribe.music import STANDARD_TUNING, Note, Position, Tab, TabNote, Tuning
from fretscribe.result import Transcription


def _notes(*rows: tuple[float, float, float, int]) -> NoteArrays:
    onsets, offsets, pitches, strings = ([row[i] for row in rows] for i in range(4))
    return note_arrays(onsets, offsets, pitches, strings, [0] * len(rows))


REF = _notes((0.0, 0.3, 40, 0), (1.0, 1.3, 40, 0), (2.0, 2.05, 45, 1), (3.0, 5.0, 76, 5), (4.0, 4.3, 41, 0))
EST = _notes((0.0, 0.3, 40, 0), (1.0, 1.3, 52, 1), (3.0, 5.0, 76, 4), (7.0, 7.3, 50, 2), (8.0, 8.3, 40, 0))
"""Right, an octave up, missed, another string, missed; two extra notes, one on a string nobody played."""


def test_bars_have_the_shares_of_the_table() -> None:
    rows = {row.label: row for row in bar_rows(error_breakdown(REF, EST), "string")}
    third = pytest.approx(100 / 3)
    assert rows["string 0"].shares == {"right": third, "octave": third, "missed": third}
    assert (rows["string 0"].n_ref, rows["string 0"].n_extra) == (3, 1)
    assert rows["string 0"].extra_share == third
    assert rows["string 2"] == BarRow(label="string 2", n_ref=0, n_extra=1, shares={})
    assert rows["string 2"].extra_share == 0.0


@pytest.mark.parametrize("aspect", ASPECTS)
def test_bars_are_full_and_hold_every_note(aspect: Aspect) -> None:
    rows = bar_rows(error_breakdown(REF, EST), aspect)
    assert sum(row.n_ref for row in rows) == len(REF)
    assert sum(row.n_extra for row in rows) == 2
    for row in rows:
        assert sum(row.shares.values()) == (pytest.approx(100.0) if row.n_ref else 0.0)


@pytest.mark.parametrize(
    ("aspect", "top", "bottom"),
    [
        ("string", "string 5", "string 0"),
        ("register", "C5 and up", "below C3"),
        ("polyphony", "1 at once", "2 at once"),
        ("duration", "under 0.1 s", "1 s and more"),
    ],
)
def test_low_strings_are_below_and_short_notes_above(aspect: Aspect, top: str, bottom: str) -> None:
    labels = [row.label for row in bar_rows(error_breakdown(REF, EST), aspect)]
    assert (labels[0], labels[-1]) == (top, bottom)


def _row(
    title: str, played: Sequence[int], found: Sequence[int], tuning: Tuning = STANDARD_TUNING
) -> TrackRow:
    def tab(frets: Sequence[int]) -> Transcription:
        positions = [Position(string=1, fret=fret) for fret in frets]
        notes = [
            TabNote(note=Note(onset_s=i, offset_s=i + 0.5, pitch=tuning.pitch(position)), position=position)
            for i, position in enumerate(positions)
        ]
        return Transcription(tab=Tab(tuning=tuning, notes=tuple(notes)))

    return compare(tab(played), tab(found), title=title).rows[0]


def _height(path: Path) -> int:
    from matplotlib.image import imread

    return int(imread(path).shape[0])


def test_all_tracks_are_in_one_picture_and_share_a_neck_if_their_tuning_allows(tmp_path: Path) -> None:
    alike = Evaluation(rows=(_row("a", [3, 5], [3, 6]), _row("b", [3, 5, 7], [3])))
    path = summary_picture(alike, tmp_path)
    assert path == tmp_path / "summary.png"
    with_neck = _height(path)
    drop_d = Tuning(open_pitches=(38, 45, 50, 55, 59, 64))
    mixed = Evaluation(rows=(_row("a", [3, 5], [3, 6]), _row("b", [3, 5, 7], [3], drop_d)))
    summary_picture(mixed, tmp_path, force=True)
    assert _height(path) < with_neck - 150


def test_silence_has_a_picture_too(tmp_path: Path) -> None:
    path = summary_picture(Evaluation(rows=(_row("nothing", [], []),)), tmp_path)
    assert path.read_bytes()[:4] == b"\x89PNG"

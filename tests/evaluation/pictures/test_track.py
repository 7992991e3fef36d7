"""A track's pictures: as many shapes as there are notes, and files that can be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fretscribe.errors import OutputError
from fretscribe.evaluation.errors import verdicts
from fretscribe.evaluation.pictures.drawing import axes_at, new_figure
from fretscribe.evaluation.pictures.neck import MOST_ARROWS, draw_neck, neck_of, radius
from fretscribe.evaluation.pictures.track import DPI, WIDTH_IN, draw_roll, track_pictures
from fretscribe.evaluation.pictures.track_layout import moves, pitch_range, place_counts, roll_rows
from fretscribe.evaluation.pictures.verdicts import FILL
from fretscribe.evaluation.run import compare
from fretscribe.evaluation.summary import TrackRow
from fretscribe.music import STANDARD_TUNING, Note, Position, Tab, TabNote, Tuning
from fretscribe.result import Transcription

Struck = tuple[float, int, int]  # onset_s, string, fret
PLAYED: tuple[Struck, ...] = ((0.0, 3, 5), (1.0, 3, 5), (2.0, 0, 3), (3.0, 1, 3), (4.0, 2, 2))
FOUND: tuple[Struck, ...] = ((0.0, 4, 1), (1.0, 3, 5), (2.0, 0, 4), (4.1, 2, 2), (6.0, 3, 5))
"""Another string, right, a near pitch, (missed), late, extra."""


def row_of(
    played: Sequence[Struck], found: Sequence[Struck], *, title: str = "x", tuning: Tuning = STANDARD_TUNING
) -> TrackRow:
    def tab(places: Sequence[Struck]) -> Transcription:
        positions = [Position(string=string, fret=fret) for _, string, fret in places]
        notes = [
            TabNote(note=Note(onset_s=at[0], offset_s=at[0] + 0.5, pitch=tuning.pitch(p)), position=p)
            for at, p in zip(places, positions, strict=True)
        ]
        return Transcription(tab=Tab(tuning=tuning, notes=tuple(notes)))

    return compare(tab(played), tab(found), title=title).rows[0]


def test_a_row_has_a_box_for_each_note_in_its_verdicts_colour() -> None:
    from matplotlib.colors import to_hex

    row = row_of(PLAYED, FOUND)
    (stretch,) = roll_rows(row.ref, row.est, verdicts(row.ref, row.est), duration_s=6.5)
    axes = axes_at(new_figure(10.0, 3.0, dpi=50), left=0.5, top=0.2, width=9.0, height=2.0)
    draw_roll(axes, stretch, pitch_range(row.ref, row.est))
    filled = {
        to_hex(boxes.get_facecolor()[0]): len(boxes.get_paths())
        for boxes in axes.collections
        if len(boxes.get_paths()) and len(boxes.get_facecolor())
    }
    expected = ("right", "other_string", "near_pitch", "timing", "extra")
    assert filled == {FILL[verdict]: 1 for verdict in expected}
    met, missed = (boxes for boxes in axes.collections if not len(boxes.get_facecolor()))
    assert (len(met.get_paths()), len(missed.get_paths())) == (4, 1)
    assert missed.get_linewidth()[0] > 2 * met.get_linewidth()[0]
    assert axes.get_xlim() == (0.0, 6.5)
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["G2", "C3", "E3", "G3", "C4"]


def test_the_neck_has_pies_squares_and_arrows_where_they_belong() -> None:
    from matplotlib.patches import FancyArrowPatch, Rectangle, Wedge

    row = row_of(PLAYED, FOUND)
    found = verdicts(row.ref, row.est)
    moved = moves(row.ref, row.est, found)
    neck = neck_of(place_counts(row.ref, row.est, found), moved, row.ref_tuning)
    assert (neck.n_strings, neck.n_frets) == (6, 15)
    axes = axes_at(new_figure(10.0, 3.0, dpi=50), left=0.0, top=0.0, width=10.0, height=3.0)
    draw_neck(axes, neck)
    wedges = [(round(p.center[0]), p.theta2 - p.theta1) for p in axes.patches if isinstance(p, Wedge)]
    # on fret 5 one of two notes went to another string; elsewhere the only note has the one verdict
    assert sorted(fret for fret, _ in wedges) == [2, 3, 3, 5, 5]
    assert sorted(angle for fret, angle in wedges if fret == 5) == [180.0, 180.0]
    assert len([p for p in axes.patches if isinstance(p, FancyArrowPatch)]) == 2
    squares = [p for p in axes.patches if isinstance(p, Rectangle)]
    assert len(squares) == 1 + 1, "the wood and the extra note"
    written = [text.get_text() for text in axes.texts]
    assert written[:6] == ["E2", "A2", "D3", "G3", "B3", "E4"]
    heights = [text.get_position()[1] for text in axes.texts[:6]]
    assert heights == sorted(heights), "the lowest string lies at the bottom"
    assert written[6:] == ["open", *map(str, range(1, 16))]


def test_a_neck_grows_with_its_notes_and_shows_the_frequent_moves_only() -> None:
    from matplotlib.patches import FancyArrowPatch

    tuning = Tuning(open_pitches=(30, 35, 40, 45, 50, 55, 59, 64), n_frets=24)
    played = [(1.0 * i, 6, 5 + i % 18) for i in range(60)]
    found = [(at, 7, fret - 5) for at, _, fret in played]
    far = [(100.0 + i, 5, 4 + i) for i in range(14)]
    back = [(at, 6, fret - 4) for at, _, fret in far]
    row = row_of([*played, *far], [*found, *back], tuning=tuning)
    judged = verdicts(row.ref, row.est)
    moved = moves(row.ref, row.est, judged)
    neck = neck_of(place_counts(row.ref, row.est, judged), moved, tuning)
    assert (neck.n_strings, neck.n_frets) == (8, 22)
    axes = axes_at(new_figure(10.0, 3.0, dpi=50), left=0.0, top=0.0, width=10.0, height=3.0)
    draw_neck(axes, neck)
    assert len(moved) == 32
    assert len([p for p in axes.patches if isinstance(p, FancyArrowPatch)]) == MOST_ARROWS


def test_areas_are_in_proportion_but_a_single_note_is_seen() -> None:
    assert radius(100, 100) / radius(25, 100) == pytest.approx(2.0)
    assert radius(1, 10_000) > 0.05


def test_a_short_track_is_one_page_with_ink_of_its_verdicts(tmp_path: Path) -> None:
    from matplotlib.image import imread

    (path,) = track_pictures(row_of(PLAYED, FOUND, title="00_A1-120-C_comp"), tmp_path)
    assert path == tmp_path / "00_A1-120-C_comp.png"
    pixels = np.rint(255 * imread(path)[..., :3]).astype(int)
    assert pixels.shape[1] == WIDTH_IN * DPI
    assert 500 < pixels.shape[0] < 1200
    for verdict in ("right", "other_string", "near_pitch", "timing", "extra"):
        colour = [int(FILL[verdict][i : i + 2], 16) for i in (1, 3, 5)]
        n_in_legend = 150
        assert (pixels == colour).all(axis=-1).sum() > 2 * n_in_legend, verdict


def test_a_long_track_has_pages_that_are_numbered(tmp_path: Path) -> None:
    played = [(2.0 * i, i % 6, 3) for i in range(35)]
    written = track_pictures(row_of(played, played, title="long"), tmp_path)
    assert written == (tmp_path / "long-1.png", tmp_path / "long-2.png")
    assert sorted(tmp_path.iterdir()) == sorted(written)


@pytest.mark.parametrize(
    ("played", "found"), [((), ()), (PLAYED, ()), ((), FOUND)], ids=["silence", "unheard", "invented"]
)
def test_tracks_without_notes_are_drawn_too(
    tmp_path: Path, played: tuple[Struck, ...], found: tuple[Struck, ...]
) -> None:
    (path,) = track_pictures(row_of(played, found), tmp_path)
    assert path.read_bytes()[:4] == b"\x89PNG"


def test_the_same_track_gives_the_same_bytes(tmp_path: Path) -> None:
    (path,) = track_pictures(row_of(PLAYED, FOUND), tmp_path)
    first = path.read_bytes()
    track_pictures(row_of(PLAYED, FOUND), tmp_path, force=True)
    assert path.read_bytes() == first


def test_a_track_of_a_strange_name_stays_in_its_folder(tmp_path: Path) -> None:
    row = replace(row_of(PLAYED, FOUND), track_id="../a:b")
    assert track_pictures(row, tmp_path) == (tmp_path / ".._a_b.png",)


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        track_pictures(row_of(PLAYED, FOUND), tmp_path)
    assert (tmp_path / "x.png").read_bytes() == b"mine"
    with pytest.raises(OutputError, match="not a folder"):
        track_pictures(row_of(PLAYED, FOUND), tmp_path / "absent")

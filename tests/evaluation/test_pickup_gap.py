"""Pickup against microphone: the same frames of a track, heard twice by the player's fold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fretscribe.datasets.fret_frames import frets_on_grid
from fretscribe.datasets.guitarset import open_guitarset
from fretscribe.datasets.windows import window_grid
from fretscribe.errors import DatasetError, WeightsError
from fretscribe.evaluation.pickup_gap import GapRow, gap_markdown, pickup_gap
from fretscribe.evaluation.protocol import TABCNN, WITH_LSTM
from guitarset_folder import TRACKS, make_folder, make_windows
from tab_networks import constant_folds

N_WINDOWS = 15
FRETS = {"00": 3, "01": 5}
REFINED = {"00": 7, "01": 8}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guitarset")
    make_folder(folder / "set")
    make_windows(folder / "set" / "cqt_windows.zip", n_windows=N_WINDOWS)
    return folder / "set"


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return constant_folds(tmp_path_factory.mktemp("folds"), FRETS, REFINED)


@pytest.fixture(scope="module")
def rows(home: Path, folds: Path) -> tuple[GapRow, ...]:
    return pickup_gap(open_guitarset(home), folds)


def test_each_track_is_heard_both_ways_by_its_players_fold(home: Path, rows: tuple[GapRow, ...]) -> None:
    tracks = {track.track_id: track for track in open_guitarset(home).tracks}
    judged = np.arange(N_WINDOWS) != 3  # the fourth window is missing
    for row in rows:
        player = row.track_id[:2]
        frets, _ = frets_on_grid(tracks[row.track_id].truth().notes, window_grid(N_WINDOWS))
        wanted = (FRETS if row.stage == TABCNN else REFINED)[player]
        assert row.scores.tab.n_matched == int((frets[judged] == wanted).sum())
        assert row.scores.tab.n_ref == int((frets[judged] >= 0).sum())
    seen = {(row.track_id, row.stage, row.heard_from) for row in rows}
    ways = [(s, h) for s in (TABCNN, WITH_LSTM) for h in ("windows", "microphone")]
    assert seen == {(track, *way) for track in TRACKS for way in ways}
    assert sum(row.scores.tab.n_est for row in rows if row.heard_from == "windows") > 0


def test_the_report_has_a_row_a_track_and_means_of_both_styles(rows: tuple[GapRow, ...]) -> None:
    text = gap_markdown(rows, command="do it")
    assert text.count("| 00_Blues1-120-C_solo |") == 2
    assert text.count("| **mean solo** |") == 2
    row = next(r for r in rows if r.track_id == TRACKS[0] and r.heard_from == "windows")
    assert f"| {TRACKS[0]} | {row.scores.tab.f1:.3f} |" in text


def test_nothing_to_compare_and_missing_folds_are_told(home: Path, folds: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"tabcnn-00\.onnx"):
        pickup_gap(open_guitarset(home), tmp_path)
    other = tmp_path / "other"
    make_folder(other, ["00_Rock1-120-C_comp"])
    make_windows(other / "cqt_windows.zip")
    with pytest.raises(DatasetError, match="has a recording and windows"):
        pickup_gap(open_guitarset(other), folds)

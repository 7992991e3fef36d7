"""The contract of training arrays: every rule can be broken, and says so."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from fretscribe.datasets.arrays import (
    ArraysInfo,
    TabArrays,
    array_path,
    encode_frets,
    sample_infos,
    write_arrays,
)
from fretscribe.datasets.arrays_check import check_arrays
from fretscribe.datasets.arrays_report import report_lines
from fretscribe.errors import DatasetError

TIMESTEPS, N_FRAMES = 10, 35


def made(player: str = "00", **changes: object) -> TabArrays:
    """Four samples, the last one half padding; soft predictions of the truth."""
    samples = sample_infos(
        track=f"{player}_A-1-C_solo",
        player=player,
        source="synthetic",
        style="solo",
        n_frames=N_FRAMES,
        timesteps=TIMESTEPS,
    )
    frets = np.full((4 * TIMESTEPS, 6), -1, dtype=np.int8)
    frets[12:20, 2] = 7
    frets[15:20, 5] = 0
    frets[20:30, 0] = 20
    valid = np.arange(4 * TIMESTEPS) < N_FRAMES
    y = encode_frets(frets).reshape(4, TIMESTEPS, 126)
    info = ArraysInfo(
        sample_rate=22050,
        hop_length=512,
        start_s=0.0,
        timesteps=TIMESTEPS,
        samples=samples,
        x_lstm={"made_by": "noise model", "seen_player": {samples[0].track: False}},
    )
    arrays = TabArrays(
        info=info,
        y=y,
        valid=valid.reshape(4, TIMESTEPS),
        x_spec=np.full((4, TIMESTEPS, 128), -3.5, dtype=np.float32),
        x_lstm=np.float32(0.8) * y,
    )
    return dataclasses.replace(arrays, **changes)  # type: ignore[arg-type]


def with_value(array: np.ndarray | None, at: tuple[int, ...], value: float) -> np.ndarray:
    assert array is not None
    changed = array.copy()
    changed[at] = value
    return changed


def test_good_arrays_pass_and_are_described(tmp_path: Path) -> None:
    write_arrays(tmp_path, made(), "train", force=False)
    write_arrays(tmp_path, made("01"), "val", force=False)
    train, val = check_arrays(tmp_path)
    assert (train.split, val.split) == ("train", "val")
    assert train.valid_share == N_FRAMES / (4 * TIMESTEPS)
    assert train.cells[2, 1 + 7] == 8
    assert train.cells[5, 1 + 0] == 5
    assert train.cells[0, 1 + 20] == 10
    assert train.cells[1].tolist() == [N_FRAMES] + [0] * 21
    assert train.ranges["X_spec"].low == train.ranges["X_spec"].mean == -3.5
    text = "\n".join(report_lines(train))
    for expected in (
        "4 samples of 10 frames",
        "X_spec_train.npy (4, 10, 128)",
        "valid frames 87.5 %",
        "sounding, by fret: 0 21.7 %, 1-4 0.0 %, 5-9 34.8 %, 10-14 0.0 %, 15-20 43.5 %",
        "player 00: 1 tracks, 4 samples, 35 frames",
        "predictions made by noise model, which had seen the player of 0 of 1 tracks",
        "0.279 s  string 2  fret 7",  # frame 12
        "0.348 s  string 5  fret 0",
    ):
        assert expected in text, text


GOOD = made()
BROKEN = [
    ({"y": with_value(GOOD.y, (1, 0, 3), 0.5)}, r"y_lstm_train\.npy: sample 1, frame 0: .*one-hot"),
    ({"y": with_value(GOOD.y, (1, 5, 2 * 21 + 8), 1.0)}, r"y_lstm_train\.npy: sample 1, frame 5: .*one-hot"),
    ({"y": with_value(GOOD.y, (3, 7, 0), 1.0)}, "sample 3, frame 7: padding must be silent"),
    ({"valid": with_value(GOOD.valid, (3, 5), 1)}, "sample 3, frame 5: padding must not be valid"),
    (
        {"x_spec": with_value(GOOD.x_spec, (0, 2, 9), np.nan)},
        r"X_spec_train\.npy: sample 0, frame 2: .*finite",
    ),
    ({"x_lstm": with_value(GOOD.x_lstm, (2, 4, 9), np.inf)}, "sample 2, frame 4: .*finite"),
    ({"x_lstm": with_value(GOOD.x_lstm, (2, 4, 9), -0.1)}, "sample 2, frame 4: a probability must be 0 to 1"),
    ({"x_lstm": with_value(GOOD.x_lstm, (1, 4, 45), 0.3)}, "sample 1, frame 4: .*must not sum above 1"),
    ({"x_lstm": GOOD.y}, "sample 1, frame 0: the predictions are the truth"),
    ({"x_lstm": None}, r"X_lstm_train\.npy is described, but not there"),
    ({"info": dataclasses.replace(GOOD.info, x_lstm={})}, r"X_lstm_train\.npy is not described"),
    ({"info": dataclasses.replace(GOOD.info, encoding="other/2")}, r"train\.encoding is 'other/2'"),
]


@pytest.mark.parametrize(("changes", "message"), BROKEN)
def test_a_broken_rule_is_named_with_its_place(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    write_arrays(tmp_path, made(**changes), force=False)
    with pytest.raises(DatasetError, match=message):
        check_arrays(tmp_path)


def test_a_player_belongs_to_one_split(tmp_path: Path) -> None:
    write_arrays(tmp_path, made(), "train", force=False)
    write_arrays(tmp_path, made(), "val", force=False)
    with pytest.raises(DatasetError, match="player '00' is in both train and val"):
        check_arrays(tmp_path)


def test_files_and_description_must_agree(tmp_path: Path) -> None:
    write_arrays(tmp_path, made(), force=False)
    description = json.loads((tmp_path / "arrays.json").read_text())
    del description["train"]["samples"][0]
    (tmp_path / "arrays.json").write_text(json.dumps(description))
    with pytest.raises(DatasetError, match=r"X_spec_train\.npy holds .*arrays\.json says float32 \(3, "):
        check_arrays(tmp_path)


def test_files_of_a_split_that_nobody_describes_are_refused(tmp_path: Path) -> None:
    write_arrays(tmp_path, made(), force=False)
    np.save(array_path(tmp_path, "y", "val"), made().y)
    with pytest.raises(DatasetError, match=r"y_lstm_val\.npy is there, arrays\.json has no split 'val'"):
        check_arrays(tmp_path)

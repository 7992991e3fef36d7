"""Joining folders of training arrays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fretscribe.datasets.arrays import (
    ArraysInfo,
    Split,
    TabArrays,
    encode_frets,
    read_arrays,
    sample_infos,
    write_arrays,
)
from fretscribe.datasets.arrays_check import check_arrays
from fretscribe.datasets.merge import merge_arrays
from fretscribe.errors import DatasetError, OptionError, OutputError


def made(
    folder: Path, player: str, split: Split = "train", *, spec: bool = True, **changes: object
) -> TabArrays:
    """Write two samples of one track of noise; ``changes`` are of the description."""
    rng = np.random.default_rng(sum(map(ord, player)))
    samples = sample_infos(
        track=f"{player}_A-1-C_comp", player=player, source="x", style="comp", n_frames=7, timesteps=4
    )
    info = ArraysInfo(
        sample_rate=22050,
        hop_length=512,
        start_s=0.0,
        timesteps=4,
        samples=samples,
        seed=3,
        n_above_fret_20=2,
        x_lstm={"made_by": "folds", "seen_player": {samples[0].track: False}},
        provenance={"player": player},
    )
    info = replace(info, **changes)  # type: ignore[arg-type]
    frets = rng.integers(-1, 21, (2, 4, 6))
    frets[1, 3] = -1  # padding
    y = encode_frets(frets)
    arrays = TabArrays(
        info=info,
        y=y,
        valid=np.arange(8).reshape(2, 4) < 7,
        x_spec=rng.normal(size=(2, 4, 128)).astype(np.float32) if spec else None,
        x_lstm=np.float32(0.9) * y,
    )
    write_arrays(folder, arrays, split, force=False)
    return arrays


def test_samples_are_joined_and_each_keeps_its_origin(tmp_path: Path) -> None:
    a, b = made(tmp_path / "a", "00"), made(tmp_path / "b", "01")
    val = made(tmp_path / "b", "02", "val")
    report = merge_arrays([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    assert report.notes == ()
    joined = read_arrays(tmp_path / "c")
    for name in ("y", "valid", "x_spec", "x_lstm"):
        np.testing.assert_array_equal(
            getattr(joined, name), np.concatenate([a.named()[name], b.named()[name]])
        )
    assert joined.info.samples == a.info.samples + b.info.samples
    assert joined.info.n_above_fret_20 == 4
    assert joined.info.x_lstm == {
        "made_by": "folds",
        "seen_player": {"00_A-1-C_comp": False, "01_A-1-C_comp": False},
    }
    assert joined.info.provenance == {
        "merged": [
            {"folder": "a", "n_samples": 2, "seed": 3, "provenance": {"player": "00"}},
            {"folder": "b", "n_samples": 2, "seed": 3, "provenance": {"player": "01"}},
        ]
    }
    np.testing.assert_array_equal(read_arrays(tmp_path / "c", "val").y, val.y)
    assert len(check_arrays(tmp_path / "c")) == 2


def test_arrays_of_one_side_are_left_out_and_said(tmp_path: Path) -> None:
    made(tmp_path / "a", "00")
    made(tmp_path / "b", "01", spec=False)
    report = merge_arrays([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    assert report.notes == (f"X_spec is left out: only {tmp_path / 'a'} (train) has it",)
    assert read_arrays(tmp_path / "c").x_spec is None
    assert not (tmp_path / "c" / "X_spec_train.npy").exists()


def test_predictions_of_different_makers_are_told_apart(tmp_path: Path) -> None:
    made(tmp_path / "a", "00")
    made(tmp_path / "b", "01", x_lstm={"made_by": "noise model", "seed": 4, "seen_player": {"t": True}})
    report = merge_arrays([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    assert report.infos["train"].x_lstm == {
        "made_by": "folds and noise model",
        "parts": [{"made_by": "folds"}, {"made_by": "noise model", "seed": 4}],
        "seen_player": {"00_A-1-C_comp": False, "t": True},
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hop_length": 2205}, "differ in time step: 512/22050 s in {a}, 2205/22050 s in {b}"),
        ({"start_s": 0.1}, "differ in start: 0 s in {a}, 0.1 s in {b}"),
        (
            {"open_pitches": (38, 45, 50, 55, 59, 64)},
            "differ in tuning: 40 45 50 55 59 64 in {a}, 38 45 50 55 59 64 in {b}",
        ),
        ({"encoding": "other/1"}, "differ in encoding: fretscribe-126/1 in {a}, other/1 in {b}"),
    ],
)
def test_what_must_agree_is_named_with_both_sides(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    made(tmp_path / "a", "00")
    made(tmp_path / "b", "01", **changes)
    with pytest.raises(DatasetError) as caught:
        merge_arrays([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    assert message.format(a=tmp_path / "a", b=tmp_path / "b") in caught.value.message
    assert not (tmp_path / "c").exists()


def test_different_timesteps_are_named(tmp_path: Path) -> None:
    made(tmp_path / "a", "00")
    b = made(tmp_path / "b", "01")
    info = replace(
        b.info,
        timesteps=8,
        samples=sample_infos(track="01_t", player="01", source="x", style="", n_frames=7, timesteps=8),
    )
    longer = TabArrays(
        info=info,
        y=b.y.reshape(1, 8, 126),
        valid=b.valid.reshape(1, 8),
        x_lstm=np.float32(0.9) * b.y.reshape(1, 8, 126),
    )
    write_arrays(tmp_path / "b", longer, force=True)
    with pytest.raises(DatasetError, match=r"differ in timesteps: 4 in .*a, 8 in .*b"):
        merge_arrays([tmp_path / "a", tmp_path / "b"], tmp_path / "c")


def test_a_player_stays_in_one_split(tmp_path: Path) -> None:
    made(tmp_path / "a", "00")
    made(tmp_path / "b", "00", "val")
    with pytest.raises(DatasetError, match=r"player '00' is in train of .*a and in val of .*b"):
        merge_arrays([tmp_path / "a", tmp_path / "b"], tmp_path / "c")


def test_the_same_samples_twice_are_said(tmp_path: Path) -> None:
    for name in ("a", "b"):
        made(tmp_path / name, "00")
    report = merge_arrays([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    assert report.notes == ("train: 2 samples are there more than once",)


def test_too_few_folders_and_a_result_in_the_way_are_refused(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    made(a, "00")
    made(b, "01")
    with pytest.raises(OptionError, match="nothing to merge"):
        merge_arrays([a], tmp_path / "c")
    with pytest.raises(OptionError, match="one of the folders"):
        merge_arrays([a, b], tmp_path / "b" / ".." / "a")
    merge_arrays([a, b], tmp_path / "c")
    with pytest.raises(OutputError, match="exists"):
        merge_arrays([a, b], tmp_path / "c")
    merge_arrays([b, a], tmp_path / "c", force=True)
    assert read_arrays(tmp_path / "c").info.samples[0].player == "01"

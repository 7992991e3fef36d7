"""The training arrays: files, their description, and the frames of 126 values."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as numpy_arrays

from fretscribe.datasets.arrays import (
    ArraysInfo,
    SampleInfo,
    TabArrays,
    array_path,
    cut_samples,
    decode_frets,
    encode_frets,
    frets_on_grid,
    read_arrays,
    read_infos,
    sample_infos,
    write_arrays,
    write_pieces,
)
from fretscribe.datasets.arrays_info import info_from_json, infos_text
from fretscribe.datasets.guitarset_truth import RefNote
from fretscribe.errors import DatasetError, OutputError
from fretscribe.frames import FrameGrid

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(-1e30, 1e30) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def infos(draw: st.DrawFn) -> ArraysInfo:
    timesteps = draw(st.integers(1, 300))
    samples = draw(
        st.lists(
            st.builds(
                SampleInfo,
                track=TEXT,
                player=TEXT,
                source=TEXT,
                start_frame=st.integers(0, 10**6),
                n_frames=st.integers(1, timesteps),
                style=st.sampled_from(["comp", "solo", ""]),
            ),
            min_size=1,
            max_size=4,
        )
    )
    objects = st.dictionaries(TEXT, JSON_VALUES, max_size=3)
    return ArraysInfo(
        sample_rate=draw(st.integers(1, 192000)),
        hop_length=draw(st.integers(1, 10**6)),
        start_s=draw(st.floats(-10, 10)),
        timesteps=timesteps,
        samples=tuple(samples),
        open_pitches=tuple(draw(st.lists(st.integers(0, 127), min_size=6, max_size=6))),
        seed=draw(st.integers(0, 2**40)),
        n_above_fret_20=draw(st.integers(0, 10**6)),
        x_lstm=draw(objects),
        provenance=draw(objects),
    )


def small(n_samples: int = 2, timesteps: int = 4, *, seed: int = 0, **more: object) -> TabArrays:
    rng = np.random.default_rng(seed)
    info = ArraysInfo(
        sample_rate=22050,
        hop_length=512,
        start_s=0.0,
        timesteps=timesteps,
        samples=sample_infos(
            track="00_A-1-C_comp",
            player="00",
            source="guitarset-mic",
            style="comp",
            n_frames=n_samples * timesteps,
            timesteps=timesteps,
        ),
    )
    frets = rng.integers(-1, 21, (n_samples, timesteps, 6))
    return TabArrays(
        info=info,
        y=encode_frets(frets),
        valid=np.ones((n_samples, timesteps), dtype=np.bool_),
        x_spec=rng.normal(size=(n_samples, timesteps, 128)).astype(np.float32),
        **more,  # type: ignore[arg-type]
    )


@given(infos(), infos())
def test_what_is_written_of_arrays_is_read_again(train: ArraysInfo, val: ArraysInfo) -> None:
    document = json.loads(infos_text({"train": train, "val": val}))
    assert list(document) == ["train", "val"]
    assert info_from_json(document["train"]) == train
    assert info_from_json(document["val"]) == val


def test_an_unknown_and_a_missing_key_are_named(tmp_path: Path) -> None:
    write_arrays(tmp_path, small(), force=False)
    path = tmp_path / "arrays.json"
    whole = json.loads(path.read_text())
    for change, message in (
        (lambda d: d["train"].update(colour="red"), r"arrays.json: train: has the unknown key 'colour'"),
        (lambda d: d["train"].pop("hop_length"), r"arrays.json: train: lacks the key 'hop_length'"),
        (lambda d: d["train"]["samples"][1].pop("player"), r"train.samples\[1\]: lacks the key 'player'"),
        (lambda d: d["train"].update(timesteps=0), r"train.timesteps: must be an integer of 1 or more"),
        (lambda d: d["train"]["samples"][0].update(n_frames=9), "does not fit into 4 timesteps"),
        (lambda d: d.update(test={}), r"arrays.json: has the unknown key 'test'"),
    ):
        broken = json.loads(json.dumps(whole))
        change(broken)
        path.write_text(json.dumps(broken))
        with pytest.raises(DatasetError, match=message):
            read_infos(tmp_path)


def test_arrays_come_back_as_they_were_written(tmp_path: Path) -> None:
    made = small(3)
    write_arrays(tmp_path / "new", made, force=False)
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == ["X_spec_train.npy", "arrays.json", "valid_train.npy", "y_lstm_train.npy"]
    for mmap in (True, False):
        read = read_arrays(tmp_path / "new", mmap=mmap)
        assert read.info == made.info
        assert read.x_win is None
        assert read.x_lstm is None
        assert isinstance(read.y, np.memmap) == mmap
        np.testing.assert_array_equal(read.y, made.y)
        np.testing.assert_array_equal(read.valid, made.valid)
        np.testing.assert_array_equal(read.x_spec, made.x_spec)
    np.testing.assert_array_equal(np.load(tmp_path / "new" / "X_spec_train.npy"), made.x_spec)


def test_the_same_arrays_are_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_arrays(tmp_path / folder, small(), force=False)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_writing_one_split_keeps_the_other(tmp_path: Path) -> None:
    train, val = small(2), small(1, seed=5)
    write_arrays(tmp_path, train, "train", force=False)
    write_arrays(tmp_path, val, "val", force=False)
    assert list(read_infos(tmp_path)) == ["train", "val"]
    np.testing.assert_array_equal(read_arrays(tmp_path, "train").y, train.y)
    np.testing.assert_array_equal(read_arrays(tmp_path, "val").y, val.y)


def test_an_existing_split_is_kept_without_force_and_leaves_nothing_stale_with_it(tmp_path: Path) -> None:
    window = np.zeros((2, 4, 96, 9), dtype=np.float32)
    write_arrays(tmp_path, small(x_win=window), force=False)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(OutputError, match="exists"):
        write_arrays(tmp_path, small(seed=3), force=False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    write_arrays(tmp_path, small(seed=3), force=True)
    assert read_arrays(tmp_path).x_win is None
    np.testing.assert_array_equal(read_arrays(tmp_path).y, small(seed=3).y)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def headless(path: Path) -> None:
    path.write_bytes(b"RIFF")


def archived(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", "x")


def pickled(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)


def doubled(path: Path) -> None:
    np.save(path, np.load(path).astype(np.float64))


def shortened(path: Path) -> None:
    np.save(path, np.load(path)[:1])


@pytest.mark.parametrize("mmap", [True, False])
@pytest.mark.parametrize("spoil", [truncated, headless, archived, pickled, doubled, shortened, Path.unlink])
def test_a_foreign_or_broken_file_is_one_line_with_its_name(
    tmp_path: Path, spoil: Callable[[Path], None], mmap: bool
) -> None:
    write_arrays(tmp_path, small(), force=False)
    spoil(array_path(tmp_path, "y"))
    with pytest.raises(DatasetError, match=r"y_lstm_train\.npy") as caught:
        read_arrays(tmp_path, mmap=mmap)
    assert "\n" not in str(caught.value)


def test_absent_arrays_and_splits_are_said_to_be_absent(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no training arrays"):
        read_arrays(tmp_path)
    write_arrays(tmp_path, small(), force=False)
    with pytest.raises(DatasetError, match="no split 'val'"):
        read_arrays(tmp_path, "val")


def test_shapes_and_types_are_checked_when_made() -> None:
    good = small()
    for change in (
        {"y": good.y[:1]},
        {"y": good.y.astype(np.float64)},
        {"valid": good.valid.astype(np.uint8)},
        {"x_spec": np.zeros((2, 4, 127), dtype=np.float32)},
        {"x_lstm": np.zeros((2, 3, 126), dtype=np.float32)},
        {"x_win": np.zeros((2, 4, 9, 96), dtype=np.float32)},
    ):
        with pytest.raises(ValueError, match="must be"):
            dataclasses.replace(good, **change)


FRETS = numpy_arrays(np.int8, st.tuples(st.integers(0, 5), st.just(6)), elements=st.integers(-1, 20))


@given(FRETS)
def test_frets_are_decoded_as_encoded(frets: np.ndarray) -> None:
    y = encode_frets(frets)
    assert y.shape == (len(frets), 126)
    assert y.dtype == np.float32
    assert y.sum() == (frets >= 0).sum()
    np.testing.assert_array_equal(decode_frets(y), frets)
    for frame, string in zip(*np.nonzero(frets >= 0), strict=True):
        assert y[frame, string * 21 + frets[frame, string]] == 1.0


@pytest.mark.parametrize("fret", [-2, 21])
def test_a_fret_without_a_place_is_refused(fret: int) -> None:
    with pytest.raises(ValueError, match="frets must be"):
        encode_frets([0, 0, 0, 0, 0, fret])


def test_soft_or_double_blocks_are_not_decoded() -> None:
    for values in ({3: 0.5}, {3: 1.0, 4: 1.0}, {3: np.nan}):
        y = np.zeros(126)
        for index, value in values.items():
            y[index] = value
        with pytest.raises(ValueError, match="one-hot"):
            decode_frets(y)


def note(onset_s: float, offset_s: float, string: int, fret: int) -> RefNote:
    return RefNote(onset_s=onset_s, offset_s=offset_s, pitch=0.0, string=string, fret=fret)


def test_a_frame_carries_the_note_that_sounds_there_and_the_later_of_two() -> None:
    grid = FrameGrid(sample_rate=10, hop_length=1, n_frames=8, start_s=0.1)
    notes = [note(0.2, 0.45, 1, 3), note(0.41, 0.6, 1, 5), note(0.0, 0.1, 0, 1), note(0.75, 9.0, 5, 20)]
    frets, n_above = frets_on_grid(notes, grid)
    assert frets.dtype == np.int8
    assert n_above == 0
    #                                0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8
    assert frets[:, 1].tolist() == [-1, 3, 3, 3, 5, -1, -1, -1]
    assert frets[:, 0].tolist() == [-1] * 8
    assert frets[:, 5].tolist() == [-1] * 7 + [20]


def test_notes_above_fret_20_are_left_out_and_counted() -> None:
    grid = FrameGrid(sample_rate=10, hop_length=1, n_frames=4)
    frets, n_above = frets_on_grid([note(0.0, 0.4, 5, 21), note(0.0, 0.4, 4, 2)], grid)
    assert n_above == 1
    assert frets[:, 5].tolist() == [-1] * 4
    assert frets[:, 4].tolist() == [2] * 4
    with pytest.raises(ValueError, match="no place"):
        frets_on_grid([note(0.0, 0.4, 6, 2)], grid)


@given(st.integers(0, 30), st.integers(1, 9))
def test_cut_frames_come_back_when_joined(n_frames: int, timesteps: int) -> None:
    frames = np.arange(n_frames * 2, dtype=np.float32).reshape(n_frames, 2)
    has_data = np.arange(n_frames) % 3 != 0
    samples, valid = cut_samples(frames, timesteps, has_data=has_data)
    infos = sample_infos(track="t", player="p", source="s", style="", n_frames=n_frames, timesteps=timesteps)
    assert samples.shape == (len(infos), timesteps, 2)
    joined = [samples[i, : info.n_frames] for i, info in enumerate(infos)]
    np.testing.assert_array_equal(np.concatenate([np.zeros((0, 2)), *joined]), frames)
    assert not samples.reshape(-1, 2)[n_frames:].any()
    np.testing.assert_array_equal(valid.reshape(-1)[:n_frames], has_data)
    assert not valid.reshape(-1)[n_frames:].any()
    assert [info.start_frame for info in infos] == list(range(0, n_frames, timesteps))


def test_pieces_are_joined_and_wrong_ones_leave_nothing_behind(tmp_path: Path) -> None:
    made = small(3)
    pieces = {name: [array[:1], array[1:]] for name, array in made.named().items()}
    write_pieces(tmp_path / "joined", made.info, pieces, force=False)
    np.testing.assert_array_equal(read_arrays(tmp_path / "joined").x_spec, made.x_spec)
    for change in (
        {"y": [made.y[:1]]},
        {"x_spec": [made.x_spec, made.x_spec]},
        {"y": [made.y.astype(np.float64)]},
        {"valid": [made.y]},
    ):
        with pytest.raises(ValueError, match="piece"):
            write_pieces(tmp_path / "torn", made.info, pieces | change, force=False)  # type: ignore[operator]
        assert list((tmp_path / "torn").iterdir()) == []

"""A rendered set: exact truth, reproducible, readable as GuitarSet is."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fretscribe.datasets.array_options import ArrayOptions
from fretscribe.datasets.arrays import read_arrays
from fretscribe.datasets.arrays_check import check_arrays
from fretscribe.datasets.guitarset import open_guitarset
from fretscribe.datasets.guitarset_arrays import build
from fretscribe.datasets.synthetic_set import SynthOptions, parse_kind, render_set
from fretscribe.errors import OptionError, OutputError
from fretscribe.workers.pool import worker_pool
from noise_models import model

NOISE = model()
SMALL = SynthOptions(minutes=0.05, seed=3, timesteps=50)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One track of three seconds."""
    folder = tmp_path_factory.mktemp("set")
    render_set(folder, SMALL, noise=NOISE)
    return folder


def test_the_layout_is_read_as_guitarset_is(made: Path) -> None:
    dataset = open_guitarset(made)
    assert dataset.warnings == ()
    (track,) = dataset.tracks
    assert re.fullmatch(r"s0_Synth001-\d+-[A-G][#b]?_comp", track.track_id)
    assert (track.player, track.style) == ("s0", "comp")
    info = soundfile.info(track.audio_path())
    assert (info.samplerate, info.channels) == (22050, 1)
    truth = track.truth()
    assert truth.duration_s == pytest.approx(3.5) == info.duration
    assert truth.notes
    assert max(note.fret for note in truth.notes) <= 20


def test_the_arrays_keep_the_contract_and_fit_the_layout(made: Path, tmp_path: Path) -> None:
    (check,) = check_arrays(made)
    assert check.info.x_lstm["made_by"] == "noise model"
    assert check.info.samples[0].source == "synthetic"
    arrays = read_arrays(made)
    assert arrays.x_spec is not None
    assert arrays.x_lstm is not None
    assert not arrays.x_lstm[~arrays.valid].any()
    build(made, tmp_path / "again", ArrayOptions(timesteps=50))
    again = read_arrays(tmp_path / "again")
    assert again.x_spec is not None
    np.testing.assert_array_equal(again.y, arrays.y)
    np.testing.assert_array_equal(again.valid, arrays.valid)
    np.testing.assert_array_equal(again.x_spec, arrays.x_spec)


def test_predictions_are_mostly_right_and_partly_wrong(made: Path) -> None:
    arrays = read_arrays(made)
    assert arrays.x_lstm is not None
    sounding = arrays.y == 1
    right = (arrays.x_lstm[sounding] > 0.5).mean()
    assert 0.4 < right < 0.98
    assert arrays.x_lstm[arrays.valid].min() > 0.0


def test_the_same_seed_makes_the_same_bytes_and_another_does_not(made: Path, tmp_path: Path) -> None:
    render_set(tmp_path / "same", SMALL, noise=NOISE)
    files = sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file())
    assert len(files) == 7  # four arrays and their description, sound, annotation
    for file in files:
        assert (made / file).read_bytes() == (tmp_path / "same" / file).read_bytes(), file
    render_set(tmp_path / "other", dataclasses.replace(SMALL, seed=4), noise=NOISE)
    assert (made / "y_lstm_train.npy").read_bytes() != (tmp_path / "other" / "y_lstm_train.npy").read_bytes()


@pytest.mark.slow  # starts processes
def test_many_workers_render_the_same_and_players_share_the_tracks(tmp_path: Path) -> None:
    options = SynthOptions(minutes=0.2, seed=1, track_s=3.0)
    with worker_pool(2) as pool:
        info = render_set(tmp_path / "two", options, noise=NOISE, executor=pool)
    assert info is not None
    assert info.players == ("s0", "s1")
    assert {sample.style for sample in info.samples} == {"comp", "solo"}
    render_set(tmp_path / "one", options, noise=NOISE)
    for path in (tmp_path / "one").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_halves_can_be_left_out(tmp_path: Path) -> None:
    assert render_set(tmp_path / "a", dataclasses.replace(SMALL, arrays=False), noise=NOISE) is None
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["annotation", "audio_mono-mic"]
    render_set(tmp_path / "b", dataclasses.replace(SMALL, layout=False), noise=NOISE)
    assert not (tmp_path / "b" / "annotation").exists()
    assert (tmp_path / "b" / "arrays.json").is_file()


def test_an_earlier_set_is_replaced_on_demand_only_and_nothing_else(tmp_path: Path) -> None:
    options = dataclasses.replace(SMALL, arrays=False)
    render_set(tmp_path, options, noise=NOISE)
    mine = tmp_path / "annotation" / "00_Mine1-120-C_comp.jams"
    mine.write_text("{}")
    with pytest.raises(OutputError, match="holds a rendered set"):
        render_set(tmp_path, options, noise=NOISE)
    render_set(tmp_path, dataclasses.replace(options, seed=9), noise=NOISE, force=True)
    assert mine.read_text() == "{}"
    assert len(list((tmp_path / "audio_mono-mic").iterdir())) == 1
    assert not list(tmp_path.glob(".fretscribe*"))


def test_impossible_options_are_refused() -> None:
    for options, message in (
        ({"minutes": 0.0}, "cannot be rendered"),
        ({"minutes": float("nan")}, "cannot be rendered"),
        ({"minutes": 1.0, "seed": -1}, "seed"),
        ({"minutes": 1.0, "arrays": False, "layout": False}, "nothing to write"),
    ):
        with pytest.raises(OptionError, match=message):
            SynthOptions(**options)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="unknown kind 'bass'"):
        parse_kind("bass")

"""Tabs of any format as training arrays."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from fretscribe.datasets.array_options import ArrayOptions
from fretscribe.datasets.arrays import decode_frets, frets_on_grid, read_arrays
from fretscribe.datasets.arrays_check import check_arrays
from fretscribe.datasets.guitarset_arrays import build
from fretscribe.datasets.guitarset_truth import RefNote
from fretscribe.datasets.merge import merge_arrays
from fretscribe.datasets.predictions import track_predictor
from fretscribe.datasets.tab_examples import load_examples
from fretscribe.datasets.tab_files import load_tab
from fretscribe.datasets.tab_frames import parse_grid
from fretscribe.datasets.tab_set import TabSetOptions, TabSetReport, build_tab_set
from fretscribe.errors import DatasetError, OptionError, OutputError
from fretscribe.frames import FrameGrid
from fretscribe.io.formats import write_tab
from fretscribe.music import Tab, Tuning
from fretscribe.pipeline.importing import import_tab
from fretscribe.workers.pool import worker_pool
from guitarset_folder import make_folder, make_windows
from noise_models import model
from tab_folder import DROP_D, ONE_BAR, make_tabs, one_note

LOAD = partial(load_tab, read_other=import_tab)
NOISE = model()
MEL = FrameGrid(sample_rate=22050, hop_length=512, n_frames=0)


def made(home: Path, out: Path, *, force: bool = False, **options: object) -> TabSetReport:
    return build_tab_set(home, out, TabSetOptions(**options), load=LOAD, noise=NOISE, force=force)  # type: ignore[arg-type]


def frames_of(out: Path, track: str) -> np.ndarray:
    """Frets [n_frames, 6] of a track, its samples joined."""
    arrays = read_arrays(out)
    rows = [i for i, sample in enumerate(arrays.info.samples) if sample.track == track]
    assert [arrays.info.samples[i].start_frame for i in rows] == [200 * i for i in range(len(rows))]
    return np.concatenate([decode_frets(arrays.y[i])[arrays.valid[i]] for i in rows])


def wanted(tab: Tab, n_frames: int) -> np.ndarray:
    notes = [
        RefNote(
            onset_s=n.note.onset_s,
            offset_s=n.note.offset_s,
            pitch=0,
            string=n.position.string,
            fret=n.position.fret,
        )
        for n in tab.notes
        if "dead" not in n.techniques
    ]
    return frets_on_grid(notes, replace(MEL, n_frames=n_frames))[0]


def test_any_mix_of_formats_becomes_arrays_that_keep_the_contract(tmp_path: Path) -> None:
    tabs = make_tabs(tmp_path / "tabs")
    report = made(tmp_path / "tabs", tmp_path / "out")
    (check,) = check_arrays(tmp_path / "out")
    assert (report.n_files, report.n_songs) == (4, 4)
    assert check.info.time_step_s == pytest.approx(512 / 22050)
    arrays = read_arrays(tmp_path / "out")
    assert arrays.y.shape == (arrays.info.n_samples, 200, 126)
    assert arrays.x_lstm is not None
    assert arrays.x_lstm.shape == arrays.y.shape
    assert {sample.source for sample in arrays.info.samples} == {"tabs"}
    assert check.info.x_lstm["made_by"] == "noise model"
    for track in ("Two", "Three"):  # text is on a grid of its own, MIDI is fingered anew
        exact = import_tab(tmp_path / "tabs" / ("Two.json" if track == "Two" else "Three.jams")).tab
        assert exact.notes[0].note.onset_s == pytest.approx(tabs[track].notes[0].note.onset_s, abs=1e-3)
        found = frames_of(tmp_path / "out", track)
        np.testing.assert_array_equal(found, wanted(exact, len(found)))
        assert len(found) == 1 + int(exact.duration_s * 22050) // 512


def test_a_text_at_an_assumed_tempo_by_hand(tmp_path: Path) -> None:
    home = tmp_path / "tabs"
    home.mkdir()
    (home / "a.txt").write_text(ONE_BAR, encoding="utf-8")
    report = made(home, tmp_path / "out")
    assert report.tempo_from == {"default": 1}
    found = frames_of(tmp_path / "out", "a")
    step = 512 / 22050
    for beat, (string, fret) in enumerate([(0, 3), (1, 0), (1, 2), (2, 2)]):
        first = int(np.ceil(0.5 * beat / step))
        assert found[first, string] == fret
        assert found[first - 1 if first else 0, string] == (fret if beat == 0 else -1)
    info = read_arrays(tmp_path / "out").info
    assert info.provenance["tempo_assumed"] == ["a"]
    at_half = build_tab_set(
        home, tmp_path / "slow", TabSetOptions(), load=partial(LOAD, bpm=60.0), noise=NOISE
    )
    assert at_half.tempo_from == {"given": 1}
    assert len(frames_of(tmp_path / "slow", "a")) == len(found) + round(1.5 / step)


def test_predictions_depend_on_seed_and_name_alone_and_never_are_the_truth(tmp_path: Path) -> None:
    make_tabs(tmp_path / "tabs")
    made(tmp_path / "tabs", tmp_path / "a", seed=3)
    first = read_arrays(tmp_path / "a")
    assert first.x_lstm is not None
    assert first.x_lstm[first.valid].min() > 0.0
    assert not first.x_lstm[~first.valid].any()
    assert 0.3 < (first.x_lstm[first.y == 1] > 0.5).mean() < 0.98
    write_tab(one_note(3), tmp_path / "tabs" / "A first one.json")
    made(tmp_path / "tabs", tmp_path / "b", seed=3)
    second = read_arrays(tmp_path / "b")
    assert second.x_lstm is not None
    for track in ("One", "Four"):
        rows = [[i for i, s in enumerate(a.info.samples) if s.track == track] for a in (first, second)]
        np.testing.assert_array_equal(first.x_lstm[rows[0]], second.x_lstm[rows[1]])
    made(tmp_path / "tabs", tmp_path / "c", seed=4)
    assert (tmp_path / "b" / "X_lstm_train.npy").read_bytes() != (
        tmp_path / "c" / "X_lstm_train.npy"
    ).read_bytes()
    assert (tmp_path / "b" / "y_lstm_train.npy").read_bytes() == (
        tmp_path / "c" / "y_lstm_train.npy"
    ).read_bytes()


def test_the_last_segment_is_kept_and_padded(tmp_path: Path) -> None:
    (tmp_path / "tabs").mkdir()
    write_tab(one_note(7, end_s=5.0), tmp_path / "tabs" / "a.json")
    made(tmp_path / "tabs", tmp_path / "out")
    arrays = read_arrays(tmp_path / "out")
    n_frames = 1 + int(5.0 * 22050) // 512
    assert [s.n_frames for s in arrays.info.samples] == [200, n_frames - 200]
    np.testing.assert_array_equal(arrays.valid.sum(axis=1), [200, n_frames - 200])
    assert arrays.y[0, :, 7].all()
    assert not arrays.y[1, n_frames - 200 :].any()


def test_other_tunings_keep_their_frets_and_are_recorded(tmp_path: Path) -> None:
    home = tmp_path / "tabs"
    home.mkdir()
    write_tab(one_note(5, tuning=DROP_D), home / "drop.json")
    write_tab(one_note(5, tuning=Tuning(capo=2)), home / "capo.json")
    write_tab(one_note(5), home / "plain.json")
    report = made(home, tmp_path / "out")
    assert report.tunings == {"drop D": 1, "standard, capo 2": 1, "standard": 1}
    for track in ("drop", "capo", "plain"):
        assert (frames_of(tmp_path / "out", track)[:, 0] == [5] * 44).all()
    info = read_arrays(tmp_path / "out").info
    assert info.open_pitches == (40, 45, 50, 55, 59, 64)
    assert info.provenance["tunings"] == {
        "capo": {"name": "standard", "open_pitches": [40, 45, 50, 55, 59, 64], "capo": 2},
        "drop": {"name": "drop D", "open_pitches": [38, 45, 50, 55, 59, 64], "capo": 0},
    }


def test_what_is_lost_is_counted(tmp_path: Path) -> None:
    home = tmp_path / "tabs"
    home.mkdir()
    tall = one_note(22)
    brief = one_note(3, string=1, end_s=0.01).notes[0]
    late = replace(brief, note=replace(brief.note, onset_s=0.505, offset_s=0.51))
    dead = replace(brief, techniques=frozenset({"dead"}))
    write_tab(replace(tall, notes=(*tall.notes, dead, late)), home / "a.json")
    report = made(home, tmp_path / "out")
    assert (report.n_notes, report.n_dead, report.n_between) == (3, 1, 1)
    assert report.infos["train"].n_above_fret_20 == 1
    assert not read_arrays(tmp_path / "out").y.any()


def test_files_that_cannot_be_used_are_named_and_left_out_on_demand(tmp_path: Path) -> None:
    home = tmp_path / "tabs"
    (home / "more").mkdir(parents=True)
    write_tab(one_note(3), home / "good.json")
    write_tab(one_note(3, tuning=Tuning(open_pitches=(35, 40, 45, 50, 55, 59, 64))), home / "seven.json")
    (home / "more" / "letter.txt").write_text("Dear Sir,\n", encoding="utf-8")
    (home / "torn.gp5").write_bytes(b"FICHIER GUITAR PRO v5.00 and no more")
    (home / "words.txt").write_text("[ch]Am[/ch]    [ch]G[/ch]\nla la   la\n", encoding="utf-8")
    write_tab(one_note(3, end_s=4000.0), home / "long.json")
    lines: list[str] = []
    with pytest.raises(DatasetError, match=r"5 of 6 files in .* cannot be used, the first is long\.json"):
        build_tab_set(home, tmp_path / "out", TabSetOptions(), load=LOAD, noise=NOISE, tell=lines.append)
    assert not (tmp_path / "out").exists()
    assert lines[0] == "long.json: lasts 4000 s, more than 3600"
    assert lines[1].startswith("more/letter.txt: no line looks like a string")
    assert lines[2] == "seven.json: has 7 strings, the arrays hold 6"
    assert lines[3].startswith("torn.gp5: ")
    assert lines[4] == "words.txt: holds no notes"
    report = made(home, tmp_path / "out", skip_broken=True)
    assert report.left_out == tuple(lines)
    info = read_arrays(tmp_path / "out").info
    assert [sample.track for sample in info.samples] == ["good"]
    assert info.provenance["left_out"] == lines
    (home / "good.json").unlink()
    with pytest.raises(DatasetError, match=r"no file in .* can be used"):
        made(home, tmp_path / "none", skip_broken=True)


def test_versions_of_a_song_stay_together(tmp_path: Path) -> None:
    home = tmp_path / "tabs"
    home.mkdir()
    for song in "abcdefgh":
        for version in ("", " (ver 2)", " v3"):
            write_tab(one_note(3), home / f"{song}{version}.json")
    report = made(home, tmp_path / "out", val_share=0.25)
    assert report.n_songs == 8
    train, val = report.infos["train"], report.infos["val"]
    assert (train.n_samples, val.n_samples) == (18, 6)
    assert not set(train.players) & set(val.players)
    assert len(check_arrays(tmp_path / "out")) == 2
    other = made(home, tmp_path / "other", val_share=0.25, seed=5)
    assert {other.infos["val"].players, val.players} != {val.players}
    for song in "bcdefgh":
        for path in home.glob(f"{song}*"):
            path.unlink()
    with pytest.raises(DatasetError, match="1 songs cannot be split"):
        made(home, tmp_path / "one", val_share=0.25)


def test_they_merge_with_guitarset_on_both_grids(tmp_path: Path) -> None:
    make_folder(tmp_path / "set")
    make_windows(tmp_path / "set" / "cqt_windows.zip")
    tabs = make_tabs(tmp_path / "tabs")
    write_tab(one_note(5, tuning=DROP_D), tmp_path / "tabs" / "drop.json")
    options = ArrayOptions()
    build(tmp_path / "set", tmp_path / "real", options, predictor=track_predictor(options))
    made(tmp_path / "tabs", tmp_path / "mine")
    report = merge_arrays([tmp_path / "real", tmp_path / "mine"], tmp_path / "both")
    assert report.notes == (f"X_spec is left out: only {tmp_path / 'real'} (train) has it",)
    assert len(check_arrays(tmp_path / "both")) == 1
    info = report.infos["train"]
    assert info.x_lstm["made_by"] == "built-in weights and noise model"
    assert {s.track for s in info.samples} >= set(tabs)
    assert '"drop D"' in (tmp_path / "both" / "arrays.json").read_text(encoding="utf-8")
    examples = load_examples(tmp_path / "both")
    assert examples.learnable(["00"]).sum() == sum(s.player != "00" for s in info.samples)
    assert {str(p) for p in examples.players[examples.judged(list(set(examples.players)))]} == {"00", "01"}
    build(tmp_path / "set", tmp_path / "windows", ArrayOptions(source="windows"))
    made(tmp_path / "tabs", tmp_path / "slow", grid="windows")
    merge_arrays([tmp_path / "windows", tmp_path / "slow"], tmp_path / "both slow")


def test_development_recordings_teach_nothing_through_their_tabs(tmp_path: Path) -> None:
    (tmp_path / "tabs").mkdir()
    for name in ("00_BN1-129-Eb_comp", "00_BN1-129-Eb_other"):
        write_tab(one_note(3), tmp_path / "tabs" / f"{name}.tab.txt")
    made(tmp_path / "tabs", tmp_path / "out")
    assert load_examples(tmp_path / "out").learnable([]).tolist() == [False, True]


def test_arrays_are_replaced_on_demand_only_and_may_lie_in_the_folder(tmp_path: Path) -> None:
    write_tab(one_note(3), tmp_path / "a.json")
    out = tmp_path / "arrays"
    made(tmp_path, out)
    with pytest.raises(OutputError, match="exists"):
        made(tmp_path, out)
    assert made(tmp_path, out, force=True).n_files == 1


def test_impossible_options_are_refused() -> None:
    for options, message in (
        ({"timesteps": 0}, "timesteps"),
        ({"seed": -1}, "seed"),
        ({"val_share": 1.0}, "impossible"),
    ):
        with pytest.raises(OptionError, match=message):
            TabSetOptions(**options)
    with pytest.raises(OptionError, match="unknown grid 'cqt'"):
        parse_grid("cqt")


@pytest.mark.slow  # starts processes
def test_many_workers_make_the_same(tmp_path: Path) -> None:
    make_tabs(tmp_path / "tabs", duration_s=2.0)
    made(tmp_path / "tabs", tmp_path / "one")
    with worker_pool(2) as pool:
        build_tab_set(
            tmp_path / "tabs", tmp_path / "two", TabSetOptions(), load=LOAD, noise=NOISE, executor=pool
        )
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()

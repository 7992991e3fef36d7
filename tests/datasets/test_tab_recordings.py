"""Tabs with recordings: aligned, heard, refused where they do not belong together."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from conftest import RIFF, ScriptedAcoustic
from fretscribe.datasets.arrays import decode_frets, read_arrays
from fretscribe.datasets.arrays_check import check_arrays
from fretscribe.datasets.tab_files import load_tab
from fretscribe.datasets.tab_recordings import Listener, find_recordings
from fretscribe.datasets.tab_set import TabSetOptions, TabSetReport, build_tab_set
from fretscribe.errors import DatasetError
from fretscribe.frames import Audio, FrameGrid, FretProbs
from fretscribe.io.formats import write_tab
from fretscribe.music import STANDARD_TUNING, Note, Position, Tab, TabNote, Tuning
from fretscribe.pipeline.importing import import_tab
from noise_models import model

STEP_S = 512 / 22050


def riff(tuning: Tuning = STANDARD_TUNING, *, late_s: float = -0.25, up: int = 0) -> Tab:
    """`RIFF` as a tab, shifted in time and pitch."""
    notes = tuple(
        TabNote(
            note=Note(onset_s=on + late_s, offset_s=off + late_s, pitch=pitch + up),
            position=Position(string=string, fret=pitch + up - tuning.open_pitches[string] - tuning.capo),
        )
        for on, off, string, pitch in RIFF
    )
    return Tab(tuning=tuning, notes=notes)


def everywhere(audio: Audio) -> FretProbs:
    """Stands in for TabCNN: hears fret 3 on the lowest string all the time, and nothing else."""
    grid = FrameGrid(sample_rate=10, hop_length=1, n_frames=int(audio.duration_s * 10), start_s=0.1)
    probs = np.zeros((grid.n_frames, 6, 22), dtype=np.float32)
    probs[:, 1:, 0] = 1.0
    probs[:, 0, 4], probs[:, 0, 0] = 0.75, 0.25
    return FretProbs(grid=grid, probs=probs)


def record(folder: Path, *names: str) -> None:
    """Five seconds of noise for each name: the scripted model hears `RIFF` in it."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        noise = 0.1 * np.random.default_rng(0).standard_normal(5 * 22050)
        soundfile.write(folder / name, noise.astype(np.float32), 22050)


def built(home: Path, **options: object) -> TabSetReport:
    listener = Listener(
        recordings=find_recordings(home / "audio"),
        acoustic=ScriptedAcoustic(),
        tabcnn=everywhere,
        sample_rate=22050,
        open_pitches=STANDARD_TUNING.open_pitches,
        made_by="scripted",
        sha256="0" * 64,
        players=("00",),
    )
    return build_tab_set(
        home / "tabs",
        home / "out",
        TabSetOptions(**options),  # type: ignore[arg-type]
        load=partial(load_tab, read_other=import_tab),
        noise=model(),
        listener=listener,
    )


def test_a_tab_lies_where_its_recording_plays_it(tmp_path: Path) -> None:
    record(tmp_path / "audio", "more/Riff.flac", "00_BN2-131-B_comp.wav")
    (tmp_path / "tabs").mkdir()
    write_tab(riff(), tmp_path / "tabs" / "riff.json")
    write_tab(
        riff(Tuning(open_pitches=(38, 45, 50, 55, 59, 64))), tmp_path / "tabs" / "00_BN2-131-B_comp.json"
    )
    write_tab(riff(), tmp_path / "tabs" / "silent.json")
    report = built(tmp_path)
    assert set(report.scores) == {"riff", "00_BN2-131-B_comp"}
    assert min(report.scores.values()) > 0.9
    check_arrays(tmp_path / "out")
    arrays = read_arrays(tmp_path / "out")
    assert arrays.x_lstm is not None
    rows = {sample.track: (i, sample) for i, sample in enumerate(arrays.info.samples)}
    row, sample = rows["riff"]
    assert sample.source == "tabs-audio"
    assert sample.start_frame * STEP_S == pytest.approx(0.25, abs=0.06)
    assert sample.n_frames * STEP_S == pytest.approx(3.95, abs=0.1)
    frets = decode_frets(arrays.y[row])
    for onset_s, _, string, pitch in RIFF:
        frame = round((onset_s + 0.15) / STEP_S) - sample.start_frame
        assert frets[frame, string] == pitch - STANDARD_TUNING.open_pitches[string]
    assert arrays.x_lstm[row][: sample.n_frames, 3] == pytest.approx(0.75)
    assert arrays.x_lstm[rows["00_BN2-131-B_comp"][0]][0, 5] == pytest.approx(0.75)
    assert rows["silent"][1].source == "tabs"
    info = arrays.info
    assert info.x_lstm["made_by"] == "scripted and noise model"
    assert info.x_lstm["seen_player"] == {"00_BN2-131-B_comp": True, "riff": False, "silent": False}
    assert info.provenance["aligned"] == {track: round(score, 3) for track, score in report.scores.items()}


def test_what_is_not_played_is_refused(tmp_path: Path) -> None:
    record(tmp_path / "audio", "a.wav", "b.wav")
    (tmp_path / "tabs").mkdir()
    write_tab(riff(), tmp_path / "tabs" / "a.json")
    write_tab(riff(up=1), tmp_path / "tabs" / "b.json")
    with pytest.raises(
        DatasetError, match=r"b\.json: is not what is played in b\.wav \(alike by 0\.\d\d only"
    ):
        built(tmp_path)
    report = built(tmp_path, skip_broken=True)
    assert (report.n_files, len(report.left_out)) == (1, 1)
    assert report.infos["train"].x_lstm["made_by"] == "scripted"


def test_recordings_have_names_of_their_own(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is no folder"):
        find_recordings(tmp_path / "none")
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DatasetError, match="holds no recordings"):
        find_recordings(tmp_path)
    record(tmp_path, "a.wav", "more/A.flac")
    with pytest.raises(DatasetError, match="have the same name"):
        find_recordings(tmp_path)

"""Recordings of a dataset are heard with the networks of their player's fold, and nothing else changes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fretscribe.datasets.guitarset import AnnotationFile, GuitarSet, Track
from fretscribe.errors import WeightsError
from fretscribe.evaluation.fold_transcriber import FoldTranscriber
from fretscribe.models.weights import sha256_of
from fretscribe.pipeline import TranscribeOptions, Transcriber
from fretscribe.result import Transcription
from tab_networks import constant_lstm, constant_tabcnn, exported

FRETS = {"00": 2, "01": 3}
"""What the LSTM that never heard a player says of everything."""


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folds")
    for player, fret in FRETS.items():
        exported(constant_tabcnn(9), folder, f"tabcnn-{player}")
        exported(constant_lstm(fret), folder, f"lstm_final-{player}")
    return folder


@pytest.fixture
def dataset(recording: Path, tmp_path: Path) -> GuitarSet:
    """Three tracks that all sound alike; one was recorded twice, one not at all."""
    tracks = []
    for name, sources in (
        ("00_A1-120-C_comp", ("mic", "mix")),
        ("01_A1-120-C_comp", ("mic",)),
        ("02_A1-120-C_solo", ()),
    ):
        paths = {source: tmp_path / f"{name}_{source}.wav" for source in sources}
        for path in paths.values():
            shutil.copy(recording, path)
        tracks.append(
            Track(
                track_id=name,
                player=name[:2],
                style="comp",
                annotation=AnnotationFile(path=tmp_path / "never read.jams"),
                audio_paths=paths,  # type: ignore[arg-type]
            )
        )
    return GuitarSet(root=tmp_path, tracks=tuple(tracks))


def strings_of_pitch(result: Transcription, pitch: int) -> list[int]:
    """On which strings the tab networks hear a pitch."""
    (note, *_) = [n.note for n in result.tab.notes if n.note.pitch == pitch]
    assert note.tab_probs is not None
    return [string for string, p in enumerate(note.tab_probs) if p > 0.5]


def test_each_recording_is_heard_by_its_players_fold(acoustic: Any, dataset: GuitarSet, folds: Path) -> None:
    hear = FoldTranscriber.of(Transcriber(acoustic=acoustic), dataset, folds, TranscribeOptions())
    by_00, by_01 = (hear(dataset.tracks[i].audio_path()) for i in (0, 1))
    # 47 is fret 2 of the A string, 43 is fret 3 of the low E string
    assert (strings_of_pitch(by_00, 47), strings_of_pitch(by_00, 43)) == ([1], [])
    assert (strings_of_pitch(by_01, 47), strings_of_pitch(by_01, 43)) == ([], [0])
    for player, result in (("00", by_00), ("01", by_01)):
        assert result.tab.provenance["weights"] == {
            "scripted": "0" * 64,
            f"tabcnn-{player}": sha256_of(folds / f"tabcnn-{player}.onnx"),
            f"lstm_final-{player}": sha256_of(folds / f"lstm_final-{player}.onnx"),
        }


def test_all_recordings_of_a_track_have_its_player(acoustic: Any, dataset: GuitarSet, folds: Path) -> None:
    hear = FoldTranscriber.of(Transcriber(acoustic=acoustic), dataset, folds, TranscribeOptions())
    assert sorted(hear.of_player) == ["00", "01"]  # 02 has no recording, so no fold is asked for
    paths = dataset.tracks[0].audio_paths
    assert strings_of_pitch(hear(paths["mix"]), 47) == strings_of_pitch(hear(paths["mic"]), 47) == [1]
    with pytest.raises(KeyError):
        hear(dataset.root / "of nobody.wav")


def test_only_the_tab_networks_are_exchanged(acoustic: Any, dataset: GuitarSet, folds: Path) -> None:
    given = replace(Transcriber(acoustic=acoustic), notices=("mind the step",))
    options = TranscribeOptions(tuning="drop D", bpm=100)
    result = FoldTranscriber.of(given, dataset, folds, options)(dataset.tracks[1].audio_path())
    assert result.warnings[0] == "mind the step"
    assert result.tab.tuning.open_pitches[0] == 38
    assert result.tab.provenance["options"] == {"tuning": "drop D", "bpm": 100}
    assert given.tabcnn is None


def test_a_missing_fold_is_told_before_anything_is_heard(
    acoustic: Any, dataset: GuitarSet, folds: Path, tmp_path: Path
) -> None:
    some = tmp_path / "some"
    shutil.copytree(folds, some)
    (some / "lstm_final-01.onnx").unlink()
    with pytest.raises(WeightsError, match=r"has no lstm_final-01\.onnx"):
        FoldTranscriber.of(Transcriber(acoustic=acoustic), dataset, some, TranscribeOptions())
    (some / "tabcnn-00.onnx").unlink()
    with pytest.raises(WeightsError, match=r"has no tabcnn-00\.onnx"):
        FoldTranscriber.of(Transcriber(acoustic=acoustic), dataset, some, TranscribeOptions())

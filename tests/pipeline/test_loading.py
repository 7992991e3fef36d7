"""Which weights and which calibration are used: what a folder replaces, what it lacks, what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fretscribe.errors import WeightsError
from fretscribe.models.weights import DEFAULT_FOLDER, sha256_of
from fretscribe.pipeline.loading import load_transcriber, transcribe
from fretscribe.pipeline.tabbing import uncalibrated
from fretscribe.symbolic.calibration import FILE_NAME, Calibration, Counts, Level, Scores, Threshold
from fretscribe.symbolic.calibration_curves import Temperature
from fretscribe.symbolic.calibration_file import render_calibration
from tab_networks import exported, random_lstm, random_tabcnn

DROP_D = (38, 45, 50, 55, 59, 64)
NETWORKS = ("acoustic", "tabcnn", "lstm_final")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny tab networks, and a copy of the acoustic one."""
    folder = tmp_path_factory.mktemp("made")
    exported(random_tabcnn(), folder, "tabcnn")
    exported(random_lstm(), folder, "lstm_final")
    shutil.copy(DEFAULT_FOLDER / "acoustic.onnx", folder)
    return folder


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    """A user's folder with a TabCNN and an LSTMPredictor."""
    folder = tmp_path / "own"
    folder.mkdir()
    for name in ("tabcnn.onnx", "lstm_final.onnx"):
        shutil.copy(made / name, folder)
    return folder


def sha256s(folder: Path) -> dict[str, str]:
    """Name -> checksum of the networks in use with a folder that has tab networks of its own."""
    places = {name: folder / f"{name}.onnx" for name in NETWORKS}
    return {
        name: sha256_of(path if path.exists() else DEFAULT_FOLDER / path.name)
        for name, path in places.items()
    }


def write_calibration(folder: Path, weights: Mapping[str, str], level: Level = "notes") -> None:
    """One that accepts what is at least 10 % sure."""
    calibration = Calibration(
        level=level,
        features=("product",),
        curve=Temperature(temperature=1.0),
        target_accuracy=0.9,
        thresholds=(Threshold(target=0.9, threshold=0.1, accuracy=0.91, coverage=0.7),),
        rules_accuracy=0.48,
        lower_threshold=None,
        reliability=(),
        scores=Scores(ece=0.0, adaptive_ece=0.0, brier=0.1, log_loss=0.3),
        counts=Counts(n_examples=100, n_right=70, n_groups=5),
        weights=weights,
    )
    (folder / FILE_NAME).write_bytes(render_calibration(calibration))


def test_a_users_files_replace_the_built_in_ones_of_the_same_name(own: Path) -> None:
    exported(random_lstm(), own, "lstm")  # another name replaces nothing
    loaded = load_transcriber(own)
    assert loaded.weights() == sha256s(own)
    assert loaded.tabcnn is not None
    assert loaded.lstm is not None
    assert loaded.tabcnn.open_pitches == (40, 45, 50, 55, 59, 64)


def test_a_folder_may_be_given_as_text(own: Path) -> None:
    assert load_transcriber(str(own)).weights() == load_transcriber(own).weights()


def test_what_a_folder_lacks_is_told_by_name_with_every_result(
    own: Path, made: Path, acoustic: Any, recording: Path
) -> None:
    told = f"{own} has no acoustic.onnx: the built-in one is used"
    for result in [replace(load_transcriber(own), acoustic=acoustic)(recording) for _ in range(2)]:
        assert told in result.warnings
        assert not any("has no tabcnn" in w or "has no lstm_final" in w for w in result.warnings)
    shutil.copy(made / "acoustic.onnx", own)
    assert not any("acoustic" in notice for notice in load_transcriber(own).notices)


def test_a_complete_folder_has_nothing_to_tell(made: Path, tmp_path: Path) -> None:
    complete = tmp_path / "complete"
    shutil.copytree(made, complete)
    write_calibration(complete, sha256s(complete))
    assert load_transcriber(complete).notices == ()


@pytest.mark.parametrize("name", ["acoustic.onnx", "tabcnn.onnx", "lstm_final.onnx", FILE_NAME])
@pytest.mark.parametrize("content", [b"", b"garbage", b"{}"])
def test_a_corrupt_file_is_named(name: str, content: bytes, own: Path) -> None:
    (own / name).write_bytes(content)
    with pytest.raises(WeightsError) as caught:
        load_transcriber(own)
    assert str(own / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_truncated_network_is_named(own: Path) -> None:
    path = own / "tabcnn.onnx"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(WeightsError, match=r"tabcnn\.onnx"):
        load_transcriber(own)


def test_networks_in_each_others_place_are_refused(own: Path) -> None:
    shutil.copy(own / "lstm_final.onnx", own / "tabcnn.onnx")
    with pytest.raises(WeightsError, match=r"tabcnn\.onnx is not a TabCNN"):
        load_transcriber(own)


def test_weights_must_be_in_a_folder(own: Path, tmp_path: Path) -> None:
    for place in (tmp_path / "nowhere", own / "tabcnn.onnx"):
        with pytest.raises(WeightsError, match="is not a folder of weights"):
            load_transcriber(place)


def test_an_lstm_of_another_tuning_is_refused(own: Path) -> None:
    exported(random_lstm(open_pitches=DROP_D), own, "lstm_final")
    with pytest.raises(
        WeightsError, match=r"lstm_final\.onnx and .*tabcnn\.onnx learned .*different tunings"
    ):
        load_transcriber(own)
    exported(random_tabcnn(open_pitches=DROP_D), own, "tabcnn")
    loaded = load_transcriber(own)
    assert loaded.tabcnn is not None
    assert loaded.tabcnn.open_pitches == DROP_D


def test_a_users_calibration_of_these_networks_is_used(own: Path, acoustic: Any, recording: Path) -> None:
    write_calibration(own, sha256s(own))
    loaded = load_transcriber(own)
    assert not any("calibrated" in notice for notice in loaded.notices)
    result = replace(loaded, acoustic=acoustic)(recording)
    assert (result.stages[-2].name, result.stages[-2].status) == ("confidence", "ran")
    assert result.confidence is not None
    assert result.confidence.threshold == 0.1


@pytest.mark.parametrize("other", NETWORKS)
def test_a_users_calibration_of_other_networks_is_refused(other: str, own: Path) -> None:
    write_calibration(own, sha256s(own) | {other: "f" * 64})
    there = sha256s(own)[other][:8]
    with pytest.raises(WeightsError, match=rf"made for other weights: {other} is {there}, not ffffffff"):
        load_transcriber(own)


def test_a_calibration_of_notes_must_name_all_networks_and_one_of_frames_its_own(own: Path) -> None:
    without_lstm = {name: sha for name, sha in sha256s(own).items() if name != "lstm_final"}
    write_calibration(own, without_lstm)
    with pytest.raises(WeightsError, match="lstm_final was not in use then"):
        load_transcriber(own)
    write_calibration(own, without_lstm, level="frames")
    assert not any("calibrated" in notice for notice in load_transcriber(own).notices)


def test_without_a_fitting_calibration_every_result_says_so(
    own: Path, acoustic: Any, recording: Path
) -> None:
    result = replace(load_transcriber(own), acoustic=acoustic)(recording)
    assert sum("confidence is not calibrated" in warning for warning in result.warnings) == 1
    assert (result.stages[-2].name, result.stages[-2].status) == ("confidence", "fallback")
    assert result.confidence is not None
    assert result.confidence.threshold is None


def test_no_calibration_is_read_where_one_is_to_be_made(own: Path, acoustic: Any, recording: Path) -> None:
    for content in (None, b"garbage"):
        if content is None:
            write_calibration(own, sha256s(own))
        else:
            (own / FILE_NAME).write_bytes(content)
        loaded = load_transcriber(own, calibrated=False)
        assert loaded.notices[-1] == "confidence is not calibrated"
        result = replace(loaded, acoustic=acoustic)(recording)
        assert result.stages[-2].status == "fallback"


def test_the_evaluator_takes_the_target_of_each_call(own: Path) -> None:
    write_calibration(own, sha256s(own))
    hands = load_transcriber(own).hands
    assert [hands.calibration(target).target_accuracy for target in (0.8, 0.9)] == [0.8, 0.9]
    assert hands.calibration(0.8).threshold == Threshold(
        target=0.9, threshold=0.1, accuracy=0.91, coverage=0.7
    )
    assert uncalibrated(0.8).threshold is None


def test_transcribe_loads_the_folder(own: Path, recording: Path) -> None:
    result = transcribe(recording, weights=own, end_s=0.5)
    assert result.tab.provenance["weights"] == sha256s(own)
    assert any("has no acoustic.onnx" in warning for warning in result.warnings)


# The built-in networks and their calibration.


def test_the_built_in_weights_are_complete_and_calibrated() -> None:
    loaded = load_transcriber()
    assert set(loaded.weights()) == set(NETWORKS)
    assert loaded.notices == ()
    assert loaded.hands.calibration(0.8).calibration is not None


@pytest.mark.parametrize("empty", [False, True])
def test_a_folder_without_networks_means_the_built_in_ones_and_their_calibration(
    empty: bool, made: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    if not empty:
        shutil.copy(made / "acoustic.onnx", folder)  # the same network: the calibration still fits
    loaded = load_transcriber(folder)
    assert loaded.weights() == load_transcriber().weights()
    absent = NETWORKS if empty else NETWORKS[1:]
    assert loaded.notices == tuple(
        f"{folder} has no {name}.onnx: the built-in one is used" for name in absent
    )
    assert loaded.hands.calibration(0.8).calibration is not None


def test_a_users_lstm_alone_is_used_with_the_built_in_tabcnn(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    shutil.copy(made / "lstm_final.onnx", folder)
    loaded = load_transcriber(folder)
    assert loaded.weights()["lstm_final"] == sha256_of(made / "lstm_final.onnx")
    assert loaded.weights()["tabcnn"] == sha256_of(DEFAULT_FOLDER / "tabcnn.onnx")
    assert f"{folder} has no tabcnn.onnx: the built-in one is used" in loaded.notices


def test_the_built_in_calibration_is_left_out_where_the_networks_are_a_users_own(own: Path) -> None:
    loaded = load_transcriber(own)
    assert loaded.hands.calibration(0.8).calibration is None
    told = f"{own} has no {FILE_NAME}, and the built-in one is for the built-in networks"
    assert loaded.notices[-1].startswith(f"{told}: confidence is not calibrated")


def test_the_built_in_calibration_is_not_read_where_one_is_to_be_made() -> None:
    loaded = load_transcriber(calibrated=False)
    assert loaded.hands.calibration(0.8).calibration is None
    assert loaded.notices == ("confidence is not calibrated",)

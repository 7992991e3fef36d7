"""Weights are found by name, checked by checksum, and a user's folder comes first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fretscribe.errors import WeightsError
from fretscribe.models.acoustic import AcousticModel
from fretscribe.models.weights import (
    DEFAULT_FOLDER,
    REGISTRY,
    WeightsFile,
    find_weights,
    read_registry,
    registry_text,
    sha256_of,
)


def test_default_weights_match_their_registry_and_stay_small() -> None:
    total = 0
    for entry in read_registry().values():
        path = DEFAULT_FOLDER / entry["file"]
        assert sha256_of(path) == entry["sha256"]
        total += path.stat().st_size
    assert 0 < total <= 15_000_000


def test_a_users_file_wins_and_a_missing_one_means_the_default(tmp_path: Path) -> None:
    assert find_weights("acoustic", tmp_path).path.parent == DEFAULT_FOLDER
    own = tmp_path / "acoustic.onnx"
    own.write_bytes(b"x")
    assert find_weights("acoustic", tmp_path) == WeightsFile(name="acoustic", path=own, sha256=sha256_of(own))


def test_a_file_for_a_folder_and_an_unknown_name_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_text("x")
    with pytest.raises(WeightsError, match="not a folder"):
        find_weights("acoustic", file)
    with pytest.raises(WeightsError, match="no default weights"):
        find_weights("nonsense")


def test_garbage_is_no_network(tmp_path: Path) -> None:
    path = tmp_path / "acoustic.onnx"
    path.write_bytes(b"not an onnx file")
    with pytest.raises(WeightsError, match=r"acoustic\.onnx"):
        AcousticModel(find_weights("acoustic", tmp_path))


def test_a_registry_round_trips_and_a_broken_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"abc")
    (tmp_path / REGISTRY).write_text(registry_text(tmp_path, {"a": "a.bin"}))
    assert read_registry(tmp_path)["a"]["sha256"] == sha256_of(tmp_path / "a.bin")
    for broken in (json.dumps(["a"]), "[" * 100_000):
        (tmp_path / "registry.json").write_text(broken)
        with pytest.raises(WeightsError, match=r"registry\.json"):
            read_registry(tmp_path)

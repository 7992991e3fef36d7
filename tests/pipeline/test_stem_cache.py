"""Stems are kept until there is no room; what cannot be read is a miss."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from fretscribe.pipeline.stem_cache import StemCache


def samples(seed: int = 0, n: int = 1000) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).standard_normal(n).astype(np.float32)


def test_what_is_put_is_got(tmp_path: Path) -> None:
    cache = StemCache(folder=tmp_path / "stems")
    assert cache.get("a") is None
    cache.put("a", samples(1))
    cache.put("b", samples(2))
    for key, seed in (("a", 1), ("b", 2)):
        got = cache.get(key)
        assert got is not None
        np.testing.assert_array_equal(got, samples(seed))
    assert cache.get("c") is None


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = StemCache(folder=tmp_path, limit_bytes=3 * 4200)
    for number, key in enumerate("abc"):
        cache.put(key, samples(number))
    for age_s, path in enumerate(sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)):
        os.utime(path, (1_000_000 + age_s, 1_000_000 + age_s))
    assert cache.get("a") is not None  # used now
    cache.put("d", samples(4))
    assert cache.get("b") is None
    assert all(cache.get(key) is not None for key in "acd")


def test_more_than_the_limit_is_not_kept(tmp_path: Path) -> None:
    cache = StemCache(folder=tmp_path, limit_bytes=100)
    cache.put("a", samples())
    assert list(tmp_path.iterdir()) == []


_NO_ARRAYS = (b"", b"\x93NUMPY", b"not an array", b"\x80\x04.", b"PK\x03\x04", b"\x93NUMPY\x01\x00\x01\x00(")


@pytest.mark.parametrize("content", _NO_ARRAYS)
def test_files_that_cannot_be_read_are_misses(content: bytes, tmp_path: Path) -> None:
    cache = StemCache(folder=tmp_path)
    cache.put("a", samples())
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    assert cache.get("a") is None
    cache.put("a", samples())
    assert cache.get("a") is not None


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 3), dtype=np.float32),
        np.zeros(3),
        np.full(3, np.nan, dtype=np.float32),
        np.array([{}], dtype=object),
    ],
)
def test_arrays_of_another_kind_are_misses(array: np.ndarray[tuple[int], np.dtype], tmp_path: Path) -> None:
    cache = StemCache(folder=tmp_path)
    cache.put("a", samples())
    (path,) = tmp_path.iterdir()
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=True)
    assert cache.get("a") is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = StemCache(folder=tmp_path / "file" / "stems")
    cache.put("a", samples())
    assert cache.get("a") is None

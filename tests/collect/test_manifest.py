"""The append-only record: torn, damaged, in use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.collect.manifest import Manifest
from fretscribe.errors import OutputError, TabFormatError

RECORDS = (
    {"what": "x", "n": 1},
    {"what": "y", "text": "Für \u2028 \n Elise"},
    {"what": "z", "rows": [1, None]},
)


def write(path: Path) -> bytes:
    with Manifest(path) as manifest:
        for record in RECORDS:
            manifest.append(record)
    return path.read_bytes()


def test_what_was_appended_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    data = write(path)
    assert data.count(b"\n") == len(RECORDS)
    with Manifest(path) as manifest:
        assert manifest.records == list(RECORDS)
        manifest.append({"more": True})
    assert path.read_bytes() == data + b'{"more": true}\n'


def test_a_line_torn_anywhere_is_dropped_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    data = write(path)
    for cut in range(len(data) + 1):
        path.write_bytes(data[:cut])
        n_whole = data[:cut].count(b"\n")
        with Manifest(path) as manifest:
            assert manifest.records == list(RECORDS[:n_whole])
            manifest.append({"n": cut})
        with Manifest(path) as manifest:
            assert manifest.records == [*RECORDS[:n_whole], {"n": cut}]


@pytest.mark.parametrize("line", [b"not JSON", b"[1]", b"", b"\xff", b"\x00" * 20, b"[" * 100_000])
def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "m.jsonl"
    data = write(path)
    damaged = b'{"a": 1}\n' + line + b"\n" + data
    path.write_bytes(damaged)
    with pytest.raises(TabFormatError, match="line 2 is no record"):
        Manifest(path)
    assert path.read_bytes() == damaged


def test_only_one_program_has_it(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with Manifest(path), pytest.raises(OutputError, match="in use by another run"):
        Manifest(path)
    Manifest(path).close()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write .*absent"):
        Manifest(tmp_path / "absent" / "m.jsonl")


@given(st.dictionaries(st.text(max_size=5), st.text() | st.integers() | st.none(), max_size=3))
def test_any_record_is_one_line(tmp_path_factory: pytest.TempPathFactory, record: dict[str, object]) -> None:
    path = tmp_path_factory.mktemp("m") / "m.jsonl"
    with Manifest(path) as manifest:
        manifest.append(record)
    assert path.read_bytes().count(b"\n") == 1
    with Manifest(path) as manifest:
        assert manifest.records == [record]

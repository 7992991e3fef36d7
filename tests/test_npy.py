"""Array files whose headers promise what is not there."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fretscribe.npy import parse_npy, parse_npz


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def with_header(header: str, values: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values


def promising(dtype: str, shape: str) -> bytes:
    return with_header(f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}}}\n")


@given(
    hnp.arrays(st.sampled_from([np.float32, np.bool_, np.int16]), hnp.array_shapes(min_side=0, max_side=5))
)
def test_what_numpy_writes_is_read_as_numpy_reads_it(array: np.ndarray) -> None:
    for each in (array, np.asfortranarray(array)):
        read = parse_npy(npy(each))
        assert read.dtype == array.dtype
        np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "header"),
        (b"PK\x03\x04", "an archive of arrays"),
        (npy(np.array([{}], dtype=object)), "Python objects"),
        (npy(np.zeros(9))[:-1], "and there are 71 bytes"),
        (npy(np.zeros(9)) + b"x", "and there are 73 bytes"),
        (promising("<f4", "(1000000000000,)"), "asks for float32"),
        (promising("<f4", "(-1,)"), "asks for float32"),
        (promising("|S1000000000", "(9,)"), "asks for"),
        (promising("<f4", "(((((("), "header cannot be read"),
        (with_header("{'a': '''\n"), "header cannot be read"),
        (with_header("[" * 9000), "header cannot be read"),
        (b"\x93NUMPY\x09\x00" + b" " * 100, "of version"),
    ],
)  # fmt: skip
def test_headers_that_promise_too_much(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_npy(data)


def archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def test_archives() -> None:
    one, two = np.arange(3.0), np.ones((2, 2), np.float32)
    arrays = parse_npz(archive(one=npy(one), two=npy(two)), max_bytes=1000)
    assert arrays.keys() == {"one", "two"}
    np.testing.assert_array_equal(arrays["two"], two)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no zip", "no archive"),
        (archive(one=b"no array"), "header"),
        (archive(one=npy(np.zeros(600_000))), "unpacks to more than 1000 bytes"),
        (archive(one=npy(np.zeros(50)), two=npy(np.zeros(100))), "unpacks to more than 1000 bytes"),
    ],
)
def test_archives_of_something_else(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_npz(data, max_bytes=1000)

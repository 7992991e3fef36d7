"""Numpy's array files from strangers: what their headers promise is held against what is there.

numpy believes a header: one of a hundred bytes can ask for terabytes, and a broken one raises whatever its
parsing does. Here everything that is wrong is a `ValueError`, and nothing larger than the file is made.
Knows no dataset. Neighbours: ``datasets``, ``symbolic.beat_net`` and ``pipeline.stem_cache`` read through it.

Source: the format, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import io
import math
import os
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[Any]

_MOST_DIMENSIONS = 32
_HEADER_TROUBLE = (
    ValueError, TypeError, KeyError, OverflowError, SyntaxError, RecursionError, MemoryError,
    tokenize.TokenError, struct.error,
)  # fmt: skip
_ZIP_TROUBLE = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, KeyError, IndexError, RuntimeError,
    NotImplementedError, OverflowError, struct.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NpyHeader:
    """What a ``.npy`` file holds, and where in it the values begin."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool
    offset: int


def read_npy_header(file: BinaryIO) -> NpyHeader:
    """The header of an open ``.npy`` file whose values are all there, and nothing else.

    Raises
    ------
    ValueError
        If it is no such file, or holds Python objects.
    """
    if file.read(2) == b"PK":
        raise ValueError("it is an archive of arrays")
    file.seek(0)
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
        elif version == (2, 0):
            shape, fortran_order, dtype = np.lib.format.read_array_header_2_0(file)
        else:
            raise ValueError(f"it is of version {version}")
    except _HEADER_TROUBLE as error:
        raise ValueError(f"its header cannot be read: {error}") from error
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which can run any code")
    offset = file.tell()
    n_bytes = file.seek(0, os.SEEK_END) - offset
    wanted = math.prod(shape) * dtype.itemsize
    if len(shape) > _MOST_DIMENSIONS or any(n < 0 for n in shape) or wanted != n_bytes:
        raise ValueError(f"its header asks for {dtype} {shape}, and there are {n_bytes} bytes")
    return NpyHeader(shape=shape, dtype=dtype, fortran_order=fortran_order, offset=offset)


def parse_npy(data: bytes) -> AnyArray:
    """The array of a ``.npy`` file, read-only.

    Raises
    ------
    ValueError
        If it is none, or holds Python objects.
    """
    header = read_npy_header(io.BytesIO(data))
    if not math.prod(header.shape) or not header.dtype.itemsize:
        return np.zeros(header.shape, header.dtype)
    values: AnyArray = np.frombuffer(data, header.dtype, offset=header.offset)
    if header.fortran_order:
        return values.reshape(header.shape[::-1]).transpose()
    return values.reshape(header.shape)


def read_npy(path: Path) -> AnyArray:
    """As `parse_npy`, of a file; an `OSError` is left as it is."""
    return parse_npy(path.read_bytes())


def parse_npz(data: bytes, *, max_bytes: int) -> dict[str, AnyArray]:
    """The arrays of an ``.npz`` file by name.

    Raises
    ------
    ValueError
        If it is none, one of its arrays is none, or they unpack to more than ``max_bytes`` together.
    """
    arrays: dict[str, AnyArray] = {}
    left = max_bytes
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                with archive.open(info) as member:
                    content = member.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise ValueError(f"it unpacks to more than {max_bytes} bytes")
                arrays[info.filename.removesuffix(".npy")] = parse_npy(content)
    except _ZIP_TROUBLE as error:
        raise ValueError(f"it is no archive of arrays: {error}") from error
    return arrays

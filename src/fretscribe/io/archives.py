"""Score files inside a zip (``.gp``, ``.mxl``): one member, of a size that can be worked with.

Knows nothing of music. Neighbours: ``gpif_reader`` and ``musicxml_reader`` read the members,
``gpx_container`` opens Guitar Pro 6's own container.
"""

from __future__ import annotations

import io
import zipfile
import zlib

from fretscribe.errors import TabFormatError

ZIP_MAGIC = b"PK\x03\x04"
MAX_UNPACKED_BYTES = 32_000_000
MAX_RATIO = 250
_RATIO_FROM_BYTES = 1_000_000

# What zipfile raises on bytes that are no zip; anything else would be a bug and must show.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
)


def member_names(data: bytes, name: str) -> list[str]:
    """Names of the files in a zip.

    Raises
    ------
    TabFormatError
        If the bytes are no zip.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()
    except _ZIP_ERRORS as e:
        raise TabFormatError(f"{name}: is not a readable zip archive: {e}") from e


def read_member(data: bytes, member: str, name: str) -> bytes:
    """The contents of one file in a zip.

    Raises
    ------
    TabFormatError
        If the bytes are no zip, the member is absent, broken or encrypted, or unpacks to more than 32 MB or
        to more than 250 times its packed size.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            try:
                info = archive.getinfo(member)
            except KeyError as e:
                raise TabFormatError(f"{name}: the archive holds no {member}") from e
            with archive.open(info) as file:
                content = file.read(MAX_UNPACKED_BYTES + 1)
    except _ZIP_ERRORS as e:
        raise TabFormatError(f"{name}: {member} cannot be unpacked: {e}") from e
    if len(content) > MAX_UNPACKED_BYTES:
        raise TabFormatError(f"{name}: {member} unpacks to more than {MAX_UNPACKED_BYTES} bytes")
    if len(content) > max(_RATIO_FROM_BYTES, MAX_RATIO * info.compress_size):
        raise TabFormatError(f"{name}: {member} unpacks to more than {MAX_RATIO} times its size")
    return content

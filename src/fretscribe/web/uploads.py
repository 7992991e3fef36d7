"""Recordings come in: streamed to disk within a limit, named safely, and refused where they are no sound.

Neighbours: ``job_api`` receives the bytes, ``io.media`` is asked whether they can be read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

import anyio

from fretscribe.errors import AudioError, InputError
from fretscribe.io.audio import check_audio_path
from fretscribe.io.media import open_stream

MAX_UPLOAD_BYTES = 1_000_000_000
"""An hour of stereo at 48 kHz and 24 bits."""
_LONGEST_NAME = 120
_UNSAFE = re.compile(r"[^\w .,()'&+=-]")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class TooLargeError(InputError):
    """More bytes than the studio takes."""


def safe_name(name: str) -> str:
    """A file name for any text that a browser may send: no folders, no tricks, its suffix kept.

    >>> safe_name("../../etc/passwd"), safe_name("C:\\\\songs\\\\My song?.wav"), safe_name("...")
    ('passwd', 'My song_.wav', 'recording')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = _UNSAFE.sub("_", last).strip(" .")
    if not plain or _RESERVED.fullmatch(plain):
        return "recording"
    stem, dot, suffix = plain.rpartition(".")
    if not stem or len(suffix) > 8:
        return plain[:_LONGEST_NAME].strip(" .")
    return stem[: _LONGEST_NAME - len(suffix) - 1].strip(" .") + dot + suffix


async def save_upload(
    chunks: AsyncIterator[bytes], path: Path, *, declared_bytes: int | None, max_bytes: int
) -> None:
    """Write what comes in to a new file.

    Parameters
    ----------
    chunks : async iterator of bytes
    path : Path
        Its folder is there; the caller removes it if this fails.
    declared_bytes : int, or None
        What the sender says that it sends.
    max_bytes : int

    Raises
    ------
    TooLargeError
        As soon as there is more than ``max_bytes``.
    """
    too_large = TooLargeError(
        f"the recording is larger than {max_bytes / 1e6:g} MB", mend="send an MP3 or FLAC of it"
    )
    if declared_bytes is not None and declared_bytes > max_bytes:
        raise too_large
    n_bytes = 0
    async with await anyio.open_file(path, "xb") as file:
        async for chunk in chunks:
            n_bytes += len(chunk)
            if n_bytes > max_bytes:
                raise too_large
            await file.write(chunk)


def check_recording(path: Path) -> None:
    """Raise an error of `io.audio` if there is no sound in a file; looks at its beginning only.

    Raises
    ------
    AudioError
        If it is absent, empty or no recording.
    MissingExtraError
        If its format needs the extra ``media``.
    """
    check_audio_path(path)
    with open_stream(path) as stream:
        for block in stream.blocks(0.0, None):
            if len(block):
                return
    raise AudioError(f"{path} holds no sound", mend="export or download it again")

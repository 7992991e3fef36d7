"""Sound to a file: 16-bit WAV or FLAC. Neighbour: ``audio`` reads."""

from __future__ import annotations

from pathlib import Path

import soundfile

from fretscribe.errors import OptionError
from fretscribe.frames import Audio
from fretscribe.io.atomic import atomic_write

_FORMATS = {".wav": "WAV", ".flac": "FLAC"}


def write_audio(audio: Audio, path: Path, *, force: bool = False) -> None:
    """Write a recording as 16-bit PCM; values beyond full scale are clipped.

    Raises
    ------
    OptionError
        If the suffix is neither ``.wav`` nor ``.flac``.
    OutputError
        If the file exists (without ``force``) or cannot be written.
    """
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise OptionError(f"cannot write sound as {path.suffix or path.name!r}", mend="use .wav or .flac")
    with atomic_write(path, force=force) as part:
        soundfile.write(part, audio.samples.T, audio.sample_rate, format=form, subtype="PCM_16")

"""The recording that a tab was heard from, small enough for inside a file: mono MP3, and its outline.

Nothing is embedded but the very file that was heard, told by its sha256. Neighbours: ``audio`` reads the
file, ``html_writer`` and ``synced_gp`` put what comes out into theirs.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from fretscribe.errors import FretscribeError
from fretscribe.io.audio import check_audio_path, file_sha256, read_audio
from fretscribe.result import AudioInfo

SAMPLE_RATE = 32_000
"""Carries 16 kHz, all that a guitar has, and is one of MP3's own rates in every browser."""
LONGEST_S = 30 * 60.0
"""A browser holds the decoded sound in memory: half an hour is 230 MB of it."""
_LEVEL = 0.85  # of libsndfile's compression: 80 kbit/s at this rate
N_OUTLINE = 2400


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedSound:
    """A recording as a page holds it.

    Attributes
    ----------
    mp3 : bytes
    duration_s : float
    outline : bytes
        The loudest sample of each of `N_OUTLINE` equal stretches, 0..255 of the recording's loudest.
    """

    mp3: bytes
    duration_s: float
    outline: bytes


def sound_lack(audio: AudioInfo | None) -> str:
    """Why no file can hold the recording, "" where it can, such as "song.wav is not there any more"."""
    if audio is None or not audio.path:
        return "this tab was not heard from a recording"
    path = Path(audio.path)
    name = path.name
    if audio.duration_s > LONGEST_S:
        return f"{name} is longer than {LONGEST_S / 60:.0f} minutes"
    if "MP3" not in soundfile.available_formats():
        return "libsndfile is too old to write MP3"
    try:
        check_audio_path(path)
        same = file_sha256(path) == audio.sha256
    except (FretscribeError, OSError, ValueError):  # ValueError: a path that no system takes, from a file
        return f"{name} is not there any more"
    return "" if same else f"{name} has changed since it was heard"


def embedded_sound(audio: AudioInfo, *, sample_rate: int = SAMPLE_RATE) -> EmbeddedSound:
    """Read and compress a recording of which `sound_lack` has nothing to say.

    Raises
    ------
    AudioError
        If it cannot be read.
    """
    sound = read_audio(audio.path, sample_rate=sample_rate).audio
    samples = sound.samples[0]
    file = io.BytesIO()
    soundfile.write(
        file,
        np.clip(samples, -1.0, 1.0),
        sample_rate,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=_LEVEL,
    )
    return EmbeddedSound(mp3=file.getvalue(), duration_s=sound.duration_s, outline=outline(samples))


def outline(samples: npt.NDArray[np.float32], n: int = N_OUTLINE) -> bytes:
    """The loudest sample of each of ``n`` equal stretches (fewer where there are fewer samples).

    >>> list(outline(np.array([0.0, 0.5, -1.0, 0.0], dtype=np.float32), 2))
    [128, 255]
    """
    starts = np.unique(np.arange(n) * len(samples) // n)
    loud = np.maximum.reduceat(np.abs(samples), starts)
    top = max(float(loud.max()), 1e-9)
    return np.rint(loud / top * 255).astype(np.uint8).tobytes()

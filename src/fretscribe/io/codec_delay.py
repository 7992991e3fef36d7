"""How many samples of silence a codec put before the sound, where the container does not tell.

Transform codecs start with a half-empty window, and encoders add what they need to look ahead. Containers
such as MP4, WebM and Ogg tell how much to leave out, and decoders do; raw streams, AVI, ASF and files that
were copied from one container into another do not. Each delay here is FFmpeg's own encoder's, measured with
clicks (a test measures them again); encoders of others may add some milliseconds, which nothing tells.
Neighbour: ``media``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from fretscribe.frames import FloatArray

_DELAYS = {"ac3": 256, "eac3": 256, "mp3": 1105, "mp3float": 1105, "mp2": 481, "opus": 312}
_WMA = frozenset({"wmav1", "wmav2"})
_TICK_S = 0.0015  # Matroska and ASF count milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPacket:
    """The first packet of a track.

    Attributes
    ----------
    codec : str
        Name of the codec or of its decoder.
    start_s : float
        Its time; below 0 where the container tells that its beginning is not to be heard.
    """

    codec: str
    start_s: float

    @classmethod
    def of(cls, packet: Any) -> FirstPacket:
        """Of PyAV's packet."""
        start_s = 0.0 if packet.pts is None else float(packet.pts * packet.time_base)
        return cls(codec=packet.stream.codec_context.name, start_s=start_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstFrame:
    """The first sound that was decoded: when it is, and how much of it."""

    start_s: float
    n_samples: int
    sample_rate: int

    @classmethod
    def of(cls, frame: Any) -> FirstFrame:
        """Of PyAV's frame."""
        start_s = 0.0 if frame.pts is None else float(frame.pts * frame.time_base)
        return cls(start_s=start_s, n_samples=frame.samples, sample_rate=frame.sample_rate)


def untold_delay(packet: FirstPacket, frame: FirstFrame, *, by_ffmpeg: bool) -> int:
    """Samples of silence before the sound that are still there; negative: so many of the sound are lost.

    Parameters
    ----------
    packet : FirstPacket
    frame : FirstFrame
        Samples are counted at its rate.
    by_ffmpeg : bool
        Whether FFmpeg encoded the file.
    """
    left_out_s = frame.start_s - packet.start_s
    if packet.codec in _WMA and by_ffmpeg:
        # The decoder leaves out two frames, as Microsoft's encoder needs it; FFmpeg's needs one.
        n_left_out = round(left_out_s * frame.sample_rate / frame.n_samples)
        return (1 - n_left_out) * frame.n_samples
    if packet.start_s < 0 or left_out_s > _TICK_S:  # the container told it
        return 0
    if packet.codec == "aac":
        return frame.n_samples  # of HE-AAC twice as many
    return _DELAYS.get(packet.codec, 0)


def read_framecrc(text: str) -> tuple[FirstPacket, FirstFrame] | None:
    """The first row of what ``ffmpeg -f framecrc`` prints, as a packet and as a frame; None if it has none.

    >>> rows = "#tb 0: 1/48000\\n#codec_id 0: aac\\n#sample_rate 0: 48000\\n0, -1024, -1024, 1024, 23, 0x1\\n"
    >>> packet, frame = read_framecrc(rows)
    >>> packet.codec, round(packet.start_s * 48000), frame.n_samples
    ('aac', -1024, 1024)
    """
    told, row = {}, None
    for line in text.splitlines():
        if line.startswith("#"):
            name, _, value = line[1:].partition(":")
            told[name.split(" ")[0]] = value.strip()
        elif row is None:
            row = line.split(",")
    try:
        tick_s = float(Fraction(told["tb"]))
        rate = int(told["sample_rate"])
        if row is None:
            return None
        start_s, length_s = int(row[2]) * tick_s, int(row[3]) * tick_s
    except (KeyError, ValueError, IndexError, ZeroDivisionError):
        return None
    frame = FirstFrame(start_s=start_s, n_samples=round(length_s * rate), sample_rate=rate)
    return FirstPacket(codec=told.get("codec_id", ""), start_s=start_s), frame


def in_time(blocks: Iterable[FloatArray], late: Sequence[int], n_channels: int) -> Iterator[FloatArray]:
    """Blocks [n_frames, n_channels] without the delay, or with silence for what is lost.

    Parameters
    ----------
    blocks : iterable of float32 array
    late : sequence of int
        Its only entry, in samples, is there when the first block has come.
    n_channels : int
    """
    to_drop = None
    for block in blocks:
        if to_drop is None:
            to_drop = late[0]
            if to_drop < 0:
                yield np.zeros((-to_drop, n_channels), dtype=np.float32)
                to_drop = 0
        kept = block[to_drop:]
        to_drop -= len(block) - len(kept)
        if len(kept):
            yield kept

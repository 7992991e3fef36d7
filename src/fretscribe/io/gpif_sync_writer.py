"""The recording in a GPIF document, as Guitar Pro 8 has it: an audio track, its file, and a sync point a bar.

A sync point says at which frame of the recording a bar starts. Guitar Pro counts from the frame at which the
first bar does; how far that one lies from the start of the file stands apart, as padding. Knows no notes.
Neighbours: ``gpif_writer`` puts these elements into its document, ``synced_gp`` knows the times.
"""

from __future__ import annotations

import hashlib
import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from fretscribe.io.gpif_xml import automation, element, text_element
from fretscribe.io.score import ScoreBar
from fretscribe.io.score_clock import DEFAULT_QUARTERS_A_MINUTE
from fretscribe.io.score_signs import plain_number

FRAME_RATE = 44_100
"""Frames a second, whatever the file has; so the file should have as many."""
_ASSET = "0"
_AUDIO_ICON = "21"
_CHANNEL_STRIP = "0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0 0.5 0.5 0.8 0.5 0.5 0.5"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncedRecording:
    """A recording and where the bars of a score lie in it.

    Attributes
    ----------
    mp3 : bytes
        At `FRAME_RATE`.
    bar_times_s : tuple of float
        Rising: the start of every bar, and the end of the last; negative before the recording.
    """

    mp3: bytes
    bar_times_s: tuple[float, ...]

    @property
    def _name(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, hashlib.sha256(self.mp3).hexdigest()))

    @property
    def member(self) -> str:
        """Where in the archive the sound lies."""
        return f"Content/Assets/{self._name}.mp3"

    def sync_points(self, bars: Sequence[ScoreBar]) -> list[str]:
        """The automation of each bar; of its two tempos one is written and the other heard."""
        first = _frames(self.bar_times_s[0])
        written = DEFAULT_QUARTERS_A_MINUTE
        points = []
        for i, (bar, (start_s, end_s)) in enumerate(
            zip(bars, itertools.pairwise(self.bar_times_s), strict=True)
        ):
            written = next((tempo for at, tempo in bar.tempos if at == 0), written)
            value = element(
                "Value",
                element("BarIndex", str(i)),
                element("BarOccurrence", "0"),
                element("ModifiedTempo", plain_number(float(bar.length) * 60.0 / (end_s - start_s))),
                element("OriginalTempo", plain_number(written)),
                element("FrameOffset", str(_frames(start_s) - first)),
            )
            points.append(automation("SyncPoint", i, "0", value))
            written = bar.tempos[-1][1] if bar.tempos else written
        return points

    def track_element(self) -> str:
        """The audio track, which stands before the tracks with notes."""
        return element(
            "BackingTrack",
            element("IconId", _AUDIO_ICON),
            element("Color", "0 0 0"),
            text_element("Name", "Recording"),
            text_element("ShortName", "rec."),
            element("PlaybackState", "Default"),
            element("ChannelStrip", element("Parameters", _CHANNEL_STRIP)),
            element("Enabled", "true"),
            element("Source", "Local"),
            element("AssetId", _ASSET),
            element("YouTubeVideoUrl"),
            element("Filter", "6"),
            element("FramesPerPixel", "400"),
            element("FramePadding", str(-_frames(self.bar_times_s[0]))),
            element("Semitones", "0"),
            element("Cents", "0"),
        )

    def asset_element(self) -> str:
        """Which member of the archive the track plays; where the recording came from is not told."""
        asset = element(
            "Asset",
            text_element("OriginalFilePath", "recording.mp3"),
            text_element("OriginalFileSha1", self._name),
            text_element("EmbeddedFilePath", self.member),
            id=_ASSET,
        )
        return element("Assets", asset)


def _frames(time_s: float) -> int:
    return round(time_s * FRAME_RATE)

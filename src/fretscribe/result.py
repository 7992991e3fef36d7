"""What a transcription returns: the tab, and an open account of how it came about.

Neighbours: ``pipeline`` fills these in, ``io.tab_json`` writes and reads them without loss (but for
``timings_s``, which would make two runs on the same input differ).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from fretscribe.music import Tab


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of the pipeline: whether it ran, was skipped or fell back, and why."""

    name: str
    status: Literal["ran", "skipped", "fallback"]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioInfo:
    """Which recording was heard: path as given, duration in seconds, sha256 of the file's bytes."""

    path: str
    duration_s: float
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceSummary:
    """How the notes' confidences are to be read.

    A target that no threshold of the calibration meets gives the threshold None and the share 0.

    Attributes
    ----------
    target_accuracy : float
        Share of right notes that accepted notes should reach.
    threshold : float, or None
        Notes at or above it are accepted; None where no calibration is available, or none meets the target.
    share_accepted : float, or None
        Accepted notes over all notes; None without a calibration or without notes.
    """

    target_accuracy: float
    threshold: float | None = None
    share_accepted: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription:
    """A tab with the account of its making.

    Attributes
    ----------
    tab : Tab
    stages : tuple of Stage
        In the order of the pipeline, skipped ones included.
    timings_s : mapping of stage name to seconds
    warnings : tuple of str
        One line each: what the player should know (unplayable pitches, clipped input ...).
    audio : AudioInfo, or None
        None where there was no recording (imported or generated tabs).
    tuning_confidence : float, or None
        P(tuning and capo right) where they were estimated, 1.0 where the user gave them.
    detune_cents : float, or None
        How far the guitar lies above concert pitch, as heard or given; None where nobody asked or nobody
        could tell.
    confidence : ConfidenceSummary, or None
    """

    tab: Tab
    stages: tuple[Stage, ...] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    audio: AudioInfo | None = None
    tuning_confidence: float | None = None
    detune_cents: float | None = None
    confidence: ConfidenceSummary | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "timings_s", MappingProxyType(dict(self.timings_s)))

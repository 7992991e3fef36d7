"""What many tests share: an acoustic model that hears what it is told, and a recording for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import settings

from fretscribe.frames import Audio, FrameGrid, StringRoll

# A slow machine is no failed property; and CI judges a change by the same examples as the last one.
settings.register_profile("fretscribe", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("fretscribe")

PITCH_MIN = 33
N_PITCHES = 56
HOP = 512

Struck = tuple[float, float, int, int]
"""Onset and offset in seconds, string (0 = lowest), MIDI pitch."""

RIFF: tuple[Struck, ...] = (
    (0.25, 0.70, 0, 40),
    (0.75, 1.20, 1, 47),
    (1.25, 1.70, 2, 52),
    (1.75, 2.20, 3, 55),
    (2.25, 3.20, 0, 43),
    (2.25, 3.20, 1, 47),
    (2.25, 3.20, 2, 50),
    (3.25, 3.70, 4, 62),
    (3.75, 4.20, 5, 64),
)
"""A line and a chord at 120 beats a minute."""


@dataclass(frozen=True, kw_only=True)
class ScriptedAcoustic:
    """Stands in for the acoustic model: hears its script in any sound, and nothing in silence."""

    script: Sequence[Struck] = RIFF
    sample_rate: int = 22050
    name: str = "scripted"
    sha256: str = "0" * 64
    n_chunks: int = 4

    def __call__(
        self,
        audio: Audio,
        *,
        progress: Callable[[float], None] | None = None,
        so_far: Callable[[StringRoll], None] | None = None,
    ) -> StringRoll:
        if audio.sample_rate != self.sample_rate:
            raise ValueError(f"heard {audio.sample_rate} Hz")
        grid = FrameGrid(sample_rate=self.sample_rate, hop_length=HOP, n_frames=audio.n_samples // HOP + 1)
        onset = np.zeros((grid.n_frames, 6, N_PITCHES), dtype=np.float32)
        active = np.zeros_like(onset)
        for onset_s, offset_s, string, pitch in self.script if audio.samples.any() else ():
            first, last = round(grid.frame(onset_s)), round(grid.frame(offset_s))
            if first < grid.n_frames:
                onset[first, string, pitch - PITCH_MIN] = 0.95
                active[first:last, string, pitch - PITCH_MIN] = 0.9
        for chunk in range(1, self.n_chunks):
            last = grid.n_frames * chunk // self.n_chunks
            if so_far is not None:
                part = replace(grid, n_frames=last)
                so_far(StringRoll(grid=part, onset=onset[:last], active=active[:last], pitch_min=PITCH_MIN))
        if progress is not None:
            progress(1.0)
        return StringRoll(grid=grid, onset=onset, active=active, pitch_min=PITCH_MIN)


@pytest.fixture
def acoustic() -> ScriptedAcoustic:
    """Hears `RIFF`."""
    return ScriptedAcoustic()


@pytest.fixture
def make_acoustic() -> Callable[[Sequence[Struck]], ScriptedAcoustic]:
    """Makes a model that hears a script of your own."""
    return lambda script: ScriptedAcoustic(script=script)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Five seconds of quiet noise in a file."""
    path = tmp_path / "song.wav"
    noise = 0.1 * np.random.default_rng(0).standard_normal(5 * 22050)
    soundfile.write(path, noise.astype(np.float32), 22050)
    return path


@pytest.fixture(scope="session", autouse=True)
def _home_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What whoever runs the tests corrected for themselves must not change their outcome."""
    os.environ["FRETSCRIBE_HOME"] = str(tmp_path_factory.mktemp("home"))

"""A transcriber of scripted parts for tests, whose networks note down how often they were asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from fretscribe.dsp.detune import Detune
from fretscribe.frames import N_FRET_CLASSES, Audio, FrameGrid, FretProbs, StringRoll
from fretscribe.pipeline import Transcriber
from fretscribe.pipeline.transcriber import Acoustic

OPEN = (40, 45, 50, 55, 59, 64)
RATE = 22050


@dataclass(kw_only=True)
class CountingAcoustic:
    """Answers as another acoustic model does."""

    model: Acoustic
    asked: list[float] = field(default_factory=list)
    name: str = "counting"
    sha256: str = "0" * 64
    sample_rate: int = RATE

    def __call__(
        self,
        audio: Audio,
        *,
        progress: Callable[[float], None] | None = None,
        so_far: Callable[[StringRoll], None] | None = None,
    ) -> StringRoll:
        self.asked.append(audio.duration_s)
        return self.model(audio, progress=progress, so_far=so_far)


@dataclass(kw_only=True)
class CountingTabNetwork:
    """Hears one string alone, and on it any fret that is asked for."""

    string: int
    asked: list[float] = field(default_factory=list)
    name: str = "tab network"
    sha256: str = "1" * 64
    open_pitches: tuple[int, ...] = OPEN

    def __call__(self, audio: Audio) -> FretProbs:
        self.asked.append(audio.duration_s)
        n_frames = int(10 * audio.duration_s) + 1
        probs = np.zeros((n_frames, len(OPEN), N_FRET_CLASSES), dtype=np.float32)
        probs[:, :, 0] = 1.0
        probs[:, self.string, 0] = 0.0
        probs[:, self.string, 1:] = 1.0 / (N_FRET_CLASSES - 1)
        return FretProbs(grid=FrameGrid(sample_rate=10, hop_length=1, n_frames=n_frames), probs=probs)


@dataclass(kw_only=True)
class CountingRefine:
    """Moves what was heard to the next string, round the neck."""

    asked: list[int] = field(default_factory=list)
    name: str = "refining"
    sha256: str = "2" * 64

    def __call__(self, frets: FretProbs) -> FretProbs:
        self.asked.append(frets.grid.n_frames)
        return FretProbs(grid=frets.grid, probs=np.roll(frets.probs, 1, axis=1))


def counting_transcriber(acoustic: Acoustic, *, string: int = 2) -> Transcriber:
    """Hears what ``acoustic`` hears; TabCNN hears ``string`` alone, the LSTM the one above it."""
    return Transcriber(
        acoustic=CountingAcoustic(model=acoustic),
        tabcnn=CountingTabNetwork(string=string),
        lstm=CountingRefine(),
        estimate_detune=lambda _signal, _sample_rate: Detune(cents=0.0, certainty=1.0),
    )


def noise(duration_s: float, seed: int = 0) -> Audio:
    """Mono noise at the networks' rate."""
    n_samples = round(duration_s * RATE)
    samples = 0.1 * np.random.default_rng(seed).standard_normal((1, n_samples))
    return Audio(samples=samples.astype(np.float32), sample_rate=RATE)

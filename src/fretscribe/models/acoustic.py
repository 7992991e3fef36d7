"""Hearing: audio -> `StringRoll`, by the exported acoustic network on onnxruntime.

The front end is inside the graph. A recording is heard in overlapping chunks, so memory beyond the roll
itself does not grow with length. Knows nothing of tunings: the six strings are those of the guitar it
learned from, string 0 lowest. Neighbours: ``acoustic_net`` defines the network, ``symbolic.decode``
reads notes from the roll.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from fretscribe.dsp.level import level_gain
from fretscribe.errors import WeightsError
from fretscribe.frames import Audio, FloatArray, FrameGrid, StringRoll
from fretscribe.models.session import open_session, read_config, run_session
from fretscribe.models.weights import WeightsFile, find_weights

_KEYS = ("sample_rate", "hop_length", "pitch_min", "n_pitches", "n_strings")
_CHUNK_FRAMES = 1290  # 30 s at 22050/512
_CONTEXT_FRAMES = 64  # more than the network's receptive field on either side


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A stretch of frames, and the wider stretch that is heard to judge it."""

    first: int
    last: int
    heard_from: int
    heard_to: int


class AcousticModel:
    """A loaded acoustic network. Call it with mono or stereo audio at `sample_rate`.

    Parameters
    ----------
    weights : WeightsFile
    n_threads : int, optional
        Threads of the runtime; all cores by default.

    Raises
    ------
    WeightsError
        If the file is not an acoustic network of this project.
    """

    def __init__(self, weights: WeightsFile, *, n_threads: int | None = None) -> None:
        self.weights = weights
        self._session = open_session(weights.path, n_threads)
        config = _read_config(self._session, weights.path)
        self.sample_rate: int = config["sample_rate"]
        self.hop_length: int = config["hop_length"]
        self.pitch_min: int = config["pitch_min"]
        self.n_pitches: int = config["n_pitches"]
        self.n_strings: int = config["n_strings"]

    @property
    def name(self) -> str:
        return self.weights.name

    @property
    def sha256(self) -> str:
        return self.weights.sha256

    def __call__(
        self,
        audio: Audio,
        *,
        progress: Callable[[float], None] | None = None,
        so_far: Callable[[StringRoll], None] | None = None,
    ) -> StringRoll:
        """Hear a recording.

        Parameters
        ----------
        audio : Audio
            At the model's sample rate; channels are averaged.
        progress : callable, optional
            Called with the share done, 0..1.
        so_far : callable, optional
            Called after every chunk but the last with all frames up to there.

        Returns
        -------
        StringRoll
            Frame i is centred on sample ``i * hop_length``.

        Raises
        ------
        ValueError
            If the audio has another sample rate.
        """
        if audio.sample_rate != self.sample_rate:
            raise ValueError(f"the model hears {self.sample_rate} Hz, not {audio.sample_rate} Hz")
        signal = audio.mono()
        gain = level_gain(signal)
        n_frames = len(signal) // self.hop_length + 1
        shape = (n_frames, self.n_strings, self.n_pitches)
        onset, active = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        level = np.zeros((n_frames, self.n_pitches), np.float32)

        def until(last: int) -> StringRoll:
            return StringRoll(
                grid=FrameGrid(sample_rate=self.sample_rate, hop_length=self.hop_length, n_frames=last),
                onset=onset[:last],
                active=active[:last],
                pitch_min=self.pitch_min,
                level=level[:last],
            )

        for chunk in plan_chunks(n_frames):
            samples = signal[chunk.heard_from * self.hop_length : chunk.heard_to * self.hop_length]
            n_heard = chunk.heard_to - chunk.heard_from
            padded = padded_to_frames(samples * gain, n_heard, self.hop_length)
            roll, flat = (None, *shape[1:]), (None, self.n_pitches)
            heard = run_session(self._session, self.weights.path, {"audio": padded[None]}, (roll, roll, flat))
            if any(len(output) < n_heard for output in heard):
                raise WeightsError(f"{self.weights.path} hears fewer frames than its config says")
            inner = slice(chunk.first - chunk.heard_from, chunk.last - chunk.heard_from)
            onset[chunk.first : chunk.last] = heard[0][inner]
            active[chunk.first : chunk.last] = heard[1][inner]
            level[chunk.first : chunk.last] = heard[2][inner]
            if progress is not None:
                progress(chunk.last / n_frames)
            if so_far is not None and chunk.last < n_frames:
                so_far(until(chunk.last))
        return until(n_frames)


def padded_to_frames(samples: FloatArray, n_frames: int, hop_length: int) -> FloatArray:
    """At least one hop, and a sample under the last frame: the graph gives a frame for each hop begun."""
    wanted = max(hop_length, (n_frames - 1) * hop_length + 1)
    return np.pad(samples, (0, max(0, wanted - len(samples))))


def load_acoustic(weights_dir: Path | None = None, *, n_threads: int | None = None) -> AcousticModel:
    """The acoustic model: a user's ``acoustic.onnx`` if the folder has one, else the default.

    Raises
    ------
    WeightsError
        If the weights are absent, corrupt, or not an acoustic network.
    """
    return AcousticModel(find_weights("acoustic", weights_dir), n_threads=n_threads)


def plan_chunks(
    n_frames: int, *, chunk_frames: int = _CHUNK_FRAMES, context_frames: int = _CONTEXT_FRAMES
) -> Iterator[Chunk]:
    """Cut a recording's frames into chunks of about equal length with context on both sides.

    Equal, because the network compares a note with all of its chunk: a short last one would tell it little.
    """
    n_chunks = -(-n_frames // chunk_frames)
    edges = [n_frames * i // max(1, n_chunks) for i in range(n_chunks + 1)]
    for first, last in itertools.pairwise(edges):
        yield Chunk(
            first=first,
            last=last,
            heard_from=max(0, first - context_frames),
            heard_to=min(n_frames, last + context_frames),
        )


def _read_config(session: onnxruntime.InferenceSession, path: Path) -> dict[str, Any]:
    return read_config(
        session, path, outputs=("onset", "active", "level"), keys=_KEYS, what="an acoustic network"
    )

"""TabCNN: audio -> `FretProbs`, the fret of each string, by the exported network on onnxruntime.

Speaks of the guitar it learned from (`open_pitches`); ``symbolic.evidence`` carries what it says to other
tunings. The front end is the same code that made the training arrays (``dsp``). Neighbours: ``tabcnn_net``
defines the network, ``lstm`` refines what comes out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import soxr

from fretscribe.dsp.cqt_windows import N_FRAMES, cqt_windows_of, window_grid
from fretscribe.dsp.cqt_windows import SAMPLE_RATE as WINDOW_RATE
from fretscribe.dsp.level import level_gain
from fretscribe.dsp.mel import MEL_SAMPLE_RATE, log_mel
from fretscribe.errors import WeightsError
from fretscribe.frames import N_ARRAY_STRINGS, N_FRET_CLASSES, Audio, FloatArray, FrameGrid, FretProbs
from fretscribe.models.session import open_session, read_config, read_training, run_session
from fretscribe.models.weights import WeightsFile, find_weights

FrontEndName = Literal["windows", "mel"]
"""Constant-Q windows (`dsp.cqt_windows`), or 9 frames of a log-mel spectrogram (`dsp.mel`)."""

N_CONTEXT = N_FRAMES
"""Frames of one input window."""

_BATCH = 512
_PART_S = 30
_KEYS = ("front_end", "sample_rate", "hop_length", "start_s", "open_pitches")


class TabCNN:
    """A loaded TabCNN. Call it with audio, or give it windows (`predict`).

    Parameters
    ----------
    weights : WeightsFile
    n_threads : int, optional
        Threads of the runtime; all cores by default.

    Raises
    ------
    WeightsError
        If the file is not a TabCNN of this project.
    """

    def __init__(self, weights: WeightsFile, *, n_threads: int | None = None) -> None:
        self.weights = weights
        self._session = open_session(weights.path, n_threads)
        config = read_config(self._session, weights.path, outputs=("probs",), keys=_KEYS, what="a TabCNN")
        if config["front_end"] not in ("windows", "mel"):
            raise WeightsError(f"{weights.path} is not a TabCNN of fretscribe")
        self.front_end: FrontEndName = config["front_end"]
        self.sample_rate: int = config["sample_rate"]
        self.hop_length: int = config["hop_length"]
        self.start_s: float = config["start_s"]
        self.open_pitches: tuple[int, ...] = tuple(config["open_pitches"])
        self.players: tuple[str, ...] = tuple(read_training(self._session, weights.path).get("players", ()))

    @property
    def name(self) -> str:
        return self.weights.name

    @property
    def sha256(self) -> str:
        return self.weights.sha256

    def __call__(self, audio: Audio) -> FretProbs:
        """Hear a recording.

        Parameters
        ----------
        audio : Audio
            At any sample rate and level; channels are averaged.

        Returns
        -------
        FretProbs
            On the grid that the network learned on; times count from the start of ``audio``.
        """
        signal = audio.mono()
        gain = level_gain(signal)
        if self.front_end == "windows":
            parts = _parts_at(WINDOW_RATE, signal, audio.sample_rate)
            probs = [self.predict(windows) for windows in cqt_windows_of(part * gain for part in parts)]
            return FretProbs(grid=window_grid(sum(map(len, probs))), probs=np.concatenate(probs))
        signal = np.concatenate(list(_parts_at(MEL_SAMPLE_RATE, signal * gain, audio.sample_rate)))
        frames = log_mel(signal, hop_length=self.hop_length)
        grid = FrameGrid(sample_rate=self.sample_rate, hop_length=self.hop_length, n_frames=len(frames))
        return FretProbs(grid=grid, probs=self.predict_sequence(frames))

    def predict(self, windows: FloatArray, *, microphone: float = 1.0) -> FloatArray:
        """Probabilities of windows.

        Parameters
        ----------
        windows : float32 array [n, n_bins, 9]
            In dB, as the front end makes them.
        microphone : float
            1 where a microphone heard them, 0 for a pickup.

        Returns
        -------
        float32 array [n, 6, 22]
            Silence first; the 22 values of a string sum to 1.
        """
        parts = [np.zeros((0, N_ARRAY_STRINGS, N_FRET_CLASSES), dtype=np.float32)]
        for first in range(0, len(windows), _BATCH):
            batch = np.ascontiguousarray(windows[first : first + _BATCH], dtype=np.float32)
            heard = {"windows": batch, "microphone": np.full(len(batch), microphone, dtype=np.float32)}
            shape = (len(batch), N_ARRAY_STRINGS, N_FRET_CLASSES)
            parts += run_session(self._session, self.weights.path, heard, (shape,))
        return np.concatenate(parts)

    def predict_sequence(self, frames: FloatArray, *, microphone: float = 1.0) -> FloatArray:
        """Probabilities of a spectrogram: the window of 9 frames slides along it.

        Parameters
        ----------
        frames : float32 array [n_frames, n_bins]
            The first and the last frame are repeated beyond the ends.

        Returns
        -------
        float32 array [n_frames, 6, 22]
        """
        parts = [np.zeros((0, N_ARRAY_STRINGS, N_FRET_CLASSES), dtype=np.float32)]
        around = np.arange(N_CONTEXT) - N_CONTEXT // 2
        for first in range(0, len(frames), _BATCH):
            steps = np.arange(first, min(first + _BATCH, len(frames)))
            index = np.clip(steps[:, None] + around, 0, len(frames) - 1)
            parts.append(self.predict(frames[index].transpose(0, 2, 1), microphone=microphone))
        return np.concatenate(parts)


def load_tabcnn(weights_dir: Path | None = None, *, n_threads: int | None = None) -> TabCNN:
    """A user's ``tabcnn.onnx`` if the folder has one, else the default.

    Raises
    ------
    WeightsError
        If the weights are absent, corrupt, or not a TabCNN.
    """
    return TabCNN(find_weights("tabcnn", weights_dir), n_threads=n_threads)


def _parts_at(wanted: int, signal: FloatArray, rate: int) -> Iterator[FloatArray]:
    """The signal at another sample rate, part by part: an hour at once would be most of a gigabyte."""
    stream = soxr.ResampleStream(rate, wanted, 1, dtype="float32", quality="HQ")
    for first in range(0, max(1, len(signal)), _PART_S * rate):
        last = first + _PART_S * rate
        part = signal[first:last]
        yield part if rate == wanted else stream.resample_chunk(part, last=last >= len(signal))

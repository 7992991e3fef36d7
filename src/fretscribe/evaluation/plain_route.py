"""The same route without anything that saves time or memory: what fast hearing is compared with.

Every network hears a recording whole, on one thread of a runtime that rearranges nothing; sound is resampled
and windowed at once, and all probabilities are held. Stages behind the networks are the same code. Takes
memory for every second, so it is for short recordings. Neighbours: ``models`` hears in chunks, ``speed_run``
sets both side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnxruntime
import soxr

from fretscribe.dsp.cqt_windows import SAMPLE_RATE as WINDOW_RATE
from fretscribe.dsp.cqt_windows import cqt_windows, window_grid
from fretscribe.dsp.level import level_gain
from fretscribe.evaluation.heard_once import Named
from fretscribe.frames import Audio, FrameGrid, FretProbs, StringRoll, probs_from_tab, tab_from_probs
from fretscribe.models.acoustic import AcousticModel, load_acoustic, padded_to_frames
from fretscribe.models.lstm import LSTMPredictor, load_lstm
from fretscribe.models.tabcnn import TabCNN, load_tabcnn
from fretscribe.models.weights import WeightsFile
from fretscribe.pipeline import Transcriber, load_transcriber


def plain_transcriber() -> Transcriber:
    """A transcriber with the built-in networks that hears plainly."""
    return replace(
        load_transcriber(),
        acoustic=PlainAcoustic.of(load_acoustic()),
        tabcnn=PlainTabCNN.of(load_tabcnn()),
        lstm=PlainLSTM.of(load_lstm()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainAcoustic(Named):
    """The acoustic network on whole recordings."""

    network: AcousticModel
    session: onnxruntime.InferenceSession

    @classmethod
    def of(cls, network: AcousticModel) -> PlainAcoustic:
        return cls(network=network, session=_plain_session(network.weights))

    @property
    def sample_rate(self) -> int:
        return self.network.sample_rate

    def __call__(
        self,
        audio: Audio,
        *,
        progress: Callable[[float], None] | None = None,
        so_far: Callable[[StringRoll], None] | None = None,
    ) -> StringRoll:
        """As `AcousticModel`; tells nothing on the way, for there is no way."""
        hop_length = self.network.hop_length
        signal = audio.mono()
        n_frames = len(signal) // hop_length + 1
        padded = padded_to_frames(signal * level_gain(signal), n_frames, hop_length)
        onset, active, level = (out[:n_frames] for out in self.session.run(None, {"audio": padded[None]}))
        grid = FrameGrid(sample_rate=self.sample_rate, hop_length=hop_length, n_frames=n_frames)
        return StringRoll(
            grid=grid, onset=onset, active=active, pitch_min=self.network.pitch_min, level=level
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainTabCNN(Named):
    """TabCNN on all windows of a recording at once."""

    network: TabCNN
    session: onnxruntime.InferenceSession

    @classmethod
    def of(cls, network: TabCNN) -> PlainTabCNN:
        if network.front_end != "windows":
            raise ValueError(f"the plain route knows windows only, not {network.front_end}")
        return cls(network=network, session=_plain_session(network.weights))

    @property
    def open_pitches(self) -> tuple[int, ...]:
        return self.network.open_pitches

    def __call__(self, audio: Audio) -> FretProbs:
        """As `TabCNN`."""
        signal = audio.mono()
        signal = soxr.resample(signal * level_gain(signal), audio.sample_rate, WINDOW_RATE, quality="HQ")
        windows = cqt_windows(np.asarray(signal, dtype=np.float32))
        heard = {"windows": windows, "microphone": np.ones(len(windows), dtype=np.float32)}
        return FretProbs(grid=window_grid(len(windows)), probs=self.session.run(None, heard)[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainLSTM(Named):
    """The LSTMPredictor on whole sequences."""

    network: LSTMPredictor
    session: onnxruntime.InferenceSession

    @classmethod
    def of(cls, network: LSTMPredictor) -> PlainLSTM:
        return cls(network=network, session=_plain_session(network.weights))

    def __call__(self, frets: FretProbs) -> FretProbs:
        """As `LSTMPredictor`, for sequences on its own grid."""
        if abs(frets.grid.time_step_s - self.network.hop_length / self.network.sample_rate) > 1e-9:
            raise ValueError("the plain route refines sequences on the network's own grid only")
        tab = tab_from_probs(frets.probs)[None]
        return FretProbs(grid=frets.grid, probs=probs_from_tab(self.session.run(None, {"tab": tab})[0][0]))


def _plain_session(weights: WeightsFile) -> Any:  # onnxruntime has no types
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(str(weights.path), options, providers=["CPUExecutionProvider"])

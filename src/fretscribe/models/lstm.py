"""LSTMPredictor: refines TabCNN's sequence of frets, by the exported network on onnxruntime.

Speaks of the guitar and the grid it learned from. Long sequences are refined in overlapping chunks, so memory
does not grow with length. Neighbours: ``lstm_net`` defines the network, ``tabcnn`` makes what comes in.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fretscribe.errors import WeightsError
from fretscribe.frames import (
    N_TAB,
    FloatArray,
    FrameGrid,
    FretProbs,
    on_grid,
    probs_from_tab,
    tab_from_probs,
)
from fretscribe.models.acoustic import plan_chunks
from fretscribe.models.session import open_session, read_config, read_training, run_session
from fretscribe.models.weights import WeightsFile, find_weights

NAME = "lstm_final"
_KEYS = ("sample_rate", "hop_length", "start_s", "open_pitches")
_CHUNK_FRAMES = 1000
_CONTEXT_FRAMES = 200


class LSTMPredictor:
    """A loaded LSTMPredictor. Call it with `FretProbs`, or give it arrays (`predict`).

    Parameters
    ----------
    weights : WeightsFile
    n_threads : int, optional
        Threads of the runtime; all cores by default.

    Raises
    ------
    WeightsError
        If the file is not an LSTMPredictor of this project.
    """

    def __init__(self, weights: WeightsFile, *, n_threads: int | None = None) -> None:
        self.weights = weights
        self._session = open_session(weights.path, n_threads)
        config = read_config(
            self._session, weights.path, outputs=("refined",), keys=_KEYS, what="an LSTMPredictor"
        )
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

    def __call__(self, frets: FretProbs) -> FretProbs:
        """Refine a sequence.

        A sequence on another grid is brought to the network's own time step first, and stays there.

        Raises
        ------
        ValueError
            If the sequence is not of six strings.
        """
        step_s = self.hop_length / self.sample_rate
        if abs(frets.grid.time_step_s - step_s) > 1e-9:
            frets = on_grid(frets, self._own_grid(frets))
        refined = probs_from_tab(self.predict(tab_from_probs(frets.probs)[None])[0])
        return FretProbs(grid=frets.grid, probs=refined)

    def _own_grid(self, frets: FretProbs) -> FrameGrid:
        duration_s = frets.grid.n_frames * frets.grid.time_step_s
        return FrameGrid(
            sample_rate=self.sample_rate,
            hop_length=self.hop_length,
            n_frames=max(1, int(duration_s * self.sample_rate / self.hop_length)),
            start_s=frets.grid.start_s,
        )

    def predict(self, tab: FloatArray) -> FloatArray:
        """Refine sequences in the 126 layout.

        Parameters
        ----------
        tab : float32 array [n_sequences, n_frames, 126]

        Returns
        -------
        float32 array [n_sequences, n_frames, 126]
        """
        if tab.ndim != 3 or tab.shape[-1] != N_TAB:
            raise ValueError(f"sequences must be [n, n_frames, {N_TAB}], not {tab.shape}")
        out = np.zeros(tab.shape, dtype=np.float32)
        for row, sequence in enumerate(tab):
            for chunk in plan_chunks(
                len(sequence), chunk_frames=_CHUNK_FRAMES, context_frames=_CONTEXT_FRAMES
            ):
                heard = np.ascontiguousarray(sequence[chunk.heard_from : chunk.heard_to], dtype=np.float32)
                shape = (1, len(heard), N_TAB)
                (refined,) = run_session(self._session, self.weights.path, {"tab": heard[None]}, (shape,))
                inner = slice(chunk.first - chunk.heard_from, chunk.last - chunk.heard_from)
                out[row, chunk.first : chunk.last] = refined[0, inner]
        return out


def load_lstm(weights_dir: Path | None = None, *, n_threads: int | None = None) -> LSTMPredictor:
    """A user's ``lstm_final.onnx`` if the folder has one, else the default.

    Raises
    ------
    WeightsError
        If the weights are absent, corrupt, or not an LSTMPredictor, or if the folder has only a Keras
        ``lstm_final.h5``.
    """
    if weights_dir is not None and not (weights_dir / f"{NAME}.onnx").exists():
        for suffix in (".h5", ".keras"):
            if (weights_dir / f"{NAME}{suffix}").exists():
                raise WeightsError(
                    f"{weights_dir / NAME}{suffix} is a Keras file, which fretscribe does not read",
                    mend="train again with fretscribe train lstm, which writes lstm_final.onnx",
                )
    return LSTMPredictor(find_weights(NAME, weights_dir), n_threads=n_threads)

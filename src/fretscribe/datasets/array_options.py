"""What training arrays to make of GuitarSet: sources, grid, players, and who predicts X_lstm.

Checked when made, before a file is opened. Neighbours: ``guitarset_arrays`` makes them, ``cli.data`` asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from fretscribe.datasets.guitarset import AUDIO_FOLDERS, AudioSource, Track
from fretscribe.datasets.windows import window_grid
from fretscribe.dsp.mel import MEL_HOP_LENGTH, MEL_SAMPLE_RATE, mel_grid
from fretscribe.errors import OptionError
from fretscribe.frames import FloatArray, FrameGrid

FeatureSource = Literal["audio", "windows"]

PredictTrack = Callable[[Track, FloatArray], npt.NDArray[np.floating]]
"""Track and its features [n_frames, 128] or [n_frames, 96, 9] -> probabilities [n_frames, 6, 22]."""

_SHORTEST_STEP_S, _LONGEST_STEP_S = 0.001, 1.0
_WINDOW_STEP_S = 0.1


def parse_source(text: str) -> FeatureSource:
    """A source of features by name; `OptionError` for what is none."""
    for name in get_args(FeatureSource):
        if text == name:
            return name  # type: ignore[no-any-return]  # get_args forgets that it is a Literal
    raise OptionError(f"unknown source {text!r}", mend=f"use {' or '.join(get_args(FeatureSource))}")


def parse_audio(text: str) -> AudioSource:
    """A kind of recording by name; `OptionError` for what is none."""
    for name in AUDIO_FOLDERS:
        if text == name:
            return name
    raise OptionError(f"unknown recording {text!r}", mend=f"use {', '.join(AUDIO_FOLDERS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayOptions:
    """What arrays to make.

    Attributes
    ----------
    source : "audio" | "windows"
        Log-mel frames of recordings (X_spec), or precomputed windows (X_win).
    audio : "mic" | "mix" | "hex_debleeded" | "hex"
        Which recordings; the six-channel ones are mixed to one.
    timesteps : int
        Frames of a sample.
    time_step_s : float, or None
        Seconds from frame to frame, rounded to whole samples at 22050 Hz; None is the source's own.
    players : tuple of str
        For the split ``train``; empty means all that are not for ``val``.
    val_players : tuple of str
        For the split ``val``; empty means there is none.
    skip_broken : bool
        Leave out what is missing or broken instead of failing.
    seed : int
        Recorded; nothing is drawn here.
    """

    source: FeatureSource = "audio"
    audio: AudioSource = "mic"
    timesteps: int = 200
    time_step_s: float | None = None
    players: tuple[str, ...] = ()
    val_players: tuple[str, ...] = ()
    skip_broken: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.timesteps < 1 or self.seed < 0:
            raise OptionError("the timesteps must be positive and the seed not negative")
        both = sorted(set(self.players) & set(self.val_players))
        if both:
            raise OptionError(
                f"player {both[0]} is for both train and val", mend="a player belongs to one split"
            )
        step_s = self.time_step_s
        if step_s is None:
            return
        if self.source == "windows" and not np.isclose(step_s, _WINDOW_STEP_S):
            raise OptionError(f"windows have a time step of 0.1 s, not {step_s}", mend="leave it out")
        if not _SHORTEST_STEP_S <= step_s <= _LONGEST_STEP_S:
            raise OptionError(
                f"a time step of {step_s} s is impossible",
                mend=f"use {_SHORTEST_STEP_S} to {_LONGEST_STEP_S} s",
            )

    @property
    def hop_length(self) -> int:
        """Samples at 22050 Hz from one log-mel frame to the next."""
        if self.time_step_s is None:
            return MEL_HOP_LENGTH
        return round(self.time_step_s * MEL_SAMPLE_RATE)

    @property
    def source_name(self) -> str:
        """The source of the samples in ``arrays.json``."""
        return "guitarset-windows" if self.source == "windows" else f"guitarset-{self.audio}"

    def grid(self, n_frames: int) -> FrameGrid:
        """The grid of a track of so many frames."""
        if self.source == "windows":
            return window_grid(n_frames)
        return mel_grid(n_frames, hop_length=self.hop_length)


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """Makes X_lstm.

    Attributes
    ----------
    predict : callable
        See `PredictTrack`.
    made_by : str
        For example ``folds`` or ``default weights``.
    seen_player : callable
        Player -> whether what predicts had trained on that player.
    details : mapping of str to JSON values
        Hashes of the weights and the like.
    """

    predict: PredictTrack
    made_by: str
    seen_player: Callable[[str], bool]
    details: Mapping[str, object] = field(default_factory=dict)

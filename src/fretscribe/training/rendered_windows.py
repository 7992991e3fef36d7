"""Rendered performances in the form of the real windows: what a microphone adds, for TabCNN to learn.

The precomputed real features were taken from a pickup. Here other players' performances are played by random
guitars through random rooms and microphones, heard through the same front end, and written as the same
arrays. Each sample keeps the player whose performance it is, so that player-wise folds hold for it too; no
development recording is played. Neighbours: ``clips`` renders, ``datasets.arrays`` is the form.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import soxr

from fretscribe.datasets.arrays import (
    ArraysInfo,
    SampleInfo,
    TabArrays,
    cut_samples,
    encode_frets,
    frets_on_grid,
)
from fretscribe.datasets.guitarset import open_guitarset
from fretscribe.datasets.guitarset_truth import RefNote
from fretscribe.dsp.cqt_windows import SAMPLE_RATE, cqt_windows, is_flat, window_grid
from fretscribe.dsp.level import level_gain
from fretscribe.frames import FloatArray
from fretscribe.music import STANDARD_TUNING, Tab
from fretscribe.training.clips import ClipSettings, play, varied_performance
from fretscribe.workers.pool import in_order

RENDER_RATE = 22050
SOURCE = "rendered"
_STEP_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedSettings:
    """What is rendered.

    Attributes
    ----------
    clips_per_player : int
        Samples of each player.
    timesteps : int
        Windows of a sample.
    seed : int
    """

    clips_per_player: int = 100
    timesteps: int = 200
    seed: int = 1

    @property
    def clip_s(self) -> float:
        return (self.timesteps + 1) * _STEP_S


@lru_cache(maxsize=2)
def _performances(data: Path) -> dict[str, tuple[Tab, ...]]:
    """Tabs of all tracks that may be learned from, by player."""
    tracks = open_guitarset(data / "guitarset").training_tracks()
    grouped = itertools.groupby(sorted(tracks, key=lambda t: t.player), key=lambda t: t.player)
    return {player: tuple(track.tab() for track in of_player) for player, of_player in grouped}


def rendered_windows(
    settings: RenderedSettings, data: Path, executor: Executor | None, progress: Callable[[float], None]
) -> TabArrays:
    """Render the whole set; a function of the settings and the annotations alone.

    Parameters
    ----------
    settings : RenderedSettings
    data : Path
        Holds ``guitarset`` with its annotations.
    executor : Executor, or None
        None renders here.
    progress : callable
        Called with the share done.
    """
    players = sorted(_performances(data))
    jobs = [(player, number) for player in players for number in range(settings.clips_per_player)]
    shape = (len(jobs), settings.timesteps)
    x_win = np.zeros((*shape, 96, 9), dtype=np.float32)
    y = np.zeros((*shape, 126), dtype=np.float32)
    valid = np.zeros(shape, dtype=np.bool_)
    samples, n_above = [], 0
    for row, sample in enumerate(in_order(partial(_sample, settings=settings, data=data), jobs, executor)):
        x_win[row], y[row], valid[row] = sample.x_win, sample.y, sample.valid
        samples.append(sample.info)
        n_above += sample.n_above
        progress((row + 1) / len(jobs))
    grid = window_grid(settings.timesteps)
    info = ArraysInfo(
        sample_rate=grid.sample_rate,
        hop_length=grid.hop_length,
        start_s=grid.start_s,
        timesteps=settings.timesteps,
        samples=tuple(samples),
        open_pitches=STANDARD_TUNING.open_pitches,
        seed=settings.seed,
        n_above_fret_20=n_above,
        provenance={"made_by": "fretscribe data rendered", "clips_per_player": settings.clips_per_player},
    )
    return TabArrays(info=info, y=y, valid=valid, x_win=x_win)


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    info: SampleInfo
    x_win: FloatArray
    y: FloatArray
    valid: np.ndarray[tuple[int], np.dtype[np.bool_]]
    n_above: int


def _sample(job: tuple[str, int], settings: RenderedSettings, data: Path) -> _Sample:
    player, number = job
    rng = np.random.default_rng([settings.seed, number, *player.encode()])
    tab = varied_performance(rng, _performances(data)[player], settings.clip_s)
    voice = ClipSettings(content="performances", voice="physical", clip_s=settings.clip_s)
    clip = play(rng, tab, voice, data, RENDER_RATE)
    signal = np.asarray(soxr.resample(clip.signal * level_gain(clip.signal), RENDER_RATE, SAMPLE_RATE))
    windows = cqt_windows(signal.astype(np.float32))[: settings.timesteps]
    notes = [
        RefNote(
            onset_s=n.note.onset_s,
            offset_s=n.note.offset_s,
            pitch=float(n.note.pitch),
            string=n.position.string,
            fret=n.position.fret,
        )
        for n in clip.tab.notes
        if "dead" not in n.techniques
    ]
    frets, n_above = frets_on_grid(notes, window_grid(len(windows)))
    x_win, valid = cut_samples(windows, settings.timesteps, has_data=~is_flat(windows))
    y, _ = cut_samples(encode_frets(frets), settings.timesteps)
    info = SampleInfo(
        track=f"{SOURCE}-{player}-{number:04d}",
        player=player,
        source=SOURCE,
        start_frame=0,
        n_frames=len(windows),
    )
    return _Sample(info, x_win[0], y[0], valid[0], n_above)

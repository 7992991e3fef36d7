"""Small folders in GuitarSet's layout for tests: rendered sound, its annotation, made windows."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.synthetic import render
from fretscribe.io.audio_writer import write_audio
from fretscribe.io.jams import render_jams
from fretscribe.music import STANDARD_TUNING, Tab
from fretscribe.result import Transcription

TRACKS = ("00_Blues1-120-C_comp", "00_Blues1-120-C_solo", "01_Blues1-120-C_comp")


def make_folder(home: Path, tracks: Iterable[str] = TRACKS, *, duration_s: float = 2.0) -> dict[str, Tab]:
    """Write annotations and microphone recordings of generated tabs; returns the tabs by track id."""
    (home / "annotation").mkdir(parents=True)
    (home / "audio_mono-mic").mkdir()
    tabs = {}
    for seed, track_id in enumerate(tracks):
        tab = generate_tab(seed, duration_s=duration_s, tuning=STANDARD_TUNING, style="arpeggio")
        write_audio(render(tab, seed=seed), home / "audio_mono-mic" / f"{track_id}_mic.wav")
        (home / "annotation" / f"{track_id}.jams").write_bytes(render_jams(Transcription(tab=tab)))
        tabs[track_id] = tab
    return tabs


def make_windows(path: Path, tracks: Iterable[str] = TRACKS, *, n_windows: int = 25) -> None:
    """Write an archive of windows of noise; the fourth window of each track is missing."""
    with zipfile.ZipFile(path, "w") as archive:
        for seed, track_id in enumerate(tracks):
            windows = np.random.default_rng(seed).uniform(-60, 0, (n_windows, 96, 9)).astype(np.float32)
            windows[3] = 0.0
            file = io.BytesIO()
            np.savez_compressed(file, cqt_db=windows)
            archive.writestr(f"{track_id}.npz", file.getvalue())

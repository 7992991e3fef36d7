"""What real playing loses when it is written as a text tab and read back as training data."""

from __future__ import annotations

import os
from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from fretscribe.datasets.arrays import decode_frets, read_arrays
from fretscribe.datasets.guitarset import open_guitarset
from fretscribe.datasets.tab_files import load_tab
from fretscribe.datasets.tab_set import TabSetOptions, build_tab_set
from fretscribe.io.formats import write_tab
from fretscribe.music import Tab
from fretscribe.pipeline.importing import import_tab
from noise_models import model

REAL_DATA = (
    Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "guitarset"
)
LOAD = partial(load_tab, read_other=import_tab)
N_TRACKS = 50


def write_tracks(folder: Path) -> list[str]:
    """Annotated tracks that may teach, as JSON and as text; not those that `TEXT_RING_S` is from."""
    tracks = open_guitarset(REAL_DATA).training_tracks()[3::5][:N_TRACKS]
    for kind in ("json", "text"):
        (folder / kind).mkdir()
    for track in tracks:
        tab = track.tab()
        write_tab(tab, folder / "json" / f"{track.track_id}.json")
        write_tab(tab, folder / "text" / f"{track.track_id}.tab.txt")
    return [track.track_id for track in tracks]


def onset_errors_s(played: Tab, read: Tab) -> list[float]:
    """Of the notes of each string and fret, in their order; refuses other numbers of them."""
    onsets: dict[tuple[int, int], tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for which, tab in enumerate((played, read)):
        for note in tab.notes:
            onsets[note.position.string, note.position.fret][which].append(note.note.onset_s)
    for a, b in onsets.values():
        assert len(a) == len(b)
    return [abs(x - y) for a, b in onsets.values() for x, y in zip(a, b, strict=True)]


def frames(folder: Path, track: str) -> np.ndarray:
    arrays = read_arrays(folder)
    rows = [i for i, sample in enumerate(arrays.info.samples) if sample.track == track]
    return np.concatenate([decode_frets(arrays.y[i])[arrays.valid[i]] for i in rows])


@pytest.mark.slow
@pytest.mark.skipif(not REAL_DATA.is_dir(), reason=f"no GuitarSet in {REAL_DATA} (set FRETSCRIBE_DATA)")
def test_fifty_annotations_as_text_and_back(tmp_path: Path) -> None:
    names = write_tracks(tmp_path)
    errors_s: list[float] = []
    for name in names:
        read = LOAD(tmp_path / "text" / f"{name}.tab.txt")
        assert read.tempo_from == "file"
        assert read.warnings == ()
        errors_s += onset_errors_s(LOAD(tmp_path / "json" / f"{name}.json").tab, read.tab)
    played = same = drawn = 0
    for kind in ("json", "text"):
        build_tab_set(tmp_path / kind, tmp_path / f"{kind} arrays", TabSetOptions(), load=LOAD, noise=model())
    for name in names:
        a, b = (frames(tmp_path / f"{kind} arrays", name) for kind in ("json", "text"))
        n = max(len(a), len(b))
        a, b = (np.pad(x, ((0, n - len(x)), (0, 0)), constant_values=-1) for x in (a, b))
        played, drawn = played + int((a >= 0).sum()), drawn + int((b >= 0).sum())
        same += int(((a == b) & (a >= 0)).sum())
    f1 = 2 * same / (played + drawn)
    median_ms, most_ms = (1000 * float(np.quantile(errors_s, q)) for q in (0.5, 0.95))
    assert len(names) == N_TRACKS
    assert median_ms < 25
    assert most_ms < 75
    assert f1 > 0.72  # 0.62 where notes ring on until their string is struck again
    assert 0.9 < drawn / played < 1.25

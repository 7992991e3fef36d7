"""Guitar Pro files with their recording: alphaTab plays every bar where it lies in the recording."""

from __future__ import annotations

import io
import itertools
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from alphatab import read_with_alphatab
from fretscribe.io.audio import file_sha256
from fretscribe.io.formats import FORMATS, losses_of, read_tab, render_tab
from fretscribe.io.gpif_reader import parse_gpif
from fretscribe.io.gpif_sync_writer import FRAME_RATE, SyncedRecording
from fretscribe.io.gpif_writer import render_gp, render_gpif
from fretscribe.io.tab_to_score import STEADY, bar_beats, tab_to_score
from fretscribe.io.xml_tree import parse_xml, text_of
from fretscribe.music import BeatGrid, Note, Position, Tab, TabNote, Tuning
from fretscribe.result import AudioInfo, Transcription
from random_tabs import random_tab, wild_tabs

WITHIN_S = 0.005
N_OF_EACH = 20
CLICK_S = 0.002


def drifting_tab(*, first_s: float, pickup: int = 0) -> Tab:
    """Quarter notes that start at 140 a minute and slow down to 80, each on its beat."""
    steps = np.linspace(60 / 140, 60 / 80, 40)
    times_s = tuple(first_s + float(t) for t in np.concatenate([[0.0], np.cumsum(steps)]))
    notes = tuple(
        TabNote(
            note=Note(onset_s=start_s, offset_s=end_s, pitch=64),
            position=Position(string=5, fret=0),
            onset_beats=Fraction(beat),
            duration_beats=Fraction(1),
        )
        for beat, (start_s, end_s) in enumerate(itertools.pairwise(times_s))
    )
    beats = BeatGrid(beat_times_s=times_s, downbeats=tuple(range(pickup, 41, 4)))
    return Tab(tuning=Tuning(), notes=notes, beats=beats, title="slower")


def clicks(path: Path, times_s: list[float]) -> AudioInfo:
    """A recording, at another rate than a synced file has, that clicks at these times."""
    rate = 48_000
    samples = np.zeros(round((times_s[-1] + 2) * rate))
    for time_s in times_s:
        at = round(time_s * rate)
        samples[at : at + round(CLICK_S * rate)] = np.linspace(0.9, 0.0, round(CLICK_S * rate))
    soundfile.write(path, samples, rate)
    return AudioInfo(path=str(path), duration_s=len(samples) / rate, sha256=file_sha256(path))


def heard_clicks(mp3: bytes, times_s: list[float]) -> list[float]:
    """When the sound inside a file clicks: the loudest moment near each time."""
    samples, rate = soundfile.read(io.BytesIO(mp3))
    assert (samples.ndim, rate) == (1, FRAME_RATE)
    found = []
    for time_s in times_s:
        low = round((time_s - 0.1) * rate)
        found.append((low + int(np.argmax(np.abs(samples[low : low + rate // 5])))) / rate)
    return found


def bar_times(tab: Tab) -> tuple[float, ...]:
    beats = tab.beats or STEADY
    return tuple(beats.time_at(beat) for beat in bar_beats(tab, tab_to_score(tab)))


@pytest.mark.slow
def test_alphatab_plays_every_bar_of_any_tab_where_it_was_heard(tmp_path: Path) -> None:
    tabs = [*wild_tabs(N_OF_EACH), *(random_tab(seed) for seed in range(N_OF_EACH))]
    tabs += [drifting_tab(first_s=3.2), drifting_tab(first_s=0.1, pickup=3)]
    paths = [tmp_path / f"{i}.gp" for i in range(len(tabs))]
    for tab, path in zip(tabs, paths, strict=True):
        path.write_bytes(
            render_gp(tab_to_score(tab), SyncedRecording(mp3=b"ID3", bar_times_s=bar_times(tab)))
        )
    for tab, read in zip(tabs, read_with_alphatab(paths, script="alphatab_sync.mjs"), strict=True):
        times_s = bar_times(tab)
        assert read["n_bytes"] == 3
        assert [(bar, ticks) for bar, ticks, _ in read["sync"]] == [(i, 0) for i in range(read["n_bars"])]
        played_s = [ms / 1000 for _, _, ms in read["sync"]]
        assert played_s == pytest.approx(times_s[:-1], abs=WITHIN_S)
        if tab.beats is not None and len(tab.beats.downbeats) > 1:
            downbeats = [tab.beats.beat_times_s[d] for d in tab.beats.downbeats]
            inside = [t for t in downbeats if times_s[0] <= t < times_s[-1]]
            assert max((min(abs(t - p) for p in played_s) for t in inside), default=0.0) < WITHIN_S


def test_the_recording_itself_is_inside_and_bars_fall_on_its_sounds(tmp_path: Path) -> None:
    tab = drifting_tab(first_s=1.25, pickup=3)
    assert tab.beats is not None
    downbeats = [tab.beats.beat_times_s[d] for d in tab.beats.downbeats]
    result = Transcription(tab=tab, audio=clicks(tmp_path / "song.wav", downbeats))
    data = render_tab(result, "gp-synced")
    assert data == render_tab(result, "gp-synced")
    assert losses_of(result, "gp-synced") == ""
    assert str(tmp_path).encode() not in data
    (path := tmp_path / "song.synced.gp").write_bytes(data)
    with zipfile.ZipFile(path) as archive:
        (sound,) = (name for name in archive.namelist() if name.startswith("Content/Assets/"))
        mp3, document = archive.read(sound), archive.read("Content/score.gpif")
    assert str(tmp_path).encode() not in document
    (read,) = read_with_alphatab([path], script="alphatab_sync.mjs")
    assert read["n_bytes"] == len(mp3)
    played_s = [ms / 1000 for _, _, ms in read["sync"]]
    assert played_s[0] == pytest.approx(1.25, abs=WITHIN_S)
    assert played_s[1:] == pytest.approx(heard_clicks(mp3, downbeats), abs=WITHIN_S)


def test_without_the_recording_it_is_an_ordinary_file_and_says_so(tmp_path: Path) -> None:
    result = Transcription(tab=random_tab(1))
    assert render_tab(result, "gp-synced") == render_tab(result, "gp")
    assert "the recording (this tab was not heard from a recording)" in losses_of(result, "gp-synced")
    gone = AudioInfo(path=str(tmp_path / "song.wav"), duration_s=1.0, sha256="0" * 64)
    result = Transcription(tab=random_tab(1), audio=gone)
    assert render_tab(result, "gp-synced") == render_tab(result, "gp")
    assert "the recording (song.wav is not there any more)" in losses_of(result, "gp-synced")
    with zipfile.ZipFile(io.BytesIO(render_tab(result, "gp"))) as archive:
        document = archive.read("Content/score.gpif")
        assert not [name for name in archive.namelist() if "Assets" in name]
    assert b"SyncPoint" not in document
    assert b"BackingTrack" not in document


def test_tempos_and_places_as_guitar_pro_counts_them() -> None:
    tab = drifting_tab(first_s=2.0)
    times_s = bar_times(tab)
    recording = SyncedRecording(mp3=b"x", bar_times_s=times_s)
    root = parse_xml(render_gpif(tab_to_score(tab), recording), "x")
    tags = [child.tag for child in root]
    assert tags.index("MasterTrack") + 1 == tags.index("BackingTrack") < tags.index("Tracks")
    assert tags[-1] == "Assets"
    assert text_of(root, "BackingTrack/AssetId") == root.find("Assets/Asset").get("id")  # type: ignore[union-attr]
    assert text_of(root, "Assets/Asset/EmbeddedFilePath") == recording.member
    assert text_of(root, "BackingTrack/FramePadding") == str(-2 * FRAME_RATE)
    points = [
        a for a in root.iterfind("MasterTrack/Automations/Automation") if text_of(a, "Type") == "SyncPoint"
    ]
    assert [text_of(a, "Value/FrameOffset") for a in points[:2]] == [
        "0", str(round((times_s[1] - 2.0) * FRAME_RATE))
    ]  # fmt: skip
    heard = [float(text_of(a, "Value/ModifiedTempo")) for a in points]
    assert heard == pytest.approx([240 / (b - a) for a, b in itertools.pairwise(times_s)], abs=0.001)
    written = [float(text_of(a, "Value/OriginalTempo")) for a in points]
    assert written == pytest.approx(heard, rel=0.05)


def test_our_reader_takes_the_notes_and_counts_the_sync_points(tmp_path: Path) -> None:
    tab = drifting_tab(first_s=0.0)
    recording = SyncedRecording(mp3=b"x", bar_times_s=bar_times(tab))
    score = parse_gpif(render_gpif(tab_to_score(tab), recording))
    assert score.left_out["sync points with a recording"] == 10
    (path := tmp_path / "song.synced.gp").write_bytes(render_gp(tab_to_score(tab), recording))
    read = read_tab(path).tab
    assert [n.position for n in read.notes] == [n.position for n in tab.notes]


def test_only_these_formats_hold_a_recording() -> None:
    assert {name for name, f in FORMATS.items() if f.holds_recording} == {"html", "gp-synced"}

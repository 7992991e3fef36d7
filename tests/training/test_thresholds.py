"""Thresholds are chosen so that notes are found, and scored without the player they are scored on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import soundfile

from fretscribe.datasets.guitarset import open_guitarset
from fretscribe.frames import Audio, FrameGrid, StringRoll
from fretscribe.io.formats import write_tab
from fretscribe.music import Tab
from fretscribe.training.thresholds import choose_thresholds
from strategies import tab_note, tab_of

RATE, HOP = 22050, 512


@dataclasses.dataclass(frozen=True)
class Hearing:
    """Hears every note of one tab with probability .6, and a ghost with .5."""

    tab: Tab
    sample_rate: int = RATE

    def __call__(self, audio: Audio) -> StringRoll:
        n_frames = audio.n_samples // HOP + 1
        onset = np.zeros((n_frames, 6, 56), np.float32)
        active = np.zeros_like(onset)
        for note in self.tab.notes:
            first, last = (round(t * RATE / HOP) for t in (note.note.onset_s, note.note.offset_s))
            place = (note.position.string, note.note.pitch - 33)
            onset[(first, *place)] = 0.6
            active[(slice(first, last), *place)] = 0.9
        onset[10, 5, 50], active[10:14, 5, 50] = 0.5, 0.9
        grid = FrameGrid(sample_rate=RATE, hop_length=HOP, n_frames=n_frames)
        return StringRoll(grid=grid, onset=onset, active=active, pitch_min=33)


def test_the_chosen_threshold_keeps_the_notes_and_drops_the_ghost(tmp_path: Path) -> None:
    tab = tab_of(
        *(tab_note(string, fret, beat) for beat, (string, fret) in enumerate([(0, 3), (2, 2), (4, 1)]))
    )
    for folder in ("annotation", "audio_mono-mic"):
        (tmp_path / folder).mkdir()
    for player in ("00", "01", "02"):
        name = f"{player}_Rock1-130-A_comp"
        write_tab(tab, tmp_path / "annotation" / f"{name}.jams")
        silence = np.zeros(int((tab.duration_s + 1) * RATE))
        soundfile.write(tmp_path / "audio_mono-mic" / f"{name}_mic.wav", silence, RATE)
    choice = choose_thresholds(open_guitarset(tmp_path), Hearing(tab))
    assert 0.5 < choice.params.onset_threshold <= 0.6
    assert choice.f50 == 1.0
    assert choice.f50_with_offsets == 1.0

"""Fast hearing finds the notes that plain hearing finds."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, open_guitarset
from fretscribe.datasets.idioms import generate_tab
from fretscribe.evaluation.agreement import agreements, n_same_notes
from fretscribe.evaluation.plain_route import plain_transcriber
from fretscribe.evaluation.speed import MAX_F1_DIFFERENCE
from fretscribe.music import STANDARD_TUNING, Position, Tab
from fretscribe.pipeline import load_transcriber

DATA = (
    Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
    / "guitarset"
)


def test_notes_are_the_same_at_one_place_and_time() -> None:
    tab = generate_tab(0, duration_s=4.0, tuning=STANDARD_TUNING)
    n = len(tab.notes)
    assert n_same_notes(tab, tab) == n > 3
    first = tab.notes[0]
    later = replace(first, note=replace(first.note, onset_s=first.note.onset_s + 0.002))
    assert n_same_notes(tab, Tab(tuning=tab.tuning, notes=(later, *tab.notes[1:]))) == n - 1
    string = first.position.string
    moved = replace(first, position=Position(string=string, fret=first.position.fret + 1))
    moved = replace(moved, note=replace(first.note, pitch=first.note.pitch + 1))
    assert n_same_notes(Tab(tuning=tab.tuning, notes=(moved, *tab.notes[1:])), tab) == n - 1
    assert n_same_notes(tab, Tab(tuning=tab.tuning, notes=tab.notes[1:])) == n - 1


@pytest.mark.slow
def test_recordings_are_heard_alike() -> None:
    if not (DATA / "audio_mono-mic").is_dir():
        pytest.skip(f"the recordings are not in {DATA}")
    dataset = open_guitarset(DATA)
    tracks = [track for track in dataset.with_audio("mic") if track.track_id in DEVELOPMENT_TRACKS]
    found = agreements(load_transcriber(), plain_transcriber(), tracks, rendered_s=1.0)
    for one in found[:-1]:
        assert abs(one.fast_f1 - one.plain_f1) <= MAX_F1_DIFFERENCE, one
        assert one.n_same >= 0.99 * max(one.n_plain, one.n_fast), one

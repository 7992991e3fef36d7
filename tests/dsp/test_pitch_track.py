"""The fine pitch of rendered notes is what was played, alone and among others."""

from __future__ import annotations

import numpy as np
import pytest

from fretscribe.datasets.synthetic import RENDER_RATE
from fretscribe.dsp.note_frames import SoundingNotes, covered, frames_of, partial_hz
from fretscribe.dsp.pitch_track import PitchTrack, track_pitch
from fretscribe.music import Tab
from fretscribe.symbolic.techniques import sounding_notes
from rendered_notes import sound_of, tab_note, tab_of

BEND = ((0.0, 0.0), (0.2, 0.0), (0.35, 200.0))
SHAKE = tuple((k * 0.02, 20.0 - 20.0 * np.cos(2 * np.pi * 5.5 * k * 0.02)) for k in range(50))


def track(tab: Tab, index: int = 0) -> PitchTrack | None:
    sound, notes = sound_of(tab), sounding_notes(tab.notes)
    frames = frames_of(
        sound, RENDER_RATE, start_s=0.0, end_s=tab.duration_s, window_s=0.0464, step_s=0.01, pad=2
    )
    return track_pitch(frames, notes, [index])[0]


def off_cents(found: PitchTrack, curve: tuple[tuple[float, float], ...]) -> np.ndarray:
    true = np.interp(found.time_s, [t for t, _ in curve], [c for _, c in curve])
    return np.abs(found.cents - true)[3:-3]


@pytest.mark.parametrize(("string", "fret"), [(1, 7), (3, 9), (5, 12)])
@pytest.mark.parametrize("curve", [BEND, SHAKE, ((0.0, 0.0),)], ids=["bend", "vibrato", "still"])
def test_a_curve_is_followed(string: int, fret: int, curve: tuple[tuple[float, float], ...]) -> None:
    found = track(tab_of(tab_note(0.2, 1.2, string, fret, bend=curve)))
    assert found is not None
    assert np.median(off_cents(found, curve)) < 8
    assert np.quantile(off_cents(found, curve), 0.9) < 30


def test_a_bend_is_followed_under_another_note() -> None:
    bass = tab_note(0.1, 1.3, 0, 0)
    found = track(tab_of(bass, tab_note(0.2, 1.2, 4, 8, "bend", bend=BEND)), index=1)
    assert found is not None
    assert np.median(off_cents(found, BEND)) < 15


def test_nothing_is_said_of_a_covered_note() -> None:
    # Octave and fifth below: there is a partial wherever the upper note has one.
    lower = (tab_note(0.1, 1.0, 0, 5), tab_note(0.1, 1.0, 1, 7), tab_note(0.1, 1.0, 2, 5))
    assert track(tab_of(*lower, tab_note(0.1, 1.0, 4, 5)), index=3) is None


def test_what_is_covered_is_near_anothers_partial() -> None:
    hz = np.array([100.0, 220.0, 225.0, 500.0])
    assert covered(hz, np.array([223.0]), 5.0, 10.0).tolist() == [False, True, True, False]
    assert not covered(hz, np.zeros(0), 5.0, 10.0).any()


def test_partials_end_at_a_frequency() -> None:
    assert len(partial_hz(69.0, 20, highest_hz=2000.0)) == 4


def test_frames_are_silent_outside_the_sound() -> None:
    frames = frames_of(
        np.ones(2205, dtype=np.float32), 22050, start_s=-0.2, end_s=0.3, window_s=0.02, step_s=0.01, pad=2
    )
    level = frames.magnitude[:, 0]
    assert level[0] == level[-1] == 0.0
    assert level[frames.frame(0.05)] == pytest.approx(2.0, rel=0.01)


def test_a_note_goes_on_from_the_nearest_before_it() -> None:
    def notes(*rows: tuple[float, float, int, int]) -> SoundingNotes:
        return sounding_notes([tab_note(on, off, string, fret) for on, off, string, fret in rows])

    assert notes((0.0, 0.5, 2, 5), (0.5, 1.0, 2, 7)).joined_before(1) == 0
    assert notes((0.0, 0.3, 2, 5), (0.5, 1.0, 2, 7)).joined_before(1) == -1  # a rest
    assert notes((0.0, 0.5, 2, 5), (0.5, 1.0, 2, 5)).joined_before(1) == -1  # the same pitch again
    assert notes((0.0, 0.5, 3, 0), (0.5, 1.0, 2, 7)).joined_before(1) == 0  # on the wrong string perhaps
    assert notes((0.0, 1.0, 3, 0), (0.5, 1.0, 2, 7)).joined_before(1) == -1  # rings on

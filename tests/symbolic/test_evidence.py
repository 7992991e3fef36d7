"""The tab networks' evidence is looked up by pitch on every string, in any tuning and with any capo."""

from __future__ import annotations

import numpy as np
import pytest

from fretscribe.frames import FrameGrid, FretProbs
from fretscribe.music import STANDARD_TUNING, Note, Tuning
from fretscribe.symbolic.evidence import hear_strings
from fretscribe.symbolic.fingering import finger

OPEN = STANDARD_TUNING.open_pitches


def frets(*sounding: tuple[int, int, int, float], n_frames: int = 20) -> FretProbs:
    """(frame, string, fret, probability) on the grid of 0.1 s; the rest is silence."""
    probs = np.zeros((n_frames, 6, 22), dtype=np.float32)
    for frame, string, fret, probability in sounding:
        probs[frame, string, 1 + fret] = probability
    probs[..., 0] = 1 - probs.sum(axis=-1)
    return FretProbs(
        grid=FrameGrid(sample_rate=10, hop_length=1, n_frames=n_frames, start_s=0.1), probs=probs
    )


def note(pitch: int, onset_s: float = 0.5, offset_s: float = 0.7) -> Note:
    return Note(onset_s=onset_s, offset_s=offset_s, pitch=pitch)


def test_evidence_is_the_mean_over_the_notes_frames() -> None:
    heard = hear_strings(
        [note(50)], frets((4, 1, 5, 0.8), (5, 1, 5, 0.4), (4, 2, 0, 0.2)), OPEN, STANDARD_TUNING
    )
    assert heard[0].tab_probs == pytest.approx((0.0, 0.6, 0.1, 0.0, 0.0, 0.0))


def test_a_note_between_two_frames_takes_the_nearest() -> None:
    short = note(50, onset_s=0.61, offset_s=0.65)
    heard = hear_strings([short], frets((5, 2, 0, 0.9)), OPEN, STANDARD_TUNING)
    assert heard[0].tab_probs == pytest.approx((0.0, 0.0, 0.9, 0.0, 0.0, 0.0))


def test_frames_after_the_recording_do_not_matter() -> None:
    late = note(50, onset_s=5.0, offset_s=6.0)
    heard = hear_strings([late], frets((19, 2, 0, 0.9)), OPEN, STANDARD_TUNING)
    assert heard[0].tab_probs == pytest.approx((0.0, 0.0, 0.9, 0.0, 0.0, 0.0))


def test_another_tuning_and_a_capo_keep_the_pitch_on_its_string() -> None:
    drop_d = Tuning(open_pitches=(38, 45, 50, 55, 59, 64))
    heard = hear_strings([note(43)], frets((4, 0, 3, 0.9), (5, 0, 3, 0.9)), OPEN, drop_d)
    assert heard[0].tab_probs == pytest.approx((0.9, 0.0, 0.0, 0.0, 0.0, 0.0))
    capo = Tuning(capo=2)
    heard = hear_strings([note(43)], frets((4, 0, 3, 0.9), (5, 0, 3, 0.9)), OPEN, capo)
    assert finger(heard, capo).notes[0].position.fret == 1


def test_strings_that_cannot_play_the_pitch_get_nothing() -> None:
    heard = hear_strings([note(41)], frets((4, 0, 1, 0.5), (5, 0, 1, 0.5)), OPEN, STANDARD_TUNING)
    assert heard[0].tab_probs == pytest.approx((0.5, 0, 0, 0, 0, 0))
    seven = Tuning(open_pitches=(35, *OPEN))
    heard = hear_strings([note(41)], frets((4, 0, 1, 0.5), (5, 0, 1, 0.5)), OPEN, seven)
    assert heard[0].tab_probs == pytest.approx((0, 0.5, 0, 0, 0, 0, 0))


def test_without_frames_notes_stay_as_they_are() -> None:
    notes = [note(50)]
    assert hear_strings(notes, frets(n_frames=0), OPEN, STANDARD_TUNING) == notes


def test_fingering_follows_evidence_for_an_equal_place() -> None:
    """B3 on the open second string, or at the fourth fret of the third: what is heard decides."""
    for string in (3, 4):
        fret = 59 - OPEN[string]
        heard = hear_strings(
            [note(59)], frets((4, string, fret, 0.97), (5, string, fret, 0.97)), OPEN, STANDARD_TUNING
        )
        assert finger(heard, STANDARD_TUNING).notes[0].position.string == string

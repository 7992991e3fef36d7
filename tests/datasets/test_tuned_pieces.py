"""Pieces for a tuning and the guitars that play them: always the same, playable, typical of their tuning."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from fretscribe.datasets.tuned_guitars import RIFF_GUITARS, SONG_GUITARS, TunedGuitar, play_tuned
from fretscribe.datasets.tuned_pieces import tuned_piece
from fretscribe.dsp.detune import estimate_detune
from fretscribe.music import STANDARD_TUNING, Tab, Tuning
from fretscribe.symbolic.tuning import CONSIDERED
from fretscribe.tunings import NAMED_TUNINGS


def frets(tab: Tab) -> Counter[int]:
    return Counter(note.position.fret for note in tab.notes)


@pytest.mark.parametrize("name", CONSIDERED)
def test_every_tuning_has_pieces_with_open_strings(name: str) -> None:
    tuning = Tuning(open_pitches=NAMED_TUNINGS[name])
    for seed in range(4):
        tab = tuned_piece(seed, tuning, duration_s=12.0)
        assert tab.tuning == tuning
        assert 10.0 < tab.duration_s <= 12.0
        assert len(tab.notes) > 15
        assert frets(tab)[0] > 0.08 * len(tab.notes)


def test_a_seed_is_a_piece_and_a_capo_only_raises_it() -> None:
    plain = tuned_piece(3, STANDARD_TUNING)
    assert plain == tuned_piece(3, STANDARD_TUNING)
    assert plain.notes != tuned_piece(4, STANDARD_TUNING).notes
    raised = tuned_piece(3, Tuning(open_pitches=STANDARD_TUNING.open_pitches, capo=2))
    assert [n.position for n in raised.notes] == [n.position for n in plain.notes]
    assert {a.note.pitch - b.note.pitch for a, b in zip(raised.notes, plain.notes, strict=True)} == {2}


def test_dropped_tunings_play_low_power_chords_with_one_finger() -> None:
    tab = tuned_piece(0, Tuning(open_pitches=NAMED_TUNINGS["drop D"]))
    lowest = Counter(note.position.string for note in tab.notes)
    assert sum(lowest[string] for string in (0, 1, 2)) > 0.6 * len(tab.notes)


@pytest.mark.parametrize("guitar", [SONG_GUITARS[0], RIFF_GUITARS[0]])
def test_guitars_lie_where_they_are_told_to(guitar: TunedGuitar) -> None:
    tab = tuned_piece(2, STANDARD_TUNING, duration_s=6.0)
    audio = play_tuned(tab, guitar, detune_cents=-27.0, seed=1)
    assert np.array_equal(audio.samples, play_tuned(tab, guitar, detune_cents=-27.0, seed=1).samples)
    assert audio.duration_s == pytest.approx(tab.duration_s + 0.5, abs=0.01)
    assert estimate_detune(audio.mono(), audio.sample_rate).cents == pytest.approx(-27.0, abs=5.0)
    assert np.abs(audio.samples).max() == pytest.approx(0.7)

"""What is asked of a note beyond what was measured of its sound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fretscribe.datasets.synthetic import RENDER_RATE
from fretscribe.dsp.playing import hear_playing
from fretscribe.music import TabNote
from fretscribe.symbolic.technique_features import technique_features
from fretscribe.symbolic.techniques import open_strings, sounding_notes
from rendered_notes import sound_of, tab_note, tab_of


def on_touched(note: TabNote) -> float:
    tab = tab_of(note)
    played = hear_playing(sound_of(tab), RENDER_RATE, sounding_notes(tab.notes), open_strings(tab.tuning))
    (features,) = technique_features(tab.notes, played)
    return features["on_touched"]


def test_the_string_of_a_harmonic_is_as_likely_as_the_sound_says() -> None:
    b3 = tab_note(0.2, 1.0, 3, 4)  # the third partial of the low E string, which nothing else has
    heard = replace(b3, note=replace(b3.note, string_probs=(0.25, 0.0, 0.5, 0.25, 0.0, 0.0)))
    assert on_touched(heard) == 0.25


def test_where_no_sound_says_it_the_place_does() -> None:
    assert on_touched(tab_note(0.2, 1.0, 3, 4)) == 0.0
    assert on_touched(tab_note(0.2, 1.0, 0, 19)) == 1.0


def test_what_no_string_has_as_a_harmonic_has_no_such_chance() -> None:
    assert np.isnan(on_touched(tab_note(0.2, 1.0, 3, 1)))

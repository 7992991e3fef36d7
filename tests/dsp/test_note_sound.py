"""Figures of rendered notes differ the way their playing does."""

from __future__ import annotations

import numpy as np
import pytest

from fretscribe.datasets.synthetic import RENDER_RATE
from fretscribe.dsp.note_sound import NoteSound
from fretscribe.dsp.playing import hear_playing
from fretscribe.music import Tab, TabNote, Technique
from fretscribe.symbolic.techniques import open_strings, sounding_notes
from rendered_notes import plain_guitar, sound_of, tab_note, tab_of

GUITAR = plain_guitar(contact_s=0.005)


def heard(tab: Tab, index: int = -1, *, as_notes: tuple[TabNote, ...] = ()) -> NoteSound:
    notes = as_notes or tab.notes
    played = hear_playing(sound_of(tab, GUITAR), RENDER_RATE, sounding_notes(notes), open_strings(tab.tuning))
    assert len(played) == len(notes)
    return played[index].sound


def second(*techniques: Technique, fret: int = 7, gap_s: float = 0.015) -> NoteSound:
    gap_s = 0.0 if techniques else gap_s
    bend = ((0.0, 100.0 * (5 - fret)), (0.08, 0.0)) if "slide" in techniques else ()
    first = tab_note(0.2, 0.7 - gap_s, 3, 5)
    return heard(tab_of(first, tab_note(0.7, 1.3, 3, fret, *techniques, bend=bend)))


def test_a_palm_mute_dies_sooner() -> None:
    mute, open_ = (
        heard(tab_of(tab_note(0.2, 0.7, 0, 5, *t)))
        for t in (("palm_mute",), ())  # type: ignore[arg-type]
    )
    assert mute.fall_early > open_.fall_early + 2
    assert mute.fall_late > open_.fall_late + 1


@pytest.mark.parametrize(("technique", "fret"), [("hammer_on", 7), ("pull_off", 2)])
def test_a_finger_strikes_softer_than_a_pick(technique: Technique, fret: int) -> None:
    slurred, plucked = second(technique, fret=fret), second(fret=fret)
    assert slurred.joined
    assert plucked.joined
    assert slurred.flux < plucked.flux - 2
    assert slurred.rise_all < plucked.rise_all - 2
    assert slurred.kept_high < plucked.kept_high


def test_a_slide_passes_what_lies_between() -> None:
    assert second("slide", fret=9).between > second(fret=9).between + 0.2


def test_a_harmonic_leaves_a_trace_of_its_string() -> None:
    touched, fretted = (
        heard(tab_of(tab_note(0.2, 1.2, 2, 12, *t)))
        for t in (("harmonic",), ())  # type: ignore[arg-type]
    )
    assert touched.partial == fretted.partial == 2
    assert touched.touched == fretted.touched == 2
    assert touched.below > fretted.below + 10
    assert touched.below_clear > fretted.below_clear + 5


def test_of_several_strings_the_one_whose_trace_is_strongest_is_touched() -> None:
    e4 = tab_note(0.2, 1.2, 5, 0)
    of_a = heard(tab_of(tab_note(0.2, 1.2, 1, 7, "harmonic")), as_notes=(e4,))
    of_e = heard(tab_of(tab_note(0.2, 1.2, 0, 5, "harmonic")), as_notes=(e4,))
    assert (of_a.touched, of_a.partial) == (1, 3)
    assert (of_e.touched, of_e.partial) == (0, 4)


def test_an_open_string_that_rings_on_is_not_touched() -> None:
    d4 = tab_note(0.2, 1.2, 3, 7)
    touched = heard(tab_of(tab_note(0.2, 1.2, 2, 12, "harmonic")), as_notes=(d4,))
    ringing = heard(tab_of(tab_note(0.2, 1.2, 2, 0), d4), as_notes=(d4,))
    assert ringing.below > touched.below
    assert touched.below_fall > ringing.below_fall + 10


def test_a_note_that_is_no_harmonic_of_any_string_has_no_such_figure() -> None:
    plain = heard(tab_of(tab_note(0.2, 1.2, 2, 1)))
    assert np.isnan(plain.below)
    assert (plain.touched, plain.partial) == (-1, 0)


def test_no_notes_give_no_figures() -> None:
    assert hear_playing(np.zeros(100, dtype=np.float32), RENDER_RATE, sounding_notes([]), (40,)) == []


def test_silence_and_notes_at_the_edge_give_figures_all_the_same() -> None:
    notes = sounding_notes([tab_note(0.0, 0.05, 0, 5), tab_note(0.06, 0.3, 0, 7)])
    played = hear_playing(np.zeros(2000, dtype=np.float32), RENDER_RATE, notes, (40,))
    assert len(played) == 2

"""Marks become a tab's techniques: on which string, with which clock, and when they are not written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from fretscribe.frames import Audio, FloatArray
from fretscribe.music import BendPoint, Position, Tab, TabNote, Technique, Tuning
from fretscribe.pipeline.detuning import InTune
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.technique_marks import mark_techniques
from fretscribe.symbolic.techniques import Marks
from rendered_notes import tab_note, tab_of

RATE = 8000


def marked(
    tab: Tab, *found: Marks, speed: Fraction = Fraction(1), start_s: float = 0.0
) -> tuple[Tab, Ledger]:
    ledger = Ledger()
    heard = InTune(audio=Audio(samples=np.zeros((1, RATE), np.float32), sample_rate=RATE), speed=speed)
    return mark_techniques(tab, heard, start_s, lambda *_: list(found), ledger), ledger


def marks(*techniques: Technique, before: int = -1, partial: int = 0) -> Marks:
    return Marks(techniques=dict.fromkeys(techniques, 0.9), before=before, partial=partial)


NONE = marks()


def test_a_slurred_note_goes_to_the_string_that_it_comes_from() -> None:
    tab = tab_of(tab_note(0.0, 1.0, 3, 5), tab_note(0.9, 1.5, 4, 3))
    out, ledger = marked(tab, NONE, marks("hammer_on", before=0))
    first, second = out.notes
    assert second.techniques == {"hammer_on"}
    assert second.position == Position(string=3, fret=7)
    assert second.note.pitch == tab.notes[1].note.pitch
    assert first.note.offset_s == 0.9
    assert ledger.stages[-1].detail == "1 hammer on"


@pytest.mark.parametrize(
    ("between", "before"),
    [
        ((), -1),
        ((tab_note(1.1, 1.4, 3, 2),), 0),  # the string is taken
    ],
)
def test_a_slur_that_no_hand_could_play_is_not_written(between: tuple[TabNote, ...], before: int) -> None:
    tab = tab_of(tab_note(0.0, 0.9, 3, 5), tab_note(0.9, 1.5, 4, 3), *between)
    out, ledger = marked(tab, NONE, marks("hammer_on", before=before), *[NONE] * len(between))
    assert out == tab
    assert ledger.stages[-1].detail == "none stands out"


def test_a_slur_below_the_open_string_is_not_written() -> None:
    tab = tab_of(tab_note(0.0, 0.9, 3, 1), tab_note(0.9, 1.5, 2, 3))
    assert marked(tab, NONE, marks("pull_off", before=0))[0] == tab


def test_a_harmonic_is_written_over_its_node() -> None:
    octave_of_low_e = tab_note(0.0, 1.0, 2, 2)
    out, _ = marked(tab_of(octave_of_low_e), marks("harmonic", partial=2))
    assert out.notes[0].position == Position(string=0, fret=12)
    assert out.notes[0].techniques == {"harmonic"}
    assert marked(tab_of(octave_of_low_e), marks("harmonic", partial=5))[0] == tab_of(octave_of_low_e)


def test_harmonics_struck_together_trade_strings() -> None:
    two = tab_of(tab_note(0.0, 1.0, 3, 19), tab_note(0.01, 1.0, 5, 15))
    sounds_like_the_g_string = marks("harmonic", partial=3)
    out, ledger = marked(two, sounds_like_the_g_string, marks("harmonic", partial=4))
    assert [note.position for note in out.notes] == [
        Position(string=2, fret=24),
        Position(string=3, fret=24),
    ]
    assert [note.note for note in out.notes] == [note.note for note in two.notes]
    assert ledger.stages[-1].detail == "2 harmonic"
    alone, _ = marked(tab_of(two.notes[0]), sounds_like_the_g_string)
    assert alone.notes[0].position == Position(string=3, fret=19)


def test_of_two_harmonics_with_one_string_the_likelier_is_written() -> None:
    two = tab_of(tab_note(0.0, 1.0, 2, 9), tab_note(0.01, 1.0, 4, 5))  # B3 and E4, the third and fourth of E2
    likely = Marks(techniques={"harmonic": 0.95}, partial=3)
    out, _ = marked(two, likely, Marks(techniques={"harmonic": 0.8}, partial=4))
    assert [note.techniques for note in out.notes] == [{"harmonic"}, {"harmonic"}]
    assert [note.position.string for note in out.notes] == [0, 1]  # E4 is the third of A2, too
    held = tab_of(*two.notes, tab_note(0.02, 1.0, 1, 2))
    out, _ = marked(held, likely, Marks(techniques={"harmonic": 0.8}, partial=4), NONE)
    assert [note.position for note in out.notes] == [
        Position(string=0, fret=19),
        held.notes[1].position,
        held.notes[2].position,
    ]


@pytest.mark.parametrize(
    ("other", "written"),
    [
        (tab_note(0.5, 1.04, 0, 3), True),  # rings 40 ms too long: no offset is heard better
        (tab_note(0.5, 1.2, 0, 3), False),
        (tab_note(1.02, 2.0, 0, 3), False),  # of the same stroke
        (tab_note(1.4, 2.5, 0, 3), True),  # a stroke that ends it
    ],
)
def test_a_harmonic_has_its_string_to_itself(other: TabNote, written: bool) -> None:
    harmonic = tab_note(1.0, 2.0, 2, 2)
    tab = tab_of(*sorted([harmonic, other], key=lambda note: note.note.onset_s))
    found = [marks("harmonic", partial=2) if note is harmonic else NONE for note in tab.notes]
    out, _ = marked(tab, *found)
    if not written:
        assert out == tab
        return
    first, then = out.notes
    assert {first.position.string, then.position.string} == {0}
    assert first.note.offset_s == min(tab.notes[0].note.offset_s, then.note.onset_s)
    assert then.note == tab.notes[1].note


def test_a_harmonic_may_lie_beyond_the_neck() -> None:
    two_octaves_above_d = tab_note(0.0, 1.0, 5, 10)
    short = replace(tab_of(two_octaves_above_d), tuning=Tuning(n_frets=22))
    out, _ = marked(short, marks("harmonic", partial=4))
    assert out.notes[0].position == Position(string=2, fret=24)
    assert out.notes[0].note == two_octaves_above_d.note
    assert out.tuning.n_frets == 24
    assert marked(short, NONE)[0] == short


def test_curves_and_notes_are_on_their_own_clocks() -> None:
    asked: list[TabNote] = []

    def hear(signal: FloatArray, sample_rate: int, notes: Sequence[TabNote], tuning: Tuning) -> list[Marks]:
        asked.extend(notes)
        curve = (BendPoint(time_s=0.0, cents=0.0), BendPoint(time_s=0.2, cents=100.0))
        return [Marks(techniques={"bend": 0.9}, curve=curve)]

    tab = tab_of(tab_note(11.0, 12.0, 3, 5))
    heard = InTune(audio=Audio(samples=np.zeros((1, RATE), np.float32), sample_rate=RATE), speed=Fraction(2))
    out = mark_techniques(tab, heard, 10.0, hear, Ledger())
    assert (asked[0].note.onset_s, asked[0].note.offset_s) == (2.0, 4.0)
    assert out.notes[0].note.bend[-1] == BendPoint(time_s=0.1, cents=100.0)
    assert replace(out.notes[0].note, bend=()) == tab.notes[0].note


def test_no_notes_no_listening() -> None:
    out, ledger = marked(tab_of())
    assert out.notes == ()
    assert ledger.stages[-1].status == "skipped"

"""Dead notes are written only when asked for, on the strings of the stroke before, which they stop."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from fretscribe.dsp.note_frames import Floats
from fretscribe.frames import Audio, FloatArray
from fretscribe.music import BeatGrid, Position, Tab, TabNote
from fretscribe.pipeline import TranscribeOptions
from fretscribe.pipeline.dead_notes import write_dead_notes
from fretscribe.pipeline.detuning import InTune
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.tabbing import Hands
from rendered_notes import tab_note, tab_of

ASKED = TranscribeOptions(dead_notes=True)
HEARD = InTune(audio=Audio(samples=np.zeros((1, 100), np.float32), sample_rate=16000))


def written(tab: Tab, *strokes_s: float, options: TranscribeOptions = ASKED) -> tuple[Tab, Ledger]:
    ledger = Ledger()
    return write_dead_notes(tab, HEARD, options, lambda *_: list(strokes_s), Hands(), ledger), ledger


def dead(tab: Tab) -> list[TabNote]:
    return [note for note in tab.notes if "dead" in note.techniques]


def test_they_are_off_by_default() -> None:
    tab = tab_of(tab_note(0.0, 0.5, 3, 5))
    out, ledger = written(tab, 1.0, options=TranscribeOptions())
    assert out == tab
    assert ledger.stages[-1].detail == "not asked for"


def test_they_lie_on_the_strings_of_the_stroke_before_and_stop_them() -> None:
    tab = tab_of(tab_note(0.0, 2.0, 0, 3), tab_note(0.5, 0.9, 2, 5), tab_note(0.51, 1.4, 3, 4))
    out, ledger = written(tab, 1.0)
    assert [n.position for n in dead(out)] == [Position(string=2, fret=5), Position(string=3, fret=4)]
    assert all(n.note.onset_s == 1.0 and n.confidence is None for n in dead(out))
    ends = {n.position.string: n.note.offset_s for n in out.notes if "dead" not in n.techniques}
    assert ends == {0: 2.0, 2: 0.9, 3: 1.0}
    assert ledger.stages[-1].detail.startswith("1 stroke: 2 notes")


def test_before_the_first_note_they_lie_where_that_is_and_end_by_it() -> None:
    out, _ = written(tab_of(tab_note(1.0, 1.5, 3, 5)), 0.96)
    assert dead(out)[0].note.offset_s == 1.0
    assert dead(out)[0].position == Position(string=3, fret=5)
    assert dead(written(tab_of(tab_note(1.0, 1.5, 3, 5)), 0.99)[0]) == []  # no room
    assert dead(written(tab_of(tab_note(1.0, 1.5, 3, 5)), 9.0)[0]) == []  # no hand near


def test_strokes_after_one_another_stop_what_rings_once() -> None:
    out, _ = written(tab_of(tab_note(0.0, 2.0, 3, 5)), 1.0, 1.5)
    assert [n.note.offset_s for n in out.notes] == [1.0, 1.06, 1.56]


def test_they_are_counted_on_the_beats_and_on_the_clock_of_the_recording() -> None:
    asked: list[float] = []

    def hear(signal: FloatArray, sample_rate: int, onsets_s: Floats) -> list[float]:
        asked.extend(onsets_s.tolist())
        return [2.0]

    beats = BeatGrid.constant(60.0, 14.0, start_s=10.0)
    tab = replace(tab_of(tab_note(10.0, 10.5, 3, 5), tab_note(12.0, 12.5, 3, 5)), beats=beats)
    heard = replace(HEARD, speed=Fraction(2))
    options = replace(ASKED, start_s=10.0)
    out = write_dead_notes(tab, heard, options, hear, Hands(), Ledger())
    assert asked == [0.0, 4.0]
    assert [n.note.onset_s for n in dead(out)] == [11.0]
    assert [n.onset_beats for n in out.notes] == [0, 1, 2]


def test_no_notes_no_strokes() -> None:
    out, ledger = written(tab_of(), 1.0)
    assert out.notes == ()
    assert ledger.stages[-1].status == "skipped"

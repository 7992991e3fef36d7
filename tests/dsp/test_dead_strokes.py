"""Dead strokes are heard where there are some, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from fretscribe.datasets.synthetic import RENDER_RATE
from fretscribe.dsp.dead_strokes import hear_dead_strokes
from fretscribe.music import TabNote
from rendered_notes import sound_of, tab_note, tab_of


def strokes(*notes: TabNote, known: tuple[float, ...] | None = None) -> list[float]:
    sounding = [n.note.onset_s for n in notes if "dead" not in n.techniques]
    return hear_dead_strokes(
        sound_of(tab_of(*notes)), RENDER_RATE, np.array(sounding if known is None else known)
    )


def test_dead_strokes_between_notes_are_heard() -> None:
    notes = [tab_note(0.2 + 0.7 * k, 0.4 + 0.7 * k, 3, 5) for k in range(4)]
    dead = [tab_note(0.6 + 0.7 * k, 0.65 + 0.7 * k, s, 5, "dead") for k in range(3) for s in (2, 3)]
    played = sorted([*notes, *dead], key=lambda n: (n.note.onset_s, n.position.string))
    assert strokes(*played) == pytest.approx([0.6, 1.3, 2.0], abs=0.02)


def test_notes_are_no_dead_strokes() -> None:
    notes = [tab_note(0.2 + 0.3 * k, 0.45 + 0.3 * k, 3, 5 + k) for k in range(4)]
    assert strokes(*notes) == []
    # A ringing note that nobody knows of does not fall as fast as a damped one.
    assert strokes(tab_note(0.3, 1.5, 3, 5), known=()) == []


def test_each_is_told_once_however_long_the_sound_is() -> None:
    dead = [tab_note(t, t + 0.05, 3, 5, "dead") for t in (0.1, 19.99, 20.3, 39.9)]
    assert strokes(*dead) == pytest.approx([0.1, 19.99, 20.3, 39.9], abs=0.02)


def test_silence_and_next_to_nothing_have_none() -> None:
    assert hear_dead_strokes(np.zeros(RENDER_RATE, np.float32), RENDER_RATE, np.zeros(0)) == []
    assert hear_dead_strokes(np.ones(3, np.float32), RENDER_RATE, np.zeros(0)) == []
    assert hear_dead_strokes(np.zeros(0, np.float32), RENDER_RATE, np.zeros(0)) == []

"""Gives heard notes the stiffness of their strings, measured in the sound as the networks heard it.

Neighbours: ``dsp.stiffness`` measures, ``detuning`` has the sound and its clock, ``symbolic.fingering``
concludes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from fretscribe.music import Note, Stiffness
from fretscribe.pipeline.detuning import InTune
from fretscribe.pipeline.ledger import Ledger

STAGE_NAME = "stiffness"

MeasureStiffness = Callable[..., list[Stiffness | None]]
"""As `dsp.stiffness.measure_stiffness`: signal, sample rate, onsets, offsets, pitches."""


def hear_stiffness(
    notes: Sequence[Note], heard: InTune, start_s: float, measure: MeasureStiffness, ledger: Ledger
) -> list[Note]:
    """The same notes, each with its `Note.stiffness` where it could be measured.

    Parameters
    ----------
    notes : sequence of Note
        On the clock of the recording.
    heard : InTune
        What the networks heard of it, from ``start_s`` on.
    start_s : float
    measure : callable
    ledger : Ledger
    """
    if not notes:
        ledger.note(STAGE_NAME, "skipped", "no notes")
        return []
    with ledger.timed(STAGE_NAME):
        speed = float(heard.speed)
        measured = measure(
            heard.audio.mono(),
            heard.audio.sample_rate,
            np.array([(note.onset_s - start_s) * speed for note in notes]),
            np.array([(note.offset_s - start_s) * speed for note in notes]),
            np.array([note.pitch for note in notes], dtype=np.int64),
        )
    n_measured = sum(one is not None for one in measured)
    ledger.note(STAGE_NAME, "ran", f"measured of {n_measured} of {len(notes)} notes")
    return [replace(note, stiffness=one) for note, one in zip(notes, measured, strict=True)]

"""Listens again, higher, where a guitar goes below D2: notes are found that were missed at first.

The acoustic model learned from few guitars that are tuned so low, and hardly hears a B1. Played faster, until
the same notes lie where it heard many, nearly all are found; and where nothing so low sounds, the first
hearing tells already that there is no need. Neighbours: ``detuning`` has the sound and its clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from fretscribe.convert import CENTS_PER_SEMITONE, pitch_name
from fretscribe.dsp.detune import slowed, speed_of
from fretscribe.frames import Audio, StringRoll
from fretscribe.music import Note
from fretscribe.pipeline.detuning import InTune
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.options import AUTO, TranscribeOptions

STAGE_NAME = "low notes"

LEARNED_PITCH = 38
"""D2: from here up the first hearing is as good as the second; what lies below is heard again."""

SEMITONES_UP = 3

_FAINT = 0.1
_LEAST_S = 0.5
"""Of notes that are not played there is no such trace; a few that are leave one of 0.9 s or more."""

HearLowNotes = Callable[..., list[Note]]
"""As `hear_low_notes`."""


def low_trace_s(roll: StringRoll) -> float:
    """For how long something below D2 may sound, in seconds."""
    low = roll.active[:, :, : max(0, LEARNED_PITCH - roll.pitch_min)]
    faint = low.sum(axis=1).max(axis=1, initial=0.0) >= _FAINT
    return float(np.count_nonzero(faint) * roll.grid.time_step_s)


def hear_low_notes(
    notes: Sequence[Note],
    trace_s: float,
    heard: InTune,
    options: TranscribeOptions,
    hear: Callable[[Audio], StringRoll],
    decode: Callable[[StringRoll], Sequence[Note]],
    ledger: Ledger,
) -> list[Note]:
    """The notes, those below D2 by a second hearing where there may be any.

    Parameters
    ----------
    notes : sequence of Note
        By the first hearing, on the clock of the recording.
    trace_s : float
        See `low_trace_s`.
    heard : InTune
        What was heard first.
    options : TranscribeOptions
        A given tuning may rule low notes out.
    hear, decode : callable
        The acoustic model and the decoder.
    ledger : Ledger
    """
    name = pitch_name(LEARNED_PITCH)
    given = None if options.tuning == AUTO else options.requested_tuning()
    if given is not None and min(given.open_pitches) + given.capo >= LEARNED_PITCH:
        ledger.note(STAGE_NAME, "skipped", f"the tuning that was given has none below {name}")
        return list(notes)
    if trace_s < _LEAST_S:
        ledger.note(STAGE_NAME, "skipped", f"nothing sounds below {name}")
        return list(notes)
    with ledger.timed(STAGE_NAME):
        speed = speed_of(-SEMITONES_UP * CENTS_PER_SEMITONE)
        raised = replace(heard, audio=slowed(heard.audio, speed), speed=heard.speed * speed)
        roll = hear(raised.audio)
        roll = replace(
            roll,
            grid=raised.clock(roll.grid, options.start_s),
            pitch_min=roll.pitch_min - SEMITONES_UP,
        )
        low = [note for note in decode(roll) if note.pitch < LEARNED_PITCH]
    kept = [note for note in notes if note.pitch >= LEARNED_PITCH]
    n_first = len(notes) - len(kept)
    ledger.note(STAGE_NAME, "ran", f"heard again: {len(low)} notes below {name}, where there were {n_first}")
    return sorted([*kept, *low], key=lambda note: (note.onset_s, note.pitch))

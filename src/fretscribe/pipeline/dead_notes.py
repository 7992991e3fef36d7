"""Writes dead strokes into a tab, where they are asked for.

Off by default: what they add are notes without a pitch, on strings that are not heard but taken from the
stroke before (the hand seldom moves to damp), and to whoever counts notes they are wrong ones. They have no
confidence. Neighbours: ``dsp.dead_strokes`` hears them; ``technique_marks`` marks notes that sound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from fretscribe.dsp.note_frames import Floats
from fretscribe.frames import FloatArray
from fretscribe.music import Note, Tab, TabNote
from fretscribe.pipeline.detuning import InTune
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.options import TranscribeOptions
from fretscribe.pipeline.tabbing import Hands, count_notes

STAGE_NAME = "dead notes"

HearDeadStrokes = Callable[[FloatArray, int, Floats], list[float]]
"""As `dsp.dead_strokes.hear_dead_strokes`."""

_LENGTH_S = 0.06
_SHORTEST_S = 0.02
_ONE_STROKE_S = 0.03
_SAME_HAND_S = 2.0


def write_dead_notes(
    tab: Tab,
    heard: InTune,
    options: TranscribeOptions,
    hear: HearDeadStrokes,
    hands: Hands,
    ledger: Ledger,
) -> Tab:
    """The tab with dead notes; the same where they are not asked for.

    Parameters
    ----------
    tab : Tab
        On the clock of the recording.
    heard : InTune
        What the networks heard of it, from ``options.start_s`` on.
    options : TranscribeOptions
    hear : callable
    hands : Hands
        Counts the notes.
    ledger : Ledger
    """
    if not options.dead_notes or not tab.notes:
        reason = "no notes" if options.dead_notes else "not asked for"
        ledger.note(STAGE_NAME, "skipped", reason)
        return tab
    speed = float(heard.speed)
    with ledger.timed(STAGE_NAME):
        onsets_s = np.array([note.note.onset_s for note in tab.notes])
        found = hear(heard.audio.mono(), heard.audio.sample_rate, (onsets_s - options.start_s) * speed)
        strokes_s = [time_s / speed + options.start_s for time_s in found]
        notes = _with_strokes(tab.notes, strokes_s)
        if tab.beats is not None and len(notes) > len(tab.notes):
            notes = count_notes(notes, tab.beats, options, hands)
    strokes = "1 stroke" if len(strokes_s) == 1 else f"{len(strokes_s)} strokes"
    added = len(notes) - len(tab.notes)
    ledger.note(STAGE_NAME, "ran", f"{strokes}: {added} notes, on the strings of the strokes before")
    return replace(tab, notes=tuple(notes))


def _with_strokes(notes: Sequence[TabNote], strokes_s: Sequence[float]) -> Sequence[TabNote]:
    """The notes and dead ones on the strings of the nearest stroke, which these stop; sorted."""
    dead: list[TabNote] = []
    ends: dict[int, float] = {}
    onsets_s = np.array([note.note.onset_s for note in notes])
    for time_s in strokes_s:
        for i in _stroke_near(onsets_s, time_s):
            position = notes[i].position
            own = [k for k, note in enumerate(notes) if note.position.string == position.string]
            later = [notes[k].note.onset_s for k in own if notes[k].note.onset_s > time_s]
            end_s = min([time_s + _LENGTH_S, *later])
            if end_s - time_s < _SHORTEST_S:
                continue
            note = Note(onset_s=time_s, offset_s=end_s, pitch=notes[i].note.pitch)
            dead.append(TabNote(note=note, position=position, techniques=frozenset({"dead"})))
            for k in own:
                if notes[k].note.onset_s < time_s < notes[k].note.offset_s:
                    ends[k] = min(time_s, ends.get(k, time_s))
    kept = [
        replace(note, note=replace(note.note, offset_s=ends[k])) if k in ends else note
        for k, note in enumerate(notes)
    ]
    return sorted([*kept, *dead], key=lambda n: (n.note.onset_s, n.position.string))


def _stroke_near(onsets_s: Floats, time_s: float) -> list[int]:
    """Indices of the notes struck last before a time, or else first after it; none far from it."""
    after = int(np.searchsorted(onsets_s, time_s))
    for k in (after - 1, after):
        if 0 <= k < len(onsets_s) and abs(onsets_s[k] - time_s) < _SAME_HAND_S:
            return np.flatnonzero(np.abs(onsets_s - onsets_s[k]) < _ONE_STROKE_S).tolist()
    return []

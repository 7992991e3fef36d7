"""Everything that is measured of how notes are played, a stretch of the recording at a time.

Neighbours: ``pitch_track`` and ``note_sound`` measure; ``symbolic.techniques`` concludes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fretscribe.dsp.note_frames import Frames, SoundingNotes, frames_of
from fretscribe.dsp.note_sound import NoteSound, measure_below, measure_sound
from fretscribe.dsp.pitch_track import PitchTrack, track_pitch
from fretscribe.frames import FloatArray

_STRETCH_S = 10.0  # as much is in memory as spectra
_BEFORE_S, _AFTER_S = 0.25, 0.25
_LONGEST_S = 1.6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlayedSound:
    """How a note is played, as far as it is heard.

    Attributes
    ----------
    track : PitchTrack, or None
        Its pitch over time, if it stands free.
    sound : NoteSound
    before : int
        Index of the note that it may go on from, -1 for none.
    """

    track: PitchTrack | None
    sound: NoteSound
    before: int


def hear_playing(
    signal: FloatArray, sample_rate: int, notes: SoundingNotes, open_pitches: Sequence[int]
) -> list[PlayedSound]:
    """Measure every note of a recording.

    Parameters
    ----------
    signal : float32 array [n_samples]
        Mono; the guitar within about 20 cents of concert pitch (``detune`` brings it there).
    sample_rate : int
        Hz; 22050 shows all that is used.
    notes : SoundingNotes
        Sorted by onset.
    open_pitches : sequence of int
        MIDI pitches of the open strings, the capo included: what harmonics are sought of.
    """
    played: list[PlayedSound] = []
    first = 0
    while first < len(notes):
        until_s = notes.onset_s[first] + _STRETCH_S
        last = int(np.searchsorted(notes.onset_s, until_s, side="right"))
        chosen = range(first, last)
        start_s = float(notes.onset_s[first]) - _BEFORE_S
        ends = np.minimum(notes.offset_s[first:last], notes.onset_s[first:last] + _LONGEST_S)
        end_s = float(max(ends.max(), notes.onset_s[last - 1])) + _AFTER_S
        long = _frames(signal, sample_rate, start_s, end_s, window_s=0.0464, step_s=0.01)
        short = _frames(signal, sample_rate, start_s, end_s, window_s=0.0232, step_s=0.005)
        tracks = track_pitch(long, notes, chosen)
        for i, track in zip(chosen, tracks, strict=True):
            below = measure_below(signal, sample_rate, notes, i, open_pitches)
            before = notes.joined_before(i)
            sound = measure_sound(short, long, notes, i, before, below)
            played.append(PlayedSound(track=track, sound=sound, before=before))
        first = last
    return played


def _frames(
    signal: FloatArray, sample_rate: int, start_s: float, end_s: float, *, window_s: float, step_s: float
) -> Frames:
    return frames_of(
        signal, sample_rate, start_s=start_s, end_s=end_s, window_s=window_s, step_s=step_s, pad=2
    )

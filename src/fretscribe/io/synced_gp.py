"""A tab as a Guitar Pro 8 file that plays the recording it was heard from, every bar at its time.

Where the recording cannot be had, the file is an ordinary ``.gp``, and the losses say so. Neighbours:
``html_sound`` compresses the recording, ``tab_to_score`` engraves, ``gpif_sync_writer`` ties both.
"""

from __future__ import annotations

from fretscribe.io.gpif_sync_writer import FRAME_RATE, SyncedRecording
from fretscribe.io.gpif_writer import render_gp
from fretscribe.io.html_sound import embedded_sound, sound_lack
from fretscribe.io.tab_to_score import STEADY, bar_beats, tab_to_score, told_losses
from fretscribe.result import Transcription


def render_synced_gp(result: Transcription) -> bytes:
    """The bytes of a ``.gp`` file with its recording; the same tab and recording give the same bytes.

    Raises
    ------
    OutputError
        If the tab is too long to be engraved.
    AudioError
        If its recording is there but cannot be read.
    """
    tab = result.tab
    score = tab_to_score(tab)
    if result.audio is None or sound_lack(result.audio):
        return render_gp(score)
    beats = tab.beats or STEADY
    times_s = tuple(beats.time_at(beat) for beat in bar_beats(tab, score))
    sound = embedded_sound(result.audio, sample_rate=FRAME_RATE)
    return render_gp(score, SyncedRecording(mp3=sound.mp3, bar_times_s=times_s))


def synced_gp_losses(result: Transcription) -> tuple[str, ...]:
    """What such a file of this tab would lack."""
    lack = sound_lack(result.audio)
    return (*told_losses(tab_to_score(result.tab)), *([f"the recording ({lack})"] if lack else []))

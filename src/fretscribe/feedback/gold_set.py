"""Whole tabs that a player mended, with their recordings, as a folder in GuitarSet's layout.

What learns from GuitarSet's layout (``calibrate``, ``data guitarset``) then learns from them. Every recording
is a player of its own there, so that splits by player are splits by song. Only recordings that are still
where they were, unchanged, of a guitar in standard tuning, and mended whole, can be used.
Neighbours: ``store`` keeps the recordings, ``datasets.guitarset`` reads such folders.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from fretscribe.errors import InputError
from fretscribe.feedback.corrections import MendedRecording
from fretscribe.io.atomic import write_bytes
from fretscribe.io.audio import read_audio
from fretscribe.io.audio_writer import write_audio
from fretscribe.io.jams import render_jams
from fretscribe.music import STANDARD_TUNING, Note, Tab, TabNote
from fretscribe.result import Transcription
from fretscribe.symbolic.fingering import cut_overlaps, group_events

_RATE = 44100
_KEY_LETTERS = 12


def write_gold_set(
    recordings: Iterable[MendedRecording], folder: Path, *, skipped: Callable[[str], None]
) -> int:
    """Write ``annotation/*.jams`` and ``audio_mono-mic/*_mic.wav``.

    Parameters
    ----------
    recordings : iterable of MendedRecording
    folder : Path
        Made if absent; files of the same recordings in it are replaced.
    skipped : callable
        Gets a line for each recording that cannot be used, with the reason.

    Returns
    -------
    int
        How many recordings are in it.

    Raises
    ------
    InputError
        If there are none.
    OutputError, AudioError
        If a file cannot be written, or a recording not be read.
    """
    n_written = 0
    for recording in recordings:
        path = usable_audio(recording, skipped)
        if path is None:
            continue
        tab = gold_tab(recording)
        for name in ("annotation", "audio_mono-mic"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        track = track_id(recording, tab)
        sound = read_audio(path, sample_rate=_RATE).audio
        write_audio(sound, folder / "audio_mono-mic" / f"{track}_mic.wav", force=True)
        truth = Transcription(tab=tab, audio=recording.audio)
        write_bytes(folder / "annotation" / f"{track}.jams", render_jams(truth), force=True)
        n_written += 1
    if not n_written:
        mend = "fretscribe feedback learn FIRST MENDED, without --changed-only"
        raise InputError("no whole tab with its recording is kept", mend=mend)
    return n_written


def usable_audio(recording: MendedRecording, skipped: Callable[[str], None]) -> Path | None:
    """The recording's file, or None with the reason told."""
    name = recording.title or recording.key[:_KEY_LETTERS]
    if recording.audio is None:
        skipped(f"{name}: skipped, it came without a recording")
    elif not recording.whole:
        skipped(f"{name}: skipped, not all of its notes were looked at")
    elif recording.tuning.open_pitches != STANDARD_TUNING.open_pitches or recording.tuning.capo:
        skipped(f"{name}: skipped, not in standard tuning without a capo")
    elif not any(c.chosen for c in recording.corrections):
        skipped(f"{name}: skipped, it has no notes")
    elif not Path(recording.audio.path).is_file():
        skipped(f"{name}: skipped, its recording is gone from {recording.audio.path}")
    elif _sha256(Path(recording.audio.path)) != recording.audio.sha256:
        skipped(f"{name}: skipped, {recording.audio.path} is another recording now")
    else:
        return Path(recording.audio.path)
    return None


def gold_tab(recording: MendedRecording) -> Tab:
    """What the player says was played."""
    chosen = [c.chosen for c in recording.corrections if c.chosen is not None]
    notes = [
        TabNote(note=Note(onset_s=n.onset_s, offset_s=n.offset_s, pitch=n.pitch), position=n.position)
        for n in sorted(chosen, key=lambda n: (n.onset_s, n.position.string))
    ]
    return Tab(tuning=recording.tuning, notes=tuple(cut_overlaps(notes)), title=recording.title)


def track_id(recording: MendedRecording, tab: Tab) -> str:
    """A name as GuitarSet's tracks have: player, excerpt, and whether chords or a line are played."""
    groups = group_events([n.note for n in tab.notes])
    style = "comp" if len(tab.notes) > 1.5 * len(groups) else "solo"
    title = re.sub(r"[^A-Za-z0-9]+", "-", recording.title).strip("-")[:40] or "song"
    return f"{recording.key[:_KEY_LETTERS]}_{title}_{style}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

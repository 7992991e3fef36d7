"""Whether transcription works here: the weights are whole, and three plucked notes are heard.

The sound is made on the spot, so nothing has to be installed or downloaded for it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from fretscribe.cli.health import Finding
from fretscribe.convert import midi_to_hz, pitch_name
from fretscribe.errors import FretscribeError
from fretscribe.io.formats import read_tab, write_tab
from fretscribe.pipeline import TranscribeOptions, Transcriber, load_transcriber

LoadTranscriber = Callable[[Path | None], Transcriber]

_TEST_RATE = 22050
_TEST_PITCHES = (45, 52, 57)  # A2 E3 A3, one after the other


def check_weights(weights: Path | None) -> Finding:
    """Whether the networks and their calibration are there, whole, and belong together."""
    try:
        loaded = load_transcriber(weights)
    except FretscribeError as error:
        return Finding(name="weights", status="FAILED", detail=str(error))
    networks = ", ".join(f"{name} {sha256[:8]}" for name, sha256 in loaded.weights().items())
    return Finding(name="weights", status="ok", detail="; ".join([networks, *loaded.notices]))


def check_transcription(weights: Path | None, *, load: LoadTranscriber = load_transcriber) -> Finding:
    """Transcribe three plucked notes, write the tab and read it back."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            recording, tab = Path(folder) / "notes.wav", Path(folder) / "notes.json"
            soundfile.write(recording, plucked_notes(_TEST_PITCHES), _TEST_RATE)
            result = load(weights)(recording, TranscribeOptions())
            write_tab(result, tab)
            whole = read_tab(tab).tab == result.tab
    except FretscribeError as error:
        return Finding(name="self-test", status="FAILED", detail=str(error))
    except (OSError, soundfile.LibsndfileError) as error:  # no room for temporary files
        detail = f"no temporary file can be written ({error}): let TMPDIR name a folder with room"
        return Finding(name="self-test", status="FAILED", detail=detail)
    heard = {note.note.pitch for note in result.tab.notes}
    missed = [pitch_name(pitch) for pitch in _TEST_PITCHES if pitch not in heard]
    if not whole:
        return Finding(name="self-test", status="FAILED", detail="a tab changed on its way through a file")
    if missed:
        detail = f"did not hear {', '.join(missed)} in a recording of three plucked notes"
        return Finding(name="self-test", status="FAILED", detail=detail)
    return Finding(name="self-test", status="ok", detail="three plucked notes were heard, written and read")


def plucked_notes(pitches: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Notes of 0.7 s one after the other: harmonics that fade, the higher the faster; float32 [n_samples]."""
    time_s = np.arange(round(0.7 * _TEST_RATE)) / _TEST_RATE
    notes = []
    for pitch in pitches:
        hz = midi_to_hz(pitch)
        partials = [
            np.exp(-(2.0 + k) * time_s) / k * np.sin(2 * np.pi * k * hz * time_s) for k in range(1, 12)
        ]
        notes.append(0.2 * np.sum(partials, axis=0) * np.minimum((0.7 - time_s) / 0.02, 1.0))
    return np.concatenate(notes).astype(np.float32)

"""The checks of ``fretscribe doctor``: packages, extras, weights, and a small piece heard from end to end."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile

from fretscribe import __version__
from fretscribe.convert import midi_to_hz, pitch_name
from fretscribe.errors import FretscribeError
from fretscribe.io.formats import read_tab, write_tab
from fretscribe.models.acoustic import load_acoustic
from fretscribe.pipeline import TranscribeOptions, Transcriber, load_transcriber

_NEEDED = ("numpy", "onnxruntime", "soundfile", "soxr", "mido", "PyGuitarPro", "typer")
_EXTRAS = {
    "media": ("av",),
    "separate": ("demucs",),
    "train": ("torch", "safetensors", "onnx"),
    "eval": ("mir_eval", "scipy"),
}
_TEST_RATE = 22050
_TEST_PITCHES = (45, 52, 57)  # A2 E3 A3, one after the other

Status = Literal["ok", "absent", "FAILED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's report; ``absent`` is allowed, ``FAILED`` is not."""

    name: str
    status: Status
    detail: str


def check_health(weights: Path | None, say: Callable[[str], object]) -> bool:
    """Report every finding as one line to ``say``; True if nothing that is needed failed."""
    healthy = True
    for finding in _findings(weights):
        say(f"{finding.status:<7} {finding.name:<20} {finding.detail}".rstrip())
        healthy = healthy and finding.status != "FAILED"
    say("everything needed works" if healthy else "something needed does not work")
    return healthy


def _findings(weights: Path | None) -> Iterator[Finding]:
    python = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield Finding(name="fretscribe", status="ok", detail=f"{__version__}, {python}")
    yield from map(check_package, _NEEDED)
    for extra, modules in _EXTRAS.items():
        yield check_extra(extra, modules)
    ffmpeg = shutil.which("ffmpeg")
    yield Finding(
        name="ffmpeg",
        status="ok" if ffmpeg else "absent",
        detail=ffmpeg or "only needed for m4a, mp4 and webm without the extra 'media'",
    )
    yield check_weights(weights)
    yield check_transcription(lambda: load_transcriber(weights))


def check_package(name: str) -> Finding:
    """Whether a package that everybody needs is installed, and its version."""
    try:
        return Finding(name=name, status="ok", detail=importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name=name, status="FAILED", detail="not installed (pip install fretscribe)")


def check_extra(extra: str, modules: tuple[str, ...]) -> Finding:
    """Whether all modules of an optional part can be found."""
    absent = [module for module in modules if importlib.util.find_spec(module) is None]
    if absent:
        detail = f"without {', '.join(absent)} (pip install 'fretscribe[{extra}]')"
        return Finding(name=f"extra {extra}", status="absent", detail=detail)
    return Finding(name=f"extra {extra}", status="ok", detail=", ".join(modules))


def check_weights(weights: Path | None) -> Finding:
    """Whether the acoustic weights are there and whole."""
    try:
        model = load_acoustic(weights)
    except FretscribeError as error:
        return Finding(name="weights", status="FAILED", detail=str(error))
    return Finding(name="weights", status="ok", detail=f"{model.name}, sha256 {model.sha256[:16]}...")


def check_transcription(load: Callable[[], Transcriber]) -> Finding:
    """Transcribe three plucked notes, write the tab and read it back."""
    with tempfile.TemporaryDirectory() as folder:
        recording, tab = Path(folder) / "notes.wav", Path(folder) / "notes.json"
        soundfile.write(recording, plucked_notes(_TEST_PITCHES), _TEST_RATE)
        try:
            result = load()(recording, TranscribeOptions())
            write_tab(result, tab)
            whole = read_tab(tab).tab == result.tab
        except FretscribeError as error:
            return Finding(name="self-test", status="FAILED", detail=str(error))
    heard = {note.note.pitch for note in result.tab.notes}
    missed = [pitch_name(pitch) for pitch in _TEST_PITCHES if pitch not in heard]
    if not whole:
        return Finding(name="self-test", status="FAILED", detail="a tab changed on its way through a file")
    if missed:
        detail = f"did not hear {', '.join(missed)} in a recording of three plucked notes"
        return Finding(name="self-test", status="FAILED", detail=detail)
    return Finding(name="self-test", status="ok", detail="three plucked notes were heard, written and read")


def plucked_notes(pitches: tuple[int, ...]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
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

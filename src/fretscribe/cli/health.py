"""The checks of ``fretscribe doctor``: packages and extras here, weights and a trial run in ``selftest``.

Imports nothing that may be absent.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fretscribe import __version__
from fretscribe.errors import FretscribeError

if TYPE_CHECKING:
    from fretscribe.separation.demucs_files import Hub

_NEEDED = ("numpy", "onnxruntime", "soundfile", "soxr", "mido", "PyGuitarPro", "typer")
_EXTRAS = {
    "media": ("av",),
    "separate": ("demucs",),
    "train": ("torch", "safetensors", "onnx"),
    "eval": ("mir_eval", "scipy"),
    "collect": ("playwright",),
    "studio": ("starlette", "uvicorn"),
    "cluster": ("distributed",),
}
_PROGRAMS = {
    "ffmpeg": "only needed for m4a, mp4 and webm without the extra 'media'",
    "lilypond": "only needed to write pdf; MuseScore will do, but chooses frets of its own",
}
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
    packages = [check_package(name) for name in _NEEDED]
    yield from packages
    for extra, modules in _EXTRAS.items():
        yield check_extra(extra, modules)
    if importlib.util.find_spec("demucs") is not None:
        yield check_separation_model()
    for program, need in _PROGRAMS.items():
        path = shutil.which(program)
        yield Finding(name=program, status="ok" if path else "absent", detail=path or need)
    if all(package.status == "ok" for package in packages):  # else the next lines could not even be loaded
        from fretscribe.cli.selftest import check_transcription, check_weights

        yield check_weights(weights)
        yield check_transcription(weights)


def check_package(name: str) -> Finding:
    """Whether a package that everybody needs is installed, and its version."""
    try:
        return Finding(name=name, status="ok", detail=importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name=name, status="FAILED", detail="not installed (pip install fretscribe)")


def check_separation_model(hub: Hub | None = None) -> Finding:
    """Whether the network that takes mixes apart has been fetched."""
    from fretscribe.separation.demucs_files import model_at_hand
    from fretscribe.separation.stems import DEFAULT_MODEL

    try:
        files = model_at_hand(DEFAULT_MODEL, hub=hub)
    except FretscribeError as error:
        return Finding(name=DEFAULT_MODEL, status="FAILED", detail=str(error))
    if files is None:
        detail = "only needed to take mixes apart; --separate on fetches it"
        return Finding(name=DEFAULT_MODEL, status="absent", detail=detail)
    return Finding(name=DEFAULT_MODEL, status="ok", detail=str(files.networks[0].parent))


def check_extra(extra: str, modules: tuple[str, ...]) -> Finding:
    """Whether all modules of an optional part can be found."""
    absent = [module for module in modules if importlib.util.find_spec(module) is None]
    if absent:
        detail = f"without {', '.join(absent)} (pip install 'fretscribe[{extra}]')"
        return Finding(name=f"extra {extra}", status="absent", detail=detail)
    return Finding(name=f"extra {extra}", status="ok", detail=", ".join(modules))

"""The checks of ``fretscribe doctor``: packages, extras, programs, folders; what each is for, how to get it.

Imports nothing that may be absent, and asks no network. Neighbours: ``installed`` knows the packages,
``selftest`` tries the weights and a transcription.
"""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fretscribe import __version__
from fretscribe.cli.installed import (
    Requirement,
    installed_version,
    is_older,
    own_requirements,
    why_not_loaded,
)
from fretscribe.errors import FretscribeError, MissingProgramError, pip_install
from fretscribe.io.user_folder import user_folder

if TYPE_CHECKING:
    from fretscribe.separation.demucs_files import Hub

EXTRAS = {
    "media": "recordings in m4a, mp4, mov, webm, mkv, aac, wma",
    "separate": "the guitar out of a mix: --separate (brings torch)",
    "train": "training networks (brings torch)",
    "eval": "evaluate, bench, calibrate, plot",
    "collect": "collect ug, with a browser",
    "studio": "studio, a page to hear, see and mend tabs",
    "cluster": "--scheduler of batch, data and evaluate: work on a Dask cluster",
}
"""What each extra is for."""

FindProgram = Callable[[str], str | None]
Status = Literal["ok", "absent", "FAILED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's report; ``absent`` is allowed, ``FAILED`` is not."""

    name: str
    status: Status
    detail: str


def check_health(weights: Path | None, say: Callable[[str], object]) -> bool:
    """Report every finding as one line to ``say``; True if nothing failed."""
    failed = []
    for finding in _findings(weights):
        say(f"{finding.status:<7} {finding.name:<16} {finding.detail}".rstrip())
        if finding.status == "FAILED":
            failed.append(finding.name)
    say(f"does not work: {', '.join(failed)}" if failed else "all that is installed works")
    return not failed


def _findings(weights: Path | None) -> Iterator[Finding]:
    where = f"Python {platform.python_version()} ({sys.executable}), {platform.system()} {platform.machine()}"
    yield Finding(name="fretscribe", status="ok", detail=f"{__version__}, {where}")
    wanted = own_requirements()
    if wanted is None:
        detail = "its source is here, but it is not installed: in the source's folder, pip install ."
        yield Finding(name="installation", status="FAILED", detail=detail)
        return
    packages = []
    for requirement in wanted:
        if not requirement.extra:
            packages.append(check_package(requirement))
            yield packages[-1]
    works = {}
    for extra, use in EXTRAS.items():
        finding = check_extra(extra, use, [r for r in wanted if r.extra == extra])
        works[extra] = finding.status == "ok"
        yield finding
    if works["separate"]:
        yield check_separation_model()
    if works["collect"]:
        yield check_browser()
    yield check_ffmpeg()
    if any(package.status == "FAILED" for package in packages):
        return  # the next lines could not even be loaded
    yield from _with_all_packages(weights)


def _with_all_packages(weights: Path | None) -> Iterator[Finding]:
    from fretscribe.cli.selftest import check_transcription, check_weights
    from fretscribe.pipeline.stem_cache import StemCache

    yield check_engraver()
    cache = StemCache().folder.parent
    yield check_folder("cache", cache, "separated stems and training runs", "FRETSCRIBE_CACHE")
    yield check_folder(
        "own data", user_folder(), "your corrections and the studio's songs", "FRETSCRIBE_HOME"
    )
    networks = check_weights(weights)
    yield networks
    if networks.status == "ok":
        yield check_transcription(weights)


def check_package(requirement: Requirement) -> Finding:
    """Whether a package that everybody needs is installed, new enough, and loads."""
    trouble = _trouble([requirement])
    version = installed_version(requirement)
    if trouble:
        return Finding(name=requirement.name, status="FAILED", detail=trouble)
    return Finding(name=requirement.name, status="ok", detail=version or "")


def check_extra(extra: str, use: str, packages: Sequence[Requirement]) -> Finding:
    """Whether all packages of an optional part are installed, new enough, and load."""
    name = f"extra {extra}"
    lacking = [package.name for package in packages if installed_version(package) is None]
    if lacking:
        part = "" if len(lacking) == len(packages) else f"{', '.join(lacking)} not installed; "
        detail = f"{part}for {use}: {pip_install(f'fretscribe[{extra}]')}"
        return Finding(name=name, status="absent", detail=detail)
    trouble = _trouble(packages)
    if trouble:
        return Finding(name=name, status="FAILED", detail=f"for {use}: {trouble}")
    detail = ", ".join(f"{package.name} {installed_version(package)}" for package in packages)
    return Finding(name=name, status="ok", detail=detail)


def _trouble(packages: Sequence[Requirement]) -> str:
    """What is wrong with packages, and the line that mends it; empty if nothing is."""
    for package in packages:
        version = installed_version(package)
        if version is None:
            return f"not installed: {pip_install(str(package))}"
        if is_older(version, package.at_least):
            return f"{package.name} {version} is too old: {pip_install(str(package))}"
    reason = why_not_loaded([package.module for package in packages])
    if not reason:
        return ""
    again = " ".join(f"{package.name}" for package in packages)
    return f"installed, but does not load: {reason} ({pip_install(again)} --force-reinstall)"


def check_separation_model(hub: Hub | None = None) -> Finding:
    """Whether the network that takes mixes apart has been fetched."""
    from fretscribe.separation.demucs_files import model_at_hand
    from fretscribe.separation.stems import DEFAULT_MODEL

    try:
        files = model_at_hand(DEFAULT_MODEL, hub=hub)
    except FretscribeError as error:
        return Finding(name=DEFAULT_MODEL, status="FAILED", detail=str(error))
    if files is None:
        detail = "takes mixes apart: --separate on fetches it once; without a network, --separation-model DIR"
        return Finding(name=DEFAULT_MODEL, status="absent", detail=detail)
    return Finding(name=DEFAULT_MODEL, status="ok", detail=str(files.networks[0].parent))


def check_browser() -> Finding:
    """Whether there is a browser for the extra ``collect``."""
    from playwright.sync_api import sync_playwright

    from fretscribe.collect.browser import find_browser

    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    try:
        return Finding(name="browser", status="ok", detail=str(find_browser("chromium", None, own)))
    except FretscribeError as error:
        return Finding(name="browser", status="absent", detail=f"for collect ug: {error}")


def check_ffmpeg(find_program: FindProgram = shutil.which) -> Finding:
    """Whether ffmpeg could stand in for the extra ``media``."""
    if path := find_program("ffmpeg"):
        return Finding(name="ffmpeg", status="ok", detail=path)
    how = "ffmpeg.org, `apt install ffmpeg`, `brew install ffmpeg`"
    detail = f"reads what the extra 'media' reads, where that is absent: {how}"
    return Finding(name="ffmpeg", status="absent", detail=detail)


def check_engraver(find_program: FindProgram = shutil.which) -> Finding:
    """Whether there is a program that writes PDF files."""
    from fretscribe.io.engraver import find_engraver

    try:
        path = find_engraver(find_program)
    except MissingProgramError as error:
        return Finding(name="pdf", status="absent", detail=f"for PDF files: {error.mend}")
    if Path(path).stem.lower() == "lilypond":
        return Finding(name="pdf", status="ok", detail=path)
    detail = f"{path}, which chooses frets of its own; LilyPond keeps those of the tab"
    return Finding(name="pdf", status="ok", detail=detail)


def check_folder(name: str, folder: Path, holds: str, variable: str) -> Finding:
    """Whether a folder, which need not be there yet, can be written into."""
    try:
        existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        detail = f"{folder} cannot be written ({reason}); for {holds}: let {variable} name another folder"
        return Finding(name=name, status="FAILED", detail=detail)
    return Finding(name=name, status="ok", detail=str(folder))

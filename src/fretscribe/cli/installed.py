"""What this installation consists of: packages that are needed, extras, and whether they load.

Read from the installed package's own metadata, so that ``pyproject.toml`` is the only list. Knows nothing of
what the packages are used for, and imports none: they are tried in a process of its own, which may crash.
Neighbour: ``health`` reports what is found here.
"""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

PACKAGE = "fretscribe"

_REQUIREMENT = re.compile(r"([\w.-]+)>=([\d.]+)(?:; extra == ['\"](\w+)['\"])?")
_MODULES = {
    "pyguitarpro": "guitarpro",
    "onnxruntime": "fretscribe.models.session",  # loads it so that it reports to nobody
    "demucs": "demucs.htdemucs",
    "playwright": "playwright.sync_api",
}
_LOAD_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A package that is needed, or that belongs to an extra.

    Attributes
    ----------
    name : str
        As package registries write it.
    at_least : str
        The oldest version that will do.
    extra : str
        Empty where it is always needed.
    """

    name: str
    at_least: str
    extra: str = ""

    @property
    def module(self) -> str:
        """What of it is imported."""
        plain = self.name.lower().replace("-", "_")
        return _MODULES.get(plain, plain)

    def __str__(self) -> str:
        return f"{self.name}>={self.at_least}"


def requirements(lines: Sequence[str]) -> tuple[Requirement, ...]:
    """Requirements as metadata writes them; those of the extra ``dev`` are left out.

    >>> [str(r) for r in requirements(["numpy>=1.26", "av>=12; extra == 'media'", "ruff>=1; extra == 'dev'"])]
    ['numpy>=1.26', 'av>=12']

    Raises
    ------
    ValueError
        On a line of another form.
    """
    found = []
    for line in lines:
        parts = _REQUIREMENT.fullmatch(line)
        if parts is None:
            raise ValueError(f"a requirement of another form: {line}")
        name, at_least, extra = parts.groups(default="")
        found.append(Requirement(name=name, at_least=at_least, extra=extra))
    return tuple(requirement for requirement in found if requirement.extra != "dev")


def own_requirements() -> tuple[Requirement, ...] | None:
    """Those of the installed fretscribe; None if its source is used without being installed."""
    try:
        return requirements(importlib.metadata.requires(PACKAGE) or ())
    except importlib.metadata.PackageNotFoundError:
        return None


def installed_version(requirement: Requirement) -> str | None:
    """The version that is installed, or None."""
    try:
        return importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return None


def is_older(version: str, than: str) -> bool:
    """Whether a version is older than another; only their numbers are compared.

    >>> is_older("1.9.3", than="1.26"), is_older("2", than="2.0"), is_older("2026.10.19.post1", than="2025.1")
    (True, False, False)
    """
    ours, theirs = _numbers(version), _numbers(than)
    length = max(len(ours), len(theirs))
    return ours + (0,) * (length - len(ours)) < theirs + (0,) * (length - len(theirs))


def _numbers(version: str) -> tuple[int, ...]:
    release = re.match(r"[\d.]*", version)
    return tuple(int(number) for number in re.findall(r"\d+", release.group() if release else ""))


def why_not_loaded(modules: Sequence[str], timeout_s: float = _LOAD_S) -> str:
    """What goes wrong when modules are imported, in one line; empty if nothing does.

    >>> why_not_loaded(["json", "csv"])
    ''
    >>> why_not_loaded(["json", "no_such_module"])
    "ModuleNotFoundError: No module named 'no_such_module'"
    """
    code = "; ".join(f"import {module}" for module in modules)
    try:
        tried = subprocess.run(  # noqa: S603 - this Python
            [sys.executable, "-P", "-W", "ignore", "-c", code],  # -P: not what lies in the current folder
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired:
        return f"not done after {timeout_s:.0f} s"
    if tried.returncode == 0:
        return ""
    if tried.returncode < 0:
        return f"Python was ended by signal {-tried.returncode}"
    said = tried.stderr.decode("utf-8", errors="replace").strip().splitlines()
    return said[-1].strip() if said else f"Python left with code {tried.returncode}"

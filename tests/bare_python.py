"""Fresh environments with fretscribe as people install it, apart from the one that the tests run in."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FORMATS = (
    "txt",
    "mid",
    "json",
    "jams",
    "csv",
    "gp5",
    "gp",
    "gp-synced",
    "alphatex",
    "musicxml",
    "ly",
    "html",
)
"""All that needs no other program."""

_OURS = ("FRETSCRIBE_", "PYTHON", "VIRTUAL_ENV", "ORT_", "OMP_")


@dataclass(frozen=True, kw_only=True)
class BarePython:
    """An environment in a folder of its own, beside a home of nobody.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    @property
    def programs(self) -> Path:
        """Where its programs are."""
        return self.folder / "env" / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        return self.programs / "python"

    def environment(self) -> dict[str, str]:
        """Variables for its programs: nothing of this environment, warnings are errors."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        own = {"HOME": str(home), "PYTHONWARNINGS": "error", "OMP_NUM_THREADS": "1"}
        return kept | own

    def run(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``fretscribe`` in a folder, by default the environment's."""
        return subprocess.run(
            [str(self.programs / "fretscribe"), *arguments],
            cwd=folder or self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def works(self, *arguments: str, folder: Path | None = None) -> str:
        """The same where it has to succeed without a word of warning; what it printed."""
        done = self.run(*arguments, folder=folder)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        assert "Warning" not in done.stderr, done.stderr
        return done.stdout

    def pip(self, *arguments: str) -> None:
        """Run its pip, with this machine's settings."""
        self.shell(f'"{self.python}" -m pip --disable-pip-version-check', *arguments)

    def shell(self, line: str, *arguments: str) -> None:
        """Run a line as the shell would, quotes and all, with arguments added as they are."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        words = f"{line} {' '.join('$' + str(n) for n in range(1, len(arguments) + 1))}"
        done = subprocess.run(
            ["sh", "-c", words, "sh", *arguments],
            cwd=self.folder,
            env=kept,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-2000:]}"

    def demo(self) -> Path:
        """The folder of what it made of the demo: its recording, and files of all formats."""
        made = self.folder / "made"
        if not made.exists():
            made.mkdir()
            self.works("render", "--demo", "-o", "demo.wav", folder=made)
            self.works("demo.wav", "-f", ",".join(FORMATS), folder=made)
        return made


@contextmanager
def bare_python(folder: Path, python: str, *installed: str) -> Iterator[BarePython]:
    """An environment of ``python`` with what pip is told to install; gone when the block ends."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        subprocess.run([python, "-m", "venv", str(folder / "env")], check=True, capture_output=True)
        bare = BarePython(folder=folder)
        bare.pip("install", *installed)
        yield bare
    finally:
        shutil.rmtree(folder)


def oldest_allowed() -> list[str]:
    """The needed packages at the oldest versions that ``pyproject.toml`` allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [requirement.replace(">=", "==") for requirement in project["dependencies"]]

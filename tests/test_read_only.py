"""Every door that writes, at a folder that is read-only: one line, a code, and nothing is left behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fretscribe.cli.__main__ import run
from fretscribe.collect.library import Library
from fretscribe.errors import OutputError
from fretscribe.feedback.store import FeedbackStore
from fretscribe.io.atomic import make_folder, write_bytes
from fretscribe.io.formats import write_tab
from fretscribe.pipeline.library.journal import open_journal
from fretscribe.pipeline.stem_cache import StemCache
from fretscribe.training.checkpoints import save_checkpoint
from fretscribe.web.folder import open_folder
from fretscribe.web.store import Store
from hostile_disk import read_only
from random_tabs import random_tab

pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders there are not read-only by their mode")

Write = Callable[[Path], object]


def _enter(opened: object) -> None:
    with opened:  # type: ignore[attr-defined]
        pass


WRITERS: dict[str, Write] = {
    "a file": lambda folder: write_bytes(folder / "song.json", b"x", force=True),
    "a folder": lambda folder: make_folder(folder / "a" / "b"),
    "a tab": lambda folder: write_tab(random_tab(0, n_beats=4), folder / "song.mid", force=False),
    "a batch": lambda folder: _enter(open_journal(folder)),
    "a checkpoint": lambda folder: save_checkpoint({"step": 1}, folder / "run" / "net.pt"),
    "feedback": lambda folder: _enter(FeedbackStore(folder / "f.sqlite3")),
    "a studio's folder": lambda folder: _enter(open_folder(folder / "studio")),
    "a studio's songs": lambda folder: _enter(Store(folder / "s.sqlite3")),
    "a collection": lambda folder: _enter(Library(folder / "tabs", "https://a.example", resume=False)),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_it_is_an_output_error(write: Write, tmp_path: Path) -> None:
    write(tmp_path)  # it works elsewhere, and what it imports is there
    assert list(tmp_path.iterdir()) or write is WRITERS["a collection"]
    with read_only(empty=False) as folder:
        with pytest.raises(OutputError):
            write(folder)
        assert [path.name for path in folder.iterdir()] == ["there.txt"]


def test_a_cache_does_without(tmp_path: Path) -> None:
    samples = np.zeros(100, dtype=np.float32)
    StemCache(folder=tmp_path).put("song", samples)
    with read_only() as folder:
        StemCache(folder=folder / "stems").put("song", samples)
        assert StemCache(folder=folder / "stems").get("song") is None
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize("command", ["convert", "batch", "transcribe"])
def test_commands_say_it_in_one_line(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="fretscribe-open-") as name:
        home = Path(name)
        write_tab(random_tab(0, n_beats=4), home / "song.json", force=False)
        soundfile.write(home / "song.wav", np.zeros(22050), 22050)
        home.chmod(0o755)

        def told(folder: Path) -> int:
            if command == "convert":
                return run(["convert", str(home / "song.json"), str(folder / "song.mid")])
            return run([command, str(home / "song.wav"), "-o", str(folder), "--no-personal"])

        assert told(home / "song.json") == 4, "no folder at all; what is imported is there now"
        capfd.readouterr()
        with read_only() as folder:
            assert told(folder) == 4
            assert list(folder.iterdir()) == []
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("fretscribe: error: cannot write")

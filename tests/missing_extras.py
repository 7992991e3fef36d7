"""Commands that need an extra, and what it is called."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile

from fretscribe.datasets.idioms import generate_tab
from fretscribe.io.formats import write_tab
from fretscribe.music import STANDARD_TUNING
from fretscribe.result import Transcription
from guitarset_folder import make_folder

MISSING = (
    ("media", ("av",), "song.m4a -o tabs"),
    ("separate", ("demucs",), "song.wav --separate on -o tabs"),
    ("separate", ("demucs",), "batch song.wav --separate on -o tabs"),
    ("train", ("torch",), "train acoustic acoustic.toml"),
    ("train", ("safetensors",), "train tabcnn tabcnn.toml --arrays arrays"),
    ("train", ("onnx",), "train lstm lstm.toml --arrays arrays"),
    ("train", ("matplotlib",), "train beat-net root -o made"),
    ("eval", ("mir_eval",), "train beats root -o made"),
    ("eval", ("mir_eval",), "evaluate root"),
    ("eval", ("mir_eval",), "evaluate song.json song.json"),
    ("eval", ("mir_eval",), "calibrate --synthetic"),
    ("eval", ("matplotlib",), "plot song.json"),
    ("eval", ("mir_eval",), "bench root --peer other=PYTHON"),
    ("collect", ("playwright",), "collect ug --artist X -o collected"),
    ("studio", ("starlette",), "studio --no-open"),
    ("studio", ("uvicorn",), "studio --no-open"),
    ("cluster", ("distributed",), "batch song.wav -o tabs --scheduler tcp://127.0.0.1:1"),
    ("cluster", ("distributed",), "data synth --minutes 1 --out made --scheduler tcp://127.0.0.1:1"),
    ("cluster", ("distributed",), "data guitarset --root root --out made --scheduler tcp://127.0.0.1:1"),
)
"""Extra, packages without which it counts as missing, and a command line in the folder of `make_inputs`."""


def make_inputs(folder: Path) -> None:
    """What the command lines name."""
    make_folder(folder / "root", ["00_Blues1-120-C_comp"])
    soundfile.write(folder / "song.wav", np.zeros(2000), 22050)
    (folder / "song.m4a").write_bytes(b"\0\0\0\x18ftypM4A \0\0\0\0")  # enough to know it by
    tab = generate_tab(0, duration_s=2.0, tuning=STANDARD_TUNING, style="arpeggio")
    write_tab(Transcription(tab=tab), folder / "song.json")


def words_of(line: str) -> list[str]:
    """A command line's words."""
    return [word.replace("PYTHON", sys.executable) for word in line.split()]


def files_in(folder: Path) -> list[Path]:
    """All but hidden ones, such as the notes that a batch keeps on what is done."""
    return sorted(path for path in folder.rglob("[!.]*") if path.is_file())


def check_line(extra: str, code: int, stdout: str, stderr: str) -> None:
    """One line that names the extra and how to get it, and exit code 6."""
    assert code == 6, stderr
    (line,) = stderr.splitlines()
    assert line.startswith("fretscribe: error: ")
    assert f"needs the extra '{extra}', which is not installed" in line
    assert line.endswith(f'pip install "fretscribe[{extra}]")')
    assert stdout == ""

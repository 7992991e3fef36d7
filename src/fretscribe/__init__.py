"""fretscribe: guitar recordings in, playable tablature out, with a confidence on every note.

The names below are loaded when they are first used, so that ``import fretscribe`` stays light:

- `transcribe` (path, options -> Transcription), `load_transcriber`, `retab`, `Transcriber`,
  `TranscribeOptions`
- the values they speak in: `Transcription`, `Tab`, `TabNote`, `Note`, `Position`, `Tuning`, `BeatGrid`,
  `Key`, `Chord`, `Audio`, `StringRoll`
- `read_tab`, `import_tab` (which also fingers what has no strings), `write_tab` (with `PageOptions`),
  `read_audio`
- `FretscribeError`, the base of every expected error

A recording (here one that the project plays itself; usually a path) becomes a tab:

>>> import fretscribe
>>> from fretscribe.datasets.idioms import demo_tab
>>> from fretscribe.datasets.synthetic import render
>>> heard = fretscribe.transcribe(render(demo_tab(), seed=7), tuning="standard")
>>> round(heard.tab.beats.tempo_bpm)
112
>>> [(n.position.string, n.position.fret) for n in heard.tab.notes[:4]]
[(1, 0), (1, 0), (1, 3), (2, 0)]
>>> [stage.status for stage in heard.stages if stage.name == "confidence"]
['ran']

Another capo needs no audio:

>>> fretscribe.retab(heard, fretscribe.TranscribeOptions(capo=2)).tab.tuning.capo
2
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fretscribe.errors import FretscribeError
    from fretscribe.frames import Audio, StringRoll
    from fretscribe.io.audio import read_audio
    from fretscribe.io.formats import read_tab, write_tab
    from fretscribe.io.page_options import PageOptions
    from fretscribe.music import BeatGrid, Chord, Key, Note, Position, Tab, TabNote, Tuning
    from fretscribe.pipeline import TranscribeOptions, Transcriber, load_transcriber, retab, transcribe
    from fretscribe.pipeline.importing import import_tab
    from fretscribe.result import Transcription

__version__ = "0.1.0"

_HOMES = {
    "fretscribe.errors": ("FretscribeError",),
    "fretscribe.frames": ("Audio", "StringRoll"),
    "fretscribe.io.audio": ("read_audio",),
    "fretscribe.io.formats": ("read_tab", "write_tab"),
    "fretscribe.io.page_options": ("PageOptions",),
    "fretscribe.music": ("BeatGrid", "Chord", "Key", "Note", "Position", "Tab", "TabNote", "Tuning"),
    "fretscribe.pipeline": ("TranscribeOptions", "Transcriber", "load_transcriber", "retab", "transcribe"),
    "fretscribe.pipeline.importing": ("import_tab",),
    "fretscribe.result": ("Transcription",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Audio",
    "BeatGrid",
    "Chord",
    "FretscribeError",
    "Key",
    "Note",
    "PageOptions",
    "Position",
    "StringRoll",
    "Tab",
    "TabNote",
    "TranscribeOptions",
    "Transcriber",
    "Transcription",
    "Tuning",
    "__version__",
    "import_tab",
    "load_transcriber",
    "read_audio",
    "read_tab",
    "retab",
    "transcribe",
    "write_tab",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Small folders of tabs for tests: a generated tab in every format that is written, and text by hand."""

from __future__ import annotations

from pathlib import Path

from fretscribe.datasets.idioms import generate_tab
from fretscribe.io.formats import write_tab
from fretscribe.music import STANDARD_TUNING, Note, Position, Tab, TabNote, Tuning

DROP_D = Tuning(open_pitches=(38, 45, 50, 55, 59, 64))


def text_tab(*rows: str, says: str = "", labels: str = "eBGDAE") -> str:
    """A text of one bar; the highest string first."""
    return says + "".join(f"{label}|{row}|\n" for label, row in zip(labels, rows, strict=True))


ONE_BAR = text_tab(
    "----------------",
    "----------------",
    "----------------",
    "------------2---",
    "----0---2-------",
    "3---------------",
)
"""Frets 3, 0, 2, 2 on strings 0, 1, 1, 2; one a beat."""


def one_note(fret: int, *, string: int = 0, tuning: Tuning = STANDARD_TUNING, end_s: float = 1.0) -> Tab:
    """A tab of one note from 0 s on."""
    position = Position(string=string, fret=fret)
    note = Note(onset_s=0.0, offset_s=end_s, pitch=tuning.pitch(position))
    return Tab(tuning=tuning, notes=(TabNote(note=note, position=position),))


def make_tabs(home: Path, *, duration_s: float = 6.0) -> dict[str, Tab]:
    """Write four songs, each in another format; returns the tabs by track."""
    home.mkdir(parents=True, exist_ok=True)
    tabs = {}
    for seed, name in enumerate(("One.tab.txt", "Two.json", "Three.jams", "Four.mid")):
        tab = generate_tab(seed, duration_s=duration_s, tuning=STANDARD_TUNING, style="arpeggio")
        write_tab(tab, home / name)
        tabs[name.partition(".")[0]] = tab
    return tabs

"""The table of docs/formats.md: it names every format, and what comes back from a file is what it says."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fretscribe.io.bends import bend_at
from fretscribe.io.formats import FORMATS, READABLE, WRITABLE, read_tab, suffix_of, write_tab
from fretscribe.music import (
    BeatGrid,
    BendPoint,
    Chord,
    Key,
    Note,
    Position,
    Tab,
    TabNote,
    Technique,
    Tuning,
)

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
TUNING = Tuning(open_pitches=(38, 45, 50, 55, 57, 62), capo=2)
TIMES = tuple(itertools.accumulate([0.5] * 8 + [0.4] * 8, initial=0.0))
BEATS = BeatGrid(beat_times_s=TIMES, downbeats=(0, 4, 8, 12, 16))
WITHIN_S = 0.05
MOMENTS_S = (0.0, 0.1, 0.2, 0.3, 0.45)
DYNAMIC_STEP = 16

Notes = list[tuple[int, int, str, str, Technique | None, int]]
NOTES: Notes = [
    (0, 3, "0", "1", None, 100), (0, 5, "1", "1", "hammer_on", 70), (0, 3, "2", "1", "pull_off", 40),
    (0, 7, "3", "1", "slide", 100), (2, 7, "4", "1", "palm_mute", 100), (3, 7, "5", "1", "bend", 100),
    (3, 5, "6", "1", "vibrato", 100), (4, 12, "7", "1", "harmonic", 100), (4, 0, "8", "1/3", "dead", 100),
    (3, 2, "25/3", "2/3", None, 100), (1, 2, "9", "1", "let_ring", 100), (5, 3, "10", "6", None, 100),
]  # fmt: skip


def _note(
    string: int, fret: int, at: str, length: str, technique: Technique | None, velocity: int
) -> TabNote:
    position = Position(string=string, fret=fret)
    onset_s, offset_s = (BEATS.time_at(Fraction(at) + Fraction(n)) for n in ("0", length))
    bend = ((0.0, 0.0), (0.3, 0.0), (0.4, 200.0)) if technique == "bend" else ()
    return TabNote(
        note=Note(
            onset_s=onset_s,
            offset_s=offset_s,
            pitch=TUNING.pitch(position),
            velocity=velocity,
            bend=tuple(BendPoint(time_s=time_s, cents=cents) for time_s, cents in bend),
        ),
        position=position,
        onset_beats=Fraction(at),
        duration_beats=Fraction(length),
        techniques=frozenset({technique} if technique else ()),
        confidence=0.5,
    )


TAB = Tab(
    tuning=TUNING,
    notes=tuple(_note(*fields) for fields in NOTES),
    beats=BEATS,
    key=Key(tonic=3, mode="major"),
    chords=(Chord(start_s=0.0, end_s=3.6, name="Eb"), Chord(start_s=3.6, end_s=TIMES[-1], name="Cm7")),
    title="Lied",
)


def _rows() -> dict[str, dict[str, str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return {row[0].strip("`"): dict(zip(head, row, strict=True)) for row in rows}


def test_every_format_is_there() -> None:
    rows = _rows()
    assert rows.keys() == FORMATS.keys()
    for name, row in rows.items():
        assert tuple(row["Suffixes"].replace("`", "").split()) == FORMATS[name].suffixes
        assert (row["Read"], row["Written"]) == (
            "yes" if name in READABLE else "no",
            "yes" if name in WRITABLE else "no",
        )


def _bends(tab: Tab) -> str:
    """Whether every bend has its curve, within half a semitone, or goes as far at least."""
    ref, est = (
        [(bend_at(n.note.bend, MOMENTS_S), max((p.cents for p in n.note.bend), default=0.0)) for n in t.notes]
        for t in (TAB, tab)
    )
    if any(abs(a - b) > 1.0 for (_, a), (_, b) in zip(ref, est, strict=True)):
        return "no"
    return (
        "yes"
        if all(np.abs(a - b).max() < 50.0 for (a, _), (b, _) in zip(ref, est, strict=True))
        else "height"
    )


def _kept(read: Tab) -> dict[str, str]:
    """The cells that a tab has earned which was written and read again."""
    beats = read.beats
    has_bars = beats is not None and beats.downbeats[:4] == BEATS.downbeats[:4]
    off_s = 1.0 if beats is None else max(abs(beats.time_at(i) - at) for i, at in enumerate(TIMES))
    velocities = [(n.note.velocity, m.note.velocity) for n, m in zip(TAB.notes, read.notes, strict=True)]
    steps = all(abs(a - b) <= DYNAMIC_STEP for a, b in velocities)
    answers = {
        "Strings, frets, tuning, capo": (
            ([n.position for n in read.notes], read.tuning.open_pitches, read.tuning.capo)
            == ([n.position for n in TAB.notes], TUNING.open_pitches, TUNING.capo)
        ),
        "Title, key": (read.title, read.key) == (TAB.title, TAB.key),
        "Note values": [
            (n.onset_beats, n.duration_beats) for n in read.notes if "let_ring" not in n.techniques
        ]
        == [(n.onset_beats, n.duration_beats) for n in TAB.notes if "let_ring" not in n.techniques],
        "Techniques": [n.techniques for n in read.notes] == [n.techniques for n in TAB.notes],
        "Chords": [c.name for c in read.chords] == [c.name for c in TAB.chords],
        "Confidence": [n.confidence for n in read.notes] == [n.confidence for n in TAB.notes],
    }
    return {column: "yes" if kept else "no" for column, kept in answers.items()} | {
        "Bars, tempo map": "no" if not has_bars else "yes" if off_s < WITHIN_S else "bars",
        "Bends": _bends(read),
        "Dynamics": "yes" if all(a == b for a, b in velocities) else "eight steps" if steps else "no",
    }


@pytest.mark.parametrize("name", [name for name in WRITABLE if name in READABLE])
def test_what_comes_back_is_what_the_table_says(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"song{suffix_of(name)}"
    write_tab(TAB, path)
    row = _rows()[name]
    kept = _kept(read_tab(path).tab)
    assert kept == {column: row[column] for column in kept}

"""Scores that were mended in other programs come back to the seconds of the recording."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fretscribe.errors import InputError
from fretscribe.feedback.corrections import compare
from fretscribe.io.formats import read_tab, write_tab
from fretscribe.music import BeatGrid, Note, Position, Tab, TabNote, Tuning
from fretscribe.result import AudioInfo, Transcription
from fretscribe.symbolic.rhythm import quantize

AUDIO = AudioInfo(path="song.wav", duration_s=12.0, sha256="ab" * 32)
STEP_S = 0.25  # an eighth at 120
STANDARD = Tuning()


def _heard(
    first_beat_s: float, downbeats: tuple[int, ...], beats_per_bar: int, beat_unit: int
) -> Transcription:
    """Forty eighths on two strings, each up to 20 ms beside its place, on a grid that starts late."""
    beat_s = 0.5 if beat_unit == 4 else STEP_S
    grid = BeatGrid(
        beat_times_s=tuple(first_beat_s + beat_s * i for i in range(round(11.0 / beat_s))),
        downbeats=downbeats,
        beats_per_bar=beats_per_bar,
        beat_unit=beat_unit,
    )
    beside = np.random.default_rng(1).uniform(-0.02, 0.02, 40)
    places = [Position(string=2 + i // 3 % 2, fret=(3, 5, 7, 8, 5)[i % 5]) for i in range(40)]
    notes = [
        TabNote(
            note=Note(onset_s=start, offset_s=start + 0.22, pitch=STANDARD.pitch(place)),
            position=place,
        )
        for i, place in enumerate(places)
        for start in [first_beat_s + STEP_S * i + max(0.0, beside[i])]
    ]
    tab = Tab(tuning=STANDARD, notes=quantize(notes, grid), beats=grid, title="song")
    return Transcription(tab=tab, audio=AUDIO)


def _on_another_string(result: Transcription, number: int) -> Transcription:
    notes = list(result.tab.notes)
    pitch, string = notes[number].note.pitch, notes[number].position.string
    place = next(p for p in STANDARD.positions(pitch) if p.string == string - 1)
    notes[number] = replace(notes[number], position=place)
    return replace(result, tab=replace(result.tab, notes=tuple(notes)))


@pytest.mark.parametrize("suffix", [".gp5", ".gp", ".musicxml", ".tab.txt", ".json", ".mid"])
@pytest.mark.parametrize(
    ("first_beat_s", "downbeats", "metre"),
    [
        (0.2, tuple(range(0, 22, 4)), (4, 4)),
        (1.3, tuple(range(2, 22, 4)), (4, 4)),  # begins before its first bar
        (0.7, tuple(range(0, 44, 6)), (6, 8)),
    ],
    ids=["late", "pick-up", "six-eight"],
)
def test_a_mended_file_of_any_format_is_compared_note_by_note(
    suffix: str, first_beat_s: float, downbeats: tuple[int, ...], metre: tuple[int, int], tmp_path: Path
) -> None:
    first = _heard(first_beat_s, downbeats, *metre)
    path = tmp_path / f"mended{suffix}"
    write_tab(_on_another_string(first, 7), path)
    found = compare(first, read_tab(path))
    assert Counter(c.kind for c in found.corrections) == {"accepted": 39, "moved": 1}
    times = [c.chosen.onset_s for c in found.corrections if c.chosen is not None]
    assert times == pytest.approx([n.note.onset_s for n in first.tab.notes], abs=0.002)


def test_notes_that_were_added_or_changed_lie_on_the_beats_of_the_recording(tmp_path: Path) -> None:
    first = _heard(0.2, tuple(range(0, 22, 4)), 4, 4)
    notes = list(first.tab.notes)
    higher = replace(notes[5].position, fret=notes[5].position.fret + 1)
    notes[5] = replace(notes[5], note=replace(notes[5].note, pitch=STANDARD.pitch(higher)), position=higher)
    bass = Position(string=0, fret=3)
    where = notes[8].note
    added = TabNote(
        note=Note(onset_s=where.onset_s, offset_s=where.offset_s, pitch=43),
        position=bass,
        onset_beats=notes[8].onset_beats,
        duration_beats=notes[8].duration_beats,
    )
    del notes[20]
    notes = sorted([*notes, added], key=lambda n: (n.note.onset_s, n.position.string))
    write_tab(replace(first, tab=replace(first.tab, notes=tuple(notes))), tmp_path / "mended.gp5")
    found = compare(first, read_tab(tmp_path / "mended.gp5"))
    assert Counter(c.kind for c in found.corrections) == {
        "accepted": 38,
        "changed": 1,
        "added": 1,
        "deleted": 1,
    }
    (new,) = [c.chosen for c in found.corrections if c.kind == "added" and c.chosen is not None]
    assert (new.position, new.onset_s) == (bass, pytest.approx(0.2 + 8 * STEP_S, abs=0.05))


def test_another_piece_is_refused(tmp_path: Path) -> None:
    first = _heard(0.2, tuple(range(0, 22, 4)), 4, 4)
    up = [
        replace(
            n,
            note=replace(n.note, pitch=n.note.pitch + 3),
            position=replace(n.position, fret=n.position.fret + 3),
        )
        for n in first.tab.notes[::2]
    ]
    write_tab(replace(first, tab=replace(first.tab, notes=tuple(up))), tmp_path / "other.gp5")
    with pytest.raises(InputError, match="stand where they were"):
        compare(first, read_tab(tmp_path / "other.gp5"))

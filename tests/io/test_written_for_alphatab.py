"""Guitar Pro files and alphaTex that we write, as alphaTab reads them: 200 random tabs, one node process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alphatab import alphatab_folder, read_with_alphatab
from fretscribe.io.alphatex_writer import render_alphatex
from fretscribe.io.bend_shapes import bend_shape
from fretscribe.io.gpif_writer import render_gp
from fretscribe.io.key_signatures import fifths_of_key
from fretscribe.io.score import Score, ScoreNote
from fretscribe.io.score_links import link_notes
from fretscribe.io.score_signs import DYNAMICS, dynamic_of, one_line, tempo_marks_of
from fretscribe.io.tab_to_score import tab_to_score
from fretscribe.music import Tab
from fretscribe.symbols import split_chord
from random_tabs import random_tab, wild_tabs

pytestmark = pytest.mark.slow

N_OF_EACH = 100
TICKS = 0.02
"""alphaTab counts 960 ticks a quarter note and rounds tuplets down."""

Reading = dict[str, Any]
SLIDES = {
    "shift": "slide Shift", "legato": "slide Legato", "in_below": "slide IntoFromBelow",
    "in_above": "slide IntoFromAbove", "out_down": "slide OutDown", "out_up": "slide OutUp",
}  # fmt: skip
LEADS = {"hammer", "slide Shift", "slide Legato"}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Tab, Score, Reading]]:
    """File name, tab, score, alphaTab's reading: of every tab in both formats."""
    alphatab_folder()
    folder = tmp_path_factory.mktemp("written")
    written: list[tuple[Path, Tab, Score]] = []
    for i, tab in enumerate([*wild_tabs(N_OF_EACH), *(random_tab(seed) for seed in range(N_OF_EACH))]):
        score = tab_to_score(tab)
        for suffix, render in ((".gp", render_gp), (".alphatex", render_alphatex)):
            path = folder / f"{i}{suffix}"
            path.write_bytes(render(score))
            written.append((path, tab, score))
    assert len(written) == 4 * N_OF_EACH
    readings = read_with_alphatab([path for path, _, _ in written])
    return [(p.name, tab, score, read) for (p, tab, score), read in zip(written, readings, strict=True)]


def test_every_file_is_read(pairs: list) -> None:
    assert {name: read["error"] for name, _, _, read in pairs if "error" in read} == {}


def test_title_tuning_and_capo(pairs: list) -> None:
    for name, _, score, read in pairs:
        (track,) = score.tracks
        (theirs,) = read["tracks"]
        (staff,) = theirs["staves"]
        assert read["title"] == one_line(score.title).replace(
            "]]>", "]] >" if name.endswith(".gp") else "]]>"
        )
        assert (tuple(staff["tuning"]), staff["capo"]) == (track.open_pitches, track.capo), name
        assert theirs["name"] == track.name, name


def test_bars_keys_and_tempos(pairs: list) -> None:
    for name, _, score, read in pairs:
        assert len(read["bars"]) == len(score.bars), name
        for bar, theirs in zip(score.bars, read["bars"], strict=True):
            metre = (theirs["numerator"], theirs["denominator"])
            assert metre == (bar.beats_per_bar, bar.beat_unit), name
            assert theirs["length"] == pytest.approx(float(bar.length), abs=TICKS), name
            key = bar.key
            assert theirs["key"] == ([0, 0] if key is None else [fifths_of_key(key), key.mode == "minor"]), (
                name
            )
        tempos = [(i, at, tempo) for i, bar in enumerate(read["bars"]) for at, tempo in bar["tempos"]]
        marks = list(tempo_marks_of(score.bars))
        assert len(tempos) == len(marks), name
        for (i, at, tempo), mark in zip(tempos, marks, strict=True):
            assert i == mark.bar, name
            assert at == pytest.approx(float(mark.position), abs=1e-4), name
            assert tempo == pytest.approx(mark.quarters_a_minute, abs=1e-3), name


def _ways(note: ScoreNote) -> set[str]:
    ways = {t for t in note.techniques if t != "harmonic"} | {SLIDES[s] for s in note.slides}
    ways |= {"harmonic Natural"} if "harmonic" in note.techniques else set()
    return ways | ({"hammer"} if note.hammer else set())


def _beats(score: Score) -> list[tuple]:
    """Bar, start, duration, chord, dynamic, notes (string, fret, tied, ways, ways that may be missing)."""
    found = []
    dynamic = "f"
    for b, bar in enumerate(link_notes(score.tracks[0])):
        for linked in bar:
            beat = linked.beat
            dynamic = dynamic_of(beat, dynamic)
            notes = []
            for n in linked.notes:
                # What leads to no note, or to a distant one, alphaTab leaves out.
                optional = LEADS if not n.leads or not n.leads_at_once else set()
                notes.append((n.string, n.fret, n.tie_stop, _ways(n.note), optional))
            found.append((b, beat.start, beat.duration, one_line(beat.chord), dynamic, notes))
    return found


def test_beats_notes_and_techniques(pairs: list) -> None:
    n_notes = 0
    for name, _, score, read in pairs:
        mine = _beats(score)
        assert len(read["beats"]) == len(mine), name
        struck = False
        for theirs, (bar, start, duration, chord, dynamic, notes) in zip(read["beats"], mine, strict=True):
            at = f"{name}, bar {bar + 1}, beat {start}"
            assert theirs[:2] == [bar, 0], at
            assert theirs[2:4] == pytest.approx([float(start), float(duration)], abs=TICKS), at
            assert split_chord(theirs[4]) == split_chord(chord), at
            assert split_chord(chord) or theirs[4] == chord, at
            struck = struck or bool(notes)
            assert DYNAMICS.index(theirs[5].lower()) == DYNAMICS.index(dynamic) or not struck, at
            assert len(theirs[6]) == len(notes), at
            for (string, fret, tied, ways), (*place, their_ways, optional) in zip(
                theirs[6], notes, strict=True
            ):
                assert [string, fret, tied] == place, at
                assert set(ways) | optional == their_ways | optional, at
                assert set(ways) <= their_ways, at
                n_notes += 1
    assert n_notes > 5000


def test_bends(pairs: list) -> None:
    """alphaTab keeps the corners between the ends only where a string is bent and let go again, not lower."""
    n_bends = 0
    for name, _, score, read in pairs:
        mine = [n for bar in link_notes(score.tracks[0]) for beat in bar for n in beat.notes]
        for note, (*_, points, _) in zip(mine, read["notes"], strict=True):
            shape = bend_shape(note.note.bend)
            if shape is None:
                assert not points, name
                continue
            n_bends += 1
            wanted = [(at / 100, 50 * pitch) for at, pitch in shape.points]
            kept = list(dict.fromkeys((at, cents) for at, cents in points))
            heights = [cents for _, cents in wanted]
            if heights[-1] < heights[0] or max(heights[1:-1], default=0) <= heights[-1]:
                wanted, kept = [wanted[0], wanted[-1]], [kept[0], kept[-1]]
            assert np.array(kept) == pytest.approx(np.array(wanted), abs=0.01), name
    assert n_bends > 200


def test_strings_hold_the_notes_of_the_tab_one_by_one(pairs: list) -> None:
    """A page may pair the struck notes on a string with the tab's."""
    for name, tab, _, read in pairs:
        struck = [(string, fret) for *_, string, fret, tied, _, _, _ in read["notes"] if not tied]
        for string in range(tab.tuning.n_strings):
            mine = [n.position.fret for n in tab.notes if n.position.string == string]
            assert [fret for s, fret in struck if s == string] == mine, name

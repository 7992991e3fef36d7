"""MusicXML that we write, as alphaTab reads it: 200 random tabs, one node process."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from alphatab import alphatab_folder, read_with_alphatab
from fretscribe.io.bend_moves import bend_moves
from fretscribe.io.key_signatures import fifths_of_key
from fretscribe.io.musicxml_writer import render_musicxml
from fretscribe.io.score import Score
from fretscribe.io.score_links import LinkedNote, link_notes
from fretscribe.io.score_signs import tempo_marks_of
from fretscribe.io.tab_to_score import tab_to_score
from fretscribe.io.xml_build import plain_text
from fretscribe.symbols import NO_CHORD, split_chord
from random_tabs import random_tab, wild_tabs

pytestmark = pytest.mark.slow

N_OF_EACH = 100
TICKS = 0.02
"""alphaTab counts 960 ticks a quarter note and rounds tuplets down."""

Reading = dict[str, Any]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Score, Reading]]:
    """Name, score and alphaTab's reading of every tab."""
    alphatab_folder()
    folder = tmp_path_factory.mktemp("written")
    tabs = [*wild_tabs(N_OF_EACH), *(random_tab(seed) for seed in range(N_OF_EACH))]
    scores = [tab_to_score(tab) for tab in tabs]
    paths = [folder / f"{i}.musicxml" for i in range(len(scores))]
    for path, score in zip(paths, scores, strict=True):
        path.write_bytes(render_musicxml(score))
    readings = read_with_alphatab(paths)
    assert len(readings) == 2 * N_OF_EACH
    return [(p.name, score, read) for p, score, read in zip(paths, scores, readings, strict=True)]


def test_every_file_is_read(pairs: list) -> None:
    assert {name: read["error"] for name, _, read in pairs if "error" in read} == {}


def test_title_tuning_and_capo(pairs: list) -> None:
    for name, score, read in pairs:
        (track,) = score.tracks
        (theirs,) = read["tracks"]
        standard, tab = theirs["staves"]
        assert read["title"].replace("\xa0", " ") == plain_text(score.title), name
        assert standard["tuning"] == []
        assert (tuple(tab["tuning"]), tab["capo"]) == (track.open_pitches, track.capo), name


def test_bars_keys_and_tempos(pairs: list) -> None:
    for name, score, read in pairs:
        assert len(read["bars"]) == len(score.bars), name
        for bar, theirs in zip(score.bars, read["bars"], strict=True):
            assert (theirs["numerator"], theirs["denominator"]) == (bar.beats_per_bar, bar.beat_unit), name
            assert theirs["length"] == pytest.approx(float(bar.length), abs=TICKS), name
            key = bar.key
            wanted = [0, 0] if key is None else [fifths_of_key(key), key.mode == "minor"]
            assert theirs["key"] == wanted, name
        tempos = [(i, at, tempo) for i, bar in enumerate(read["bars"]) for at, tempo in bar["tempos"]]
        # Inside of a pick-up alphaTab counts to where a whole bar would end.
        wholes = [bar.length / Fraction(4 * bar.beats_per_bar, bar.beat_unit) for bar in score.bars]
        marks = [
            (m.bar, float(m.position * wholes[m.bar]), m.quarters_a_minute)
            for m in tempo_marks_of(score.bars)
        ]
        assert np.array(tempos) == pytest.approx(np.array(marks), abs=1e-3), name


def _ways(note: LinkedNote) -> set[str]:
    """What alphaTab reads of a note's techniques.

    It loses the hammer-ons of every MusicXML file: it looks for the second note on the string before it has
    read on which strings notes are.
    """
    ways = {str(t) for t in note.note.techniques & {"palm_mute", "vibrato"}}
    return ways | ({"slide Shift"} if note.leads & {"slide", "legato_slide"} else set())


def _beats(score: Score) -> Iterator[tuple[str, list[Any], str, list[LinkedNote]]]:
    for b, bar in enumerate(link_notes(score.tracks[0])):
        for linked in bar:
            beat = linked.beat
            place = [
                b,
                pytest.approx(float(beat.start), abs=TICKS),
                pytest.approx(float(beat.duration), abs=TICKS),
            ]
            yield f"bar {b + 1}, beat {beat.start}", place, beat.chord, list(linked.notes)


def test_beats_notes_and_techniques(pairs: list) -> None:
    n_notes = 0
    for name, score, read in pairs:
        for theirs, (at, place, _, notes) in zip(read["last_staff_beats"], _beats(score), strict=True):
            where = f"{name}, {at}"
            assert [theirs[0], *theirs[2:4]] == place, where
            found = [(string, fret, tied) for string, fret, tied, _ in theirs[6]]
            assert found == [(n.string, n.fret, n.tie_stop) for n in notes], where
            for (*_, ways), note in zip(theirs[6], notes, strict=True):
                assert set(ways) == _ways(note), where
                n_notes += 1
    assert n_notes > 5000


def test_the_standard_staff_has_the_same_pitches_and_the_chords(pairs: list) -> None:
    for name, score, read in pairs:
        assert len(read["beats"]) == sum(1 for _ in _beats(score)), name
        sounding = [[n[-1] for n in read["notes"] if n[1] == staff] for staff in (0, 1)]
        pitches = [n.pitch for *_, notes in _beats(score) for n in notes]
        assert sounding == [pitches, pitches], name
        for theirs, (at, place, chord, _) in zip(read["beats"], _beats(score), strict=True):
            assert [theirs[0], *theirs[2:4]] == place, name
            known = split_chord(chord)
            if known is not None:
                said = theirs[4].replace("♭", "b").replace("♯", "#")
                assert said == f"{known.root}{known.quality}", f"{name}, {at}"  # alphaTab reads no bass
            else:
                assert theirs[4] == ("CN.C." if chord == NO_CHORD else ""), name  # it names the root of none


def test_bends(pairs: list) -> None:
    """alphaTab takes the moves in equal shares of the note: their heights are compared."""
    n_bends = 0
    for name, score, read in pairs:
        bent = [n for n in read["notes"] if n[1] == 1]
        notes = [n for *_, notes in _beats(score) for n in notes]
        for (*_, points, _), note in zip(bent, notes, strict=True):
            moves = bend_moves(note.note.bend)
            if note.tie_stop and len(moves) == 1 and moves[0].is_prebend:
                moves = ()
            heights = [cents for _, cents in points]
            assert bool(heights) == bool(moves), name
            if moves:
                n_bends += 1
                assert (max(heights), heights[-1]) == (
                    50 * max(max(m.before, m.after) for m in moves),
                    50 * moves[-1].after,
                ), name
    assert n_bends > 100

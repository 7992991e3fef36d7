"""The development recordings in every format that is written, as the readers of others see them."""

from __future__ import annotations

import csv
import importlib
import io
import os
from collections import Counter
from fractions import Fraction
from pathlib import Path

import guitarpro
import mido
import numpy as np
import pytest

import fretscribe
from alphatab import alphatab_folder, read_with_alphatab
from engravers import (
    lilypond,
    musescore,
    open_midi_with_musescore,
    play_with_musescore,
    read_with_lilypond,
    struck,
    written_heads,
    written_notes,
    written_strikes,
)
from fretscribe.io.engraver import render_pdf
from fretscribe.io.formats import render_tab
from fretscribe.io.score import Score
from fretscribe.io.tab_to_score import tab_to_score
from fretscribe.io.text_tab_reader import parse_text_tab
from fretscribe.music import Tab

DATA = Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[2] / "shared" / "data"))
HOME = DATA / "guitarset" / "audio_mono-mic"
RECORDINGS = sorted(HOME.glob("*.flac")) if HOME.is_dir() else []

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not RECORDINGS, reason="the development recordings are not on this machine"),
]


@pytest.fixture(scope="module")
def tabs() -> list[Tab]:
    return [fretscribe.transcribe(path).tab for path in RECORDINGS]


@pytest.fixture(scope="module")
def scores(tabs: list[Tab]) -> list[Score]:
    made = [tab_to_score(tab) for tab in tabs]
    assert all(len(written_notes(score)) > 20 for score in made)
    return made


def notes_by_string(tab: Tab) -> list[list[int]]:
    """The frets of each string in their order, lowest string first."""
    strings = range(tab.tuning.n_strings)
    return [[n.position.fret for n in tab.notes if n.position.string == string] for string in strings]


@pytest.mark.parametrize("name", ["gp5", "gp", "alphatex", "musicxml"])
def test_alphatab_reads_the_scores(name: str, tabs: list[Tab], scores: list[Score], tmp_path: Path) -> None:
    alphatab_folder()
    paths = [tmp_path / f"{i}.{name}" for i in range(len(tabs))]
    for path, tab in zip(paths, tabs, strict=True):
        path.write_bytes(render_tab(tab, name))
    for read, score in zip(read_with_alphatab(paths), scores, strict=True):
        assert "error" not in read
        starts = [Fraction(0)]
        for bar in score.bars:
            starts.append(starts[-1] + bar.length)
        est = [
            (float(starts[bar]) + at, string, fret, tied)
            for bar, _, at, _, _, _, notes in read["last_staff_beats"] or read["beats"]
            for string, fret, tied, _ in sorted(notes)
        ]
        ref = [(float(at), n.string, n.fret, n.tie_stop) for at, n in written_notes(score)]
        assert np.array(est) == pytest.approx(np.array(ref), abs=0.02)


def test_pyguitarpro_reads_the_guitar_pro_files(tabs: list[Tab]) -> None:
    for tab in tabs:
        (track,) = guitarpro.parse(io.BytesIO(render_tab(tab, "gp5"))).tracks
        beats = [beat for measure in track.measures for beat in measure.voices[0].beats]
        notes = [n for beat in beats for n in beat.notes if n.type is not guitarpro.NoteType.tie]
        n_strings = tab.tuning.n_strings
        assert [s.value for s in track.strings] == list(reversed(tab.tuning.open_pitches))
        assert [
            [n.value for n in notes if n.string == n_strings - string] for string in range(n_strings)
        ] == notes_by_string(tab)


def test_lilypond_engraves_and_plays_them(scores: list[Score], tmp_path: Path) -> None:
    lilypond()
    for (heads, sound), score in zip(read_with_lilypond(scores, tmp_path), scores, strict=True):
        assert heads == written_heads(score)
        assert np.array(struck(sound)) == pytest.approx(np.array(written_strikes(score)), abs=0.01)
    assert render_pdf(scores[0]).startswith(b"%PDF-")


def test_musescore_plays_the_musicxml(scores: list[Score], tmp_path: Path) -> None:
    musescore()
    for sound, score in zip(play_with_musescore(scores, tmp_path), scores, strict=True):
        est, ref = struck(sound), written_strikes(score)
        if any(n.leads & {"slide", "legato_slide"} for _, n in written_notes(score)):
            est = [near for near in est if any(abs(near[1] - at) < 0.02 and near[0] == p for p, at in ref)]
        assert np.array(est) == pytest.approx(np.array(ref), abs=0.02)


def test_mido_and_musescore_read_the_midi(tabs: list[Tab], tmp_path: Path) -> None:
    musescore()
    files = [render_tab(tab, "mid") for tab in tabs]
    for tab, data, opened in zip(tabs, files, open_midi_with_musescore(files, tmp_path), strict=True):
        now_s, est = 0.0, []
        ours = mido.MidiFile(file=io.BytesIO(data), charset="utf-8")
        for message in ours:
            now_s += message.time
            if message.type == "note_on" and message.velocity:
                est.append((message.note, now_s))
        ref = sorted((n.note.pitch, n.note.onset_s) for n in tab.notes)
        assert np.array(sorted(est)) == pytest.approx(np.array(ref), abs=1e-3)
        # MuseScore sets what it opens on a grid of its own, where quick strokes of one pitch may become one.
        wanted = Counter(pitch for pitch, _ in struck(ours))
        found = Counter(pitch for pitch, _ in struck(opened))
        assert not found - wanted
        assert (wanted - found).total() <= 0.01 * wanted.total()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the foreign reader and what it stands on
def test_the_jams_package_reads_them(tabs: list[Tab], tmp_path: Path) -> None:
    jams = importlib.import_module("jams")
    for tab in tabs:
        (tmp_path / "a.jams").write_bytes(render_tab(tab, "jams"))
        read = jams.load(str(tmp_path / "a.jams"), validate=True, strict=True)
        for annotation in read.search(namespace="note_midi"):
            string = int(annotation.annotation_metadata.data_source)
            assert [(o.time, o.value) for o in annotation.data] == [
                (n.note.onset_s, n.note.pitch) for n in tab.notes if n.position.string == string
            ]


def test_tables_hold_every_note(tabs: list[Tab]) -> None:
    for tab in tabs:
        text = render_tab(tab, "csv").decode("ascii")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        assert [(int(row["string"]), int(row["fret"]), int(row["pitch"])) for row in rows] == [
            (n.position.string, n.position.fret, n.note.pitch) for n in tab.notes
        ]


def test_text_tabs_are_read_again(tabs: list[Tab]) -> None:
    for tab in tabs:
        read = parse_text_tab(render_tab(tab, "txt").decode())
        assert read.not_understood == ()
        assert notes_by_string(read.tab) == notes_by_string(tab)

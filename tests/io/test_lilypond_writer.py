"""LilyPond files as we write them, and what LilyPond makes of them: frets in the tab, and sound."""

from __future__ import annotations

import re
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from engravers import lilypond, read_with_lilypond, struck, written_heads, written_strikes
from fretscribe.io.lilypond_writer import render_lilypond
from fretscribe.io.score import CurvePoint, Score, ScoreBar, ScoreBeat, TrackBar
from fretscribe.io.tab_to_score import tab_to_score
from fretscribe.music import Key
from fretscribe.symbols import QUALITIES, ChordSymbol
from random_tabs import n_tabs, random_tab, wild_tabs
from scores import note, row, score, track


def written(*bars: TrackBar, key: Key | None = None, tempos: Any = (), **given: Any) -> str:
    names = {name: given.pop(name) for name in ("title", "artist") if name in given}
    made = [ScoreBar(key=key, tempos=() if i else tempos) for i in range(len(bars))]
    return render_lilypond(score(track(*bars, **given), bars=made, **names)).decode()


def music(*bars: TrackBar, **given: Any) -> list[str]:
    text = written(*bars, **given).partition("guitar = {\n")[2].partition('  \\bar "|."')[0]
    return [line.strip().partition(" | %")[0] for line in text.splitlines()]


def test_notes_name_their_strings_and_a_capo_raises_the_open_strings() -> None:
    bar = row((note(0, 0), note(2, 2)), note(5, 3), None, note(1, 0))
    text = written(bar, capo=2, open_pitches=(38, 45, 50, 55, 59, 64))
    assert "openStrings = \\stringTuning <e, b, e a cis' fis'>" in text
    assert 'meter = "Tuning: drop D, Capo: fret 2"' in text
    assert music(bar, open_pitches=(38, 45, 50, 55, 59, 64)) == ["<d,\\6 e\\4>4 g'4\\1 r4 a,4\\5"]


def test_basses_and_ukuleles_have_clefs_of_their_own() -> None:
    bar = row(note(0, 0), None, None, None)
    assert 'instrumentClef = "treble_8"' in written(bar)
    assert 'instrumentClef = "bass_8"' in written(bar, open_pitches=(28, 33, 38, 43), kind="bass")
    assert 'instrumentClef = "treble"' in written(bar, open_pitches=(67, 60, 64, 69))


def test_the_key_decides_the_names_of_pitches() -> None:
    bar = row(note(1, 1), note(1, 4), note(2, 1), note(3, 0))
    assert music(bar, key=Key(tonic=3, mode="major")) == ["bes,4\\5 des4\\5 ees4\\4 g4\\3"]
    assert "\\key ees \\major" in written(bar, key=Key(tonic=3, mode="major"))
    assert "\\key" not in written(bar)


def test_ties_tuplets_rests_and_metres() -> None:
    third = Fraction(1, 3)
    triplet = [ScoreBeat(start=i * third, duration=third, notes=(note(0, i),)) for i in range(3)]
    tied = ScoreBeat(start=Fraction(1), duration=Fraction(3), notes=(note(3, 0),))
    bars = (
        TrackBar(beats=(*triplet, tied)),
        row(note(3, 0, tied=True), of="4"),
        row(None, of="4"),
    )
    assert music(*bars) == ["\\tuplet 3/2 { e,8\\6 f,8\\6 fis,8\\6 } g2.\\3~", "g1\\3", "R1*1"]


def test_techniques() -> None:
    muted, ringing = frozenset({"palm_mute"}), frozenset({"let_ring"})
    up = tuple(CurvePoint(at=Fraction(i, 2), cents=c) for i, c in enumerate((0, 200, 200)))
    assert music(
        row(note(5, 5, hammer=True), note(5, 7), note(4, 5, slides=frozenset({"shift"})), note(4, 7)),
        row(*(note(0, i, techniques=muted) for i in range(3)), note(0, 3, techniques=ringing)),
        row(note(2, 7, bend=up), note(3, 12, techniques=frozenset({"harmonic"})), None, None),
        row(
            (note(0, 1, techniques=frozenset({"dead"})), note(1, 3, techniques=frozenset({"vibrato"}))),
            of="4",
        ),
    ) == [
        "a'4\\1\\=5( b'4\\1\\=5)\\hammerOn "
        "\\once \\set glissandoMap = #'((0 . 0)) e'4\\2\\glissando fis'4\\2",
        "e,4\\6\\palmMuteStart f,4\\6 fis,4\\6\\spanStop g,4\\6\\letRing",
        'a4\\4\\bendUp\\bendText "full" <g\'\\3\\harmonic>4 r4 r4',
        "<\\deadNote f,\\6 c\\5>1\\vibratoStart <>\\vibratoStop",
    ]


def test_bends_of_a_chord_are_one_curve_with_every_height() -> None:
    def bend(*cents: float) -> tuple[CurvePoint, ...]:
        return tuple(CurvePoint(at=Fraction(i, 2), cents=c) for i, c in enumerate(cents))

    both = row((note(2, 7, bend=bend(200, 0)), note(3, 7, bend=bend(0, 100))), None, None, None)
    assert music(both)[0].startswith('<a\\4 d\'\\3>4\\bendUp\\bendText "PB full R"\\bendText "1/2"')
    fall = row(note(2, 7, bend=bend(200, 0)), None, None, None)
    assert music(fall)[0].startswith('a4\\4\\bendDown\\bendText "PB full R"')


def test_a_slide_over_other_notes_is_a_word() -> None:
    bar = row(note(4, 5, slides=frozenset({"shift"})), note(0, 0), note(4, 7), None)
    assert music(bar)[0].startswith("e'4\\2\\slideLater e,4\\6")


def test_a_hammer_on_over_other_notes_has_its_letter_and_no_slur() -> None:
    bar = row(note(4, 5, hammer=True), note(0, 0), note(4, 7), None)
    assert music(bar) == ["e'4\\2 e,4\\6 fis'4\\2\\hammerOn r4"]


def test_tempos_are_whole_numbers_and_exact_for_the_sound() -> None:
    text = written(
        row(note(0, 0), of="4"), tempos=((Fraction(0), 90.5), (Fraction(1), 91.0), (Fraction(2), 140.0))
    )
    line = next(line.strip() for line in text.splitlines() if "\\time" in line)
    sound = "\\set Score.tempoWholesPerMinute = #(ly:make-moment {})"
    assert line == " ".join(
        [
            "\\time 4/4 \\tempo 4 = 90", sound.format("181/8"), "s1*1/4", sound.format("91/4"), "s1*1/4",
            "\\tempo 4 = 140", sound.format("35/1"), "s1*1/2 |",
        ]
    )  # fmt: skip


def test_no_chord_is_a_rest_among_the_chords_and_other_words_stand_over_the_staff() -> None:
    names = ("Am7", "N.C.", "Zork", "D/F#")
    beats = (
        ScoreBeat(start=Fraction(i), duration=Fraction(1), notes=(note(0, 0),), chord=name)
        for i, name in enumerate(names)
    )
    text = written(TrackBar(beats=tuple(beats)))
    chords = text.partition("chordNames = \\chordmode {\n")[2].partition("\n}")[0].split()
    assert chords == ["a1*1/4:m7", "r1*1/4", "s1*1/4", "d1*1/4/+fis"]
    assert '<>^"Zork"' in text


def test_text_from_outside_stays_text() -> None:
    nasty = '"} \\include "x" #(system "touch pwned") \\\\ $(ls)\x00\n%{'
    beat = ScoreBeat(start=Fraction(0), duration=Fraction(4), notes=(note(0, 0),), chord='"#(exit)"')
    text = written(TrackBar(beats=(beat,)), title=nasty, artist=nasty)
    inside = r'"\"} \\include \"x\" #(system \"touch pwned\") \\\\ $(ls) %{"'
    assert f"title = {inside}\n  composer = {inside}\n" in text
    assert r'<>^"\"#(exit)\""' in text
    without = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    assert "touch" not in without
    assert "exit" not in without


@pytest.mark.parametrize("seed", range(3))
def test_the_same_score_gives_the_same_text(seed: int) -> None:
    made = tab_to_score(random_tab(seed))
    assert render_lilypond(made) == render_lilypond(made)


# --- with LilyPond -----------------------------------------------------------------------------------

N_OF_EACH = n_tabs(16) // 2


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Score, list[str], mido.MidiFile]]:
    """Score, the tab's heads and the sound as LilyPond has them, of random tabs."""
    lilypond()
    tabs = [*wild_tabs(N_OF_EACH), *(random_tab(seed) for seed in range(N_OF_EACH))]
    scores = [tab_to_score(tab) for tab in tabs]
    read = read_with_lilypond(scores, tmp_path_factory.mktemp("lilypond"))
    return [(made, heads, sound) for made, (heads, sound) in zip(scores, read, strict=True)]


@pytest.mark.slow
def test_lilypond_puts_the_frets_where_the_score_has_them(compiled: list) -> None:
    for made, heads, _ in compiled:
        assert heads == written_heads(made)
    assert sum(len(heads) for _, heads, _ in compiled) > 30 * len(compiled)


@pytest.mark.slow
def test_lilypond_plays_the_pitches_at_their_beats(compiled: list) -> None:
    for made, _, sound in compiled:
        assert np.array(struck(sound)) == pytest.approx(np.array(written_strikes(made)), abs=0.01)


@pytest.mark.slow
def test_lilypond_plays_the_tempos(compiled: list) -> None:
    for made, _, sound in compiled:
        asked = [bpm for bar in made.bars for _, bpm in bar.tempos if bpm < 1000]
        played = [mido.tempo2bpm(m.tempo) for t in sound.tracks for m in t if m.type == "set_tempo"]
        assert all(min(abs(bpm - other) for other in played) <= 1 for bpm in asked)  # it rounds them


@pytest.mark.slow
def test_lilypond_plays_the_tones_of_every_chord_symbol(tmp_path: Path) -> None:
    symbols = [ChordSymbol(root="Bb", quality=q, bass=bass) for q in QUALITIES for bass in (None, "A")]
    bars = [
        row(ScoreBeat(start=Fraction(0), duration=Fraction(4), notes=(note(0, 3),), chord=str(s)))
        for s in symbols
    ]
    text = written(*bars) + "\\score { \\new Staff \\chordNames \\midi { } }\n"
    (tmp_path / "chords.ly").write_text(text, encoding="utf-8")
    command = [lilypond(), "-dno-print-pages", "--loglevel=WARN", "chords.ly"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (run.returncode, run.stderr.strip()) == (0, "")
    played: dict[str, set[int]] = {str(symbol): set() for symbol in symbols}
    for pitch, quarters in struck(mido.MidiFile(tmp_path / "chords-1.midi")):
        played[str(symbols[int(quarters // 4)])].add(pitch % 12)
    assert played == {str(symbol): set(symbol.pitch_classes) for symbol in symbols}

"""Guitar Pro 5 files that we write: as we read them, as PyGuitarPro and alphaTab do."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import guitarpro
import pytest
from hypothesis import Phase, given, settings

from alphatab import alphatab_folder, read_with_alphatab
from fretscribe.errors import OutputError
from fretscribe.io.formats import losses_of, read_tab, render_tab, write_tab
from fretscribe.io.guitar_pro_reader import parse_guitar_pro
from fretscribe.io.guitar_pro_writer import gp5_losses, render_gp5
from fretscribe.io.key_signatures import fifths_of_key
from fretscribe.io.score import CurvePoint, Score, ScoreBeat, ScoreNote
from fretscribe.io.score_links import link_notes
from fretscribe.io.tab_to_score import tab_to_score
from fretscribe.music import BeatGrid, Chord, Key, Tab, Tuning
from fretscribe.result import Transcription
from random_tabs import n_tabs, random_tab
from strategies import tab_note, tab_of, tabs

N_WILD, N_MUSICAL = 60, 140
TICKS = 0.02
"""alphaTab counts 960 ticks a quarter note and rounds tuplets down."""


def _wild_tabs(n: int) -> list[Tab]:
    """What hypothesis makes: valid, and like no music at all."""
    found: list[Tab] = []

    @settings(max_examples=2 * n, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    @given(tabs())
    def collect(tab: Tab) -> None:
        if tab.tuning.n_strings <= 7:
            found.append(tab)

    collect()
    assert len(found) >= n
    return found[:n]


def _musical_tabs(n: int) -> list[Tab]:
    made = (random_tab(seed) for seed in itertools.count())
    return list(itertools.islice((tab for tab in made if tab.tuning.n_strings <= 7), n))


def _held(note: ScoreNote) -> ScoreNote:
    """A note as Guitar Pro 5 holds it, but for its velocity."""
    bend = {
        round(p.at * 12): float(min(max(round(p.cents / 50), 0), 12) * 50) for p in note.bend
    }  # the last of several at one twelfth counts
    curve = tuple(CurvePoint(at=Fraction(at, 12), cents=cents) for at, cents in sorted(bend.items()))
    techniques = note.techniques - {"dead"} if note.tied else note.techniques
    return replace(note, bend=curve if any(bend.values()) else (), techniques=techniques, pitch=None)


def _dynamics(score: Score) -> list[int]:
    """Of each beat: the nearest of eight to its loudest note, held until one is a whole step off."""
    dynamics, now = [], 0
    for bar in score.tracks[0].bars:
        for beat in bar.beats:
            struck = [n.velocity for n in beat.notes if not n.tied]
            if struck and (not now or abs(max(struck) - now) >= 16):
                now = min(range(15, 128, 16), key=lambda d: (abs(d - max(struck)), -d))
            dynamics.append(now)
    return dynamics


def _beats(score: Score, *, held: bool) -> Iterator[tuple[int, ScoreBeat]]:
    for i, bar in enumerate(score.tracks[0].bars):
        for beat in bar.beats:
            notes = [replace(_held(n) if held else n, velocity=0) for n in beat.notes]
            notes.sort(key=lambda n: -1 if n.string is None else n.string)
            yield i, replace(beat, notes=tuple(notes))


def _check_bars(score: Score, back: Score) -> None:
    tempo = 0.0
    for bar, other in zip(score.bars, back.bars, strict=True):
        assert (other.length, other.beat_unit) == (bar.length, bar.beat_unit)
        assert other.length == Fraction(4 * other.beats_per_bar, other.beat_unit)
        assert other.key == (bar.key or Key(tonic=0, mode="major"))
        theirs = {round(t) for _, t in other.tempos}
        assert {min(max(round(t), 1), 999) for _, t in bar.tempos} | {tempo} >= theirs
        tempo = other.tempos[-1][1] if other.tempos else tempo
    assert back.bars[0].tempos[0][0] == 0


@pytest.mark.parametrize("kind", ["musical", pytest.param("wild", marks=pytest.mark.slow)])
def test_our_reader_gives_back_the_score(kind: str) -> None:
    for tab in _musical_tabs(n_tabs(30)) if kind == "musical" else _wild_tabs(n_tabs(20)):
        score = tab_to_score(tab)
        back = parse_guitar_pro(render_gp5(score), "song.gp5")
        (track,), (other,) = score.tracks, back.tracks
        assert (other.open_pitches, other.capo, other.n_frets) == (
            track.open_pitches, track.capo, track.n_frets,
        )  # fmt: skip
        assert (other.name, other.kind, other.program) == (track.name, track.kind, track.program)
        assert list(_beats(back, held=False)) == list(_beats(score, held=True))
        velocities = [{n.velocity for n in beat.notes} for bar in other.bars for beat in bar.beats]
        for dynamic, found in zip(_dynamics(score), velocities, strict=True):
            assert found <= {dynamic}
        _check_bars(score, back)
        assert not any(back.left_out.values())


def test_the_same_tab_gives_the_same_bytes() -> None:
    tab = random_tab(3)
    assert render_tab(tab, "gp5") == render_tab(tab, "gp5")


def test_a_file_and_its_tab(tmp_path: Path) -> None:
    tuning = Tuning(capo=2)
    tab = tab_of(
        tab_note(1, 3, 0, tuning=tuning),
        tab_note(1, 5, 1, "hammer_on", tuning=tuning),
        tab_note(2, 5, 2, "palm_mute", tuning=tuning),
        tuning=tuning,
        chords=(Chord(start_s=0.0, end_s=2.0, name="Am7"),),
        key=Key(tonic=9, mode="minor"),
        title="Lied",
    )
    write_tab(tab, tmp_path / "song.gp5")
    back = read_tab(tmp_path / "song.gp5").tab
    assert [(n.position, n.onset_beats, n.techniques) for n in back.notes] == [
        (n.position, n.onset_beats, n.techniques) for n in tab.notes
    ]
    assert (back.tuning.capo, back.key, back.title) == (2, tab.key, "Lied")
    assert [c.name for c in back.chords] == ["Am7"]


def test_notes_are_notes_and_silent_bars_are_rests() -> None:
    score = tab_to_score(tab_of(tab_note(0, 3, 0), tab_note(0, 5, 12)))
    song = guitarpro.parse(io.BytesIO(render_gp5(score)))
    (track,) = song.tracks
    assert [s.value for s in track.strings] == [64, 59, 55, 50, 45, 40]
    statuses = [[b.status.name for b in m.voices[0].beats] for m in track.measures]
    assert statuses[0] == ["normal", "rest", "rest", "rest"]
    assert statuses[1:3] == [["rest"], ["rest"]]
    (note,) = track.measures[0].voices[0].beats[0].notes
    assert (note.type.name, note.string, note.value) == ("normal", 6, 3)


def test_eight_strings_are_refused() -> None:
    tuning = Tuning(open_pitches=(30, 35, 40, 45, 50, 55, 59, 64))
    with pytest.raises(OutputError, match="at most 7 strings, not 8") as caught:
        render_tab(tab_of(tab_note(0, 0, 0, tuning=tuning), tuning=tuning), "gp5")
    assert "musicxml" in caught.value.mend


def test_bars_of_more_beats_than_a_byte_holds_are_refused() -> None:
    beats = BeatGrid(beat_times_s=(0.0, 0.1), downbeats=(0,), beats_per_bar=200, beat_unit=16)
    with pytest.raises(OutputError, match="at most 127 beats a bar"):
        render_tab(tab_of(tab_note(0, 0, 0), beats=beats), "gp5")


def test_what_does_not_fit_is_said() -> None:
    plain = tab_of(tab_note(0, 0, 0))
    assert losses_of(Transcription(tab=plain), "gp5") == ""
    assert losses_of(Transcription(tab=plain), "json") == ""
    strange = replace(plain, title="練習", chords=(Chord(start_s=0.0, end_s=1.0, name="C" * 30),))
    assert gp5_losses(tab_to_score(strange)) == ("2 texts with signs outside code page 1252, or too long",)
    assert parse_guitar_pro(render_tab(strange, "gp5"), "x").title == "??"


Pairs = list[tuple[Score, dict[str, Any]]]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    """200 random tabs: the score, and what alphaTab reads from its file."""
    alphatab_folder()
    folder = tmp_path_factory.mktemp("gp5")
    scores = [tab_to_score(tab) for tab in (*_wild_tabs(N_WILD), *_musical_tabs(N_MUSICAL))]
    paths = [folder / f"{i}.gp5" for i in range(len(scores))]
    for path, score in zip(paths, scores, strict=True):
        path.write_bytes(render_gp5(score))
    return list(zip(scores, read_with_alphatab(paths), strict=True))


@pytest.mark.slow
def test_alphatab_reads_the_same_bars(pairs: Pairs) -> None:
    for score, read in pairs:
        assert "error" not in read
        (track,) = score.tracks
        (staff,) = read["tracks"][0]["staves"]
        assert (tuple(staff["tuning"]), staff["capo"]) == (track.open_pitches, track.capo)
        assert read["bars"][0]["tempos"][0] == [0, min(round(score.bars[0].tempos[0][1]), 999)]
        for bar, theirs in zip(score.bars, read["bars"], strict=True):
            assert theirs["length"] == pytest.approx(float(bar.length), abs=TICKS)
            assert theirs["denominator"] == bar.beat_unit
            fifths = 0 if bar.key is None else fifths_of_key(bar.key)
            assert theirs["key"][0] == fifths


SLIDES = {"legato": "slide Legato", "in_below": "slide IntoFromBelow"}


def _ways(note: ScoreNote) -> set[str]:
    held = _held(note)
    ways = {t for t in held.techniques if t != "harmonic"} | {SLIDES[s] for s in held.slides}
    ways |= {"harmonic Natural"} if "harmonic" in held.techniques else set()
    return ways | ({"hammer"} if held.hammer else set())


@pytest.mark.slow
def test_alphatab_reads_the_same_beats_and_notes(pairs: Pairs) -> None:
    n_notes = 0
    for score, read in pairs:
        mine = [(bar, b) for bar, inside in enumerate(link_notes(score.tracks[0])) for b in inside]
        for (bar, linked), theirs in zip(mine, read["beats"], strict=True):
            beat = linked.beat
            assert theirs[:2] == [bar, 0]
            assert theirs[2:4] == pytest.approx([float(beat.start), float(beat.duration)], abs=TICKS)
            assert theirs[4] == beat.chord
            for note, (string, fret, tied, ways) in zip(linked.notes, sorted(theirs[6]), strict=True):
                assert (string, fret, tied) == (note.string, note.fret, note.tie_stop)
                # What leads to no note, or to a distant one, alphaTab leaves out.
                optional = set() if note.leads and note.leads_at_once else {"hammer", "slide Legato"}
                assert set(ways) | optional == _ways(note.note) | optional
                n_notes += 1
    assert n_notes > 5000


@pytest.mark.slow
def test_alphatab_reads_the_same_bends(pairs: Pairs) -> None:
    n_bends = 0
    for score, read in pairs:
        mine = [_held(n) for _, beat in _beats(score, held=False) for n in reversed(beat.notes)]
        for note, (*_, points, _) in zip(mine, read["notes"], strict=True):
            if not note.bend:
                assert not points
                continue
            n_bends += 1
            assert points[0][1] == note.bend[0].cents
            assert points[-1][1] == note.bend[-1].cents
    assert n_bends > 200

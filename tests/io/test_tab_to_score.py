"""Tabs engraved as scores: what writers rely on, what it looks like, and what comes back from the score."""

from __future__ import annotations

import dataclasses
import math
import os
import sys
from collections import Counter, defaultdict
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings

from fretscribe.errors import InputError, OutputError
from fretscribe.io.formats import losses_of
from fretscribe.io.score import Score
from fretscribe.io.score_tempo import TEMPO_TOLERANCE_S
from fretscribe.io.score_to_tab import score_to_tab
from fretscribe.io.tab_to_score import tab_to_score, told_losses
from fretscribe.io.written_values import spell_duration
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
from fretscribe.pipeline.importing import import_tab
from fretscribe.result import Transcription
from random_tabs import random_tab
from strategies import tab_note, tab_of, tabs

TUPLETS = ((1, 1), (3, 2), (5, 4), (7, 4))
DATA = Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data"))
SCORES = DATA / "tabs" / "gp"


def check_contract(score: Score) -> None:
    """What the docstring of `tab_to_score` promises of every score."""
    (track,) = score.tracks
    assert len(track.bars) == len(score.bars) >= 1
    assert score.bars[0].tempos[0][0] == 0
    for i, (bar, inside) in enumerate(zip(score.bars, track.bars, strict=True)):
        metre = Fraction(4 * bar.beats_per_bar, bar.beat_unit)
        assert bar.length == metre or (i == 0 and bar.length < metre)
        at = Fraction(0)
        for beat in inside.beats:
            value = spell_duration(beat.duration)
            assert value is not None
            assert value.dots <= 1
            assert value.tuplet in TUPLETS
            strings = [n.string for n in beat.notes]
            assert strings == sorted(set(strings))
            assert len({n.tied for n in beat.notes}) <= 1
            assert (beat.start, beat.voice, beat.grace) == (at, 0, None)
            at += beat.duration
        assert at == bar.length
        _check_tuplets(Fraction(4, bar.beat_unit), [(b.start, b.duration) for b in inside.beats])


def _check_tuplets(beat: Fraction, values: list[tuple[Fraction, Fraction]]) -> None:
    """Tuplets fill a beat, or a half of one."""
    group_end = Fraction(0)
    for start, duration in values:
        value = spell_duration(duration)
        assert value is not None
        if start < group_end:
            assert value.tuplet != (1, 1)
            continue
        if value.tuplet == (1, 1):
            continue
        assert (start / beat * 2).denominator == 1
        length = Fraction(0)
        for other, more in values:
            if other >= start and length not in (beat, beat / 2):
                length += more
        assert length in (beat, beat / 2)
        group_end = start + length


@settings(max_examples=40, deadline=None)
@given(tabs())
def test_every_valid_tab_can_be_written(tab: Tab) -> None:
    score = tab_to_score(tab)
    check_contract(score)
    back = score_to_tab(score).tab
    assert back.tuning.open_pitches == tab.tuning.open_pitches
    assert back.tuning.capo == tab.tuning.capo
    assert back.key == tab.key
    assert _by_string(back) == _by_string(tab)


def _by_string(tab: Tab) -> dict[int, list[int]]:
    """The frets of each string in their order."""
    frets = defaultdict(list)
    for n in tab.notes:
        frets[n.position.string].append(n.position.fret)
    return frets


@pytest.mark.parametrize("seed", range(40))
def test_music_survives(seed: int) -> None:
    """The tab comes back from the score: strings, frets, beats, techniques, times, chords."""
    tab = random_tab(seed)
    score = tab_to_score(tab)
    check_contract(score)
    back = score_to_tab(score).tab
    assert tab.beats is not None
    assert back.beats is not None
    assert (back.tuning.open_pitches, back.tuning.capo) == (tab.tuning.open_pitches, tab.tuning.capo)
    assert (back.key, back.title) == (tab.key, tab.title)
    assert (back.beats.beats_per_bar, back.beats.beat_unit) == (
        tab.beats.beats_per_bar,
        tab.beats.beat_unit,
    )
    for beat in range(len(tab.beats.beat_times_s)):
        wanted = tab.beats.time_at(beat) - tab.beats.beat_times_s[0]
        assert back.beats.time_at(beat) == pytest.approx(wanted, abs=TEMPO_TOLERANCE_S + 1e-6) or (
            beat >= len(back.beats.beat_times_s)
        )
    mine = sorted(tab.notes, key=lambda n: (n.position.string, n.onset_beats))
    theirs = sorted(back.notes, key=lambda n: (n.position.string, n.onset_beats))
    plain = _plain_beats(tab)
    before: TabNote | None = None
    for n, other in zip(mine, theirs, strict=True):
        assert n.onset_beats is not None
        assert other.onset_beats is not None
        assert n.position == other.position
        assert n.note.velocity == other.note.velocity
        if math.floor(n.onset_beats) in plain:
            assert other.onset_beats == n.onset_beats
        assert abs(other.onset_beats - n.onset_beats) <= Fraction(1, 6)
        same_string = before is not None and before.position.string == n.position.string
        expected = _techniques_that_survive(n, before if same_string else None)
        assert expected <= other.techniques <= expected | {"let_ring"}
        before = n


def _plain_beats(tab: Tab) -> set[int]:
    """Beats whose onsets are all sixteenths or all thirds: those can be written."""
    inside: dict[int, set[int]] = defaultdict(set)
    for n in tab.notes:
        assert n.onset_beats is not None
        inside[math.floor(n.onset_beats)].add(n.onset_beats.denominator)
    return {beat for beat, found in inside.items() if found <= {1, 2, 4} or found <= {1, 3}}


def _techniques_that_survive(note: TabNote, before: TabNote | None) -> set[Technique]:
    expected = set(note.techniques)
    if expected & {"hammer_on", "pull_off"}:
        expected -= {"hammer_on", "pull_off"}
        if before is not None:
            expected.add("hammer_on" if note.position.fret >= before.position.fret else "pull_off")
    if not any(p.cents for p in note.note.bend):
        expected -= {"bend"}
    return expected


def _line(*notes: tuple[str, str], metre: str = "4/4", downbeat: int = 0, **more: object) -> Tab:
    """Notes on ascending strings: (onset, duration) in beats, at 120 a minute."""
    per_bar, unit = (int(n) for n in metre.split("/"))
    made = []
    for i, (onset, duration) in enumerate(notes):
        note = tab_note(i % 6, 2, max(Fraction(onset), Fraction(0)))
        made.append(dataclasses.replace(note, onset_beats=Fraction(onset), duration_beats=Fraction(duration)))
    beats = BeatGrid(
        beat_times_s=tuple(i / 2 for i in range(40)),
        downbeats=tuple(range(downbeat, 40, per_bar)),
        beats_per_bar=per_bar,
        beat_unit=unit,
    )
    return tab_of(*made, **({"beats": beats} | more))


HEADS = {1: "w", 2: "h", 4: "q", 8: "8", 16: "16", 32: "32", 64: "64"}


def _drawn(score: Score) -> str:
    """Values as ``q. 8/3 r8 ~h``: dots, tuplets, rests, ties; bars between bar lines."""
    bars = []
    for bar in score.tracks[0].bars:
        signs = []
        for beat in bar.beats:
            value = spell_duration(beat.duration)
            assert value is not None
            sign = HEADS[value.head] + "." * value.dots
            sign += f"/{value.tuplet[0]}" if value.tuplet[0] > 1 else ""
            signs.append(("~" if beat.notes and beat.notes[0].tied else "" if beat.notes else "r") + sign)
        bars.append(" ".join(signs))
    return " | ".join(bars)


@pytest.mark.parametrize(
    ("notes", "metre", "drawn"),
    [
        # Lengths.
        ([("0", "4")], "4/4", "w"),
        ([("0", "7")], "4/4", "w | ~h. rq"),
        ([("0", "5/2"), ("5/2", "3/2")], "4/4", "h ~8 q."),
        ([("0", "1"), ("1", "2"), ("3", "1")], "4/4", "q h q"),
        ([("0", "1/2"), ("1/2", "1"), ("3/2", "1"), ("5/2", "3/2")], "4/4", "8 q 8 ~8 q."),
        ([("0", "3/4"), ("3/4", "1"), ("7/4", "9/4")], "4/4", "8. 16 ~8. 16 ~h"),
        ([("0", "1/4"), ("1/4", "1/2"), ("3/4", "1/4"), ("1", "3")], "4/4", "16 8 16 h."),
        # Metres.
        ([("0", "3/2"), ("3/2", "3/2")], "3/4", "q. q."),
        ([("1/2", "2"), ("5/2", "1/2")], "3/4", "r8 8 ~q. 8"),
        ([("0", "2"), ("2", "2"), ("4", "2")], "6/8", "q 8 ~8 q"),
        ([("0", "3"), ("3", "1"), ("4", "2")], "6/8", "q. 8 q"),
        ([("0", "6")], "6/8", "h."),
        ([("0", "9")], "12/8", "h. ~q. rq."),
        ([("0", "5")], "5/4", "h. ~h"),
        ([("0", "1"), ("1", "1")], "2/2", "h h"),
        ([("0", "2"), ("2", "5")], "7/8", "q q ~q."),
        # Tuplets.
        ([("0", "1/3"), ("1/3", "1/3"), ("2/3", "1/3"), ("1", "3")], "4/4", "8/3 8/3 8/3 h."),
        ([("0", "2/3"), ("2/3", "1/3"), ("1", "2/3"), ("5/3", "7/3")], "4/4", "q/3 8/3 q/3 8/3 ~h"),
        ([("0", "1/2"), ("1/2", "1/6"), ("2/3", "1/6"), ("5/6", "1/6")], "2/4", "8 16/3 16/3 16/3 rq"),
        ([(f"{i}/5", "1/5") for i in range(5)], "1/4", "16/5 16/5 16/5 16/5 16/5"),
        ([("0", "3/7"), ("3/7", "4/7")], "1/4", "8./7 q/7"),
        ([("0", "2/3"), ("2/3", "2/3"), ("4/3", "2/3")], "2/4", "q/3 8/3 ~8/3 q/3"),
        ([("1/3", "1/3"), ("1", "1/2")], "2/4", "r8/3 8/3 r8/3 8 r8"),
        # Silences.
        ([("0", "1/2"), ("1", "1/2"), ("2", "2")], "4/4", "8 r8 8 r8 h"),
        ([("0", "3/4"), ("1", "3/5"), ("2", "2")], "4/4", "q q h"),
        ([("0", "1/4"), ("1/2", "1/4"), ("1", "3")], "4/4", "8 8 h."),
        ([("0", "1/10"), ("3", "1")], "4/4", "8 r8 rq rq q"),
        ([("0", "1"), ("12", "4")], "4/4", "q rq rh | rw | rw | w"),
        ([("2", "2")], "4/4", "rh h"),
        ([("1", "1"), ("4", "1")], "3/4", "rq q rq | rq q rq"),
        ([("7/2", "1/2")], "4/4", "rh rq r8 8"),
        # Finer than the metre shows, and off every raster.
        ([("0", "1/8"), ("1/8", "1/8"), ("1/4", "3/4")], "1/4", "32 32 8."),
        ([("0", "4/9"), ("4/9", "5/9")], "1/4", "8./7 q/7"),
    ],
)
def test_rhythms_read_like_published_tab(notes: list, metre: str, drawn: str) -> None:
    score = tab_to_score(_line(*notes, metre=metre))
    check_contract(score)
    assert _drawn(score) == drawn


def test_a_pick_up_is_a_short_bar_that_ends_on_the_downbeat() -> None:
    score = tab_to_score(_line(("1/2", "1/2"), ("1", "4"), downbeat=1))
    assert _drawn(score) == "r8 8 | w"
    assert [(bar.beats_per_bar, bar.length) for bar in score.bars] == [(4, 1), (4, 4)]
    early = tab_to_score(_line(("-3/2", "3/2"), ("0", "4")))
    assert _drawn(early) == "r8 q. | w"
    assert early.bars[0].length == 2


def test_bars_of_other_lengths_have_their_own_metre() -> None:
    beats = BeatGrid(beat_times_s=tuple(i / 2 for i in range(12)), downbeats=(0, 4, 7))
    score = tab_to_score(_line(("0", "4"), ("4", "3"), ("7", "4"), beats=beats))
    assert [bar.beats_per_bar for bar in score.bars] == [4, 3, 4]
    assert _drawn(score) == "w | h. | w"


def test_a_tab_without_notes_is_a_bar_of_silence() -> None:
    assert _drawn(tab_to_score(Tab(tuning=Tuning(), notes=()))) == "rw"
    assert _drawn(tab_to_score(_line(metre="5/4"))) == "rh. rh"


def test_without_beats_notes_stand_at_sixteenths_of_a_steady_120() -> None:
    notes = [
        TabNote(
            note=Note(onset_s=onset_s, offset_s=onset_s + 0.3, pitch=64),
            position=Position(string=5, fret=0),
            onset_beats=Fraction(5, 7),
            duration_beats=Fraction(1),
        )
        for onset_s in (0.01, 0.49, 1.13)
    ]
    score = tab_to_score(Tab(tuning=Tuning(), notes=tuple(notes)))
    assert _drawn(score) == "q 8 r8 r16 8. rq"
    starts = [b.start for b in score.tracks[0].bars[0].beats if b.notes and not b.notes[0].tied]
    assert starts == [0, 1, Fraction(9, 4)]
    assert score.bars[0].tempos == ((Fraction(0), 120.0),)


def test_notes_that_are_not_quantised_stand_at_the_nearest_quarter_of_a_beat() -> None:
    notes = [dataclasses.replace(tab_note(0, i, i), onset_beats=None, duration_beats=None) for i in range(3)]
    moved = [
        dataclasses.replace(n, note=dataclasses.replace(n.note, onset_s=n.note.onset_s + 0.04)) for n in notes
    ]
    score = tab_to_score(tab_of(*moved))
    starts = [b.start for b in score.tracks[0].bars[0].beats if b.notes]
    assert starts == [0, 1, 2]


def test_notes_of_one_string_that_would_meet_follow_each_other() -> None:
    crowd = [dataclasses.replace(tab_note(0, i, i), onset_beats=Fraction(i, 100)) for i in range(5)]
    score = tab_to_score(tab_of(*crowd))
    check_contract(score)
    assert [n.fret for b in score.tracks[0].bars[0].beats for n in b.notes if not n.tied] == [0, 1, 2, 3, 4]
    assert told_losses(score) == ("4 notes moved to the nearest place that can be written",)


def test_what_rings_on_over_others_is_marked_let_ring() -> None:
    arpeggio = [("0", "4"), ("1/2", "7/2"), ("1", "3"), ("3/2", "1"), ("2", "2")]
    beats = tab_to_score(_line(*arpeggio)).tracks[0].bars[0].beats
    ringing = [bool(b.notes) and "let_ring" in b.notes[0].techniques for b in beats]
    assert ringing == [True, True, True, False, False]


def test_fewer_than_three_beats_that_ring_on_are_no_passage() -> None:
    pairs = [("0", "4"), ("1/2", "7/2"), ("1", "1/2"), ("3/2", "5/2"), ("2", "1/2"), ("5/2", "1/2")]
    notes = [n for bar in tab_to_score(_line(*pairs)).tracks[0].bars for b in bar.beats for n in b.notes]
    assert not any("let_ring" in n.techniques for n in notes)


def test_beats_drift_and_the_tempo_follows() -> None:
    times = [0.0]
    for i in range(63):  # from 100 to 140 beats a minute
        times.append(times[-1] + 60 / (100 + 40 * i / 63))
    beats = BeatGrid(beat_times_s=tuple(times), downbeats=tuple(range(0, 64, 4)))
    score = tab_to_score(_line(("0", "1"), ("63", "1"), beats=beats))
    back = score_to_tab(score).tab.beats
    assert back is not None
    errors = [abs(back.time_at(i) - times[i]) for i in range(64)]
    assert max(errors) <= TEMPO_TOLERANCE_S + 1e-6
    tempos = [tempo for bar in score.bars for _, tempo in bar.tempos]
    assert 3 <= len(tempos) <= 10
    assert tempos == sorted(tempos)


def test_chords_stand_at_the_nearest_beat_in_the_spelling_of_the_key() -> None:
    names = (("C", 0.05), ("A#7", 0.98), ("A#7", 1.2), ("F", 1.24), ("G", 1.3))
    chords = tuple(Chord(start_s=s, end_s=s + 0.1, name=name) for name, s in names)
    key = Key(tonic=5, mode="major")
    score = tab_to_score(_line(("0", "2"), ("2", "1/2"), ("5/2", "3/2"), chords=chords, key=key))
    assert [(str(b.start), b.chord) for b in score.tracks[0].bars[0].beats] == [
        ("0", "C"), ("2", "Bb7"), ("5/2", "F"),
    ]  # fmt: skip
    assert told_losses(score) == ("1 chord symbols without a beat of their own",)


def test_that_there_is_no_chord_is_said_between_chords_only() -> None:
    names = ("N.C.", "C", "N.C.", "G")
    chords = tuple(Chord(start_s=i / 2, end_s=i / 2 + 0.5, name=name) for i, name in enumerate(names))
    score = tab_to_score(_line(*((str(i), "1") for i in range(4)), chords=chords))
    assert [b.chord for b in score.tracks[0].bars[0].beats] == ["", "C", "N.C.", "G"]


def test_hammer_ons_and_slides_lead_from_the_note_before_on_the_string() -> None:
    score = tab_to_score(
        tab_of(
            tab_note(0, 3, 0),
            tab_note(1, 2, 1, "slide", "pull_off"),
            tab_note(0, 5, 2, "hammer_on"),
            tab_note(0, 7, 3, "slide"),
        )
    )
    notes = [n for b in score.tracks[0].bars[0].beats for n in b.notes]
    assert [(n.fret, n.hammer, set(n.slides)) for n in notes] == [
        (3, True, set()), (2, False, {"in_below"}), (5, False, {"legato"}), (7, False, set()),
    ]  # fmt: skip
    assert told_losses(score) == ("1 hammer-ons and pull-offs from no note",)


def _bent(*cents: float, duration: str = "4", onset: str = "2") -> Tab:
    note = tab_note(3, 7, Fraction(onset), "bend")
    points = tuple(BendPoint(time_s=0.125 * i / (len(cents) - 1), cents=c) for i, c in enumerate(cents))
    heard = dataclasses.replace(note.note, bend=points)
    return tab_of(dataclasses.replace(note, note=heard, duration_beats=Fraction(duration)))


def test_a_bend_goes_on_over_the_bar_line() -> None:
    score = tab_to_score(_bent(0, 200, 0))
    first, second = (n for bar in score.tracks[0].bars for b in bar.beats for n in b.notes)
    assert [(p.at, p.cents) for p in first.bend] == [(0, 0), (1, 200)]
    assert [(p.at, p.cents) for p in second.bend] == [(0, 200), (1, 0)]
    (back,) = score_to_tab(score).tab.notes
    assert [p.cents for p in back.note.bend if p.time_s > 0] == [200, 200, 0]


def test_bends_without_a_height_are_counted() -> None:
    tab = _bent(0, 0)
    assert told_losses(tab_to_score(tab)) == ("1 bends of unknown height",)
    assert "1 bends of unknown height" in losses_of(Transcription(tab=tab), "gp5")


def test_tied_parts_keep_what_goes_on_and_lead_on_from_the_last() -> None:
    long = dataclasses.replace(
        tab_note(2, 5, 0, "vibrato", "harmonic", "dead"), duration_beats=Fraction(5, 2)
    )
    score = tab_to_score(tab_of(long, tab_note(2, 7, Fraction(5, 2), "hammer_on")))
    first, second, _ = (n for b in score.tracks[0].bars[0].beats for n in b.notes)
    assert first.techniques == {"vibrato", "harmonic", "dead"}
    assert (second.tied, second.techniques, second.harmonic) == (True, {"vibrato"}, None)
    assert (first.hammer, second.hammer) == (False, True)


def test_bars_longer_than_a_score_may_have_are_refused() -> None:
    beats = BeatGrid(beat_times_s=(0.0, 0.5), downbeats=(0,), beats_per_bar=10**6)
    with pytest.raises(OutputError, match="more than 256 quarter notes"):
        tab_to_score(tab_of(tab_note(0, 0, 0), beats=beats))


@pytest.mark.parametrize("far", [1_000_000, 100_000])
def test_tabs_longer_than_a_score_may_be_are_refused(far: int) -> None:
    note = dataclasses.replace(tab_note(0, 0, 1), onset_beats=Fraction(far))
    with pytest.raises(OutputError, match=r"too long|the limit is"):
        tab_to_score(tab_of(tab_note(0, 0, 0), note))


@pytest.mark.slow
@pytest.mark.skipif(not SCORES.is_dir(), reason="the score files of the shared data are not on this machine")
def test_public_scores_are_engraved_as_they_were_written() -> None:
    """Onsets stay where other people's scores have them, but for graces and tuplets of 9 and more."""
    n_files, n_notes, n_same = 0, 0, 0
    for path in sorted(p for p in SCORES.rglob("*") if p.is_file()):
        try:
            tab = import_tab(path).tab
        except InputError:
            continue
        score = tab_to_score(tab)
        check_contract(score)
        mine, back = _onsets(tab), _onsets(score_to_tab(score).tab)
        n_files += 1
        n_notes += mine.total()
        n_same += (mine & back).total()
        assert back.total() == mine.total(), path
    sys.stdout.write(f"{n_same} of {n_notes} notes of {n_files} files keep their onset\n")
    assert n_files >= 300
    assert n_same >= 0.99 * n_notes


def _onsets(tab: Tab) -> Counter[tuple]:
    """String, fret and onset in quarter notes of all notes."""
    assert tab.beats is not None
    quarter = Fraction(4, tab.beats.beat_unit)
    return Counter(
        (n.position.string, n.position.fret, n.onset_beats * quarter)
        for n in tab.notes
        if n.onset_beats is not None
    )

"""``parse(write(tab))`` is the tab, on the grid.

On the grid: beats are steady from 0 s, whole bars of one metre; the tempo is a whole number; every onset is
a multiple of a half, third, quarter, sixth or eighth of a beat, one of these for each bar; and no text is
wider than its place, but that two-digit frets may stand next to each other. What a text tab does not say
(how long a note rings under later ones, velocities, confidence, the curve of a bend, the fret of a dead note)
is left out of the comparison.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.io.ascii_grid import columns_per_beat
from fretscribe.io.ascii_tab import write_ascii
from fretscribe.io.page_options import StringNames
from fretscribe.io.text_tab_reader import parse_text_tab
from fretscribe.music import BeatGrid, BendPoint, Note, Position, Tab, TabNote, Technique, Tuning
from fretscribe.tunings import NAMED_TUNINGS

_SIGNS: tuple[frozenset[Technique], ...] = tuple(
    frozenset(s)
    for s in (
        {"hammer_on"}, {"pull_off"}, {"slide"}, {"vibrato"}, {"dead"}, {"harmonic"}, {"bend"},
        {"hammer_on", "vibrato"}, {"slide", "dead"},
    )
)  # fmt: skip
_WIDE = {"vibrato", "harmonic", "bend"}
_READABLE = tuple(
    pitches for pitches in NAMED_TUNINGS.values() if all(b > a for a, b in itertools.pairwise(pitches))
)


@st.composite
def grid_tabs(draw: st.DrawFn) -> Tab:
    """Random tabs on the grid."""
    capo = draw(st.integers(0, 7))
    tuning = Tuning(open_pitches=draw(st.sampled_from(_READABLE)), n_frets=24 + capo, capo=capo)
    bpm = draw(st.integers(40, 240))
    beats_per_bar, beat_unit = draw(st.sampled_from([(4, 4), (3, 4), (2, 4), (6, 8), (5, 4), (12, 8)]))
    n_bars = draw(st.integers(1, 5))
    places: list[tuple[Fraction, bool]] = []
    for bar in range(n_bars):
        grid = draw(st.sampled_from([2, 3, 4, 6, 8]))
        drawn = draw(st.sets(st.integers(0, grid * beats_per_bar - 1), max_size=8))
        onsets = sorted(Fraction(column, grid) for column in drawn)
        columns = columns_per_beat(onsets, at_least=2 if beat_unit <= 4 else 1)
        for onset, following in itertools.pairwise([*onsets, Fraction(beats_per_bar)]):
            places.append((bar * beats_per_bar + onset, following - onset >= Fraction(3, columns)))
    notes = []
    for beat, roomy in places:
        spans = draw(st.sampled_from((frozenset(), frozenset(), {"palm_mute"}, {"let_ring"})))
        for string in sorted(draw(st.sets(st.integers(0, tuning.n_strings - 1), min_size=1, max_size=4))):
            techniques = draw(st.sampled_from((frozenset(), frozenset(), *_SIGNS)))
            if techniques & _WIDE and not roomy:
                techniques = frozenset()
            notes.append((beat, string, draw(st.integers(0, 24)), techniques | spans))
    return _tab(tuning, bpm, beats_per_bar, beat_unit, n_bars, notes, draw(st.sampled_from(["", "A song"])))


def _tab(
    tuning: Tuning,
    bpm: int,
    beats_per_bar: int,
    beat_unit: int,
    n_bars: int,
    notes: list[tuple[Fraction, int, int, frozenset[Technique]]],
    title: str,
) -> Tab:
    n_beats = n_bars * beats_per_bar + 1
    seconds = [i * 60.0 / bpm for i in range(n_beats)]
    beats = BeatGrid(
        beat_times_s=tuple(seconds),
        downbeats=tuple(range(0, n_beats, beats_per_bar)),
        beats_per_bar=beats_per_bar,
        beat_unit=beat_unit,
    )
    following: dict[int, Fraction] = {}
    made = []
    for beat, string, fret, techniques in reversed(notes):
        end = min(beat + 1, following.get(string, beat + 1))
        following[string] = beat
        position = Position(string=string, fret=0 if "dead" in techniques else fret)
        onset_s, offset_s = float(beat) * 60.0 / bpm, float(end) * 60.0 / bpm
        bend = (BendPoint(time_s=0.01, cents=200.0),) if "bend" in techniques else ()
        made.append(
            TabNote(
                note=Note(onset_s=onset_s, offset_s=offset_s, pitch=tuning.pitch(position), bend=bend),
                position=position,
                onset_beats=beat,
                duration_beats=end - beat,
                techniques=techniques,
            )
        )
    return Tab(tuning=tuning, notes=tuple(reversed(made)), beats=beats, title=title)


def said(tab: Tab) -> list[object]:
    """What a text tab says of notes."""
    return [
        (
            n.onset_beats,
            n.position,
            n.note.pitch,
            n.techniques,
            max((p.cents for p in n.note.bend), default=0.0),
        )
        for n in tab.notes
    ]


@settings(max_examples=200)
@given(grid_tabs(), st.sampled_from([60, 80, 120, 400]))
def test_parse_write(tab: Tab, columns: int) -> None:
    text = write_ascii(tab, columns=columns)
    parsed = parse_text_tab(text)
    assert said(parsed.tab) == said(tab), text
    assert parsed.tab.tuning == tab.tuning
    assert parsed.tab.title == (tab.title if tab.notes or tab.title else "")
    assert parsed.not_understood == ()
    if tab.notes:
        assert tab.beats is not None
        assert parsed.tab.beats is not None
        assert parsed.tab.beats.tempo_bpm == pytest.approx(tab.beats.tempo_bpm)
        assert parsed.tab.beats.beats_per_bar == tab.beats.beats_per_bar
        assert parsed.tab.beats.beat_unit == tab.beats.beat_unit
        assert parsed.timing.tempo_from == "header"


@st.composite
def one_voice_tabs(draw: st.DrawFn) -> Tab:
    """Tabs from beat 0 with a pick-up and tuplets; notes last to the next onset, or to a quarter rest."""
    beats_per_bar, beat_unit = draw(st.sampled_from([(4, 4), (3, 4), (6, 8)]))
    pickup, n_bars = draw(st.integers(0, beats_per_bar - 1)), draw(st.integers(1, 4))
    n_beats = pickup + n_bars * beats_per_bar
    places: list[Fraction] = []
    for beat in range(n_beats):
        parts = draw(st.sampled_from([1, 2, 3, 4] if beat_unit == 4 else [1, 2]))
        inside = draw(st.sets(st.integers(0, parts - 1), max_size=3)) | ({0} if beat == 0 else set())
        places += [Fraction(beat) + Fraction(i, parts) for i in sorted(inside)]
    bpm = draw(st.integers(40, 240))
    made = []
    for onset, following in itertools.pairwise([*places, Fraction(n_beats)]):
        ends = [Fraction(b) for b in range(int(onset) + 1, int(following) + 1)]
        if (
            onset == places[-1]
        ):  # the tab ends with the bar of its last note, which swallows shorter rests too
            to_go = {e: (pickup - e) % beats_per_bar for e in ends}
            end = draw(st.sampled_from([e for e in ends if not to_go[e] or to_go[e] >= beat_unit // 4]))
        else:
            end = draw(st.sampled_from([e for e in ends if e <= following - beat_unit // 4] + [following]))
        for string in sorted(draw(st.sets(st.integers(0, 5), min_size=1, max_size=3))):
            position = Position(string=string, fret=draw(st.integers(0, 22)))
            onset_s, offset_s = float(onset) * 60.0 / bpm, float(end) * 60.0 / bpm
            made.append(
                TabNote(
                    note=Note(onset_s=onset_s, offset_s=offset_s, pitch=Tuning().pitch(position)),
                    position=position,
                    onset_beats=onset,
                    duration_beats=end - onset,
                )
            )
    beats = BeatGrid(
        beat_times_s=tuple(i * 60.0 / bpm for i in range(n_beats + 1)),
        downbeats=tuple(range(pickup, n_beats + 1, beats_per_bar)),
        beats_per_bar=beats_per_bar,
        beat_unit=beat_unit,
    )
    return Tab(tuning=Tuning(), notes=tuple(made), beats=beats)


@settings(max_examples=200, deadline=None)
@given(one_voice_tabs(), st.sampled_from([60, 80, 400]), st.sampled_from(["letters", "pitches", "numbers"]))
def test_note_values_survive(tab: Tab, columns: int, string_names: StringNames) -> None:
    text = write_ascii(tab, columns=columns, string_names=string_names)
    read = parse_text_tab(text).tab
    drawn = [(n.onset_beats, n.duration_beats, n.position, pytest.approx(n.note.onset_s)) for n in read.notes]
    assert drawn == [(n.onset_beats, n.duration_beats, n.position, n.note.onset_s) for n in tab.notes], text
    assert tab.beats is not None
    assert read.beats is not None
    last = max(n.onset_beats for n in tab.notes)
    assert {d for d in tab.beats.downbeats if 0 < d <= last} == {
        d for d in read.beats.downbeats if 0 < d <= last
    }


@settings(max_examples=100)
@given(grid_tabs())
def test_onsets_in_seconds_survive(tab: Tab) -> None:
    parsed = parse_text_tab(write_ascii(tab))
    assert [n.note.onset_s for n in parsed.tab.notes] == pytest.approx([n.note.onset_s for n in tab.notes])

"""Hypothesis strategies for random valid tunings, tabs and transcriptions, and two small hand-made tabs."""

from __future__ import annotations

from fractions import Fraction
from typing import get_args

from hypothesis import strategies as st

from fretscribe.music import (
    Alternative,
    BeatGrid,
    BendPoint,
    Chord,
    Key,
    Note,
    Position,
    Stiffness,
    Tab,
    TabNote,
    Technique,
    Tuning,
)
from fretscribe.result import AudioInfo, ConfidenceSummary, Stage, Transcription

_PROBABILITIES = st.floats(0.0, 1.0)
_TITLES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def tunings(draw: st.DrawFn) -> Tuning:
    """Any tuning that `Tuning` accepts and whose highest pitch is still MIDI."""
    n_strings = draw(st.integers(4, 8))
    open_pitches = draw(st.lists(st.integers(24, 76), min_size=n_strings, max_size=n_strings))
    n_frets = draw(st.integers(12, 36))
    return Tuning(open_pitches=tuple(open_pitches), n_frets=n_frets, capo=draw(st.integers(0, 7)))


@st.composite
def beat_grids(draw: st.DrawFn) -> BeatGrid:
    """Grids of 2 to 24 beats from 20 to 600 bpm with drifting tempo, any metre and irregular bars."""
    steps = draw(st.lists(st.floats(0.1, 3.0), min_size=1, max_size=23))
    times = [draw(st.floats(0.0, 5.0))]
    for step in steps:
        times.append(times[-1] + step)
    downbeats = draw(st.sets(st.integers(0, len(times) - 1), max_size=6))
    return BeatGrid(
        beat_times_s=tuple(times),
        downbeats=tuple(sorted(downbeats)),
        beats_per_bar=draw(st.integers(1, 9)),
        beat_unit=draw(st.sampled_from([1, 2, 4, 8, 16])),
    )


@st.composite
def _tab_note(draw: st.DrawFn, tuning: Tuning, string: int, onset_s: float, offset_s: float) -> TabNote:
    position = Position(string=string, fret=draw(st.integers(0, tuning.highest_fret)))
    bend = draw(st.lists(st.floats(-300.0, 300.0), max_size=4))
    quantised = draw(st.booleans())
    evidence = st.lists(_PROBABILITIES, min_size=tuning.n_strings, max_size=tuning.n_strings).map(tuple)
    note = Note(
        onset_s=onset_s,
        offset_s=offset_s,
        pitch=tuning.pitch(position),
        velocity=draw(st.integers(1, 127)),
        onset_prob=draw(_PROBABILITIES),
        string_probs=draw(st.none() | evidence),
        tab_probs=draw(st.none() | evidence),
        stiffness=draw(st.none() | st.builds(Stiffness, log_b=st.floats(-14, -6), error=st.floats(1e-3, 5))),
        bend=tuple(
            BendPoint(time_s=i * (offset_s - onset_s) / len(bend), cents=c) for i, c in enumerate(bend)
        ),
    )
    places = tuning.positions(note.pitch)
    return TabNote(
        note=note,
        position=position,
        onset_beats=Fraction(draw(st.integers(-8, 400)), draw(st.integers(1, 12))) if quantised else None,
        duration_beats=Fraction(draw(st.integers(1, 40)), draw(st.integers(1, 12))) if quantised else None,
        techniques=frozenset(draw(st.sets(st.sampled_from(get_args(Technique)), max_size=3))),
        confidence=draw(st.none() | _PROBABILITIES),
        rule_probability=draw(st.none() | _PROBABILITIES),
        alternatives=tuple(
            Alternative(position=draw(st.sampled_from(places)), probability=draw(_PROBABILITIES))
            for _ in range(draw(st.integers(0, 2)))
        ),
    )


@st.composite
def tabs(draw: st.DrawFn) -> Tab:
    """Random valid tabs of up to 4 notes a string."""
    tuning = draw(tunings())
    notes: list[TabNote] = []
    for string in range(tuning.n_strings):
        now = 0.0
        for _ in range(draw(st.integers(0, 4))):
            onset_s = now + draw(st.floats(0.0, 2.0))
            now = onset_s + draw(st.floats(0.02, 2.0))
            notes.append(draw(_tab_note(tuning, string, onset_s, now)))
    notes.sort(key=lambda n: (n.note.onset_s, n.position.string))
    chord = st.builds(
        Chord,
        start_s=st.floats(0.0, 5.0),
        end_s=st.floats(5.0, 9.0),
        name=st.sampled_from(["Am7", "D/F#", "??"]),
    )
    return Tab(
        tuning=tuning,
        notes=tuple(notes),
        beats=draw(st.none() | beat_grids()),
        key=draw(
            st.none() | st.builds(Key, tonic=st.integers(0, 11), mode=st.sampled_from(["major", "minor"]))
        ),
        chords=tuple(draw(st.lists(chord, max_size=3))),
        title=draw(_TITLES),
        provenance=draw(
            st.dictionaries(_TITLES, st.none() | st.booleans() | st.integers() | _TITLES, max_size=3)
        ),
    )


@st.composite
def transcriptions(draw: st.DrawFn) -> Transcription:
    """Random valid transcriptions, without timings (no file holds them)."""
    stage = st.builds(
        Stage, name=_TITLES, status=st.sampled_from(["ran", "skipped", "fallback"]), detail=_TITLES
    )
    audio = st.builds(AudioInfo, path=_TITLES, duration_s=st.floats(20.0, 1e4), sha256=st.just("0" * 64))
    summary = st.builds(
        ConfidenceSummary,
        target_accuracy=_PROBABILITIES,
        threshold=st.none() | _PROBABILITIES,
        share_accepted=st.none() | _PROBABILITIES,
    )
    return Transcription(
        tab=draw(tabs()),
        stages=tuple(draw(st.lists(stage, max_size=3))),
        warnings=tuple(draw(st.lists(_TITLES, max_size=2))),
        audio=draw(st.none() | audio),
        tuning_confidence=draw(st.none() | _PROBABILITIES),
        detune_cents=draw(st.none() | st.floats(-100.0, 100.0)),
        confidence=draw(st.none() | summary),
    )


def tab_note(
    string: int,
    fret: int,
    beat: Fraction | int,
    *techniques: Technique,
    tuning: Tuning | None = None,
    **more: float,
) -> TabNote:
    """A note at 120 bpm, a quarter of a beat long; ``more`` goes to `TabNote`."""
    tuning = tuning or Tuning()
    position = Position(string=string, fret=fret)
    onset_s = float(beat) / 2
    return TabNote(
        note=Note(onset_s=onset_s, offset_s=onset_s + 0.125, pitch=tuning.pitch(position)),
        position=position,
        onset_beats=Fraction(beat),
        duration_beats=Fraction(1, 4),
        techniques=frozenset(techniques),
        **more,
    )


def tab_of(*notes: TabNote, tuning: Tuning | None = None, **more: object) -> Tab:
    """A tab at 120 bpm of notes in any order; ``more`` goes to `Tab` and wins."""
    ordered = tuple(sorted(notes, key=lambda n: (n.note.onset_s, n.position.string)))
    beats = BeatGrid.constant(120.0, max((n.note.offset_s for n in notes), default=2.0))
    return Tab(**{"tuning": tuning or Tuning(), "notes": ordered, "beats": beats, **more})

"""Seeded random tabs that read like music: metres, pick-ups, drifting beats, triplets, every technique."""

from __future__ import annotations

import itertools
import os
import random
from fractions import Fraction

from hypothesis import Phase, given, settings

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
from strategies import tabs

TUNINGS = (
    (40, 45, 50, 55, 59, 64), (38, 45, 50, 55, 57, 62), (28, 33, 38, 43), (23, 28, 33, 38, 43),
    (35, 40, 45, 50, 55, 59, 64), (30, 35, 40, 45, 50, 55, 59, 64), (67, 60, 64, 69),
)  # fmt: skip
METRES = ((4, 4), (4, 4), (3, 4), (6, 8), (2, 2), (5, 4), (7, 8), (12, 8))
CHORDS = ("Am7", "D/F#", "Bb", "C#m7b5", "Gmaj7", "E5", "N.C.", "Zork")
STEPS = tuple(Fraction(s) for s in ("1/4", "1/2", "1/2", "1", "1/3", "2/3", "3/4", "3/2", "2", "5/2"))
TECHNIQUES: tuple[Technique, ...] = (
    "bend", "vibrato", "slide", "hammer_on", "pull_off", "palm_mute", "dead", "harmonic", "let_ring",
)  # fmt: skip
BENDS = ((0, 200), (0, 100, 100), (0, 200, 200, 0), (200, 200, 0), (0, 35, -20), (0, 150, 210, 190, 20))


def n_tabs(few: int) -> int:
    """How many tabs a slow foreign reader gets: a few, or what ``FRETSCRIBE_RANDOM_TABS`` says."""
    return int(os.environ.get("FRETSCRIBE_RANDOM_TABS") or few)


def random_tab(seed: int, *, n_beats: int = 24) -> Tab:
    """A valid tab; the same seed gives the same one."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    tuning = Tuning(open_pitches=chance.choice(TUNINGS), n_frets=22, capo=chance.choice((0, 0, 0, 2, 5)))
    beats = _grid(chance, n_beats)
    notes = []
    free = [Fraction(0)] * tuning.n_strings
    at = Fraction(chance.choice((0, 0, 1, 2)))
    while at < n_beats - 4:
        strings = [s for s in range(tuning.n_strings) if free[s] <= at]
        for string in sorted(chance.sample(strings, min(len(strings), chance.choice((1, 1, 1, 2, 4))))):
            length = chance.choice(STEPS)
            free[string] = at + length
            notes.append(_note(chance, tuning, beats, string, at, length))
        at += chance.choice(STEPS)
        if at.denominator == 3 and chance.random() < 0.5:
            at = Fraction(-(-at // 1))
    return Tab(
        tuning=tuning,
        notes=tuple(sorted(notes, key=lambda n: (n.note.onset_s, n.position.string))),
        beats=beats,
        key=chance.choice((None, Key(tonic=chance.randrange(12), mode=chance.choice(("major", "minor"))))),
        chords=tuple(
            Chord(start_s=beats.time_at(b), end_s=beats.time_at(b + 4), name=chance.choice(CHORDS))
            for b in range(0, n_beats - 4, 4)
        ),
        title=chance.choice(("", "Lied & <Tanz>", 'The "best" \\ of', "Übung – 練習 🎸")),
    )


def _grid(chance: random.Random, n_beats: int) -> BeatGrid:
    per_bar, unit = chance.choice(METRES)
    tempo = chance.uniform(60, 180)
    steps = [60 / tempo * (1 + chance.choice((0, 0.05)) * chance.uniform(-1, 1)) for _ in range(n_beats - 1)]
    first = chance.choice((0, 0, chance.randrange(per_bar)))
    return BeatGrid(
        beat_times_s=tuple(itertools.accumulate(steps, initial=chance.choice((0.0, 0.7)))),
        downbeats=tuple(range(first, n_beats, per_bar)),
        beats_per_bar=per_bar,
        beat_unit=unit,
    )


def _note(
    chance: random.Random, tuning: Tuning, beats: BeatGrid, string: int, at: Fraction, length: Fraction
) -> TabNote:
    position = Position(string=string, fret=chance.randrange(13))
    techniques = {t for t in TECHNIQUES if chance.random() < 0.08}
    onset_s, offset_s = beats.time_at(at), beats.time_at(at + length)
    bend: tuple[BendPoint, ...] = ()
    if "bend" in techniques:
        cents = chance.choice(BENDS)
        bend = tuple(
            BendPoint(time_s=i * (offset_s - onset_s) / len(cents), cents=float(c))
            for i, c in enumerate(cents)
        )
    note = Note(
        onset_s=onset_s,
        offset_s=offset_s,
        pitch=tuning.pitch(position),
        velocity=chance.randrange(1, 128),
        bend=bend,
    )
    return TabNote(
        note=note,
        position=position,
        onset_beats=at,
        duration_beats=length,
        techniques=frozenset(techniques),
    )


def wild_tabs(n: int) -> list[Tab]:
    """What hypothesis makes: valid, like no music at all, and the same where the same modules are loaded."""
    found: list[Tab] = []

    @settings(max_examples=n, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    @given(tabs())
    def collect(tab: Tab) -> None:
        found.append(tab)

    collect()
    return found

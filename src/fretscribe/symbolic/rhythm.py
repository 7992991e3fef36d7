"""Beats and note values: a grid that may drift with the player, and notes snapped onto it.

Neighbours: ``beats`` does the tracking, `BeatGrid` converts between seconds and beats, ``io`` draws bars.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from fretscribe.errors import OptionError
from fretscribe.music import BeatGrid, Note, TabNote
from fretscribe.symbolic.beats import (
    TEMPO_PRIOR_BPM,
    accents,
    extend_beats,
    find_downbeat,
    find_tempo,
    follow_beats,
    onset_strength,
    refine_beats,
    settle_half_beat,
    steady_beats,
)

MIN_BPM, MAX_BPM = 10.0, 1000.0
_MIN_EVENTS = 4  # fewer onsets than this say nothing about a tempo
_TOGETHER_S = 0.035
_STRAIGHT = 4
_TRIPLET = 3
_TRIPLET_PRICE = 0.004  # mean squared error (beats) that triplets must save a beat
_SMALLEST = Fraction(1, 8)
_VALUES = tuple(
    Fraction(v)
    for v in ("1/8", "1/6", "1/4", "1/3", "1/2", "2/3", "3/4", "1", "4/3", "3/2", "2", "3", "4", "6", "8")
)


def parse_meter(text: str) -> tuple[int, int]:
    """Beats in a bar and the note value of a beat.

    Raises
    ------
    OptionError
        If the text is no metre.

    >>> parse_meter("6/8")
    (6, 8)
    """
    match = re.fullmatch(r"\s*(\d{1,2})\s*/\s*(\d{1,2})\s*", text)
    if match is None or not 1 <= int(match[1]) <= 32 or int(match[2]) not in (1, 2, 4, 8, 16):
        raise OptionError(f"{text!r} is not a metre", mend="write for example 4/4, 3/4 or 6/8")
    return int(match[1]), int(match[2])


def track_beats(
    notes: Sequence[Note],
    duration_s: float,
    *,
    bpm: float | None = None,
    beats_per_bar: int = 4,
    beat_unit: int = 4,
) -> BeatGrid:
    """Find the beats of a performance.

    Parameters
    ----------
    notes : sequence of Note
        In any order.
    duration_s : float
        Length of the recording; the grid covers it.
    bpm : float, optional
        Beats (of ``beat_unit``) a minute. Fixes the tempo: only the phase is found then. Otherwise the tempo
        is found and may drift.
    beats_per_bar, beat_unit : int
        The metre.

    Returns
    -------
    BeatGrid
        Starts at most one beat after 0 or the first note, whichever is later. With fewer than 4 onsets and
        no ``bpm`` there is nothing to track: a steady 120 from the first note.

    Raises
    ------
    OptionError
        If ``bpm`` is out of range.
    """
    if bpm is not None and not MIN_BPM <= bpm <= MAX_BPM:
        raise OptionError(f"the tempo must be {MIN_BPM:g} to {MAX_BPM:g} beats a minute, not {bpm:g}")
    events = accents(notes)
    end_s = max([duration_s, *(n.offset_s for n in notes), 1e-3])
    if len(events) < _MIN_EVENTS:
        start_s = events[0].time_s if events else 0.0
        beats = start_s + (60.0 / (bpm or 120.0)) * np.arange(2.0)
    else:
        strength = onset_strength(events, max(e.time_s for e in events) + 0.1)
        if bpm is not None:
            beats = settle_half_beat(steady_beats(strength, bpm), events)
        else:
            tempo = find_tempo(strength, TEMPO_PRIOR_BPM * beat_unit / 4, beats_per_bar)
            beats = follow_beats(strength, tempo)
            if len(beats) < 2:
                beats = steady_beats(strength, tempo)
            beats = refine_beats(settle_half_beat(beats, events), events)
    first_s = events[0].time_s if events else 0.0
    beats = extend_beats(beats, first_s, end_s)
    phase = find_downbeat(beats, events, beats_per_bar)
    return BeatGrid(
        beat_times_s=tuple(beats.tolist()),
        downbeats=tuple(range(phase, len(beats), beats_per_bar)),
        beats_per_bar=beats_per_bar,
        beat_unit=beat_unit,
    )


def quantize(notes: Sequence[TabNote], beats: BeatGrid) -> tuple[TabNote, ...]:
    """Snap onsets to quarters or thirds of a beat, and durations to note values.

    Straight or triplet is decided for every beat by the better fit, with a prior for straight. Notes
    that start together share an onset. On each string onsets rise strictly and notes do not overlap; where
    notes come faster than the raster, they are placed an eighth of a beat (or less) apart.

    Parameters
    ----------
    notes : sequence of TabNote
        Sorted by onset; earlier quantisation is replaced.
    beats : BeatGrid

    Returns
    -------
    tuple of TabNote
        The same notes in the same order, ``onset_beats`` and ``duration_beats`` set, durations positive.
    """
    groups = _together(notes)
    positions = [beats.beat_at(notes[group[0]].note.onset_s) for group in groups]
    onsets: dict[int, Fraction] = {}
    last_on_string: dict[int, Fraction] = {}
    latest: Fraction | None = None
    for group, snapped in zip(groups, _snap(positions), strict=True):
        onset = snapped if latest is None else max(snapped, latest)
        busy = [last_on_string[s] for i in group if (s := notes[i].position.string) in last_on_string]
        if busy and onset <= max(busy):
            onset = max(busy) + _SMALLEST
        for i in group:
            onsets[i] = onset
            last_on_string[notes[i].position.string] = onset
        latest = onset
    return tuple(_with_values(notes, onsets, beats))


def _together(notes: Sequence[TabNote]) -> list[list[int]]:
    """Indices of notes that start together, each string once a group."""
    groups: list[list[int]] = []
    for i, tab_note in enumerate(notes):
        if groups:
            group = groups[-1]
            near = tab_note.note.onset_s - notes[group[0]].note.onset_s <= _TOGETHER_S
            if near and all(notes[j].position.string != tab_note.position.string for j in group):
                group.append(i)
                continue
        groups.append([i])
    return groups


def _snap(positions: Sequence[float]) -> list[Fraction]:
    """Each position (beats, rising) on the raster that fits its beat best."""
    snapped: list[Fraction] = []
    # A note just ahead of a beat belongs to that beat: it would count as its first, not as the last of four.
    for _, group in itertools.groupby(positions, key=lambda p: math.floor(p + 0.125)):
        inside = list(group)
        straight = sum((p - round(p * _STRAIGHT) / _STRAIGHT) ** 2 for p in inside) / len(inside)
        triplet = sum((p - round(p * _TRIPLET) / _TRIPLET) ** 2 for p in inside) / len(inside)
        # One note can sit anywhere by chance; two or more that fit thirds speak for triplets.
        price = _TRIPLET_PRICE * (2.0 if len(inside) == 1 else 1.0)
        division = _TRIPLET if triplet + price < straight else _STRAIGHT
        snapped += [Fraction(round(p * division), division) for p in inside]
    return snapped


def _with_values(notes: Sequence[TabNote], onsets: dict[int, Fraction], beats: BeatGrid) -> list[TabNote]:
    next_on_string: dict[int, Fraction] = {}
    result: list[TabNote] = []
    for i in range(len(notes) - 1, -1, -1):
        tab_note, onset = notes[i], onsets[i]
        played = beats.beat_at(tab_note.note.offset_s) - beats.beat_at(tab_note.note.onset_s)
        value = note_value(played)
        limit = next_on_string.get(tab_note.position.string)
        if limit is not None:
            value = min(value, limit - onset)
        next_on_string[tab_note.position.string] = onset
        result.append(dataclasses.replace(tab_note, onset_beats=onset, duration_beats=value))
    return result[::-1]


def note_value(played_beats: float) -> Fraction:
    """The note value nearest (in ratio) to a played length in beats; whole beats above eight.

    >>> note_value(0.46), note_value(0.34), note_value(11.2)
    (Fraction(1, 2), Fraction(1, 3), Fraction(11, 1))
    """
    if played_beats > _VALUES[-1]:
        return Fraction(round(played_beats))
    length = math.log(max(played_beats, 1e-6))
    return min(_VALUES, key=lambda v: abs(math.log(v) - length))

"""Beats, bars and note values: a grid that may drift with the player, and notes written on it.

Neighbours: ``beats`` does the tracking, ``note_values`` reads places and lengths, `BeatGrid` converts between
seconds and beats, ``io`` draws bars.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from fretscribe.errors import OptionError
from fretscribe.music import BeatGrid, Note, TabNote
from fretscribe.symbolic.beat_model import BeatModel, built_in_beat_model
from fretscribe.symbolic.beat_net import BeatNet, built_in_beat_net
from fretscribe.symbolic.beats import Bar, BarsFound, extend_beats, find_bars, settle, settle_steady
from fretscribe.symbolic.note_values import note_value, written_places
from fretscribe.symbolic.onsets import Onsets, find_onsets

MIN_BPM, MAX_BPM = 10.0, 1000.0
_MIN_EVENTS = 4  # fewer onsets than this say nothing about a tempo
_FEW, _HEAVIER = 8, 0.5  # what makes out 6/8; set by hand, GuitarSet is all in 4/4
_LITTLE, _MUCH = 0.9, 1.8  # losses of dotted beats: 4/4 less a beat has 1.1 to 2.7, six eighths up to 1.7
_TOGETHER_S = 0.035
_SMALLEST = Fraction(1, 8)
_PLACES = tuple(Fraction(place) for place in ("0", "1/4", "1/3", "1/2", "2/3", "3/4", "1"))
_SWUNG = (0.57, 0.72)
_MIN_SWUNG = 8


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
    beats_per_bar: int | None = None,
    beat_unit: int | None = None,
    model: BeatModel | None = None,
    net: BeatNet | None = None,
) -> BeatGrid:
    """Find the beats and the bars of a performance.

    Parameters
    ----------
    notes : sequence of Note
        In any order.
    duration_s : float
        Length of the recording; the grid covers it.
    bpm : float, optional
        Beats (of the metre's unit) a minute. Fixes the tempo: only the phase is found then. Otherwise the
        tempo is found and may drift.
    beats_per_bar, beat_unit : int, optional
        The metre. Without the first, 4/4, 3/4 and 6/8 are told apart (6/8 not at a given ``bpm``); without
        the second alone, it is 4.
    model : BeatModel, optional
    net : BeatNet, optional
        By default those that ship.

    Returns
    -------
    BeatGrid
        Starts at most one beat after 0 or the first note, whichever is later; ``meter_confidence`` is set
        where the metre was found. With fewer than 4 onsets there is nothing to track: a steady grid from the
        first note, at ``bpm`` or 120, in the given metre or 4/4.

    Raises
    ------
    OptionError
        If ``bpm`` is out of range.
    """
    if bpm is not None and not MIN_BPM <= bpm <= MAX_BPM:
        raise OptionError(f"the tempo must be {MIN_BPM:g} to {MAX_BPM:g} beats a minute, not {bpm:g}")
    onsets = find_onsets(notes)
    end_s = max([duration_s, *(n.offset_s for n in notes), 1e-3])
    first_s = float(onsets.times_s[0]) if len(onsets) else 0.0
    unit = beat_unit or 4
    if len(onsets) < _MIN_EVENTS:
        beats = first_s + (60.0 / (bpm or 120.0)) * np.arange(2.0)
        return _grid(extend_beats(beats, first_s, end_s), beats[0], 0, beats_per_bar or 4, unit)
    if beats_per_bar is None:
        bars = [Bar(n_beats=4), Bar(n_beats=3)]
    elif beats_per_bar > 3 and beats_per_bar % 3 == 0 and unit >= 8:
        bars = [Bar(n_beats=beats_per_bar // 3, in_threes=True)]
    else:
        bars = [Bar(n_beats=beats_per_bar)]
    parts = 3 if bars[0].in_threes else 1
    found = find_bars(
        notes,
        bars,
        model or built_in_beat_model(),
        net or built_in_beat_net(),
        period_s=None if bpm is None else 60.0 / bpm * parts,
        scale=(8 if parts == 3 else 4) / unit,
    )
    beats = (settle if bpm is None else settle_steady)(found.beats_s, onsets)
    free = beats_per_bar is None and beat_unit is None and bpm is None
    if free and found.bar.n_beats == 3 and _counted_in_sixes(beats, found, onsets):
        parts, unit = 2, 8
    beats = _divided(beats, parts)
    return _grid(
        extend_beats(beats, first_s, end_s),
        beats[0],
        found.phase * parts,
        found.bar.n_beats * parts,
        unit,
        found.confidence if beats_per_bar is None else None,
    )


def _counted_in_sixes(beats: npt.NDArray[np.float64], found: BarsFound, onsets: Onsets) -> bool:
    """Whether bars of three beats are bars of six eighths: halved, not cut in three.

    The network's chances decide; where they do not, the fourth eighth must be played as often as, and be
    heavier than, the third and the fifth: longer, fuller, lower.
    """
    if found.dotted_loss is not None and not _LITTLE <= found.dotted_loss <= _MUCH:
        return found.dotted_loss < _LITTLE
    index = np.clip(np.searchsorted(beats, onsets.times_s, side="right") - 1, 0, len(beats) - 2)
    place = (onsets.times_s - beats[index]) / np.diff(beats)[index]
    eighth = (np.rint(2.0 * (index + place)).astype(np.int64) + 2 * found.phase) % 6
    length = np.log2(np.maximum(onsets.lengths_s, 0.01) / np.diff(beats)[index])
    weight = np.clip(length, -2.0, 1.0) + 0.5 * np.minimum(onsets.n_notes, 4.0) - onsets.bass / 8.0
    middle, others = eighth == 3, (eighth == 2) | (eighth == 4)
    if 2 * int(middle.sum()) < max(_FEW, int(others.sum())):
        return False
    return not others.any() or float(weight[middle].mean()) > float(weight[others].mean()) + _HEAVIER


def _grid(
    beats: npt.NDArray[np.float64],
    first_s: float,
    phase: int,
    beats_per_bar: int,
    beat_unit: int,
    confidence: float | None = None,
) -> BeatGrid:
    """The grid of ``beats`` at and after 0; the beat at ``first_s`` is the ``phase``-th of its bar."""
    place = phase - int(np.argmin(np.abs(beats - first_s)))  # of beats[0] in its bar
    n_before = int(np.sum(beats < 0.0)) if beats[0] < 0.0 else 0
    first_downbeat = -(place + n_before) % beats_per_bar
    kept = beats[n_before:]
    return BeatGrid(
        beat_times_s=tuple(kept.tolist()),
        downbeats=tuple(range(first_downbeat, len(kept), beats_per_bar)),
        beats_per_bar=beats_per_bar,
        beat_unit=beat_unit,
        meter_confidence=confidence,
    )


def _divided(beats: npt.NDArray[np.float64], parts: int) -> npt.NDArray[np.float64]:
    """Beats with each interval divided into equal parts."""
    places = np.arange((len(beats) - 1) * parts + 1) / parts
    return np.interp(places, np.arange(len(beats)), beats)


def quantize(notes: Sequence[TabNote], beats: BeatGrid) -> tuple[TabNote, ...]:
    """Write onsets on quarters or thirds of a beat, and lengths as note values; see ``note_values``.

    Notes that start together share an onset. On each string onsets rise strictly and notes do not overlap;
    where notes come faster than the raster, they are placed an eighth of a beat (or less) apart.

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
    for group, snapped in zip(groups, written_places(positions), strict=True):
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


def _with_values(notes: Sequence[TabNote], onsets: dict[int, Fraction], beats: BeatGrid) -> list[TabNote]:
    next_on_string: dict[int, Fraction] = {}
    following: Fraction | None = None  # the next onset of any string that lies later
    result: list[TabNote] = []
    for i in range(len(notes) - 1, -1, -1):
        tab_note, onset = notes[i], onsets[i]
        if i + 1 < len(notes) and onsets[i + 1] > onset:
            following = onsets[i + 1]
        played = beats.beat_at(tab_note.note.offset_s) - beats.beat_at(tab_note.note.onset_s)
        value = note_value(played, None if following is None else following - onset)
        limit = next_on_string.get(tab_note.position.string)
        if limit is not None:
            value = min(value, limit - onset)
        next_on_string[tab_note.position.string] = onset
        result.append(dataclasses.replace(tab_note, onset_beats=onset, duration_beats=value))
    return result[::-1]


def with_bar_at(beats: BeatGrid, time_s: float) -> BeatGrid:
    """The same tempo and metre, moved by less than a beat so that a bar begins at a time.

    Beats move by what is written: the time is taken for the quarter or third of a beat nearest to it.

    Parameters
    ----------
    beats : BeatGrid
    time_s : float
        Such as the onset of the note that stands on the first beat of a bar.

    Raises
    ------
    OptionError
        If the time lies outside the beats.

    >>> beats = BeatGrid(beat_times_s=(0.0, 1.0, 2.0, 3.0, 4.0), downbeats=(0, 4))
    >>> moved = with_bar_at(beats, 1.52)
    >>> moved.beat_times_s, moved.downbeats
    ((0.5, 1.5, 2.5, 3.5, 4.5), (1,))
    """
    times = beats.beat_times_s
    if not 0.0 <= time_s <= times[-1]:
        raise OptionError(
            f"no bar can begin at {time_s:g} s: the music lasts from 0 to {times[-1]:.1f} s",
            mend="give the time of a note on the first beat of a bar",
        )
    played = beats.beat_at(time_s)
    bar = int(played // 1) + min(_PLACES, key=lambda place: abs(place - played % 1.0))
    late, number = bar % 1, int(bar // 1)
    moved = {i: beats.time_at(i + late) for i in range(-1 if late else 0, len(times))}
    kept = [i for i, beat_s in moved.items() if beat_s >= 0.0]
    return dataclasses.replace(
        beats,
        beat_times_s=tuple(moved[i] for i in kept),
        downbeats=tuple(range((number - kept[0]) % beats.beats_per_bar, len(kept), beats.beats_per_bar)),
    )


def swing_ratio(onsets_s: Sequence[float], beats: BeatGrid) -> float | None:
    """Where swung eighths fall in the beat, such as 0.64; None where the playing is straight.

    Swung: more onsets lie in the last half's swung part (0.57 to 0.72 of a beat) than around its middle, and
    few lie in the first third, where only triplets do.
    """
    places = np.array([beats.beat_at(t) for t in onsets_s]) % 1.0
    swung = places[(places > _SWUNG[0]) & (places < _SWUNG[1])]
    straight = np.sum((places > 0.42) & (places <= _SWUNG[0]))
    triplets = np.sum((places > 0.28) & (places <= 0.4))
    if len(swung) < max(_MIN_SWUNG, 2 * int(straight), 2 * int(triplets)):
        return None
    return float(np.median(swung))

"""Onsets drawn as rows over time: what the beat network sees.

How many notes start, how high, how long, how new the harmony is, how a chord is strummed, how long ago the
last chord and the last bass were. Neighbours: ``onsets`` measures, ``beat_net`` looks. Knows no beats.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fretscribe.music import Note
from fretscribe.symbolic.onsets import Onsets, find_onsets, harmony_change, together

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

FRAME_HZ = 50.0
N_ROWS = 22
SOUNDING = 13
"""The row that says how many notes sound; the others are of onsets."""

_REGISTERS = (0, 52, 64, 128)  # MIDI pitches: bass, middle, treble
_SHORT_S, _NEAR_S, _BAR_S = 0.5, 1.2, 2.4  # how far the harmony is compared
_CHORD, _LOW = 3, -3.0  # notes of a chord; a bass in semitones above those around it
_STRUCK_S, _STOPPED_S = 0.06, 0.03  # before an onset, and after it


def onset_rows(notes: Sequence[Note], n_frames: int, lead_s: float) -> Floats:
    """What the network sees, [N_ROWS, n_frames]; time 0 lies ``lead_s`` after the first frame.

    Every onset is shared by the two frames around it. One row says how many notes sound.
    """
    rows = np.zeros((N_ROWS, n_frames), dtype=np.float32)
    if not notes:
        return rows
    traits, times_s = _traits(notes)
    at = (times_s + lead_s) * FRAME_HZ
    frame = np.floor(at).astype(np.int64)
    inside = (frame >= 0) & (frame < n_frames - 1)
    late = (at - frame)[inside]
    drawn = [row for number, row in enumerate(rows) if number != SOUNDING]
    for row, trait in zip(drawn, traits, strict=True):
        np.add.at(row, frame[inside], trait[inside] * (1.0 - late))
        np.add.at(row, frame[inside] + 1, trait[inside] * late)
    for note in notes:
        first, last = (int((t + lead_s) * FRAME_HZ) for t in (note.onset_s, note.offset_s))
        rows[SOUNDING, max(first, 0) : max(last, 0)] += 0.25
    return rows


def _traits(notes: Sequence[Note]) -> tuple[Array, Array]:
    """Of every onset: what the rows but one hold, [N_ROWS - 1, n], and when, [n]."""
    onsets, groups = find_onsets(notes), together(notes)
    highest = np.array([float(max(n.pitch for n in group)) for group in groups])
    lowest = np.array([float(min(n.pitch for n in group)) for group in groups])
    step, bass_step = (np.diff(pitch, prepend=pitch[:1]) for pitch in (highest, lowest))
    registers = [
        np.sqrt([float(sum(low <= n.pitch < high for n in group)) for group in groups])
        for low, high in itertools.pairwise(_REGISTERS)
    ]
    before = np.concatenate([onsets.gaps_s[:1], onsets.gaps_s[:-1]])
    traits = [
        np.ones(len(groups)),
        np.sqrt(np.minimum(onsets.n_notes, 6.0)) - 1.0,
        *registers,
        _log_length(onsets.lengths_s),
        _log_length(onsets.gaps_s),
        _log_length(before),
        np.clip(-onsets.bass / 8.0, -1.5, 1.5),
        2.0 * onsets.novelty - 0.3,
        np.clip(step / 7.0, -1.5, 1.5),
        np.minimum(np.abs(step) / 7.0, 1.5),
        np.minimum(np.abs(bass_step) / 7.0, 1.5),
        harmony_change(onsets.times_s, groups, _SHORT_S),
        harmony_change(onsets.times_s, groups, _BAR_S),
        _new_bass(onsets.times_s, lowest),
        _new_pitches(onsets.times_s, groups),
        np.minimum(_held(notes, onsets.times_s), 6.0) / 4.0,
        onsets.strokes,
        _since(onsets, onsets.n_notes >= _CHORD),
        _since(onsets, onsets.bass < _LOW),
    ]
    return np.stack(traits), onsets.times_s


def _log_length(length_s: Array) -> Array:
    return np.clip(np.log2(np.maximum(length_s, 0.03) / 0.25) / 2.0, -1.0, 1.5)


def _new_bass(times_s: Array, lowest: Array) -> Array:
    """1 where the lowest pitch class of half a bar from here is another than that of the bar before."""
    first = np.searchsorted(times_s, times_s - _BAR_S)
    last = np.searchsorted(times_s, times_s + 0.5 * _BAR_S)
    new = np.zeros(len(times_s))
    for i, (a, b) in enumerate(zip(first, last, strict=True)):
        if i > a:
            new[i] = float(lowest[i:b].min() % 12 != lowest[a:i].min() % 12)
    return new


def _new_pitches(times_s: Array, groups: Sequence[Sequence[Note]]) -> Array:
    """Share of notes whose pitch class did not start shortly before."""
    first = np.searchsorted(times_s, times_s - _NEAR_S)
    classes = [{n.pitch % 12 for n in group} for group in groups]
    new = np.zeros(len(groups))
    for i, (a, group) in enumerate(zip(first, groups, strict=True)):
        known = set().union(*classes[a:i])
        new[i] = sum(n.pitch % 12 not in known for n in group) / len(group)
    return new


def _held(notes: Sequence[Note], times_s: Array) -> Array:
    """Notes that sound through each onset: started before it, and not stopped by it."""
    by_onset = sorted((n.onset_s, n.offset_s) for n in notes)
    starts = np.array([start for start, _ in by_onset])
    stops = np.array([stop for _, stop in by_onset])
    started = np.searchsorted(starts, times_s - _STRUCK_S)
    stopped = np.searchsorted(np.sort(stops), times_s + _STOPPED_S, side="right").astype(np.float64)
    # What started since and has stopped already is not to be counted as stopped.
    soon = np.searchsorted(starts, times_s + _STOPPED_S, side="right")
    for i, (a, b) in enumerate(zip(started, soon, strict=True)):
        stopped[i] -= np.count_nonzero(stops[a:b] <= times_s[i] + _STOPPED_S)
    return started - stopped


def _since(onsets: Onsets, chosen: npt.NDArray[np.bool_]) -> Array:
    """At chosen onsets, log-length since the last of them; 0 at the first and at all others."""
    found = np.zeros(len(onsets))
    times_s = onsets.times_s[chosen]
    if len(times_s) > 1:
        found[np.flatnonzero(chosen)[1:]] = _log_length(np.diff(times_s))
    return found

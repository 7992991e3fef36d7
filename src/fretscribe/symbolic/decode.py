"""From the acoustic model's probabilities to notes: onsets, re-strikes, offsets, evidence for strings.

The roll's sum over strings (clipped to 1) is P(a pitch sounds); a string's share of the sum is
P(string | the pitch sounds). Notes are found pitch by pitch; strings only travel along as evidence: first
of the model's own strings, then, once the tuning is known, of the guitar's. The choice is made in
``fingering``. Knows nothing of hands, beats or the meaning of loudness.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.frames import FloatArray, FrameGrid, StringRoll
from fretscribe.music import Note, Tuning

BoolArray = npt.NDArray[np.bool_]

DEFAULT_VELOCITY = 80
_LOUD_VELOCITY = 100
_VELOCITY_PER_DB = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeParams:
    """Thresholds and times of the decoder.

    Attributes
    ----------
    onset_threshold : float
        A local peak of the onset probability at or above it starts a note.
    active_threshold : float
        A note lasts while the active probability stays at or above it.
    min_duration_s : float
        Shorter notes are dropped.
    max_gap_s : float
        Dips of the active probability up to this length do not end a note.
    onset_grace_s : float
        How long after its onset a note may take to become active.
    min_restrike_s : float
        Two onsets of one pitch lie further apart than this.
    weak_onset_threshold, weak_active_threshold, weak_duration_s : float
        A stretch of activity without an onset peak is a note if the onset probability near its start
        reaches the first, its mean activity the second, and it lasts at least the third.
        ``weak_onset_threshold`` above 1 switches this off.
    string_window_s : float
        Evidence for strings is gathered from this long after the onset.
    """

    onset_threshold: float = 0.65
    active_threshold: float = 0.2
    min_duration_s: float = 0.05
    max_gap_s: float = 0.04
    onset_grace_s: float = 0.06
    min_restrike_s: float = 0.05
    weak_onset_threshold: float = 0.25
    weak_active_threshold: float = 0.7
    weak_duration_s: float = 0.12
    string_window_s: float = 0.15

    def __post_init__(self) -> None:
        if not 0.0 < self.onset_threshold <= 1.0 or not 0.0 < self.active_threshold <= 1.0:
            raise ValueError(f"onset and active thresholds must lie in 0..1: {self}")
        times = (self.max_gap_s, self.onset_grace_s, self.min_restrike_s, self.string_window_s)
        if min(times) < 0.0 or self.min_duration_s <= 0.0 or self.weak_duration_s <= 0.0:
            raise ValueError(f"times must not be negative: {self}")


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A note of one pitch in (fractional) frames."""

    onset: float
    offset: float
    onset_prob: float


def decode_notes(roll: StringRoll, params: DecodeParams | None = None) -> list[Note]:
    """Notes of a roll at any pitch of it, sorted by onset, then pitch.

    Parameters
    ----------
    roll : StringRoll
        ``onset`` and ``active`` [n_frames, n_strings, n_pitches] whose sums over the strings are
        P(onset) and P(sounding) of a pitch. ``level`` gives velocities; without it each is 80.
    params : DecodeParams, optional

    Returns
    -------
    list of Note
        Their ``string_probs`` speak of the roll's own strings; `for_tuning` carries them to a guitar's.
    """
    params = params or DecodeParams()
    if roll.grid.n_frames == 0:
        return []
    onset = roll.onset.sum(axis=1, dtype=np.float32)
    active = roll.active.sum(axis=1, dtype=np.float32)
    np.minimum(active, 1.0, out=active)
    peaks = onset_peaks(onset, params.onset_threshold, params.min_restrike_s / roll.grid.time_step_s)
    max_gap = int(params.max_gap_s / roll.grid.time_step_s)
    found: list[tuple[int, _Stretch]] = []
    for column in range(roll.n_pitches):
        stretches = _pitch_stretches(
            np.minimum(onset[:, column], 1.0),
            active[:, column],
            np.flatnonzero(peaks[:, column]),
            close_gaps(active[:, [column]] >= params.active_threshold, max_gap)[:, 0],
            roll.grid.time_step_s,
            params,
        )
        found += [(column, stretch) for stretch in stretches]
    levels = _velocities(found, roll.level, roll.grid)
    notes = [
        _note(roll, params, column, stretch, velocity)
        for (column, stretch), velocity in zip(found, levels, strict=True)
    ]
    return sorted(notes, key=lambda n: (n.onset_s, n.pitch))


def onset_peaks(onset: FloatArray, threshold: float, min_distance: float) -> BoolArray:
    """Where the onset probability peaks over time.

    Parameters
    ----------
    onset : float32 array [n_frames, n_pitches]
    threshold : float
        Peaks below it are left out.
    min_distance : float
        In frames. A peak is the highest value within this distance; the first frame of a plateau counts.

    Returns
    -------
    bool array [n_frames, n_pitches]
    """
    reach = max(1, round(min_distance))
    n_frames = onset.shape[0]
    is_peak = onset >= threshold
    for shift in range(1, min(reach, n_frames - 1) + 1):
        is_peak[shift:] &= onset[shift:] > onset[:-shift]
        is_peak[:-shift] &= onset[:-shift] >= onset[shift:]
    return is_peak


def close_gaps(sounding: BoolArray, max_gap: int) -> BoolArray:
    """Fill runs of at most ``max_gap`` False between True along time (axis 0) of [n_frames, n_pitches]."""
    if max_gap < 1 or sounding.shape[0] == 0:
        return sounding
    n_frames = sounding.shape[0]
    frames = np.arange(n_frames)[:, None]
    last = np.maximum.accumulate(np.where(sounding, frames, -max_gap - 1), axis=0)
    following = np.where(sounding, frames, n_frames + max_gap + 1)
    following = np.minimum.accumulate(following[::-1], axis=0)[::-1]
    filled: BoolArray = sounding | (following - last - 1 <= max_gap)
    return filled


def _pitch_stretches(
    onset: FloatArray,
    active: FloatArray,
    peaks: npt.NDArray[np.intp],
    sounding: BoolArray,
    step_s: float,
    params: DecodeParams,
) -> list[_Stretch]:
    """The notes of one pitch: one for each onset peak, and one for each stretch that rose without a peak."""
    edges = np.flatnonzero(np.diff(sounding.astype(np.int8), prepend=0, append=0))
    starts, ends = edges[::2], edges[1::2]
    if len(starts) == 0:
        return []
    grace = math.ceil(params.onset_grace_s / step_s)
    notes: list[_Stretch] = []
    for i, peak in enumerate(peaks):
        region = int(np.searchsorted(ends, peak, side="right"))  # the first stretch that ends after the peak
        if region == len(starts) or starts[region] > peak + grace:
            continue
        if i + 1 < len(peaks) and starts[region] >= peaks[i + 1]:
            continue  # the stretch belongs to the next onset
        offset = _crossing(active, int(ends[region]), params.active_threshold)
        if i + 1 < len(peaks) and peaks[i + 1] < ends[region]:
            offset = _peak_time(onset, int(peaks[i + 1]))
        notes.append(_Stretch(_peak_time(onset, int(peak)), offset, float(onset[peak])))
    notes += _weak_stretches(onset, active, peaks, starts, ends, step_s, params)
    notes.sort(key=lambda n: n.onset)
    # Between frames an end can pass the next onset.
    limits = [n.onset for n in notes[1:]]
    ended = [
        dataclasses.replace(n, offset=min(n.offset, limit))
        for n, limit in zip(notes, [*limits, math.inf][: len(notes)], strict=True)
    ]
    return [n for n in ended if (n.offset - n.onset) * step_s >= params.min_duration_s]


def _weak_stretches(
    onset: FloatArray,
    active: FloatArray,
    peaks: npt.NDArray[np.intp],
    starts: npt.NDArray[np.intp],
    ends: npt.NDArray[np.intp],
    step_s: float,
    params: DecodeParams,
) -> list[_Stretch]:
    """Stretches of clear activity before (or without) the first onset peak inside them."""
    grace = math.ceil(params.onset_grace_s / step_s)
    min_length = params.weak_duration_s / step_s
    notes = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        first = int(np.searchsorted(peaks, start - grace))
        stop = min(end, int(peaks[first])) if first < len(peaks) else end
        if stop - start < min_length:
            continue
        near = slice(max(0, start - grace), min(stop, start + grace + 1))
        strength = float(onset[near].max())
        if (
            strength >= params.weak_onset_threshold
            and float(active[start:stop].mean()) >= params.weak_active_threshold
        ):
            offset = float(stop) if stop < end else _crossing(active, end, params.active_threshold)
            notes.append(_Stretch(_rise(active, start, params.active_threshold), offset, strength))
    return notes


def _peak_time(values: FloatArray, peak: int) -> float:
    """Vertex of the parabola through a peak and its neighbours, within half a frame."""
    if not 0 < peak < len(values) - 1:
        return float(peak)
    left, middle, right = (float(v) for v in values[peak - 1 : peak + 2])
    curvature = left - 2.0 * middle + right
    if curvature >= -1e-9:
        return float(peak)
    return peak + min(max(0.5 * (left - right) / curvature, -0.5), 0.5)


def _rise(active: FloatArray, start: int, threshold: float) -> float:
    """Fractional frame before ``start`` at which the activity crosses the threshold upwards."""
    if start == 0:
        return 0.0
    below, above = float(active[start - 1]), float(active[start])
    return start - (above - threshold) / (above - below) if above > below else float(start)


def _crossing(active: FloatArray, end: int, threshold: float) -> float:
    """Fractional frame at which the activity falls through the threshold; ``end`` is the first one below."""
    if end >= len(active):
        return float(len(active))
    above, below = float(active[end - 1]), float(active[end])
    return end - 1 + (above - threshold) / (above - below) if above > below else float(end)


def _note(roll: StringRoll, params: DecodeParams, column: int, stretch: _Stretch, velocity: int) -> Note:
    onset_s = max(0.0, roll.grid.time_s(stretch.onset))
    pitch = roll.pitch_min + column
    start = max(0, math.floor(stretch.onset))
    last = math.ceil(start + max(1.0, params.string_window_s / roll.grid.time_step_s))
    stop = max(start + 1, min(last, math.ceil(stretch.offset), roll.grid.n_frames))
    # Activity says for how long each string was believed, the onset which one was struck.
    shares = roll.active[start:stop, :, column].sum(axis=0, dtype=np.float64)
    shares += roll.onset[max(0, start - 1) : start + 3, :, column].sum(axis=0, dtype=np.float64)
    return Note(
        onset_s=onset_s,
        offset_s=max(roll.grid.time_s(stretch.offset), onset_s + params.min_duration_s),
        pitch=pitch,
        velocity=velocity,
        onset_prob=min(1.0, max(0.0, stretch.onset_prob)),
        string_probs=_shares(shares.tolist()),
    )


def for_tuning(note: Note, tuning: Tuning) -> Note:
    """The same note, its evidence for strings carried over to a tuning."""
    string_probs, tab_probs = note.string_probs, note.tab_probs
    if string_probs is not None:
        string_probs = string_evidence(string_probs, tuning, note.pitch)
    if tab_probs is not None:
        tab_probs = tuple(min(1.0, p) for p in carried_strings(tab_probs, tuning, note.pitch))
    return dataclasses.replace(note, string_probs=string_probs, tab_probs=tab_probs)


def string_evidence(shares: Sequence[float], tuning: Tuning, pitch: int) -> tuple[float, ...] | None:
    """Carry shares of the model's strings over to the strings of a tuning.

    With as many strings the mapping is the identity. A guitar with more strings than the model has extra
    low ones: the model's string k is the guitar's ``k + extra``, and for pitches too low for the string
    that stands for the model's lowest, its share goes to the nearest extra string that can play them.
    With fewer strings (a bass, a five-string guitar) the model's lowest strings count.

    Parameters
    ----------
    shares : sequence of float
        Not negative, one for each string of the model, lowest first; need not sum to 1.
    tuning : Tuning
    pitch : int
        MIDI pitch; strings that cannot play it get 0.

    Returns
    -------
    tuple of float, or None
        One for each string of the tuning, summing to 1; None where nothing is left.

    >>> string_evidence([0.25, 0.25, 0.5, 0, 0, 0], Tuning(), 45)
    (0.5, 0.5, 0.0, 0.0, 0.0, 0.0)
    """
    return _shares(carried_strings(shares, tuning, pitch))


def _shares(values: Sequence[float]) -> tuple[float, ...] | None:
    total = sum(values)
    return tuple(value / total for value in values) if total > 1e-9 else None


def carried_strings(shares: Sequence[float], tuning: Tuning, pitch: int) -> list[float]:
    """As `string_evidence`, but not brought to a sum of 1."""
    playable = {position.string for position in tuning.positions(pitch)}
    extra = max(0, tuning.n_strings - len(shares))
    carried = [0.0] * tuning.n_strings
    for model_string, share in enumerate(shares):
        string = model_string + extra
        if model_string == 0 and string not in playable:
            string = max((s for s in playable if s < extra), default=string)
        if string in playable:
            carried[string] += max(0.0, share)
    return carried


def _velocities(found: list[tuple[int, _Stretch]], level: FloatArray | None, grid: FrameGrid) -> list[int]:
    """MIDI velocities from each note's loudest 100 ms after its onset; the 95th percentile is 100."""
    if level is None or not found:
        return [DEFAULT_VELOCITY] * len(found)
    attack = math.ceil(0.1 / grid.time_step_s) + 1
    peaks = []
    for column, stretch in found:
        start = min(max(0, math.floor(stretch.onset)), grid.n_frames - 1)
        peaks.append(float(level[start : start + attack, column].max()))
    reference = float(np.percentile(peaks, 95))
    raw = [_LOUD_VELOCITY + _VELOCITY_PER_DB * (p - reference) for p in peaks]
    return [int(min(max(round(v), 1), 127)) for v in raw]

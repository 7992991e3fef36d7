"""Finding the beat: tempo by autocorrelation, beats by dynamic programming, downbeats by accents.

Works on note onsets, not on audio. Method: Ellis, "Beat tracking by dynamic programming", J. New Music
Research 36(1), 2007, with a log-normal tempo prior. Neighbours: ``rhythm`` is the door and quantises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.music import Note

Array = npt.NDArray[np.float64]

RATE_HZ = 100.0
"""Resolution of the onset strength."""

BPM_RANGE = (40.0, 240.0)
TEMPO_PRIOR_BPM = 110.0
_PRIOR_OCTAVES = 0.7  # standard deviation of the log-normal prior
_SMOOTH_S = 0.02
_TIGHTNESS = 100.0  # Ellis's alpha: how dear it is to leave the tempo
_BASS_PITCH = 52
_ON_BEAT = 0.12  # of a beat
_LENGTH_SHARE, _GAP_SHARE, _START_SHARE = 3.0, 2.0, 1.0  # logistic fit on GuitarSet's beats, rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Accent:
    """Notes that start together: when, how strong, and with which pitches."""

    time_s: float
    strength: float
    pitches: tuple[int, ...]
    duration_s: float


def accents(notes: Sequence[Note], window_s: float = 0.05) -> list[Accent]:
    """Groups of notes that start within ``window_s``; chords and low notes are stronger, but not by much."""
    groups: list[list[Note]] = []
    for note in sorted(notes, key=lambda n: (n.onset_s, n.pitch)):
        if groups and note.onset_s - groups[-1][0].onset_s <= window_s:
            groups[-1].append(note)
        else:
            groups.append([note])
    found = []
    for group in groups:
        believed = sum(max(n.onset_prob, 0.05) for n in group)
        time_s = sum(n.onset_s * max(n.onset_prob, 0.05) for n in group) / believed
        bass = 1.2 if min(n.pitch for n in group) <= _BASS_PITCH else 1.0
        found.append(
            Accent(
                time_s=time_s,
                strength=bass * believed**0.5,
                pitches=tuple(n.pitch for n in group),
                duration_s=max(n.offset_s for n in group) - time_s,
            )
        )
    return found


def onset_strength(events: Sequence[Accent], duration_s: float) -> Array:
    """Onset strength at `RATE_HZ`, smoothed over 20 ms, standard deviation 1, float64 [n]."""
    n = int(np.ceil(duration_s * RATE_HZ)) + 1
    envelope = np.zeros(n)
    for event in events:
        envelope[min(round(event.time_s * RATE_HZ), n - 1)] += event.strength
    reach = round(4 * _SMOOTH_S * RATE_HZ)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (_SMOOTH_S * RATE_HZ)) ** 2)
    smooth = np.convolve(envelope, kernel)[reach : reach + n]
    spread = float(smooth.std())
    return smooth / spread if spread > 0 else smooth


def find_tempo(strength: Array, prior_bpm: float = TEMPO_PRIOR_BPM, beats_per_bar: int = 4) -> float:
    """Tempo in beats a minute whose multiples of the period best match the onset strength's autocorrelation.

    The autocorrelation is summed at half a beat, one beat, a group of beats, one bar and two bars, and
    weighted by a log-normal prior around ``prior_bpm``; the range is `BPM_RANGE` scaled with the prior.
    """
    n = len(strength)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(strength - strength.mean(), size)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, size)[:n]
    correlation = correlation / max(correlation[0], 1e-12)
    scale = prior_bpm / TEMPO_PRIOR_BPM
    bpm = np.geomspace(BPM_RANGE[0] * scale, BPM_RANGE[1] * scale, 600)
    period = 60.0 * RATE_HZ / bpm
    score = np.zeros(len(bpm))
    lags = np.arange(n)
    for multiple, weight in _comb(beats_per_bar):
        score += weight * np.interp(multiple * period, lags, correlation, right=0.0)
    prior = np.exp(-0.5 * (np.log2(bpm / prior_bpm) / _PRIOR_OCTAVES) ** 2)
    return float(bpm[int(np.argmax(np.maximum(score, 0.0) * prior + 1e-6 * prior))])


def _comb(beats_per_bar: int) -> tuple[tuple[float, float], ...]:
    """Multiples of a beat at which music in a metre repeats itself, with their weights."""
    group = 3 if beats_per_bar % 3 == 0 else 2
    bar = beats_per_bar if beats_per_bar > group else 2 * group
    return (0.5, 0.5), (1.0, 2.0), (float(group), 1.0), (float(bar), 1.0), (2.0 * bar, 1.0)


def follow_beats(strength: Array, bpm: float) -> Array:
    """Beat times in seconds that catch onsets while keeping near a tempo; may drift (Ellis 2007)."""
    period = 60.0 * RATE_HZ / bpm
    n = len(strength)
    steps = np.arange(-round(2 * period), -max(1, round(period / 2)) + 1)
    penalty = -_TIGHTNESS * np.log(-steps / period) ** 2
    score = strength.copy()
    back = np.full(n, -1, dtype=np.int64)
    lead_in = len(steps) + int(-steps[-1])
    padded = np.concatenate([np.full(lead_in, 0.0), score])
    # Ahead of the first frame nothing was gained or lost, so a beat may start there at no price but tempo.
    for t in range(n):
        reach = padded[t + lead_in + steps[0] : t + lead_in + steps[-1] + 1] + penalty
        best = int(reach.argmax())
        padded[t + lead_in] = strength[t] + reach[best]
        source = t + int(steps[best])
        back[t] = source if source >= 0 else -1
    score = padded[lead_in:]
    tail = max(0, n - round(period))
    beats = [tail + int(np.argmax(score[tail:]))]
    while back[beats[-1]] >= 0:
        beats.append(int(back[beats[-1]]))
    return np.array(beats[::-1]) / RATE_HZ


def steady_beats(strength: Array, bpm: float) -> Array:
    """Beat times of a fixed tempo whose phase catches the most onset strength."""
    period_s = 60.0 / bpm
    duration_s = (len(strength) - 1) / RATE_HZ
    times = np.arange(len(strength)) / RATE_HZ
    phases = np.linspace(0.0, period_s, max(8, round(period_s * RATE_HZ)), endpoint=False)
    gains = [
        float(np.interp(np.arange(phase, duration_s + 1e-9, period_s), times, strength).sum())
        for phase in phases
    ]
    first = float(phases[int(np.argmax(gains))])
    return np.arange(first, duration_s + period_s, period_s)


def settle_half_beat(beats: Array, events: Sequence[Accent]) -> Array:
    """The beats, or the points halfway between them where those are more likely the beats.

    Off-beats may well carry more and louder notes. What tells beats apart is that long notes start on
    them, and that a performance mostly does.
    """
    if len(beats) < 2 or len(events) < 2:
        return beats
    times = np.array([e.time_s for e in events])
    last = len(beats) - 1
    index = np.clip(np.searchsorted(beats, times, side="right") - 1, 0, last - 1)
    period = np.diff(beats)
    place = index + (times - beats[index]) / period[index]
    length = np.minimum(np.array([e.duration_s for e in events]) / np.median(period), 2.0)
    gap = np.minimum(np.append(np.diff(place), 1.0), 2.0)

    def score(shift: float) -> float:
        on = np.abs(place - shift - np.round(place - shift)) < _ON_BEAT
        if not on.any():
            return -np.inf
        weights = _LENGTH_SHARE * length[on].mean() + _GAP_SHARE * gap[on].mean()
        return float(weights + _START_SHARE * on[0])

    if score(0.5) <= score(0.0):
        return beats
    return beats[:-1] + 0.5 * period


def refine_beats(beats: Array, events: Sequence[Accent], reach: float = 0.12) -> Array:
    """Beats moved halfway onto onsets within ``reach`` of a beat's length, which undoes the 10 ms raster."""
    if len(beats) < 2 or not events:
        return beats
    times = np.array([e.time_s for e in events])
    period = float(np.median(np.diff(beats)))
    right = np.clip(np.searchsorted(times, beats), 1, len(times) - 1) if len(times) > 1 else np.zeros(1, int)
    if len(times) > 1:
        left = times[right - 1]
        nearest = np.where(np.abs(left - beats) <= np.abs(times[right] - beats), left, times[right])
    else:
        nearest = np.full(len(beats), times[0])
    offset = nearest - beats
    moved = beats + np.where(np.abs(offset) <= reach * period, offset, 0.0)
    return moved if bool(np.all(np.diff(moved) > 0.5 * period)) else beats


def extend_beats(beats: Array, first_s: float, last_s: float) -> Array:
    """Beats continued at the tempo of their edges, to at most ``first_s`` and at least ``last_s``.

    Times before 0 are not made: the first beat lies within one period of the first note.
    """
    before, after = beats[1] - beats[0], beats[-1] - beats[-2]
    early = [beats[0]]
    while early[-1] > first_s + 1e-9 and early[-1] - before >= 0.0:
        early.append(early[-1] - before)
    late = [beats[-1]]
    while late[-1] < last_s:
        late.append(late[-1] + after)
    return np.concatenate([np.array(early[:0:-1]), beats, np.array(late[1:])])


def find_downbeat(beats: Array, events: Sequence[Accent], beats_per_bar: int) -> int:
    """Index 0..beats_per_bar-1 of the first downbeat: where bass, chords and changes of harmony fall."""
    if beats_per_bar == 1 or not events:
        return 0
    period = float(np.median(np.diff(beats)))
    weight = np.zeros(len(beats))
    chroma = np.zeros((len(beats), 12))
    bass = np.full(len(beats), 128)
    for event in events:
        nearest = int(np.argmin(np.abs(beats - event.time_s)))
        within = int(np.clip(np.searchsorted(beats, event.time_s + 0.1 * period) - 1, 0, len(beats) - 1))
        for pitch in event.pitches:
            chroma[within, pitch % 12] += 1.0
        if abs(beats[nearest] - event.time_s) <= 0.15 * period:
            weight[nearest] += event.strength
            bass[nearest] = min(bass[nearest], *event.pitches)
    norm = np.linalg.norm(chroma, axis=1)
    unit = chroma / np.maximum(norm, 1e-9)[:, None]
    change = np.zeros(len(beats))
    both = (norm[1:] > 0) & (norm[:-1] > 0)
    change[1:] = np.where(both, 1.0 - (unit[1:] * unit[:-1]).sum(axis=1), 0.0)
    low = np.where(bass < 128, np.clip((60.0 - bass) / 20.0, 0.0, 1.0), 0.0)
    score = weight / max(float(weight.mean()), 1e-9) + 2.0 * change + low
    # A first strong beat is more often a downbeat than not: bars are counted from where the music starts.
    start = int(np.argmax(weight > 0))
    totals = [float(score[phase::beats_per_bar].mean()) for phase in range(min(beats_per_bar, len(beats)))]
    if start % beats_per_bar < len(totals):
        totals[start % beats_per_bar] += 0.2
    return int(np.argmax(totals))

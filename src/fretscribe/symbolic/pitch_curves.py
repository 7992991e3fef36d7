"""What a note's pitch curve looks like: how far it is bent, whether it shakes, whether it jumps.

Neighbours: ``dsp.pitch_track`` follows the pitch; ``technique_features`` asks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fretscribe.dsp.note_frames import Floats
from fretscribe.dsp.pitch_track import PitchTrack
from fretscribe.music import BendPoint

_CLEAR = 0.3
_FEWEST = 6  # clear frames
_STROKE_S = 0.015  # the stroke itself is noise
_MEDIAN, _SMOOTH, _SLOW = 5, 9, 25  # frames
_FEWEST_FOR_VIBRATO = 28
_VIBRATO_HZ: Floats = np.arange(3.5, 8.6, 0.25)
_STILL_CENTS = 2.0  # a frame
_SIMPLE_CENTS = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PitchCurve:
    """A pitch curve in figures; NaN where the note is too short or covered.

    Attributes
    ----------
    reach : float
        Cents between the lowest and the highest pitch, vibrato smoothed away.
    excursion : float
        Cents from the first pitch to the farthest.
    ends : float
        Cents from the first to the last pitch.
    steepest : float
        Cents a frame of 10 ms: a finger bends slowly, another note is there at once.
    still : float
        Share of the frames in which nothing moves.
    moves_at_s : float
        When half of the reach is passed.
    clarity : float
    vibrato_cents, vibrato_hz : float
        Extent (peak to peak) and rate of the strongest shake.
    vibrato_share : float
        Share of the quick movement that this explains.
    period_alike, half_period_alike : float
        Correlation of the quick movement with itself a period, and half a period, later.
    """

    reach: float
    excursion: float
    ends: float
    steepest: float
    still: float
    moves_at_s: float
    clarity: float
    vibrato_cents: float
    vibrato_hz: float
    vibrato_share: float
    period_alike: float
    half_period_alike: float


_UNKNOWN = float("nan")
UNKNOWN_CURVE = PitchCurve(
    reach=_UNKNOWN,
    excursion=_UNKNOWN,
    ends=_UNKNOWN,
    steepest=_UNKNOWN,
    still=_UNKNOWN,
    moves_at_s=_UNKNOWN,
    clarity=_UNKNOWN,
    vibrato_cents=_UNKNOWN,
    vibrato_hz=_UNKNOWN,
    vibrato_share=_UNKNOWN,
    period_alike=_UNKNOWN,
    half_period_alike=_UNKNOWN,
)


def describe(track: PitchTrack | None) -> PitchCurve:
    """Measure a track; `UNKNOWN_CURVE` where there is too little of it."""
    clear = _clear_part(track)
    if track is None or clear is None:
        return UNKNOWN_CURVE
    times, cents = clear
    middle = _median(cents, _MEDIAN)
    slow = _mean(middle, _SMOOTH)
    first, last = float(np.median(middle[:5])), float(np.median(middle[-_FEWEST:]))
    low, high = float(np.quantile(slow, 0.03)), float(np.quantile(slow, 0.97))
    passed = np.flatnonzero(np.diff(np.sign(slow - 0.5 * (slow.max() + slow.min()))))
    moves = np.abs(np.diff(middle))
    shake = _shake(times, cents - _mean(middle, _SLOW)) if len(times) >= _FEWEST_FOR_VIBRATO else None
    within = (track.time_s >= times[0]) & (track.time_s <= times[-1])
    return PitchCurve(
        reach=high - low,
        excursion=max(high - first, first - low, 0.0),
        ends=last - first,
        steepest=float(np.quantile(moves, 0.97)),
        still=float((moves < _STILL_CENTS).mean()),
        moves_at_s=float(times[passed[0]]) if len(passed) else 0.0,
        clarity=float(np.median(track.clarity[within])),
        vibrato_cents=_UNKNOWN if shake is None else shake[0],
        vibrato_hz=_UNKNOWN if shake is None else shake[1],
        vibrato_share=_UNKNOWN if shake is None else shake[2],
        period_alike=_UNKNOWN if shake is None else shake[3],
        half_period_alike=_UNKNOWN if shake is None else shake[4],
    )


def simple_curve(track: PitchTrack, speed: float = 1.0) -> tuple[BendPoint, ...]:
    """The track as few points, within 8 cents of it (Ramer, Douglas and Peucker).

    Parameters
    ----------
    track : PitchTrack
    speed : float
        How many times as fast as the track's the wanted clock runs.
    """
    clear = _clear_part(track)
    if clear is None:
        return ()
    times, cents = clear
    times, cents = np.maximum(times, 0.0), _median(cents, _MEDIAN)
    kept = sorted(_corners(times, cents, 0, len(times) - 1) | {0, len(times) - 1})
    return tuple(
        BendPoint(time_s=round(float(times[k]) / speed, 4), cents=round(float(cents[k]), 1)) for k in kept
    )


def _clear_part(track: PitchTrack | None) -> tuple[Floats, Floats] | None:
    """Times and cents from the first clear frame to the last, over unclear ones in a straight line."""
    if track is None:
        return None
    clear = (track.time_s > _STROKE_S) & (track.clarity > _CLEAR)
    if clear.sum() < _FEWEST:
        return None
    inside = np.flatnonzero(clear)
    times = track.time_s[inside[0] : inside[-1] + 1]
    return times, np.interp(times, track.time_s[clear], track.cents[clear])


def _corners(times: Floats, cents: Floats, first: int, last: int) -> set[int]:
    if last - first < 2:
        return set()
    line = np.interp(times[first:last], [times[first], times[last]], [cents[first], cents[last]])
    off = np.abs(cents[first:last] - line)
    at = int(off.argmax())
    if off[at] < _SIMPLE_CENTS:
        return set()
    at += first
    return {at} | _corners(times, cents, first, at) | _corners(times, cents, at, last)


def _shake(times: Floats, quick: Floats) -> tuple[float, float, float, float, float]:
    """Extent, rate, share and likeness of the strongest periodic movement."""
    window = np.hanning(len(quick))
    waves = np.exp(-2j * np.pi * np.outer(_VIBRATO_HZ, times))
    found = waves @ (quick * window) * 2.0 / window.sum()
    best = int(np.abs(found).argmax())
    amplitude, rate_hz = float(np.abs(found[best])), float(_VIBRATO_HZ[best])
    model = amplitude * np.cos(2.0 * np.pi * rate_hz * times + np.angle(found[best]))
    share = 1.0 - float(((quick - model) ** 2 * window).sum() / ((quick**2 * window).sum() + 1e-9))
    step_s = float(np.median(np.diff(times)))
    period = round(1.0 / rate_hz / step_s)
    kept = 1.0 - float(np.sinc(rate_hz * _SLOW * step_s))  # by taking the running mean away
    return 2.0 * amplitude / kept, rate_hz, share, _alike(quick, period), _alike(quick, period // 2)


def _alike(values: Floats, lag: int) -> float:
    if lag < 1 or len(values) < lag + _FEWEST:
        return _UNKNOWN
    early, late = values[:-lag], values[lag:]
    return float((early * late).sum() / np.sqrt((early**2).sum() * (late**2).sum() + 1e-9))


def _mean(values: Floats, n: int) -> Floats:
    padded = np.pad(values, (n // 2, n - 1 - n // 2), mode="edge")
    return np.convolve(padded, np.full(n, 1.0 / n), mode="valid")


def _median(values: Floats, n: int) -> Floats:
    padded = np.pad(values, n // 2, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, n), axis=1))

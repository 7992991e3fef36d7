"""How stiff the string of a note is: what tells a thick string from a thin one at the same pitch.

A stiff string's partials lie at ``f_n = n f0 sqrt(1 + B n^2)`` (Fletcher and Rossing, The Physics of
Musical Instruments, 2.18), so ``(f_n / n)^2`` is a straight line in ``n^2`` whose slope over its intercept is
B. Neither room nor microphone nor equaliser moves a partial: B is what they leave of a string's sound. After
Barbancho et al., "Inharmonicity-based method for the automatic generation of guitar tablature", IEEE
TASLP 2012, with one fit for all partials instead of tables of the guitar.

Partials that another sounding note covers are left out; without four clean ones, up to the fifth, nothing is
said. Knows no strings: ``symbolic.string_sets`` says which string has which B.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.convert import midi_to_hz
from fretscribe.frames import FloatArray
from fretscribe.music import Stiffness

Floats = npt.NDArray[np.float64]

_AFTER_ONSET_S = 0.02  # the stroke itself is noise
_LONGEST_S = 0.3
_SHORTEST_S = 0.06
_RELEASE_S = 0.03
_RESTRUCK_S = 0.05
_RINGS_ON_S = 0.15  # a note that has ended is still heard for so long
_NEAR_ONSET_S = 0.3  # one that starts so much later is heard in the same stretch

_N_PARTIALS = 14
_HIGHEST_HZ = 9500.0
_PADDED_S = 1.5
_TYPICAL_B = 7e-5
_FEWEST, _HIGHEST_NEEDED = 4, 5
_PROMINENCE = 4.0  # of a partial over the median level around it
_MOST_PROMINENT = 50.0
_MAX_B = 9e-4
_MIN_B = 2e-6
_CENTS_PER_RATIO = 1731.0  # 1200 / ln 2
_FIT_ROUNDS = 4


@dataclass(frozen=True, slots=True, eq=False)
class _Spectrum:
    """Magnitudes of a stretch, zero-padded; ``lobe_hz`` is half the width of a partial's main lobe."""

    magnitude: Floats
    step_hz: float
    lobe_hz: float


@dataclass(frozen=True, slots=True)
class _Partial:
    number: int
    hz: float
    prominence: float


def measure_stiffness(
    signal: FloatArray, sample_rate: int, onset_s: Floats, offset_s: Floats, pitch: npt.NDArray[np.int64]
) -> list[Stiffness | None]:
    """The stiffness of each of a recording's notes.

    Parameters
    ----------
    signal : float32 array [n_samples]
        Mono; the guitar within about 20 cents of concert pitch (``detune`` brings it there).
    sample_rate : int
        Hz; 22050 shows all partials that are used.
    onset_s, offset_s : float64 array [n_notes]
        Seconds from the start of ``signal``, sorted by onset.
    pitch : int64 array [n_notes]
        MIDI.

    Returns
    -------
    list of Stiffness or None
        None where a note is too short, or too few of its partials stand free.
    """
    measured: list[Stiffness | None] = []
    again_s = _struck_again(onset_s, pitch)
    silent_s = np.maximum.accumulate(offset_s + _RINGS_ON_S)  # never falls: notes long gone are skipped
    for i in range(len(onset_s)):
        span = _span(float(onset_s[i]), float(offset_s[i]), again_s[i], len(signal) / sample_rate)
        if span is None:
            measured.append(None)
            continue
        start, stop = (int(t * sample_rate) for t in span)
        spectrum = _spectrum(signal[start:stop], sample_rate)
        first = int(np.searchsorted(silent_s, span[0], side="right"))
        last = int(np.searchsorted(onset_s, onset_s[i] + _NEAR_ONSET_S))
        near = pitch[first:last][offset_s[first:last] + _RINGS_ON_S > span[0]]
        others = np.unique(near[near != pitch[i]])
        partials = _partials(spectrum, midi_to_hz(int(pitch[i])), [midi_to_hz(int(p)) for p in others])
        measured.append(_fitted(partials))
    return measured


def _struck_again(onset_s: Floats, pitch: npt.NDArray[np.int64]) -> Floats:
    """When each note's pitch is next struck, inf for the last: float64 [n_notes]."""
    again_s = np.full(len(onset_s), np.inf)
    for one in np.unique(pitch):
        alike = np.flatnonzero(pitch == one)
        following = np.searchsorted(onset_s[alike], onset_s[alike] + _RESTRUCK_S, side="right")
        again_s[alike] = np.append(onset_s[alike], np.inf)[following]
    return again_s


def _span(onset_s: float, offset_s: float, again_s: float, duration_s: float) -> tuple[float, float] | None:
    """Where to listen to a note: after its stroke, before its end or its next stroke."""
    start = onset_s + _AFTER_ONSET_S
    stop = min(offset_s + _RELEASE_S, again_s, start + _LONGEST_S, duration_s)
    return (start, stop) if stop - start >= _SHORTEST_S else None


def _spectrum(stretch: FloatArray, sample_rate: int) -> _Spectrum:
    n_fft = 1 << int(np.ceil(np.log2(_PADDED_S * sample_rate)))
    magnitude = np.abs(np.fft.rfft(stretch * np.hanning(len(stretch)), n_fft))
    return _Spectrum(magnitude, sample_rate / n_fft, 2 * sample_rate / len(stretch))


def _partials(spectrum: _Spectrum, f0_hz: float, others_hz: list[float]) -> list[_Partial]:
    """A note's partials, each sought where those before it say."""
    found: list[_Partial] = []
    for number in range(1, _N_PARTIALS + 1):
        if number * f0_hz > _HIGHEST_HZ:
            break
        expected, tolerance = _expected(number, f0_hz, found)
        if _covered(expected, others_hz, 1.6 * spectrum.lobe_hz):
            continue
        partial = _peak(spectrum, number, expected, max(0.8 * spectrum.lobe_hz, tolerance))
        if partial is not None:
            found.append(partial)
            if number <= 2:
                f0_hz = 0.5 * (f0_hz + partial.hz / number)
    return found


def _expected(number: int, f0_hz: float, found: list[_Partial]) -> tuple[float, float]:
    """Where a partial should lie, and how far from there it may: closer once a line can be drawn."""
    if len(found) < 3:
        return number * f0_hz * np.sqrt(1 + _TYPICAL_B * number**2), 0.014 * number * f0_hz
    squares, intercepts, weights = _line_points(found)
    slope, intercept = np.polyfit(squares, intercepts, 1, w=np.sqrt(weights))
    intercept = max(intercept, 1.0)
    stiffness = np.clip(slope / intercept, -2e-5, _MAX_B)
    hz = number * np.sqrt(intercept * max(1e-9, 1 + stiffness * number**2))
    return float(hz), float(hz) * (0.006 + 0.0006 * number)


def _line_points(partials: list[_Partial]) -> tuple[Floats, Floats, Floats]:
    """``n^2``, ``(f_n / n)^2`` and a weight 0..1 of every partial."""
    numbers = np.array([p.number for p in partials], dtype=np.float64)
    hz = np.array([p.hz for p in partials])
    weights = np.minimum([p.prominence for p in partials], _MOST_PROMINENT) / _MOST_PROMINENT
    return numbers**2, (hz / numbers) ** 2, np.asarray(weights)


def _covered(hz: float, others_hz: list[float], within_hz: float) -> bool:
    """Whether a partial of another note lies too near to be told apart."""
    numbers = [(f0_hz, max(1, round(hz / f0_hz))) for f0_hz in others_hz]
    nearest = [n * f0_hz * float(np.sqrt(1 + 8e-5 * n**2)) for f0_hz, n in numbers if n <= 16]
    return any(abs(hz - other) < within_hz for other in nearest)


def _peak(spectrum: _Spectrum, number: int, hz: float, tolerance_hz: float) -> _Partial | None:
    """The highest point near a frequency, if it is a peak and stands out, placed by a parabola."""
    low = int(max(1, (hz - tolerance_hz) / spectrum.step_hz))
    high = int((hz + tolerance_hz) / spectrum.step_hz) + 1
    if high >= len(spectrum.magnitude) - 1 or high - low < 2:
        return None
    top = low + int(spectrum.magnitude[low:high].argmax())
    if top in (low, high - 1):
        return None
    before, at, after = np.log(spectrum.magnitude[top - 1 : top + 2] + 1e-12)
    curvature = before - 2 * at + after
    shift = 0.5 * (before - after) / curvature if curvature < 0 else 0.0
    around = 4 * spectrum.lobe_hz
    first, last = int(max(1, (hz - around) / spectrum.step_hz)), int((hz + around) / spectrum.step_hz)
    prominence = spectrum.magnitude[top] / (np.median(spectrum.magnitude[first:last]) + 1e-12)
    if prominence < _PROMINENCE:
        return None
    return _Partial(number, float((top + shift) * spectrum.step_hz), float(prominence))


def _fitted(partials: list[_Partial]) -> Stiffness | None:
    """The line through the partials that agree on one, weighted by how far they stand out."""
    if not _enough(partials):
        return None
    squares, heights, weights = _line_points(partials)
    weights = np.sqrt(weights * squares)  # a cent is worth n times as much for the n-th partial's B
    kept = np.ones(len(partials), dtype=bool)
    for _ in range(_FIT_ROUNDS):
        slope, intercept = np.polyfit(squares[kept], heights[kept], 1, w=weights[kept])
        if intercept <= 0:
            return None
        line = np.maximum(slope * squares + intercept, 1.0)
        cents = np.abs(np.sqrt(heights / line) - 1) * np.sqrt(line / intercept) * _CENTS_PER_RATIO
        agree = cents < 2.5 * max(1.5, 2.25 * float(np.median(cents[kept])))
        if not _enough([p for p, stays in zip(partials, agree, strict=True) if stays]):
            break
        if (agree == kept).all():
            break
        kept = agree
    slope, intercept = np.polyfit(squares[kept], heights[kept], 1, w=weights[kept])
    if intercept <= 0 or slope <= _MIN_B * intercept:
        return None
    error = _slope_error(squares[kept], heights[kept] - slope * squares[kept] - intercept, weights[kept])
    return Stiffness(log_b=float(np.log(slope / intercept)), error=max(1e-3, error / slope))


def _enough(partials: list[_Partial]) -> bool:
    return len(partials) >= _FEWEST and max(p.number for p in partials) >= _HIGHEST_NEEDED


def _slope_error(squares: Floats, residuals: Floats, weights: Floats) -> float:
    """Standard error of a weighted line's slope, from its residuals."""
    design = np.stack([squares, np.ones_like(squares)], axis=1) * weights[:, None]
    scatter = float(((residuals * weights) ** 2).sum()) / max(1, len(squares) - 2)
    return float(np.sqrt(scatter * np.linalg.pinv(design.T @ design)[0, 0]))

"""Tells a guitar alone from a guitar among others, by three measures of the sound.

- **Low**: sound below any guitar's strings, as bass guitars and bass drums make it.
- **Noise**: bursts of noise in the treble, as cymbals and snares make it; the steady noise of a recording is
  taken out.
- **Gliding**: partials that glide from frame to frame, as those of a voice always do; those of a string keep
  their place unless it is bent.

Up to twelve excerpts spread over the recording are judged, each by itself. What it does not know:
instruments that sound like a guitar (a piano, a second guitar), a bass that never goes below G1, and stereo,
which tells of microphones and mixing, not of instruments. The thresholds were chosen on rendered guitars and
bands and on the development recordings; figures are in docs/EXPERIMENTS.md. Neighbours: ``datasets.band``
plays what it must find, ``pipeline.separating`` asks it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.frames import Audio, FloatArray

LOW_DB = -27.0
NOISE_DB = -23.0
GLIDING = 0.18
"""An excerpt above any of these holds more than a guitar."""

_EXCERPT_S = 10.0
_SHORTEST_S = 2.0  # nothing is said of less
_MOST_EXCERPTS = 12
_SHARE_OF_EXCERPTS = 1 / 3  # a band may come in late, and one excerpt may err
_SILENT_RMS = 1e-4

_LOW_WINDOW_S = 0.37  # tells A1, the lowest guitar note, from E1
_LOW_BAND_HZ = (26.0, 48.0)
_HEARD_FROM_HZ = 60.0
_WINDOW_S = 0.093
_NOISE_BAND_HZ = (4000.0, 9000.0)
_GLIDE_BAND_HZ = (300.0, 4000.0)
_PEAK_RANGE_DB = 30.0
_QUIET_PEAK_DB = 45.0
_SAME_PEAK_CENTS = 80.0
_STEP_CENTS = 6.0  # in a quarter of a window: slower, it is a string settling
_STEADY_STEP = 3.0

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """What was heard of a recording.

    Attributes
    ----------
    low_db, noise_db : float
        Level of the low sound and of the noise bursts against the whole, in dB; median of the excerpts.
    gliding : float
        Share of the partials' level that glides, 0..1; median of the excerpts.
    reasons : tuple of str
        Why it holds more than a guitar, in words; empty for a guitar alone.
    n_excerpts : int
        How many excerpts sounded; 0 is silence, or too short to be judged.
    """

    low_db: float
    noise_db: float
    gliding: float
    reasons: tuple[str, ...]
    n_excerpts: int

    @property
    def more_than_guitar(self) -> bool:
        return bool(self.reasons)

    def __str__(self) -> str:
        if not self.n_excerpts:
            return "too little sounds to tell what plays"
        if self.reasons:
            return "more than a guitar: " + ", ".join(self.reasons)
        levels = f"low {self.low_db:.0f} dB, noise {self.noise_db:.0f} dB, gliding {self.gliding:.0%}"
        return f"a guitar alone ({levels})"


def hear_mixture(audio: Audio) -> Mixture:
    """Judge a recording at 22050 Hz (others are judged alike, as far as they reach)."""
    rate, mono = audio.sample_rate, audio.mono()
    measured = np.array([
        measure_excerpt(excerpt, rate)
        for excerpt in _excerpts(mono, rate)
        if np.sqrt(np.mean(np.square(excerpt, dtype=np.float64))) > _SILENT_RMS
    ]).reshape(-1, 3)  # fmt: skip
    if not len(measured):
        return Mixture(low_db=-np.inf, noise_db=-np.inf, gliding=0.0, reasons=(), n_excerpts=0)
    low_db, noise_db, gliding = (float(value) for value in np.median(measured, axis=0))
    above = np.asarray(measured > (LOW_DB, NOISE_DB, GLIDING))
    reasons: tuple[str, ...] = ()
    if above.any(axis=1).mean() >= _SHARE_OF_EXCERPTS:
        strongest = measured.max(axis=0)
        words = (
            f"sound below a guitar's strings ({strongest[0]:.0f} dB)",
            f"bursts of noise as of drums ({strongest[1]:.0f} dB)",
            f"gliding pitches as of a voice ({strongest[2]:.0%})",
        )
        reasons = tuple(word for number, word in enumerate(words) if above[:, number].any())
    return Mixture(
        low_db=low_db, noise_db=noise_db, gliding=gliding, reasons=reasons, n_excerpts=len(measured)
    )


def measure_excerpt(mono: FloatArray, sample_rate: int) -> tuple[float, float, float]:
    """Low sound in dB, noise bursts in dB, share of gliding partials of an excerpt, float32 [n_samples]."""
    power, hz = _spectrogram(mono, sample_rate, _LOW_WINDOW_S)
    low = power[:, (hz >= _LOW_BAND_HZ[0]) & (hz < _LOW_BAND_HZ[1])].sum(axis=1)
    whole = power[:, hz >= _HEARD_FROM_HZ].sum(axis=1)
    low_db = _decibels(_bursts(low), float(whole.mean()))
    power, hz = _spectrogram(mono, sample_rate, _WINDOW_S)
    treble = power[:, (hz >= _NOISE_BAND_HZ[0]) & (hz < _NOISE_BAND_HZ[1])] + np.float32(1e-12)
    noise = np.exp(np.log(treble).mean(axis=1)) * treble.shape[1]  # what is as strong at every frequency
    noise_db = _decibels(_bursts(noise), float(power[:, hz >= _HEARD_FROM_HZ].sum(axis=1).mean()))
    return low_db, noise_db, _gliding(power, hz)


def _excerpts(mono: FloatArray, rate: int) -> list[FloatArray]:
    """Excerpts spread evenly, the whole where it is short, none where it is too short."""
    if len(mono) < _SHORTEST_S * rate:
        return []
    length = round(_EXCERPT_S * rate)
    n_excerpts = min(_MOST_EXCERPTS, max(1, len(mono) // length))
    starts = np.linspace(0, max(0, len(mono) - length), n_excerpts).astype(int)
    return [mono[start : start + length] for start in starts]


def _spectrogram(mono: FloatArray, rate: int, window_s: float) -> tuple[Array, npt.NDArray[np.float64]]:
    """Power [n_frames, n_bins] of Hann windows a quarter of their length apart, and the bins' Hz."""
    size = 2 * round(window_s * rate / 2)
    padded = np.pad(mono, size // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 4]
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(frames * window, axis=1)), dtype=np.float32)
    return power, np.asarray(np.fft.rfftfreq(size, 1 / rate), dtype=np.float64)


def _bursts(power: Array) -> float:
    """Mean of what rises above twice the quiet tenth: steady hum and hiss come to nothing."""
    return float(np.maximum(power - 2 * np.quantile(power, 0.1), 0.0).mean())


def _decibels(part: float, whole: float) -> float:
    return float(10 * np.log10(part / max(whole, 1e-12) + 1e-9))


def _gliding(power: Array, hz: npt.NDArray[np.float64]) -> float:
    frame, cents, level = _peaks(power, hz)
    if not len(frame):
        return 0.0
    before, after = _step(frame, cents, -1), _step(frame, cents, +1)
    small, large = np.minimum(abs(before), abs(after)), np.maximum(abs(before), abs(after))
    glides = (before * after < 0) & (small > _STEP_CENTS) & (large < _STEADY_STEP * small)
    return float(level[glides].sum() / level.sum())


def _peaks(power: Array, hz: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], Array, Array]:
    """Frame, pitch in cents and level of every clear spectral peak, frame by frame, upwards."""
    first, last = np.searchsorted(hz, _GLIDE_BAND_HZ)
    db = 10 * np.log10(power[:, first:last] + np.float32(1e-18))
    middle = db[:, 1:-1]
    floor = np.maximum(db.max(axis=1, keepdims=True) - _PEAK_RANGE_DB, db.max() - _QUIET_PEAK_DB)
    frame, at = np.nonzero((middle > db[:, :-2]) & (middle >= db[:, 2:]) & (middle > floor))
    left, top, right = db[frame, at], db[frame, at + 1], db[frame, at + 2]
    offset = 0.5 * (left - right) / (left - 2 * top + right - 1e-9)  # of the parabola through the three
    cents = 1200 * np.log2((at + 1 + first + offset) * (hz[1] - hz[0]))
    return frame, cents, 10 ** (top / 20)


def _step(frame: npt.NDArray[np.int64], cents: Array, by: int) -> Array:
    """Cents from each peak to the nearest one a frame before or after; 0 where there is none near."""
    spread = 1e5  # parts the frames on one axis
    here, place = frame * spread + cents, (frame + by) * spread + cents
    right = np.clip(np.searchsorted(here, place), 1, len(here) - 1)
    nearest = np.where(place - here[right - 1] < here[right] - place, right - 1, right)
    distance = here[nearest] - place
    return np.asarray(np.where(np.abs(distance) < _SAME_PEAK_CENTS, distance, 0.0))

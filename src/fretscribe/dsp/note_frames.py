"""Spectra of a stretch of sound, frame by frame, and where a note's partials lie in them.

What `pitch_track` and `note_sound` measure on. Frames are centred on their times; before and after the sound
there is silence. Knows no strings.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fretscribe.convert import midi_to_hz
from fretscribe.frames import FloatArray

Floats = npt.NDArray[np.float64]

TYPICAL_B = 7e-5
_RINGS_ON_S = 0.1  # a note that has ended is still heard for so long
_JOINED_S = 0.06  # notes that lie so near follow each other without a rest
_SHORTEST_S = 0.03
_WIDEST_STEP = 12  # semitones


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundingNotes:
    """The notes of a recording, as arrays [n_notes] sorted by onset.

    Attributes
    ----------
    onset_s, offset_s : float64 array
        Seconds from the start of the sound.
    pitch : int64 array
        MIDI.
    string : int64 array
        On which each is played.
    """

    onset_s: Floats
    offset_s: Floats
    pitch: npt.NDArray[np.int64]
    string: npt.NDArray[np.int64]
    _silent_s: Floats = field(init=False, repr=False)
    """When each note and all before it have rung out; never falls, so that notes long gone are skipped."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_silent_s", np.maximum.accumulate(self.offset_s + _RINGS_ON_S))

    def __len__(self) -> int:
        return len(self.onset_s)

    def joined_before(self, i: int) -> int:
        """Index of the note that sounds right up to note i, near its pitch; -1 where there is none.

        One of its own string first: which string a note is on may have been heard wrongly.
        """
        first = int(np.searchsorted(self._silent_s, self.onset_s[i] - _JOINED_S))
        gaps = self.onset_s[i] - self.offset_s[first:i]
        sizes = np.abs(self.pitch[first:i] - self.pitch[i])
        near = (sizes > 0) & (sizes <= _WIDEST_STEP) & (self.onset_s[i] - self.onset_s[first:i] > _SHORTEST_S)
        own = self.string[first:i] == self.string[i]
        able = np.flatnonzero(near & (gaps < _JOINED_S) & (gaps > np.where(own, -1.0, -_JOINED_S)))
        if not len(able):
            return -1
        return first + int(min(able, key=lambda j: (not own[j], abs(gaps[j]))))

    def heard_with(self, i: int, start_s: float, end_s: float, *, but: int = -1) -> npt.NDArray[np.int64]:
        """Indices of other strings' notes that sound between two times, ``but`` one."""
        first = int(np.searchsorted(self._silent_s, start_s, side="right"))
        last = int(np.searchsorted(self.onset_s, end_s))
        sounds = self.offset_s[first:last] + _RINGS_ON_S > start_s
        sounds &= self.string[first:last] != self.string[i]
        found = first + np.flatnonzero(sounds)
        return np.asarray(found[found != but])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frames:
    """Magnitudes of frames.

    Attributes
    ----------
    magnitude : float32 array [n_frames, n_bins]
        Of a sine's amplitude.
    bin_hz : float
        Between two bins.
    step_s : float
        Between two frames.
    start_s : float
        Centre of frame 0.
    lobe_hz : float
        Half the width of a sine's main lobe.
    """

    magnitude: FloatArray
    bin_hz: float
    step_s: float
    start_s: float
    lobe_hz: float

    def frame(self, time_s: float) -> int:
        """The nearest frame that there is."""
        return int(min(max(round((time_s - self.start_s) / self.step_s), 0), len(self.magnitude) - 1))

    def span(self, start_s: float, end_s: float) -> slice:
        """Frames from one time to another, at least one."""
        first = self.frame(start_s)
        return slice(first, max(first + 1, self.frame(end_s) + 1))

    def at(self, hz: Floats, frames: slice) -> FloatArray:
        """Magnitudes at frequencies [...], linear between bins: float32 [n_frames, ...]; 0 above the last."""
        place = np.minimum(hz / self.bin_hz, self.magnitude.shape[1] - 1.001)
        low = place.astype(np.int64)
        share = (place - low).astype(np.float32)
        rows = self.magnitude[frames]
        found = rows[:, low] * (1 - share) + rows[:, low + 1] * share
        return np.asarray(found * (hz < self.bin_hz * (self.magnitude.shape[1] - 2)), dtype=np.float32)


def frames_of(
    signal: FloatArray,
    sample_rate: int,
    *,
    start_s: float,
    end_s: float,
    window_s: float,
    step_s: float,
    pad: int,
) -> Frames:
    """Spectra of a stretch of a signal, through a Hann window.

    Parameters
    ----------
    signal : float32 array [n_samples]
    sample_rate : int
        Hz.
    start_s, end_s : float
        Centre of the first frame, and where the last lies at most.
    window_s, step_s : float
        Rounded to whole samples.
    pad : int
        Length of the transform over that of the window (rounded up to a power of 2).
    """
    size, hop = round(window_s * sample_rate), max(1, round(step_s * sample_rate))
    n_fft = 1 << (size * pad - 1).bit_length()
    n_frames = max(1, int((end_s - start_s) * sample_rate / hop) + 1)
    first = round(start_s * sample_rate) - size // 2
    needed = (n_frames - 1) * hop + size
    stretch = np.zeros(needed, dtype=np.float32)
    low, high = max(0, first), min(len(signal), first + needed)
    if high > low:
        stretch[low - first : high - first] = signal[low:high]
    window = np.hanning(size).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(stretch, size)[::hop] * window
    magnitude = np.abs(np.fft.rfft(windows, n_fft)).astype(np.float32) * np.float32(2.0 / window.sum())
    return Frames(
        magnitude=magnitude,
        bin_hz=sample_rate / n_fft,
        step_s=hop / sample_rate,
        start_s=(first + size // 2) / sample_rate,
        lobe_hz=2 * sample_rate / size,
    )


def partial_hz(pitch: float, n_partials: int, *, highest_hz: float) -> Floats:
    """Where the partials of a note of a typical string lie, as many as there are up to a frequency."""
    n = np.arange(1, n_partials + 1)
    hz = midi_to_hz(pitch) * n * np.sqrt((1 + TYPICAL_B * n**2) / (1 + TYPICAL_B))
    return np.asarray(hz[hz < highest_hz])


def covered(hz: Floats, others: Floats, within_hz: float, within_cents: float) -> npt.NDArray[np.bool_]:
    """Whether frequencies lie near partials of other notes.

    Parameters
    ----------
    hz : float64 array [...]
    others : float64 array [n]
        Partials of other notes, Hz.
    within_hz, within_cents : float
        Both are too near.
    """
    if not len(others):
        return np.zeros(hz.shape, dtype=np.bool_)
    reach = np.maximum(within_hz, others * (2.0 ** (within_cents / 1200.0) - 1.0))
    return np.asarray((np.abs(hz[..., None] - others) < reach).any(axis=-1))

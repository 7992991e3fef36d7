"""Log-mel frames: the spectral view of ``X_spec``, the same numbers as librosa's default mel spectrogram.

Power spectrum of 2048 samples under a periodic Hann window, 128 triangles on Slaney's mel scale with Slaney's
area norm, in dB above a floor. Knows nothing of files or labels. Neighbours: ``vqt`` is the acoustic model's
view; ``datasets.guitarset_arrays`` and ``datasets.synthetic_set`` write these frames.
Sources: M. Slaney, *Auditory Toolbox*, 1998; B. McFee et al., *librosa*, SciPy 2015.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fretscribe.frames import FloatArray, FrameGrid

MEL_SAMPLE_RATE = 22050
MEL_HOP_LENGTH = 512
N_FFT = 2048
N_MELS = 128
FLOOR_DB = -100.0

_FLOOR = 1e-10
_CHUNK_FRAMES = 512
_LINEAR_HZ = 200 / 3
"""Hz a mel below `_KNEE_HZ`."""
_KNEE_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27


def log_mel(
    signal: npt.NDArray[np.float32],
    sample_rate: int = MEL_SAMPLE_RATE,
    *,
    hop_length: int = MEL_HOP_LENGTH,
) -> FloatArray:
    """Log-mel frames of a sound; frame i is centred on sample ``i * hop_length``, zeros lie beyond the ends.

    Equals ``10 log10(max(1e-10, librosa.feature.melspectrogram(y=signal, sr=sample_rate)))``, transposed.

    Parameters
    ----------
    signal : float array [n_samples]
    sample_rate : int
        Hz.
    hop_length : int
        Samples from frame to frame.

    Returns
    -------
    float32 array [1 + n_samples // hop_length, 128]
        In dB, `FLOOR_DB` or more.

    >>> log_mel(np.zeros(1024, dtype=np.float32)).shape, float(log_mel(np.zeros(1024, np.float32)).max())
    ((3, 128), -100.0)
    """
    if signal.ndim != 1:
        raise ValueError(f"signal must have one dimension, not shape {signal.shape}")
    filters = _mel_filters(sample_rate)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    padded = np.pad(signal, N_FFT // 2)
    framed = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::hop_length]
    out = np.empty((len(framed), N_MELS), dtype=np.float32)
    for first in range(0, len(framed), _CHUNK_FRAMES):  # an hour of frames at once would take gigabytes
        chunk = framed[first : first + _CHUNK_FRAMES]
        spectrum = np.fft.rfft(chunk * window)
        power = spectrum.real**2 + spectrum.imag**2
        out[first : first + _CHUNK_FRAMES] = 10.0 * np.log10(np.maximum(_FLOOR, power @ filters))
    return out


def mel_grid(
    n_frames: int, *, sample_rate: int = MEL_SAMPLE_RATE, hop_length: int = MEL_HOP_LENGTH
) -> FrameGrid:
    """The grid of the frames that `log_mel` makes."""
    return FrameGrid(sample_rate=sample_rate, hop_length=hop_length, n_frames=n_frames)


def mel_centres_hz(sample_rate: int = MEL_SAMPLE_RATE) -> npt.NDArray[np.float64]:
    """Centre frequency of each mel band, float64 [128]."""
    return _hz(np.linspace(0.0, _mel(sample_rate / 2), N_MELS + 2))[1:-1]


@lru_cache(maxsize=4)
def _mel_filters(sample_rate: int) -> npt.NDArray[np.float64]:
    """Weights [1025, 128] of the power spectrum's bins: triangles of area 1 (in Hz) between equal mels."""
    edges_hz = _hz(np.linspace(0.0, _mel(sample_rate / 2), N_MELS + 2))
    bins_hz = np.fft.rfftfreq(N_FFT, 1 / sample_rate)
    widths_hz = np.diff(edges_hz)
    distance = bins_hz[:, None] - edges_hz[None]  # [n_bins, n_mels + 2]
    rising = distance[:, :-2] / widths_hz[:-1]
    falling = -distance[:, 2:] / widths_hz[1:]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(triangles * (2.0 / (edges_hz[2:] - edges_hz[:-2])), dtype=np.float64)


def _mel(frequency_hz: float) -> float:
    """Slaney's mel scale, above its knee (every Nyquist frequency here is)."""
    return float(_KNEE_HZ / _LINEAR_HZ + np.log(frequency_hz / _KNEE_HZ) / _LOG_STEP)


def _hz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    knee = _KNEE_HZ / _LINEAR_HZ
    above = _KNEE_HZ * np.exp(_LOG_STEP * np.maximum(0.0, mels - knee))
    return np.where(mels < knee, mels * _LINEAR_HZ, above)

"""From strings to a recording: body, amplifier, room, microphone, noise, level and codec, all randomised.

Takes the per-string sound of ``synthetic`` or ``sample_voice`` and returns one mono signal. Knows nothing
of notes. All filters are applied in the frequency domain over the whole clip. Neighbour: ``sympathy`` has
the strings that ring along.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soundfile

from fretscribe.datasets.guitars import GuitarKind
from fretscribe.datasets.sympathy import with_sympathy
from fretscribe.frames import FloatArray
from fretscribe.music import STANDARD_TUNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """How a guitar is recorded.

    Attributes
    ----------
    body_hz, body_gain_db, body_q : tuples of float
        Resonances of body or cabinet: centre, gain and quality.
    tilt_db_per_octave : float
        Slope of the spectrum around 1 kHz.
    wobble_db : tuple of float
        A smooth random curve over log frequency: its values at equal steps from 40 Hz to 11 kHz.
    low_cut_hz, high_cut_hz : float
    sympathy_db : float, or None
        Level at which the open strings ring along with what is played; None = they are damped.
    drive : float
        Gain into a soft clipper; 0 = none.
    asymmetry : float
        Offset of the clipper's working point, 0..1: even harmonics.
    room_s : float
        Reverberation time (-60 dB); 0 = none.
    room_mix : float
        Level of the room against the direct sound.
    noise_db, hum_db : float
        Level of pinkish noise and of mains hum against the signal's loud parts.
    peak : float
        Peak of the result.
    clipping : float
        Share of the peak that the converter cuts off; 0 = none.
    mp3_compression : float, or None
        The recording went through an MP3 of this compression, 0 (best) to 0.7; None = it did not. Beyond 0.7
        the encoder changes the rate and delays the sound.
    """

    body_hz: tuple[float, ...]
    body_gain_db: tuple[float, ...]
    body_q: tuple[float, ...]
    tilt_db_per_octave: float
    wobble_db: tuple[float, ...]
    low_cut_hz: float
    high_cut_hz: float
    drive: float
    room_s: float
    room_mix: float
    noise_db: float
    hum_db: float
    peak: float
    sympathy_db: float | None = None
    asymmetry: float = 0.0
    clipping: float = 0.0
    mp3_compression: float | None = None


def random_recording(rng: np.random.Generator, kind: GuitarKind) -> Recording:
    """Draw a recording chain that suits a kind of guitar."""
    acoustic = kind != "electric"
    body = [rng.uniform(85, 125), rng.uniform(170, 240), *np.exp(rng.uniform(np.log(300), np.log(5000), 5))]
    gains = [rng.uniform(0, 9), rng.uniform(0, 9), *rng.uniform(-7, 7, 5)]
    driven = not acoustic and rng.random() < 0.5
    roomy = rng.random() < 0.75
    rings_along = rng.random() < (0.6 if acoustic else 0.3)
    clipped, coded = rng.random() < 0.05, rng.random() < 0.3
    return Recording(
        body_hz=tuple(float(f) for f in body),
        body_gain_db=tuple(float(g) * (1.0 if acoustic else 0.4) for g in gains),
        body_q=tuple(float(q) for q in rng.uniform(1.5, 9, 7)),
        tilt_db_per_octave=float(rng.normal(0, 1.3)),
        wobble_db=tuple(float(w) for w in rng.normal(0, 2.8, 12)),
        low_cut_hz=float(np.exp(rng.uniform(np.log(25), np.log(110)))),
        high_cut_hz=float(np.exp(rng.uniform(np.log(3500 if not acoustic else 5000), np.log(11000)))),
        drive=float(np.exp(rng.uniform(np.log(1.0), np.log(60)))) if driven else 0.0,
        room_s=float(np.exp(rng.uniform(np.log(0.12), np.log(1.2)))) if roomy else 0.0,
        room_mix=float(np.exp(rng.uniform(np.log(0.03), np.log(0.5)))) if roomy else 0.0,
        noise_db=float(rng.uniform(-75, -32)),
        hum_db=float(rng.uniform(-90, -45)),
        peak=float(np.exp(rng.uniform(np.log(0.08), np.log(0.99)))),
        sympathy_db=float(rng.uniform(-34, -12)) if rings_along else None,
        asymmetry=float(rng.uniform(0, 0.5)) if driven else 0.0,
        clipping=float(rng.uniform(0.05, 0.5)) if clipped else 0.0,
        mp3_compression=float(rng.uniform(0.2, 0.7)) if coded else None,
    )


QUIET_ROOM = Recording(
    body_hz=(105.0, 205.0, 430.0, 900.0, 2400.0),
    body_gain_db=(4.0, 5.0, 2.0, -2.0, 2.0),
    body_q=(4.0, 4.0, 3.0, 3.0, 2.0),
    tilt_db_per_octave=0.0,
    wobble_db=(0.0, 0.0),
    low_cut_hz=45.0,
    high_cut_hz=9000.0,
    drive=0.0,
    room_s=0.35,
    room_mix=0.12,
    noise_db=-60.0,
    hum_db=-90.0,
    peak=0.7,
)
"""A plain good recording of an acoustic guitar: what `synthetic.render` uses unless told otherwise."""


def record(
    strings: FloatArray,
    recording: Recording,
    rng: np.random.Generator,
    *,
    sample_rate: int,
    open_pitches: Sequence[int] = STANDARD_TUNING.open_pitches,
) -> FloatArray:
    """Mix the strings and pass them through the chain.

    Parameters
    ----------
    strings : float32 array [n_strings, n_samples]
    recording : Recording
    rng : numpy Generator
        Draws noise and the room's reflections.
    sample_rate : int
        Hz.
    open_pitches : sequence of int
        MIDI pitches of the strings that ring along, the capo included.

    Returns
    -------
    float32 array [n_samples]
        Peak ``recording.peak``; silence stays noise alone.
    """
    mix = strings.sum(axis=0, dtype=np.float64)
    if recording.sympathy_db is not None:
        mix = with_sympathy(mix, open_pitches, recording.sympathy_db, rng, sample_rate)
    if recording.drive > 0:
        mix = _driven(mix, recording.drive, recording.asymmetry)
    mix = _filtered(mix, recording, rng, sample_rate)
    loud_rms = _loud_rms(mix) or 1e-3
    mix = mix + loud_rms * _noise(len(mix), recording, rng, sample_rate)
    peak = np.abs(mix).max(initial=0.0) or 1.0
    if recording.clipping > 0:
        peak *= 1 - recording.clipping
        mix = np.clip(mix, -peak, peak)
    if recording.mp3_compression is not None:
        mix = _through_mp3(mix / peak, recording.mp3_compression, sample_rate)
        peak = np.abs(mix).max(initial=0.0) or 1.0
    return np.asarray(mix * (recording.peak / peak), dtype=np.float32)


def _driven(mix: npt.NDArray[np.float64], drive: float, asymmetry: float) -> npt.NDArray[np.float64]:
    """A soft clipper around a shifted working point; what it adds at 0 Hz is taken off again."""
    loud = np.abs(mix).max(initial=0.0) or 1.0
    out = np.tanh(drive * mix / loud + asymmetry) - np.tanh(asymmetry)
    return np.asarray(out - out.mean())


def _through_mp3(
    mix: npt.NDArray[np.float64], compression: float, sample_rate: int
) -> npt.NDArray[np.float64]:
    """Encoded and decoded; as long as before."""
    file = io.BytesIO()
    soundfile.write(
        file,
        (0.9 * mix).astype(np.float32),
        sample_rate,
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=compression,
        bitrate_mode="CONSTANT",
    )
    file.seek(0)
    heard, _ = soundfile.read(file, dtype="float64")
    return np.pad(heard[: len(mix)], (0, max(0, len(mix) - len(heard))))


def _filtered(
    mix: npt.NDArray[np.float64], recording: Recording, rng: np.random.Generator, sample_rate: int
) -> npt.NDArray[np.float64]:
    n_room = int(recording.room_s * sample_rate)
    n_fft = 1 << int(np.ceil(np.log2(len(mix) + n_room + sample_rate // 4)))
    frequency = np.asarray(np.fft.rfftfreq(n_fft, 1 / sample_rate), dtype=np.float64)
    response = 10 ** (_response_db(frequency, recording) / 20)
    spectrum = np.fft.rfft(mix, n_fft) * response
    if n_room:
        spectrum = spectrum * (1 + np.fft.rfft(_room(n_room, recording, rng, sample_rate), n_fft))
    return np.asarray(np.fft.irfft(spectrum, n_fft)[: len(mix)])


def _response_db(frequency: npt.NDArray[np.float64], recording: Recording) -> npt.NDArray[np.float64]:
    f = np.maximum(frequency, 10.0)
    octaves = np.log2(f / 1000)
    db = recording.tilt_db_per_octave * np.clip(octaves, -5, 3.5)
    knots = np.linspace(np.log2(40 / 1000), np.log2(11), len(recording.wobble_db))
    db = db + np.interp(octaves, knots, recording.wobble_db)
    for centre, gain, q in zip(recording.body_hz, recording.body_gain_db, recording.body_q, strict=True):
        db = db + gain / (1 + (q * (f / centre - centre / f)) ** 2)
    db = db - 10 * np.log10(1 + (recording.low_cut_hz / f) ** 4)
    return np.asarray(db - 10 * np.log10(1 + (f / recording.high_cut_hz) ** 6))


def _room(
    n_samples: int, recording: Recording, rng: np.random.Generator, sample_rate: int
) -> npt.NDArray[np.float64]:
    """Late reverberation as decaying noise of unit energy times the mix, after a short gap."""
    t = np.arange(n_samples) / sample_rate
    tail = rng.normal(0, 1, n_samples) * np.exp(-6.91 * t / recording.room_s)
    tail[: int(rng.uniform(0.002, 0.015) * sample_rate)] = 0.0
    return np.asarray(tail * recording.room_mix / np.sqrt((tail**2).sum() + 1e-12))


def _noise(
    n_samples: int, recording: Recording, rng: np.random.Generator, sample_rate: int
) -> npt.NDArray[np.float64]:
    white = rng.normal(0, 1, n_samples)
    pink = np.fft.irfft(
        np.fft.rfft(white) / np.sqrt(np.maximum(np.fft.rfftfreq(n_samples, 1 / 100), 0.2)), n_samples
    )
    noise = pink / (pink.std() + 1e-12) * 10 ** (recording.noise_db / 20)
    t = np.arange(n_samples) / sample_rate
    mains = rng.choice([50.0, 60.0])
    hum = sum(np.sin(2 * np.pi * mains * k * t + rng.uniform(0, 6.28)) / k for k in (1, 2, 3, 5))
    return np.asarray(noise + hum * 10 ** (recording.hum_db / 20))


def _loud_rms(mix: npt.NDArray[np.float64]) -> float:
    frames = mix[: len(mix) // 2048 * 2048].reshape(-1, 2048)
    if len(frames) == 0:
        return float(np.sqrt((mix**2).mean())) if len(mix) else 0.0
    return float(np.quantile(np.sqrt((frames**2).mean(axis=1)), 0.9))

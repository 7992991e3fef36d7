"""Plays what is not the guitar: drums, a bass and a singing voice that go along with a tab.

Plain physical sketches (swept sines and filtered noise, decaying partials, a source through formants), drawn
anew for every seed. They are there to tell a band from a guitar alone, not to be listened to; nothing that
transcribes learns from them. Neighbours: ``synthetic`` plays the guitar, ``separation.mixture`` is to notice
the rest.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from fretscribe.convert import midi_to_hz
from fretscribe.datasets.filters import Floats
from fretscribe.music import Tab

Player = Literal["drums", "bass", "voice"]
PLAYERS: tuple[Player, ...] = get_args(Player)

_BASS_LOWEST = 28  # E1
_VOWELS_HZ = {
    "a": (800.0, 1200.0, 2500.0),
    "e": (450.0, 1900.0, 2600.0),
    "i": (300.0, 2200.0, 2900.0),
    "o": (480.0, 900.0, 2500.0),
    "u": (340.0, 750.0, 2300.0),
}
_FORMANT_WIDTH_HZ = 110.0
_HIGHEST_SHARE = 0.45  # of the sample rate: partials above are left out


def play_along(
    player: Player, tab: Tab, n_samples: int, rng: np.random.Generator, *, sample_rate: int
) -> Floats:
    """What one player adds to a tab, float64 [n_samples], with a peak of 1.

    Parameters
    ----------
    player : "drums", "bass" or "voice"
    tab : Tab
        Gives the beats and the harmony.
    n_samples : int
    rng : numpy Generator
    sample_rate : int
        Hz.
    """
    beats_s = np.asarray(tab.beats.beat_times_s) if tab.beats is not None else np.arange(0.0, 600.0, 0.5)
    beats_s = beats_s[(beats_s >= 0) & (beats_s < n_samples / sample_rate)]
    out = np.zeros(n_samples)
    for start_s, wave in _PLAYERS[player](tab, beats_s, rng, sample_rate):
        start = max(0, round(start_s * sample_rate))
        piece = wave[: max(0, n_samples - start)]
        out[start : start + len(piece)] += piece
    peak = float(np.abs(out).max(initial=0.0))
    return out / peak if peak > 0 else out


_Strokes = list[tuple[float, Floats]]


def _drums(tab: Tab, beats_s: Floats, rng: np.random.Generator, rate: int) -> _Strokes:
    kick, snare, hat = _kick(rng, rate), _snare(rng, rate), _hat(rng, rate)
    hat_level, strokes = rng.uniform(0.1, 0.4), []
    for number, beat_s in enumerate(beats_s):
        half_s = _beat_length(beats_s, number) / 2
        if number % 2 == 0:
            strokes.append((beat_s, kick))
            if rng.random() < 0.4:
                strokes.append((beat_s + half_s, kick * 0.8))
        else:
            strokes.append((beat_s, snare * rng.uniform(0.6, 0.9)))
        strokes += [(beat_s, hat * hat_level), (beat_s + half_s, hat * hat_level * rng.uniform(0.4, 1.0))]
    return strokes


def _kick(rng: np.random.Generator, rate: int) -> Floats:
    time_s = np.arange(round(0.4 * rate)) / rate
    low_hz, sweep_s = rng.uniform(42.0, 65.0), rng.uniform(0.01, 0.04)
    phase = 2 * np.pi * (low_hz * time_s + 120.0 * sweep_s * (1 - np.exp(-time_s / sweep_s)))
    return np.asarray(np.sin(phase) * np.exp(-time_s / rng.uniform(0.06, 0.2)))


def _snare(rng: np.random.Generator, rate: int) -> Floats:
    time_s = np.arange(round(0.3 * rate)) / rate
    noise = rng.standard_normal(len(time_s)) * np.exp(-time_s / rng.uniform(0.04, 0.12))
    head = np.sin(2 * np.pi * rng.uniform(160.0, 230.0) * time_s) * np.exp(-time_s / 0.06)
    return np.asarray(0.3 * noise + 0.6 * head)


def _hat(rng: np.random.Generator, rate: int) -> Floats:
    time_s = np.arange(round(0.4 * rate)) / rate
    noise = np.diff(rng.standard_normal(len(time_s) + 2), n=2)  # 12 dB an octave towards the top
    return np.asarray(noise * np.exp(-time_s / rng.choice([0.02, 0.05, 0.15])) / 3)


def _bass(tab: Tab, beats_s: Floats, rng: np.random.Generator, rate: int) -> _Strokes:
    dull_hz, decay_s = rng.uniform(150.0, 600.0), rng.uniform(0.4, 1.5)
    each_half, strokes = rng.random() < 0.5, []
    for number, beat_s in enumerate(beats_s):
        length_s = _beat_length(beats_s, number)
        for start_s in (beat_s, beat_s + length_s / 2) if each_half else (beat_s,):
            pitch = _lowest_sounding(tab, start_s)
            if pitch is not None:
                hz = midi_to_hz(_BASS_LOWEST + (pitch - _BASS_LOWEST) % 12)
                strokes.append((start_s, _bass_note(hz, length_s * 0.95, dull_hz, decay_s, rate)))
    return strokes


def _bass_note(hz: float, length_s: float, dull_hz: float, decay_s: float, rate: int) -> Floats:
    time_s = np.arange(round(length_s * rate)) / rate
    wave = np.zeros(len(time_s))
    for partial in range(1, 25):
        level = np.exp(-hz * partial / dull_hz) / partial**0.5
        wave += level * np.sin(2 * np.pi * hz * partial * time_s) * np.exp(-time_s * partial**0.5 / decay_s)
    return wave * np.minimum(1.0, np.minimum(time_s, time_s[::-1]) / 0.008)


def _voice(tab: Tab, beats_s: Floats, rng: np.random.Generator, rate: int) -> _Strokes:
    """Phrases of a few beats, a breath between them."""
    middle, strokes, number = rng.uniform(50.0, 66.0), [], 0
    while number < len(beats_s):
        n_beats = int(rng.integers(2, 6))
        start_s = float(beats_s[number])
        end_s = float(beats_s[min(number + n_beats, len(beats_s) - 1)])
        if end_s - start_s > 0.4:
            strokes.append((start_s, _phrase(tab, start_s, end_s - start_s, middle, rng, rate)))
        number += n_beats + int(rng.integers(1, 3))
    return strokes


def _phrase(
    tab: Tab, start_s: float, length_s: float, middle: float, rng: np.random.Generator, rate: int
) -> Floats:
    time_s = np.arange(round(length_s * rate)) / rate
    pitch, vowel_gains = np.zeros(len(time_s)), np.zeros((3, len(time_s)))
    syllable = np.floor(time_s / rng.uniform(0.25, 0.6)).astype(int)
    for index in range(syllable[-1] + 1):
        inside = syllable == index
        low = _lowest_sounding(tab, start_s + float(time_s[inside][0]))
        wanted = middle + rng.uniform(-5, 5)
        tones = (
            np.arange(36, 84) if low is None else low + 12 * np.arange(-4, 5)[:, None] + (0, 4, 7, 9, 2)
        ).ravel()
        pitch[inside] = tones[np.argmin(np.abs(tones - wanted))]
        vowel_gains[:, inside] = np.array(_VOWELS_HZ[str(rng.choice(list(_VOWELS_HZ)))])[:, None]
    glide = np.hanning(round(rng.uniform(0.06, 0.14) * rate))
    pitch = _smoothed(pitch, glide) + 0.4 * np.sin(2 * np.pi * rng.uniform(4.8, 6.2) * time_s)
    formants = np.stack([_smoothed(row, glide) for row in vowel_gains])
    hz = 440.0 * 2 ** ((pitch - 69) / 12)
    phase = 2 * np.pi * np.cumsum(hz) / rate
    wave = 0.003 * rng.standard_normal(len(time_s))
    for partial in range(1, 60):
        if partial * hz.max() > _HIGHEST_SHARE * rate:
            break
        gains = 1 / (1 + ((partial * hz - formants) / _FORMANT_WIDTH_HZ) ** 2)
        wave += (gains * [[1.0], [0.5], [0.25]]).sum(axis=0) / partial * np.sin(partial * phase)
    return wave * np.minimum(1.0, np.minimum(time_s, time_s[::-1]) / 0.06)


def _smoothed(curve: Floats, window: Floats) -> Floats:
    padded = np.pad(curve, (len(window) // 2, len(window) - 1 - len(window) // 2), mode="edge")
    return np.asarray(np.convolve(padded, window / window.sum(), mode="valid"))


def _beat_length(beats_s: Floats, number: int) -> float:
    if len(beats_s) < 2:
        return 0.5
    return float(np.diff(beats_s)[min(number, len(beats_s) - 2)])


def _lowest_sounding(tab: Tab, at_s: float) -> int | None:
    notes = (tab_note.note for tab_note in tab.notes)
    return min((n.pitch for n in notes if n.onset_s <= at_s + 0.05 and n.offset_s > at_s), default=None)


_PLAYERS = {"drums": _drums, "bass": _bass, "voice": _voice}

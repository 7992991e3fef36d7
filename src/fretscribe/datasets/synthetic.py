"""The renderer's first voice: a physical model of plucked strings that plays a `Tab` with exact truth.

Each note is a sum of stiff-string partials in two polarisations, shaped by pluck position, excitation
roll-off, frequency-dependent decay and (electric) the pickup's comb. Partials are evaluated by blocks of
complex exponentials as one matrix product (about 5 ms a note). Pitch curves warp time. Neighbours: ``slurs``
keeps a string ringing under hammer-ons, pull-offs and slides, ``guitars`` draws the instrument, ``effects``
is the body, room and recording chain, ``sample_voice`` plays recorded notes instead. Physics: Fletcher &
Rossing, The Physics of Musical Instruments, ch. 2 and 9.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fretscribe.convert import midi_to_hz
from fretscribe.datasets.effects import QUIET_ROOM, Recording, record
from fretscribe.datasets.guitars import Guitar, GuitarKind, random_guitar
from fretscribe.datasets.slurs import (
    SLURS,
    Finger,
    Vibration,
    carried,
    draw_finger,
    over_the_frets,
    with_friction,
)
from fretscribe.frames import Audio, FloatArray
from fretscribe.music import BendPoint, Tab, TabNote
from fretscribe.symbolic.harmonics import PARTIAL_AT_FRET

RENDER_RATE = 22050
VELOCITY_RANGE_DB = 30
"""Level between the softest and the loudest stroke, of either voice."""

_BLOCK = 160
_MAX_PARTIALS = 64
_TAIL_RELEASES = 5.0  # release time constants rendered after a note's end
_RESTRIKE_FADE_S = 0.004
_CONTACT_S = 0.04  # a pick lies on the string no longer before it plucks


def render(
    tab: Tab, *, seed: int = 0, kind: GuitarKind = "steel", recording: Recording = QUIET_ROOM
) -> Audio:
    """Play a tab as a mono recording at `RENDER_RATE`.

    Parameters
    ----------
    tab : Tab
    seed : int
        Draws the guitar and what differs from note to note; same seed, same samples.
    kind : "steel" | "nylon" | "electric"
    recording : Recording
        Body, room and microphone.

    Returns
    -------
    Audio
        0.5 s longer than the tab.
    """
    rng = np.random.default_rng(seed)
    guitar = random_guitar(rng, tab.tuning, kind=kind)
    strings = render_strings(tab, guitar, rng)
    mono = record(strings, recording, rng, sample_rate=RENDER_RATE)
    return Audio(samples=mono[None], sample_rate=RENDER_RATE)


def render_strings(
    tab: Tab,
    guitar: Guitar,
    rng: np.random.Generator,
    *,
    sample_rate: int = RENDER_RATE,
    duration_s: float | None = None,
) -> FloatArray:
    """Play a tab on a guitar, one channel a string, before body, room and recording.

    Parameters
    ----------
    tab : Tab
    guitar : Guitar
        With as many strings as the tab's tuning.
    rng : numpy Generator
        Draws what differs from note to note (pluck point, intonation, phases).
    sample_rate : int
        Hz.
    duration_s : float, optional
        Length of the result; the tab's own duration plus 0.5 s otherwise.

    Returns
    -------
    float32 array [n_strings, n_samples]

    Raises
    ------
    ValueError
        If guitar and tuning differ in their number of strings.
    """
    if guitar.n_strings != tab.tuning.n_strings:
        raise ValueError(f"a {guitar.n_strings}-string guitar cannot play {tab.tuning}")
    n_samples = round((duration_s if duration_s is not None else tab.duration_s + 0.5) * sample_rate)
    out = np.zeros((tab.tuning.n_strings, n_samples), dtype=np.float32)
    sounding: list[_Sounding | None] = [None] * tab.tuning.n_strings
    for tab_note, following in zip(tab.notes, _next_notes(tab), strict=True):
        start, string = round(tab_note.note.onset_s * sample_rate), tab_note.position.string
        if start >= n_samples:
            continue
        before = sounding[string] if tab_note.techniques & SLURS else None
        plucked = following is not None and plucks_again(tab_note, following)
        ends = replace(guitar, release_s=guitar.contact_s) if plucked and guitar.contact_s else guitar
        wave, vibration = _note_wave(tab_note, tab.tuning.capo, ends, rng, sample_rate, before, start)
        sounding[string] = _Sounding(start, tab_note.position.fret, vibration)
        end = min(n_samples, start + len(wave))
        if following is not None:
            end = min(end, max(start + 1, round(following.note.onset_s * sample_rate)))
            wave = wave[: end - start]
            if not following.techniques & SLURS:
                wave = faded_out(wave, sample_rate)
        out[string, start:end] += wave[: end - start]
    return out


def _next_notes(tab: Tab) -> list[TabNote | None]:
    """For each note the next one on its string, which silences it or takes its motion over."""
    upcoming: list[TabNote | None] = [None] * tab.tuning.n_strings
    result: list[TabNote | None] = []
    for tab_note in reversed(tab.notes):
        result.append(upcoming[tab_note.position.string])
        upcoming[tab_note.position.string] = tab_note
    return result[::-1]


def plucks_again(tab_note: TabNote, following: TabNote) -> bool:
    """Whether it is the next stroke that ends a note."""
    return not following.techniques & SLURS and following.note.onset_s - tab_note.note.offset_s < _CONTACT_S


@dataclass(frozen=True, slots=True)
class _Sounding:
    """The last note of a string: its first sample, its fret and its motion."""

    start: int
    fret: int
    vibration: Vibration


def faded_out(wave: FloatArray, sample_rate: int) -> FloatArray:
    """The wave with its last 4 ms faded: the next stroke on its string silences it."""
    n_fade = min(len(wave), int(_RESTRIKE_FADE_S * sample_rate))
    if n_fade == 0:
        return wave
    wave = wave.copy()
    wave[-n_fade:] *= np.linspace(1.0, 0.0, n_fade, dtype=np.float32)
    return wave


def _note_wave(
    tab_note: TabNote,
    capo: int,
    guitar: Guitar,
    rng: np.random.Generator,
    sample_rate: int,
    before: _Sounding | None,
    start: int,
) -> tuple[FloatArray, Vibration]:
    """A note's sound, and how its string goes on moving; a slur takes over what sounds ``before``."""
    note, string = tab_note.note, tab_note.position.string
    release_s = guitar.release_s * float(np.exp(rng.normal(0, 0.3)))
    n_samples = int((note.duration_s + _TAIL_RELEASES * release_s) * sample_rate) + 1
    cents = guitar.detune_cents[string]
    cents += rng.normal(0, guitar.fret_cents) if tab_note.position.fret else 0.0
    gain = guitar.string_gain[string] * 10 ** ((note.velocity - 127) / 127 * VELOCITY_RANGE_DB / 20)
    # A generator of its own: what fingers draw must not change the strokes after them.
    touch = rng.spawn(1)[0]
    finger = None
    if before is not None:
        finger = draw_finger(tab_note.techniques, before.fret, tab_note.position.fret, touch)
    f0 = midi_to_hz(note.pitch + cents / 100)
    frequencies, amplitudes, rates = _partials(tab_note, capo, f0, guitar, rng, sample_rate, finger, touch)
    wave = _sum_of_decays(frequencies, amplitudes, rates, n_samples, sample_rate)
    if before is not None and finger is not None:
        wave = _softened(wave, sample_rate, rng.uniform(0.004, 0.015))
        peak = float(np.abs(wave[: sample_rate // 20]).max(initial=0.0))
        rubbing_s = note.bend[-1].time_s if "slide" in tab_note.techniques and note.bend else 0.008
        wave = with_friction(wave, 0.3 * guitar.pick_noise * peak, int(rubbing_s * sample_rate), touch)
        ringing = finger.kept * before.vibration.at(start - before.start) / gain
        going_on = carried(ringing, len(frequencies) // 2)
        wave = wave + _sum_of_decays(
            frequencies, going_on.astype(np.complex64), rates, n_samples, sample_rate
        )
        amplitudes = np.asarray(amplitudes + going_on, dtype=np.complex64)
    read_at = None
    if note.bend:
        slides = "slide" in tab_note.techniques and not tab_note.techniques & {"bend", "vibrato"}
        read_at = _read_at(len(wave), over_the_frets(note.bend) if slides else note.bend, sample_rate)
        wave = np.interp(read_at, np.arange(len(wave)), wave, right=0.0).astype(np.float32)
    if finger is None:
        wave = _with_attack_noise(wave, tab_note, guitar, rng, sample_rate)
    n_held = int(note.duration_s * sample_rate)
    if n_held < n_samples:
        tail = np.arange(n_samples - n_held, dtype=np.float32)
        wave[n_held:] *= np.exp(-tail / np.float32(release_s * sample_rate))
    vibration = Vibration(
        poles=np.asarray((-rates + 2j * np.pi * frequencies) / sample_rate, dtype=np.complex128),
        amplitudes=np.asarray(amplitudes * gain, dtype=np.complex128),
        read_at=read_at,
        n_held=n_held,
        release=release_s * sample_rate,
    )
    return np.asarray(wave * np.float32(gain), dtype=np.float32), vibration


def _partials(
    tab_note: TabNote,
    capo: int,
    f0: float,
    guitar: Guitar,
    rng: np.random.Generator,
    sample_rate: int,
    finger: Finger | None,
    touch: np.random.Generator,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.complex64], npt.NDArray[np.float64]]:
    """Frequencies (Hz), complex amplitudes and decay rates (1/s) of both polarisations."""
    string, frets = tab_note.position.string, tab_note.position.fret + capo
    node = None
    if "harmonic" in tab_note.techniques:
        node = PARTIAL_AT_FRET.get(tab_note.position.fret)
        if node is not None:  # the whole string sounds, from the nut or the capo on
            f0, frets = f0 * 2.0 ** (-tab_note.position.fret / 12.0), capo
    stiffness = guitar.stiffness[string] * 2.0 ** (frets / 6.0)
    n = np.arange(1, _MAX_PARTIALS + 1)
    frequency = n * f0 * np.sqrt(1 + stiffness * n**2) / np.sqrt(1 + stiffness)
    n, frequency = n[frequency < 0.47 * sample_rate], frequency[frequency < 0.47 * sample_rate]

    length = 2.0 ** (-frets / 12.0)
    pluck = np.clip((guitar.pluck + rng.normal(0, guitar.pluck_spread)) / length, 0.02, 0.5)
    softness = 10 ** ((tab_note.note.velocity - 80) / 127)  # harder strokes are brighter
    comb = np.abs(np.sin(np.pi * n * pluck)) + 0.02
    if finger is not None:
        comb = np.ones(len(n)) if finger.pluck is None else np.abs(np.sin(np.pi * n * finger.pluck)) + 0.02
        softness, comb = softness * finger.brightness, comb * finger.strength
    amplitude = comb * n ** (-guitar.tone_slope)
    amplitude = amplitude * np.exp(-frequency / (guitar.brightness[string] * softness))
    if guitar.pickup is not None:
        amplitude = amplitude * (np.abs(np.sin(np.pi * n * min(guitar.pickup / length, 0.5))) + 0.03)
    if "harmonic" in tab_note.techniques and node is None:
        amplitude = amplitude * np.where(n % 2 == 0, 1.0, 0.02)
    amplitude = amplitude * np.exp(rng.normal(0, 0.12, len(n)))

    rate = 1.0 / (guitar.decay_s[string] * length**0.6) + guitar.damping * (frequency / 1000) ** 2
    rate = rate * np.exp(rng.normal(0, 0.2, len(n)))
    if node is not None:  # the finger takes the other partials' motion, soon but not at once
        stopped = n % node != 0
        amplitude = np.where(stopped, amplitude * np.exp(touch.uniform(np.log(0.06), np.log(0.4))), amplitude)
        rate = np.where(stopped, rate + touch.uniform(15, 60), rate)
    if "palm_mute" in tab_note.techniques:
        rate = rate * rng.uniform(3, 8) + rng.uniform(6, 14)
    if "dead" in tab_note.techniques:
        rate = rate * 10 + rng.uniform(50, 110)

    phase = np.exp(1j * rng.uniform(-0.4, 0.4, len(n)) - 0.5j * np.pi)
    second = guitar.polarisation_mix
    split = 2.0 ** (guitar.polarisation_cents * rng.normal(0, 1) / 1200)
    amplitudes = np.concatenate([amplitude * phase * (1 - second), amplitude * phase * second])
    return (
        np.concatenate([frequency, frequency * split]),
        amplitudes.astype(np.complex64),
        np.concatenate([rate, rate * guitar.polarisation_decay]),
    )


def _sum_of_decays(
    frequencies: npt.NDArray[np.float64],
    amplitudes: npt.NDArray[np.complex64],
    rates: npt.NDArray[np.float64],
    n_samples: int,
    sample_rate: int,
) -> FloatArray:
    """Real part of ``sum_k A_k exp((-rate_k + 2 pi i f_k) t)``, as one matrix product over blocks."""
    poles = (-rates + 2j * np.pi * frequencies) / sample_rate
    n_blocks = -(-n_samples // _BLOCK)
    starts = np.exp(np.outer(np.arange(n_blocks) * _BLOCK, poles)).astype(np.complex64)
    within = np.exp(np.outer(poles, np.arange(_BLOCK))).astype(np.complex64)
    coefficients = starts * amplitudes
    wave = coefficients.real @ within.real - coefficients.imag @ within.imag
    return np.asarray(wave.reshape(-1)[:n_samples], dtype=np.float32)


def _read_at(n_samples: int, bend: tuple[BendPoint, ...], sample_rate: int) -> npt.NDArray[np.float64]:
    """Where a steady note is read to be bent: its phase advances 2^(cents/1200) as fast."""
    times = np.arange(n_samples) / sample_rate
    cents = np.interp(times, [p.time_s for p in bend], [p.cents for p in bend])
    return np.concatenate([[0.0], np.cumsum(2.0 ** (cents / 1200))[:-1]])


def _with_attack_noise(
    wave: FloatArray, tab_note: TabNote, guitar: Guitar, rng: np.random.Generator, sample_rate: int
) -> FloatArray:
    if tab_note.techniques & SLURS:
        return _softened(wave, sample_rate, rng.uniform(0.004, 0.015))
    level = guitar.pick_noise * float(np.abs(wave[: sample_rate // 20]).max(initial=0.0))
    if "dead" in tab_note.techniques:
        level *= 4.0
    n_noise = min(len(wave), int(rng.uniform(0.01, 0.04) * sample_rate))
    burst = rng.normal(0, 1, n_noise) * np.exp(-np.arange(n_noise) / (0.25 * n_noise + 1))
    wave = wave.copy()
    wave[:n_noise] += (level * burst).astype(np.float32)
    return _softened(wave, sample_rate, rng.uniform(0.0005, 0.003))


def _softened(wave: FloatArray, sample_rate: int, rise_s: float) -> FloatArray:
    n_rise = min(len(wave), max(1, int(rise_s * sample_rate)))
    wave = wave.copy()
    wave[:n_rise] *= np.linspace(0.0, 1.0, n_rise, dtype=np.float32)
    return wave

"""Guitars to be measured on and never to be learned from: what they play, and how they are recorded.

Two sampled guitars that training leaves out, an amplifier and a body that are built otherwise than
training's, a guitar between the semitones, and a telephone. They play real performances. Each sounds like a
plain recording of its kind; none was chosen or set by what a model makes of it. Knows no model.
Neighbours: ``sample_voice`` and ``synthetic`` play the strings; ``amplifier``, ``acoustic_body`` and ``room``
are what they are heard through; ``evaluation.held_out`` judges.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import soundfile
import soxr

from fretscribe.datasets.acoustic_body import body_response
from fretscribe.datasets.amplifier import Amplifier, amplified
from fretscribe.datasets.filters import Floats, convolved, filtered, high_pass, in_series, low_pass
from fretscribe.datasets.guitars import Guitar
from fretscribe.datasets.room import Room, room_response
from fretscribe.datasets.sample_bank import BANK_RATE, SampleVoice, load_sample_bank
from fretscribe.datasets.sample_voice import keep_playable
from fretscribe.datasets.sample_voice import render_strings as render_samples
from fretscribe.datasets.synthetic import render_strings
from fretscribe.datasets.variation import stretched
from fretscribe.dsp.level import LOUD_RMS, level_gain
from fretscribe.frames import Audio
from fretscribe.music import Tab, TabNote

SEED = 20
RATE = BANK_RATE

_PEAK = 0.7
_STROKE_S = 0.06  # notes this near to each other are one stroke of the hand
_DIRECT_NOISE_DB = -70.0
_PHONE_NOISE_DB = -38.0
_PHONE_MP3 = 0.6  # of libsndfile's scale, 0 is best
_CRUNCH_DB, _BREAKUP_DB = 20.0, 8.0  # loud sines of 220 and 440 Hz get 15 and 43 %, or 3 and 8 % harmonics

SMALL_ROOM = Room(
    size_m=(4.2, 3.3, 2.5),
    guitar_m=(1.7, 1.35, 0.8),
    microphone_m=(2.05, 1.5, 0.95),
    absorption=0.25,
    length_s=0.4,
)
"""A furnished room at home, reverberation about 0.3 s, the microphone 40 cm away."""

NEAR_WALLS = Room(
    size_m=(5.6, 4.4, 2.7),
    guitar_m=(2.4, 1.9, 0.75),
    microphone_m=(3.0, 2.2, 1.0),
    absorption=0.4,
    length_s=0.06,
    most_walls=2,
)
"""Early reflections alone: floor, ceiling and walls of a treated room."""

STEEL_STRINGS = Guitar(
    kind="steel",
    stiffness=(13.7e-5, 9.3e-5, 5.1e-5, 3.0e-5, 6.1e-5, 2.2e-5),
    brightness=(2600.0, 2600.0, 2600.0, 2600.0, 3100.0, 3100.0),
    decay_s=(2.2, 2.0, 1.8, 1.6, 1.45, 1.3),
    damping=0.7,
    pluck=0.17,
    pluck_spread=0.02,
    pickup=None,
    detune_cents=(3.0, -2.0, 1.0, -4.0, 2.0, -1.0),
    fret_cents=2.5,
    pick_noise=0.03,
    polarisation_mix=0.25,
    polarisation_cents=1.0,
    polarisation_decay=0.5,
    tone_slope=0.7,
    release_s=0.03,
    string_gain=(1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
)
"""Typical strings, fixed here: a change of training's random guitars does not change what is measured."""

Recorded = Callable[[Floats, np.random.Generator], Floats]
"""Mono sound of the strings, float64 [n_samples] at `RATE`, to what was recorded, as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutInstrument:
    """An instrument to be measured on.

    Attributes
    ----------
    name : str
    voice : str, or None
        Sample voice that plays; None: the steel strings of the physical model.
    recorded : callable
        From the strings to the recording.
    told : str
        How it plays and is recorded, for the report.
    detune_cents : float
        How far the whole guitar lies above concert pitch.
    judged : bool
        Whether it is part of the criterion.
    """

    name: str
    voice: str | None
    recorded: Recorded
    told: str
    detune_cents: float = 0.0
    judged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What was played, and how it sounds.

    Attributes
    ----------
    tab : Tab
        The notes that were really played: the truth.
    audio : Audio
        Mono at `RATE`.
    n_lacking : int
        Notes left out because the voice has no recording for them.
    knows_strings : bool
        Whether each note sounds as on its own string.
    """

    tab: Tab
    audio: Audio
    n_lacking: int
    knows_strings: bool


def load_voices(
    samples: Path, instruments: Iterable[HeldOutInstrument] | None = None
) -> Mapping[str, SampleVoice]:
    """The sample voices that instruments (all by default) play with.

    Raises
    ------
    DatasetError
        If a set is absent or broken.
    """
    chosen = HELD_OUT_INSTRUMENTS if instruments is None else tuple(instruments)
    names = sorted({instrument.voice for instrument in chosen if instrument.voice is not None})
    return load_sample_bank(samples, names).voices


def perform(
    instrument: HeldOutInstrument,
    tab: Tab,
    voices: Mapping[str, SampleVoice],
    *,
    duration_s: float | None = None,
) -> Performance:
    """Play a tab on an instrument; a function of both alone.

    Parameters
    ----------
    instrument : HeldOutInstrument
    tab : Tab
        Its title seeds what differs from note to note, so that all instruments of a voice play one take.
    voices : mapping of name to SampleVoice
        Holds the instrument's, see `load_voices`.
    duration_s : float, optional
        Length of the recording; the tab's own plus 0.5 s otherwise.
    """
    rng = np.random.default_rng([SEED, *tab.title.encode()])
    voice = None if instrument.voice is None else voices[instrument.voice]
    lacking = 0
    if voice is not None:
        tab, lacking = keep_playable(voice, tab)
    tab = _with_dynamics(tab, rng)
    length_s = duration_s if duration_s is not None else tab.duration_s + 0.5
    # A detuned guitar is one in tune that plays slower and is then sped up: its times stay those of the tab.
    speed = 2.0 ** (instrument.detune_cents / 1200)
    played = stretched(tab, speed) if instrument.detune_cents else tab
    if voice is not None:
        strings = render_samples(played, voice, rng, duration_s=length_s * speed)
    else:
        strings = render_strings(played, STEEL_STRINGS, rng, sample_rate=RATE, duration_s=length_s * speed)
    mono = strings.sum(axis=0, dtype=np.float64)
    if instrument.detune_cents:
        mono = np.asarray(soxr.resample(mono, RATE * speed, RATE, quality="VHQ"), dtype=np.float64)
    sound = instrument.recorded(mono, rng)
    if mono.any():  # of a tab without notes the noise stays what it is
        sound = sound * (_PEAK / float(np.abs(sound).max()))
    return Performance(
        tab=tab,
        audio=Audio(samples=sound[None].astype(np.float32), sample_rate=RATE),
        n_lacking=lacking,
        knows_strings=voice is None or voice.knows_strings,
    )


def _with_dynamics(tab: Tab, rng: np.random.Generator) -> Tab:
    """Annotations carry no loudness: every stroke gets one, its notes differ a little."""
    notes: list[TabNote] = []
    stroke, since_s = 0.0, -1.0
    for tab_note in tab.notes:
        if tab_note.note.onset_s > since_s + _STROKE_S:
            stroke, since_s = rng.normal(84.0, 9.0), tab_note.note.onset_s
        velocity = int(np.clip(stroke + rng.normal(0.0, 4.0), 45, 120))
        notes.append(
            dataclasses.replace(tab_note, note=dataclasses.replace(tab_note.note, velocity=velocity))
        )
    return dataclasses.replace(tab, notes=tuple(notes))


def _direct(mono: Floats, rng: np.random.Generator) -> Floats:
    """Plugged into an interface: the pickup's own sound and a little noise."""
    return _at_level(mono) + LOUD_RMS * 10 ** (_DIRECT_NOISE_DB / 20) * rng.normal(0.0, 1.0, len(mono))


def _in_small_room(mono: Floats, rng: np.random.Generator) -> Floats:
    return _with_room_noise(convolved(mono, _small_room()), rng, -60.0)


def _on_steel_body(mono: Floats, rng: np.random.Generator) -> Floats:
    return _with_room_noise(filtered(convolved(mono, _steel_body()), high_pass(50), RATE), rng, -60.0)


def _through_amplifier(mono: Floats, rng: np.random.Generator, *, gain_db: float) -> Floats:
    return amplified(mono, Amplifier(gain_db=gain_db), rng, RATE)


def _by_phone(mono: Floats, rng: np.random.Generator) -> Floats:
    """In the small room, through a telephone's microphone (200 to 3500 Hz) into an MP3 of few bits."""
    sound = _with_room_noise(convolved(mono, _small_room()), rng, _PHONE_NOISE_DB)
    band = in_series([high_pass(200), low_pass(3500, q=0.54), low_pass(3500, q=1.31)])
    return through_mp3(filtered(sound, band, RATE), RATE)


@lru_cache(maxsize=1)
def _small_room() -> Floats:
    return room_response(SMALL_ROOM, RATE)


@lru_cache(maxsize=1)
def _steel_body() -> Floats:
    """In front of the guitar, and off the walls what leaves it elsewhere."""
    reflections = room_response(NEAR_WALLS, RATE)
    reflections[0] = 0.0
    elsewhere = body_response(SEED, RATE, direction=1)
    padded = np.pad(elsewhere, (0, len(reflections)))
    in_front = np.pad(body_response(SEED, RATE), (0, len(reflections)))
    return np.asarray(in_front + convolved(padded, reflections))


def _at_level(sound: Floats) -> Floats:
    return sound * float(level_gain(sound.astype(np.float32)))


def _with_room_noise(sound: Floats, rng: np.random.Generator, noise_db: float) -> Floats:
    """At the common level, with noise that falls by 3 dB an octave from 50 Hz on."""
    n_fft = 1 << max(1, len(sound)).bit_length()
    spectrum = np.fft.rfft(rng.normal(0.0, 1.0, n_fft))
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(n_fft, 1 / RATE), 50.0))
    noise = np.fft.irfft(spectrum, n_fft)
    noise = noise[: len(sound)] / noise.std()
    return np.asarray(_at_level(sound) + LOUD_RMS * 10 ** (noise_db / 20) * noise)


def through_mp3(sound: Floats, sample_rate: int) -> Floats:
    """Encoded with few bits and decoded: as long as before, and at its own times."""
    peak = float(np.abs(sound).max(initial=0.0)) or 1.0
    file = io.BytesIO()
    soundfile.write(
        file,
        (0.9 / peak * sound).astype(np.float32),
        sample_rate,
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=_PHONE_MP3,
        bitrate_mode="CONSTANT",
    )
    file.seek(0)
    heard, _ = soundfile.read(file, dtype="float64")
    return np.asarray(peak / 0.9 * np.pad(heard[: len(sound)], (0, max(0, len(sound) - len(heard)))))


HELD_OUT_INSTRUMENTS = (
    HeldOutInstrument(
        name="nylon",
        voice="spanish-classical",
        recorded=_in_small_room,
        told="sampled classical guitar in a small room",
        judged=True,
    ),
    HeldOutInstrument(
        name="clean electric",
        voice="emily",
        recorded=_direct,
        told="sampled electric guitar, direct",
        judged=True,
    ),
    HeldOutInstrument(
        name="driven electric",
        voice="emily",
        recorded=partial(_through_amplifier, gain_db=_CRUNCH_DB),
        told="the same through a driven two-stage amplifier and a 4x12 cabinet",
        judged=True,
    ),
    HeldOutInstrument(
        name="electric at the edge of breakup",
        voice="emily",
        recorded=partial(_through_amplifier, gain_db=_BREAKUP_DB),
        told="the same amplifier, hardly driven",
    ),
    HeldOutInstrument(
        name="electric 30 cents sharp",
        voice="emily",
        recorded=_direct,
        told="the sampled electric guitar, direct, all strings between the semitones",
        detune_cents=30.0,
    ),
    HeldOutInstrument(
        name="nylon by phone",
        voice="spanish-classical",
        recorded=_by_phone,
        told="the sampled classical guitar in the small room through a telephone",
    ),
    HeldOutInstrument(
        name="steel body",
        voice=None,
        recorded=_on_steel_body,
        told="string model of the training, on a body of dense modes with early reflections",
    ),
)
"""In the report's order. Both voices must be among a training's ``held_out_voices`` to be called unheard."""

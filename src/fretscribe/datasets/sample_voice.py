"""The renderer's second voice: plays a `Tab` with recorded notes.

Each note is a recording of the same pitch, or of the next semitone resampled; never further, because
stiffness (how sharp the high partials are) tells strings apart and moves with the pitch. Neighbours:
``sample_bank`` reads and checks the recordings, ``synthetic`` is the physical voice, ``effects`` the room.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt

from fretscribe.datasets.sample_bank import (
    BANK_RATE,
    VOICE_NAMES,
    RecordedNote,
    SampleBank,
    SampleVoice,
    load_sample_bank,
)
from fretscribe.datasets.synthetic import VELOCITY_RANGE_DB, faded_out, plucks_again
from fretscribe.frames import FloatArray
from fretscribe.music import BendPoint, Tab, TabNote

__all__ = [
    "VOICE_NAMES",
    "SampleBank",
    "SampleVoice",
    "can_play",
    "keep_playable",
    "load_sample_bank",
    "render_strings",
]

_TAPS = 16
_PHASES = 512
_TAIL_DECAYS = 5.0
_SLURS = frozenset({"hammer_on", "pull_off", "slide"})


def can_play(voice: SampleVoice, tab: Tab) -> bool:
    """Whether the voice has a recording within a semitone for every note of the tab."""
    places = {(note.note.pitch, tab.tuning.open_pitches[note.position.string]) for note in tab.notes}
    return all(voice.can_play(pitch, open_pitch) for pitch, open_pitch in places)


def keep_playable(voice: SampleVoice, tab: Tab) -> tuple[Tab, int]:
    """The tab without the notes that the voice lacks, and how many those are.

    For voices with gaps (a recording every third fret, the low half of the neck only) that would hardly
    ever play a whole tab. A note whose slur came from a missing one is struck instead.
    """
    kept: list[TabNote] = []
    lacking = [False] * tab.tuning.n_strings
    for tab_note in tab.notes:
        string = tab_note.position.string
        before_lacks = lacking[string]
        lacking[string] = not voice.can_play(tab_note.note.pitch, tab.tuning.open_pitches[string])
        if lacking[string]:
            continue
        if before_lacks and tab_note.techniques & _SLURS:
            bend = () if "slide" in tab_note.techniques else tab_note.note.bend
            tab_note = replace(
                tab_note,
                techniques=tab_note.techniques - _SLURS,
                note=replace(tab_note.note, bend=bend),
            )
        kept.append(tab_note)
    return replace(tab, notes=tuple(kept)), len(tab.notes) - len(kept)


def render_strings(
    tab: Tab,
    voice: SampleVoice,
    rng: np.random.Generator,
    *,
    sample_rate: int = BANK_RATE,
    duration_s: float | None = None,
    contact_s: float | None = None,
) -> FloatArray:
    """Play a tab with a recorded guitar, one channel a string, before room and recording chain.

    Recordings carry their own body and pickup. Where ``voice.knows_strings`` is false, the pitch of each
    channel is right but its sound may come from another string.

    Parameters
    ----------
    tab : Tab
    voice : SampleVoice
    rng : numpy Generator
        Chooses takes, damping and small level differences.
    sample_rate : int
        Only `BANK_RATE` is there.
    duration_s : float, optional
        Length of the result; the tab's own duration plus 0.5 s otherwise.
    contact_s : float, optional
        Time constant with which a note ends under the pick that is about to pluck its string again; as any
        other end otherwise.

    Returns
    -------
    float32 array [n_strings, n_samples]

    Raises
    ------
    ValueError
        If the voice lacks a note of the tab (see `can_play`, `keep_playable`), or for another sample rate.
    """
    if sample_rate != BANK_RATE:
        raise ValueError(f"recordings are at {BANK_RATE} Hz, not {sample_rate}")
    n_samples = round((duration_s if duration_s is not None else tab.duration_s + 0.5) * sample_rate)
    out = np.zeros((tab.tuning.n_strings, n_samples), dtype=np.float32)
    ends = [n_samples] * tab.tuning.n_strings
    upcoming: list[TabNote | None] = [None] * tab.tuning.n_strings
    # Backwards, so that each string's next stroke is known: it silences this one.
    for tab_note in reversed(tab.notes):
        string = tab_note.position.string
        start = round(tab_note.note.onset_s * sample_rate)
        if start >= n_samples:
            continue
        takes = voice.recordings(tab_note.note.pitch, tab.tuning.open_pitches[string])
        if not takes:
            raise ValueError(f"voice {voice.name!r} has no recording for {tab_note.position} of {tab.tuning}")
        following = upcoming[string]
        plucked = following is not None and plucks_again(tab_note, following)
        take = _choose_take(takes, tab_note.note.velocity, rng)
        wave = _note_wave(tab_note, take, rng, contact_s if plucked else None)
        upcoming[string] = tab_note
        wave = wave[: ends[string] - start]
        if start + len(wave) >= ends[string]:
            wave = faded_out(wave, sample_rate)
        out[string, start : start + len(wave)] += wave
        ends[string] = start
    return out


def _choose_take(takes: tuple[RecordedNote, ...], velocity: int, rng: np.random.Generator) -> RecordedNote:
    """A take of the dynamic nearest to the velocity (blurred, so that layers have no hard edge)."""
    aim = velocity + rng.normal(0.0, 8.0)
    nearest = min(abs(take.velocity - aim) for take in takes)
    pool = [take for take in takes if abs(take.velocity - aim) <= nearest]
    return pool[int(rng.integers(len(pool)))]


def _note_wave(
    tab_note: TabNote, take: RecordedNote, rng: np.random.Generator, release_s: float | None
) -> FloatArray:
    note, techniques = tab_note.note, tab_note.techniques
    drawn_s = float(rng.uniform(0.03, 0.08))
    release_s = release_s or drawn_s
    n_held = max(1, round(note.duration_s * BANK_RATE))
    n_wanted = n_held + round(_TAIL_DECAYS * release_s * BANK_RATE)
    # A slur has no pick: it enters after the recorded attack, quickly faded in.
    skip = round(rng.uniform(0.015, 0.03) * BANK_RATE) if techniques & _SLURS else 0
    wave = _pitched(take, note.pitch, note.bend, n_wanted, skip)
    if skip:
        n_in = min(len(wave), round(0.006 * BANK_RATE))
        wave[:n_in] *= np.linspace(0.0, 1.0, n_in, dtype=np.float32)
    if "dead" in techniques:
        wave = _damped(wave, decay_s=rng.uniform(0.012, 0.03), cutoff_hz=rng.uniform(500.0, 1200.0))
    elif "palm_mute" in techniques:
        wave = _damped(wave, decay_s=rng.uniform(0.06, 0.18), cutoff_hz=rng.uniform(1200.0, 2600.0))
    tail = np.arange(max(0, len(wave) - n_held), dtype=np.float32)
    wave[n_held:] *= np.exp(-tail / np.float32(release_s * BANK_RATE))
    gain_db = VELOCITY_RANGE_DB * (note.velocity - 127) / 127 + rng.normal(0.0, 0.7)
    return wave * np.float32(take.level * 10.0 ** (gain_db / 20.0))


def _pitched(
    take: RecordedNote, pitch: int, bend: tuple[BendPoint, ...], n_wanted: int, skip: int
) -> FloatArray:
    """The recording's first ``n_wanted`` samples at a pitch, along its bend curve."""
    if take.pitch == pitch and not bend:
        return take.samples[skip : skip + n_wanted].astype(np.float32) / np.float32(32768.0)
    cents: npt.NDArray[np.float64] = np.full(n_wanted, 100.0 * (pitch - take.pitch))
    if bend:
        times = np.arange(n_wanted) / BANK_RATE
        cents += np.interp(times, [p.time_s for p in bend], [p.cents for p in bend])
    steps = 2.0 ** (cents / 1200.0)
    places = skip + np.concatenate(([0.0], np.cumsum(steps[:-1])))
    places = places[places < len(take.samples)]
    return read_between(take.samples, places) / np.float32(32768.0)


def read_between(samples: npt.NDArray[np.generic], places: npt.NDArray[np.float64]) -> FloatArray:
    """Values of a sampled signal at fractional places, by windowed-sinc interpolation.

    Parameters
    ----------
    samples : array [n_samples]
        Zero outside.
    places : float array [n_places]
        Sample indices, not negative.

    Returns
    -------
    float32 array [n_places]
    """
    if not len(places):
        return np.zeros(0, dtype=np.float32)
    base = np.floor(places).astype(np.int64)
    phase = np.rint((places - base) * _PHASES).astype(np.int64)
    half = _TAPS // 2
    padded = np.zeros(int(base[-1]) + 2 * _TAPS, dtype=np.float32)
    n_used = min(len(samples), len(padded) - half)
    padded[half : half + n_used] = samples[:n_used]
    neighbours = np.lib.stride_tricks.sliding_window_view(padded, _TAPS)[base + 1]
    return np.asarray(np.einsum("ij,ij->i", neighbours, _sinc_table()[phase]), dtype=np.float32)


@cache
def _sinc_table() -> FloatArray:
    """Filters for each sub-sample phase, [_PHASES + 1, _TAPS]; tap k weighs sample ``base + k - 7``."""
    offsets = np.arange(_TAPS) - (_TAPS // 2 - 1)
    distance = offsets[None, :] - np.arange(_PHASES + 1)[:, None] / _PHASES
    window = np.cos(np.pi * distance / (_TAPS + 1)) ** 2
    table = np.sinc(distance) * window
    return np.asarray(table / table.sum(axis=1, keepdims=True), dtype=np.float32)


def _damped(wave: FloatArray, *, decay_s: float, cutoff_hz: float) -> FloatArray:
    """A hand on the string: it dies quickly, and its highs are soft (second-order low-pass, no phase)."""
    n = len(wave)
    spectrum = np.fft.rfft(wave, 2 * n)  # padded, so that the end does not come round to the start
    frequencies = np.fft.rfftfreq(2 * n, 1.0 / BANK_RATE)
    soft = np.fft.irfft(spectrum / (1.0 + (frequencies / cutoff_hz) ** 2))[:n]
    return np.asarray(soft * np.exp(-np.arange(n) / (decay_s * BANK_RATE)), dtype=np.float32)

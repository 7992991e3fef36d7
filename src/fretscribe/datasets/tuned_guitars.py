"""Guitars in any tuning that nothing learned from, between the semitones: to measure tunings on.

The strings are drawn anew for every piece; what they are heard through (a body, an amplifier, a room) is
built otherwise than training's, see ``held_out``. Sampled guitars cannot play here: they have no low notes,
and each of their pitches sounds as on one string, whatever the tuning. Neighbours: ``tuned_pieces`` writes
what is played, ``evaluation.tunings`` judges.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import soxr

from fretscribe.datasets.guitars import GuitarKind, random_guitar
from fretscribe.datasets.held_out import HELD_OUT_INSTRUMENTS, RATE
from fretscribe.datasets.synthetic import render_strings
from fretscribe.datasets.variation import stretched
from fretscribe.frames import Audio
from fretscribe.music import Tab

_PEAK = 0.7
_RECORDED = {instrument.name: instrument.recorded for instrument in HELD_OUT_INSTRUMENTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class TunedGuitar:
    """What plays a piece: the family of its strings, and the held-out instrument that they are heard as."""

    kind: GuitarKind
    heard_as: str


SONG_GUITARS = (
    TunedGuitar(kind="steel", heard_as="steel body"),
    TunedGuitar(kind="electric", heard_as="clean electric"),
    TunedGuitar(kind="nylon", heard_as="nylon"),
)
RIFF_GUITARS = (
    TunedGuitar(kind="electric", heard_as="clean electric"),
    TunedGuitar(kind="electric", heard_as="electric at the edge of breakup"),
    TunedGuitar(kind="electric", heard_as="driven electric"),
)
"""Nobody plays riffs over slack strings on a nylon guitar."""


def play_tuned(tab: Tab, guitar: TunedGuitar, *, detune_cents: float, seed: int) -> Audio:
    """Play a tab in its own tuning.

    Parameters
    ----------
    tab : Tab
    guitar : TunedGuitar
    detune_cents : float
        How far all strings together lie above concert pitch; each is off by a few cents more.
    seed : int
        Draws the strings and what differs from note to note.

    Returns
    -------
    Audio
        Mono at `held_out.RATE`, 0.5 s longer than the tab.
    """
    rng = np.random.default_rng([seed, *tab.title.encode()])
    strings = random_guitar(rng, tab.tuning, kind=guitar.kind)
    apart = np.array(strings.detune_cents) - np.mean(strings.detune_cents)
    strings = dataclasses.replace(strings, detune_cents=tuple(float(cents) for cents in apart))
    # Rendered slower and sped up, so that times stay those of the tab.
    speed = 2.0 ** (detune_cents / 1200)
    played, length_s = stretched(tab, speed), (tab.duration_s + 0.5) * speed
    sound = render_strings(played, strings, rng, sample_rate=RATE, duration_s=length_s).sum(axis=0)
    mono = np.asarray(soxr.resample(sound, RATE * speed, RATE, quality="VHQ"), dtype=np.float64)
    heard = _RECORDED[guitar.heard_as](mono, rng)
    peak = float(np.abs(heard).max(initial=0.0)) or 1.0
    return Audio(samples=(heard * (_PEAK / peak))[None].astype(np.float32), sample_rate=RATE)

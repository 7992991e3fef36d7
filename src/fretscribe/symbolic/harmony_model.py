"""What keys and chords sound like: the few numbers behind the analysis of harmony, and tables made of them.

A key prefers its own chords; a chord sounds mostly its own tones, its root lowest, and of foreign tones
rather those of the key; between chords a single line wanders by the profile of the key. Knows nothing of
time: ``theory`` finds the likeliest key and chords of notes.

Profiles: J. Albrecht, D. Shanahan, "The use of large corpora to train a new type of key-finding algorithm",
Music Perception 31, 2013 (what lines play in a key), and C. Krumhansl, E. Kessler, "Tracing the dynamic
changes in perceived tonal organization", Psychological Review 89, 1982 (how well a tone fits a key).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from fretscribe.music import Key
from fretscribe.symbols import chord_intervals

Array = npt.NDArray[np.float64]

CHORD_QUALITIES: Final = (
    "", "m", "7", "maj7", "m7", "5", "sus4", "sus2", "dim", "m7b5", "dim7", "aug", "6", "m6", "7sus4",
)  # fmt: skip
"""The qualities that are looked for, of those in ``symbols``."""

N_CHORDS = 12 * len(CHORD_QUALITIES)
NO_CHORD_STATE = N_CHORDS
"""Index of "no chord", after those of the chords: root times the number of qualities, plus quality."""

KEYS = tuple(Key(tonic=tonic, mode=mode) for mode in ("major", "minor") for tonic in range(12))
"""All keys, in the order of the tables."""

SCALE_STEPS: Final = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_LEADING_NOTE = 11
_LINES = {
    "major": (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
    "minor": (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
}
_FITS = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
_BORROWED = {"major": frozenset({3, 8, 10}), "minor": frozenset[int]()}

ROOT, THIRD, FIFTH, SEVENTH, IN_KEY, OUTSIDE = range(6)
"""What a tone can be to a chord; a fourth or second that stands for the third counts as the third, a sixth as
the seventh. The last two are foreign tones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmonyModel:
    """The numbers of the model.

    What a chord sounds like is counted in GuitarSet's accompaniments without the development tracks
    (``evaluation.harmony_fit``); the rest is set by hand.

    Attributes
    ----------
    dyad, triad, tetrad : tuple of 6 float
        How much a pitch class sounds while a chord of two, three or four tones holds, by what it is to the
        chord (`ROOT` .. `OUTSIDE`). Any scale: they are normalised for every chord.
    bass : tuple of 6 float
        The same for the lowest pitch.
    qualities : tuple of float
        How usual each of `CHORD_QUALITIES` is.
    tonic, dominant, diatonic, borrowed, foreign : float
        How usual a chord is on the tonic; on the fourth and fifth; on other degrees of the key; on the
        lowered third, sixth and seventh of a major key; on any other root.
    outside_price : float
        Log probability that each tone outside the key costs a chord; the seventh of a dominant is free.
    change : tuple of 4 float
        P(the chord changes) at a downbeat, half-way through a bar, on another beat, between beats.
    no_chord : float
        P(what follows a change is no chord).
    tonic_bonus : float
        Log probability that the first and the last chord gain on the tonic.
    profile_weight : float
        Weight of the correlation with the key's profile, as log probability.
    bass_weight : float
        Weight of the lowest pitch of a slice beside its tones.
    chord_texture, line_texture : tuple of 4 float
        P(1, 2, 3, more pitch classes sound in a slice) under a chord, and without one; helps to find the key.
    chord_motion, line_motion : tuple of 4 float
        P(a single note after a single note repeats it, is a second, a third, more away) under a chord, and
        without one: what is picked from a chord leaps, lines move by step. Decides whether a chord is
        written. Counted in accompaniments and solos of three players.
    """

    dyad: tuple[float, ...] = (0.5654, 0.0, 0.3574, 0.0, 0.0105, 0.0052)
    triad: tuple[float, ...] = (0.4185, 0.2082, 0.3011, 0.0, 0.0146, 0.0038)
    tetrad: tuple[float, ...] = (0.2672, 0.1939, 0.2511, 0.2015, 0.0199, 0.0048)
    bass: tuple[float, ...] = (0.7117, 0.0575, 0.1559, 0.0691, 0.0116, 0.0049)
    qualities: tuple[float, ...] = (
        0.30, 0.2, 0.12, 0.08, 0.10, 0.08, 0.015, 0.015, 0.01, 0.02, 0.01, 0.01, 0.01, 0.01, 0.01,
    )  # fmt: skip
    tonic: float = 4.0
    dominant: float = 3.0
    diatonic: float = 1.5
    borrowed: float = 1.0
    foreign: float = 0.4
    outside_price: float = 1.0
    change: tuple[float, float, float, float] = (0.4, 0.2, 0.08, 0.015)
    no_chord: float = 0.07
    tonic_bonus: float = 1.0
    profile_weight: float = 20.0
    bass_weight: float = 0.3
    chord_texture: tuple[float, float, float, float] = (0.28, 0.24, 0.31, 0.17)
    line_texture: tuple[float, float, float, float] = (0.81, 0.12, 0.04, 0.03)
    chord_motion: tuple[float, float, float, float] = (0.21, 0.08, 0.12, 0.59)
    line_motion: tuple[float, float, float, float] = (0.22, 0.46, 0.18, 0.14)

    def __post_init__(self) -> None:
        if len(self.qualities) != len(CHORD_QUALITIES):
            raise ValueError(f"{len(self.qualities)} weights for {len(CHORD_QUALITIES)} qualities")


SHIPPED = HarmonyModel()


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmonyTables:
    """Log probabilities, read-only.

    Attributes
    ----------
    tones, bass : array [24, N_CHORDS, 12]
        Of a pitch class sounding (lowest) under a chord in a key.
    chords : array [24, N_CHORDS + 1]
        Of a chord, or none, following a change.
    lines : array [24, 12]
        Of a pitch class in a line without chord.
    profiles : array [24, 12]
        How well a pitch class fits the key, as rated by listeners: no probability, but of mean 0 and norm 1.
    """

    tones: Array
    bass: Array
    chords: Array
    lines: Array
    profiles: Array


@functools.lru_cache(maxsize=8)
def harmony_tables(model: HarmonyModel = SHIPPED) -> HarmonyTables:
    """The tables of a model, for every key by turning those of C."""
    roles = np.array([_roles(quality) for quality in CHORD_QUALITIES])
    sizes = np.array([len(chord_intervals(quality)) for quality in CHORD_QUALITIES])
    by_size = np.array([(0.0,) * 6, (0.0,) * 6, model.dyad, model.triad, model.tetrad])
    bass = np.broadcast_to(np.array(model.bass), (len(roles), 6))
    tones = _in_all_keys(lambda mode: _chord_tones(roles, by_size[sizes], mode))
    basses = _in_all_keys(lambda mode: _chord_tones(roles, bass, mode))
    chords = _in_all_keys(lambda mode: _chord_prior(model, mode))
    none = np.full((len(KEYS), 1), np.log(model.no_chord))
    tables = HarmonyTables(
        tones=tones.reshape(len(KEYS), N_CHORDS, 12),
        bass=basses.reshape(len(KEYS), N_CHORDS, 12),
        chords=np.hstack([chords.reshape(len(KEYS), N_CHORDS) + np.log1p(-model.no_chord), none]),
        lines=np.array([np.log(np.roll(_LINES[key.mode], key.tonic)) for key in KEYS]),
        profiles=np.array([np.roll(_standardised(_FITS[key.mode]), key.tonic) for key in KEYS]),
    )
    for table in (tables.tones, tables.bass, tables.chords, tables.lines, tables.profiles):
        table.flags.writeable = False
    return tables


def _standardised(values: tuple[float, ...]) -> Array:
    centred: Array = np.array(values) - np.mean(values)
    return centred / np.linalg.norm(centred)


def tone_role(interval: int) -> int:
    """What a chord tone is to its root, from `ROOT` to `SEVENTH`.

    >>> [tone_role(i) for i in (0, 3, 7, 10)] == [ROOT, THIRD, FIFTH, SEVENTH]
    True
    """
    if interval == 0:
        return ROOT
    return THIRD if interval <= 5 else FIFTH if interval <= 8 else SEVENTH


def _roles(quality: str) -> list[int]:
    """For each interval above the root what it is to the chord; -1 for foreign ones."""
    tones = chord_intervals(quality)
    return [tone_role(interval) if interval in tones else -1 for interval in range(12)]


def _in_all_keys(in_c: Callable[[str], Array]) -> Array:
    """A table [12 roots, ...] or [12 roots, qualities, 12 pitch classes] of C turned to all keys."""
    turned = []
    for key in KEYS:
        table = np.roll(in_c(key.mode), key.tonic, axis=0)
        turned.append(np.roll(table, key.tonic, axis=2) if table.ndim == 3 else table)
    return np.array(turned)


def _foreign_roles(mode: str) -> npt.NDArray[np.int64]:
    return np.array([IN_KEY if pitch in SCALE_STEPS[mode] else OUTSIDE for pitch in range(12)])


def _chord_tones(roles: npt.NDArray[np.int64], weights: Array, mode: str) -> Array:
    """Log probabilities [root, quality, pitch class] in the key of C; ``weights`` are [quality, role]."""
    logs = np.empty((12, len(roles), 12))
    for root in range(12):
        above = (np.arange(12) - root) % 12
        role = np.where(roles[:, above] >= 0, roles[:, above], _foreign_roles(mode))
        probs = np.take_along_axis(weights, role, axis=1)
        logs[root] = np.log(probs / probs.sum(axis=1, keepdims=True))
    return logs


def _chord_prior(model: HarmonyModel, mode: str) -> Array:
    """Log probabilities [root, quality] in the key of C."""
    known = {*SCALE_STEPS[mode], _LEADING_NOTE}
    tones = [_priced_tones(quality) for quality in CHORD_QUALITIES]
    logs = np.empty((12, len(CHORD_QUALITIES)))
    for root in range(12):
        outside = [sum((root + interval) % 12 not in known for interval in own) for own in tones]
        logs[root] = np.log(model.qualities) - model.outside_price * np.array(outside)
        logs[root] += np.log(_degree_weight(root, model, mode))
    normalised: Array = logs - np.log(np.exp(logs).sum())
    return normalised


def _priced_tones(quality: str) -> tuple[int, ...]:
    """The tones that a chord's price counts: the blues puts a seventh on every major chord for nothing."""
    return chord_intervals("" if quality == "7" else quality)


def _degree_weight(degree: int, model: HarmonyModel, mode: str) -> float:
    if degree == 0:
        return model.tonic
    if degree in (5, 7):
        return model.dominant
    if degree in SCALE_STEPS[mode]:
        return model.diatonic
    return model.borrowed if degree in _BORROWED[mode] else model.foreign

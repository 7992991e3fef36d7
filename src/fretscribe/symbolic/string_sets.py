"""Which stiffness a guitar's strings have, and what a note's stiffness says of its string.

A string's stiffness coefficient grows as it gets shorter: ``B = B0 2^(k / 6)``, k semitones above the open
string. B0 follows from core, gauge and tension, so it differs from string to string by more than it is
misheard. Which set of strings a recording has is found from the recording itself: notes whose string is
clear tell it, and it tells the others. Neighbours: ``dsp.stiffness`` measures, ``fingering`` asks.

Typical values, E2 to E4: steel measured on the guitar of GuitarSet, electric (plain third string) and nylon
of the published order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from fretscribe.music import Stiffness, Tuning

Array = npt.NDArray[np.float64]

TYPICAL_B0: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "steel": (13.7e-5, 9.3e-5, 5.1e-5, 3.0e-5, 6.1e-5, 2.2e-5),
        "electric": (15e-5, 8e-5, 6e-5, 12e-5, 4.4e-5, 1.5e-5),
        "nylon": (1.9e-5, 1.3e-5, 1.7e-5, 12e-5, 7e-5, 4.3e-5),
    }
)
"""B0 of the open strings of a standard guitar, low to high."""

_STANDARD_OPEN = np.array([40, 45, 50, 55, 59, 64], dtype=np.float64)
_GUITARS_DIFFER = 0.35  # standard deviation of ln B0 among guitars of a kind
_NOTES_DIFFER = 0.12  # of ln B among a string's notes, beside each measurement's own error
_MISHEARD = 0.25  # share of measurements that followed wrong partials
_MISHEARD_DENSITY = 0.25  # they lie anywhere within four units of ln B
_FIT_ROUNDS = 6
_DOUBT = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class StringSet:
    """A guitar's strings.

    Attributes
    ----------
    kind : str
        The kind that it is nearest to, of `TYPICAL_B0`.
    log_b0 : tuple of float
        ln B0 of each open string, low to high.
    """

    kind: str
    log_b0: tuple[float, ...]


def typical_b0(open_pitches: Sequence[int], kind: str) -> Array:
    """B0 of the strings of any tuning, as a kind of guitar has them.

    Each string is that of the same rank from the top on a standard guitar; one that is tuned lower is
    slacker, and B goes as 1 / tension.

    Parameters
    ----------
    open_pitches : sequence of int
        MIDI, low to high.
    kind : str
        Of `TYPICAL_B0`.

    Returns
    -------
    float64 array [n_strings]
    """
    opens = np.asarray(open_pitches, dtype=np.float64)
    table = np.array(TYPICAL_B0[kind])
    ranks = np.clip(len(table) - len(opens) + np.arange(len(opens)), 0, len(table) - 1)
    slack = _STANDARD_OPEN[ranks] - opens
    return np.asarray(table[ranks] * 2.0 ** (np.clip(slack, -7, 12) / 6.0))


def string_likelihoods(heard: Stiffness, pitch: int, tuning: Tuning, strings: StringSet) -> Array:
    """Density of a measured ln B on each string of a tuning, float64 [n_strings]; never 0."""
    above = _semitones_above(np.array([pitch]), tuning)[0]
    apart = heard.log_b - above * (math.log(2) / 6) - np.array(strings.log_b0)
    return np.asarray(_density(apart, _NOTES_DIFFER, heard.error) + _MISHEARD * _MISHEARD_DENSITY)


def fit_string_set(
    heard: Sequence[Stiffness], pitches: Sequence[int], places: Array, tuning: Tuning
) -> StringSet:
    """The strings that explain what was measured best (EM over places, from the typical sets).

    Parameters
    ----------
    heard : sequence of Stiffness [n]
    pitches : sequence of int [n]
    places : float64 array [n, n_strings]
        P(string) of each note as it is known without its stiffness; 0 where it cannot be played.
    tuning : Tuning

    Returns
    -------
    StringSet
        One that no note spoke for is the typical steel set.
    """
    log_b = np.array([one.log_b for one in heard])
    errors = np.array([one.error for one in heard])
    doubted = np.where(places > 0, places + _DOUBT, 0.0)
    known = doubted.sum(axis=1) > 0
    shares = doubted[known] / doubted[known].sum(axis=1, keepdims=True)
    above = _semitones_above(np.asarray(pitches, dtype=np.int64)[known], tuning)
    fits = {
        kind: _fit(log_b[known], errors[known], above, shares, np.log(typical_b0(tuning.open_pitches, kind)))
        for kind in TYPICAL_B0
    }
    kind = max(fits, key=lambda kind: fits[kind][1])
    return StringSet(kind=kind, log_b0=tuple(float(v) for v in fits[kind][0]))


def _fit(log_b: Array, errors: Array, above: Array, shares: Array, typical: Array) -> tuple[Array, float]:
    """ln B0 of the strings, and the log likelihood of the measurements with a prior around ``typical``."""
    fitted, score = typical.copy(), 0.0
    precision = 1 / _GUITARS_DIFFER**2
    for step in range(_FIT_ROUNDS):
        spread = _GUITARS_DIFFER if step < 2 else _NOTES_DIFFER  # wide first: the guitar is not known yet
        apart = log_b[:, None] - above * (math.log(2) / 6) - fitted
        density = _density(apart, spread, errors[:, None])
        total = (shares * (density + _MISHEARD * _MISHEARD_DENSITY)).sum(axis=1)
        weight = shares * density / total[:, None] / (spread**2 + errors[:, None] ** 2)
        score = float(np.log(total).sum()) - 0.5 * precision * float(((fitted - typical) ** 2).sum())
        pull = (weight * apart).sum(axis=0) - precision * (fitted - typical)
        fitted = fitted + pull / (weight.sum(axis=0) + precision)
    return fitted, score


def _density(apart: Array, spread: float, error: Array | float) -> Array:
    variance = spread**2 + np.square(error)
    return np.asarray((1 - _MISHEARD) * np.exp(-0.5 * apart**2 / variance) / np.sqrt(2 * np.pi * variance))


def _semitones_above(pitches: npt.NDArray[np.int64], tuning: Tuning) -> Array:
    """Of every pitch above every open string without capo, [n, n_strings]."""
    return np.asarray(pitches[:, None] - np.array(tuning.open_pitches), dtype=np.float64)

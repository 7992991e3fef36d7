"""What the stiffness of notes says of their strings and of how slack those are, for a guitar in any tuning.

``B = B0 2^(k / 6)``, k semitones above the open string: over pitch, ln B of a string is a straight line of
slope ln 2 / 6, the same for all frets and wherever a capo sits. A guitar's lines lie near those of typical
strings at that tension; where exactly is found from the recording. A tuning whose lines have to be bent far
to meet the notes is not the one that was played. Neighbours: ``string_sets`` has the physics and what strings
are typical, ``tuning`` concludes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.music import Note
from fretscribe.symbolic.string_sets import TYPICAL_B0, typical_b0

Array = npt.NDArray[np.float64]

_SLOPE = math.log(2) / 6
_REFERENCE = 40  # MIDI; heights of lines are told at this pitch
_STRINGS_DIFFER = 0.22  # standard deviation of a line's height among guitars of a kind,
_GUITARS_DIFFER = 0.2  # and of all lines of a guitar together
_NOTES_DIFFER = 0.12  # of ln B among a string's notes, beside each measurement's own error
_MISHEARD = 0.25
_MISHEARD_DENSITY = 0.25
_ROUNDS = 5
_WIDE_ROUNDS = 2  # in which the lines are not known yet
_DOUBT = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StiffnessEvidence:
    """For guitars of equally many strings.

    Attributes
    ----------
    strings : float64 array [n_guitars, n_notes, n_strings]
        ln of how much more likely than on any string a note's stiffness is on each; 0 where it was not
        measured.
    fit : float64 array [n_guitars]
        ln likelihood of all stiffnesses.
    """

    strings: Array
    fit: Array


def stiffness_evidence(
    notes: Sequence[Note], shares: Array, open_pitches: Sequence[tuple[int, ...]]
) -> StiffnessEvidence:
    """Fit the lines of every guitar to the notes (EM from each kind of typical strings; the best counts).

    Parameters
    ----------
    notes : sequence of Note [n]
    shares : float64 array [n, n_strings]
        P(string) of each note as it is known without its stiffness, lowest first.
    open_pitches : sequence of tuple of int
        The guitars, each of ``n_strings`` strings.
    """
    opens = np.array(open_pitches, dtype=np.float64)
    strings = np.zeros((len(opens), *shares.shape))
    measured = [i for i, note in enumerate(notes) if note.stiffness is not None]
    if not measured:
        return StiffnessEvidence(strings=strings, fit=np.zeros(len(opens)))
    pitches = np.array([notes[i].pitch for i in measured], dtype=np.float64)
    heard = [stiffness for i in measured if (stiffness := notes[i].stiffness) is not None]
    heights = np.array([one.log_b for one in heard]) - _SLOPE * (pitches - _REFERENCE)
    errors = np.array([one.error for one in heard])
    places = (shares[measured] + _DOUBT) * (pitches[:, None] >= opens[:, None, :])  # [guitar, note, string]
    total = places.sum(axis=2, keepdims=True)
    places = np.where(total > 0.0, places / np.maximum(total, 1e-9), 1.0 / shares.shape[1])
    best = np.full(len(opens), -np.inf)
    for kind in TYPICAL_B0:
        typical = np.array([np.log(typical_b0(tuple(map(int, row)), kind)) for row in opens])
        typical -= _SLOPE * (opens - _REFERENCE)
        lines, fit = _fitted(heights, errors, places, typical)
        density = _density(heights[:, None] - lines[:, None, :], _NOTES_DIFFER**2 + errors[:, None] ** 2)
        density += _MISHEARD * _MISHEARD_DENSITY
        evidence = np.log(density / density.mean(axis=2, keepdims=True))
        better = np.flatnonzero(fit > best)
        strings[better[:, None], measured] = evidence[better]
        best = np.maximum(best, fit)
    return StiffnessEvidence(strings=strings, fit=best)


def _fitted(heights: Array, errors: Array, places: Array, typical: Array) -> tuple[Array, Array]:
    """Lines [n_guitars, n_strings] near typical ones, and the ln likelihood of the measurements."""
    lines, total = typical.copy(), np.ones(places.shape[:2])
    precision = 1 / _STRINGS_DIFFER**2
    common = np.zeros((len(typical), 1))
    for step in range(_ROUNDS):
        spread = _STRINGS_DIFFER + _GUITARS_DIFFER if step < _WIDE_ROUNDS else _NOTES_DIFFER
        variance = spread**2 + errors[:, None] ** 2
        apart = heights[:, None] - lines[:, None, :]
        density = _density(apart, variance)
        total = (places * (density + _MISHEARD * _MISHEARD_DENSITY)).sum(axis=2)
        share = places * density / total[..., None] / variance
        weight = share.sum(axis=1)
        pull = (share * apart).sum(axis=1) - precision * (lines - typical - common)
        lines = lines + pull / (weight + precision)
        above = (lines - typical).sum(axis=1, keepdims=True) * precision
        common = above / (lines.shape[1] * precision + 1 / _GUITARS_DIFFER**2)
    bent = precision * ((lines - typical - common) ** 2).sum(axis=1) + (common[:, 0] / _GUITARS_DIFFER) ** 2
    return lines, np.log(total).sum(axis=1) - 0.5 * bent


def _density(apart: Array, variance: Array) -> Array:
    return np.asarray((1 - _MISHEARD) * np.exp(-0.5 * apart**2 / variance) / np.sqrt(2 * np.pi * variance))

"""Random guitars: the physical parameters of strings, body, player and recording that sound is made of.

A `Guitar` is drawn once per clip by `random_guitar`. Knows nothing of notes; ``synthetic`` plays one,
``effects`` has the recording chain, ``symbolic.string_sets`` the typical stiffness of strings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from fretscribe.music import Tuning
from fretscribe.symbolic.string_sets import typical_b0

GuitarKind = Literal["steel", "electric", "nylon"]
GUITAR_KINDS: tuple[GuitarKind, ...] = get_args(GuitarKind)

_KIND_SHARES = (0.52, 0.3, 0.18)  # steel, electric, nylon
_BRIGHTNESS_HZ: Mapping[GuitarKind, float] = {"steel": 2600.0, "electric": 2200.0, "nylon": 1300.0}
_DECAY_S: Mapping[GuitarKind, float] = {"steel": 1.7, "electric": 3.2, "nylon": 1.1}
_STANDARD_OPEN = np.array([40, 45, 50, 55, 59, 64], dtype=np.float64)
_WOUND_BELOW = 4  # strings 0..3 of a steel set are wound; the plain ones are brighter


@dataclass(frozen=True, slots=True, kw_only=True)
class Guitar:
    """Everything about one instrument, its player and its pickup that shapes a note.

    Attributes
    ----------
    kind : "steel" | "nylon" | "electric"
    stiffness : tuple of float
        B0 of each open string: partial n lies at ``n f0 sqrt(1 + B n^2)`` with ``B = B0 2^(fret/6)``.
    brightness : tuple of float
        Roll-off frequency of each string's excitation, Hz.
    decay_s : tuple of float
        Time constant of the fundamental of each open string, seconds.
    damping : float
        Growth of the decay rate with frequency squared, 1/s per kHz^2.
    pluck : float
        Mean pluck distance from the bridge, as a share of the open string's length.
    pluck_spread : float
        Standard deviation of the pluck distance over notes.
    pickup : float, or None
        Distance of a magnetic pickup from the bridge (share of the scale); None for a microphone.
    detune_cents : tuple of float
        Deviation of each string from its nominal pitch.
    fret_cents : float
        Standard deviation of the intonation error of a fretted note.
    pick_noise : float
        Level of the attack noise relative to the note's peak.
    polarisation_mix, polarisation_cents, polarisation_decay
        Second polarisation: share, detuning and ratio of decay times.
    tone_slope : float
        Extra power-law roll-off of partial amplitudes.
    release_s : float
        Time constant of a note's end under the damping finger.
    contact_s : float, or None
        Time constant under the pick that is about to pluck the string again; None: as ``release_s``.
    string_gain : tuple of float
        Linear level of each string.
    """

    kind: GuitarKind
    stiffness: tuple[float, ...]
    brightness: tuple[float, ...]
    decay_s: tuple[float, ...]
    damping: float
    pluck: float
    pluck_spread: float
    pickup: float | None
    detune_cents: tuple[float, ...]
    fret_cents: float
    pick_noise: float
    polarisation_mix: float
    polarisation_cents: float
    polarisation_decay: float
    tone_slope: float
    release_s: float
    string_gain: tuple[float, ...]
    contact_s: float | None = None

    @property
    def n_strings(self) -> int:
        return len(self.stiffness)


def random_guitar(
    rng: np.random.Generator, tuning: Tuning | None = None, *, kind: GuitarKind | None = None
) -> Guitar:
    """Draw a guitar for a tuning; typical values randomised generously.

    Parameters
    ----------
    rng : numpy Generator
        The only source of chance: same state, same guitar.
    tuning : Tuning, optional
        Sets the number of strings and which of the typical strings each resembles.
    kind : optional
        Fixes the family; drawn (steel most often) otherwise.
    """
    tuning = tuning or Tuning()
    if kind is None:
        kind = GUITAR_KINDS[int(rng.choice(3, p=_KIND_SHARES))]
    n = tuning.n_strings
    opens = np.array(tuning.open_pitches, dtype=np.float64)
    stiffness = typical_b0(tuning.open_pitches, kind) * np.exp(rng.normal(0, 0.22, n) + rng.normal(0, 0.2))
    wound = opens < _STANDARD_OPEN[_WOUND_BELOW] - 1
    brightness = _BRIGHTNESS_HZ[kind] * np.exp(rng.normal(0, 0.45) + rng.normal(0, 0.15, n) + 0.2 * ~wound)
    decay = _DECAY_S[kind] * np.exp(rng.normal(0, 0.35))
    decays = decay * 2.0 ** (-(opens - 52) / 30) * np.exp(rng.normal(0, 0.15, n))
    return Guitar(
        kind=kind,
        stiffness=_floats(stiffness),
        brightness=_floats(brightness),
        decay_s=_floats(decays),
        damping=float(np.exp(rng.normal(np.log(0.7 if kind != "nylon" else 1.5), 0.5))),
        pluck=float(rng.uniform(0.08, 0.34)),
        pluck_spread=float(rng.uniform(0.005, 0.05)),
        pickup=float(rng.uniform(0.05, 0.28)) if kind == "electric" else None,
        detune_cents=_floats(rng.normal(0, 4, n) + rng.normal(0, 20 if rng.random() < 0.2 else 8)),
        fret_cents=float(rng.uniform(1, 5)),
        pick_noise=float(np.exp(rng.uniform(np.log(0.003), np.log(0.15)))),
        polarisation_mix=float(rng.uniform(0.05, 0.5)),
        polarisation_cents=float(rng.uniform(0.2, 2.5)),
        polarisation_decay=float(rng.uniform(0.25, 0.8)),
        tone_slope=float(rng.uniform(0.3, 1.3)),
        release_s=float(np.exp(rng.uniform(np.log(0.012), np.log(0.09)))),
        string_gain=_floats(np.exp(rng.normal(0, 0.18, n))),
    )


def _floats(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(v) for v in values)

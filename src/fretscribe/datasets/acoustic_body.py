"""The body of a steel-string guitar: the modes of its air and its plates, as an impulse response.

Air resonance near 100 Hz, top plate near 200 Hz, then back and higher plate modes ever closer together,
as measured on real instruments: Fletcher and Rossing, *The Physics of Musical Instruments*, ch. 9. Built to
be measured on: training's bodies are seven smooth resonances (``effects``). Neighbours: ``synthetic`` plays
the strings, ``held_out`` puts them on this body.
"""

from __future__ import annotations

import numpy as np

from fretscribe.datasets.filters import Floats

# Frequency (Hz), quality, strength: air, top plate, back plate, then the first modes with a node line. Air
# and top push the same way between their resonances and against each other below both: hence the signs.
_NAMED_MODES = (
    (101.0, 16.0, -1.0),
    (192.0, 22.0, 1.0),
    (231.0, 28.0, -0.5),
    (304.0, 30.0, 0.35),
    (377.0, 32.0, 0.5),
)
_ALIKE_BELOW_HZ = 250.0  # the whole body breathes: the same in all directions
_DENSE_FROM_HZ, _DENSE_TO_HZ = 420.0, 9500.0
_WIDEST_GAP_HZ, _NARROWEST_GAP_HZ = 48.0, 18.0  # between neighbouring modes, at 420 Hz and from some kHz on
_GAP_FALLS_OVER_HZ = 900.0
_QUALITY = (22.0, 55.0)  # wood: losses of 2 to 5 % a cycle
_DENSE_STRENGTH = 0.45  # of the typical higher mode, on the scale of the named ones
_SLOPE = 0.6  # strengths fall with frequency to this power
_LENGTH_S = 0.5


def body_response(seed: int, sample_rate: int, *, direction: int = 0) -> Floats:
    """Impulse response from the bridge to the air on one side of the guitar.

    Parameters
    ----------
    seed : int
        Draws the higher modes: same seed, same guitar.
    sample_rate : int
        Hz.
    direction : int
        0 is in front. Elsewhere the same modes are heard with other strengths and signs.

    Returns
    -------
    float64 array [n_samples]
        Half a second long, of unit energy.
    """
    modes = body_modes(seed, min(_DENSE_TO_HZ, 0.45 * sample_rate))
    rng = np.random.default_rng([seed, direction])
    t = np.arange(int(_LENGTH_S * sample_rate)) / sample_rate
    response = np.zeros(len(t))
    for frequency, quality, strength in modes:
        if frequency > _ALIKE_BELOW_HZ:
            strength *= float(np.exp(rng.normal(0.0, 0.5)) * rng.choice([-1.0, 1.0]))
        # Strength is the height of the resonance; its width f / q makes the impulse as strong.
        ringing = np.exp(-np.pi * frequency / quality * t) * np.sin(2 * np.pi * frequency * t)
        response += strength * frequency / quality * ringing
    return np.asarray(response / np.sqrt((response**2).sum()))


def body_modes(seed: int, up_to_hz: float) -> list[tuple[float, float, float]]:
    """Frequency (Hz), quality and usual strength of all modes of a guitar, rising."""
    rng = np.random.default_rng(seed)
    modes = list(_NAMED_MODES)
    at = _DENSE_FROM_HZ
    while at < up_to_hz:
        modes.append((at, float(rng.uniform(*_QUALITY)), _DENSE_STRENGTH * (at / _DENSE_FROM_HZ) ** -_SLOPE))
        wide = np.exp(-(at - _DENSE_FROM_HZ) / _GAP_FALLS_OVER_HZ)
        gap = _NARROWEST_GAP_HZ + (_WIDEST_GAP_HZ - _NARROWEST_GAP_HZ) * wide
        at += float(gap * rng.uniform(0.4, 1.6))
    return modes

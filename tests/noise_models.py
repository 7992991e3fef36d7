"""A confusion model for tests, with numbers that are easy to recognise."""

from __future__ import annotations

import dataclasses

import numpy as np

from fretscribe.datasets.noise import EXTRA_KINDS, N_QUANTILES, ConfusionModel

LEVELS = np.linspace(0, 1, N_QUANTILES)


def spread(low: float, high: float) -> tuple[float, ...]:
    return tuple((low + (high - low) * LEVELS).tolist())


def model(**changes: object) -> ConfusionModel:
    """A network that errs by numbers easy to recognise."""
    made = ConfusionModel(
        time_step_s=0.1,
        n_notes=1000,
        outcomes={
            "kept": 0.7,
            "other_string": 0.12,
            "near_fret": 0.02,
            "octave": 0.02,
            "fifth": 0.02,
            "missed": 0.12,
        },
        shifts={
            "other_string": {-1: 0.6, 1: 0.4},
            "near_fret": {-1: 0.5, 1: 0.5},
            "octave": {-12: 0.2, 12: 0.8},
            "fifth": {7: 1.0},
        },
        extras_per_s=dict.fromkeys(EXTRA_KINDS, 0.05),
        peak_kept=spread(0.6, 0.99),
        peak_lost=spread(0.01, 0.3),
        peak_wrong=spread(0.6, 0.9),
        peak_extra=spread(0.6, 0.8),
        leak=spread(0.0, 0.2),
        background=spread(0.0, 0.1),
        onset_error_s=spread(0.0, 0.0),
        offset_error_s=spread(0.0, 0.0),
        extra_duration_s=spread(0.2, 0.6),
        flicker=0.5,
        flicker_correlation=0.6,
        provenance={"made": "by hand"},
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]

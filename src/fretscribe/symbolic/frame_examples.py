"""What a calibration learns from array files: every predicted fret of a frame, and whether it was right.

Knows the 126 layout (``frames``), no notes. Neighbours: ``confidence`` calibrates with these examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fretscribe.errors import DatasetError
from fretscribe.frames import N_ARRAY_STRINGS, N_TAB, FloatArray, probs_from_tab
from fretscribe.symbolic.calibration_curves import log_odds
from fretscribe.symbolic.reliability import Bools, Floats, Ints

FRAME_FEATURE = "fret"
_BLOCKS = 5
_SUM_TOLERANCE = 0.01  # of rounding: half floats are welcome


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameExamples:
    """Predicted frets, in the order of samples, frames and strings.

    Attributes
    ----------
    features : float64 array [n, 1]
        Log odds of the predicted fret's probability.
    correct : bool array [n]
    groups : int64 array [n]
    grouped_by : str
        What the groups are.
    """

    features: Floats
    correct: Bools
    groups: Ints
    grouped_by: str


def frame_examples(
    y_pred: npt.ArrayLike,
    y_val: npt.ArrayLike,
    *,
    groups: Sequence[object] | None = None,
    valid: npt.ArrayLike | None = None,
) -> FrameExamples:
    """Take predictions and truth apart; see `confidence.ConfidenceEvaluator.calibrate` for the parameters.

    Raises
    ------
    DatasetError
        If the arrays do not belong together or are not of the 126 layout.
    """
    pred, truth = _checked(y_pred, "the predictions"), _checked(y_val, "the truth")
    if pred.shape != truth.shape:
        raise DatasetError(
            f"the predictions {pred.shape} and the truth {truth.shape} differ in shape",
            mend="give the two arrays of one set of samples",
        )
    if not ((truth == 0.0) | (truth == 1.0)).all():
        raise DatasetError("the truth must hold zeros and ones only", mend="give y_val, not predictions")
    sample_groups, grouped_by = _sample_groups(groups, len(pred))
    counted = _valid_frames(valid, pred.shape[:2])

    probs = probs_from_tab(pred)
    classes = probs.argmax(axis=-1)
    chosen = (classes != 0) & counted[..., None]
    p = np.take_along_axis(probs, classes[..., None], axis=-1)[..., 0]
    right = classes == probs_from_tab(truth).argmax(axis=-1)
    of_sample = np.broadcast_to(sample_groups[:, None, None], chosen.shape)
    return FrameExamples(
        features=log_odds(p[chosen].astype(np.float64))[:, None],
        correct=right[chosen],
        groups=of_sample[chosen],
        grouped_by=grouped_by,
    )


def _checked(array: npt.ArrayLike, what: str) -> FloatArray:
    """As float32 [n, n_timesteps, 126]: probabilities, at most 1 a string."""
    raw = np.asarray(array)
    if raw.dtype.kind not in "fiub":
        raise DatasetError(f"{what} must hold numbers, not {raw.dtype}")
    if raw.ndim not in (2, 3) or raw.shape[-1] != N_TAB or raw.size == 0:
        raise DatasetError(
            f"{what} must have the shape (samples, timesteps, {N_TAB}), not {raw.shape}",
            mend="the last axis is string * 21 + fret",
        )
    out = raw.astype(np.float32, copy=False)
    out = out if out.ndim == 3 else out[:, None]  # single frames: samples of one timestep
    if not ((out >= 0.0) & (out <= 1.0)).all():
        raise DatasetError(f"{what} must hold probabilities from 0 to 1")
    largest = float(out.reshape(*out.shape[:-1], N_ARRAY_STRINGS, -1).sum(axis=-1).max())
    if largest > 1.0 + _SUM_TOLERANCE:
        raise DatasetError(
            f"{what} must sum to at most 1 for each string, not to {largest:.2f}",
            mend="a string sounds one fret at a time: use a softmax over silence and frets",
        )
    return out


def _sample_groups(groups: Sequence[object] | None, n_samples: int) -> tuple[Ints, str]:
    if groups is None:
        n_blocks = min(_BLOCKS, n_samples)
        blocks = np.arange(n_samples) * n_blocks // n_samples
        return blocks, f"{n_blocks} blocks of neighbouring samples"
    _, numbered = np.unique(np.asarray(groups), return_inverse=True)
    if len(numbered) != n_samples:
        raise DatasetError(f"{len(numbered)} groups do not fit {n_samples} samples")
    return np.asarray(numbered, dtype=np.int64), "given"


def _valid_frames(valid: npt.ArrayLike | None, shape: tuple[int, ...]) -> Bools:
    if valid is None:
        return np.ones(shape, dtype=np.bool_)
    mask = np.asarray(valid, dtype=np.bool_)
    if mask.shape != shape and mask[:, None].shape != shape:
        raise DatasetError(f"valid {mask.shape} does not fit {shape} frames")
    return mask.reshape(shape)

"""TabCNN's own measures on frames of frets: tab and multi-pitch precision, recall, F1, and TDR.

The same counts as ``metrics.frame_scores``, taken from predictions on a network's grid instead of from
notes. Neighbours: ``protocol`` pools them over players.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fretscribe.evaluation.metrics import Counts, FrameScores

_N_PITCHES = 128


def tab_frame_scores(
    ref_classes: npt.NDArray[np.integer], est_classes: npt.NDArray[np.integer], open_pitches: tuple[int, ...]
) -> FrameScores:
    """Compare two sequences of frets.

    Parameters
    ----------
    ref_classes, est_classes : int array [n_frames, n_strings]
        0 is silence, ``1 + fret`` a fret.
    open_pitches : tuple of int

    >>> truth, guess = np.array([[1, 0], [1, 6]]), np.array([[1, 0], [0, 1]])
    >>> scores = tab_frame_scores(truth, guess, (40, 45))
    >>> scores.tab.n_matched, scores.multipitch.n_matched, scores.tdr
    (1, 1, 1.0)
    """
    if ref_classes.shape != est_classes.shape or ref_classes.shape[-1] != len(open_pitches):
        raise ValueError(f"shapes {ref_classes.shape}, {est_classes.shape} do not fit {open_pitches}")
    ref_pitches, est_pitches = _pitches(ref_classes, open_pitches), _pitches(est_classes, open_pitches)
    return FrameScores(
        tab=Counts(
            n_matched=int(np.sum((ref_classes == est_classes) & (ref_classes > 0))),
            n_ref=int(np.sum(ref_classes > 0)),
            n_est=int(np.sum(est_classes > 0)),
        ),
        multipitch=Counts(
            n_matched=int(np.sum(ref_pitches & est_pitches)),
            n_ref=int(np.sum(ref_pitches)),
            n_est=int(np.sum(est_pitches)),
        ),
    )


def summed(scores: Sequence[FrameScores]) -> dict[str, float]:
    """Figures of several stretches, their counts pooled."""
    total = sum(scores, FrameScores())
    return {
        "tab_f1": total.tab.f1,
        "tab_precision": total.tab.precision,
        "tab_recall": total.tab.recall,
        "multipitch_f1": total.multipitch.f1,
        "tdr": total.tdr,
    }


def _pitches(classes: npt.NDArray[np.integer], open_pitches: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    out = np.zeros((len(classes), _N_PITCHES), dtype=np.bool_)
    frame, string = np.nonzero(classes)
    out[frame, np.array(open_pitches)[string] + classes[frame, string] - 1] = True
    return out

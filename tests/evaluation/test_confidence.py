"""The measures of confidence put together for reports; the measures are in ``symbolic.reliability``."""

from __future__ import annotations

import numpy as np
import pytest

from fretscribe.evaluation.confidence import confidence_scores


def test_all_measures_together_leave_out_unjudged_notes() -> None:
    scores = confidence_scores([0.9, np.nan, 0.2], [True, True, False], threshold=0.5)
    assert scores is not None
    assert (scores.n_notes, scores.accuracy, scores.auroc) == (2, 0.5, 1.0)
    assert (scores.accuracy_at_threshold, scores.coverage_at_threshold) == (1.0, 0.5)
    assert scores.mean_confidence == pytest.approx(0.55)


def test_undefined_figures_are_none() -> None:
    assert confidence_scores([], []) is None
    assert confidence_scores([np.nan], [True]) is None
    scores = confidence_scores([0.4], [True])
    assert scores is not None
    assert (scores.auroc, scores.threshold, scores.coverage_at_threshold) == (None, None, None)

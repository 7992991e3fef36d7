"""Measures of chords and keys, by mir_eval: vocabularies of MIREX, weighted by duration, and the key score.

C. Raffel et al., "mir_eval: a transparent implementation of common MIR metrics", ISMIR 2014. A measure leaves
out what its vocabulary cannot say (a power chord is neither major nor minor): such time is not judged.
Neighbour: ``harmony`` judges a dataset.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from fretscribe.datasets.guitarset_harmony import PlayedChord
from fretscribe.errors import MissingExtraError
from fretscribe.music import Chord, Key
from fretscribe.symbols import harte_from_symbol, key_name

NO_CHORD_LABEL = "N"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChordScores:
    """Shares of the judged time with the right chord, 0..1; None where a measure judges no time at all.

    Attributes
    ----------
    root : float, or None
    majmin : float, or None
        Root, and major or minor; where the truth is a major or minor chord, or no chord.
    sevenths : float, or None
        The same with sevenths.
    mirex : float, or None
        At least three tones in common.
    """

    root: float | None
    majmin: float | None
    sevenths: float | None
    mirex: float | None


@functools.cache
def _modules() -> tuple[ModuleType, ModuleType, ModuleType]:
    try:
        from mir_eval import chord, key, util
    except ImportError as error:
        raise MissingExtraError("evaluation", "eval") from error
    return chord, key, util


def chord_scores(truth: Sequence[PlayedChord], estimate: Sequence[Chord]) -> ChordScores:
    """Compare chords with those that were played.

    Parameters
    ----------
    truth : sequence of PlayedChord
        Without gaps.
    estimate : sequence of Chord
        Rising; gaps count as no chord, and so do symbols that Harte's syntax cannot say.

    Raises
    ------
    MissingExtraError
        Without mir_eval.
    """
    chord, _, util = _modules()
    start_s, end_s = truth[0].start_s, truth[-1].end_s
    ref_times = np.array([(c.start_s, c.end_s) for c in truth])
    est_times, est_labels = _without_gaps(estimate, start_s, end_s)
    est_times, est_labels = util.adjust_intervals(
        est_times, est_labels, start_s, end_s, NO_CHORD_LABEL, NO_CHORD_LABEL
    )
    times, ref, est = util.merge_labeled_intervals(ref_times, [c.label for c in truth], est_times, est_labels)
    durations = np.diff(times, axis=1)[:, 0]

    def score(measure: str) -> float | None:
        right = getattr(chord, measure)(ref, est)
        judged = right >= 0
        total = float(durations[judged].sum())
        return float((right * durations)[judged].sum()) / total if total > 0.0 else None

    return ChordScores(
        root=score("root"), majmin=score("majmin"), sevenths=score("sevenths"), mirex=score("mirex")
    )


def _without_gaps(
    chords: Sequence[Chord], start_s: float, end_s: float
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], list[str]]:
    times: list[tuple[float, float]] = []
    labels: list[str] = []
    last_s = start_s
    for chord in chords:
        if chord.start_s > last_s:
            times.append((last_s, chord.start_s))
            labels.append(NO_CHORD_LABEL)
        times.append((chord.start_s, chord.end_s))
        labels.append(harte_from_symbol(chord.name) or NO_CHORD_LABEL)
        last_s = chord.end_s
    if not times:
        times, labels = [(start_s, end_s)], [NO_CHORD_LABEL]
    return np.array(times), labels


def key_score(truth: Key, estimate: Key | None) -> float:
    """MIREX's key score: 1 right, .5 a fifth above, .3 relative, .2 parallel, 0 otherwise and for none.

    Raises
    ------
    MissingExtraError
        Without mir_eval.
    """
    _, key, _ = _modules()
    if estimate is None:
        return 0.0
    return float(key.weighted_score(key_name(truth), key_name(estimate)))


def chord_tones(label: str) -> tuple[int, tuple[int, ...]]:
    """Root (pitch class, -1 for no chord) and intervals above it of a label in Harte's syntax.

    Raises
    ------
    MissingExtraError
        Without mir_eval.
    """
    chord, _, _ = _modules()
    root, bitmap, _ = chord.encode(label)
    return int(root), tuple(int(i) for i in np.flatnonzero(bitmap))

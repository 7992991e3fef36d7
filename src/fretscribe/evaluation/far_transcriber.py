"""A transcriber that can be sent to other processes: each of them loads its networks, once.

Neighbours: ``run`` sends it with every track; ``fold_transcriber`` is what it becomes there for folds.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fretscribe.datasets.guitarset import open_guitarset
from fretscribe.evaluation.fold_transcriber import FoldTranscriber
from fretscribe.pipeline import TranscribeOptions, Transcriber
from fretscribe.result import Transcription


@dataclass(frozen=True, slots=True, kw_only=True)
class FarTranscriber:
    """Call it with the path of one of a dataset's recordings.

    Attributes
    ----------
    load : callable
        Makes the transcriber from the weights; a function that can be imported.
    weights : Path, or None
    root : Path
        Of the dataset, whose players are told apart.
    folds : Path, or None
        Networks that never saw a player; None: the same for all.
    options : TranscribeOptions
    """

    load: Callable[[Path | None], Transcriber]
    weights: Path | None
    root: Path
    folds: Path | None
    options: TranscribeOptions

    def __call__(self, path: Path) -> Transcription:
        return _loaded(self)(path)


@functools.lru_cache(maxsize=1)
def _loaded(far: FarTranscriber) -> Callable[[Path], Transcription]:
    transcriber = far.load(far.weights)
    if far.folds is None:
        return functools.partial(transcriber, options=far.options)
    return FoldTranscriber.of(transcriber, open_guitarset(far.root), far.folds, far.options)

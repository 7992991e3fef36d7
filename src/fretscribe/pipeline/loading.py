"""Loading the pipeline's parts: the built-in weights, or a user's own where a folder has them.

Neighbours: ``models`` loads networks, ``symbolic.calibration_file`` reads the calibration, ``transcriber`` is
what they are put into.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from fretscribe.errors import WeightsError
from fretscribe.frames import Audio
from fretscribe.pipeline.options import TranscribeOptions
from fretscribe.pipeline.separating import Separation, check_separation
from fretscribe.pipeline.tabbing import Hands, with_habits
from fretscribe.pipeline.transcriber import Progress, Transcriber
from fretscribe.result import Transcription
from fretscribe.symbolic.calibration import FILE_NAME, Calibration, check_made_for
from fretscribe.symbolic.calibration_file import read_calibration
from fretscribe.symbolic.confidence import ConfidenceEvaluator
from fretscribe.symbolic.habits import Habits


def load_transcriber(
    weights: Path | str | None = None, *, calibrated: bool = True, n_threads: int | None = None
) -> Transcriber:
    """A transcriber with the built-in weights, or with those of a folder.

    Parameters
    ----------
    weights : Path or str, optional
        Folder whose files replace the built-in ones of the same name: ``acoustic.onnx``, ``tabcnn.onnx``,
        ``lstm_final.onnx``, ``confidence_calibration.json``. Those it lacks are told.
    calibrated : bool
        False reads no calibration: to make one, whatever the folder may hold.
    n_threads : int, optional
        Threads of the networks; all cores by default.

    Raises
    ------
    WeightsError
        If weights are absent, corrupt or foreign, or the folder's calibration was made for other networks.
    """
    # the runtime is slow to load; retab needs none
    from fretscribe.models.acoustic import load_acoustic
    from fretscribe.models.lstm import load_lstm
    from fretscribe.models.tabcnn import load_tabcnn
    from fretscribe.models.weights import DEFAULT_FOLDER

    folder = None if weights is None else Path(weights)
    acoustic = load_acoustic(folder, n_threads=n_threads)
    tabcnn, lstm = load_tabcnn(folder, n_threads=n_threads), load_lstm(folder, n_threads=n_threads)
    if lstm.open_pitches != tabcnn.open_pitches:
        raise WeightsError(
            f"{lstm.weights.path} and {tabcnn.weights.path} learned from guitars in different tunings",
            mend="train them on the same arrays",
        )
    transcriber = Transcriber(acoustic=acoustic, tabcnn=tabcnn, lstm=lstm)
    calibration, missing = None, ["confidence is not calibrated"]
    if calibrated:
        calibration, missing = _calibration(folder, DEFAULT_FOLDER, transcriber.weights())
    absent = [
        f"{folder} has no {part.weights.path.name}: the built-in one is used"
        for part in (acoustic, tabcnn, lstm)
        if folder is not None and part.weights.built_in
    ]
    return replace(
        transcriber,
        hands=Hands(calibration=functools.partial(ConfidenceEvaluator, calibration)),
        notices=(*absent, *missing),
    )


def _calibration(
    folder: Path | None, built_in: Path, weights: Mapping[str, str]
) -> tuple[Calibration | None, list[str]]:
    """The calibration for these networks, and why there is none.

    A user's own must fit; the built-in one is left out where the networks are not the built-in ones.
    """
    if folder is not None and (folder / FILE_NAME).exists():
        calibration = read_calibration(folder / FILE_NAME)
        check_made_for(calibration, weights)
        return calibration, []
    default = built_in / FILE_NAME
    if not default.exists():
        return None, [f"there is no {FILE_NAME}: confidence is not calibrated"]
    calibration = read_calibration(default)
    try:
        check_made_for(calibration, weights)
    except WeightsError:
        if folder is None:
            raise
        told = f"{folder} has no {FILE_NAME}, and the built-in one is for the built-in networks"
        return None, [f"{told}: confidence is not calibrated (fretscribe calibrate makes one)"]
    return calibration, []


def transcribe(
    path: Path | str | Audio,
    *,
    weights: Path | str | None = None,
    separation: Separation | None = None,
    habits: Habits | None = None,
    progress: Progress | None = None,
    **options: object,
) -> Transcription:
    """Transcribe one recording; `load_transcriber` once is faster for many.

    Parameters
    ----------
    path : Path, str or Audio
    weights : Path or str, optional
        See `load_transcriber`.
    separation : Separation, optional
        Another model than the default one, a folder for the stems ...
    habits : Habits, optional
        Where this player is wont to play: `feedback.store.load_habits` reads them, nothing else does.
    progress : callable, optional
        Called with a stage's name and the share of all the work that is done.
    **options
        The attributes of `TranscribeOptions`.

    Raises
    ------
    OptionError
        If an option is unknown or its value makes no sense.
    FretscribeError
        If the recording or the weights cannot be read.

    >>> transcribe("song.wav", tunning="drop D")
    Traceback (most recent call last):
        ...
    fretscribe.errors.OptionError: 'tunning' is not an option of transcribe (did you mean 'tuning'?)
    """
    checked = TranscribeOptions.from_mapping(options)
    transcriber = load_transcriber(weights)
    transcriber = replace(transcriber, hands=with_habits(transcriber.hands, habits))
    if separation is not None:
        check_separation(checked, separation, [])
        transcriber = replace(transcriber, separate=separation)
    return transcriber(path, checked, progress=progress)

"""``fretscribe calibrate``: find out how far confidences can be trusted, and write it down for later use."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fretscribe.cli import options as o
from fretscribe.cli.progress import ProgressLine
from fretscribe.cli.report import error_line, note_line, warning_line
from fretscribe.errors import DatasetError, OptionError, OutputError, WeightsError

if TYPE_CHECKING:
    from fretscribe.datasets.guitarset import GuitarSet
    from fretscribe.evaluation.calibration import NoteExamples
    from fretscribe.frames import Audio
    from fretscribe.result import Transcription
    from fretscribe.symbolic.calibration import Calibration

FAILED = 1
"""Exit code where some of the recordings could not be used; the calibration is made of the others."""

_DEFAULT_MINUTES = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """What is calibrated.

    Attributes
    ----------
    transcribe : callable
        A recording's path, or sound, to a transcription.
    weights : mapping of str to str
        Name -> sha256 of the networks it uses.
    """

    transcribe: Callable[[Path | Audio], Transcription]
    weights: Mapping[str, str]


Load = Callable[[Path | None], Listener]


def calibrate(
    pred: Annotated[
        Path | None,
        typer.Option("--pred", metavar="FILE.npy", help="Predicted arrays, (samples, time, 126)."),
    ] = None,
    truth: Annotated[
        Path | None, typer.Option("--truth", metavar="FILE.npy", help="What was played, of the same shape.")
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option("--dataset", metavar="ROOT", help="Transcribe the recordings of a GuitarSet folder."),
    ] = None,
    feedback: Annotated[
        bool,
        typer.Option(
            "--feedback",
            help="Transcribe the recordings whose tabs you mended (feedback), alone or besides --dataset.",
        ),
    ] = False,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Transcribe rendered guitars; needs no data.")
    ] = False,
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", metavar="N", help="How much to render for --synthetic. Default: 10."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="S", help="What to render for --synthetic. Default: 0.")
    ] = None,
    folds: Annotated[
        Path | None,
        typer.Option(
            "--folds",
            metavar="DIR",
            help="For --dataset: tab networks that never saw a recording's player, as train made them.",
        ),
    ] = None,
    target_accuracy: o.TargetAccuracy = 0.8,
    weights: o.Weights = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="File to write. Default: confidence_calibration.json in the folder of --weights, or here.",
        ),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Draw reliability into a .png or .svg.")
    ] = None,
    quiet: o.Quiet = False,
    force: o.Force = False,
) -> None:
    """Fit the confidence of notes to what proved right.

    From one source: --pred with --truth, --dataset and --feedback, or --synthetic. Writes
    confidence_calibration.json, which transcribe reads from the folder of --weights.
    """
    source = Source(
        pred=pred,
        truth=truth,
        dataset=dataset,
        feedback=feedback,
        folds=folds,
        synthetic=synthetic,
        minutes=minutes,
        seed=seed,
    )
    source.check()
    if not 0.0 < target_accuracy <= 1.0:
        raise OptionError(f"--target-accuracy must lie in 0..1, not {target_accuracy}")
    if weights is not None and not weights.is_dir():
        raise WeightsError(f"{weights} is not a folder of weights", mend="--weights takes a folder")
    path = output if output is not None else _default_path(weights)
    check_outputs(path, picture, force=force)
    made, code = run_calibration(source, target_accuracy=target_accuracy, weights=weights, quiet=quiet)
    write_outputs(made, path, picture, force=force)
    if not quiet:
        sys.stderr.write(calibration_table(made))
        for written in (path, picture):
            if written is not None:
                note_line(f"wrote {written}")
    if code:
        raise typer.Exit(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the examples come from: the options of that name."""

    pred: Path | None = None
    truth: Path | None = None
    dataset: Path | None = None
    feedback: bool = False
    folds: Path | None = None
    synthetic: bool = False
    minutes: float | None = None
    seed: int | None = None

    def check(self) -> None:
        """Raise `OptionError` unless exactly one source is given, whole and possible."""
        arrays = self.pred is not None or self.truth is not None
        recordings = self.dataset is not None or self.feedback
        if [arrays, recordings, self.synthetic].count(True) != 1:
            mend = "--pred with --truth, or --dataset, or --feedback, or --synthetic"
            raise OptionError("calibrate needs one source", mend=mend)
        if arrays and (self.pred is None or self.truth is None):
            raise OptionError("--pred and --truth go together", mend="give both")
        if self.folds is not None and self.dataset is None:
            raise OptionError("--folds is for --dataset", mend="leave it out")
        if self.folds is not None and self.feedback:
            raise OptionError("no fold knows your own recordings", mend="leave --folds or --feedback out")
        if not self.synthetic and (self.minutes is not None or self.seed is not None):
            raise OptionError("--minutes and --seed are for --synthetic", mend="leave them out")
        if self.minutes is not None and not 0.0 < self.minutes < math.inf:
            raise OptionError(f"--minutes must be positive, not {self.minutes}")
        if self.seed is not None and self.seed < 0:
            raise OptionError(f"--seed must not be negative, not {self.seed}")


def run_calibration(
    source: Source,
    *,
    target_accuracy: float,
    weights: Path | None = None,
    quiet: bool = False,
    load: Load | None = None,
) -> tuple[Calibration, int]:
    """Gather examples and calibrate; the calibration and the command's exit code.

    Raises
    ------
    FretscribeError
        For unusable arrays, datasets or weights, and where there is nothing to calibrate on.
    """
    if source.pred is not None and source.truth is not None:
        made = calibrate_arrays(source.pred, source.truth, target_accuracy=target_accuracy, weights=weights)
        if not made.weights and not quiet:
            warning_line("the networks behind these arrays are not known: any may use this calibration")
        return made, 0
    from fretscribe.evaluation.calibration import calibrate_notes
    from fretscribe.evaluation.metrics import require_mir_eval

    require_mir_eval()
    examples, in_use = gather_examples(source, weights=weights, quiet=quiet, load=load)
    for failure in examples.failures:
        error_line(f"{failure.track_id}: {failure.message}")
    made = calibrate_notes(examples, target_accuracy=target_accuracy, weights=in_use)
    return made, FAILED if examples.failures else 0


def gather_examples(
    source: Source, *, weights: Path | None, quiet: bool, load: Load | None = None
) -> tuple[NoteExamples, Mapping[str, str]]:
    """Transcribe the recordings of a source; the model is loaded after all checks."""
    from fretscribe.cli.feedback import own_recordings
    from fretscribe.datasets.guitarset import open_guitarset
    from fretscribe.evaluation.calibration import (
        examples_from_dataset,
        examples_from_rendered,
        with_own,
    )
    from fretscribe.evaluation.run import check_tracks

    dataset = None if source.dataset is None else open_guitarset(source.dataset)
    if dataset is not None:
        check_tracks(dataset)
        for warning in () if quiet else dataset.warnings:
            warning_line(warning)
    with contextlib.ExitStack() as stack:
        own = None
        if source.feedback:
            own = own_recordings(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        load = load or functools.partial(load_listener, dataset=dataset, folds=source.folds)
        listener = load(weights)
        line = stack.enter_context(ProgressLine("calibrate", enabled=not quiet))

        def progress(n_done: int, n_all: int, name: str) -> None:
            line(name, n_done / n_all)

        parts = [
            examples_from_dataset(recordings, listener.transcribe, progress=progress)
            for recordings in (dataset, own)
            if recordings is not None
        ]
        if not parts:
            minutes = _DEFAULT_MINUTES if source.minutes is None else source.minutes
            parts.append(
                examples_from_rendered(minutes, source.seed or 0, listener.transcribe, progress=progress)
            )
    examples = functools.reduce(with_own, parts)
    if source.folds is not None:
        told = {**examples.provenance, "tab networks": "those that never saw the recording's player"}
        examples = dataclasses.replace(examples, provenance=told)
    return examples, listener.weights


def load_listener(
    weights: Path | None, *, dataset: GuitarSet | None = None, folds: Path | None = None
) -> Listener:
    """The transcriber with its networks, for recordings in standard tuning without capo.

    With ``folds`` each recording of the dataset is heard by the tab networks that never saw its player; the
    calibration is still written down as that of the networks in use.
    """
    from fretscribe.cli.evaluate import player_wise
    from fretscribe.pipeline import TranscribeOptions, load_transcriber

    transcriber = load_transcriber(weights, calibrated=False)  # a stale one is to be replaced
    options = TranscribeOptions(tuning="standard", capo=0)
    by_player = None if dataset is None else player_wise(transcriber, dataset, folds, options)

    def transcribe(recording: Path | Audio) -> Transcription:
        if by_player is not None and isinstance(recording, Path):
            return by_player(recording)
        return transcriber(recording, options)

    return Listener(transcribe=transcribe, weights=transcriber.weights())


def calibrate_arrays(
    pred: Path, truth: Path, *, target_accuracy: float, weights: Path | None = None
) -> Calibration:
    """Calibrate on array files; the tab networks of a folder of weights are written down as theirs.

    Raises
    ------
    DatasetError
        If a file is no array, or the two do not belong together.
    """
    from fretscribe import __version__
    from fretscribe.models.weights import sha256_of
    from fretscribe.symbolic.confidence import ConfidenceEvaluator

    named = {} if weights is None else {n: weights / f"{n}.onnx" for n in ("tabcnn", "lstm_final")}
    return ConfidenceEvaluator().calibrate(
        read_array(pred),
        read_array(truth),
        target_accuracy=target_accuracy,
        weights={name: sha256_of(path) for name, path in named.items() if path.is_file()},
        provenance={
            "program": f"fretscribe {__version__}",
            "source": "arrays",
            "pred": pred.name,
            "truth": truth.name,
        },
    )


def read_array(path: Path) -> Any:
    """A numpy array of a .npy file; never runs what a file may have pickled.

    Raises
    ------
    DatasetError
        If it is absent or no array.
    """
    from fretscribe.npy import read_npy

    try:
        return read_npy(path)
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise DatasetError(f"{path} is not a .npy array: {error}", mend="save it with numpy.save") from error


def check_outputs(path: Path, picture: Path | None, *, force: bool) -> None:
    """Raise now for what could not be written after minutes of work."""
    for target in (path, picture):
        if target is None:
            continue
        if not target.absolute().parent.is_dir():
            raise OutputError(f"{target.parent} is not a folder", mend="make it first")
        if target.is_dir():
            raise OutputError(f"{target} is a folder", mend="name a file")
        if target.exists() and not force:
            raise OutputError(f"{target} exists already", mend="--force overwrites")
    if picture is not None:
        from fretscribe.evaluation.pictures.drawing import check_picture

        check_picture(picture)


def write_outputs(made: Calibration, path: Path, picture: Path | None, *, force: bool) -> None:
    """Write the calibration, and its picture where one is wanted."""
    from fretscribe.evaluation.calibration import write_calibration

    write_calibration(path, made, force=force)
    if picture is not None:
        from fretscribe.evaluation.pictures.reliability import reliability_diagram

        reliability_diagram(made, picture, force=force)


def _default_path(weights: Path | None) -> Path:
    from fretscribe.symbolic.calibration import FILE_NAME

    return Path(FILE_NAME) if weights is None else weights / FILE_NAME


def calibration_table(made: Calibration) -> str:
    """What a calibration found, for people: the methods compared, and what its thresholds give."""
    counts = made.counts
    what = "notes" if made.level == "notes" else "frets in frames"
    share = counts.n_right / counts.n_examples
    lines = [
        f"{counts.n_examples} {what} in {counts.n_groups} groups, {share:.1%} right"
        + (f"; {counts.n_left_out} left out for want of a feature" if counts.n_left_out else ""),
        "",
        f"{'held out':<14}{'log loss':>9}{'ECE':>8}{'adaptive':>10}{'Brier':>8}{'AUROC':>8}",
    ]
    for tried in made.compared:
        s = tried.scores
        mark = "*" if tried.method == made.method else " "
        lines.append(
            f"{mark} {tried.method:<12}{s.log_loss:>9.3f}{s.ece:>8.3f}{s.adaptive_ece:>10.3f}{s.brier:>8.3f}"
            + ("       -" if s.auroc is None else f"{s.auroc:>8.3f}")
        )
    lines += ["", f"{'target':<14}{'from':>9}{'right':>8}{'accepted':>10}{'for a new group':>18}"]
    for t in made.thresholds:
        mark = "*" if t.target == made.target_accuracy else " "
        shown = f"{mark} {t.target:<12.2f}"
        if t.threshold is None:
            lines.append(f"{shown} not met by any threshold")
            continue
        crossed = "-" if t.crossed_accuracy is None else f"{t.crossed_accuracy:.3f}"
        lines.append(f"{shown}{t.threshold:>9.3f}{t.accuracy:>8.3f}{t.coverage:>10.3f}{crossed:>18}")
    rules = f"by rules alone {made.rules_accuracy:.1%} right; they decide "
    lower = made.lower_threshold
    lines += ["", rules + ("nowhere" if lower is None else f"below {lower:.3f}"), ""]
    return "\n".join(lines)

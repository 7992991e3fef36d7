"""GuitarSet as training arrays: features of each track beside what was played in it.

Features are log-mel frames of the recordings or the precomputed windows; truth is the annotation on the same
grid; predictions come from a callable that is passed in, never from here. What is missing or broken is named
and counted, and fails the whole run unless it may be left out.
Neighbours: ``array_options`` says what to make, ``guitarset`` and ``windows`` find the files, ``arrays``
writes the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from fretscribe.datasets.array_options import ArrayOptions, Predictor
from fretscribe.datasets.arrays import (
    AnyArray,
    ArraysInfo,
    BoolArray,
    FretArray,
    SampleInfo,
    Split,
    check_free,
    cut_samples,
    encode_frets,
    frets_on_grid,
    sample_infos,
    write_pieces,
)
from fretscribe.datasets.guitarset import AUDIO_FOLDERS, GuitarSet, Track, open_guitarset
from fretscribe.datasets.guitarset_truth import TrackTruth
from fretscribe.datasets.windows import WindowSet, open_windows
from fretscribe.dsp.mel import MEL_SAMPLE_RATE, log_mel
from fretscribe.errors import DatasetError, FretscribeError
from fretscribe.frames import FloatArray, tab_from_probs
from fretscribe.io.audio import read_audio
from fretscribe.workers.pool import in_order

Tell = Callable[[str], None]
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What was written and what was left out.

    Attributes
    ----------
    infos : mapping of split to ArraysInfo
    broken : tuple of str
        A line for each track or recording that was left out.
    warnings : tuple of str
        What is odd in the tracks that were used.
    """

    infos: Mapping[Split, ArraysInfo]
    broken: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A track to be heard; small, for it travels to a worker."""

    track: Track
    truth: TrackTruth


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Features:
    frames: FloatArray
    has_data: BoolArray
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Heard:
    """A track whose features are there."""

    track: Track
    features: _Features
    frets: FretArray
    n_above: int
    predicted: FloatArray | None


def build(
    root: Path,
    out: Path,
    options: ArrayOptions,
    *,
    predictor: Predictor | None = None,
    executor: Executor | None = None,
    force: bool = False,
    tell: Tell | None = None,
    progress: Progress | None = None,
) -> BuildReport:
    """Write the training arrays of a GuitarSet folder; all of them, or nothing.

    Parameters
    ----------
    root : Path
        A folder in GuitarSet's layout (and, for windows, with ``cqt_windows.zip``).
    out : Path
        Folder of the arrays; made if absent.
    options : ArrayOptions
    predictor : Predictor, optional
        Makes X_lstm; without one there is no X_lstm.
    executor : Executor, optional
        Hears the tracks; this process otherwise.
    force : bool
        Replace arrays that are there.
    tell : callable, optional
        Called with a line for each track or recording that is missing or broken.
    progress : callable, optional
        Called with the track in work and the share done, 0..1.

    Raises
    ------
    DatasetError
        If a track is broken, lacks its recording (or windows) or a recording its annotation, unless
        ``options.skip_broken``; if nothing usable is left; if a player is not in the dataset.
    OutputError
        If the arrays exist (without ``force``) or cannot be written.
    """
    dataset = open_guitarset(root)
    windows = open_windows(dataset.root) if options.source == "windows" else None
    splits = _split_players(dataset, options)
    for split in splits:
        check_free(out, split, force=force)
    broken = _Broken(skip=options.skip_broken, tell=tell or (lambda line: None))
    wanted = [t for t in dataset.tracks if any(t.player in players for players in splits.values())]
    jobs = _jobs(dataset, wanted, windows, options, broken, all_players=frozenset().union(*splits.values()))
    heard = list(_hear(jobs, windows, options, broken, executor, predictor, progress))
    broken.stop_if_any(len(wanted))
    by_split = {
        split: [item for item in heard if item.track.player in players] for split, players in splits.items()
    }
    for split, tracks in by_split.items():
        if not tracks:
            raise DatasetError(f"no track can be used for the split {split!r}", mend="see what is broken")
    infos = {
        split: _write_split(out, split, tracks, options, predictor, broken.lines, force=force)
        for split, tracks in by_split.items()
    }
    warnings = [f"{job.track.track_id}: {line}" for job in jobs for line in job.truth.warnings]
    warnings += [f"{item.track.track_id}: {line}" for item in heard for line in item.features.warnings]
    return BuildReport(infos=infos, broken=tuple(broken.lines), warnings=tuple(warnings))


class _Broken:
    """Counts and tells what is missing or broken."""

    def __init__(self, *, skip: bool, tell: Tell) -> None:
        self._skip, self._tell = skip, tell
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        self.lines.append(line)
        self._tell(line)

    def stop_if_any(self, n_tracks: int) -> None:
        """Fail if something was told and nothing may be skipped."""
        if self.lines and not self._skip:
            raise DatasetError(
                f"{len(self.lines)} recordings or annotations are missing or broken ({n_tracks} tracks are"
                " wanted); nothing was written",
                mend="--skip-broken leaves them out",
            )


def _split_players(dataset: GuitarSet, options: ArrayOptions) -> dict[Split, frozenset[str]]:
    for player in (*options.players, *options.val_players):
        if player not in dataset.players:
            raise DatasetError(
                f"no player {player!r} in {dataset.root}", mend=f"there are {', '.join(dataset.players)}"
            )
    val = frozenset(options.val_players)
    train = frozenset(options.players) or frozenset(dataset.players) - val
    splits: dict[Split, frozenset[str]] = {"train": train, "val": val}
    return {split: players for split, players in splits.items() if players}


def _jobs(
    dataset: GuitarSet,
    wanted: Sequence[Track],
    windows: WindowSet | None,
    options: ArrayOptions,
    broken: _Broken,
    *,
    all_players: frozenset[str],
) -> list[_Job]:
    """The tracks whose two halves are there, with their truth; complains before anything long is done."""
    jobs = []
    for track in wanted:
        try:
            if windows is None:
                track.audio_path(options.audio)
            elif track.track_id not in windows:
                raise DatasetError(f"{track.track_id}: no windows in {windows.path}")  # noqa: TRY301
            jobs.append(_Job(track=track, truth=track.truth()))
        except DatasetError as error:
            broken.add(error.message)
    for line, name in _without_annotation(dataset, windows, options):
        if name.partition("_")[0] in all_players:
            broken.add(line)
    broken.stop_if_any(len(wanted))
    return jobs


def _without_annotation(
    dataset: GuitarSet, windows: WindowSet | None, options: ArrayOptions
) -> Iterator[tuple[str, str]]:
    """A line and a name for each recording (or file of windows) that nobody annotated."""
    if windows is not None:
        known = {track.track_id for track in dataset.tracks}
        for track_id in windows.track_ids:
            if track_id not in known:
                yield f"{track_id}: windows without annotation", track_id
        return
    folder = f"{AUDIO_FOLDERS[options.audio]}/"
    for warning in dataset.warnings:
        if warning.startswith(folder):
            yield warning, warning.removeprefix(folder)


def _hear(
    jobs: Sequence[_Job],
    windows: WindowSet | None,
    options: ArrayOptions,
    broken: _Broken,
    executor: Executor | None,
    predictor: Predictor | None,
    progress: Progress | None,
) -> Iterator[_Heard]:
    work = partial(_features, windows=windows, options=options)
    results = in_order(work, [job.track for job in jobs], executor)
    for number, (job, features) in enumerate(zip(jobs, results, strict=True), start=1):
        if progress is not None:
            progress(job.track.track_id, number / len(jobs))
        if isinstance(features, str):
            broken.add(features)
            continue
        frets, n_above = frets_on_grid(job.truth.notes, options.grid(len(features.frames)))
        predicted = None if predictor is None else _predicted(predictor, job.track, features.frames)
        yield _Heard(track=job.track, features=features, frets=frets, n_above=n_above, predicted=predicted)


def _features(track: Track, *, windows: WindowSet | None, options: ArrayOptions) -> _Features | str:
    """A track's features, or the line that says why there are none (errors do not travel well)."""
    try:
        if windows is not None:
            found = windows.read(track.track_id)
            return _Features(frames=found.windows, has_data=found.has_data)
        recording = read_audio(track.audio_path(options.audio), sample_rate=MEL_SAMPLE_RATE)
    except FretscribeError as error:
        shown = error.message
        return shown if track.track_id in shown else f"{track.track_id}: {shown}"
    frames = log_mel(recording.audio.mono(), hop_length=options.hop_length)
    has_data = np.ones(len(frames), dtype=np.bool_)
    return _Features(frames=frames, has_data=has_data, warnings=recording.warnings)


def _predicted(predictor: Predictor, track: Track, frames: FloatArray) -> FloatArray:
    predicted = tab_from_probs(predictor.predict(track, frames))
    if len(predicted) != len(frames):
        raise ValueError(f"{track.track_id}: {len(predicted)} predictions for {len(frames)} frames")
    return predicted


def _write_split(
    out: Path,
    split: Split,
    tracks: Sequence[_Heard],
    options: ArrayOptions,
    predictor: Predictor | None,
    left_out: Sequence[str],
    *,
    force: bool,
) -> ArraysInfo:
    grid = options.grid(0)
    info = ArraysInfo(
        sample_rate=grid.sample_rate,
        hop_length=grid.hop_length,
        start_s=grid.start_s,
        timesteps=options.timesteps,
        samples=tuple(sample for item in tracks for sample in _sample_infos(item, options)),
        seed=options.seed,
        n_above_fret_20=sum(item.n_above for item in tracks),
        x_lstm={} if predictor is None else _described(predictor, tracks),
        provenance={
            "dataset": "GuitarSet (Xi, Bittner, Pauwels, Ye, Bello, ISMIR 2018), CC BY 4.0",
            "source": options.source_name,
            "left_out": list(left_out),
        },
    )
    cut = partial(cut_samples, timesteps=options.timesteps)
    name = "x_win" if options.source == "windows" else "x_spec"
    pieces: dict[str, Iterable[AnyArray]] = {
        name: (cut(item.features.frames)[0] for item in tracks),
        "y": (cut(encode_frets(item.frets))[0] for item in tracks),
        "valid": (cut(item.frets, has_data=item.features.has_data)[1] for item in tracks),
    }
    if predictor is not None:
        pieces["x_lstm"] = (cut(item.predicted)[0] for item in tracks if item.predicted is not None)
    write_pieces(out, info, pieces, split, force=force)
    return info


def _sample_infos(item: _Heard, options: ArrayOptions) -> tuple[SampleInfo, ...]:
    return sample_infos(
        track=item.track.track_id,
        player=item.track.player,
        source=options.source_name,
        style=item.track.style,
        n_frames=len(item.frets),
        timesteps=options.timesteps,
    )


def _described(predictor: Predictor, tracks: Sequence[_Heard]) -> dict[str, object]:
    seen = {item.track.track_id: predictor.seen_player(item.track.player) for item in tracks}
    return {**predictor.details, "made_by": predictor.made_by, "seen_player": seen}

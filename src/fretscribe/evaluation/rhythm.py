"""How well beats, bars and note values are found: on excerpts that keep no click.

Beats are judged by the F-measure with 70 ms (Dixon, "Evaluation of the audio beat tracking system BeatRoot",
J. New Music Research 36(1), 2007), as ``mir_eval.beat.f_measure`` does without trimming; the tempo by its
median, within 4 %, with and without its double and half; quantised onsets by the share that fall on the
sixteenth of the true beats on which they were played. Neighbours: ``datasets.excerpts`` cuts and bends,
``rhythm_report`` writes.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from fretscribe.datasets.excerpts import Excerpt, warped_excerpt
from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, GuitarSet, Style, Track
from fretscribe.errors import DatasetError, WeightsError
from fretscribe.music import BeatGrid, TabNote
from fretscribe.symbolic.beat_model import BeatModel, parse_beat_model
from fretscribe.symbolic.beat_net import BeatNet, parse_beat_net
from fretscribe.symbolic.rhythm import quantize, track_beats, with_bar_at

Array = npt.NDArray[np.float64]
Source = Literal["annotated", "heard", "bar line given"]
"""Which notes were read; ``bar line given``: annotated ones, and where one bar begins."""

BEAT_WINDOW_S = 0.07
TEMPO_TOLERANCE = 0.04
JUDGED_PLAYERS = ("00", "01", "03", "05")
"""Whose annotated tracks are judged."""
TRACKS_A_STYLE = 30
SEED = 0
_OCTAVES = (0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RhythmScores:
    """What was found in an excerpt.

    Attributes
    ----------
    beat_f, downbeat_f : float
    true_bpm, found_bpm : float
        Medians over beats.
    sixteenths : float
        Share of notes on the right sixteenth.
    meter : str
        As found.
    n_notes : int
    """

    beat_f: float
    downbeat_f: float
    true_bpm: float
    found_bpm: float
    sixteenths: float
    meter: str
    n_notes: int

    @property
    def tempo_right(self) -> bool:
        return abs(self.found_bpm / self.true_bpm - 1.0) <= TEMPO_TOLERANCE

    @property
    def tempo_right_but_octave(self) -> bool:
        """Whether the tempo is right, or twice or half of what it should be."""
        return any(abs(self.found_bpm / self.true_bpm / k - 1.0) <= TEMPO_TOLERANCE for k in _OCTAVES)


@dataclass(frozen=True, slots=True, kw_only=True)
class RhythmRow:
    """An excerpt of a track and its scores."""

    track_id: str
    style: Style
    source: Source
    scores: RhythmScores


def judged_tracks(dataset: GuitarSet) -> tuple[Track, ...]:
    """Sixty tracks, half of them solos, drawn from those of `JUDGED_PLAYERS`; none of the development.

    Raises
    ------
    DatasetError
        If the dataset has too few.
    """
    chosen: list[Track] = []
    styles: tuple[Style, ...] = ("comp", "solo")
    rng = random.Random(SEED)  # noqa: S311 - a draw of tracks, no secret
    for style in styles:
        of_style = [
            t
            for t in dataset.tracks
            if t.style == style and t.player in JUDGED_PLAYERS and t.track_id not in DEVELOPMENT_TRACKS
        ]
        if len(of_style) < TRACKS_A_STYLE:
            raise DatasetError(
                f"{dataset.root} has {len(of_style)} {style} tracks of players {', '.join(JUDGED_PLAYERS)},"
                f" {TRACKS_A_STYLE} are needed",
                mend="complete the annotations",
            )
        names = sorted(rng.sample(sorted(t.track_id for t in of_style), TRACKS_A_STYLE))
        chosen += [dataset.track(name) for name in names]
    return tuple(chosen)


def read_beat_folds(folder: Path, players: Iterable[str]) -> dict[str, tuple[BeatModel, BeatNet]]:
    """For each player ``beats-PLAYER.json`` and ``beat_net-PLAYER.npz``, neither learned from that player.

    Raises
    ------
    WeightsError
        If a file is missing, is not what it should be, or was learned from the player.
    """
    models = {}
    for player in sorted(players):
        paths = [folder / f"beats-{player}.json", folder / f"beat_net-{player}.npz"]
        for path in paths:
            if not path.is_file():
                raise WeightsError(
                    f"{path} is missing",
                    mend="fretscribe train beats, train beat-net, from the other players",
                )
        model = parse_beat_model(paths[0].read_bytes(), paths[0].name)
        net = parse_beat_net(paths[1].read_bytes(), paths[1].name)
        for name, learned_from in ((paths[0].name, model.players), (paths[1].name, net.players)):
            if player in learned_from:
                raise WeightsError(f"{name} was learned from player {player}", mend="leave that player out")
        models[player] = (model, net)
    return models


def judge_rhythm(
    dataset: GuitarSet,
    heard: Mapping[str, Sequence[TabNote]],
    models: Mapping[str, tuple[BeatModel, BeatNet]],
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[RhythmRow, ...]:
    """Judge the tracker on an excerpt of each track; annotated ones also with one bar line given by hand.

    Parameters
    ----------
    dataset : GuitarSet
        Its annotations are the truth.
    heard : mapping of track id to notes
        Notes that the model heard: these tracks are judged by them, `judged_tracks` by their annotations.
    models : mapping of player to BeatModel and BeatNet
        See `read_beat_folds`.
    progress : callable

    Raises
    ------
    DatasetError
        If tracks are missing.
    """
    jobs: list[tuple[Track, Source, Sequence[TabNote]]] = [
        (dataset.track(name), "heard", notes) for name, notes in heard.items()
    ]
    jobs += [(t, "annotated", t.tab().notes) for t in judged_tracks(dataset)]
    rows: list[RhythmRow] = []
    mended: list[RhythmRow] = []
    for number, (of_track, source, notes) in enumerate(jobs):
        progress(f"{source}: {of_track.track_id}")
        truth = of_track.truth()
        if truth.beats is None:
            raise DatasetError(f"{of_track.track_id} has no beats", mend="download the dataset again")
        rng = np.random.default_rng([SEED, number])
        excerpt = warped_excerpt(notes, truth.beats, truth.duration_s, rng)
        model, net = models[of_track.player]
        track = partial(track_beats, model=model, net=net)
        grid = track([n.note for n in excerpt.notes], excerpt.duration_s)
        row = RhythmRow(
            track_id=of_track.track_id,
            style=of_track.style,
            source=source,
            scores=rhythm_scores(excerpt, grid, quantize(excerpt.notes, grid)),
        )
        rows.append(row)
        told_s = struck_downbeat(excerpt) if source == "annotated" else None
        if told_s is not None:
            grid = with_bar_at(grid, told_s)
            scores = rhythm_scores(excerpt, grid, quantize(excerpt.notes, grid))
            mended.append(replace(row, source="bar line given", scores=scores))
    return (*rows, *mended)


def struck_downbeat(excerpt: Excerpt) -> float | None:
    """Onset of a note on a downbeat, the middle one of all such: what a player would point at.

    None where no note stands on one.
    """
    if not excerpt.notes:
        return None
    onsets_s = np.array([n.note.onset_s for n in excerpt.notes])
    struck = [float(onsets_s[np.abs(onsets_s - beat_s).argmin()]) for beat_s in excerpt.downbeats_s]
    on_beat = [
        onset_s
        for onset_s, beat_s in zip(struck, excerpt.downbeats_s, strict=True)
        if abs(onset_s - beat_s) <= BEAT_WINDOW_S
    ]
    return on_beat[len(on_beat) // 2] if on_beat else None


def rhythm_scores(excerpt: Excerpt, grid: BeatGrid, notes: Sequence[TabNote]) -> RhythmScores:
    """Judge a grid and notes that were quantised on it."""
    meter = f"{grid.beats_per_bar}/{grid.beat_unit}"
    grid, notes = in_felt_beats(grid, notes)
    within = np.array([t for t in grid.beat_times_s if t <= excerpt.duration_s])
    down = np.array([t for i in grid.downbeats if (t := grid.beat_times_s[i]) <= excerpt.duration_s])
    return RhythmScores(
        beat_f=beat_f_measure(excerpt.beats_s, within),
        downbeat_f=beat_f_measure(excerpt.downbeats_s, down),
        true_bpm=60.0 / statistics.median(np.diff(excerpt.beats_s).tolist()),
        found_bpm=60.0 / statistics.median(np.diff(within).tolist()),
        sixteenths=right_sixteenths(excerpt.beats_s, grid, notes),
        meter=meter,
        n_notes=len(notes),
    )


def in_felt_beats(grid: BeatGrid, notes: Sequence[TabNote]) -> tuple[BeatGrid, Sequence[TabNote]]:
    """A compound metre such as 6/8 counted by what is felt: dotted quarters, not the written eighths.

    The tempo of such a metre is by convention that of its dotted quarter. Other metres stay as they are.
    """
    if grid.beat_unit != 8 or grid.beats_per_bar % 3:
        return grid, notes
    first = grid.downbeats[0] % 3 if grid.downbeats else 0
    felt = BeatGrid(
        beat_times_s=grid.beat_times_s[first::3],
        downbeats=tuple((i - first) // 3 for i in grid.downbeats),
        beats_per_bar=grid.beats_per_bar // 3,
    )
    return felt, [
        n if n.onset_beats is None else replace(n, onset_beats=(n.onset_beats - first) / 3) for n in notes
    ]


def beat_f_measure(ref_s: Array, est_s: Array, window_s: float = BEAT_WINDOW_S) -> float:
    """F-measure of beats, each matched to at most one within the window; rising times in seconds.

    >>> beat_f_measure(np.array([0.0, 0.5, 1.0]), np.array([0.05, 1.2]))
    0.4
    """
    i = j = n_hits = 0
    while i < len(ref_s) and j < len(est_s):
        if abs(ref_s[i] - est_s[j]) <= window_s:
            i, j, n_hits = i + 1, j + 1, n_hits + 1
        elif ref_s[i] < est_s[j]:
            i += 1
        else:
            j += 1
    return 2.0 * n_hits / (len(ref_s) + len(est_s)) if len(ref_s) + len(est_s) else 0.0


def right_sixteenths(ref_beats_s: Array, grid: BeatGrid, notes: Sequence[TabNote]) -> float:
    """Share of notes whose quantised onset is the sixteenth on which they were played.

    The beat that a note was given to must lie within 70 ms of a true beat; from there its quantised place,
    rounded to a sixteenth, must be its played place on the true beats, rounded likewise.
    """
    if not notes or len(ref_beats_s) < 2:
        return 0.0
    truth = BeatGrid(beat_times_s=tuple(ref_beats_s.tolist()), downbeats=())
    n_right = 0
    for n in notes:
        if n.onset_beats is None:
            continue
        played = round(4.0 * truth.beat_at(n.note.onset_s))
        beat = int(n.onset_beats // 1)
        beat_s = grid.time_at(beat)
        there = round(truth.beat_at(beat_s))
        matched = abs(truth.time_at(there) - beat_s) <= BEAT_WINDOW_S
        n_right += matched and round(4 * (there + n.onset_beats - beat)) == played
    return n_right / len(notes)

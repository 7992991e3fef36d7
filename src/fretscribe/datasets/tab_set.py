"""Training arrays of tabs: the truth of each frame, and predictions drawn from a `ConfusionModel` beside it.

There is X_lstm and y, and no spectra; where a tab has a recording, X_lstm is what TabCNN hears in it. All of
a tab is kept, in samples one after the other. Splits are made by song. A tab in another tuning keeps the
frets that its player grips; arrays.json says which tracks these are. Neighbours: ``tab_files`` finds and
reads, ``tab_frames`` puts a tab on its frames, ``noise`` errs, ``arrays`` writes, ``merge`` joins the result
with GuitarSet's.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from fretscribe.datasets.arrays import (
    AnyArray,
    ArraysInfo,
    SampleInfo,
    Split,
    check_free,
    cut_samples,
    encode_frets,
    sample_infos,
    write_pieces,
)
from fretscribe.datasets.noise import ConfusionModel, apply_noise
from fretscribe.datasets.noise_file import confusions_text
from fretscribe.datasets.tab_files import TempoFrom, find_tabs
from fretscribe.datasets.tab_frames import FramedTab, GridName, LoadFile, frame_tab, tab_grid
from fretscribe.datasets.tab_recordings import Listener
from fretscribe.errors import DatasetError, OptionError
from fretscribe.frames import FloatArray
from fretscribe.music import STANDARD_TUNING, Tuning
from fretscribe.tunings import tuning_name
from fretscribe.workers.pool import in_order

SOURCE, HEARD_SOURCE = "tabs", "tabs-audio"
"""Of the samples in ``arrays.json``: predictions drawn, and predictions from a recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TabSetOptions:
    """What to make of tabs.

    Attributes
    ----------
    timesteps : int
        Frames of a sample.
    grid : "mel" | "windows"
        Frames every 512/22050 s, as GuitarSet's recordings have, or every 0.1 s, as its windows have.
    val_share : float
        Share of the songs for the split ``val``; 0 makes none.
    seed : int
        Of the predictions, and of which songs are for ``val``.
    skip_broken : bool
        Leave out what cannot be used instead of failing.
    """

    timesteps: int = 200
    grid: GridName = "mel"
    val_share: float = 0.0
    seed: int = 0
    skip_broken: bool = False

    def __post_init__(self) -> None:
        if self.timesteps < 1 or self.seed < 0:
            raise OptionError("the timesteps must be positive and the seed not negative")
        if not 0.0 <= self.val_share < 1.0:
            raise OptionError(f"a share of {self.val_share:g} is impossible", mend="give 0 to 0.9")


@dataclass(frozen=True, slots=True, kw_only=True)
class TabSetReport:
    """What was written and what was lost on the way.

    Attributes
    ----------
    infos : mapping of split to ArraysInfo
    left_out : tuple of str
        A line for each file that could not be used.
    n_files, n_songs, n_notes : int
        That were used; notes as the tabs have them.
    n_dead : int
        Dead notes: they click, but no fret sounds.
    n_between : int
        Notes so short that no frame falls into them.
    scores : mapping of str to float
        Track -> how well it was found in its recording, 0 to 1; those without a recording are not there.
    tempo_from : mapping of TempoFrom to int
        Files by where their tempo comes from.
    tunings : mapping of str to int
        Files by tuning, capo named.
    warnings : tuple of str
        What is odd in the files that were used.
    """

    infos: Mapping[Split, ArraysInfo]
    left_out: tuple[str, ...]
    n_files: int
    n_songs: int
    n_notes: int
    n_dead: int
    n_between: int
    scores: Mapping[str, float]
    tempo_from: Mapping[TempoFrom, int]
    tunings: Mapping[str, int]
    warnings: tuple[str, ...]


def build_tab_set(
    folder: Path,
    out: Path,
    options: TabSetOptions,
    *,
    load: LoadFile,
    noise: ConfusionModel,
    listener: Listener | None = None,
    executor: Executor | None = None,
    force: bool = False,
    tell: Callable[[str], None] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> TabSetReport:
    """Write the training arrays of a folder of tabs; all of them, or nothing.

    Parameters
    ----------
    folder, out : Path
    options : TabSetOptions
    load : callable
        Reads a file; travels to the workers of the executor.
    noise : ConfusionModel
        How the predictions in X_lstm err.
    listener : Listener, optional
        Aligns tabs to their recordings and predicts from those; tabs without one are as they are otherwise.
    executor : Executor, optional
        Reads the files; this process otherwise, and always with a listener.
    force : bool
        Replace arrays that are there.
    tell : callable, optional
        Called with a line for each file that cannot be used.
    progress : callable, optional
        Called with the file that is done and the share done, 0..1.

    Raises
    ------
    DatasetError
        If a file is broken, holds no notes or no six strings, unless ``options.skip_broken``; if nothing
        usable is left, or all songs would go into one split.
    OutputError
        If the arrays exist (without ``force``) or cannot be written.
    """
    splits: tuple[Split, ...] = ("train", "val") if options.val_share else ("train",)
    for split in splits:
        check_free(out, split, force=force)
    files = find_tabs(folder, leave_out=out)
    framed, left_out = [], []
    work = partial(frame_tab, load=load, grid=options.grid, listener=listener)
    results = in_order(work, files, None if listener else executor)
    for number, (file, result) in enumerate(zip(files, results, strict=True), start=1):
        if progress is not None:
            progress(file.name, number / len(files))
        if isinstance(result, FramedTab):
            framed.append(result)
            continue
        left_out.append(result)
        if tell is not None:
            tell(result)
    _stop_if_needed(folder, framed, left_out, options)
    by_split = _split(framed, options)
    infos = {
        split: _write_split(out, split, tabs, options, noise, listener, left_out, force=force)
        for split, tabs in by_split.items()
    }
    return _report(infos, framed, left_out)


def _stop_if_needed(
    folder: Path, framed: Sequence[FramedTab], left_out: Sequence[str], options: TabSetOptions
) -> None:
    if left_out and not options.skip_broken:
        raise DatasetError(
            f"{len(left_out)} of {len(framed) + len(left_out)} files in {folder} cannot be used,"
            f" the first is {left_out[0]}; nothing was written",
            mend="--skip-broken leaves them out",
        )
    if not framed:
        raise DatasetError(f"no file in {folder} can be used", mend="see what is broken")


def _split(framed: Sequence[FramedTab], options: TabSetOptions) -> dict[Split, list[FramedTab]]:
    """Whole songs to each split; those for ``val`` are drawn by name and seed."""
    if not options.val_share:
        return {"train": list(framed)}
    songs = {tab.file.song for tab in framed}
    ordered = sorted(songs, key=lambda song: hashlib.sha256(f"{options.seed}/{song}".encode()).digest())
    n_val = max(1, round(options.val_share * len(songs)))
    if n_val >= len(songs):
        raise DatasetError(
            f"{len(songs)} songs cannot be split into train and val", mend="leave --val-share out"
        )
    val = frozenset(ordered[:n_val])
    return {
        "train": [tab for tab in framed if tab.file.song not in val],
        "val": [tab for tab in framed if tab.file.song in val],
    }


def _write_split(
    out: Path,
    split: Split,
    tabs: Sequence[FramedTab],
    options: TabSetOptions,
    noise: ConfusionModel,
    listener: Listener | None,
    left_out: Sequence[str],
    *,
    force: bool,
) -> ArraysInfo:
    grid = tab_grid(options.grid, 0.0)
    info = ArraysInfo(
        sample_rate=grid.sample_rate,
        hop_length=grid.hop_length,
        start_s=grid.start_s,
        timesteps=options.timesteps,
        samples=tuple(sample for tab in tabs for sample in _sample_infos(tab, options.timesteps)),
        open_pitches=STANDARD_TUNING.open_pitches,
        seed=options.seed,
        n_above_fret_20=sum(tab.n_above for tab in tabs),
        x_lstm=_described(tabs, noise, listener),
        provenance={
            "made_by": "tabs",
            "tunings": {tab.file.track: _tuning_json(tab.tuning) for tab in tabs if not _is_standard(tab)},
            "aligned": {tab.file.track: round(tab.score, 3) for tab in tabs if tab.score is not None},
            "tempo_assumed": [tab.file.track for tab in tabs if tab.tempo_from == "default"],
            "left_out": list(left_out),
        },
    )
    cut = partial(cut_samples, timesteps=options.timesteps)
    pieces: dict[str, Iterable[AnyArray]] = {
        "y": (cut(encode_frets(tab.frets))[0] for tab in tabs),
        "valid": (cut(tab.frets)[1] for tab in tabs),
        "x_lstm": (cut(_predictions(tab, info, noise))[0] for tab in tabs),
    }
    write_pieces(out, info, pieces, split, force=force)
    return info


def _sample_infos(tab: FramedTab, timesteps: int) -> list[SampleInfo]:
    infos = sample_infos(
        track=tab.file.track,
        player=tab.file.song,
        source=SOURCE if tab.predicted is None else HEARD_SOURCE,
        style="",
        n_frames=len(tab.frets),
        timesteps=timesteps,
    )
    return [replace(info, start_frame=info.start_frame + tab.first_frame) for info in infos]


def _described(
    tabs: Sequence[FramedTab], noise: ConfusionModel, listener: Listener | None
) -> dict[str, object]:
    """Who made X_lstm, as `merge` says it of several makers."""
    made: list[dict[str, object]] = []
    if listener is not None and any(tab.predicted is not None for tab in tabs):
        made.append({"made_by": listener.made_by, "sha256": listener.sha256})
    if any(tab.predicted is None for tab in tabs):
        digest = hashlib.sha256(confusions_text(noise).encode()).hexdigest()
        made.append({"made_by": "noise model", "confusions_sha256": digest})
    seen = {
        tab.file.track: tab.predicted is not None
        and listener is not None
        and tab.file.song in listener.players
        for tab in tabs
    }
    if len(made) == 1:
        return {**made[0], "seen_player": seen}
    return {"made_by": " and ".join(str(m["made_by"]) for m in made), "parts": made, "seen_player": seen}


def _is_standard(tab: FramedTab) -> bool:
    return _sounding_open(tab.tuning) == STANDARD_TUNING.open_pitches


def _sounding_open(tuning: Tuning) -> tuple[int, ...]:
    """Pitches of fret 0, low to high: the open strings, or at the capo."""
    return tuple(pitch + tuning.capo for pitch in tuning.open_pitches)


def _tuning_json(tuning: Tuning) -> dict[str, object]:
    return {
        "name": tuning_name(tuning),
        "open_pitches": list(tuning.open_pitches),
        "capo": tuning.capo,
    }


def _predictions(tab: FramedTab, info: ArraysInfo, noise: ConfusionModel) -> FloatArray:
    """As heard; or drawn from the seed and the track's name alone, whichever other tabs there are."""
    if tab.predicted is not None:
        return tab.predicted
    name = int.from_bytes(hashlib.sha256(tab.file.track.encode()).digest()[:8], "big")
    rng = np.random.default_rng([info.seed, name])
    return apply_noise(
        tab.frets, rng, noise, time_step_s=info.time_step_s, open_pitches=_sounding_open(tab.tuning)
    )


def _report(
    infos: Mapping[Split, ArraysInfo], framed: Sequence[FramedTab], left_out: Sequence[str]
) -> TabSetReport:
    return TabSetReport(
        infos=infos,
        left_out=tuple(left_out),
        n_files=len(framed),
        n_songs=len({tab.file.song for tab in framed}),
        n_notes=sum(tab.n_notes for tab in framed),
        n_dead=sum(tab.n_dead for tab in framed),
        n_between=sum(tab.n_between for tab in framed),
        scores={tab.file.track: tab.score for tab in framed if tab.score is not None},
        tempo_from=Counter(tab.tempo_from for tab in framed),
        tunings=Counter(_tuning_words(tab.tuning) for tab in framed),
        warnings=tuple(line for tab in framed for line in tab.warnings),
    )


def _tuning_words(tuning: Tuning) -> str:
    name = tuning_name(tuning)
    return f"{name}, capo {tuning.capo}" if tuning.capo else name

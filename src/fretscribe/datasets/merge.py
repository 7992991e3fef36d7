"""Several folders of training arrays become one, joined along samples, split by split.

What must agree is compared first and refused by name; arrays that only some folders have are left out and
said. The files are read from disk while they are written, never held as a whole. Neighbours: ``arrays``
reads and writes, ``cli.data`` calls this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fretscribe.datasets.arrays import (
    FILE_STEMS,
    SPLITS,
    ArraysInfo,
    Split,
    TabArrays,
    check_free,
    read_arrays,
    read_infos,
    write_pieces,
)
from fretscribe.errors import DatasetError, OptionError

_MUST_AGREE: Mapping[str, Callable[[ArraysInfo], object]] = {
    "encoding": lambda info: info.encoding,
    "timesteps": lambda info: info.timesteps,
    "time step": lambda info: f"{info.hop_length}/{info.sample_rate} s",
    "start": lambda info: f"{info.start_s:g} s",
    "tuning": lambda info: " ".join(map(str, info.open_pitches)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeReport:
    """What was joined.

    Attributes
    ----------
    infos : mapping of split to ArraysInfo
    notes : tuple of str
        What was left out, and samples that are there twice, a line each.
    """

    infos: Mapping[Split, ArraysInfo]
    notes: tuple[str, ...]


def merge_arrays(folders: Sequence[Path], out: Path, *, force: bool = False) -> MergeReport:
    """Join folders of training arrays: train with train, val with val, in the order given.

    Parameters
    ----------
    folders : sequence of Path
        Two or more.
    out : Path
        None of them.
    force : bool
        Replace arrays that are there.

    Raises
    ------
    OptionError
        If there are fewer than two folders, or the result would go into one of them.
    DatasetError
        If a folder cannot be read, if two disagree in timesteps, time step, start, tuning or encoding, or if
        a player would be in two splits; names both folders and both values.
    OutputError
        If the result exists (without ``force``) or cannot be written.
    """
    folders = [Path(folder) for folder in folders]
    if len(folders) < 2:
        raise OptionError("there is nothing to merge", mend="name two folders or more")
    if any(folder.resolve() == Path(out).resolve() for folder in folders):
        raise OptionError(f"{out} is one of the folders to merge", mend="name a new folder")
    parts = [(folder, split, info) for folder in folders for split, info in read_infos(folder).items()]
    for folder, _, info in parts[1:]:
        _compare(parts[0][0], parts[0][2], folder, info)
    _check_players(parts)
    splits = [split for split in SPLITS if any(found == split for _, found, _ in parts)]
    for split in splits:
        check_free(out, split, force=force)
    opened = [(folder, split, read_arrays(folder, split)) for folder, split, _ in parts]
    names, notes = _common_names(opened)
    infos: dict[Split, ArraysInfo] = {}
    for split in splits:
        own = [(folder, arrays) for folder, found, arrays in opened if found == split]
        infos[split] = _merged_info(own, with_x_lstm="x_lstm" in names)
        notes += _duplicates(split, infos[split])
    for split in splits:
        mine = [arrays.named() for _, found, arrays in opened if found == split]
        pieces = {name: [arrays[name] for arrays in mine] for name in names}
        write_pieces(out, infos[split], pieces, split, force=force)
    return MergeReport(infos=infos, notes=tuple(notes))


def _compare(first: Path, first_info: ArraysInfo, other: Path, other_info: ArraysInfo) -> None:
    for what, value in _MUST_AGREE.items():
        a, b = value(first_info), value(other_info)
        if a != b:
            raise DatasetError(
                f"the folders differ in {what}: {a} in {first}, {b} in {other}",
                mend="make both with the same options",
            )


def _check_players(parts: Sequence[tuple[Path, Split, ArraysInfo]]) -> None:
    seen: dict[str, tuple[Path, Split]] = {}
    for folder, split, info in parts:
        for player in info.players:
            other, other_split = seen.setdefault(player, (folder, split))
            if other_split != split:
                raise DatasetError(
                    f"player {player!r} is in {other_split} of {other} and in {split} of {folder}",
                    mend="splits are made by player",
                )


def _common_names(opened: Sequence[tuple[Path, Split, TabArrays]]) -> tuple[list[str], list[str]]:
    """Arrays that every split of every folder has, and a line for each other one."""
    named = [(folder, split, arrays.named()) for folder, split, arrays in opened]
    notes = []
    names = []
    for name in FILE_STEMS:
        having = [f"{folder} ({split})" for folder, split, arrays in named if name in arrays]
        if len(having) == len(named):
            names.append(name)
        elif having:
            notes.append(f"{FILE_STEMS[name]} is left out: only {', '.join(having)} has it")
    return names, notes


def _merged_info(parts: Sequence[tuple[Path, TabArrays]], *, with_x_lstm: bool) -> ArraysInfo:
    infos = [arrays.info for _, arrays in parts]
    sources = [
        {
            "folder": folder.name,
            "n_samples": arrays.info.n_samples,
            "seed": arrays.info.seed,
            "provenance": dict(arrays.info.provenance),
        }
        for folder, arrays in parts
    ]
    return replace(
        infos[0],
        samples=tuple(sample for info in infos for sample in info.samples),
        n_above_fret_20=sum(info.n_above_fret_20 for info in infos),
        x_lstm=_merged_x_lstm(infos) if with_x_lstm else {},
        provenance={"merged": sources},
    )


def _merged_x_lstm(infos: Sequence[ArraysInfo]) -> dict[str, object]:
    """How the joined X_lstm was made: by whom, what each had seen, and all details of each."""
    seen: dict[str, bool] = {}
    details = []
    for info in infos:
        detail = dict(info.x_lstm)
        mine = detail.pop("seen_player", {})
        for track, was_seen in mine.items() if isinstance(mine, dict) else ():
            seen[track] = seen.get(track, False) or bool(was_seen)
        if detail not in details:
            details.append(detail)
    if len(details) == 1:
        return {**details[0], "seen_player": seen}
    makers = list(dict.fromkeys(str(detail.get("made_by", "unknown")) for detail in details))
    return {"made_by": " and ".join(makers), "parts": details, "seen_player": seen}


def _duplicates(split: Split, info: ArraysInfo) -> list[str]:
    counts = Counter((sample.source, sample.track, sample.start_frame) for sample in info.samples)
    n_twice = sum(count - 1 for count in counts.values())
    return [f"{split}: {n_twice} samples are there more than once"] if n_twice else []

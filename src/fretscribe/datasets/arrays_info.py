"""What ``arrays.json`` says of the training arrays beside it: grid, tuning, samples, and how X_lstm was made.

One file describes all splits of a folder; unknown and missing keys are refused. Knows nothing of the
arrays' values. Neighbours: ``arrays`` reads and writes the arrays, ``arrays_check`` holds both to the
contract.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from fretscribe.errors import DatasetError, TabFormatError
from fretscribe.frames import N_ARRAY_STRINGS, FrameGrid
from fretscribe.io.files import read_limited
from fretscribe.io.json_fields import Field, load_json
from fretscribe.music import STANDARD_TUNING

Split = Literal["train", "val"]
SPLITS: tuple[Split, ...] = get_args(Split)

ENCODING = "fretscribe-126/1"
"""Name of the layout of a frame: index = string * 21 + fret, silence is an all-zero block."""

INFO_FILE = "arrays.json"

SampleStyle = Literal["comp", "solo", ""]

_MAX_INFO_BYTES = 1 << 28
_SAMPLE_KEYS = ("track", "player", "source", "start_frame", "n_frames", "style")
_INFO_KEYS = (
    "encoding",
    "sample_rate",
    "hop_length",
    "start_s",
    "timesteps",
    "open_pitches",
    "seed",
    "n_above_fret_20",
    "x_lstm",
    "provenance",
    "samples",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleInfo:
    """Where a sample comes from: a stretch of one track.

    Attributes
    ----------
    track, player : str
        Splits are made by player (for tabs: by song) only.
    source : str
        For example ``guitarset-mic``, ``guitarset-windows``, ``synthetic``, ``tabs``.
    start_frame : int
        Frame of the track that is the sample's first.
    n_frames : int
        Frames that come from the track; the rest of the timesteps is padding.
    style : "comp", "solo" or ""
    """

    track: str
    player: str
    source: str
    start_frame: int
    n_frames: int
    style: SampleStyle = ""

    def __post_init__(self) -> None:
        if self.start_frame < 0 or self.n_frames < 1:
            raise ValueError(f"a sample needs start_frame >= 0 and n_frames >= 1: {self}")
        if self.style not in get_args(SampleStyle):
            raise ValueError(f"style must be comp, solo or empty, not {self.style!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArraysInfo:
    """What the arrays of one split are.

    Attributes
    ----------
    sample_rate, hop_length, start_s : int, int, float
        The grid: frame i of a track is centred on ``start_s + i * hop_length / sample_rate``.
    timesteps : int
        Frames of a sample.
    samples : tuple of SampleInfo
        One for each sample, in the arrays' order.
    open_pitches : tuple of int
        Of the guitar, low to high. Tracks of tabs may have another: ``provenance["tunings"]`` names them.
    seed : int
        Of whatever was drawn.
    encoding : str
        Layout of y and X_lstm.
    n_above_fret_20 : int
        Notes that the layout has no room for: left out of y.
    x_lstm : mapping of str to JSON values
        How X_lstm was made: ``made_by`` ("folds", "default weights", "noise model" ...), ``seen_player``
        (track -> whether the predictor had trained on its player); empty where there is none.
    provenance : mapping of str to JSON values
        Kept, never interpreted.
    """

    sample_rate: int
    hop_length: int
    start_s: float
    timesteps: int
    samples: tuple[SampleInfo, ...]
    open_pitches: tuple[int, ...] = STANDARD_TUNING.open_pitches
    seed: int = 0
    encoding: str = ENCODING
    n_above_fret_20: int = 0
    x_lstm: Mapping[str, object] = field(default_factory=dict)
    provenance: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.grid(0)  # refuses an impossible one
        if self.timesteps < 1 or self.n_above_fret_20 < 0:
            raise ValueError("timesteps must be positive and n_above_fret_20 not negative")
        if not self.samples:
            raise ValueError("there must be at least one sample")
        if len(self.open_pitches) != N_ARRAY_STRINGS:
            raise ValueError(f"the layout has {N_ARRAY_STRINGS} strings, not {len(self.open_pitches)}")
        longest = max(sample.n_frames for sample in self.samples)
        if longest > self.timesteps:
            raise ValueError(f"a sample of {longest} frames does not fit into {self.timesteps} timesteps")
        object.__setattr__(self, "x_lstm", MappingProxyType(dict(self.x_lstm)))
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))

    @property
    def n_samples(self) -> int:
        return len(self.samples)

    @property
    def time_step_s(self) -> float:
        return self.hop_length / self.sample_rate

    @property
    def players(self) -> tuple[str, ...]:
        return tuple(sorted({sample.player for sample in self.samples}))

    def grid(self, n_frames: int) -> FrameGrid:
        """The grid of a track of so many frames."""
        return FrameGrid(
            sample_rate=self.sample_rate, hop_length=self.hop_length, n_frames=n_frames, start_s=self.start_s
        )

    def to_json(self) -> dict[str, object]:
        """As a JSON object; `info_from_json` is the inverse."""
        return {
            "encoding": self.encoding,
            "sample_rate": self.sample_rate,
            "hop_length": self.hop_length,
            "start_s": self.start_s,
            "timesteps": self.timesteps,
            "open_pitches": list(self.open_pitches),
            "seed": self.seed,
            "n_above_fret_20": self.n_above_fret_20,
            "x_lstm": dict(self.x_lstm),
            "provenance": dict(self.provenance),
            "samples": [_sample_json(sample) for sample in self.samples],
        }


def _sample_json(sample: SampleInfo) -> dict[str, object]:
    return {key: getattr(sample, key) for key in _SAMPLE_KEYS}


def info_from_json(value: object, *, file: str = INFO_FILE, place: str = "") -> ArraysInfo:
    """Inverse of `ArraysInfo.to_json`.

    Parameters
    ----------
    value : JSON value
    file, place : str
        For messages.

    Raises
    ------
    DatasetError
        If a key is missing, unknown, or has an impossible value; names file and key.
    """
    try:
        return _info(Field(value, place, file))
    except TabFormatError as error:
        raise DatasetError(error.message, mend=error.mend) from error


def _info(root: Field) -> ArraysInfo:
    fields = root.fields(_INFO_KEYS)
    return root.build(
        ArraysInfo,
        encoding=fields["encoding"].text(),
        sample_rate=fields["sample_rate"].integer(low=1),
        hop_length=fields["hop_length"].integer(low=1),
        start_s=fields["start_s"].number(),
        timesteps=fields["timesteps"].integer(low=1),
        open_pitches=tuple(pitch.integer(low=0) for pitch in fields["open_pitches"].items()),
        seed=fields["seed"].integer(low=0),
        n_above_fret_20=fields["n_above_fret_20"].integer(low=0),
        x_lstm=fields["x_lstm"].json_object(),
        provenance=fields["provenance"].json_object(),
        samples=tuple(_sample(item) for item in fields["samples"].items()),
    )


def _sample(item: Field) -> SampleInfo:
    fields = item.fields(_SAMPLE_KEYS)
    return item.build(
        SampleInfo,
        track=fields["track"].text(),
        player=fields["player"].text(),
        source=fields["source"].text(),
        start_frame=fields["start_frame"].integer(low=0),
        n_frames=fields["n_frames"].integer(low=1),
        style=fields["style"].text(),
    )


def read_infos(folder: Path) -> dict[Split, ArraysInfo]:
    """What the ``arrays.json`` of a folder says of each of its splits.

    Raises
    ------
    DatasetError
        If the file is absent, no JSON, or breaks the contract; names file and key.
    """
    path = Path(folder) / INFO_FILE
    if not path.is_file():
        raise DatasetError(
            f"{folder} holds no training arrays: there is no {INFO_FILE}",
            mend="make them with: fretscribe data guitarset, or fretscribe data synth",
        )
    try:
        root = load_json(read_limited(path, _MAX_INFO_BYTES), str(path), max_bytes=_MAX_INFO_BYTES)
        infos: dict[Split, ArraysInfo] = {}
        for split in SPLITS:
            member = root.get_or_null(split)
            if not member.is_null:
                infos[split] = _info(member)
        root.fields(infos)  # refuses the keys that are no split
    except TabFormatError as error:
        raise DatasetError(error.message, mend=error.mend) from error
    if not infos:
        raise DatasetError(f"{path}: describes no split", mend=f"one of {', '.join(SPLITS)} must be there")
    return infos


def infos_text(infos: Mapping[Split, ArraysInfo]) -> str:
    """The text of an ``arrays.json``, one sample a line, the same for the same values."""
    blocks = []
    for split in SPLITS:
        if split not in infos:
            continue
        document = infos[split].to_json()
        del document["samples"]
        lines = [f"    {json.dumps(key)}: {_compact(value)}" for key, value in document.items()]
        rows = ",\n".join(f"      {_compact(_sample_json(sample))}" for sample in infos[split].samples)
        lines.append(f'    "samples": [\n{rows}\n    ]')
        blocks.append(f"  {json.dumps(split)}: {{\n" + ",\n".join(lines) + "\n  }")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _compact(value: object) -> str:
    return json.dumps(value, allow_nan=False, sort_keys=True)

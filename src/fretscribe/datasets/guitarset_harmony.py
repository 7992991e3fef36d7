"""Key and chords of a GuitarSet track as annotated, in the field's own syntax, for judging and counting.

Of its two chord annotations the first is the lead sheet that the player was given, the second the chords that
were played. Neighbours: ``guitarset_truth`` reads the notes, ``io.jams`` the lead sheet's chords for playing.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from fretscribe.errors import DatasetError, OptionError
from fretscribe.music import Key
from fretscribe.symbols import parse_key

_PERFORMED = 1

# What a broken annotation raises, however it is broken; the error names the track.
_BROKEN = (
    ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError, OptionError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedChord:
    """A chord that was played, its label in Harte's syntax with whatever tones were added or left out."""

    start_s: float
    end_s: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmonyTruth:
    """The annotated harmony of a track.

    Attributes
    ----------
    key : Key
        Of the lead sheet.
    chords : tuple of PlayedChord
        As performed; without gaps.
    """

    key: Key
    chords: tuple[PlayedChord, ...]


def parse_harmony(data: bytes, track_id: str) -> HarmonyTruth:
    """Read key and performed chords of a GuitarSet JAMS file.

    Raises
    ------
    DatasetError
        If it is no JAMS, or has no key or no second chord annotation; names the track.
    """
    try:
        annotations = json.loads(data)["annotations"]
        keys = [a for a in annotations if a["namespace"] == "key_mode"]
        chords = [a for a in annotations if a["namespace"] == "chord"]
        return HarmonyTruth(
            key=parse_key(keys[0]["data"][0]["value"]),
            chords=tuple(_played(row) for row in chords[_PERFORMED]["data"]),
        )
    except _BROKEN as error:
        raise DatasetError(
            f"{track_id}: the annotated harmony is broken: {error}", mend="download the dataset again"
        ) from error


def _played(row: dict[str, object]) -> PlayedChord:
    time_s, duration_s = row["time"], row["duration"]
    if not isinstance(time_s, int | float) or not isinstance(duration_s, int | float):
        raise TypeError("times must be numbers")
    if not math.isfinite(time_s) or not duration_s > 0.0:
        raise ValueError(f"a chord lasts {duration_s} s")
    return PlayedChord(start_s=time_s, end_s=time_s + duration_s, label=str(row["value"]))

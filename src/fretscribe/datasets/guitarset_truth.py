"""What was played in a GuitarSet track: its JAMS annotation as notes on strings.

Times and fractional pitches stay as annotated, for judging; ``io.jams`` reads the same files as a playable
tab. Does not know where files lie. Neighbours: ``guitarset`` finds the files, ``evaluation`` judges by this.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fretscribe.errors import DatasetError
from fretscribe.music import STANDARD_TUNING, BeatGrid, Tuning

_OVERLAP_TOLERANCE_S = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class RefNote:
    """An annotated note.

    Attributes
    ----------
    onset_s, offset_s : float
    pitch : float
        Fractional MIDI pitch as annotated: the mean of the note, bends and all.
    string : int
        0 = lowest.
    fret : int
        ``round(pitch) - open pitch``.
    """

    onset_s: float
    offset_s: float
    pitch: float
    string: int
    fret: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackTruth:
    """What was played in a track.

    Attributes
    ----------
    notes : tuple of RefNote
        Sorted by onset, then string. Two notes of a string may overlap by some milliseconds, as annotated.
    tuning : Tuning
    duration_s : float
        Length of the recording.
    beats : BeatGrid, or None
        None where the annotation has no beats.
    warnings : tuple of str
        What is odd in the annotation, a line each.
    """

    notes: tuple[RefNote, ...]
    tuning: Tuning
    duration_s: float
    beats: BeatGrid | None = None
    warnings: tuple[str, ...] = ()


def parse_truth(data: bytes, track_id: str) -> TrackTruth:
    """Read the truth of a GuitarSet JAMS file; its ``data_source`` is the string, 0 = low E.

    Parameters
    ----------
    data : bytes
        The JAMS file (JSON; Humphrey et al., ISMIR 2014).
    track_id : str
        For messages.

    Raises
    ------
    DatasetError
        If it is no JAMS, lacks one of the six ``note_midi`` annotations, or holds impossible notes.
    """
    try:
        jams = json.loads(data)
        duration_s = _finite(jams["file_metadata"]["duration"])
        by_namespace: dict[str, list[Mapping[str, object]]] = {}
        for annotation in jams["annotations"]:
            by_namespace.setdefault(annotation["namespace"], []).append(annotation)
        notes = _ref_notes(by_namespace.get("note_midi", []), STANDARD_TUNING)
        beats = _beat_grid(by_namespace.get("beat_position", []))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        reason = f"no field {error}" if isinstance(error, KeyError) else str(error)
        raise DatasetError(
            f"{track_id}: the annotation is broken: {reason}", mend="download the dataset again"
        ) from error
    return TrackTruth(
        notes=notes,
        tuning=STANDARD_TUNING,
        duration_s=duration_s,
        beats=beats,
        warnings=_oddities(notes, duration_s),
    )


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)


def _rows(annotation: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    rows = annotation["data"]
    if not isinstance(rows, list):
        raise TypeError("the observations must be a list")
    return rows


def _ref_notes(annotations: Sequence[Mapping[str, object]], tuning: Tuning) -> tuple[RefNote, ...]:
    strings = sorted(str(_source(annotation)) for annotation in annotations)
    if strings != [str(string) for string in range(tuning.n_strings)]:
        raise ValueError(f"it has note_midi for the strings {strings}, expected 0 to {tuning.n_strings - 1}")
    notes = [
        _ref_note(row, string=int(str(_source(annotation))), tuning=tuning)
        for annotation in annotations
        for row in _rows(annotation)
    ]
    return tuple(sorted(notes, key=lambda note: (note.onset_s, note.string, note.offset_s)))


def _source(annotation: Mapping[str, object]) -> object:
    metadata = annotation["annotation_metadata"]
    if not isinstance(metadata, Mapping):
        raise TypeError("annotation_metadata must be an object")
    return metadata["data_source"]


def _ref_note(row: Mapping[str, object], *, string: int, tuning: Tuning) -> RefNote:
    onset_s, duration_s, pitch = (_finite(row[key]) for key in ("time", "duration", "value"))
    place = f"string {string} at {onset_s:.3f} s"
    if onset_s < 0.0 or duration_s <= 0.0:
        raise ValueError(f"the note on {place} lasts {duration_s} s")
    fret = round(pitch) - tuning.open_pitches[string]
    if not 0 <= fret <= tuning.highest_fret:
        raise ValueError(f"the note on {place} has pitch {pitch:.2f}, which is fret {fret}")
    return RefNote(onset_s=onset_s, offset_s=onset_s + duration_s, pitch=pitch, string=string, fret=fret)


def _beat_grid(annotations: Sequence[Mapping[str, object]]) -> BeatGrid | None:
    if not annotations:
        return None
    rows = sorted(_rows(annotations[0]), key=lambda row: _finite(row["time"]))
    values = [row["value"] for row in rows]
    if not all(isinstance(value, Mapping) for value in values):
        raise ValueError("a beat_position must be an object")
    beats = [value for value in values if isinstance(value, Mapping)]
    if len(beats) < 2:
        return None
    return BeatGrid(
        beat_times_s=tuple(_finite(row["time"]) for row in rows),
        downbeats=tuple(i for i, beat in enumerate(beats) if beat["position"] == 1),
        beats_per_bar=int(beats[0]["num_beats"]),
        beat_unit=int(beats[0]["beat_units"]),
    )


def _oddities(notes: Sequence[RefNote], duration_s: float) -> tuple[str, ...]:
    warnings = []
    if not notes:
        warnings.append("no notes are annotated")
    late = sum(note.offset_s > duration_s + 0.01 for note in notes)
    if late:
        warnings.append(f"{late} notes end after the recording")
    overlaps = sum(
        b.onset_s < a.offset_s - _OVERLAP_TOLERANCE_S
        for string in {note.string for note in notes}
        for a, b in _successors(notes, string)
    )
    if overlaps:
        warnings.append(f"{overlaps} notes overlap the next on their string")
    return tuple(warnings)


def _successors(notes: Sequence[RefNote], string: int) -> list[tuple[RefNote, RefNote]]:
    own = [note for note in notes if note.string == string]
    return list(itertools.pairwise(own))

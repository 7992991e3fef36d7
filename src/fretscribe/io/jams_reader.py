"""Reading JAMS: GuitarSet's own annotation, and what ``jams`` writes.

GuitarSet's notes are fractional pitches; they are rounded to the semitone, and the contour becomes a bend
only where the note is bent, not where the guitar is a little out of tune or the tracker slips on the
decay. Works on bytes, so a member of a zip will do. Neighbours: ``jams`` writes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fretscribe.convert import A4_HZ, A4_MIDI
from fretscribe.errors import OptionError, TabFormatError
from fretscribe.io.bends import thin_bend
from fretscribe.io.files import read_limited
from fretscribe.io.json_fields import Field, load_json
from fretscribe.io.symbols import parse_key, symbol_from_harte
from fretscribe.music import (
    STANDARD_TUNING,
    BeatGrid,
    BendPoint,
    Chord,
    Key,
    Note,
    Position,
    Tab,
    TabNote,
    Tuning,
)
from fretscribe.result import Transcription

SANDBOX = "fretscribe"
MAX_BYTES = 256_000_000
BENT_CENTS = 30.0
_MAX_BEND_POINTS = 20
_BEND_TOLERANCE_CENTS = 5.0
_SMOOTH_POINTS = 9
_TAIL_S = 0.05
_MIN_NOTE_S = 1e-4

Array = npt.NDArray[np.float64]
_NoteList = list[tuple[float, float, float, float | None]]


def read_jams(path: Path | str) -> Transcription:
    """A JAMS file; see `parse_jams`."""
    return parse_jams(read_limited(path, MAX_BYTES), Path(path).name)


def parse_jams(data: bytes, name: str = "JAMS") -> Transcription:
    """A transcription from a JAMS file in GuitarSet's layout.

    Standard tuning where the file names none. Pitches are rounded to the semitone; of two notes that
    overlap on a string the first is cut; notes off the neck are left out. Each of the latter is
    counted in ``warnings``.

    Parameters
    ----------
    data : bytes
    name : str
        What to call the file in messages.

    Raises
    ------
    TabFormatError
        If the bytes are no JSON, or hold no ``note_midi`` annotations that name their string.
    """
    root = load_json(data, name, max_bytes=MAX_BYTES)
    annotations: dict[str, list[Field]] = {}
    for annotation in root.get("annotations").items():
        annotations.setdefault(annotation.get("namespace").text(), []).append(annotation)
    own = root.get_or_null("sandbox")
    own = own if own.is_null else own.get_or_null(SANDBOX)
    tuning = STANDARD_TUNING if own.is_null else _tuning(own.get("tuning"))
    notes, warnings = _tab_notes(annotations, tuning, root)
    metadata = root.get_or_null("file_metadata")
    title = metadata if metadata.is_null else metadata.get_or_null("title")
    tab = root.build(
        Tab,
        tuning=tuning,
        notes=notes,
        beats=_first(annotations, "beat_position", _beats, own),
        key=_key(annotations.get("key_mode", [])),
        chords=_chords(annotations.get("chord", [])),
        title="" if title.is_null else title.text(),
    )
    return Transcription(tab=tab, warnings=warnings)

"""Feedback as JSON lines, ``"schema": "fretscribe-feedback/1"``: one recording a line, read strictly.

``parse_lines(render_lines(x)) == x``. Neighbours: ``store`` keeps the same values, ``corrections`` has them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from fretscribe.errors import InputError
from fretscribe.feedback.corrections import Correction, MendedRecording, SetNote, Suggestion
from fretscribe.io.json_fields import Field, load_json
from fretscribe.music import Alternative, Position, Tuning
from fretscribe.result import AudioInfo

SCHEMA = "fretscribe-feedback/1"
MAX_BYTES = 64_000_000
"""Of a file, and so of a line."""


def render_lines(recordings: Iterable[MendedRecording]) -> bytes:
    """Recordings as UTF-8 JSON lines."""
    return b"".join(_line(recording) for recording in recordings)


def parse_lines(data: bytes, name: str = "feedback") -> list[MendedRecording]:
    """Recordings from JSON lines; empty lines do not count.

    Raises
    ------
    InputError
        Naming the file, the line and the field.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: is {len(data)} bytes long, the limit is {MAX_BYTES}")
    lines = enumerate(data.split(b"\n"), start=1)
    return [_recording(line, f"{name}: line {number}") for number, line in lines if line.strip()]


def suggestion_json(suggestion: Suggestion | None) -> str:
    """A suggestion alone, null where there is none."""
    return _compact(None if suggestion is None else _suggestion(suggestion))


def parse_suggestion(text: str, name: str) -> Suggestion | None:
    """The inverse of `suggestion_json`.

    Raises
    ------
    InputError
        If it is none.
    """
    field = load_json(text.encode(), name, max_bytes=MAX_BYTES)
    return None if field.is_null else _parse_suggestion(field)


def _line(recording: MendedRecording) -> bytes:
    tuning, audio = recording.tuning, recording.audio
    document = {
        "schema": SCHEMA,
        "key": recording.key,
        "title": recording.title,
        "program": recording.program,
        "whole": recording.whole,
        "audio": None
        if audio is None
        else {"path": audio.path, "duration_s": audio.duration_s, "sha256": audio.sha256},
        "tuning": {
            "open_pitches": list(tuning.open_pitches),
            "capo": tuning.capo,
            "n_frets": tuning.n_frets,
        },
        "notes": [
            {
                "suggested": None if c.suggested is None else _suggestion(c.suggested),
                "chosen": None if c.chosen is None else _set_note(c.chosen),
                "expected": list(c.expected),
            }
            for c in recording.corrections
        ],
    }
    return (_compact(document) + "\n").encode()


def _set_note(note: SetNote) -> dict[str, object]:
    return {
        "onset_s": note.onset_s,
        "offset_s": note.offset_s,
        "pitch": note.pitch,
        "string": note.position.string,
        "fret": note.position.fret,
    }


def _suggestion(suggestion: Suggestion) -> dict[str, object]:
    return {
        **_set_note(suggestion.note),
        "confidence": suggestion.confidence,
        "alternatives": [
            {"string": a.position.string, "fret": a.position.fret, "p": a.probability}
            for a in suggestion.alternatives
        ],
    }


def _compact(value: object) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _recording(line: bytes, place: str) -> MendedRecording:
    root = load_json(line, place, max_bytes=MAX_BYTES)
    schema = root.get("schema").text()
    if schema != SCHEMA:
        raise root.get("schema").wrong(json.dumps(SCHEMA))
    fields = root.fields(("schema", "key", "title", "program", "whole", "audio", "tuning", "notes"))
    tuning = fields["tuning"].fields(("open_pitches", "capo", "n_frets"))
    if not isinstance(fields["whole"].value, bool):
        raise fields["whole"].wrong("true or false")
    return root.build(
        MendedRecording,
        key=fields["key"].text(),
        title=fields["title"].text(),
        program=fields["program"].text(),
        whole=fields["whole"].value,
        audio=None if fields["audio"].is_null else _parse_audio(fields["audio"]),
        tuning=fields["tuning"].build(
            Tuning,
            open_pitches=tuple(p.integer() for p in tuning["open_pitches"].items()),
            capo=tuning["capo"].integer(),
            n_frets=tuning["n_frets"].integer(),
        ),
        corrections=tuple(_parse_correction(c) for c in fields["notes"].items()),
    )


def _parse_audio(field: Field) -> AudioInfo:
    fields = field.fields(("path", "duration_s", "sha256"))
    return AudioInfo(
        path=fields["path"].text(), duration_s=fields["duration_s"].number(), sha256=fields["sha256"].text()
    )


def _parse_correction(field: Field) -> Correction:
    fields = field.fields(("suggested", "chosen", "expected"))
    suggested, chosen = fields["suggested"], fields["chosen"]
    return field.build(
        Correction,
        suggested=None if suggested.is_null else _parse_suggestion(suggested),
        chosen=None if chosen.is_null else _parse_set(chosen, chosen.fields(_SET_KEYS)),
        expected=tuple(p.probability() for p in fields["expected"].items()),
    )


_SET_KEYS = ("onset_s", "offset_s", "pitch", "string", "fret")


def _parse_set(field: Field, fields: dict[str, Field]) -> SetNote:
    return field.build(
        SetNote,
        onset_s=fields["onset_s"].number(),
        offset_s=fields["offset_s"].number(),
        pitch=fields["pitch"].integer(),
        position=_parse_position(fields),
    )


def _parse_suggestion(field: Field) -> Suggestion:
    fields = field.fields((*_SET_KEYS, "confidence", "alternatives"))
    alternatives: Sequence[dict[str, Field]] = [
        a.fields(("string", "fret", "p")) for a in fields["alternatives"].items()
    ]
    return Suggestion(
        note=_parse_set(field, fields),
        confidence=fields["confidence"].optional_probability(),
        alternatives=tuple(
            Alternative(position=_parse_position(a), probability=a["p"].probability()) for a in alternatives
        ),
    )


def _parse_position(fields: dict[str, Field]) -> Position:
    return Position(string=fields["string"].integer(low=0), fret=fields["fret"].integer(low=0))

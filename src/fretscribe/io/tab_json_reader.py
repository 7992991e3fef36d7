"""Reading ``fretscribe-tab/1`` strictly: every complaint names the field, nothing unknown passes.

Counterpart of the writer in ``tab_json``, which re-exports `parse_tab_json`.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import get_args

from fretscribe.errors import OptionError, TabFormatError
from fretscribe.io.json_fields import Field, load_json
from fretscribe.music import (
    Alternative,
    BeatGrid,
    BendPoint,
    Chord,
    Key,
    Note,
    Position,
    Stiffness,
    Tab,
    TabNote,
    Technique,
    Tuning,
)
from fretscribe.result import AudioInfo, ConfidenceSummary, Stage, Transcription
from fretscribe.symbols import parse_key

SCHEMA = "fretscribe-tab/1"
MAX_BYTES = 64_000_000
MAX_NOTES = 1_000_000
_TECHNIQUES: dict[str, Technique] = {name: name for name in get_args(Technique)}
_TEMPO_TOLERANCE = 0.005

_TOP_KEYS = (
    "schema", "title", "audio", "tuning", "tempo_bpm", "meter", "beats_s", "downbeats", "key", "chords",
    "notes", "confidence", "stages", "warnings", "provenance",
)  # fmt: skip
_NOTE_KEYS = (
    "onset_s", "offset_s", "pitch", "string", "fret", "velocity", "confidence", "alternatives",
    "techniques", "onset_beats", "duration_beats", "bend", "onset_prob", "string_probs", "tab_probs",
    "rule_probability",
)  # fmt: skip


def parse_tab_json(data: bytes, name: str = "tab") -> Transcription:
    """A transcription from the bytes of a ``fretscribe-tab/1`` file.

    Parameters
    ----------
    data : bytes
        At most 64 MB, at most a million notes.
    name : str
        What to call the file in messages.

    Raises
    ------
    TabFormatError
        Naming the file and the field: broken JSON, another schema, unknown or missing keys, wrong types,
        numbers that are not finite, notes that contradict the tuning or each other.
    """
    root = load_json(data, name, max_bytes=MAX_BYTES)
    schema = root.get("schema").value if isinstance(root.value, dict) and "schema" in root.value else None
    if schema != SCHEMA:
        said = "no schema" if schema is None else f"the schema {schema!r}"
        raise TabFormatError(f"{name}: has {said}, this version reads {SCHEMA!r}")
    fields = root.fields(_TOP_KEYS)
    tuning, tuning_confidence, detune_cents = _tuning(fields["tuning"])
    notes = fields["notes"].items(max_items=MAX_NOTES)
    tab = root.build(
        Tab,
        tuning=tuning,
        notes=tuple(_note(n) for n in notes),
        beats=_beats(fields["beats_s"], fields["downbeats"], fields["meter"], fields["tempo_bpm"]),
        key=None if fields["key"].is_null else _key(fields["key"]),
        chords=tuple(_chord(c) for c in fields["chords"].items()),
        title=fields["title"].text(),
        provenance=fields["provenance"].json_object(),
    )
    return Transcription(
        tab=tab,
        stages=tuple(_stage(s) for s in fields["stages"].items()),
        warnings=tuple(w.text() for w in fields["warnings"].items()),
        audio=None if fields["audio"].is_null else _audio(fields["audio"]),
        tuning_confidence=tuning_confidence,
        detune_cents=detune_cents,
        confidence=None if fields["confidence"].is_null else _confidence(fields["confidence"]),
    )


def _tuning(field: Field) -> tuple[Tuning, float | None, float | None]:
    # files of the first days have no cents
    fields = field.fields(("name", "open_pitches", "capo", "n_frets", "confidence"), optional=("cents",))
    fields["name"].text()  # for people; the pitches rule
    tuning = field.build(
        Tuning,
        open_pitches=tuple(p.integer() for p in fields["open_pitches"].items()),
        capo=fields["capo"].integer(),
        n_frets=fields["n_frets"].integer(),
    )
    return tuning, fields["confidence"].optional_probability(), fields["cents"].optional_number()


def _beats(beats_s: Field, downbeats: Field, meter: Field, tempo_bpm: Field) -> BeatGrid | None:
    if beats_s.is_null:
        for field in (downbeats, meter, tempo_bpm):
            if not field.is_null:
                raise field.wrong("null where beats_s is null")
        return None
    numerator, _, denominator = meter.text().partition("/")
    if not (numerator.isdecimal() and denominator.isdecimal() and len(numerator + denominator) <= 8):
        raise meter.wrong('a metre such as "4/4"')
    grid = beats_s.build(
        BeatGrid,
        beat_times_s=tuple(t.number() for t in beats_s.items()),
        downbeats=tuple(d.integer() for d in downbeats.items()),
        beats_per_bar=int(numerator),
        beat_unit=int(denominator),
    )
    if abs(tempo_bpm.number() / grid.tempo_bpm - 1.0) > _TEMPO_TOLERANCE:
        raise tempo_bpm.wrong(f"the mean tempo of beats_s ({grid.tempo_bpm:.3f})")
    return grid


def _key(field: Field) -> Key:
    try:
        return parse_key(field.text())
    except OptionError as e:
        raise field.wrong('a key such as "F# minor"') from e


def _chord(field: Field) -> Chord:
    fields = field.fields(("start_s", "end_s", "name"))
    start_s, end_s = fields["start_s"].number(), fields["end_s"].number()
    return Chord(start_s=start_s, end_s=end_s, name=fields["name"].text())


def _note(field: Field) -> TabNote:
    fields = field.fields(_NOTE_KEYS, optional=("stiffness",))  # files of the first days have none
    note = field.build(
        Note,
        onset_s=fields["onset_s"].number(),
        offset_s=fields["offset_s"].number(),
        pitch=fields["pitch"].integer(),
        velocity=fields["velocity"].integer(),
        onset_prob=fields["onset_prob"].probability(),
        string_probs=_probabilities(fields["string_probs"]),
        tab_probs=_probabilities(fields["tab_probs"]),
        stiffness=None if fields["stiffness"].is_null else _stiffness(fields["stiffness"]),
        bend=tuple(_bend_point(p) for p in fields["bend"].items()),
    )
    return field.build(
        TabNote,
        note=note,
        position=_position(fields["string"], fields["fret"]),
        onset_beats=_optional_fraction(fields["onset_beats"]),
        duration_beats=_optional_fraction(fields["duration_beats"]),
        techniques=_techniques(fields["techniques"].items()),
        confidence=fields["confidence"].optional_probability(),
        alternatives=tuple(_alternative(a) for a in fields["alternatives"].items()),
        rule_probability=fields["rule_probability"].optional_probability(),
    )


def _probabilities(field: Field) -> tuple[float, ...] | None:
    return None if field.is_null else tuple(p.probability() for p in field.items())


def _stiffness(field: Field) -> Stiffness:
    fields = field.fields(("log_b", "error"))
    return field.build(Stiffness, log_b=fields["log_b"].number(), error=fields["error"].number())


def _position(string: Field, fret: Field) -> Position:
    return Position(string=string.integer(low=0), fret=fret.integer(low=0))


def _alternative(field: Field) -> Alternative:
    fields = field.fields(("string", "fret", "p"))
    position = _position(fields["string"], fields["fret"])
    return Alternative(position=position, probability=fields["p"].probability())


def _bend_point(field: Field) -> BendPoint:
    fields = field.fields(("time_s", "cents"))
    return BendPoint(time_s=fields["time_s"].number(), cents=fields["cents"].number())


def _optional_fraction(field: Field) -> Fraction | None:
    return None if field.is_null else field.fraction()


def _techniques(fields: Iterable[Field]) -> frozenset[Technique]:
    found = []
    for field in fields:
        if field.text() not in _TECHNIQUES:
            raise field.wrong(f"one of {', '.join(_TECHNIQUES)}")
        found.append(_TECHNIQUES[field.text()])
    return frozenset(found)


def _stage(field: Field) -> Stage:
    fields: dict[str, Field] = field.fields(("name", "status", "detail"))
    match fields["status"].text():
        case "ran" | "skipped" | "fallback" as status:
            return Stage(name=fields["name"].text(), status=status, detail=fields["detail"].text())
    raise fields["status"].wrong("ran, skipped or fallback")


def _audio(field: Field) -> AudioInfo:
    fields = field.fields(("path", "duration_s", "sha256"))
    return AudioInfo(
        path=fields["path"].text(), duration_s=fields["duration_s"].number(), sha256=fields["sha256"].text()
    )


def _confidence(field: Field) -> ConfidenceSummary:
    fields = field.fields(("target_accuracy", "threshold", "share_accepted"))
    return ConfidenceSummary(
        target_accuracy=fields["target_accuracy"].probability(),
        threshold=fields["threshold"].optional_number(),
        share_accepted=fields["share_accepted"].optional_probability(),
    )

"""The lossless tab file, ``"schema": "fretscribe-tab/1"``: a `Transcription` as JSON and back.

Everything but ``timings_s`` (which would make two runs differ) survives: ``parse_tab_json(render_tab_json(x))
== x`` as long as ``provenance`` holds plain JSON values. Beats are fractions written as strings ("3/2").
Field by field the reader lives in ``tab_json_reader``. Neighbours: ``formats`` picks this module by suffix.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from fretscribe.io.tab_json_reader import SCHEMA, parse_tab_json
from fretscribe.music import TabNote, Tuning
from fretscribe.result import Transcription
from fretscribe.symbols import key_name
from fretscribe.tunings import tuning_name

__all__ = ["SCHEMA", "parse_tab_json", "render_tab_json"]

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def render_tab_json(result: Transcription) -> bytes:
    """A transcription as ``fretscribe-tab/1``: UTF-8, one line a field, one line a note.

    Raises
    ------
    ValueError
        If a number is not finite, or ``provenance`` holds what JSON cannot.
    """
    lines = [f"{_compact(name)}: {_field(value)}" for name, value in _document(result).items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    # File names may hold bytes that are no UTF-8; they travel as escapes.
    return _LONE_SURROGATE.sub(lambda m: f"\\u{ord(m[0]):04x}", text).encode("utf-8")


def _document(result: Transcription) -> dict[str, object]:
    tab, audio, beats, confidence = result.tab, result.audio, result.tab.beats, result.confidence
    return {
        "schema": SCHEMA,
        "title": tab.title,
        "audio": None
        if audio is None
        else {"path": audio.path, "duration_s": audio.duration_s, "sha256": audio.sha256},
        "tuning": _tuning(tab.tuning, result),
        "tempo_bpm": None if beats is None else beats.tempo_bpm,
        "meter": None if beats is None else f"{beats.beats_per_bar}/{beats.beat_unit}",
        "beats_s": None if beats is None else list(beats.beat_times_s),
        "downbeats": None if beats is None else list(beats.downbeats),
        "key": None if tab.key is None else key_name(tab.key),
        "chords": [{"start_s": c.start_s, "end_s": c.end_s, "name": c.name} for c in tab.chords],
        "notes": [_note(n) for n in tab.notes],
        "confidence": None
        if confidence is None
        else {
            "target_accuracy": confidence.target_accuracy,
            "threshold": confidence.threshold,
            "share_accepted": confidence.share_accepted,
        },
        "stages": [{"name": s.name, "status": s.status, "detail": s.detail} for s in result.stages],
        "warnings": list(result.warnings),
        "provenance": dict(tab.provenance),
    }


def _tuning(tuning: Tuning, result: Transcription) -> dict[str, object]:
    return {
        "name": tuning_name(tuning),
        "open_pitches": list(tuning.open_pitches),
        "capo": tuning.capo,
        "n_frets": tuning.n_frets,
        "confidence": result.tuning_confidence,
        "cents": result.detune_cents,
    }


def _note(tab_note: TabNote) -> dict[str, object]:
    note = tab_note.note
    return {
        "onset_s": note.onset_s,
        "offset_s": note.offset_s,
        "pitch": note.pitch,
        "string": tab_note.position.string,
        "fret": tab_note.position.fret,
        "velocity": note.velocity,
        "confidence": tab_note.confidence,
        "alternatives": [
            {"string": a.position.string, "fret": a.position.fret, "p": a.probability}
            for a in tab_note.alternatives
        ],
        "rule_probability": tab_note.rule_probability,
        "techniques": sorted(tab_note.techniques),
        "onset_beats": _fraction(tab_note.onset_beats),
        "duration_beats": _fraction(tab_note.duration_beats),
        "bend": [{"time_s": p.time_s, "cents": p.cents} for p in note.bend],
        "onset_prob": note.onset_prob,
        "string_probs": None if note.string_probs is None else list(note.string_probs),
        "tab_probs": None if note.tab_probs is None else list(note.tab_probs),
        "stiffness": None
        if note.stiffness is None
        else {"log_b": note.stiffness.log_b, "error": note.stiffness.error},
    }


def _fraction(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _field(value: object) -> str:
    if (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and any(isinstance(v, Mapping) for v in value)
    ):
        return "[\n" + ",\n".join(_compact(v) for v in value) + "\n]"
    return _compact(value)


def _compact(value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    except TypeError as e:
        raise ValueError(f"a tab file cannot hold {value!r}: {e}") from e

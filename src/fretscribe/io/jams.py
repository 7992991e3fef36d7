"""JAMS files in GuitarSet's layout: written for its tools, read from its annotation.

Six (or as many as there are strings) annotations ``note_midi`` and ``pitch_contour``, string 0 = lowest in
``annotation_metadata.data_source``; beats, tempo, chords and key beside them. GuitarSet names no tuning
(it is standard); our files name theirs in the sandbox. A note's confidence travels in JAMS' own field;
velocity, techniques, alternatives and quantised beats do not fit and are lost (``tab_json`` keeps them).

Plain JSON on purpose: the ``jams`` package is the foreign reader of the tests. Neighbours: ``jams_reader``
reads, ``symbols`` spells chords, ``formats`` picks this module.
Sources: E. Humphrey et al., "JAMS: a JSON annotated music specification", ISMIR 2014; Q. Xi, R. Bittner,
J. Pauwels, X. Ye, J. P. Bello, "GuitarSet", ISMIR 2018.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from fretscribe.convert import midi_to_hz
from fretscribe.io.bars import beats_from_zero
from fretscribe.io.bends import bend_at
from fretscribe.io.jams_reader import SANDBOX, parse_jams, read_jams
from fretscribe.music import BeatGrid, Chord, Key, Tab, TabNote
from fretscribe.result import Transcription
from fretscribe.symbols import harte_from_symbol, key_tonic_name
from fretscribe.tunings import tuning_name

__all__ = ["parse_jams", "read_jams", "render_jams"]

JAMS_VERSION = "0.3.4"
CONTOUR_STEP_S = 256 / 44100
"""Time step of GuitarSet's contours."""

Json = dict[str, object]


def render_jams(result: Transcription) -> bytes:
    """A transcription as JAMS 0.3.4, UTF-8 JSON.

    A chord outside Harte's vocabulary is written as ``X`` (JAMS' sign for "cannot be said"), its own name
    kept in the annotation's sandbox.
    """
    tab = replace(result.tab, beats=beats_from_zero(result.tab.beats))
    duration_s = tab.duration_s if result.audio is None else result.audio.duration_s
    annotations: list[Json] = []
    for string in range(tab.tuning.n_strings):
        notes = [n for n in tab.notes if n.position.string == string]
        annotations.append(_annotation("pitch_contour", _contour(notes), duration_s, source=str(string)))
        annotations.append(_annotation("note_midi", _midi_notes(notes), duration_s, source=str(string)))
    if tab.beats is not None:
        annotations.append(_annotation("beat_position", _beat_positions(tab.beats), duration_s))
        tempo = [_observation(0.0, duration_s, tab.beats.tempo_bpm, 1.0)]
        annotations.append(_annotation("tempo", tempo, duration_s))
    if tab.chords:
        names: Json = {"symbols": [c.name for c in tab.chords]}
        annotations.append(_annotation("chord", _chords(tab.chords), duration_s, sandbox={SANDBOX: names}))
    if tab.key is not None:
        key = [_observation(0.0, duration_s, _key_mode(tab.key), None)]
        annotations.append(_annotation("key_mode", key, duration_s))
    document = {
        "annotations": annotations,
        "file_metadata": {
            "title": tab.title,
            "artist": "",
            "release": "",
            "duration": duration_s,
            "identifiers": {},
            "jams_version": JAMS_VERSION,
        },
        "sandbox": {SANDBOX: _sandbox(tab)},
    }
    return (json.dumps(document, allow_nan=False) + "\n").encode("ascii")


def _sandbox(tab: Tab) -> Json:
    tuning = tab.tuning
    return {
        "tuning": {
            "name": tuning_name(tuning),
            "open_pitches": list(tuning.open_pitches),
            "capo": tuning.capo,
            "n_frets": tuning.n_frets,
        },
        "meter": None if tab.beats is None else f"{tab.beats.beats_per_bar}/{tab.beats.beat_unit}",
    }


def _annotation(
    namespace: str, data: object, duration_s: float, *, source: str = "", sandbox: Json | None = None
) -> Json:
    return {
        "annotation_metadata": {
            "curator": {"name": "", "email": ""},
            "annotator": {},
            "version": "",
            "corpus": "",
            "annotation_tools": "fretscribe",
            "annotation_rules": "",
            "validation": "",
            "data_source": source,
        },
        "namespace": namespace,
        "data": data,
        "sandbox": sandbox or {},
        "time": 0.0,
        "duration": duration_s,
    }


def _observation(time_s: float, duration_s: float, value: object, confidence: float | None) -> Json:
    return {"time": time_s, "duration": duration_s, "value": value, "confidence": confidence}


def _midi_notes(notes: Iterable[TabNote]) -> list[Json]:
    return [
        _observation(n.note.onset_s, n.note.offset_s - n.note.onset_s, float(n.note.pitch), n.confidence)
        for n in notes
    ]


def _contour(notes: list[TabNote]) -> Json:
    """GuitarSet's dense contour: a frequency every 5.8 ms of every note, ``index`` counting the notes."""
    times: list[float] = []
    values: list[Json] = []
    for index, tab_note in enumerate(notes):
        note = tab_note.note
        steps_s = np.arange(0.0, note.duration_s, CONTOUR_STEP_S)
        for step_s, cents in zip(steps_s.tolist(), bend_at(note.bend, steps_s).tolist(), strict=True):
            times.append(note.onset_s + step_s)
            frequency = round(midi_to_hz(note.pitch + cents / 100.0), 4)
            values.append({"voiced": True, "index": index, "frequency": frequency})
    return {
        "time": times,
        "duration": [0.0] * len(times),
        "value": values,
        "confidence": [None] * len(times),
    }


def _beat_positions(beats: BeatGrid) -> list[Json]:
    """Beats with their place in the bar; bars take the length they have, a pick-up counts up to its end."""
    n_beats = len(beats.beat_times_s)
    bars = [(a, b - a, 1) for a, b in itertools.pairwise(beats.downbeats)]
    if beats.downbeats:
        last = beats.downbeats[-1]
        bars.append((last, max(beats.beats_per_bar, n_beats - last), 1))
    n_pickup = beats.downbeats[0] if beats.downbeats else n_beats
    if n_pickup:
        # A pick-up never starts at position 1: that would read as a downbeat.
        length = max(beats.beats_per_bar, n_pickup + 1)
        bars.insert(0, (0, length, length - n_pickup + 1))
    data: list[Json] = []
    ends = [start for start, _, _ in bars[1:]] + [n_beats]
    for measure, ((start, length, first), end) in enumerate(zip(bars, ends, strict=True), start=1):
        for i in range(start, end):
            value = {
                "position": first + i - start,
                "measure": measure,
                "num_beats": length,
                "beat_units": beats.beat_unit,
            }
            data.append(_observation(beats.beat_times_s[i], 0.0, value, None))
    return data


def _chords(chords: Iterable[Chord]) -> list[Json]:
    return [
        _observation(c.start_s, c.end_s - c.start_s, harte_from_symbol(c.name) or "X", None) for c in chords
    ]


def _key_mode(key: Key) -> str:
    return f"{key_tonic_name(key)}:{key.mode}"

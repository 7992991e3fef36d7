import importlib
import json
import math
import os
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from fretscribe.errors import TabFormatError
from fretscribe.io.bars import beats_from_zero
from fretscribe.io.bends import bend_at
from fretscribe.io.jams import CONTOUR_STEP_S, parse_jams, render_jams
from fretscribe.music import BeatGrid, BendPoint, Chord, Key, Note, Position, Tab, TabNote, Tuning
from fretscribe.result import Transcription
from random_tabs import n_tabs, random_tab
from strategies import beat_grids, tab_note, tab_of, tabs

DATA = Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data"))
ARCHIVE = DATA / "guitarset" / "annotation.zip"


def render(tab: Tab) -> bytes:
    return render_jams(Transcription(tab=tab))


@settings(max_examples=n_tabs(40), deadline=None)
@given(tabs())
def test_our_files_come_back(tab: Tab) -> None:
    data = render(tab)
    assert data == render(tab)
    result = parse_jams(data)
    read = result.tab
    assert result.warnings == ()
    assert (read.tuning, read.key, read.title) == (tab.tuning, tab.key, tab.title)
    assert [c.name for c in read.chords] == [c.name for c in tab.chords]
    assert [(n.position, n.confidence) for n in read.notes] == [(n.position, n.confidence) for n in tab.notes]
    for a, b in zip(tab.notes, read.notes, strict=True):
        assert b.note.onset_s == a.note.onset_s
        assert b.note.offset_s == pytest.approx(a.note.offset_s, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(beat_grids())
def test_beats_come_back(beats: BeatGrid) -> None:
    assert parse_jams(render(tab_of(beats=beats))).tab.beats == beats


def test_beats_before_the_start_are_left_out() -> None:
    beats = BeatGrid(beat_times_s=(-0.4, 0.1, 0.6, 1.1), downbeats=(0, 2))
    read = parse_jams(render(tab_of(beats=beats))).tab.beats
    assert read == BeatGrid(beat_times_s=(0.1, 0.6, 1.1), downbeats=(1,))


def test_bends_come_back() -> None:
    bend = (
        BendPoint(time_s=0.0, cents=0.0),
        BendPoint(time_s=0.3, cents=180.0),
        BendPoint(time_s=0.9, cents=-20.0),
    )
    note = Note(onset_s=1.0, offset_s=2.0, pitch=64, bend=bend)
    read = parse_jams(render(tab_of(TabNote(note=note, position=Position(string=5, fret=0)))))
    found = read.tab.notes[0].note.bend
    times = [i / 50 for i in range(50)]
    assert bend_at(found, times) == pytest.approx(bend_at(bend, times), abs=6.0)
    assert len(found) <= 20


def observation(time_s: float, duration_s: float, value: object) -> dict:
    return {"time": time_s, "duration": duration_s, "value": value, "confidence": None}


def annotation(namespace: str, data: object, source: str = "") -> dict:
    return {"namespace": namespace, "data": data, "annotation_metadata": {"data_source": source}}


def parse(*annotations: dict) -> Transcription:
    document = {"annotations": list(annotations), "file_metadata": {"title": "t"}, "sandbox": {}}
    return parse_jams(json.dumps(document).encode(), "x.jams")


def contour(*curves: list[float]) -> dict:
    """GuitarSet's dense form: one list of MIDI pitches a note, notes one second apart."""
    times, values = [], []
    for index, pitches in enumerate(curves):
        for i, pitch in enumerate(pitches):
            times.append(index + i * CONTOUR_STEP_S)
            frequency = 440.0 * 2 ** ((pitch - 69) / 12)
            values.append({"voiced": True, "index": index, "frequency": frequency})
    n = len(times)
    return {"time": times, "duration": [0.0] * n, "value": values, "confidence": [None] * n}


def test_guitarset_layout() -> None:
    bent, slipping, flat = [69.1] * 40 + [71.0] * 60, [69.1] * 80 + [66.0] * 20, [68.6] * 100
    notes = [observation(float(i), 0.58, v) for i, v in enumerate((69.1, 69.1, 68.6))]
    result = parse(
        annotation("note_midi", [observation(0.2, 0.5, 40.2), observation(0.5, 0.5, 43.0)], "0"),
        annotation("note_midi", notes, "5"),
        annotation("pitch_contour", contour(bent, slipping, flat), "5"),
        annotation("chord", [observation(0.0, 2.0, "D#:min7/b7")]),
        annotation("chord", [observation(0.0, 2.0, "D#:maj/1")]),
        annotation("key_mode", [observation(0.0, 2.0, "Ab:minor")]),
    )
    tab = result.tab
    assert tab.tuning == Tuning()
    assert tab.key == Key(tonic=8, mode="minor")
    assert tab.chords == (Chord(start_s=0.0, end_s=2.0, name="D#m7/C#"),)
    assert tab.beats is None
    low = [n for n in tab.notes if n.position.string == 0]
    assert [(n.position.fret, n.note.onset_s, n.note.offset_s) for n in low] == [(0, 0.2, 0.5), (3, 0.5, 1.0)]
    assert result.warnings == ("1 notes were cut where the next one starts on the same string",)
    high = [n.note for n in tab.notes if n.position.string == 5]
    assert [n.pitch for n in high] == [69, 69, 69]
    # a real bend; a tracker that slips on the decay; a flat string
    assert [bool(n.bend) for n in high] == [True, False, False]
    assert high[0].bend[-1].cents == pytest.approx(200.0)
    assert high[0].bend[0].cents == pytest.approx(10.0)


def test_contours_that_keep_their_pitch_are_kept_where_asked() -> None:
    notes = [observation(0.0, 0.58, 69.0), observation(1.0, 0.58, 68.6)]
    curves = contour([69.0, 69.1] * 50, [68.6] * 100)
    annotations = [annotation("note_midi", notes, "5"), annotation("pitch_contour", curves, "5")]
    tab = parse_jams(json.dumps({"annotations": annotations}).encode(), bent_cents=0.0).tab
    assert [n.note.bend[0].cents for n in tab.notes] == pytest.approx([5.0, -40.0], abs=6.0)


def test_what_is_off_the_neck_is_counted() -> None:
    values = [38.0, 41.0, 63.0, 45.0]
    notes = [observation(float(i), 0.5 if v != 45.0 else 0.0, v) for i, v in enumerate(values)]
    result = parse(annotation("note_midi", notes, "0"))
    assert [n.note.pitch for n in result.tab.notes] == [41]
    assert result.warnings == (
        "1 notes have no duration and were left out",
        "2 notes lie off the neck of their string and were left out",
    )


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ([], "no note_midi annotations"),
        ([annotation("note_midi", [], "x")], r'data_source: must be the string, "0" \(lowest\) to "5"'),
        ([annotation("note_midi", [], "6")], r"data_source: must be the string"),
        ([annotation("note_midi", [], "1")] * 2, "two note_midi annotations for one string"),
        ([annotation("note_midi", [{"time": 0}], "1")], r"annotations\[0\].data\[0\]: lacks the key"),
        ([annotation("note_midi", [observation(0, 1, "E")], "1")], r"data\[0\].value: must be a number"),
        (
            [annotation("note_midi", [], "1"), annotation("pitch_contour", {"time": [1], "value": []}, "1")],
            r"annotations\[1\].data: has 1 times and 0 values",
        ),
        (
            [annotation("note_midi", [], "1"), annotation("pitch_contour", {"time": [1], "value": [2]}, "1")],
            r"annotations\[1\].data: values must have voiced, index and frequency",
        ),
    ],
)
def test_complaints_name_the_place(annotations: list[dict], message: str) -> None:
    with pytest.raises(TabFormatError, match=message):
        parse(*annotations)


@pytest.mark.skipif(not ARCHIVE.exists(), reason=f"GuitarSet's annotation is not at {ARCHIVE}")
@pytest.mark.parametrize("track", ["00_BN1-129-Eb_comp", "05_Rock1-130-A_solo"])
def test_real_annotation(track: str) -> None:
    with zipfile.ZipFile(ARCHIVE) as archive:
        data = archive.read(f"{track}.jams")
    result = parse_jams(data, track)
    document = json.loads(data)
    n_listed = sum(len(a["data"]) for a in document["annotations"] if a["namespace"] == "note_midi")
    assert len(result.tab.notes) == n_listed
    assert result.tab.title == track
    beats = result.tab.beats
    assert beats is not None
    assert (beats.beats_per_bar, beats.beat_unit, beats.downbeats[:2]) == (4, 4, (0, 4))
    assert beats.tempo_bpm == pytest.approx(float(track.split("-")[1]), rel=0.01)
    assert sum(bool(n.note.bend) for n in result.tab.notes) < 0.15 * n_listed
    again = parse_jams(render_jams(result), track)
    assert [(n.position, n.note.onset_s) for n in again.tab.notes] == [
        (n.position, n.note.onset_s) for n in result.tab.notes
    ]
    assert again.tab.chords == result.tab.chords


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the foreign reader and what it stands on
def test_the_jams_package_reads_and_validates_ours(tmp_path: Path) -> None:
    jams = importlib.import_module("jams")
    tab = tab_of(
        tab_note(0, 3, 0),
        tab_note(2, 2, Fraction(3, 2), confidence=0.25),
        tab_note(5, 0, 2),
        key=Key(tonic=3, mode="major"),
        chords=(Chord(start_s=0.0, end_s=1.0, name="Ebm7/Db"), Chord(start_s=1.0, end_s=2.0, name="??")),
        title="A title",
    )
    (tmp_path / "a.jams").write_bytes(render(tab))
    read = jams.load(str(tmp_path / "a.jams"), validate=True, strict=True)
    assert read.file_metadata.title == "A title"
    assert len(read.search(namespace="pitch_contour")) == 6
    found = []
    for a in read.search(namespace="note_midi"):
        found += [(int(a.annotation_metadata.data_source), o.time, o.value, o.confidence) for o in a.data]
    assert found == [(0, 0.0, 43.0, None), (2, 0.75, 52.0, 0.25), (5, 1.0, 64.0, None)]
    assert [o.value for o in read.search(namespace="chord")[0].data] == ["Eb:min7/b7", "X"]
    assert [o.value for o in read.search(namespace="key_mode")[0].data] == ["Eb:major"]
    assert [o.value for o in read.search(namespace="tempo")[0].data] == pytest.approx([120.0])
    positions = [o.value["position"] for o in read.search(namespace="beat_position")[0].data]
    assert positions == [1, 2, 3, 4]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("seed", range(n_tabs(12)))
def test_the_field_s_tools_read_random_tabs(tmp_path: Path, seed: int) -> None:
    jams, mir_eval = (importlib.import_module(name) for name in ("jams", "mir_eval"))
    tab = random_tab(seed)
    (tmp_path / "a.jams").write_bytes(render(tab))
    read = jams.load(str(tmp_path / "a.jams"), validate=True, strict=True)
    beats = beats_from_zero(tab.beats)
    assert beats is not None
    for string in range(tab.tuning.n_strings):
        notes = [n.note for n in tab.notes if n.position.string == string]
        (found,) = _of_string(read, "note_midi", string)
        assert [(o.time, o.time + o.duration, o.value) for o in found.data] == [
            (n.onset_s, pytest.approx(n.offset_s), n.pitch) for n in notes
        ]
        (contour,) = _of_string(read, "pitch_contour", string)
        for o in contour.data:
            note = notes[o.value["index"]]
            cents = 100.0 * (69 + 12 * math.log2(o.value["frequency"] / 440.0) - note.pitch)
            assert cents == pytest.approx(float(bend_at(note.bend, o.time - note.onset_s)), abs=0.1)
    found_beats = read.search(namespace="beat_position")[0]
    times, _ = jams.nsconvert.convert(found_beats, "beat").to_event_values()
    assert mir_eval.beat.f_measure(np.array(beats.beat_times_s), times, 0.001) == 1.0
    downbeats = [o.time for o in found_beats.data if o.value["position"] == 1]
    assert downbeats == [beats.beat_times_s[i] for i in beats.downbeats]
    (tempo,) = read.search(namespace="tempo")[0].data
    assert tempo.value == pytest.approx(beats.tempo_bpm)
    intervals, labels = read.search(namespace="chord")[0].to_interval_values()
    assert len(labels) == len(tab.chords)
    assert all(mir_eval.chord.split(label) for label in labels)
    assert intervals[:, 0].tolist() == pytest.approx([c.start_s for c in tab.chords])
    if tab.key is not None:
        (key,) = read.search(namespace="key_mode")[0].data
        tonic, mode = key.value.split(":")
        assert (mir_eval.key.KEY_TO_SEMITONE[tonic.lower()], mode) == (tab.key.tonic, tab.key.mode)


def _of_string(read: Any, namespace: str, string: int) -> list[Any]:
    found = read.search(namespace=namespace)
    return [a for a in found if a.annotation_metadata.data_source == str(string)]

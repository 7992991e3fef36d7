import dataclasses
import json
from fractions import Fraction

import pytest
from hypothesis import given, settings

from fretscribe.errors import TabFormatError
from fretscribe.io.tab_json import parse_tab_json, render_tab_json
from fretscribe.result import AudioInfo, Transcription
from strategies import tab_note, tab_of, transcriptions


@settings(max_examples=60, deadline=None)
@given(transcriptions())
def test_parse_inverts_render(result: Transcription) -> None:
    data = render_tab_json(result)
    assert parse_tab_json(data) == result
    assert render_tab_json(parse_tab_json(data)) == data


@pytest.fixture
def document() -> dict:
    tab = tab_of(tab_note(0, 3, 0), tab_note(5, 0, Fraction(1, 2), "bend", confidence=0.5), title="Ω")
    return json.loads(render_tab_json(Transcription(tab=tab)))


def test_the_keys_are_those_of_the_design(document: dict) -> None:
    assert document["schema"] == "fretscribe-tab/1"
    assert set(document) == {
        "schema", "title", "audio", "tuning", "tempo_bpm", "meter", "beats_s", "downbeats", "key", "chords",
        "notes", "confidence", "stages", "warnings", "provenance",
    }  # fmt: skip
    assert document["tempo_bpm"] == pytest.approx(120.0)
    assert document["meter"] == "4/4"
    assert document["tuning"]["name"] == "standard"
    assert document["notes"][1]["onset_beats"] == "1/2"
    assert document["notes"][1]["techniques"] == ["bend"]


def parse(document: object) -> Transcription:
    return parse_tab_json(json.dumps(document).encode(), "song.json")


def test_the_fixture_itself_is_read(document: dict) -> None:
    assert parse(document).tab.title == "Ω"


def put(*path: str | int) -> object:
    """A change of a document: all of ``path`` but the last leads to a place, the last is put there."""

    def change(document: dict) -> None:
        *way, last, value = path
        place = document
        for step in way:
            place = place[step]
        place[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("schema", "fretscribe-tab/2"), r"the schema 'fretscribe-tab/2', this version reads"),
        (put("notes", 1, "fret", "x"), r'song.json: notes\[1\].fret: must be an integer, not "x"'),
        (put("notes", 1, "fret", True), r"notes\[1\].fret: must be an integer, not true"),
        (put("notes", 1, "fret", -1), r"notes\[1\].fret: must be an integer of 0 or more"),
        (put("notes", 1, "fret", 5), r"sounds 69, the note is 64"),
        (put("notes", 0, "pitch", 400), r"notes\[0\]: pitch must be 0..127"),
        (put("notes", 0, "offset_s", -1), r"notes\[0\]: a note needs 0 <= onset_s < offset_s"),
        (put("notes", 0, "onset_s", float("nan")), r"NaN is not a number"),
        (put("notes", 0, "onset_s", 10**30), r"notes\[0\].onset_s: must be a number below 2\^53"),
        (put("notes", 0, "extra", 1), r"notes\[0\]: has the unknown key 'extra'"),
        (put("extra", 1), r"song.json: has the unknown key 'extra'"),
        (put("notes", 0, "onset_beats", None), r"notes\[0\]: onset_beats and duration_beats come together"),
        (put("notes", 0, "onset_beats", "1/0"), r'notes\[0\].onset_beats: must be a fraction such as "3/2"'),
        (put("notes", 0, "onset_beats", "0.5"), r"must be a fraction"),
        (put("notes", 0, "techniques", ["sing"]), r"notes\[0\].techniques\[0\]: must be one of bend, "),
        (put("notes", 0, "confidence", 1.5), r"notes\[0\].confidence: must be from 0 to 1, not 1.5"),
        (put("notes", "none"), r'notes: must be a list, not "none"'),
        (put("tuning", "open_pitches", [40]), r"tuning: a tuning has 4 to 8 strings"),
        (put("tuning", "cents", "sharp"), r'tuning.cents: must be a number, not "sharp"'),
        (put("tempo_bpm", 90), r"tempo_bpm: must be the mean tempo of beats_s \(120.000\), not 90"),
        (put("meter", "four"), r"meter: must be a metre"),
        (put("beats_s", None), r"must be null where beats_s is null"),
        (put("beats_s", [1, 1]), r"beats_s: beat_times_s needs at least two strictly rising times"),
        (put("key", "H major"), r"key: must be a key"),
        (put("stages", [{"name": "a", "status": "lost", "detail": ""}]), r"stages\[0\].status: must be ran"),
        (put("provenance", 3), r"provenance: must be an object"),
    ],
)
def test_complaints_name_the_place(document: dict, change: object, message: str) -> None:
    change(document)
    with pytest.raises(TabFormatError, match=message):
        parse(document)


def test_a_file_of_the_days_before_cents_is_read(document: dict) -> None:
    assert document["tuning"].pop("cents") is None
    assert parse(document).detune_cents is None
    document["tuning"]["cents"] = -31.5
    assert parse(document).detune_cents == -31.5


def test_missing_key(document: dict) -> None:
    del document["notes"][1]["velocity"]
    with pytest.raises(TabFormatError, match=r"notes\[1\]: lacks the key 'velocity'"):
        parse(document)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "line 1, column 1"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[1, 2]", "no schema"),
        (b"7", "no schema"),
        (b"{", "line 1, column 2"),
        (b'{"a": 1, "a": 2}', "'a' appears twice"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "song.json: "),
    ],
)
def test_what_is_no_tab_file(data: bytes, message: str) -> None:
    with pytest.raises(TabFormatError, match=message):
        parse_tab_json(data, "song.json")


def test_overflowing_numbers_are_not_finite(document: dict) -> None:
    for old, place in ((b'"velocity": 80', "velocity"), (b'"provenance": {}', "provenance")):
        text = json.dumps(document).encode()
        new = old.replace(b"80", b"1e999").replace(b"{}", b'{"a": [1e999]}')
        with pytest.raises(TabFormatError, match=place):
            parse_tab_json(text.replace(old, new))


def test_size_limits(document: dict) -> None:
    with pytest.raises(TabFormatError, match="the limit is 64000000"):
        parse_tab_json(b" " * 64_000_001)
    document["notes"] = [0] * 1_000_001
    with pytest.raises(TabFormatError, match="notes: has 1000001 entries, the limit is 1000000"):
        parse(document)


def test_file_names_that_are_no_unicode_survive() -> None:
    audio = AudioInfo(path="caf\udce9.wav", duration_s=1.0, sha256="0")
    result = Transcription(tab=tab_of(), audio=audio)
    assert parse_tab_json(render_tab_json(result)) == result


def test_the_writer_refuses_what_json_cannot_hold() -> None:
    for value in (float("inf"), {1, 2}):
        tab = dataclasses.replace(tab_of(), provenance={"x": value})
        with pytest.raises(ValueError, match=r"JSON|hold"):
            render_tab_json(Transcription(tab=tab))

import csv
import dataclasses
import io
from fractions import Fraction

import pytest
from hypothesis import given, settings

from fretscribe.convert import parse_pitch
from fretscribe.errors import OutputError
from fretscribe.io.tab_csv import COLUMNS, csv_losses, render_csv
from fretscribe.music import BeatGrid, BendPoint, Chord, Key, Tab
from random_tabs import n_tabs
from strategies import tab_note, tab_of, tabs


def rows_of(tab: Tab) -> list[dict[str, str]]:
    text = render_csv(tab).decode("ascii")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_a_whole_table() -> None:
    bend = (BendPoint(time_s=0.0, cents=0.0), BendPoint(time_s=0.1, cents=199.96))
    bent = tab_note(4, 3, Fraction(16, 3), "vibrato", "bend", confidence=0.25)
    bent = dataclasses.replace(bent, note=dataclasses.replace(bent.note, bend=bend))
    tab = tab_of(tab_note(0, 3, 0), bent, key=Key(tonic=3, mode="major"))
    assert render_csv(tab).decode("ascii").split("\r\n") == [
        "onset_s,offset_s,pitch,pitch_name,string,open_string,fret,velocity,confidence,onset_beats,duration_beats,"
        "bar,beat,techniques,bend",
        "0.000000,0.125000,43,G2,0,E2,3,80,,0,0.25,1,1,,",
        "2.666667,2.791667,62,D4,4,B3,3,80,0.250000,5.333333,0.25,2,2.333333,bend vibrato,"
        "0.0@0.000000 200.0@0.100000",
        "",
    ]
    assert csv_losses(tab) == ("the key",)
    chord = Chord(start_s=0.0, end_s=1.0, name="Eb")
    assert csv_losses(dataclasses.replace(tab, chords=(chord,), key=None)) == ("1 chord symbols",)


@settings(max_examples=n_tabs(30), deadline=None)
@given(tabs())
def test_every_note_is_a_row(tab: Tab) -> None:
    data = render_csv(tab)
    assert data == render_csv(tab)
    assert data.count(b"\r\n") == data.count(b"\n") == len(tab.notes) + 1
    assert data.split(b"\r\n")[0].decode() == ",".join(COLUMNS)
    for row, n in zip(rows_of(tab), tab.notes, strict=True):
        assert len(row) == len(COLUMNS)
        assert None not in row
        assert (float(row["onset_s"]), float(row["offset_s"])) == pytest.approx(
            (n.note.onset_s, n.note.offset_s), abs=1e-6
        )
        assert (int(row["string"]), int(row["fret"])) == (n.position.string, n.position.fret)
        assert parse_pitch(row["open_string"]) + tab.tuning.capo + n.position.fret == n.note.pitch
        assert parse_pitch(row["pitch_name"]) == int(row["pitch"]) == n.note.pitch
        assert (row["confidence"] == "") == (n.confidence is None)
        assert (row["onset_beats"] == "") == (n.onset_beats is None)
        assert (row["bar"] == "") == (tab.beats is None)
        assert set(row["techniques"].split()) == n.techniques
        assert len(row["bend"].split()) == len(n.note.bend)
        if row["bar"]:
            assert int(row["bar"]) >= 1
            assert float(row["beat"]) >= 1


def test_bars_are_counted_as_in_the_text_tab() -> None:
    beats = BeatGrid(beat_times_s=tuple(i / 2 for i in range(10)), downbeats=(1, 5, 9))
    rows = rows_of(tab_of(*(tab_note(0, 0, i) for i in (0, 1, 4, 5)), beats=beats))
    assert [(row["bar"], row["beat"]) for row in rows] == [("1", "1"), ("2", "1"), ("2", "4"), ("3", "1")]


def test_absurd_tempos_are_refused() -> None:
    note = dataclasses.replace(tab_note(0, 0, 10), onset_beats=None, duration_beats=None)
    with pytest.raises(OutputError, match="too long"):
        render_csv(tab_of(note, beats=BeatGrid(beat_times_s=(0.0, 1e-9), downbeats=())))

"""A tab on another guitar: pitches stay, the account is kept."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from fretscribe.errors import OptionError
from fretscribe.music import BeatGrid, Note, Position, Tab, TabNote, Tuning
from fretscribe.pipeline import TranscribeOptions, Transcriber, retab
from fretscribe.result import Transcription


@pytest.fixture
def song(acoustic: Any, recording: Path) -> Transcription:
    return Transcriber(acoustic=acoustic)(recording)


def heard(result: Transcription) -> list[tuple[float, int]]:
    return sorted((n.note.onset_s, n.note.pitch) for n in result.tab.notes)


def places(result: Transcription) -> list[Position]:
    return [n.position for n in result.tab.notes]


def test_without_options_nothing_changes(song: Transcription) -> None:
    again = retab(song, TranscribeOptions())
    assert again.tab.notes == song.tab.notes
    assert again.tab.beats == song.tab.beats
    assert again.stages == song.stages


@pytest.mark.parametrize(
    "tuning", ["drop D", "DADGAD", "D standard", "7-string standard", "8-string standard"]
)
def test_pitches_and_times_stay_on_another_tuning(song: Transcription, tuning: str) -> None:
    again = retab(song, TranscribeOptions(tuning=tuning))
    assert heard(again) == heard(song)
    assert again.tab.tuning == TranscribeOptions(tuning=tuning).requested_tuning()
    assert again.tab.beats == song.tab.beats
    assert all(n.onset_beats is not None for n in again.tab.notes)
    assert again.tuning_confidence == 1.0
    assert again.audio == song.audio
    assert dict(again.tab.provenance)["retab"] == {"tuning": tuning}


def test_what_a_capo_makes_unplayable_is_told(song: Transcription) -> None:
    again = retab(song, TranscribeOptions(capo=3))
    assert [p for _, p in heard(song)].count(40) == 1
    assert any("1 note (E2) left out, not to be played in standard with a capo" in w for w in again.warnings)
    # 43 and 47 sound together, and with this capo both lie on the lowest string only
    assert any("more at once than a hand can hold" in w for w in again.warnings)
    assert set(heard(song)) - set(heard(again)) == {
        heard(song)[0],
        *set(heard(song)[4:6]) - set(heard(again)),
    }
    assert len(heard(song)) - len(heard(again)) == 2


def test_there_and_back_keeps_the_pitches(song: Transcription) -> None:
    away = retab(song, TranscribeOptions(tuning="DADGAD"))
    back = retab(away, TranscribeOptions(tuning="standard"))
    assert heard(back) == heard(song)
    assert back.tab.tuning == song.tab.tuning


def test_another_tempo_keeps_every_place(song: Transcription) -> None:
    again = retab(song, TranscribeOptions(bpm=60))
    assert places(again) == places(song)
    assert again.tab.beats is not None
    assert again.tab.beats.tempo_bpm == pytest.approx(60.0)
    assert [s.name for s in again.stages] == [s.name for s in song.stages]
    assert "(given)" in next(s.detail for s in again.stages if s.name == "rhythm")


def test_another_metre_keeps_the_beats(song: Transcription) -> None:
    again = retab(song, TranscribeOptions(meter="3/4"))
    assert song.tab.beats is not None
    assert again.tab.beats is not None
    assert again.tab.beats.beat_times_s == song.tab.beats.beat_times_s
    assert again.tab.beats.beats_per_bar == 3
    assert {b - a for a, b in itertools.pairwise(again.tab.beats.downbeats)} == {3}


def test_a_bar_line_moves_the_beats_and_nothing_else(song: Transcription) -> None:
    assert song.tab.beats is not None
    period_s = 60.0 / song.tab.beats.tempo_bpm
    told_s = song.tab.beats.beat_times_s[3] + period_s / 2
    again = retab(song, TranscribeOptions(downbeat_s=told_s))
    assert (places(again), heard(again)) == (places(song), heard(song))
    assert again.tab.beats is not None
    bars_s = [again.tab.beats.beat_times_s[i] for i in again.tab.beats.downbeats]
    assert min(abs(bar_s - told_s) for bar_s in bars_s) < 0.01
    assert again.tab.beats.tempo_bpm == pytest.approx(song.tab.beats.tempo_bpm, rel=0.02)
    assert "a bar begins at" in next(s.detail for s in again.stages if s.name == "rhythm")
    faster = retab(song, TranscribeOptions(downbeat_s=told_s, bpm=90, meter="3/4"))
    assert faster.tab.beats is not None
    bars_s = [faster.tab.beats.beat_times_s[i] for i in faster.tab.beats.downbeats]
    assert min(abs(bar_s - told_s) for bar_s in bars_s) < 0.1
    assert faster.tab.beats.tempo_bpm == pytest.approx(90.0)
    with pytest.raises(OptionError, match="no bar can begin at 900 s"):
        retab(song, TranscribeOptions(downbeat_s=900.0))


def test_another_beat_unit_tracks_anew(song: Transcription) -> None:
    again = retab(song, TranscribeOptions(meter="6/8"))
    assert again.tab.beats is not None
    assert (again.tab.beats.beats_per_bar, again.tab.beats.beat_unit) == (6, 8)


def test_the_hand_can_be_told(song: Transcription) -> None:
    high = retab(song, TranscribeOptions(max_fret=3))
    assert max(p.fret for p in places(high)) <= 3
    assert heard(high) == heard(song)


def test_options_of_the_recording_are_refused(song: Transcription) -> None:
    with pytest.raises(OptionError, match="start_s cannot be changed without the recording"):
        retab(song, TranscribeOptions(start_s=1.0))
    with pytest.raises(OptionError, match="target_accuracy"):
        retab(song, TranscribeOptions(target_accuracy=0.9))


def test_an_imported_tab_keeps_techniques_that_do_not_need_their_string() -> None:
    notes = (
        note_at(0.0, 40, Position(string=0, fret=0), "palm_mute"),
        note_at(0.5, 45, Position(string=0, fret=5), "slide", "vibrato"),
    )
    beats = BeatGrid.constant(120.0, 2.0)
    imported = Transcription(tab=Tab(tuning=Tuning(), notes=notes, beats=beats))
    again = retab(imported, TranscribeOptions(tuning="drop D", max_fret=2))
    first, second = again.tab.notes
    assert (first.position, first.techniques) == (Position(string=0, fret=2), {"palm_mute"})
    assert (second.position, second.techniques) == (Position(string=1, fret=0), {"vibrato"})
    assert second.onset_beats == Fraction(1)
    assert again.confidence is None
    assert second.confidence is None


def note_at(onset_s: float, pitch: int, position: Position, *techniques: Any) -> TabNote:
    note = Note(onset_s=onset_s, offset_s=onset_s + 0.5, pitch=pitch)
    return TabNote(
        note=note,
        position=position,
        onset_beats=Fraction(onset_s * 2),
        duration_beats=Fraction(1),
        techniques=frozenset(techniques),
    )


def test_unisons_on_two_strings_stay_two_notes() -> None:
    notes = (
        note_at(0.0, 50, Position(string=1, fret=5), "vibrato"),
        note_at(0.0, 50, Position(string=2, fret=0)),
    )
    imported = Transcription(tab=Tab(tuning=Tuning(), notes=notes))
    again = retab(imported, TranscribeOptions(tuning="DADGAD"))
    assert [n.note.pitch for n in again.tab.notes] == [50, 50]
    assert sum("vibrato" in n.techniques for n in again.tab.notes) == 1
    assert again.tab.beats is None


def test_a_long_tab_takes_well_under_a_second(song: Transcription) -> None:
    notes = tuple(
        replace(n, note=shifted(n.note, 5.0 * i), onset_beats=None, duration_beats=None)
        for i in range(60)
        for n in song.tab.notes
    )
    long = replace(song, tab=replace(song.tab, notes=notes, beats=BeatGrid.constant(120.0, 300.0)))
    started_s = time.process_time()
    again = retab(long, TranscribeOptions(tuning="drop D"))
    assert time.process_time() - started_s < 2.0  # 540 notes; generous, for busy machines
    assert len(again.tab.notes) == len(notes)


def shifted(note: Note, by_s: float) -> Note:
    return replace(note, onset_s=note.onset_s + by_s, offset_s=note.offset_s + by_s)

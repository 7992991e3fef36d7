"""Mended tabs with their recordings as a dataset: read back as they were left, skipped with a reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fretscribe.datasets.guitarset import open_guitarset
from fretscribe.errors import InputError
from fretscribe.feedback.corrections import MendedRecording, compare
from fretscribe.feedback.gold_set import write_gold_set
from fretscribe.models.weights import sha256_of
from fretscribe.music import Note, Position, Tab, TabNote, Tuning
from fretscribe.result import AudioInfo, Transcription


def _recording(path: Path, title: str = "My Song!", *, tuning: Tuning | None = None) -> MendedRecording:
    tuning = tuning or Tuning()
    notes = tuple(
        TabNote(note=Note(onset_s=0.5 * i, offset_s=0.5 * i + 0.4, pitch=tuning.pitch(place)), position=place)
        for i, place in enumerate(Position(string=1 + i % 3, fret=2 + i) for i in range(5))
    )
    audio = AudioInfo(path=str(path), duration_s=3.0, sha256=sha256_of(path) if path.is_file() else "ab" * 32)
    result = Transcription(tab=Tab(tuning=tuning, notes=notes, title=title), audio=audio)
    return compare(result, result)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(3 * 22050), 22050)
    return path


def test_a_whole_tab_becomes_a_track_with_its_recording(tmp_path: Path, sound: Path) -> None:
    recording, told = _recording(sound), []
    assert write_gold_set([recording], tmp_path / "gold", skipped=told.append) == 1
    (track,) = open_guitarset(tmp_path / "gold").tracks
    assert told == []
    assert track.track_id == f"{recording.key[:12]}_My-Song_solo"
    assert track.audio_path().is_file()
    played = [(n.note.onset_s, n.note.offset_s, n.position) for n in track.tab().notes]
    chosen = [c.chosen for c in recording.corrections]
    assert played == [
        (pytest.approx(n.onset_s), pytest.approx(n.offset_s), n.position) for n in chosen if n is not None
    ]
    again = write_gold_set([recording], tmp_path / "gold", skipped=told.append)
    assert again == 1, "writing again replaces"


def test_what_cannot_be_used_says_why(tmp_path: Path, sound: Path) -> None:
    good = _recording(sound)
    other = tmp_path / "other.wav"
    other.write_bytes(b"something else")
    useless = [
        replace(good, audio=None, title="silent"),
        replace(good, whole=False, title="half"),
        _recording(sound, "low", tuning=Tuning(open_pitches=(38, 45, 50, 55, 59, 64))),
        _recording(tmp_path / "gone.wav", "gone"),
        replace(_recording(sound, "changed"), audio=AudioInfo(path=str(other), duration_s=3.0, sha256="00")),
        replace(good, corrections=(), title="empty"),
    ]
    told: list[str] = []
    with pytest.raises(InputError, match="no whole tab"):
        write_gold_set(useless, tmp_path / "gold", skipped=told.append)
    reasons = [
        "without a recording",
        "not all of its notes",
        "standard tuning",
        "is gone from",
        "another",
        "no notes",
    ]
    assert len(told) == len(reasons)
    for line, recording, reason in zip(told, useless, reasons, strict=True):
        assert line.startswith(f"{recording.title}: skipped, ")
        assert reason in line
    assert not (tmp_path / "gold").exists()


def test_chords_are_called_comping(tmp_path: Path, sound: Path) -> None:
    recording = _recording(sound)
    together = tuple(
        replace(
            c,
            chosen=replace(
                c.chosen,
                onset_s=0.0,
                offset_s=0.4,
                position=Position(string=i, fret=3),
                pitch=Tuning().open_pitches[i] + 3,
            ),
        )
        for i, c in enumerate(recording.corrections)
        if c.chosen is not None
    )
    write_gold_set([replace(recording, corrections=together)], tmp_path / "gold", skipped=print)
    assert open_guitarset(tmp_path / "gold").tracks[0].style == "comp"

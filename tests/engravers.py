"""LilyPond and MuseScore as foreign readers of scores; tests that use them skip where they are absent."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import mido
import pytest

from fretscribe.io.lilypond_writer import render_lilypond
from fretscribe.io.musicxml_writer import render_musicxml
from fretscribe.io.score import Score
from fretscribe.io.score_links import LinkedNote, link_notes

TELL_HEADS = r"""
#(define (tell grob)
   (let ((fret (ly:grob-property grob 'text)))
     (format #t "~a ~a ~a\n" (ly:grob-property grob 'staff-position)
       (if (string? fret) fret (markup->string fret))
       (ly:pitch-semitones (ly:event-property (event-cause grob) 'pitch)))))
\layout {
  \context {
    \TabVoice
    \consists #(make-engraver (acknowledgers ((tab-note-head-interface engraver grob source) (tell grob))))
  }
}
"""

MIDI_OPTIONS = """<?xml version="1.0"?>
<MidiOptions>
  <HumanPerformance>false</HumanPerformance>
  <QuantValue>4</QuantValue>
  <RecognizePickupBar>false</RecognizePickupBar>
  <SimplifyDurations>false</SimplifyDurations>
  <SplitStaff>false</SplitStaff>
</MidiOptions>
"""


def lilypond() -> str:
    """The program; skips the test where it is absent."""
    program = shutil.which("lilypond")
    if program is None:
        pytest.skip("LilyPond is not installed: make install-system")
    return program


def musescore() -> str:
    """The program (version 3, headless); skips the test where it is absent."""
    program = shutil.which("musescore3") or shutil.which("mscore3")
    if program is None:
        pytest.skip("MuseScore 3 is not installed: make install-system")
    return program


def read_with_lilypond(scores: Sequence[Score], folder: Path) -> list[tuple[list[str], mido.MidiFile]]:
    """What LilyPond makes of scores, without a warning of their music: heads of the tab, and the sound.

    A head is its place on the staff (0 = the middle, 2 a line), its fret and its semitones above middle C.
    """
    program = lilypond()
    for i, score in enumerate(scores):
        version, _, rest = render_lilypond(score).decode().partition("\n")
        text = f'{version}\n#(format #t "FILE {i}\\n")\n{TELL_HEADS}{rest}'
        (folder / f"{i}.ly").write_text(text, encoding="utf-8")
    command = [program, "-dno-print-pages", "--loglevel=WARN", *(f"{i}.ly" for i in range(len(scores)))]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900, check=False)
    # Others are of fonts and pages, and of beats that last three whole notes.
    lines = (line for line in run.stderr.splitlines() if ".ly:" in line)
    warnings = [line for line in lines if "for MIDI time signature" not in line]
    assert run.returncode == 0, run.stderr[-2000:]
    assert not warnings, warnings[:10]
    heads = [part.split("\n")[1:-1] for part in run.stdout.split("FILE ")[1:]]
    sounds = [mido.MidiFile(folder / f"{i}.midi") for i in range(len(scores))]
    return list(zip(heads, sounds, strict=True))


def play_with_musescore(scores: Sequence[Score], folder: Path) -> list[mido.MidiFile]:
    """How MuseScore plays the MusicXML of scores, which it must find valid."""
    names = [f"{i}.musicxml" for i in range(len(scores))]
    for name, score in zip(names, scores, strict=True):
        (folder / name).write_bytes(render_musicxml(score))
    return _play(names, folder)


def open_midi_with_musescore(files: Sequence[bytes], folder: Path) -> list[mido.MidiFile]:
    """MIDI files as MuseScore takes them into scores, and plays those: rounded to 64th notes.

    It is told that they have beats: it would find beats of its own in what reads like a performance.
    """
    names = [f"{i}.mid" for i in range(len(files))]
    for name, data in zip(names, files, strict=True):
        (folder / name).write_bytes(data)
    (folder / "options.xml").write_text(MIDI_OPTIONS, encoding="utf-8")
    return _play(names, folder, "-M", "options.xml")


def _play(names: Sequence[str], folder: Path, *options: str) -> list[mido.MidiFile]:
    """What MuseScore plays of files in a folder; one process for all."""
    program = musescore()
    played = [folder / f"{Path(name).stem}.played.mid" for name in names]
    job = [{"in": name, "out": path.name} for name, path in zip(names, played, strict=True)]
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(folder)}
    command = [program, *options, "-j", "job.json"]
    run = subprocess.run(command, cwd=folder, env=env, capture_output=True, timeout=900, check=True)
    assert b"not a valid MusicXML" not in run.stdout + run.stderr
    return [mido.MidiFile(path) for path in played]


def struck(sound: mido.MidiFile) -> list[tuple[int, float]]:
    """Pitch, and quarter notes from the start, of every note that is struck; sorted, each once."""
    found = set()
    for track in sound.tracks:
        ticks = 0
        for message in track:
            ticks += message.time
            if message.type == "note_on" and message.velocity:
                found.add((message.note, ticks / sound.ticks_per_beat))
    return sorted(found)


def written_notes(score: Score) -> list[tuple[Fraction, LinkedNote]]:
    """Every note of a score with its start in quarter notes from the first bar."""
    found, start = [], Fraction(0)
    for bar, inside in zip(score.bars, link_notes(score.tracks[0]), strict=True):
        found += [(start + linked.beat.start, n) for linked in inside for n in linked.notes]
        start += bar.length
    return found


def written_strikes(score: Score) -> list[tuple[int, float]]:
    """As `struck`, of the score itself."""
    return sorted({(n.pitch, float(at)) for at, n in written_notes(score) if not n.tie_stop})


def written_heads(score: Score) -> list[str]:
    """As the heads of `read_with_lilypond`, of the score itself."""
    n_strings = len(score.tracks[0].open_pitches)
    return [f"{2 * n.string - n_strings + 1} {n.fret} {n.pitch - 60}" for _, n in written_notes(score)]

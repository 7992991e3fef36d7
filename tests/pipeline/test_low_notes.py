"""Low notes are heard again, higher: when, on which clock, and that the weights that ship find more so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fretscribe.datasets.guitars import random_guitar
from fretscribe.datasets.synthetic import render_strings
from fretscribe.frames import Audio, FrameGrid, StringRoll
from fretscribe.models.acoustic import load_acoustic
from fretscribe.music import Note, Position, Tab, TabNote, Tuning
from fretscribe.pipeline import TranscribeOptions, Transcriber
from fretscribe.pipeline.detuning import InTune
from fretscribe.pipeline.ledger import Ledger
from fretscribe.pipeline.low_notes import hear_low_notes, low_trace_s
from fretscribe.symbolic.decode import decode_notes
from fretscribe.tunings import NAMED_TUNINGS

RATE, HOP = 22050, 512
STEP_S = HOP / RATE
SOUND = Audio(samples=np.full((1, 4 * RATE), 0.1, np.float32), sample_rate=RATE)
FIRST = (Note(onset_s=0.5, offset_s=1.0, pitch=37), Note(onset_s=1.5, offset_s=2.0, pitch=45))


def roll_of(n_frames: int, struck: Sequence[tuple[int, int, int]], *, value: float = 0.9) -> StringRoll:
    """Notes as (first frame, last frame, pitch) on the lowest string, of pitches from 33 on."""
    onset = np.zeros((n_frames, 6, 30), np.float32)
    active = np.zeros_like(onset)
    for first, last, pitch in struck:
        onset[first, 0, pitch - 33] = active[first:last, 0, pitch - 33] = value
    grid = FrameGrid(sample_rate=RATE, hop_length=HOP, n_frames=n_frames)
    return StringRoll(grid=grid, onset=onset, active=active, pitch_min=33)


@dataclass(kw_only=True)
class Hearing:
    """Hears a B1 that was raised to D2, and an A2 that was raised to C3, in whatever is played."""

    sounds: list[Audio] = field(default_factory=list)

    def __call__(self, audio: Audio) -> StringRoll:
        self.sounds.append(audio)
        return roll_of(audio.n_samples // HOP + 1, [(20, 40, 38), (60, 80, 48)])


def heard_again(
    trace_s: float, options: TranscribeOptions | None = None
) -> tuple[list[Note], Hearing, Ledger]:
    hearing, ledger = Hearing(), Ledger()
    options = options or TranscribeOptions()
    notes = hear_low_notes(FIRST, trace_s, InTune(audio=SOUND), options, hearing, decode_notes, ledger)
    return notes, hearing, ledger


@pytest.mark.parametrize(
    ("struck", "trace"), [((10, 60, 37), 50), ((10, 60, 38), 0), ((10, 60, 33), 50), ((0, 0, 50), 0)]
)
def test_a_trace_is_the_time_below_d2(struck: tuple[int, int, int], trace: int) -> None:
    assert low_trace_s(roll_of(100, [struck])) == pytest.approx(trace * STEP_S)
    assert low_trace_s(roll_of(100, [struck], value=0.05)) == 0.0


def test_low_notes_of_the_second_hearing_replace_those_of_the_first() -> None:
    notes, hearing, ledger = heard_again(2.0)
    assert [(note.pitch, note.onset_s) for note in notes] == [
        (35, pytest.approx(20 * STEP_S * 2 ** (3 / 12), abs=0.02)),
        (45, 1.5),
    ]
    (raised,) = hearing.sounds
    assert raised.n_samples == pytest.approx(SOUND.n_samples * 2 ** (-3 / 12), abs=2)
    (stage,) = ledger.stages
    assert (stage.name, stage.status) == ("low notes", "ran")
    assert "1 notes below D2, where there were 1" in stage.detail


def test_times_count_from_the_start_of_the_recording() -> None:
    notes, _, _ = heard_again(2.0, TranscribeOptions(start_s=10.0))
    low = next(note for note in notes if note.pitch == 35)
    assert low.onset_s == pytest.approx(10.0 + 20 * STEP_S * 2 ** (3 / 12), abs=0.02)


@pytest.mark.parametrize(
    ("trace_s", "options", "reason"),
    [
        (0.3, TranscribeOptions(), "nothing sounds below D2"),
        (2.0, TranscribeOptions(tuning="standard"), "given"),
        (2.0, TranscribeOptions(tuning="drop D"), "given"),
    ],
)
def test_without_low_notes_nothing_is_heard_again(
    trace_s: float, options: TranscribeOptions, reason: str
) -> None:
    notes, hearing, ledger = heard_again(trace_s, options)
    assert notes == list(FIRST)
    assert hearing.sounds == []
    assert ledger.stages[0].status == "skipped"
    assert reason in ledger.stages[0].detail


def test_a_low_tuning_that_is_given_is_listened_for() -> None:
    assert [note.pitch for note in heard_again(2.0, TranscribeOptions(tuning="drop C"))[0]] == [35, 45]


def test_the_route_listens_again_where_the_first_hearing_has_a_trace(
    make_acoustic: Callable[..., Any], recording: Path
) -> None:
    for pitch, status in ((37, "ran"), (38, "skipped")):
        model = make_acoustic([(0.5, 1.5, 0, pitch), (2.0, 2.5, 1, 45)])
        stages = {stage.name: stage for stage in Transcriber(acoustic=model)(recording).stages}
        assert stages["low notes"].status == status


@pytest.mark.slow
def test_a_low_b_that_is_missed_at_first_is_heard() -> None:
    tuning = Tuning(open_pitches=NAMED_TUNINGS["B standard"])
    tab = Tab(
        tuning=tuning,
        notes=tuple(
            TabNote(
                note=Note(onset_s=0.5 + 0.5 * i, offset_s=0.9 + 0.5 * i, pitch=35 + fret),
                position=Position(string=0, fret=fret),
            )
            for i, fret in enumerate((0, 0, 1, 0, 3, 0, 2, 0, 0, 3, 1, 0))
        ),
    )
    rng = np.random.default_rng(4)
    sound = render_strings(tab, random_guitar(rng, tuning, kind="electric"), rng, sample_rate=RATE).sum(
        axis=0
    )
    audio = Audio(samples=(0.7 * sound / np.abs(sound).max())[None].astype(np.float32), sample_rate=RATE)
    model = load_acoustic()
    roll = model(audio)
    first = decode_notes(roll)
    again = hear_low_notes(
        first, low_trace_s(roll), InTune(audio=audio), TranscribeOptions(), model, decode_notes, Ledger()
    )
    assert _n_found(tab, again) >= 11 > _n_found(tab, first)


def _n_found(tab: Tab, notes: Sequence[Note]) -> int:
    return sum(
        any(n.pitch == t.note.pitch and abs(n.onset_s - t.note.onset_s) <= 0.05 for n in notes)
        for t in tab.notes
    )

"""A player's habits in the route: told with every result that leaned to them, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from conftest import ScriptedAcoustic
from fretscribe.cli.summary import summary_rows
from fretscribe.music import Tuning
from fretscribe.pipeline import TranscribeOptions, Transcriber, retab
from fretscribe.pipeline.tabbing import Hands, with_habits
from fretscribe.result import Transcription
from fretscribe.symbolic.habits import Habits, PlacedNote, learn_habits

TOLD = "leaning to this player's habits, learned from 600 notes of 1 recording"


def _never_open() -> Habits:
    """Someone who plays what others play on open strings at the fifth fret of the next lower one."""
    notes = [
        PlacedNote(
            tuning=Tuning(),
            pitch=pitch,
            string=string,
            expected=tuple(float(s == string + 1) for s in range(6)),
        )
        for string, pitch in enumerate((45, 50, 55, 59, 64))
    ]
    return learn_habits(notes * 120, n_recordings=1)


def _fingering(result: Transcription) -> str:
    return next(stage.detail for stage in result.stages if stage.name == "fingering")


def test_a_transcription_says_that_it_leans_to_habits(recording: Path, acoustic: ScriptedAcoustic) -> None:
    route = Transcriber(acoustic=acoustic)
    leaning = replace(route, hands=with_habits(route.hands, _never_open()))
    options = TranscribeOptions(tuning="standard", capo=0)
    assert TOLD not in _fingering(route(recording, options))
    result = leaning(recording, options)
    assert _fingering(result).endswith(TOLD)
    assert ("", TOLD) in summary_rows(result)
    plain = replace(leaning, hands=with_habits(route.hands, None))
    assert plain.hands is route.hands


def test_a_tab_is_fingered_anew_by_habits_where_the_hand_is_asked(
    recording: Path, acoustic: ScriptedAcoustic
) -> None:
    first = Transcriber(acoustic=acoustic)(recording, TranscribeOptions(tuning="standard", capo=0))
    hands = with_habits(Hands(), _never_open())
    again = retab(first, TranscribeOptions(max_span=4), hands=hands)
    assert _fingering(again).endswith(TOLD)
    untouched = retab(first, TranscribeOptions(bpm=100.0), hands=hands)
    assert untouched.tab.notes[0].position == first.tab.notes[0].position
    assert TOLD not in _fingering(untouched)

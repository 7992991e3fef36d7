"""What habits are worth: learned from other pieces only, judged by strings, and reported for every player."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conftest import ScriptedAcoustic
from counting_route import CountingAcoustic, counting_transcriber
from fretscribe.cli.__main__ import run
from fretscribe.cli.protocols import PERSONAL
from fretscribe.datasets.guitarset import Style, open_guitarset
from fretscribe.errors import DatasetError, OptionError
from fretscribe.evaluation.personal import (
    ALL,
    PlayedTrack,
    StringCounts,
    best_strength,
    judge,
    measure_personal,
    of_players,
    others_habits,
    own_habits,
    played_tracks,
)
from fretscribe.evaluation.personal_report import personal_markdown
from fretscribe.evaluation.personal_sound import measure_sound, mend_least_sure
from fretscribe.music import Note, Position, Tab, TabNote, Tuning
from fretscribe.result import Transcription
from fretscribe.symbolic.fingering import expected_strings
from fretscribe.symbolic.habits import HabitStrength, PlacedNote
from guitarset_folder import make_folder

SCALE = [48, 50, 52, 53, 55, 57, 59, 60]
NUT = [1, 1, 1, 2, 2, 3, 4, 4]
HIGH = [0, 0, 0, 1, 1, 1, 2, 2]


def _notes(strings: list[int], n_times: int = 1) -> tuple[TabNote, ...]:
    return tuple(
        TabNote(
            note=Note(onset_s=0.25 * i, offset_s=0.25 * i + 0.2, pitch=pitch),
            position=Position(string=string, fret=pitch - Tuning().open_pitches[string]),
        )
        for i, (pitch, string) in enumerate(list(zip(SCALE, strings, strict=True)) * n_times)
    )


def _track(player: str, progression: str, strings: list[int], style: Style = "solo") -> PlayedTrack:
    notes = _notes(strings, 15)
    expected = expected_strings([n.note for n in notes], Tuning())
    return PlayedTrack(
        track_id=f"{player}_Made{progression}-120-C_{style}",
        player=player,
        style=style,
        progression=progression,
        tuning=Tuning(),
        notes=notes,
        placed=tuple(
            PlacedNote(tuning=Tuning(), pitch=n.note.pitch, string=n.position.string, expected=probs)
            for n, probs in zip(notes, expected, strict=True)
        ),
    )


@pytest.fixture(scope="module")
def tracks() -> tuple[PlayedTrack, ...]:
    return tuple(
        _track(player, number, strings)
        for player, strings in (("low", NUT), ("high", HIGH))
        for number in ("1", "2", "3")
    )


@pytest.mark.slow
def test_a_player_is_judged_by_what_other_pieces_taught(tracks: tuple[PlayedTrack, ...]) -> None:
    result = measure_personal(tracks)
    before, after = of_players(result.rules), of_players(result.by_amount[ALL])
    assert before["high"] < 0.2 < 0.6 < after["high"]
    assert after["low"] >= before["low"]
    assert of_players(result.others)["high"] < after["high"], "the other player's habits are no help"
    assert result.rules["high", "solo"].n_notes == 360
    text = personal_markdown(result, (), n_tracks=6, weights="none", command="the command")
    reached = after["low"] > before["low"]
    assert f"for every player: {'reached' if reached else 'not reached'} (high" in text
    assert "| player | rules | 30 notes |" in text


def test_the_judged_piece_teaches_nothing(tracks: tuple[PlayedTrack, ...]) -> None:
    strength = dict.fromkeys(("low", "high"), HabitStrength())
    habits = own_habits(tracks, strength, amount=ALL)("high", "1")
    assert habits is not None
    assert (habits.n_notes, habits.n_recordings) == (240, 2)
    few = own_habits(tracks, strength, amount=30)("high", "1")
    assert few is not None
    assert few.n_notes == 30
    others = others_habits(tracks, strength)("high", "1")
    assert others is not None
    assert others.n_notes == 240
    assert others.played.keys().isdisjoint(habits.played)


def test_the_strength_is_chosen_without_the_judged_player() -> None:
    weak, strong = HabitStrength(weight=0.0), HabitStrength(weight=0.2)

    def judged(**shares: int) -> dict[tuple[str, Style], StringCounts]:
        return {(player, "solo"): StringCounts(n_right=n, n_notes=10) for player, n in shares.items()}

    tried = {weak: {ALL: judged(a=1, b=5)}, strong: {ALL: judged(a=9, b=4)}}
    assert best_strength(tried) == strong
    assert best_strength(tried, without="a") == weak


def test_left_out_notes_are_wrong() -> None:
    notes = [Note(onset_s=0.0, offset_s=1.0, pitch=pitch) for pitch in (40, 41)]  # one string has both
    track = _track("a", "1", NUT)
    placed = tuple(
        TabNote(note=replace(note, onset_s=0.01 * i), position=Position(string=0, fret=i))
        for i, note in enumerate(notes)
    )
    counts = judge([replace(track, notes=placed)], lambda player, progression: None)
    assert counts["a", "solo"] == StringCounts(n_right=1, n_notes=2)


def test_one_player_alone_cannot_be_judged(tracks: tuple[PlayedTrack, ...]) -> None:
    with pytest.raises(DatasetError, match="only one"):
        measure_personal(tracks[:3])


def test_tracks_need_names_with_a_progression(tmp_path: Path) -> None:
    make_folder(tmp_path / "named", ["00_Blues1-120-C_comp"], duration_s=1.0)
    (track,) = played_tracks(open_guitarset(tmp_path / "named"))
    assert (track.player, track.progression, len(track.placed)) == ("00", "1", len(track.notes))
    make_folder(tmp_path / "odd", ["00_Blues_comp"], duration_s=1.0)
    with pytest.raises(DatasetError, match="which progression"):
        played_tracks(open_guitarset(tmp_path / "odd"))


def test_the_least_sure_notes_are_mended_as_the_truth_has_them() -> None:
    truth = Tab(tuning=Tuning(), notes=_notes(HIGH))
    heard = [replace(n, confidence=0.9 - 0.1 * i) for i, n in enumerate(_notes(NUT))]
    extra = Note(onset_s=9.0, offset_s=9.5, pitch=64)
    heard.append(TabNote(note=extra, position=Position(string=5, fret=0), confidence=0.05))
    found = mend_least_sure(Transcription(tab=Tab(tuning=Tuning(), notes=tuple(heard))), truth, 3)
    assert [c.kind for c in found.corrections] == ["moved", "moved", "deleted"]
    assert [note.string for note in found.placed_notes()] == HIGH[-2:]


@pytest.mark.slow
def test_recordings_of_a_player_are_heard_once_and_judged_by_each_other(
    tmp_path: Path, acoustic: ScriptedAcoustic
) -> None:
    names = ["00_Blues1-120-C_comp", "00_Blues1-120-C_solo", "01_Blues1-120-C_comp"]
    make_folder(tmp_path / "set", names, duration_s=4.0)
    route = counting_transcriber(acoustic)
    rows = measure_sound(open_guitarset(tmp_path / "set"), route, names=names)
    assert [(row.corrected, row.judged) for row in rows] == [(names[0], names[1]), (names[1], names[0])]
    assert all(row.before.onset == row.after_some.onset == row.after_all.onset for row in rows)
    assert isinstance(route.acoustic, CountingAcoustic)
    assert len(route.acoustic.asked) == 2


@pytest.mark.parametrize("more", [["--folds", "."], ["--data", "."]])
def test_options_that_do_not_go_together(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", ".", "--protocol", PERSONAL, *more]) == OptionError.exit_code
    assert "takes one folder" in capsys.readouterr().err

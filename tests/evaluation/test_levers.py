"""Each lever changes exactly one thing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from counting_route import counting_transcriber, noise
from fretscribe.evaluation.levers import FULL, LEVERS, PLAINEST, Lever, in_turn, without_lstm
from fretscribe.evaluation.plain_fingering import by_evidence_alone, by_nearest_position
from fretscribe.frames import FrameGrid, StringRoll
from fretscribe.music import STANDARD_TUNING, Note, Tuning
from fretscribe.pipeline import TranscribeOptions, Transcriber
from fretscribe.symbolic.fingering import Fingering, FingeringOptions, finger

OPTIONS = TranscribeOptions(tuning="standard", capo=0)
BY_NAME = {lever.name: lever for lever in LEVERS}
CHANGED: dict[str, set[str]] = {
    "full system": set(),
    "without LSTM": {"lstm"},
    "without tab networks": {"tabcnn", "lstm"},
    "without acoustic strings": {"decode"},
    "without stiffness": {"measure_stiffness"},
    "without any evidence": {"decode", "tabcnn", "lstm", "measure_stiffness"},
    "without the hand": {"finger"},
    "nearest position": {"finger"},
    "plain thresholds": {"decode"},
    "without weak onsets": {"decode"},
    "without detune correction": {"estimate_detune"},
    "plainest system": {"decode", "finger"},
}


def changed(before: Transcriber, after: Transcriber) -> set[str]:
    """Which stages are other ones; those of the hands by their own names."""
    stages = {f.name for f in fields(before) if f.name != "hands"}
    of_hands = {f.name for f in fields(before.hands)}
    return {s for s in stages if getattr(before, s) is not getattr(after, s)} | {
        s for s in of_hands if getattr(before.hands, s) is not getattr(after.hands, s)
    }


class Listener:
    """A fingering that keeps what it was given."""

    def __init__(self) -> None:
        self.notes: list[Note] = []

    def __call__(self, notes: Sequence[Note], tuning: Tuning, options: FingeringOptions) -> Fingering:
        self.notes = list(notes)
        return finger(notes, tuning, options)


def given_to_the_hand(acoustic: Any, switch: Callable[[Transcriber], Transcriber]) -> list[Note]:
    """The notes that come out of a route behind a lever, with their evidence."""
    listener, plain = Listener(), counting_transcriber(acoustic)
    route = replace(plain, hands=replace(plain.hands, finger=listener))
    switch(route)(noise(5.0), OPTIONS)
    assert listener.notes
    return listener.notes


def test_the_table_names_every_lever_once() -> None:
    assert [lever.name for lever in LEVERS] == list(CHANGED)
    assert LEVERS[0] is FULL
    assert PLAINEST in LEVERS
    assert len({lever.told for lever in LEVERS}) == len(LEVERS)


@pytest.mark.parametrize("lever", LEVERS, ids=lambda lever: lever.name)
def test_a_lever_exchanges_its_stages_and_no_other(acoustic: Any, lever: Lever) -> None:
    plain = counting_transcriber(acoustic)
    assert changed(plain, lever.switch(plain)) == CHANGED[lever.name]


def strings_heard(notes: Sequence[Note]) -> set[int]:
    """Strings on which tab networks hear anything."""
    return {s for note in notes for s, p in enumerate(note.tab_probs or ()) if p > 0.0}


def test_what_the_hand_is_given_lacks_what_the_lever_takes(acoustic: Any) -> None:
    full = given_to_the_hand(acoustic, FULL.switch)
    assert strings_heard(full) == {3}  # TabCNN hears string 2, the LSTM moves it up
    assert all(note.string_probs is not None for note in full)

    without = given_to_the_hand(acoustic, BY_NAME["without LSTM"].switch)
    assert strings_heard(without) == {2}
    assert bare(without, "tab_probs") == bare(full, "tab_probs")

    assert given_to_the_hand(acoustic, BY_NAME["without tab networks"].switch) == bare(full, "tab_probs")
    assert given_to_the_hand(acoustic, BY_NAME["without acoustic strings"].switch) == bare(
        full, "string_probs"
    )
    neither = given_to_the_hand(acoustic, BY_NAME["without any evidence"].switch)
    assert neither == bare(full, "tab_probs", "string_probs", "stiffness")


def bare(notes: Sequence[Note], *evidence: str) -> list[Note]:
    """The notes without some of their evidence."""
    return [replace(note, **dict.fromkeys(evidence)) for note in notes]  # type: ignore[arg-type]


def test_fingerings_are_exchanged_behind_the_same_notes(acoustic: Any) -> None:
    plain = counting_transcriber(acoustic)
    notes = given_to_the_hand(acoustic, FULL.switch)
    for name, place in (("without the hand", by_evidence_alone), ("nearest position", by_nearest_position)):
        tab = BY_NAME[name].switch(plain)(noise(5.0), OPTIONS).tab
        placed = place(notes, STANDARD_TUNING, OPTIONS.fingering())
        assert [n.position for n in tab.notes] == [n.position for n in placed.notes]


def roll_of(onset: Sequence[float], active: Sequence[float]) -> StringRoll:
    """One pitch (MIDI 45) on one string: its probabilities, frame by frame of 0.02 s."""
    rolls = np.zeros((2, len(onset), 6, 10), dtype=np.float32)
    rolls[0, :, 1, 5], rolls[1, :, 1, 5] = onset, active
    grid = FrameGrid(sample_rate=50, hop_length=1, n_frames=len(onset))
    return StringRoll(grid=grid, onset=rolls[0], active=rolls[1], pitch_min=40)


def durations_s(lever: Lever, acoustic: Any, roll: StringRoll) -> list[float]:
    decode = lever.switch(counting_transcriber(acoustic)).decode
    return [note.duration_s for note in decode(roll)]


def test_thresholds_and_weak_onsets_are_levers_of_the_decoder(acoustic: Any) -> None:
    middling = roll_of([0.0, 0.6, *[0.0] * 28], [0.0, *[0.5] * 19, *[0.0] * 10])
    fading = roll_of([0.0, 0.9, *[0.0] * 28], [0.0, *[0.9] * 9, *[0.25] * 10, *[0.0] * 10])
    weak = roll_of([0.0, 0.3, *[0.0] * 28], [0.0, *[0.9] * 19, *[0.0] * 10])
    plain, no_weak = BY_NAME["plain thresholds"], BY_NAME["without weak onsets"]
    found = {
        (lever.name, name): durations_s(lever, acoustic, roll)
        for lever in (FULL, plain, no_weak, PLAINEST)
        for name, roll in (("middling", middling), ("fading", fading), ("weak", weak))
    }
    n_found = {key: len(notes) for key, notes in found.items()}
    assert [n_found[FULL.name, name] for name in ("middling", "fading", "weak")] == [0, 1, 1]
    assert [n_found[plain.name, name] for name in ("middling", "fading", "weak")] == [1, 1, 1]
    assert [n_found[no_weak.name, name] for name in ("middling", "fading", "weak")] == [0, 1, 0]
    assert [n_found[PLAINEST.name, name] for name in ("middling", "fading", "weak")] == [1, 1, 0]
    assert found[plain.name, "fading"][0] < found[FULL.name, "fading"][0] - 0.1  # ends where it fades
    assert found[no_weak.name, "fading"] == found[FULL.name, "fading"]
    assert found[PLAINEST.name, "fading"] == found[plain.name, "fading"]


def test_levers_can_be_pulled_together(acoustic: Any) -> None:
    plain = counting_transcriber(acoustic)
    both = in_turn(without_lstm, BY_NAME["nearest position"].switch)(plain)
    assert changed(plain, both) == {"lstm", "finger"}
    assert in_turn()(plain) is plain

"""Notes to calibrate on: judged by what was played, grouped by who played, and compared with the rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fretscribe.datasets.guitarset import GuitarSet, open_guitarset
from fretscribe.errors import AudioError, DatasetError, OptionError, OutputError
from fretscribe.evaluation.calibration import (
    calibrate_notes,
    examples_from_dataset,
    examples_from_rendered,
    rendered_piece,
    right_by_rules,
    with_own,
    write_calibration,
)
from fretscribe.evaluation.notes import tab_arrays
from fretscribe.frames import Audio
from fretscribe.io.jams import render_jams
from fretscribe.music import Alternative, Note, Position, Tab, TabNote, Tuning
from fretscribe.result import Transcription
from fretscribe.symbolic.calibration_file import read_calibration

TUNING = Tuning()
TRACKS = ("00_A1-120-C_comp", "00_A1-120-C_solo", "01_A1-120-C_comp", "02_A1-120-C_solo")
N_NOTES = 30


def _played(seed: int) -> Tab:
    """Thirty notes on the D string, frets 2 to 9."""
    frets = np.random.default_rng(seed).integers(2, 10, N_NOTES)
    notes = []
    for i, fret in enumerate(frets):
        position = Position(string=2, fret=int(fret))
        note = Note(onset_s=0.5 * i, offset_s=0.5 * i + 0.4, pitch=TUNING.pitch(position))
        notes.append(TabNote(note=note, position=position))
    return Tab(tuning=TUNING, notes=tuple(notes))


def _heard(truth: Tab, seed: int = 0) -> Transcription:
    """The notes played, each put on the A string with the probability that its alternatives admit."""
    rng = np.random.default_rng(seed)
    notes = []
    for tab_note in truth.notes:
        right = rng.uniform(0.5, 1.0)
        wrong = Position(string=1, fret=tab_note.position.fret + 5)
        heard = tab_note.position if rng.random() < right else wrong
        alternatives = (
            Alternative(position=heard, probability=right),
            Alternative(position=wrong if heard != wrong else tab_note.position, probability=1 - right),
        )
        probs = tuple(0.9 if string == heard.string else 0.02 for string in range(6))
        note = replace(tab_note.note, onset_prob=0.99, tab_probs=probs, string_probs=probs)
        notes.append(TabNote(note=note, position=heard, alternatives=alternatives))
    return Transcription(tab=Tab(tuning=truth.tuning, notes=tuple(notes)))


@pytest.fixture
def dataset(tmp_path: Path) -> GuitarSet:
    home = tmp_path / "data"
    (home / "annotation").mkdir(parents=True)
    (home / "audio_mono-mic").mkdir()
    for seed, track_id in enumerate(TRACKS):
        data = render_jams(Transcription(tab=_played(seed)))
        (home / "annotation" / f"{track_id}.jams").write_bytes(data)
        (home / "audio_mono-mic" / f"{track_id}_mic.wav").write_bytes(b"")
    return open_guitarset(home)


def _hears(path: Path) -> Transcription:
    seed = TRACKS.index(path.name.removesuffix("_mic.wav"))
    return _heard(_played(seed), seed)


def test_own_recordings_join_a_dataset(dataset: GuitarSet) -> None:
    some = examples_from_dataset(dataset, _hears, tracks=TRACKS[:2])
    own = examples_from_dataset(dataset, _hears, tracks=TRACKS[2:])
    both, at_once = with_own(some, own), examples_from_dataset(dataset, _hears)
    assert both.groups.tolist() == at_once.groups.tolist()
    assert np.array_equal(both.features, at_once.features, equal_nan=True)
    assert np.array_equal(both.correct, at_once.correct)
    assert both.provenance["tracks"] == list(TRACKS[:2])
    assert both.provenance["feedback"] == dict(own.provenance)


def test_players_are_the_groups_and_notes_are_judged_by_what_was_played(dataset: GuitarSet) -> None:
    told: list[tuple[int, int, str]] = []
    examples = examples_from_dataset(dataset, _hears, progress=lambda *step: told.append(step))
    assert told == [(i + 1, 4, track_id) for i, track_id in enumerate(TRACKS)]
    assert examples.groups.tolist() == ["00"] * 60 + ["01"] * 30 + ["02"] * 30
    on_their_string = [n.position.string == 2 for i in range(4) for n in _heard(_played(i), i).tab.notes]
    assert examples.correct.tolist() == on_their_string
    assert examples.provenance["players"] == ["00", "01", "02"]
    assert examples.provenance["tracks"] == list(TRACKS)


def test_notes_become_a_calibration_with_groups_weights_and_the_accuracy_of_the_rules(
    dataset: GuitarSet, tmp_path: Path
) -> None:
    examples = examples_from_dataset(dataset, _hears)
    made = calibrate_notes(examples, target_accuracy=0.9, weights={"acoustic": "a" * 64})
    assert (made.level, made.counts.n_groups, made.counts.n_examples) == ("notes", 3, 120)
    assert made.target_accuracy == 0.9
    assert made.rules_accuracy == pytest.approx(np.mean(examples.rules_correct))
    assert dict(made.weights) == {"acoustic": "a" * 64}
    assert made.provenance["source"] == "dataset"
    path = tmp_path / "confidence_calibration.json"
    write_calibration(path, made, force=False)
    assert read_calibration(path) == made
    with pytest.raises(OutputError, match="exists"):
        write_calibration(path, made, force=False)


def test_the_rules_are_judged_without_the_evidence_of_strings() -> None:
    """All evidence says the low E string; by rules alone the line lies on the A string from fret 5."""
    notes = []
    for i, pitch in enumerate((50, 52, 53, 50)):
        note = Note(
            onset_s=0.5 * i,
            offset_s=0.5 * i + 0.4,
            pitch=pitch,
            string_probs=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
            tab_probs=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        )
        notes.append(TabNote(note=note, position=Position(string=0, fret=pitch - 40)))
    est = Tab(tuning=TUNING, notes=tuple(notes))
    on_a = Tab(
        tuning=TUNING,
        notes=tuple(
            TabNote(note=n.note, position=Position(string=1, fret=n.note.pitch - 45)) for n in est.notes
        ),
    )
    assert right_by_rules(tab_arrays(on_a), est).tolist() == [True] * 4
    assert right_by_rules(tab_arrays(est), est).tolist() == [False] * 4
    half = Tab(tuning=TUNING, notes=(*on_a.notes[:2], *est.notes[2:]))
    assert right_by_rules(tab_arrays(half), est).tolist() == [True, True, False, False]


def test_a_recording_that_fails_is_named_and_left_out(dataset: GuitarSet) -> None:
    def stumbles(path: Path) -> Transcription:
        if "01_" in path.name:
            raise AudioError("cannot be read")
        return _hears(path)

    examples = examples_from_dataset(dataset, stumbles)
    assert [(f.track_id, f.message) for f in examples.failures] == [(TRACKS[2], "cannot be read")]
    assert set(examples.groups) == {"00", "02"}
    assert examples.provenance["players"] == ["00", "02"]

    def always_stumbles(path: Path) -> Transcription:
        raise AudioError("cannot be read")

    with pytest.raises(DatasetError, match="none of the 4 recordings could be used: cannot be read"):
        examples_from_dataset(dataset, always_stumbles)


def test_rendered_guitars_are_the_groups_and_dead_notes_are_not_asked_for() -> None:
    minutes, seed = 0.15, 9
    pieces = [rendered_piece(np.random.SeedSequence([seed, i]), 60 * minutes / 5) for i in range(5)]

    def recognises(audio: Audio) -> Transcription:
        (tab,) = (tab for tab, played in pieces if np.array_equal(audio.samples, played.samples))
        return Transcription(tab=tab)

    examples = examples_from_rendered(minutes, seed, recognises)
    assert sorted(set(examples.groups)) == [f"guitar {i}" for i in range(5)]
    notes = [note for tab, _ in pieces for note in tab.notes]
    alive = ["dead" not in note.techniques for note in notes]
    assert 0 < sum(alive) < len(alive)
    assert examples.correct.tolist() == alive
    assert dict(examples.provenance) == {"source": "rendered guitars", "minutes": minutes, "seed": seed}


@pytest.mark.parametrize("bad", [{"minutes": 0.0}, {"minutes": float("inf")}, {"seed": -1}])
def test_impossible_pieces_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(OptionError, match=r"minutes must|seed must"):
        examples_from_rendered(**{"minutes": 1.0, "seed": 0, "transcribe": _hears, **bad})  # type: ignore[arg-type]

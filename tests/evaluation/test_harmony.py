"""Harmony judged: mir_eval's verdicts, perfect and deaf listeners, counts, and the protocol's command."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fretscribe.cli.__main__ import run
from fretscribe.cli.protocols import HARMONY
from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, open_guitarset
from fretscribe.datasets.guitarset_harmony import HarmonyTruth, PlayedChord, parse_harmony
from fretscribe.errors import DatasetError, OptionError
from fretscribe.evaluation.harmony import (
    annotated_tracks,
    countable_tracks,
    harmony_of_notes,
    harmony_of_sound,
    judge_harmony,
)
from fretscribe.evaluation.harmony_fit import AnnotatedTrack, fit_harmony
from fretscribe.evaluation.harmony_metrics import chord_scores, key_score
from fretscribe.evaluation.harmony_report import harmony_markdown
from fretscribe.music import STANDARD_TUNING, BeatGrid, Chord, Key, Note, Tab
from fretscribe.result import Transcription
from fretscribe.symbolic.harmony_model import SHIPPED
from fretscribe.symbols import symbol_from_harte
from guitarset_folder import make_folder

DATA = Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data"))
REAL = pytest.mark.skipif(not (DATA / "guitarset").is_dir(), reason=f"no GuitarSet in {DATA}")

VOICINGS = {
    "C:maj/1": (48, 55, 60, 64),
    "F:maj7/1": (41, 57, 60, 64),
    "A:min/1": (45, 57, 60, 64),
    "G:(1,5)/1": (43, 50),
}


def truth(*labels: str, bar_s: float = 2.0) -> tuple[PlayedChord, ...]:
    return tuple(
        PlayedChord(start_s=bar_s * i, end_s=bar_s * (i + 1), label=label) for i, label in enumerate(labels)
    )


def chords_of(played: tuple[PlayedChord, ...]) -> list[Chord]:
    return [Chord(start_s=c.start_s, end_s=c.end_s, name=symbol_from_harte(c.label)) for c in played]


def track(*labels: str, player: str = "00", style: str = "comp") -> AnnotatedTrack:
    notes = tuple(
        Note(onset_s=2.0 * i + 0.5 * beat, offset_s=2.0 * i + 0.5 * beat + 0.5, pitch=pitch)
        for i, label in enumerate(labels)
        for beat in range(4)
        for pitch in VOICINGS[label]
    )
    return AnnotatedTrack(
        track_id=f"{player}_Made1-120-C_{style}",
        player=player,
        style="comp" if style == "comp" else "solo",
        notes=notes,
        beats=BeatGrid.constant(120.0, 2.0 * len(labels)),
        truth=HarmonyTruth(key=Key(tonic=0, mode="major"), chords=truth(*labels)),
    )


PIECE = ("C:maj/1", "A:min/1", "F:maj7/1", "G:(1,5)/1", "C:maj/1")


@pytest.mark.parametrize(
    "estimate",
    [
        [Chord(start_s=0.0, end_s=10.0, name="C")],
        [Chord(start_s=1.0, end_s=3.0, name="Am7"), Chord(start_s=4.5, end_s=9.0, name="F/A")],
        [Chord(start_s=0.0, end_s=2.0, name="N.C."), Chord(start_s=2.0, end_s=20.0, name="F#m7b5")],
        [],
    ],
)
def test_scores_are_those_of_mir_eval(estimate: list[Chord]) -> None:
    chord = pytest.importorskip("mir_eval.chord")
    from fretscribe.symbols import harte_from_symbol

    played = truth(*PIECE)
    ours = chord_scores(played, estimate)
    times = np.array([(c.start_s, c.end_s) for c in estimate] or [(0.0, 10.0)])
    labels = [harte_from_symbol(c.name) for c in estimate] or ["N"]
    filled_times, filled_labels = [], []
    last = 0.0
    for (start, end), label in zip(times, labels, strict=True):
        if start > last:
            filled_times.append((last, start))
            filled_labels.append("N")
        filled_times.append((start, end))
        filled_labels.append(label)
        last = end
    theirs = chord.evaluate(
        np.array([(c.start_s, c.end_s) for c in played]),
        [c.label for c in played],
        np.array(filled_times),
        filled_labels,
    )
    for name in ("root", "majmin", "sevenths", "mirex"):
        assert getattr(ours, name) == pytest.approx(theirs[name])


def test_the_truth_itself_scores_full_marks() -> None:
    played = truth(*PIECE)
    scores = chord_scores(played, chords_of(played))
    assert (scores.root, scores.majmin, scores.sevenths, scores.mirex) == pytest.approx((1, 1, 1, 1))


def test_what_a_vocabulary_cannot_say_is_not_judged() -> None:
    played = truth("G:(1,5)/1", "D:sus4/1")
    scores = chord_scores(played, chords_of(played))
    assert scores.majmin is None
    assert scores.root == 1.0


@pytest.mark.parametrize(
    ("tonic", "mode", "score"),
    [(0, "major", 1.0), (7, "major", 0.5), (9, "minor", 0.3), (0, "minor", 0.2), (6, "major", 0.0)],
)
def test_key_scores(tonic: int, mode: str, score: float) -> None:
    key = Key(tonic=tonic, mode="major" if mode == "major" else "minor")
    assert key_score(Key(tonic=0, mode="major"), key) == score


def test_no_key_scores_nothing() -> None:
    assert key_score(Key(tonic=0, mode="major"), None) == 0.0


def test_counts_of_chords() -> None:
    model = fit_harmony([track("C:maj/1", "A:min/1"), track("F:maj7/1")])
    assert model.triad[:3] == pytest.approx((0.375, 0.25, 0.375 / 1.5 + 0.0), abs=0.13)
    assert sum(model.triad[:3]) == pytest.approx(1.0)
    assert model.triad[4:] == (0.001, 0.001)
    assert model.bass == (1.0, *[0.001] * 5)
    assert model.change == SHIPPED.change


def test_players_and_development_tracks_are_left_out_of_counts() -> None:
    tracks = [track(*PIECE, player=p) for p in ("00", "01")] + [track(*PIECE, player="02", style="solo")]
    known = replace(tracks[0], track_id=DEVELOPMENT_TRACKS[0])
    assert countable_tracks([*tracks, known], without="01") == [tracks[0]]


def test_made_tracks_are_judged_and_reported() -> None:
    tracks = [track(*PIECE, player=player) for player in ("00", "01", "03")]
    rows = harmony_of_notes(tracks)
    assert [row.key_score for row in rows] == [1.0, 1.0, 1.0]
    assert [row.chords.majmin for row in rows] == pytest.approx([1.0, 1.0, 1.0])
    deaf = [judge_harmony(tracks[0], (), None)]
    text = harmony_markdown(rows, deaf, weights="none", command="made")
    assert "| **comp** | 3 | 1.000 | 1.000 | 1.000 | 1.000 | 1.000 | 100% | 0% | 0% | 100% |" in text
    assert "comp, players not chosen on | 1 |" in text
    assert "majmin of the accompaniments at least 0.70: 1.000, reached" in text
    assert "| 00_Made1-120-C_comp | 0.00 | 0.00 | 0.00 | 0.00 | 0 / 5 | none | C major |" in text


def annotated_folder(home: Path, names: tuple[str, ...]) -> None:
    """Tracks whose annotation has a key and two chord annotations, as GuitarSet's."""
    make_folder(home, names, duration_s=2.0)
    for path in (home / "annotation").iterdir():
        jams = json.loads(path.read_text())
        kept = [a for a in jams["annotations"] if a["namespace"] not in ("chord", "key_mode")]
        row = {"time": 0.0, "duration": 2.0, "confidence": None}
        for namespace, value in (("chord", "C:maj"), ("chord", "C:maj6/1"), ("key_mode", "C:major")):
            kept.append({"namespace": namespace, "data": [{**row, "value": value}]})
        path.write_text(json.dumps({**jams, "annotations": kept}))


def test_the_performed_chords_are_the_truth(tmp_path: Path) -> None:
    names = ("00_Rock1-120-C_comp", "01_Rock1-120-C_comp")
    annotated_folder(tmp_path / "set", names)
    dataset = open_guitarset(tmp_path / "set")
    tracks = annotated_tracks(dataset)
    assert [t.truth.chords[0].label for t in tracks] == ["C:maj6/1", "C:maj6/1"]
    deaf = Transcription(tab=Tab(tuning=STANDARD_TUNING, notes=()))
    rows = harmony_of_sound(dataset, lambda path: deaf, tracks, names=names)
    assert [(row.track_id, row.chords.root, row.key) for row in rows] == [(name, 0.0, None) for name in names]


@pytest.mark.parametrize(
    "annotations",
    [
        [],
        [{"namespace": "key_mode", "data": [{"value": "C:major"}]}],
        [{"namespace": "key_mode", "data": [{"value": "C:odd"}]}, *[{"namespace": "chord", "data": []}] * 2],
        [
            {"namespace": "key_mode", "data": [{"value": "C:major"}]},
            {"namespace": "chord", "data": []},
            {"namespace": "chord", "data": [{"time": 0.0, "duration": 0.0, "value": "N"}]},
        ],
    ],
)
def test_broken_annotations_name_their_track(annotations: list[object]) -> None:
    with pytest.raises(DatasetError, match="00_Made"):
        parse_harmony(json.dumps({"annotations": annotations}).encode(), "00_Made")


@pytest.mark.parametrize("more", [["--folds", "."], ["--data", "."]])
def test_options_that_do_not_go_together(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", ".", "--protocol", HARMONY, *more]) == OptionError.exit_code
    assert "takes one folder" in capsys.readouterr().err


def test_recordings_must_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_folder(tmp_path / "few", ["00_Rock1-120-C_comp"], duration_s=1.0)
    assert run(["evaluate", str(tmp_path / "few"), "--protocol", HARMONY]) == DatasetError.exit_code
    assert DEVELOPMENT_TRACKS[0] in capsys.readouterr().err


@pytest.fixture(scope="module")
def rock() -> tuple[AnnotatedTrack, ...]:
    dataset = open_guitarset(DATA)
    chosen = [t for t in dataset.tracks if t.style == "comp" and "Rock" in t.track_id]
    return annotated_tracks(replace(dataset, tracks=tuple(chosen)))


@REAL
@pytest.mark.slow
def test_counts_of_one_style_are_near_those_of_the_built_in_model(rock: tuple[AnnotatedTrack, ...]) -> None:
    counted = fit_harmony(countable_tracks(rock))
    for name in ("dyad", "triad", "bass"):
        ours, theirs = getattr(SHIPPED, name), getattr(counted, name)
        used = [role for role, rate in enumerate(ours) if rate > 0.0]
        assert [theirs[i] for i in used] == pytest.approx([ours[i] for i in used], abs=0.1)


@REAL
@pytest.mark.slow
def test_accompaniments_of_players_not_chosen_on(rock: tuple[AnnotatedTrack, ...]) -> None:
    rows = [row for row in harmony_of_notes(rock) if row.player in ("03", "05")]
    judged = [row.chords.majmin for row in rows if row.chords.majmin is not None]
    assert np.mean(judged) >= 0.7
    assert np.mean([row.key_is_near for row in rows]) >= 0.8

"""Evaluating made datasets with a transcriber that knows the answers, or some of them."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, GuitarSet, open_guitarset
from fretscribe.errors import AudioError, DatasetError
from fretscribe.evaluation.metrics import Counts
from fretscribe.evaluation.report import to_json
from fretscribe.evaluation.run import check_tracks, compare, evaluate_dataset, evaluate_track
from fretscribe.evaluation.summary import MEASURES
from fretscribe.music import Note, Position, Tab, TabNote, Tuning
from fretscribe.result import AudioInfo, ConfidenceSummary, Transcription

REAL_DATA = (
    Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "guitarset"
)
TUNING = Tuning()
Place = tuple[float, int, int]  # onset_s, string, fret

PLAYED: Mapping[str, tuple[Place, ...]] = {
    "00_A1-120-C_comp": ((0.0, 0, 3), (0.5, 1, 2), (1.0, 2, 0), (1.5, 3, 0)),
    "00_A1-120-C_solo": ((0.0, 5, 5), (0.5, 5, 7)),
    "01_A1-120-C_solo": ((0.0, 4, 1), (0.5, 4, 3)),
}


def _tab(*places: Place, confidence: float | None = None, tuning: Tuning = TUNING) -> Tab:
    notes = []
    for onset_s, string, fret in places:
        position = Position(string=string, fret=fret)
        note = Note(onset_s=onset_s, offset_s=onset_s + 0.4, pitch=tuning.pitch(position))
        notes.append(TabNote(note=note, position=position, confidence=confidence))
    return Tab(tuning=tuning, notes=tuple(notes))


def _jams(places: tuple[Place, ...]) -> str:
    strings: dict[int, list[dict[str, float]]] = {string: [] for string in range(6)}
    for onset_s, string, fret in places:
        pitch = TUNING.open_pitches[string] + fret + 0.1
        strings[string].append({"time": onset_s, "duration": 0.4, "value": pitch})
    annotations = [
        {"namespace": "note_midi", "annotation_metadata": {"data_source": str(string)}, "data": data}
        for string, data in strings.items()
    ]
    return json.dumps({"annotations": annotations, "file_metadata": {"duration": 2.0}})


@pytest.fixture
def dataset(tmp_path: Path) -> GuitarSet:
    (tmp_path / "annotation").mkdir()
    (tmp_path / "audio_mono-mic").mkdir()
    for track_id, places in PLAYED.items():
        (tmp_path / "annotation" / f"{track_id}.jams").write_text(_jams(places))
        (tmp_path / "audio_mono-mic" / f"{track_id}_mic.wav").write_bytes(b"")
    return open_guitarset(tmp_path)


def _knows_all(path: Path) -> Transcription:
    return Transcription(tab=_tab(*PLAYED[path.name.removesuffix("_mic.wav")]))


def _hears_nothing(path: Path) -> Transcription:
    return Transcription(tab=_tab())


def _knows_half(path: Path) -> Transcription:
    """Every second note right, the others on no string at all; confident where right."""
    tab = _knows_all(path).tab
    notes = tuple(replace(note, confidence=0.9) for note in tab.notes[::2])
    return Transcription(
        tab=replace(tab, notes=notes), confidence=ConfidenceSummary(target_accuracy=0.8, threshold=0.5)
    )


def test_the_truth_scores_one_everywhere(dataset: GuitarSet) -> None:
    evaluation = evaluate_dataset(dataset, _knows_all)
    assert [(row.track_id, row.player, row.style) for row in evaluation.rows] == [
        ("00_A1-120-C_comp", "00", "comp"),
        ("00_A1-120-C_solo", "00", "solo"),
        ("01_A1-120-C_solo", "01", "solo"),
    ]
    for style in (None, "comp", "solo"):
        assert evaluation.means(style) == dict.fromkeys(MEASURES, 1.0)
    assert evaluation.failures == ()
    assert evaluation.errors().verdicts["right"] == 8
    assert evaluation.audio_s == 6.0
    assert evaluation.cpu_s is not None
    assert evaluation.cpu_s >= 0.0
    assert evaluation.confidence() is None


def test_silence_scores_zero_everywhere(dataset: GuitarSet) -> None:
    evaluation = evaluate_dataset(dataset, _hears_nothing)
    assert evaluation.means() == dict.fromkeys(MEASURES, 0.0)
    assert evaluation.errors().verdicts["missed"] == 8


def test_half_the_notes_give_half_the_recall(dataset: GuitarSet) -> None:
    evaluation = evaluate_dataset(dataset, _knows_half)
    means = evaluation.means()
    assert (means["note_precision"], means["note_recall"], means["string_accuracy"]) == (1.0, 0.5, 1.0)
    assert means["note_f1"] == pytest.approx(2 / 3)
    confidence = evaluation.confidence()
    assert confidence is not None
    assert (confidence.n_notes, confidence.accuracy, confidence.threshold) == (4, 1.0, 0.5)
    assert confidence.ece == pytest.approx(0.1)
    assert (confidence.accuracy_at_threshold, confidence.coverage_at_threshold) == (1.0, 1.0)


def test_means_are_over_tracks_and_frames_are_pooled_by_player(dataset: GuitarSet) -> None:
    def knows_the_comping(path: Path) -> Transcription:
        return _knows_all(path) if "_comp_" in path.name else _hears_nothing(path)

    evaluation = evaluate_dataset(dataset, knows_the_comping)
    assert evaluation.means()["note_f1"] == pytest.approx(1 / 3)
    assert evaluation.means("comp")["note_f1"] == 1.0
    assert evaluation.means("solo")["note_f1"] == 0.0
    players = evaluation.players()
    assert list(players) == ["00", "01"]
    by_track = {row.track_id: row.scores.frames.tab for row in evaluation.rows}
    pooled = by_track["00_A1-120-C_comp"] + by_track["00_A1-120-C_solo"]
    assert players["00"].tab == pooled
    recall = evaluation.over_players()["tab_frame_recall"]
    assert recall.mean == pytest.approx(pooled.recall / 2)
    assert recall.std == pytest.approx(float(np.std([pooled.recall, 0.0])))


def test_a_track_that_fails_is_reported_and_the_others_are_judged(dataset: GuitarSet) -> None:
    def breaks_on_solo(path: Path) -> Transcription:
        if "00_A1-120-C_solo" in path.name:
            raise AudioError("cannot read it", mend="record it again")
        return _knows_all(path)

    evaluation = evaluate_dataset(dataset, breaks_on_solo)
    assert [row.track_id for row in evaluation.rows] == ["00_A1-120-C_comp", "01_A1-120-C_solo"]
    assert [(f.track_id, f.message) for f in evaluation.failures] == [
        ("00_A1-120-C_solo", "cannot read it (record it again)")
    ]


def test_a_programming_error_is_not_hidden(dataset: GuitarSet) -> None:
    def is_wrong(path: Path) -> Transcription:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        evaluate_dataset(dataset, is_wrong)


@pytest.mark.parametrize("transcribe", [_knows_all, _knows_half])
def test_an_executor_changes_nothing_but_time(
    dataset: GuitarSet, transcribe: Callable[[Path], Transcription]
) -> None:
    seen: list[tuple[int, int, str]] = []

    def progress(n_done: int, n_tracks: int, track_id: str) -> None:
        seen.append((n_done, n_tracks, track_id))

    with ThreadPoolExecutor(2) as executor:
        evaluation = evaluate_dataset(dataset, transcribe, executor=executor, progress=progress)
    alone = evaluate_dataset(dataset, transcribe)
    assert [(r.track_id, r.scores) for r in evaluation.rows] == [(r.track_id, r.scores) for r in alone.rows]
    assert [(done, of) for done, of, _ in seen] == [(1, 3), (2, 3), (3, 3)]
    assert {track_id for _, _, track_id in seen} == set(PLAYED)


def test_rows_travel_between_processes(dataset: GuitarSet) -> None:
    row = evaluate_dataset(dataset, _knows_half).rows[0]
    copy = pickle.loads(pickle.dumps(row))  # noqa: S301 - our own bytes
    assert copy.scores == row.scores
    assert copy.est.onset_s.tolist() == row.est.onset_s.tolist()


def test_the_weights_are_named_where_all_tracks_used_the_same(dataset: GuitarSet) -> None:
    def transcribe(path: Path, name: str) -> Transcription:
        return Transcription(tab=replace(_tab(), provenance={"weights": {"name": name}}))

    one = evaluate_dataset(dataset, lambda path: transcribe(path, "small"))
    assert one.provenance == {"weights": {"name": "small"}}
    assert json.loads(to_json(one))["provenance"] == one.provenance
    assert evaluate_dataset(dataset, lambda path: transcribe(path, path.name)).provenance == {}


def test_tracks_are_chosen_by_id_and_checked_before_work_begins(dataset: GuitarSet) -> None:
    chosen = ["01_A1-120-C_solo", "00_A1-120-C_comp", "01_A1-120-C_solo"]
    evaluation = evaluate_dataset(dataset, _knows_all, tracks=chosen)
    assert [row.track_id for row in evaluation.rows] == chosen[:2]
    with pytest.raises(DatasetError, match="no track '02_x_solo'"):
        check_tracks(dataset, ["02_x_solo"])
    with pytest.raises(DatasetError, match="no mix recording"):
        check_tracks(dataset, ["00_A1-120-C_comp"], source="mix")
    with pytest.raises(DatasetError, match=r"no recordings .*audio_mono-pickup_mix"):
        check_tracks(dataset, source="mix")


def test_one_track_with_a_threshold(dataset: GuitarSet) -> None:
    track = dataset.track("00_A1-120-C_comp")
    guess = _tab((0.0, 0, 3), (0.5, 1, 3), (1.0, 1, 5), confidence=0.6)  # right, a fret high, other string
    scores = evaluate_track(track.truth(), guess, threshold=0.7)
    assert scores.notes.onset == Counts(n_matched=2, n_ref=4, n_est=3)
    assert scores.notes.tab == Counts(n_matched=1, n_ref=4, n_est=3)
    assert scores.confidence is not None
    assert scores.confidence.accuracy == pytest.approx(1 / 3)
    assert scores.confidence.coverage_at_threshold == 0.0
    assert (scores.playability.largest_span, scores.ref_playability.largest_span) == (0, 0)


def test_two_scores_are_compared_over_the_longest_of_them() -> None:
    ref = Transcription(
        tab=_tab((0.0, 0, 3), (0.5, 1, 2)), audio=AudioInfo(path="x.wav", duration_s=0.5, sha256="0" * 64)
    )
    est = Transcription(tab=_tab((0.0, 0, 3), (3.0, 1, 2)))
    evaluation = compare(ref, est, title="guess")
    (row,) = evaluation.rows
    assert (row.track_id, row.audio_s, row.cpu_s, row.player) == ("guess", 3.4, None, "")
    assert row.scores.notes.onset == Counts(n_matched=1, n_ref=2, n_est=2)
    # 0.4 s are 18 frames from 0 s on and 17 from elsewhere
    assert row.scores.frames.tab == Counts(n_matched=18, n_ref=35, n_est=35)
    assert evaluation.players() == {}
    assert evaluation.over_players() == {}
    assert evaluation.cpu_s is None


def test_a_capo_does_not_change_the_place_on_the_neck() -> None:
    ref = Transcription(tab=_tab((0.0, 0, 5), (0.5, 1, 7)))
    with_capo = Transcription(tab=_tab((0.0, 0, 3), (0.5, 1, 5), tuning=replace(TUNING, capo=2)))
    assert compare(ref, with_capo).means()["tab_frame_f1"] == 1.0


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason=f"no GuitarSet in {REAL_DATA} (set FRETSCRIBE_DATA)")
def test_real_annotations_judge_their_own_tabs_right() -> None:
    dataset = open_guitarset(REAL_DATA)
    by_path = {track.audio_path(): track for track in dataset.with_audio()}

    def plays_the_truth(path: Path) -> Transcription:
        return Transcription(tab=by_path[path].tab())

    evaluation = evaluate_dataset(dataset, plays_the_truth, tracks=DEVELOPMENT_TRACKS)
    for row in evaluation.rows:
        exact = ("note_f1", "note_offset_f1", "tab_note_f1", "string_accuracy")
        assert [MEASURES[name](row.scores) for name in exact] == [1.0] * 4
        assert row.scores.frames.tab.f1 > 0.999
        assert row.scores.ref_playability.n_violations <= 1
        assert row.correct.all()

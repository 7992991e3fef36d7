import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import mir_eval
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fretscribe.cli.__main__ import run
from fretscribe.cli.protocols import RHYTHM
from fretscribe.datasets.excerpts import warped_excerpt
from fretscribe.datasets.guitarset import DEVELOPMENT_TRACKS, open_guitarset
from fretscribe.errors import DatasetError, OptionError, WeightsError
from fretscribe.evaluation.rhythm import (
    JUDGED_PLAYERS,
    RhythmRow,
    beat_f_measure,
    judge_rhythm,
    judged_tracks,
    read_beat_folds,
    rhythm_scores,
    right_sixteenths,
)
from fretscribe.evaluation.rhythm_report import rhythm_markdown
from fretscribe.music import STANDARD_TUNING, BeatGrid, Note, Position, TabNote
from fretscribe.symbolic.beat_model import built_in_beat_model, render_beat_model
from fretscribe.symbolic.beat_net import built_in_beat_net, render_beat_net

DATA = Path(os.environ.get("FRETSCRIBE_DATA", Path(__file__).parents[3] / "shared" / "data"))
needs_guitarset = pytest.mark.skipif(
    not (DATA / "guitarset").is_dir(), reason=f"no guitarset in {DATA} (set FRETSCRIBE_DATA)"
)

times = st.lists(st.floats(0.0, 20.0), min_size=1, max_size=40).map(lambda t: np.array(sorted(set(t))))


@given(times, times)
@settings(max_examples=100, deadline=None)
def test_beat_f_measure_is_mir_evals(ref, est):
    # mir_eval refuses nothing here, but rounds no window: keep clear of its edge.
    gaps = np.abs(ref[:, None] - est[None, :])
    if np.abs(gaps - 0.07).min() < 1e-9:
        return
    assert beat_f_measure(ref, est) == pytest.approx(mir_eval.beat.f_measure(ref, est))


def played(places, grid, late_s=0.0):
    position = Position(string=0, fret=0)
    return [
        TabNote(
            note=Note(
                onset_s=grid.time_at(p) + late_s,
                offset_s=grid.time_at(p) + 0.1,
                pitch=STANDARD_TUNING.pitch(position),
            ),
            position=position,
            onset_beats=p,
            duration_beats=Fraction(1, 4),
        )
        for p in places
    ]


PLACES = [Fraction(i, 4) for i in (0, 2, 4, 5, 6, 7, 8, 11, 12, 16)]


def test_right_places_count_and_wrong_ones_do_not():
    grid = BeatGrid.constant(100.0, 20.0)
    ref = np.array(grid.beat_times_s)
    notes = played(PLACES, grid, late_s=0.03)
    assert right_sixteenths(ref, grid, notes) == 1.0
    half = BeatGrid.constant(50.0, 20.0)
    assert right_sixteenths(ref, half, played(PLACES, half)) < 1.0
    shifted = BeatGrid.constant(100.0, 20.0, start_s=0.3)
    assert right_sixteenths(ref, shifted, notes) == 0.0


def test_a_perfect_grid_scores_one_and_half_the_tempo_is_an_octave_off():
    grid = BeatGrid.constant(120.0, 40.0)
    excerpt = warped_excerpt(played(PLACES, grid), grid, 40.0, np.random.default_rng(0))
    start = int(np.flatnonzero(excerpt.places == 0)[0])
    perfect = BeatGrid(
        beat_times_s=tuple(excerpt.beats_s.tolist()), downbeats=tuple(range(start, len(excerpt.beats_s), 4))
    )
    scores = rhythm_scores(excerpt, perfect, [])
    assert (scores.beat_f, scores.downbeat_f, scores.tempo_right) == (1.0, 1.0, True)
    slow = BeatGrid(beat_times_s=perfect.beat_times_s[::2], downbeats=())
    scores = rhythm_scores(excerpt, slow, [])
    assert scores.beat_f == pytest.approx(2 / 3, abs=0.02)
    assert not scores.tempo_right
    assert scores.tempo_right_but_octave


def test_the_beats_of_six_eight_are_dotted_quarters():
    grid = BeatGrid.constant(70.0, 40.0)
    places = [Fraction(i, 3) for i in range(70)]
    excerpt = warped_excerpt(played(places, grid), grid, 40.0, np.random.default_rng(0))
    start = int(np.flatnonzero(excerpt.places == 0)[0])
    eighths = np.interp(
        np.arange(3 * len(excerpt.beats_s) - 2) / 3, range(len(excerpt.beats_s)), excerpt.beats_s
    )
    for ahead in (0, 1, 2):
        times = np.concatenate([eighths[0] - 0.2 * np.arange(ahead, 0, -1), eighths])
        six_eight = BeatGrid(
            beat_times_s=tuple(times.tolist()),
            downbeats=tuple(range(3 * start + ahead, len(times), 6)),
            beats_per_bar=6,
            beat_unit=8,
        )
        notes = [
            replace(
                n, onset_beats=Fraction(round(six_eight.beat_at(n.note.onset_s))), duration_beats=Fraction(1)
            )
            for n in excerpt.notes
            if n.note.onset_s >= excerpt.beats_s[0]
        ]
        scores = rhythm_scores(excerpt, six_eight, notes)
        assert (scores.beat_f, scores.tempo_right, scores.meter) == (1.0, True, "6/8")
        assert scores.sixteenths == 1.0
        plain = rhythm_scores(excerpt, replace(six_eight, beats_per_bar=4), notes)
        assert plain.beat_f < 0.6


def test_the_report_says_what_is_not_reached():
    grid = BeatGrid.constant(120.0, 40.0)
    excerpt = warped_excerpt(played(PLACES, grid), grid, 40.0, np.random.default_rng(0))
    slow = BeatGrid(beat_times_s=tuple(excerpt.beats_s.tolist()[::2]), downbeats=())
    scores = rhythm_scores(excerpt, slow, [])
    rows = [
        RhythmRow(track_id="00_a_comp", style="comp", source="heard", scores=scores),
        RhythmRow(track_id="03_b_solo", style="solo", source="annotated", scores=scores),
    ]
    text = rhythm_markdown(rows, learned_from={"03": (["00", "01"], ["02"])}, weights="none", command="run")
    assert "1 of 1, reached" in text
    assert "**not reached**" in text
    assert "(octave)" in text
    assert "03 by 00, 01 (the network by 02)" in text


def test_nobody_is_judged_by_what_was_learned_from_them(tmp_path):
    model = replace(built_in_beat_model(), players=("00", "01"))
    net = replace(built_in_beat_net(), players=("00", "02"))

    def write(player):
        (tmp_path / f"beats-{player}.json").write_text(render_beat_model(model), encoding="utf-8")
        (tmp_path / f"beat_net-{player}.npz").write_bytes(render_beat_net(net))

    write("03")
    read_model, read_net = read_beat_folds(tmp_path, ["03"])["03"]
    assert (read_model.players, read_net.players) == (("00", "01"), ("00", "02"))
    with pytest.raises(WeightsError, match="missing"):
        read_beat_folds(tmp_path, ["00", "03"])
    write("00")
    with pytest.raises(WeightsError, match=r"beats-00\.json was learned from player 00"):
        read_beat_folds(tmp_path, ["00", "03"])
    write("02")
    with pytest.raises(WeightsError, match=r"beat_net-02\.npz was learned from player 02"):
        read_beat_folds(tmp_path, ["02"])


@needs_guitarset
def test_the_judged_tracks_are_none_of_the_development():
    dataset = open_guitarset(DATA / "guitarset")
    chosen = judged_tracks(dataset)
    assert len(chosen) == 60
    assert {t.player for t in chosen} == set(JUDGED_PLAYERS)
    assert not {t.track_id for t in chosen} & set(DEVELOPMENT_TRACKS)


@needs_guitarset
def test_a_dataset_without_those_players_is_refused(tmp_path):
    dataset = open_guitarset(DATA / "guitarset")
    few = type(dataset)(root=tmp_path, tracks=dataset.tracks[:3])
    with pytest.raises(DatasetError, match="30 are needed"):
        judge_rhythm(few, {}, {})


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ([], "needs --folds"),
        (["--folds", ".", "--data", "."], "--data is for"),
        (["x", "--folds", "."], "one folder"),
    ],
)
def test_the_command_refuses_what_does_not_belong(more, told, capsys):
    assert run(["evaluate", ".", "--protocol", RHYTHM, *more]) == OptionError.exit_code
    assert told in capsys.readouterr().err

"""The protocol: who judges whom, what is counted, and how tracks cut into samples are put together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fretscribe.datasets.arrays import TabArrays, write_arrays
from fretscribe.datasets.folds import fold_weights
from fretscribe.datasets.tab_examples import TabExamples, load_examples
from fretscribe.errors import DatasetError, WeightsError
from fretscribe.evaluation.metrics import Counts, FrameScores
from fretscribe.evaluation.protocol import (
    TABCNN,
    WITH_LSTM,
    Cell,
    ProtocolResult,
    leave_one_player_out,
    protocol_markdown,
)
from fretscribe.frames import probs_from_tab
from fretscribe.models.lstm import LSTMPredictor
from fretscribe.models.tabcnn import TabCNN
from fretscribe.models.weights import sha256_of
from tab_networks import (
    constant_folds,
    constant_lstm,
    constant_tabcnn,
    exported,
    make_arrays,
    random_lstm,
    random_tabcnn,
)

FRETS = {"00": 3, "01": 4, "02": 5}
"""What the TabCNN that never heard a player hears of everything."""

REFINED = {"00": 7, "01": 8, "02": 9}
"""What the LSTM of that fold makes of it."""


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return constant_folds(tmp_path_factory.mktemp("folds"), FRETS, REFINED)


@pytest.fixture
def examples(tmp_path: Path) -> TabExamples:
    """Two comped and two solo samples of each player, padding after 30 of 40 frames; windows tell all."""
    make_arrays(tmp_path / "arrays", tuple(FRETS), n_samples=4, timesteps=40, n_frames=30)
    return load_examples(tmp_path / "arrays")


def counts_by_hand(classes: np.ndarray, fret: int) -> Counts:
    """Of truth [..., 6] against this fret on every string."""
    return Counts(
        n_matched=int((classes == 1 + fret).sum()), n_ref=int((classes > 0).sum()), n_est=classes.size
    )


def rendered_where(examples: TabExamples, chosen: np.ndarray) -> TabExamples:
    """The same examples, some of them rendered."""
    return replace(examples, rendered=np.asarray(chosen, dtype=np.bool_))


def test_each_player_is_judged_by_the_fold_that_held_them_out(folds: Path, examples: TabExamples) -> None:
    told: list[str] = []
    result = leave_one_player_out(examples, folds, progress=told.append)
    assert result.players == ("00", "01", "02")
    assert result.stages == (TABCNN, WITH_LSTM)
    assert told == [f"player {player}" for player in result.players]
    for player in result.players:
        classes = examples.classes[examples.players == player][:, :30]
        assert classes.any(axis=-1).all()  # no window is flat: the network always hears its fret
        by_tabcnn, refined = (result.pooled(stage, player) for stage in result.stages)
        assert by_tabcnn.tab == counts_by_hand(classes, FRETS[player])
        assert refined.tab == counts_by_hand(classes, REFINED[player])
        assert by_tabcnn.tab.n_matched > 0
        assert by_tabcnn.multipitch.n_est == by_tabcnn.tab.n_est


def test_cells_keep_accompaniment_and_solos_apart(folds: Path, examples: TabExamples) -> None:
    result = leave_one_player_out(examples, folds)
    assert len(result.cells) == 3 * 2 * 2
    solo = np.array([info.style == "solo" for info in examples.arrays.info.samples])
    for player in result.players:
        for style, chosen in (("comp", ~solo), ("solo", solo)):
            classes = examples.classes[(examples.players == player) & chosen][:, :30]
            assert result.pooled(TABCNN, player, style).tab == counts_by_hand(classes, FRETS[player])
        both = result.pooled(TABCNN, player, "comp") + result.pooled(TABCNN, player, "solo")
        assert result.pooled(TABCNN, player) == both


def test_frames_without_features_do_not_count(folds: Path, examples: TabExamples) -> None:
    valid = np.array(examples.arrays.valid)
    valid[:, ::2] = False
    fewer = replace(examples, arrays=replace(examples.arrays, valid=valid))
    result = leave_one_player_out(fewer, folds, with_lstm=False)
    assert result.settings["frames judged"] == 12 * 15
    classes = examples.classes[examples.players == "01"][:, 1:30:2]
    assert result.pooled(TABCNN, "01").tab == counts_by_hand(classes, FRETS["01"])


def hand_made(f1_parts: dict[tuple[str, str], tuple[int, int]]) -> ProtocolResult:
    """Cells of (player, style) with so many of so many frets right, in truth and in the guess."""
    cells = []
    for (player, style), (right, n) in f1_parts.items():
        counts = Counts(n_matched=right, n_ref=n, n_est=n)
        scores = FrameScores(tab=counts, multipitch=Counts(n_matched=n, n_ref=n, n_est=n))
        cells.append(Cell(player=player, stage=TABCNN, style=style, scores=scores))  # type: ignore[arg-type]
    return ProtocolResult(cells=tuple(cells))


def test_frames_are_pooled_by_player_before_the_mean_and_deviation_over_players() -> None:
    result = hand_made(
        {
            ("00", "comp"): (90, 100),
            ("00", "solo"): (0, 200),
            ("01", "comp"): (5, 10),
            ("01", "solo"): (5, 10),
        }
    )
    assert result.pooled(TABCNN, "00").tab.f1 == pytest.approx(0.3)
    tab = result.over_players(TABCNN)["tab_frame_f1"]
    assert (tab.mean, tab.std) == (pytest.approx(0.4), pytest.approx(0.1))  # of 0.3 and 0.5
    tab = result.over_players(TABCNN, "comp")["tab_frame_f1"]
    assert (tab.mean, tab.std) == (pytest.approx(0.7), pytest.approx(0.2))  # of 0.9 and 0.5
    tdr = result.over_players(TABCNN)["tdr"]
    assert (tdr.mean, tdr.std) == (pytest.approx(0.4), pytest.approx(0.1))
    assert result.over_players(TABCNN)["multipitch_f1"].mean == 1.0


def test_rendered_samples_are_not_judged(folds: Path, examples: TabExamples, tmp_path: Path) -> None:
    second_half = np.tile([False, False, True, True], 3)
    result = leave_one_player_out(rendered_where(examples, second_half), folds, with_lstm=False)
    assert result.settings["frames judged"] == 6 * 30
    for player in result.players:
        classes = examples.classes[(examples.players == player) & ~second_half][:, :30]
        assert result.pooled(TABCNN, player).tab == counts_by_hand(classes, FRETS[player])


def test_a_player_who_was_only_rendered_needs_no_fold(examples: TabExamples, tmp_path: Path) -> None:
    for player in ("00", "01"):
        exported(constant_tabcnn(3), tmp_path, f"tabcnn-{player}")
    result = leave_one_player_out(
        rendered_where(examples, examples.players == "02"), tmp_path, with_lstm=False
    )
    assert result.players == ("00", "01")


def test_without_real_playing_there_is_nothing_to_judge(folds: Path, examples: TabExamples) -> None:
    with pytest.raises(DatasetError, match="no real playing"):
        leave_one_player_out(rendered_where(examples, np.ones(12)), folds)


def test_a_missing_fold_is_an_error_and_the_lstms_only_where_they_are_asked_for(
    examples: TabExamples, tmp_path: Path
) -> None:
    for player in FRETS:
        exported(constant_tabcnn(3), tmp_path, f"tabcnn-{player}")
    exported(constant_lstm(3), tmp_path, "lstm_final-00")
    with pytest.raises(WeightsError, match=r"has no lstm_final-01\.onnx"):
        leave_one_player_out(examples, tmp_path)
    assert leave_one_player_out(examples, tmp_path, with_lstm=False).stages == (TABCNN,)
    (tmp_path / "tabcnn-02.onnx").unlink()
    with pytest.raises(WeightsError, match=r"has no tabcnn-02\.onnx"):
        leave_one_player_out(examples, tmp_path, with_lstm=False)


def cut(arrays: TabArrays, timesteps: int, order: list[int]) -> TabArrays:
    """Each sample cut into shorter ones, the pieces of every track in this order."""
    pieces = [(i, k * timesteps) for i in range(len(arrays.y)) for k in order]
    infos = tuple(
        replace(
            arrays.info.samples[i],
            start_frame=first,
            n_frames=min(timesteps, arrays.info.samples[i].n_frames - first),
        )
        for i, first in pieces
    )
    short = {
        name: np.stack([array[i, first : first + timesteps] for i, first in pieces])
        for name, array in arrays.named().items()
    }
    return TabArrays(info=replace(arrays.info, timesteps=timesteps, samples=infos), **short)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def attentive_folds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Networks of player 00's fold to whom the frames around a frame matter."""
    folder = tmp_path_factory.mktemp("attentive")
    exported(random_tabcnn(), folder, "tabcnn-00")
    exported(random_lstm(), folder, "lstm_final-00")
    return folder


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_a_tracks_samples_are_joined_in_time_before_the_lstm_and_cut_again(
    order: list[int], attentive_folds: Path, tmp_path: Path
) -> None:
    whole = make_arrays(tmp_path / "whole", ("00",), n_samples=4, timesteps=36, n_frames=32)
    write_arrays(tmp_path / "cut", cut(whole, 12, order), force=False)
    as_whole, as_cut = (load_examples(tmp_path / name) for name in ("whole", "cut"))
    assert as_cut.arrays.info.samples[0].start_frame == 12 * order[0]
    expected = leave_one_player_out(as_whole, attentive_folds)
    assert leave_one_player_out(as_cut, attentive_folds).cells == expected.cells
    assert right_apart(as_cut, attentive_folds) != expected.pooled(WITH_LSTM, "00").tab.n_matched


def test_two_recordings_of_one_track_are_refined_apart(attentive_folds: Path, tmp_path: Path) -> None:
    apart = make_arrays(tmp_path / "apart", ("00",), n_samples=4, timesteps=36, n_frames=32)
    infos = list(apart.info.samples)
    infos[1] = replace(infos[1], track=infos[0].track, source="guitarset-hex")
    together = replace(apart, info=replace(apart.info, samples=tuple(infos)))
    write_arrays(tmp_path / "together", together, force=False)
    expected, found = (
        leave_one_player_out(load_examples(tmp_path / name), attentive_folds).cells
        for name in ("apart", "together")
    )
    assert found == expected


def right_apart(examples: TabExamples, folds: Path) -> int:
    """How many frets are right when every sample is refined by itself."""
    tabcnn = TabCNN(fold_weights(folds, "tabcnn", ("00",)), n_threads=1)
    lstm = LSTMPredictor(fold_weights(folds, "lstm_final", ("00",)), n_threads=1)
    arrays, n_right = examples.arrays, 0
    for windows, valid, played in zip(arrays.x_win, arrays.valid, examples.classes, strict=True):  # type: ignore[arg-type]
        frets = tabcnn.predict(windows[valid], microphone=0.0)[..., 1:]
        found = probs_from_tab(lstm.predict(frets.reshape(1, -1, 126))[0]).argmax(axis=-1)
        n_right += int(((found == played[valid]) & (found > 0)).sum())
    return n_right


def test_the_report_tells_the_figures_the_folds_and_the_command(folds: Path, examples: TabExamples) -> None:
    result = leave_one_player_out(examples, folds)
    text = protocol_markdown(result, command="fretscribe evaluate --folds FOLDS")
    lines = text.splitlines()
    headings = [line for line in lines if line.startswith("## ")]
    assert headings == [
        f"## {which}, {stage}"
        for which in ("All tracks", "Accompaniment", "Solos")
        for stage in (TABCNN, WITH_LSTM)
    ]
    assert "fretscribe evaluate --folds FOLDS" in lines
    assert f"- frames judged: {12 * 30}" in lines
    for name in ("tabcnn-00", "lstm_final-02"):
        assert f"{name} `{sha256_of(folds / f'{name}.onnx')[:12]}`" in text
    solos = lines[lines.index("## Solos, TabCNN + LSTM") :]
    scores = result.pooled(WITH_LSTM, "01", "solo")
    row = next(line for line in solos if line.startswith("| 01 |"))
    assert row.startswith(f"| 01 | {scores.tab.f1:.3f} | {scores.tab.precision:.3f} |")
    assert row.endswith(f"| {scores.tdr:.3f} |")
    over = result.over_players(WITH_LSTM, "solo")["tab_frame_f1"]
    assert f"| **mean ± std** | {over.mean:.3f} ± {over.std:.3f} |" in "\n".join(solos)


def test_a_report_without_lstms_has_no_tables_of_them() -> None:
    text = protocol_markdown(hand_made({("00", "comp"): (1, 2), ("00", "solo"): (1, 2)}))
    assert text.count("\n## ") == 3
    assert WITH_LSTM not in text
    assert "```" not in text
    assert "| 00 | 0.500 |" in text

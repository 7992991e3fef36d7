"""Predictions that err as measured: what is drawn from a model measures as that model."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.datasets.arrays import (
    ArraysInfo,
    TabArrays,
    cut_samples,
    encode_frets,
    frets_on_grid,
    sample_infos,
)
from fretscribe.datasets.idioms import generate_tab
from fretscribe.datasets.noise import (
    EXTRA_KINDS,
    N_QUANTILES,
    OUTCOMES,
    QUANTILE_FIELDS,
    ConfusionModel,
    Outcome,
    apply_noise,
)
from fretscribe.datasets.noise_file import (
    built_in_confusions,
    confusions_text,
    parse_confusions,
    read_confusions,
    write_confusions,
)
from fretscribe.datasets.noise_measure import measure_confusions, stretches
from fretscribe.errors import DatasetError, OutputError
from fretscribe.frames import FrameGrid, probs_from_tab
from fretscribe.music import STANDARD_TUNING
from noise_models import model, spread


def only(outcome: Outcome) -> dict[str, object]:
    return {
        "outcomes": {kind: float(kind == outcome) for kind in OUTCOMES},
        "extras_per_s": dict.fromkeys(EXTRA_KINDS, 0.0),
    }


def played(duration_s: float = 60.0, step: tuple[int, int] = (10, 1), seed: int = 1) -> np.ndarray:
    """Frets [n_frames, 6] of generated music on a grid of ``step`` (rate, hop)."""
    tab = generate_tab(seed, duration_s=duration_s, tuning=STANDARD_TUNING)
    grid = FrameGrid(sample_rate=step[0], hop_length=step[1], n_frames=int(duration_s * step[0] / step[1]))
    placed = [n for n in tab.notes if n.position.fret <= 20]
    notes = [Placed(n.note.onset_s, n.note.offset_s, n.position.string, n.position.fret) for n in placed]
    return frets_on_grid(notes, grid)[0]


@dataclasses.dataclass(frozen=True)
class Placed:
    onset_s: float
    offset_s: float
    string: int
    fret: int


def measured(frets: np.ndarray, predicted: np.ndarray, step_s: float = 0.1) -> ConfusionModel:
    return measure_confusions([(probs_from_tab(predicted), frets)], time_step_s=step_s)


def test_predictions_are_soft_reproducible_and_never_the_truth() -> None:
    frets = played(20.0)
    predicted = apply_noise(frets, np.random.default_rng(5), model())
    again = apply_noise(frets, np.random.default_rng(5), model())
    np.testing.assert_array_equal(predicted, again)
    assert (predicted != apply_noise(frets, np.random.default_rng(6), model())).any()
    assert predicted.dtype == np.float32
    assert predicted.shape == (len(frets), 126)
    assert predicted.min() > 0.0
    assert predicted.reshape(-1, 6, 21).sum(axis=-1).max() < 1.0
    assert not (predicted == encode_frets(frets)).all(axis=-1).any()


def test_silence_is_predicted_as_nearly_silent_but_not_as_zeros() -> None:
    silent = np.full((50, 6), -1, dtype=np.int8)
    quiet = model(extras_per_s=dict.fromkeys(EXTRA_KINDS, 0.0))
    predicted = apply_noise(silent, np.random.default_rng(0), quiet)
    assert predicted.min() > 0.0
    assert predicted.reshape(-1, 6, 21).sum(axis=-1).max() <= 0.11
    assert apply_noise(silent[:0], np.random.default_rng(0), model()).shape == (0, 126)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_kind_of_error_is_drawn_and_recognised(outcome: Outcome) -> None:
    """One note at a time, in the middle of the neck, where every shift has a place."""
    frets = np.full((4000, 6), -1, dtype=np.int8)
    rng = np.random.default_rng(3)
    for start in range(0, 4000, 20):
        frets[start : start + 12, rng.integers(1, 4)] = rng.integers(6, 9)
    predicted = apply_noise(frets, rng, model(**only(outcome), flicker=0.1))
    found = measured(frets, predicted)
    assert found.n_notes == 200
    assert found.outcomes[outcome] > 0.95
    for shift, share in model().shifts.get(outcome, {}).items():
        assert found.shifts[outcome].get(shift, 0.0) == pytest.approx(share, abs=0.12)


def test_what_is_drawn_measures_as_the_model() -> None:
    frets = np.concatenate([played(60.0, seed=seed) for seed in range(6)])
    wanted = model()
    found = measured(frets, apply_noise(frets, np.random.default_rng(0), wanted))
    for kind in OUTCOMES:
        assert found.outcomes[kind] == pytest.approx(wanted.outcomes[kind], abs=0.06), kind
    assert sum(found.extras_per_s.values()) == pytest.approx(0.25, rel=0.5)
    assert found.flicker == pytest.approx(wanted.flicker, rel=0.25)
    assert found.flicker_correlation == pytest.approx(wanted.flicker_correlation, abs=0.25)
    assert np.median(found.peak_kept) == pytest.approx(np.median(wanted.peak_kept), abs=0.06)
    assert np.median(found.peak_lost) == pytest.approx(np.median(wanted.peak_lost), abs=0.06)
    assert found.background[N_QUANTILES // 2] == pytest.approx(0.05, abs=0.03)


def test_edges_and_flicker_keep_their_seconds_on_a_finer_grid() -> None:
    late = model(**only("kept"), flicker=0.0, onset_error_s=spread(0.2, 0.2), offset_error_s=spread(0.3, 0.3))
    frets = np.full((3000, 6), -1, dtype=np.int8)
    for start in range(0, 3000, 150):
        frets[start : start + 60, 2] = 5
    for step_s in (0.1, 0.02):
        predicted = apply_noise(frets, np.random.default_rng(1), late, time_step_s=step_s)
        sounding = predicted.reshape(-1, 6, 21)[:, 2, 5] > 0.5
        onsets = np.flatnonzero(np.diff(sounding.astype(int)) == 1) + 1
        late_by = [(onset % 150) * step_s for onset in onsets if onset % 150 < 40]
        assert np.mean(late_by) == pytest.approx(0.2, abs=0.06)


@given(seed=st.integers(0, 2**32 - 1))
def test_a_model_is_read_as_it_was_written(seed: int) -> None:
    rng = np.random.default_rng(seed)
    quantiles = {name: tuple(np.sort(rng.random(N_QUANTILES)).tolist()) for name in QUANTILE_FIELDS}
    shares = rng.dirichlet(np.ones(len(OUTCOMES))).tolist()
    made = model(
        **quantiles,
        outcomes=dict(zip(OUTCOMES, shares, strict=True)),
        n_notes=int(rng.integers(1, 10**6)),
        provenance={"seed": seed, "text": "é"},
    )
    assert parse_confusions(confusions_text(made).encode(), "x") == made


def test_broken_files_are_named_with_their_key(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    write_confusions(model(), path, force=False)
    with pytest.raises(OutputError, match="exists"):
        write_confusions(model(), path, force=False)
    whole = json.loads(path.read_text())
    for change, message in (
        ({"schema": "other/1"}, r"c\.json: schema: must be"),
        ({"extra": 1}, "unknown key 'extra'"),
        ({"peak_kept": [0.5]}, "peak_kept needs 21 quantiles"),
        ({"outcomes": {**whole["outcomes"], "kept": 0.9}}, "outcomes must be shares"),
        ({"shifts": {**whole["shifts"], "octave": {"up": 1.0}}}, "'up' is no integer"),
    ):
        path.write_text(json.dumps(whole | change))
        with pytest.raises(DatasetError, match=message):
            read_confusions(path)


def test_stretches_join_the_samples_of_a_track_and_stop_at_gaps() -> None:
    frets = np.full((23, 6), -1, dtype=np.int8)
    frets[:, 3] = np.arange(23) % 21
    has_data = np.ones(23, dtype=np.bool_)
    has_data[12:14] = False
    y, valid = cut_samples(encode_frets(frets), 10, has_data=has_data)
    samples = sample_infos(track="t", player="p", source="s", style="", n_frames=23, timesteps=10)
    info = ArraysInfo(sample_rate=10, hop_length=1, start_s=0.1, timesteps=10, samples=samples * 2)
    twice = {"y": np.tile(y, (2, 1, 1)), "valid": np.tile(valid, (2, 1))}
    arrays = TabArrays(info=info, **twice, x_lstm=np.float32(0.5) * twice["y"])
    found = list(stretches(arrays))
    assert [len(part) for _, part in found] == [12, 9, 12, 9]
    np.testing.assert_array_equal(found[1][1], frets[14:])
    assert found[0][0].shape == (12, 6, 22)
    assert list(stretches(arrays, leave_out={"t"})) == []
    with pytest.raises(DatasetError, match="no predictions"):
        list(stretches(dataclasses.replace(arrays, x_lstm=None)))


def test_nothing_to_measure_is_an_error() -> None:
    with pytest.raises(DatasetError, match="no notes"):
        measure_confusions([], time_step_s=0.1)


def test_the_model_that_ships_was_measured_on_unheard_players_and_errs_as_they_were_heard() -> None:
    shipped = built_in_confusions()
    assert shipped.provenance["predictions"] == {"made_by": "folds"}
    assert shipped.n_notes > 10_000
    assert 0.5 < shipped.outcomes["kept"] < 0.9
    assert shipped.outcomes["other_string"] > shipped.outcomes["near_fret"]
    frets = np.concatenate([played(60.0, seed=seed) for seed in range(4)])
    found = measured(frets, apply_noise(frets, np.random.default_rng(0), shipped))
    for kind in OUTCOMES:
        assert found.outcomes[kind] == pytest.approx(shipped.outcomes[kind], abs=0.08), kind

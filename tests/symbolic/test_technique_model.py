"""Models survive their file, refuse what is none, and learn what tells notes apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.errors import WeightsError
from fretscribe.symbolic.technique_fit import NEVER, choose_threshold, fit_model
from fretscribe.symbolic.technique_model import (
    Table,
    TechniqueModel,
    built_in_models,
    models_text,
    parse_models,
)
from fretscribe.symbolic.techniques import SPECS
from fretscribe.training.techniques import TARGET_PRECISION

NUMBERS = st.floats(-1e3, 1e3).map(lambda x: round(x, 4))


@st.composite
def models(draw: st.DrawFn) -> TechniqueModel:
    n_figures = draw(st.integers(1, 3))

    def table() -> Table:
        n = draw(st.integers(1, 3))
        return Table(
            figures=tuple(draw(st.integers(0, n_figures - 1)) for _ in range(n)),
            above=tuple(draw(NUMBERS) for _ in range(n)),
            adds=tuple(draw(NUMBERS) for _ in range(1 << n)),
        )

    return TechniqueModel(
        names=tuple(f"figure {k}" for k in range(n_figures)),
        tables=tuple(table() for _ in range(draw(st.integers(0, 3)))),
        constant=draw(NUMBERS),
        threshold=draw(NUMBERS),
        precision=draw(NUMBERS),
        recall=draw(NUMBERS),
    )


@given(models(), models())
def test_models_survive_their_file(bend: TechniqueModel, slide: TechniqueModel) -> None:
    both = {"bend": bend, "slide": slide}
    assert parse_models(models_text(both, {"studies": 3}), "it") == both  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[" * 100_000,
        "[1]",
        '{"schema": "fretscribe-techniques/1", "techniques": {"bend": {"names": ["a"], "constant": 1'
        + "0" * 400
        + ', "threshold": 1, "precision": 1, "recall": 1, "tables": []}}}',
        "{}",
        '{"schema": "another/1", "techniques": {}}',
        '{"schema": "fretscribe-techniques/1", "techniques": {"bend": {}}}',
        '{"schema": "fretscribe-techniques/1", "techniques": {"bend": {"names": ["a"], "constant": 0,'
        ' "threshold": 1, "precision": 1, "recall": 1, "tables": [[[1], [0.5], [0, 1]]]}}}',
    ],
)
def test_what_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(WeightsError, match=r"^models\.json "):
        parse_models(text, "models.json")


def test_a_table_answers_no_to_what_could_not_be_measured() -> None:
    table = Table(figures=(0, 1), above=(1.0, 5.0), adds=(0.0, 1.0, 2.0, 3.0))
    figures = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 6.0], [2.0, 6.0], [np.nan, 6.0]])
    assert table.values(figures).tolist() == [0.0, 1.0, 2.0, 3.0, 2.0]


def test_the_built_in_models_ask_for_figures_that_their_techniques_have() -> None:
    built_in = built_in_models()
    assert built_in.keys() == SPECS.keys()
    for name, model in built_in.items():
        assert model.names == SPECS[name].features
        assert model.precision >= TARGET_PRECISION[name]


def test_a_fit_learns_what_no_single_figure_tells() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, (600, 3))
    played = values[:, 0] * values[:, 1] > 0  # neither alone says anything
    features = [{"a": a, "b": b, "c": c} for a, b, c in values.tolist()]
    groups = [k % 12 for k in range(600)]
    model = fit_model(
        features, played, groups, ("a", "b", "c"), judged=np.ones(600, dtype=bool),
        n_played=int(played.sum()), target_precision=0.9,
    )  # fmt: skip
    assert model.recall > 0.8
    marked = model.probabilities(features) >= model.threshold
    assert played[marked].mean() > 0.9


def test_chance_is_never_marked() -> None:
    rng = np.random.default_rng(1)
    features = [{"a": a} for a in rng.normal(0, 1, 300).tolist()]
    played = rng.random(300) < 0.2
    model = fit_model(
        features, played, list(range(300)), ("a",), judged=np.ones(300, dtype=bool),
        n_played=int(played.sum()), target_precision=0.97,
    )  # fmt: skip
    assert model.recall < 0.1


def test_the_lowest_threshold_that_is_right_often_enough_is_chosen() -> None:
    p, played = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([True, True, False, True, False])
    assert choose_threshold(p, played, 4, 0.75) == (0.6, 0.75, 0.75)
    assert choose_threshold(p, ~played, 4, 0.75) == (NEVER, 0.0, 0.0)

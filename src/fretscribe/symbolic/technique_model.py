"""Models of single techniques: a sum of small tables, each asking a few questions, gives the log odds.

Boosted oblivious trees (Friedman, "Greedy function approximation", 2001; Kohavi, "Bottom-up induction of
oblivious read-once decision graphs", 1994): what tells a finger from a pick is no sum of single figures. A
figure that could not be measured answers no to every question. Neighbours: ``technique_features`` has the
figures, ``technique_fit`` makes models, ``techniques`` uses them.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import get_args

import numpy as np

from fretscribe.dsp.note_frames import Floats
from fretscribe.errors import WeightsError
from fretscribe.music import Technique

FILE_NAME = "techniques.json"
SCHEMA = "fretscribe-techniques/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A few questions and what their answers add to the log odds.

    Attributes
    ----------
    figures : tuple of int
        Which figures of the model are asked for.
    above : tuple of float
        Whether each is above this.
    adds : tuple of float
        For each combination of answers; the first question is the lowest bit.
    """

    figures: tuple[int, ...]
    above: tuple[float, ...]
    adds: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.figures) != len(self.above) or len(self.adds) != 1 << len(self.figures):
            raise ValueError(
                "a table has one threshold a figure, and a value for each combination of answers"
            )

    def values(self, figures: Floats) -> Floats:
        """What it adds for each row of figures [n, n_figures]."""
        with np.errstate(invalid="ignore"):
            answers = figures[:, self.figures] > np.array(self.above)
        return np.asarray(np.array(self.adds)[answers @ (1 << np.arange(len(self.above)))])


@dataclass(frozen=True, slots=True, kw_only=True)
class TechniqueModel:
    """P(a technique) of a note.

    Attributes
    ----------
    names : tuple of str
        Of the figures.
    tables : tuple of Table
    constant : float
        Log odds before any question.
    threshold : float
        Probability from which the mark is written; above 1 where no threshold was right often enough.
    precision, recall : float
        At the threshold, on studies that the model was not fitted to.
    """

    names: tuple[str, ...]
    tables: tuple[Table, ...]
    constant: float
    threshold: float
    precision: float
    recall: float

    def probabilities(self, features: Sequence[Mapping[str, float]]) -> Floats:
        """P(technique) of each note, float64 [n]."""
        figures = np.array([[one[name] for name in self.names] for one in features], dtype=np.float64)
        return probability(log_odds(self.tables, self.constant, figures.reshape(-1, len(self.names))))


TechniqueModels = Mapping[Technique, TechniqueModel]


def log_odds(tables: Sequence[Table], constant: float, figures: Floats) -> Floats:
    """Sum of the tables for each row of figures."""
    odds = np.full(len(figures), constant)
    for table in tables:
        odds += table.values(figures)
    return odds


def probability(odds: Floats) -> Floats:
    """Of log odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -40.0, 40.0))))


def models_text(models: TechniqueModels, provenance: Mapping[str, object]) -> str:
    """Models as JSON, a line a table."""
    blocks = []
    for name, model in models.items():
        head = {
            "names": list(model.names),
            "constant": model.constant,
            "threshold": model.threshold,
            "precision": model.precision,
            "recall": model.recall,
        }
        rows = ",\n".join(json.dumps([table.figures, table.above, table.adds]) for table in model.tables)
        blocks.append(f'"{name}": {json.dumps(head)[:-1]}, "tables": [\n{rows}]}}')
    opening = f'{{"schema": "{SCHEMA}",\n"provenance": {json.dumps(dict(provenance))},\n"techniques": {{\n'
    return opening + ",\n".join(blocks) + "}}\n"


def parse_models(text: str, source: str) -> TechniqueModels:
    """Read models as `models_text` writes them.

    Raises
    ------
    WeightsError
        If the text is no such file.
    """
    try:
        document = json.loads(text)
        schema, fields = document["schema"], document["techniques"]
        models = {name: _model(fields[name]) for name in get_args(Technique) if name in fields}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise WeightsError(f"{source} holds no models of techniques: {error!r}") from error
    if schema != SCHEMA:
        raise WeightsError(f"{source} is written as {schema!r}, not as {SCHEMA!r}")
    return models


@functools.cache
def built_in_models() -> TechniqueModels:
    """The models that come with the package."""
    file = resources.files("fretscribe.symbolic") / FILE_NAME
    return parse_models(file.read_text(encoding="utf-8"), FILE_NAME)


def _model(fields: Mapping[str, object]) -> TechniqueModel:
    names, tables = _listed(fields["names"]), _listed(fields["tables"])
    numbers = {name: _number(fields[name]) for name in ("constant", "threshold", "precision", "recall")}
    return TechniqueModel(
        names=tuple(str(name) for name in names),
        tables=tuple(_table(_listed(row), len(names)) for row in tables),
        **numbers,
    )


def _table(row: Sequence[object], n_figures: int) -> Table:
    figures, above, adds = (_listed(part) for part in row)
    asked = tuple(int(_number(figure)) for figure in figures)
    if not all(0 <= figure < n_figures for figure in asked):
        raise ValueError("a table asks for a figure that the model has not")
    return Table(
        figures=asked,
        above=tuple(_number(value) for value in above),
        adds=tuple(_number(value) for value in adds),
    )


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return float(value)

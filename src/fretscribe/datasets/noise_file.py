"""Confusion models as JSON: written, read again, and the one that ships with the package.

Neighbours: ``noise`` has the model, ``noise_measure`` makes one.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from fretscribe.datasets.noise import EXTRA_KINDS, OUTCOMES, QUANTILE_FIELDS, SHIFTED, ConfusionModel
from fretscribe.errors import DatasetError, TabFormatError
from fretscribe.io.atomic import write_text
from fretscribe.io.files import read_limited
from fretscribe.io.json_fields import Field, load_json

SCHEMA = "fretscribe-confusions/1"
BUILT_IN = "confusions.json"
_MAX_BYTES = 1 << 20
_NUMBERS = ("time_step_s", "flicker", "flicker_correlation")
_KEYS = (
    "schema",
    "n_notes",
    *_NUMBERS,
    "outcomes",
    "shifts",
    "extras_per_s",
    *QUANTILE_FIELDS,
    "provenance",
)


def confusions_text(model: ConfusionModel) -> str:
    """A model as JSON text."""
    document: dict[str, object] = {"schema": SCHEMA, "n_notes": model.n_notes}
    document |= {name: getattr(model, name) for name in _NUMBERS}
    document["outcomes"] = dict(model.outcomes)
    document["shifts"] = {
        kind: {str(shift): share for shift, share in shifts.items()} for kind, shifts in model.shifts.items()
    }
    document["extras_per_s"] = dict(model.extras_per_s)
    document |= {name: list(getattr(model, name)) for name in QUANTILE_FIELDS}
    document["provenance"] = dict(model.provenance)
    lines = [f"  {json.dumps(key)}: {json.dumps(document[key], allow_nan=False)}" for key in _KEYS]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def parse_confusions(data: bytes, name: str) -> ConfusionModel:
    """Inverse of `confusions_text`.

    Raises
    ------
    DatasetError
        If it is no such file; names file and key.
    """
    try:
        return _model(load_json(data, name, max_bytes=_MAX_BYTES))
    except TabFormatError as error:
        raise DatasetError(error.message, mend="make it with: fretscribe data confusions") from error


def _model(root: Field) -> ConfusionModel:
    fields = root.fields(_KEYS)
    if fields["schema"].text() != SCHEMA:
        raise fields["schema"].wrong(f'"{SCHEMA}"')
    values: dict[str, object] = {name: fields[name].number() for name in _NUMBERS}
    values |= {name: tuple(item.number() for item in fields[name].items()) for name in QUANTILE_FIELDS}
    outcomes = fields["outcomes"].fields(OUTCOMES)
    extras = fields["extras_per_s"].fields(EXTRA_KINDS)
    return root.build(
        ConfusionModel,
        n_notes=fields["n_notes"].integer(low=1),
        outcomes={kind: field.number() for kind, field in outcomes.items()},
        extras_per_s={kind: field.number() for kind, field in extras.items()},
        shifts={kind: _shifts(field) for kind, field in fields["shifts"].fields(SHIFTED).items()},
        provenance=fields["provenance"].json_object(),
        **values,
    )


def _shifts(field: Field) -> dict[int, float]:
    found: dict[int, float] = {}
    for key in field.json_object():
        try:
            found[int(key)] = field.get(key).number()
        except ValueError as error:
            raise field.error(f"the key {key!r} is no integer") from error
    return found


def write_confusions(model: ConfusionModel, path: Path, *, force: bool) -> None:
    """Write a model; `OutputError` if the file exists (without ``force``) or cannot be written."""
    write_text(path, confusions_text(model), force=force)


def read_confusions(path: Path) -> ConfusionModel:
    """Read a model; `DatasetError` if it is none."""
    try:
        data = read_limited(path, _MAX_BYTES)
    except TabFormatError as error:
        raise DatasetError(error.message, mend="make it with: fretscribe data confusions") from error
    return parse_confusions(data, str(path))


def built_in_confusions() -> ConfusionModel:
    """The model that ships: measured on predictions for players that the network had not heard."""
    file = resources.files("fretscribe.datasets").joinpath(BUILT_IN)
    if not file.is_file():
        raise DatasetError("this installation has no measured confusions", mend="give --confusions FILE")
    return parse_confusions(file.read_bytes(), BUILT_IN)

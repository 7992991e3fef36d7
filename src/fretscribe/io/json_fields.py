"""A JSON document whose every complaint says where: ``notes[12].fret: must be an integer, not 'x'``.

Knows JSON types, not tabs. Neighbours: ``tab_json_reader`` and ``jams`` read their formats through it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Never, TypeVar

from fretscribe.errors import TabFormatError

T = TypeVar("T")
_FRACTION = re.compile(r"-?\d{1,40}(/\d{1,40})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    """A value of a JSON document together with its place."""

    value: object
    place: str
    file: str

    @property
    def is_null(self) -> bool:
        return self.value is None

    def wrong(self, wanted: str) -> TabFormatError:
        """The error that says what this field must be."""
        shown = json.dumps(self.value)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        return self.error(f"must be {wanted}, not {shown}")

    def error(self, message: str) -> TabFormatError:
        """An error at this place."""
        return TabFormatError(
            f"{self.file}: {self.place}: {message}" if self.place else f"{self.file}: {message}"
        )

    def get(self, key: str) -> Field:
        """A member of an object, which must be there."""
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        if key not in self.value:
            raise self.error(f"lacks the key {key!r}")
        return Field(self.value[key], f"{self.place}.{key}" if self.place else key, self.file)

    def get_or_null(self, key: str) -> Field:
        """A member of an object, null where absent."""
        if isinstance(self.value, dict) and key not in self.value:
            return Field(None, f"{self.place}.{key}" if self.place else key, self.file)
        return self.get(key)

    def fields(self, keys: Iterable[str], *, optional: Iterable[str] = ()) -> dict[str, Field]:
        """All members of an object that must have exactly these keys; optional ones are null where absent."""
        found = {key: self.get(key) for key in keys} | {key: self.get_or_null(key) for key in optional}
        if isinstance(self.value, dict):
            for key in self.value:
                if key not in found:
                    raise self.error(f"has the unknown key {key!r}")
        return found

    def json_object(self) -> dict[str, object]:
        """An object of any JSON values, all numbers finite."""
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        try:
            json.dumps(self.value, allow_nan=False)
        except ValueError as e:
            raise self.error("must hold finite numbers only") from e
        return self.value

    def items(self, *, max_items: int | None = None) -> list[Field]:
        """The elements of a list."""
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        if max_items is not None and len(self.value) > max_items:
            raise self.error(f"has {len(self.value)} entries, the limit is {max_items}")
        return [Field(v, f"{self.place}[{i}]", self.file) for i, v in enumerate(self.value)]

    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            raise self.wrong("a string")
        return self.value

    def integer(self, *, low: int | None = None) -> int:
        """An integer, ``low`` or more."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.wrong("an integer")
        if low is not None and self.value < low:
            raise self.wrong(f"an integer of {low} or more")
        return self.value

    def number(self) -> float:
        """A finite number."""
        if not isinstance(self.value, (int, float)) or isinstance(self.value, bool):
            raise self.wrong("a number")
        if isinstance(self.value, int) and abs(self.value) > 2**53:
            raise self.wrong("a number below 2^53")
        if not math.isfinite(self.value):
            raise self.error("must be a finite number")
        return float(self.value)

    def optional_number(self) -> float | None:
        """A finite number or null."""
        return None if self.is_null else self.number()

    def probability(self) -> float:
        """A number from 0 to 1."""
        value = self.number()
        if not 0.0 <= value <= 1.0:
            raise self.wrong("from 0 to 1")
        return value

    def optional_probability(self) -> float | None:
        """A number from 0 to 1, or null."""
        return None if self.is_null else self.probability()

    def fraction(self) -> Fraction:
        """A fraction written as a string: ``"3/2"`` or ``"4"``."""
        text = self.text()
        if _FRACTION.fullmatch(text) is None or int(text.partition("/")[2] or 1) == 0:
            raise self.wrong('a fraction such as "3/2"')
        return Fraction(text)

    def build(self, make: Callable[..., T], **values: object) -> T:
        """Make a value of ``values``; its own `ValueError` becomes an error at this place."""
        try:
            return make(**values)
        except ValueError as e:
            raise self.error(str(e)) from e


def load_json(data: bytes, name: str, *, max_bytes: int) -> Field:
    """The root of a JSON document in UTF-8.

    Raises
    ------
    TabFormatError
        If it is too large, no UTF-8, no JSON, too deep, holds NaN or infinities, or repeats a key.
    """
    if len(data) > max_bytes:
        raise TabFormatError(f"{name}: is {len(data)} bytes long, the limit is {max_bytes}")
    try:
        value = json.loads(
            data.decode("utf-8-sig"), parse_constant=_refuse_constant, object_pairs_hook=_unique_keys
        )
    except RecursionError as e:
        raise TabFormatError(f"{name}: is nested too deeply") from e
    except json.JSONDecodeError as e:
        raise TabFormatError(f"{name}: line {e.lineno}, column {e.colno}: {e.msg}") from e
    except UnicodeDecodeError as e:
        raise TabFormatError(f"{name}: is not UTF-8 text (byte {e.start})") from e
    except ValueError as e:
        raise TabFormatError(f"{name}: {e}") from e
    return Field(value, "", name)


def _refuse_constant(constant: str) -> Never:
    raise ValueError(f"{constant} is not a number that a tab can hold")


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {key!r} appears twice in one object")
            seen.add(key)
    return members

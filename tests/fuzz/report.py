"""The table of ``docs/reports/fuzz.md``: how many wrong files each reader got, and how many it could read.

A run replaces the rows of the readers that it ran and leaves the others, and the text around the table.
Neighbour: ``__main__`` runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_BEGIN, _END = "<!-- runs -->", "<!-- /runs -->"
_ROW = re.compile(r"\| `([^`]+)` \| ([\d,]+) \| ([\d,]+) \| (\d+) \| (\d+) \|")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of a reader's inputs: how many there were, were read, and had no proper answer."""

    reader: str
    n_inputs: int
    n_read: int
    n_found: int
    seed: int


def update(path: Path, rows: Iterable[Row]) -> None:
    """Put rows into the report, which has a place for them between two comments."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    old, _, after = rest.partition(_END)
    kept = {row.reader: row for row in _rows(old)} | {row.reader: row for row in rows}
    table = "\n".join(_lines([kept[name] for name in sorted(kept)]))
    path.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{after}", encoding="utf-8")


def _rows(table: str) -> list[Row]:
    return [
        Row(
            reader=name,
            **{key: int(value.replace(",", "")) for key, value in zip(_NUMBERS, values, strict=True)},
        )
        for name, *values in _ROW.findall(table)
    ]


_NUMBERS = ("n_inputs", "n_read", "n_found", "seed")


def _lines(rows: list[Row]) -> list[str]:
    lines = ["| reader | inputs | of them read | open findings | seed |", "|---|---:|---:|---:|---:|"]
    lines += [f"| `{r.reader}` | {r.n_inputs:,} | {r.n_read:,} | {r.n_found} | {r.seed} |" for r in rows]
    total = [sum(getattr(row, key) for row in rows) for key in _NUMBERS[:3]]
    return [*lines, f"| all {len(rows)} | {total[0]:,} | {total[1]:,} | {total[2]} | |"]

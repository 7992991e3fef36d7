"""What ``fretscribe batch`` leaves behind: ``report.json`` for programs, and a table for people."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from fretscribe import __version__
from fretscribe.convert import counted
from fretscribe.errors import OutputError

if TYPE_CHECKING:
    from fretscribe.pipeline.library.items import Item
    from fretscribe.pipeline.library.run import Outcome

SCHEMA = "fretscribe-batch/1"
REPORT_PLACE = "report"
"""No recording may have its results there."""

_FILE_NAME = f"{REPORT_PLACE}.json"
_NOT_REACHED = "not reached"


def check_report(out: Path, *, force: bool) -> None:
    """Raise `OutputError` if the place of the report is taken by something else."""
    path = out / _FILE_NAME
    if path.is_dir():
        raise OutputError(f"{path} is a folder", mend="choose another folder with -o DIR")
    if not path.exists() or force:
        return
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise OutputError(
            f"{path} is not the report of a batch", mend="--force overwrites it, -o DIR writes elsewhere"
        )


def write_report(out: Path, items: Sequence[Item], outcomes: Mapping[Path, Outcome]) -> None:
    """Write ``report.json``: every recording in its order, with what became of it."""
    from fretscribe.io.atomic import write_text

    document = {
        "schema": SCHEMA,
        "program": f"fretscribe {__version__}",
        "totals": _totals(items, outcomes),
        "recordings": [_entry(out, item, outcomes.get(item.source)) for item in items],
    }
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    write_text(out / _FILE_NAME, text, force=True)


def _totals(items: Sequence[Item], outcomes: Mapping[Path, Outcome]) -> dict[str, int]:
    totals = {"recordings": len(items), "written": 0, "kept": 0, "failed": 0, _NOT_REACHED: 0}
    for item in items:
        outcome = outcomes.get(item.source)
        totals[_NOT_REACHED if outcome is None else outcome.status] += 1
    return totals


def _entry(out: Path, item: Item, outcome: Outcome | None) -> dict[str, object]:
    if outcome is None:
        return {"source": str(item.source), "status": _NOT_REACHED}
    summary = outcome.summary
    return {
        "source": str(item.source),
        "status": outcome.status,
        **({"error": outcome.error} if outcome.error else {}),
        "files": [path.relative_to(out).as_posix() for path in outcome.files],
        **({} if summary is None else asdict(summary)),
    }


def table_lines(items: Sequence[Item], outcomes: Mapping[Path, Outcome]) -> list[str]:
    """A row a recording, and one for all."""
    rows = [("", "notes", "accepted", "tuning", "recording"), *map(tuple, _rows(items, outcomes))]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join([*(f"{text:<{w}}" for text, w in zip(row, widths, strict=False)), row[4]]) for row in rows
    ]
    totals = _totals(items, outcomes)
    counts = ", ".join(f"{totals[name]} {name}" for name in ("written", "kept", "failed") if totals[name])
    return [*lines, f"{counted(len(items), 'recording')}: {counts}"]


def _rows(items: Sequence[Item], outcomes: Mapping[Path, Outcome]) -> Iterator[list[str]]:
    for item in items:
        outcome = outcomes[item.source]
        summary = outcome.summary
        if summary is None:
            yield [outcome.status, "", "", "", _shown(item.source)]
            continue
        share = summary.share_accepted
        accepted = "" if share is None else f"{100 * share:.0f} %"
        yield [outcome.status, str(summary.n_notes), accepted, summary.tuning, _shown(item.source)]


def _shown(path: Path) -> str:
    """A path as text that can be printed, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", errors="replace")

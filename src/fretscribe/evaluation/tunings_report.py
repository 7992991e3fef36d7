"""The report on heard tunings: figures of every tuning, what was taken for what, how far the offsets are off.

Neighbours: ``tunings`` measures.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np

from fretscribe.evaluation.tunings import TuningRow
from fretscribe.music import Tuning
from fretscribe.pipeline.tuning_choice import RULED_OUT
from fretscribe.tunings import tuning_name

TARGET_RIGHT, TARGET_SURE, TARGET_SURE_RIGHT = 0.85, 0.60, 0.95
TARGET_CENTS, TARGET_CENTS_SHARE = 5.0, 0.95
_NOTHING = "no note heard"


def tunings_markdown(
    rows: Sequence[TuningRow], recordings: Sequence[TuningRow], *, weights: str, command: str
) -> str:
    """The report as Markdown.

    Parameters
    ----------
    rows : sequence of TuningRow
        Of rendered pieces.
    recordings : sequence of TuningRow
        Of real recordings in standard tuning.
    weights : str
        Name and checksum of the networks.
    command : str
        What makes the report again.
    """
    lines = ["# Tunings", "", *_introduction(), "", "```", command, "```", "", f"- weights: {weights}", ""]
    lines += ["## Criterion", "", *_criterion(rows, recordings), "", "## Every tuning", "", *_tunings(rows)]
    lines += ["", "## How sure", "", *_sure(rows), "", "## What plays", "", *_sources(rows)]
    lines += [
        "",
        "## Wrong guesses",
        "",
        *_wrong(rows),
        "",
        "## Real recordings",
        "",
        *_recordings(recordings),
    ]
    return "\n".join(lines) + "\n"


def confusions(rows: Sequence[TuningRow]) -> dict[str, Counter[str]]:
    """What each tuning was taken for, by name; wrong guesses alone."""
    taken: dict[str, Counter[str]] = {row.name: Counter() for row in rows}
    for row in rows:
        if not row.right:
            taken[row.name][_guessed(row)] += 1
    return taken


def offset_errors(rows: Sequence[TuningRow]) -> list[float]:
    """Cents between the concert offsets as heard and as played; infinite where nothing was heard."""
    return [
        float("inf") if row.heard_cents is None else abs(row.heard_cents - row.cents)
        for row in rows
        if row.cents is not None
    ]


def _introduction() -> list[str]:
    return [
        "Pieces written for each tuning, on guitars whose strings are drawn anew and whose bodies,",
        "amplifiers and rooms no network heard, up to 40 cents off, transcribed without being told.",
        "Right: the tuning and the capo exactly as played, by the best guess. Sure: the answer calls itself",
        "sure; where it does not, the user gets standard tuning, or the best guess where standard has less",
        f"than {RULED_OUT:.0%}, and is told the best guess and the next one.",
    ]


def _criterion(rows: Sequence[TuningRow], recordings: Sequence[TuningRow]) -> list[str]:
    sure = [row for row in rows if row.sure]
    errors = offset_errors(rows)
    near = float(np.mean([error <= TARGET_CENTS for error in errors]))
    standard = sum(not row.answered.capo and tuning_name(row.answered) == "standard" for row in recordings)
    return [
        _verdict("right", _share_right(rows), TARGET_RIGHT),
        _verdict("sure", len(sure) / len(rows), TARGET_SURE),
        _verdict("right where sure", _share_right(sure), TARGET_SURE_RIGHT),
        _verdict(f"concert offset within {TARGET_CENTS:g} cents", near, TARGET_CENTS_SHARE),
        f"- real recordings answered with standard tuning and no capo: {standard} of {len(recordings)}",
        f"- {len(rows)} pieces; concert offset off by {np.median(errors):.1f} cents in the median",
    ]


def _verdict(what: str, share: float, target: float) -> str:
    return f"- {what}: {share:.1%}, to be {target:.0%}: {'reached' if share >= target else 'not reached'}"


def _tunings(rows: Sequence[TuningRow]) -> list[str]:
    taken = confusions(rows)
    lines = ["| played | pieces | right | sure | sure and right | taken for |", "|---|--:|--:|--:|--:|---|"]
    for name in dict.fromkeys(row.name for row in rows):
        here = [row for row in rows if row.name == name]
        others = ", ".join(other + (f" x{n}" if n > 1 else "") for other, n in taken[name].most_common())
        sure = [row for row in here if row.sure]
        counts = (len(here), sum(r.right for r in here), len(sure), sum(r.right for r in sure))
        lines.append(f"| {name} | {' | '.join(map(str, counts))} | {others} |")
    return lines


def _sure(rows: Sequence[TuningRow]) -> list[str]:
    lines = ["| probability | pieces | mean | right |", "|---|--:|--:|--:|"]
    edges = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.97, 1.001)
    for low, high in itertools.pairwise(edges):
        here = [row for row in rows if low <= _probability(row) < high]
        if here:
            mean = np.mean([_probability(row) for row in here])
            band = f"{low:.2f} to {min(high, 1.0):.2f}"
            lines.append(f"| {band} | {len(here)} | {mean:.2f} | {_share_right(here):.2f} |")
    return lines


def _sources(rows: Sequence[TuningRow]) -> list[str]:
    lines = ["| guitar | pieces | right | sure |", "|---|--:|--:|--:|"]
    for guitar in sorted({row.source.rpartition(" on ")[2] for row in rows}):
        here = [row for row in rows if row.source.endswith(f" on {guitar}")]
        sure = sum(row.sure for row in here) / len(here)
        lines.append(f"| {guitar} | {len(here)} | {_share_right(here):.2f} | {sure:.2f} |")
    return lines


def _wrong(rows: Sequence[TuningRow]) -> list[str]:
    lines = ["| played | what | guess | next | P(played) |", "|---|---|---|---|--:|"]
    for row in rows:
        if row.right or row.estimate is None:
            continue
        best, second = row.estimate.guesses[:2]
        cells = [_name(row.played), row.source]
        cells += [f"{_name(g.tuning)} {g.probability:.2f}" for g in (best, second)]
        lines.append(f"| {' | '.join(cells)} | {row.estimate.probability(row.played):.2f} |")
    return lines


def _recordings(rows: Sequence[TuningRow]) -> list[str]:
    lines = ["| recording | answer | best guess | sure |", "|---|---|---|---|"]
    for row in rows:
        guess = f"{_guessed(row)} {_probability(row):.2f}"
        lines.append(f"| {row.source} | {_name(row.answered)} | {guess} | {'yes' if row.sure else 'no'} |")
    return lines


def _probability(row: TuningRow) -> float:
    return 0.0 if row.estimate is None else row.estimate.guesses[0].probability


def _guessed(row: TuningRow) -> str:
    return _NOTHING if row.estimate is None else _name(row.estimate.guesses[0].tuning)


def _share_right(rows: Sequence[TuningRow]) -> float:
    return float(np.mean([row.right for row in rows])) if rows else 0.0


def _name(tuning: Tuning) -> str:
    return tuning_name(tuning) + (f" with capo {tuning.capo}" if tuning.capo else "")

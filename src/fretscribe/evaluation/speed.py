"""What hearing costs by the length of a recording: medians of runs, and whether they keep what is promised.

Pure: costs in, Markdown and JSON out. Neighbours: ``speed_run`` measures, ``plain_route`` is what the fast
route must agree with.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

SCHEMA = "fretscribe-speed/1"

CLIP_S, MINUTE_S, LONG_S, HOUR_S = 10, 60, 600, 3600
"""The lengths that something is promised of."""

MAX_PEAK_MB = 1200.0
MAX_RATIO = 6.6
MAX_MINUTE_S = 6.0
MAX_START_S = 3.0
MAX_F1_DIFFERENCE = 0.003

_LEGEND = (
    "start to end: a process that is started, hears one file, writes its results and leaves, as a user "
    "starts it; wall seconds are the median of the runs (least to most). a minute: the same for each "
    "minute of the file, start included. CPU: user and system, all threads. peak MB: largest resident "
    "memory, the most of the runs, 10^6 bytes. All are measured from outside, by the same lines for every "
    "system, one process at a time, systems in turn; code is compiled and files lie in the system's "
    "cache, as on a second start. Systems are confined to so many cores, and their runtimes to as many "
    "threads."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process cost.

    Attributes
    ----------
    system : str
    audio_s : int
        Length of what it heard.
    n_cores : int
        Cores that it could use.
    wall_s, cpu_s : float
        From its start to its end.
    peak_mb : float
        Largest resident memory, 10^6 bytes.
    """

    system: str
    audio_s: int
    n_cores: int
    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A recording as it is heard plainly and fast.

    Attributes
    ----------
    name : str
    duration_s : float
    plain_f1, fast_f1 : float
        Note F1 (onset 50 ms, pitch 50 cents) by the truth.
    n_plain, n_fast, n_same : int
        Notes, and how many are the same in both: pitch, string, fret, and onset within a millisecond.
    """

    name: str
    duration_s: float
    plain_f1: float
    fast_f1: float
    n_plain: int
    n_fast: int
    n_same: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """Something that is promised, and what was measured."""

    what: str
    limit: float
    measured: float
    digits: int

    @property
    def met(self) -> bool:
        return self.measured <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """All runs; the first system is ours.

    Attributes
    ----------
    systems : tuple of str
    costs : tuple of Cost
    agreements : tuple of Agreement
    settings : mapping
        What the report should say of the run.
    """

    systems: tuple[str, ...]
    costs: tuple[Cost, ...]
    agreements: tuple[Agreement, ...]
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def lengths(self) -> tuple[int, ...]:
        return tuple(sorted({cost.audio_s for cost in self.costs}))

    @property
    def cores(self) -> tuple[int, ...]:
        return tuple(sorted({cost.n_cores for cost in self.costs}))

    def of(self, system: str, audio_s: int, n_cores: int) -> tuple[Cost, ...]:
        """The runs of a system at a length; may be none."""
        wanted = (system, audio_s, n_cores)
        return tuple(cost for cost in self.costs if (cost.system, cost.audio_s, cost.n_cores) == wanted)

    def median(self, system: str, audio_s: int, n_cores: int, of: Callable[[Cost], float]) -> float:
        """Median over the runs, of which there must be some."""
        return statistics.median(of(cost) for cost in self.of(system, audio_s, n_cores))

    def criteria(self) -> list[Criterion]:
        """What is promised of our own system; of lengths that were not measured nothing is said."""
        ours, found = self.systems[0], []
        if HOUR_S in self.lengths:
            peak_mb = max(c.peak_mb for n in self.cores for c in self.of(ours, HOUR_S, n))
            found.append(_at_most("peak memory of 60 minutes, MB", MAX_PEAK_MB, peak_mb, 0))
        for n in self.cores:
            if {LONG_S, HOUR_S} <= set(self.lengths):
                for name, of in (("wall", _wall), ("CPU", _cpu)):
                    ratio = self.median(ours, HOUR_S, n, of) / self.median(ours, LONG_S, n, of)
                    what = f"60 minutes over 10 minutes, {name} seconds, {_cores(n)}"
                    found.append(_at_most(what, MAX_RATIO, ratio, 2))
        most = max(self.cores)
        if {CLIP_S, MINUTE_S} <= set(self.lengths):
            rise_s = self.median(ours, MINUTE_S, most, _wall) - self.median(ours, CLIP_S, most, _wall)
            minute_s = rise_s * 60.0 / (MINUTE_S - CLIP_S)
            what = f"a minute after the start, wall seconds, {_cores(most)}"
            found.append(_at_most(what, MAX_MINUTE_S, minute_s, 2))
        if CLIP_S in self.lengths:
            start_s = self.median(ours, CLIP_S, most, _wall)
            what = f"from nothing to the written tab of 10 seconds, wall seconds, {_cores(most)}"
            found.append(_at_most(what, MAX_START_S, start_s, 2))
        if self.agreements:
            worst = max(abs(one.fast_f1 - one.plain_f1) for one in self.agreements)
            what = "note F1, difference from the plain route, worst recording"
            found.append(_at_most(what, MAX_F1_DIFFERENCE, worst, 4))
        return found


def _wall(cost: Cost) -> float:
    return cost.wall_s


def _cpu(cost: Cost) -> float:
    return cost.cpu_s


def _at_most(what: str, limit: float, measured: float, digits: int) -> Criterion:
    return Criterion(what=what, limit=limit, measured=measured, digits=digits)


def _cores(n: int) -> str:
    return "1 core" if n == 1 else f"{n} cores"


def to_markdown(speed: Speed, *, command: str) -> str:
    """The report for people: what is promised, then all lengths, then whether the notes are the same."""
    parts = [
        "# Speed and memory by length",
        "How long a recording takes from the start of the program to the written tab, and how much memory.",
        f"```\n{command}\n```",
        "\n".join(f"- {name}: {value}" for name, value in speed.settings.items()),
        "## What is promised",
        _criteria_table(speed.criteria()),
        "A minute after the start: what 60 seconds take longer than 10, by the minute.",
        "## All lengths",
        _cost_table(speed),
        _LEGEND,
    ]
    if speed.agreements:
        parts += ["## The same notes", _AGREEMENT, _agreement_table(speed.agreements)]
    return "\n\n".join(parts) + "\n"


_AGREEMENT = (
    "The plain route hears every recording whole, on one thread of a runtime that rearranges nothing, and "
    "holds all probabilities; the fast one hears in chunks, decodes before it listens on, and lets the "
    "runtime optimise. F50 is judged by what was played; same: notes of equal pitch, string and fret "
    "within a millisecond."
)


def _criteria_table(criteria: Sequence[Criterion]) -> str:
    body = [
        [c.what, f"{c.limit:.{c.digits}f}", f"{c.measured:.{c.digits}f}", "yes" if c.met else "**no**"]
        for c in criteria
    ]
    return _table(["", "at most", "measured", "met"], body, n_words=1)


def _cost_table(speed: Speed) -> str:
    body = []
    for audio_s in speed.lengths:
        for n in speed.cores:
            for system in speed.systems:
                runs = speed.of(system, audio_s, n)
                if runs:
                    body.append([_length(audio_s), str(n), system, *_cost_cells(runs)])
    header = ["audio", "cores", "system", "runs", "start to end, s", "CPU s", "s a minute", "CPU s a minute"]
    return _table([*header, "peak MB"], body, n_words=3)


def _cost_cells(runs: Sequence[Cost]) -> list[str]:
    walls_s = sorted(run.wall_s for run in runs)
    wall_s, cpu_s = statistics.median(walls_s), statistics.median(run.cpu_s for run in runs)
    minutes = runs[0].audio_s / 60.0
    spread = f" ({walls_s[0]:.2f} to {walls_s[-1]:.2f})" if len(runs) > 1 else ""
    return [
        str(len(runs)),
        f"{wall_s:.2f}{spread}",
        f"{cpu_s:.2f}",
        f"{wall_s / minutes:.2f}",
        f"{cpu_s / minutes:.2f}",
        f"{max(run.peak_mb for run in runs):.0f}",
    ]


def _length(audio_s: int) -> str:
    return f"{audio_s // 60} min" if audio_s % 60 == 0 else f"{audio_s} s"


def _agreement_table(agreements: Sequence[Agreement]) -> str:
    body = [
        [
            one.name,
            f"{one.duration_s:.0f}",
            f"{one.plain_f1:.4f}",
            f"{one.fast_f1:.4f}",
            f"{one.fast_f1 - one.plain_f1:+.4f}",
            f"{one.n_same} of {one.n_plain} and {one.n_fast}",
        ]
        for one in agreements
    ]
    return _table(["recording", "s", "F50 plain", "F50 fast", "difference", "same"], body, n_words=1)


def _table(header: Sequence[str], body: Sequence[Sequence[str]], *, n_words: int) -> str:
    """A table whose first ``n_words`` columns are words, the others figures."""
    rule = ["---" if i < n_words else "--:" for i in range(len(header))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *body))


def to_json(speed: Speed) -> str:
    """The same for programs, every run included."""
    document = {
        "schema": SCHEMA,
        "settings": dict(speed.settings),
        "criteria": [
            {"what": c.what, "at_most": c.limit, "measured": c.measured, "met": c.met}
            for c in speed.criteria()
        ],
        "runs": [asdict(cost) for cost in speed.costs],
        "agreements": [asdict(one) for one in speed.agreements],
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

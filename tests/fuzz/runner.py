"""Runs a reader on many wrong files in a process of its own, and keeps each that it does not answer properly.

A proper answer is a result or a `FretscribeError`, within 2 s of processor time and 1 GB of memory. Input n
of a seed does not depend on what ran before, so one that took its process down is made again by its number.
Needs Linux. Neighbours: ``readers`` and ``mutations`` say what is read.
"""

from __future__ import annotations

import hashlib
import math
import multiprocessing
import random
import resource
import signal
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

from fretscribe.errors import FretscribeError
from fuzz.readers import Reader

LONGEST_S = 2.0
MOST_BYTES = 1_000_000_000
_SILENT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An input without a proper answer, and what happened instead."""

    data: bytes
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How many inputs a reader got, how many of them it could read, and what was found."""

    n_inputs: int
    n_read: int
    findings: tuple[Finding, ...]


class _TooLongError(BaseException):
    """Past the limit of time; no `Exception`, so that no reader takes it for a broken file."""


def fuzz(
    reader: Reader, n_inputs: int, *, seed: int, most_findings: int = 5, until_s: float = math.inf
) -> Run:
    """Give a reader ``n_inputs`` wrong files.

    Stops early at ``most_findings`` different findings, and when `time.monotonic` is over ``until_s``.
    """
    findings: dict[str, Finding] = {}
    number = n_read = 0
    seeds = reader.seeds()
    while number < n_inputs and len(findings) < most_findings:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        counter = multiprocessing.Value("q", number)
        process = multiprocessing.get_context("fork").Process(
            target=_read_from, args=(reader, seeds, seed, number, n_inputs, until_s, counter, theirs)
        )
        process.start()
        theirs.close()
        what, n = _wait(process, ours, counter)
        n_read += n
        number = counter.value + 1
        if not what:
            break
        found = Finding(data=_input(reader, seeds, seed, counter.value), what=what)
        findings.setdefault(what.splitlines()[-1], found)
    return Run(n_inputs=min(number, n_inputs), n_read=n_read, findings=tuple(findings.values()))


def save(finding: Finding, name: str, folder: Path) -> Path:
    """Keep a finding as a file beside a text that says what happened."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{hashlib.sha256(finding.data).hexdigest()[:12]}"
    path.write_bytes(finding.data)
    path.with_name(f"{path.name}.txt").write_text(finding.what, encoding="utf-8", errors="backslashreplace")
    return path


def _input(reader: Reader, seeds: list[bytes], seed: int, number: int) -> bytes:
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 - not for secrets
    return reader.mutate(chance.choice(seeds), chance)


def _wait(process: Any, answers: Connection, counter: Any) -> tuple[str, int]:
    """What went wrong ("" where nothing did), and how many inputs were read; kills what stands still."""
    last = -1
    while not answers.poll(_SILENT_S):
        if counter.value == last:
            process.kill()
            process.join()
            return f"no answer and no use of the processor for {_SILENT_S:.0f} s", 0
        last = counter.value
    try:
        what, n_read = answers.recv()
    except EOFError:
        what, n_read = "", 0
    process.join()
    return (what or (f"the process ended with {process.exitcode}" if process.exitcode else "")), n_read


def _read_from(
    reader: Reader,
    seeds: list[bytes],
    seed: int,
    first: int,
    n_inputs: int,
    until_s: float,
    counter: Any,
    answers: Connection,
) -> None:
    """In the process of its own: read inputs until one has no proper answer."""
    warnings.simplefilter("ignore")  # the readers' warnings are lines of a result
    signal.signal(signal.SIGPROF, _stop)
    _limit_memory()
    n_read = 0
    for number in range(first, n_inputs):
        if time.monotonic() > until_s and number > first:
            break
        counter.value = number
        data = _input(reader, seeds, seed, number)
        what, read = _answer(reader.read, data)
        n_read += read
        if what:
            answers.send((what, n_read))
            return
    answers.send(("", n_read))


def _answer(read: Callable[[bytes], object], data: bytes) -> tuple[str, bool]:
    signal.setitimer(signal.ITIMER_PROF, LONGEST_S)
    try:
        read(data)
    except FretscribeError:
        return "", False
    except BaseException:  # noqa: BLE001 - whatever it is, it is what is looked for
        signal.setitimer(signal.ITIMER_PROF, 0)
        return traceback.format_exc(), False
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "", True


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _TooLongError(f"more than {LONGEST_S} s")


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

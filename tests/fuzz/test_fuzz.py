"""Every reader on a few wrong files, and proof that what ought to be found is; ``make fuzz`` runs more."""

import os
import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fretscribe.errors import TabFormatError
from fuzz.mutations import bytes_mutation
from fuzz.reader import Reader
from fuzz.readers import READERS
from fuzz.report import Row, update
from fuzz.runner import fuzz, save

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="limits memory as Linux does"),
    # Python 3.12 warns where a library has threads when it forks; the readers use none of them.
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


def _reader(read: Callable[[bytes], object]) -> Reader:
    return Reader(seeds=lambda: [bytes(range(64))], mutate=bytes_mutation, read=read)


@pytest.mark.parametrize("name", READERS)
def test_every_reader_answers_wrong_files(name: str) -> None:
    run = fuzz(READERS[name], 20, seed=7)
    assert not run.findings, run.findings[0].what
    assert run.n_inputs == 20


@pytest.mark.parametrize("name", READERS)
def test_every_seed_is_read(name: str) -> None:
    for data in READERS[name].seeds():
        unchanged = Reader(seeds=lambda data=data: [data], mutate=lambda d, _: d, read=READERS[name].read)  # type: ignore[misc]
        if name != "gpx":  # its seed is the document inside
            assert fuzz(unchanged, 1, seed=0).n_read == 1


def _refuse(_: bytes) -> object:
    raise TabFormatError("broken")


def _break(_: bytes) -> object:
    return {}["absent"]


def _loop(_: bytes) -> object:
    while True:
        pass


def _eat(_: bytes) -> object:
    return bytearray(1_200_000_000)


def _die(_: bytes) -> object:
    os.kill(os.getpid(), 9)
    return None


def test_its_own_error_is_a_proper_answer() -> None:
    run = fuzz(_reader(_refuse), 50, seed=1)
    assert (run.n_inputs, run.n_read, run.findings) == (50, 0, ())


@pytest.mark.parametrize(
    ("read", "what"),
    [(_break, "KeyError"), (_loop, "more than 2.0 s"), (_eat, "MemoryError"), (_die, "ended with -9")],
)
def test_anything_else_is_found(read: Callable[[bytes], object], what: str) -> None:
    begin = time.monotonic()
    run = fuzz(_reader(read), 2, seed=1, most_findings=1)
    assert what in run.findings[0].what
    assert run.n_inputs == 1
    assert time.monotonic() - begin < 20


def test_a_finding_is_the_input_that_did_it(tmp_path: Path) -> None:
    def break_on_long_ones(data: bytes) -> object:
        return len(data) if len(data) <= 64 else {}["absent"]

    run = fuzz(_reader(break_on_long_ones), 60, seed=1)
    (finding,) = run.findings
    assert len(finding.data) > 64
    assert run.n_read > 0
    path = save(finding, "reader", tmp_path)
    assert path.read_bytes() == finding.data
    assert "KeyError" in path.with_name(f"{path.name}.txt").read_text(encoding="utf-8")


def test_it_stops_when_the_time_is_over() -> None:
    run = fuzz(_reader(lambda data: time.sleep(0.05)), 1000, seed=1, until_s=time.monotonic() + 0.5)
    assert 1 <= run.n_inputs < 50
    assert run.n_read == run.n_inputs


def test_the_report_keeps_what_was_not_run_again(tmp_path: Path) -> None:
    path = tmp_path / "fuzz.md"
    path.write_text("# Before\n<!-- runs -->\n<!-- /runs -->\nafter\n", encoding="utf-8")
    a = Row(reader="a", n_inputs=1200, n_read=1000, n_found=0, seed=1)
    b = Row(reader="b", n_inputs=5, n_read=0, n_found=1, seed=2)
    update(path, [a, b])
    update(path, [replace(b, n_inputs=7, seed=3)])
    text = path.read_text(encoding="utf-8")
    assert "| `a` | 1,200 | 1,000 | 0 | 1 |\n| `b` | 7 | 0 | 1 | 3 |\n| all 2 | 1,207 | 1,000 | 1 | |" in text
    assert (text.startswith("# Before\n"), text.endswith("\nafter\n")) == (True, True)


def test_mutations_are_seeded() -> None:
    for reader in READERS.values():
        data = reader.seeds()[0]
        first, again = (reader.mutate(data, random.Random(3)) for _ in range(2))  # noqa: S311 - not for secrets
        assert first == again

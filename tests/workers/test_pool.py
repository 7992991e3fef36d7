"""Work here, in processes and what happens when one dies; the cluster has its own file."""

from __future__ import annotations

import os
import pickle
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from fretscribe.errors import (
    AudioError,
    FretscribeError,
    MissingExtraError,
    MissingProgramError,
    OptionError,
    WorkerError,
)
from fretscribe.workers.pool import as_finished, far_workers, in_order, worker_pool


def test_one_worker_works_in_this_process_and_in_order() -> None:
    with worker_pool(1) as pool:
        assert pool is None
        assert list(in_order(abs, [-3, 2, -1], pool)) == [3, 2, 1]


def halve(number: int) -> int:
    """Fails for odd numbers."""
    if number % 2:
        raise AudioError(f"{number} is odd", mend="double it")
    return number // 2


def test_a_failure_here_does_not_stop_the_others() -> None:
    results = dict(as_finished(halve, {"a": 2, "b": 3, "c": 4}, None))
    assert (results["a"], results["c"]) == (1, 2)
    assert str(results["b"]) == "3 is odd (double it)"
    with pytest.raises(TypeError):
        list(as_finished(halve, {"a": None}, None))  # type: ignore[dict-item]  # a bug is no failure


def test_no_workers_are_refused() -> None:
    with pytest.raises(OptionError, match="0 workers do no work"), worker_pool(0):
        pass


@pytest.mark.parametrize(
    "error",
    [
        AudioError("song.wav is empty", mend="record it again"),
        MissingExtraError("a cluster", "cluster"),
        MissingProgramError("a PDF", "LilyPond", mend="install it"),
    ],
)
def test_errors_travel_between_processes(error: FretscribeError) -> None:
    there = pickle.loads(pickle.dumps(error))  # noqa: S301 - made on this line
    assert (type(there), str(there), vars(there)) == (type(error), str(error), vars(error))


def threads_and_interrupts() -> tuple[str, bool]:
    """How a worker process is set up."""
    return os.environ["OMP_NUM_THREADS"], signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def deadly(number: int) -> int:
    """Kills its process where the number is 3, however often it is tried."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return halve(2 * number)


@pytest.mark.slow  # starts processes
def test_processes_work_with_one_thread_and_die_alone() -> None:
    with far_workers(2) as pool:
        assert pool.submit(threads_and_interrupts).result() == ("1", True)
        assert list(in_order(abs, list(range(-20, 0)), pool)) == list(range(20, 0, -1))
        results = dict(as_finished(deadly, {number: number for number in range(8)}, pool))
        assert {key: value for key, value in results.items() if key != 3} == {
            number: number for number in range(8) if number != 3
        }
        assert isinstance(results[3], WorkerError)
        failures = dict(as_finished(halve, {1: 1, 2: 2}, pool))
        assert (type(failures[1]), failures[2]) == (AudioError, 1)
        with pytest.raises(WorkerError, match="died of it twice"):
            list(in_order(deadly, [1, 3], pool))


def note(number: int, *, folder: Path) -> int:
    """Leaves a line when it begins and when it has finished; 5 is killed in between, the first time."""
    _line(folder / "begun", number)
    if number == 5 and (folder / "begun").read_text().split().count("5") == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    _line(folder / "finished", number)
    return number


def _line(path: Path, number: int) -> None:
    with path.open("a") as file:
        file.write(f"{number}\n")


@pytest.mark.slow  # starts processes
def test_a_process_killed_in_mid_run_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    numbers = list(range(12))
    with far_workers(2) as pool:
        finished = list(as_finished(partial(note, folder=tmp_path), {n: n for n in numbers}, pool))
    assert sorted(finished) == [(n, n) for n in numbers]
    assert sorted(map(int, (tmp_path / "begun").read_text().split())) == sorted([*numbers, 5])
    assert sorted(map(int, (tmp_path / "finished").read_text().split())) == numbers


@pytest.mark.slow  # starts processes
def test_leaving_early_ends_the_processes(tmp_path: Path) -> None:
    started_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        _leave_early(tmp_path)
    assert time.monotonic() - started_s < 100
    (begun,) = tmp_path.iterdir()
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.name), 0)


def _leave_early(folder: Path) -> None:
    with far_workers(2) as pool:
        pool.submit(say_who_and_sleep, folder)
        while not list(folder.iterdir()):
            time.sleep(0.01)
        raise KeyboardInterrupt


def say_who_and_sleep(folder: Path) -> None:
    """Names a file after its process; far longer than any test."""
    (folder / str(os.getpid())).touch()
    time.sleep(1000)

"""A Dask scheduler and workers of its own processes, for tests of what runs on a cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_START_S = 120


@dataclass(frozen=True, kw_only=True)
class DaskCluster:
    """Where the scheduler listens, and its workers; none is started again when it dies."""

    address: str
    workers: tuple[subprocess.Popen[bytes], ...]


@contextmanager
def dask_cluster(
    folder: Path, *, n_workers: int, allowed_failures: int = 3, python: Path | str = sys.executable
) -> Iterator[DaskCluster]:
    """Scheduler and workers until the block ends; their output goes to files in the folder.

    A task may kill ``allowed_failures`` workers before the scheduler gives it up. ``python`` runs them all.
    """
    tests = Path(__file__).parent
    paths = [str(tests), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "OMP_NUM_THREADS": "1",
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(allowed_failures),
    }
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(python), "-m", *arguments], cwd=folder, env=environment, stdout=log, stderr=log
            )
        started.append(process)
        return process

    try:
        found = folder / "scheduler.json"
        local = ("--host", "127.0.0.1", "--no-dashboard")
        start(
            "scheduler",
            "distributed.cli.dask_scheduler",
            *local,
            "--port",
            "0",
            "--scheduler-file",
            str(found),
        )
        _wait_for(lambda: found.exists() and found.stat().st_size > 0)
        address = json.loads(found.read_text())["address"]
        options = ("--nthreads", "1", "--no-nanny", "--memory-limit", "0", *local)
        workers = tuple(
            start(f"worker{number}", "distributed.cli.dask_worker", address, *options)
            for number in range(n_workers)
        )
        logs = [folder / f"worker{number}.log" for number in range(n_workers)]
        _wait_for(lambda: all("Registered to" in log.read_text() for log in logs))
        yield DaskCluster(address=address, workers=workers)
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()


def _wait_for(is_there: Callable[[], bool]) -> None:
    until_s = time.monotonic() + _START_S
    while not is_there():
        if time.monotonic() > until_s:
            raise TimeoutError("the cluster did not start")
        time.sleep(0.05)

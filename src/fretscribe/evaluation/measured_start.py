"""Starts a program and says what it cost, measured from outside: run as a file.

``PYTHON -I -S measured_start.py N_CORES PROGRAM [ARGUMENT ...]``. The program may use the first ``N_CORES``
of the cores that this process may use; what it prints goes to stderr. On standard output, one JSON object:
``code``, its exit code (negative: the signal that ended it); ``wall_s``, from its start to its end;
``cpu_s``, user and system, all threads and all processes that it waited for; ``peak_mb``, the largest
resident memory of one of them (10^6 bytes).

A process of its own, and of the standard library alone, because Linux counts what the starting process holds
as memory of the one that it starts. Knows nothing of what is started. Neighbours: ``speed_run`` asks it.
"""

from __future__ import annotations

import json
import os
import sys
import time

_KIB = 1024


def confine(n_cores: int) -> None:
    """Leave this process, and what it starts, so many of its cores."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n_cores])


def start(command: list[str]) -> dict[str, float]:
    """Run a program to its end; what the module says is written."""
    began_s = time.perf_counter()
    # 2, not 1: standard output is for the answer alone.
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
    _, status, usage = os.wait4(pid, 0)
    wall_s = time.perf_counter() - began_s
    return {
        "code": os.waitstatus_to_exitcode(status),
        "wall_s": wall_s,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss * _KIB / 1e6,
    }


def main() -> None:
    """Confine, start, and write the object."""
    confine(int(sys.argv[1]))
    print(json.dumps(start(sys.argv[2:])))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()

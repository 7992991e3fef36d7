"""How many cores there are to work on."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fretscribe.workers.cores import usable_cores


def test_there_is_a_core() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes are not confined here")
def test_a_confined_process_counts_what_it_may_use() -> None:
    code = (
        "import os; from fretscribe.workers.cores import usable_cores\n"
        "os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1]); print(usable_cores())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "1\n"

"""What a process costs is measured from outside, and is its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fretscribe.evaluation import measured_start

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="cores are confined and memory told on Linux")


def measured(code: str, *, n_cores: int = 1) -> tuple[dict[str, float], str]:
    """What is said of a Python program, and what it printed."""
    launcher = [sys.executable, "-I", "-S", str(Path(measured_start.__file__)), str(n_cores)]
    command = [sys.executable, "-I", "-S", "-c", code]
    ended = subprocess.run([*launcher, *command], capture_output=True, text=True, check=True)
    return json.loads(ended.stdout), ended.stderr


def test_waiting_is_wall_time_and_counting_is_both() -> None:
    waits, _ = measured("import time; time.sleep(0.4)")
    counts, _ = measured("import time\nwhile time.process_time() < 0.4: pass")
    assert waits["wall_s"] >= 0.4
    assert waits["cpu_s"] < 0.3
    assert 0.4 <= counts["cpu_s"] <= counts["wall_s"] + 0.05


def test_processes_that_it_waits_for_count_too() -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    both, _ = measured(f"import subprocess, sys; subprocess.run([sys.executable, '-I', '-c', {busy!r}])")
    assert both["cpu_s"] >= 0.3


def test_memory_is_its_own_and_not_that_of_who_measures() -> None:
    ballast = b"x" * 200_000_000  # resident here while a small process is measured
    small, _ = measured("pass")
    large, _ = measured("b = b'x' * 150_000_000")
    assert len(ballast) / 1e6 > small["peak_mb"] * 3
    assert 150 < large["peak_mb"] - small["peak_mb"] + 10 < 180


def test_it_has_so_many_cores_and_what_it_prints_is_kept_apart() -> None:
    cost, said = measured("import os; print('cores', len(os.sched_getaffinity(0)))")
    assert said == "cores 1\n"
    assert cost["code"] == 0


@pytest.mark.parametrize(
    ("code", "told"), [("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9)]
)
def test_how_it_ended_is_told(code: str, told: int) -> None:
    assert measured(code)[0]["code"] == told

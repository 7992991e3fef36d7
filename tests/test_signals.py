"""A transcription that is told to end in its middle: one line, the shell's code, and no half file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

_COMMAND = "from fretscribe.cli.__main__ import main; main()"
_RATE = 22050
_MINUTES = 20
_BEGUN_S = {"transcribe": 4.0, "batch": 8.0}
"""Seconds of processor time after which the networks are loaded and listen; a batch loads them twice."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux how long a process worked"),
]


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("songs") / "long.wav"
    minute = (0.1 * np.random.default_rng(0).standard_normal(60 * _RATE)).astype(np.float32)
    with soundfile.SoundFile(path, "w", _RATE, 1) as file:
        for _ in range(_MINUTES):
            file.write(minute)
    return path


def worked_s(process: int) -> float:
    """Processor time of a process and its children so far, in seconds: a busy machine takes longer."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        threads = Path(f"/proc/{process}/task").glob("*/children")
        children = [child for thread in threads for child in thread.read_text().split()]
    except OSError:  # it has just ended
        return 0.0
    own_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own_s + sum(worked_s(int(child)) for child in children)


@pytest.mark.parametrize(
    ("command", "told", "code", "line"),
    [
        ("transcribe", signal.SIGINT, 130, "interrupted"),
        ("transcribe", signal.SIGTERM, 143, "terminated"),
        ("batch", signal.SIGTERM, 143, "terminated"),
    ],
)
def test_nothing_half_is_left(
    command: str, told: signal.Signals, code: int, line: str, long_recording: Path, tmp_path: Path
) -> None:
    arguments = [command, str(long_recording), "-o", str(tmp_path), "--separate", "off", "--no-personal"]
    if command == "batch":
        arguments += ["--workers", "1"]
    begun_s = _BEGUN_S[command]
    process = subprocess.Popen([sys.executable, "-c", _COMMAND, *arguments], stderr=subprocess.PIPE)
    try:
        while process.poll() is None and worked_s(process.pid) < begun_s:
            time.sleep(0.05)
        process.send_signal(told)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    lines = said.decode().replace("\r", "\n").splitlines()
    assert process.returncode == code, lines
    assert lines[-1] == f"fretscribe: error: {line}"
    assert "Traceback" not in said.decode()
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"report.json", ".fretscribe-batch.sqlite3"}

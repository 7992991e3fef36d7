"""The studio as its own process, with the real networks: where it listens, and that a kill loses nothing."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from fretscribe.cli.__main__ import run
from fretscribe.datasets.idioms import demo_tab
from fretscribe.datasets.synthetic import render

WATCHED = """
import sys
def watch(event, arguments):
    if event == "socket.connect" or event == "socket.getaddrinfo":
        print("CALLED", event, arguments[1] if event == "socket.connect" else arguments, file=sys.stderr)
sys.addaudithook(watch)
from fretscribe.cli.__main__ import run
sys.exit(run(sys.argv[1:]))
"""
"""Runs the command line, and tells of every connection that it opens."""


class Studio:
    """A studio in a process of its own."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", WATCHED, "studio", "--no-open", "--folder", str(folder)]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"LC_ALL": "C"},
        )
        assert self.process.stdout is not None
        self.address = urllib.parse.urlsplit(self.process.stdout.readline().strip())

    def ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        assert self.address.hostname is not None
        with_port = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=60)
        with_port.request(method, self.address.path + path, body)
        answer = with_port.getresponse()
        data = answer.read()
        with_port.close()
        assert answer.status in (200, 201), data
        return data

    def upload(self, recording: Path) -> str:
        answer = self.ask("POST", f"api/jobs?name={recording.name}", recording.read_bytes())
        return str(json.loads(answer)["id"])

    def break_off(self) -> None:
        """Go away in the middle of an upload."""
        assert self.address.hostname is not None
        with socket.create_connection((self.address.hostname, self.address.port or 0)) as sender:
            head = f"POST {self.address.path}api/jobs?name=x.wav HTTP/1.1\r\nHost: {self.address.netloc}\r\n"
            sender.sendall(f"{head}Content-Length: 1000\r\n\r\nRIFF".encode())

    def end(self, how: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(how)
        _, told = self.process.communicate(timeout=60)
        return self.process.returncode, told


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Six seconds of the demo."""
    path = tmp_path / "demo.wav"
    sound = render(demo_tab(), seed=7)
    soundfile.write(path, sound.samples[0, : 6 * sound.sample_rate], sound.sample_rate)
    return path


@pytest.fixture
def studios() -> Iterator[list[Studio]]:
    """Those that a test started; none outlives it."""
    started: list[Studio] = []
    yield started
    for studio in started:
        studio.process.kill()
        studio.process.communicate()


@pytest.mark.slow
def test_a_killed_studio_loses_no_finished_job(tmp_path: Path, song: Path, studios: list[Studio]) -> None:
    first = Studio(tmp_path / "studio")
    studios.append(first)
    done = first.upload(song)
    assert b'"state": "done"' in first.ask("GET", f"api/jobs/{done}/events")
    edit = {"state": 0, "edit": {"kind": "delete", "note": 0}}
    page = json.loads(first.ask("POST", f"api/jobs/{done}/edits", json.dumps(edit).encode()))
    running = first.upload(song)
    assert first.end(signal.SIGKILL)[0] == -signal.SIGKILL

    second = Studio(tmp_path / "studio")
    studios.append(second)
    assert second.address.path != first.address.path, "a token is used once"
    assert len(second.address.path) > 30
    assert second.address.hostname == "127.0.0.1"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as elsewhere:
        assert elsewhere.connect_ex(("127.0.0.2", second.address.port or 0)) != 0
    assert json.loads(second.ask("GET", f"api/jobs/{done}/tab")) == page
    assert b'"state": "done"' in second.ask("GET", f"api/jobs/{running}/events")
    again = json.loads(second.ask("GET", f"api/jobs/{running}/tab"))
    assert len(again["notes"]) == len(page["notes"]) + 1
    second.break_off()
    code, told = second.end(signal.SIGINT)
    assert (code, told.splitlines()[-1]) == (0, "fretscribe: the studio is closed")
    assert "CALLED" not in told, "the studio calls nobody"
    assert "Traceback" not in told
    assert sorted(p.name for p in (tmp_path / "studio" / "jobs").iterdir()) == sorted([done, running])


def test_a_port_that_is_taken_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert run(["studio", "--no-open", "--folder", str(tmp_path), "--port", port]) == 2
    assert f"port {port} cannot be used" in capsys.readouterr().err


def test_without_the_extra_a_line_says_how_to_get_it() -> None:
    without = "import sys; sys.modules['uvicorn'] = None; from fretscribe.cli.__main__ import run; "
    code = without + "sys.exit(run(['studio']))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 6
    (line,) = told.stderr.splitlines()
    assert line.startswith("fretscribe: error: the studio needs the extra 'studio', which is not installed (")
    assert line.endswith('pip install "fretscribe[studio]")')

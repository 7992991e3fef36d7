"""The program that hears one recording: what it counts, what it writes, and how it asks Basic Pitch."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest

from fretscribe.evaluation import bench_worker
from fretscribe.evaluation.bench_run import hear, peer_system
from fretscribe.evaluation.bench_worker import Hear, Note, measure, peak_mb

NOTE: Note = {"onset_s": 0.0, "offset_s": 0.5, "pitch": 40.0}

FAKE_BASIC_PITCH = {
    "basic_pitch/__init__.py": "ICASSP_2022_MODEL_PATH = 'the default model'\n",
    "basic_pitch/inference.py": """
class Model:
    def __init__(self, path):
        self.path = path

def predict(audio_path, model_or_model_path, onset_threshold=0.5):
    assert model_or_model_path.path == 'the default model'
    assert onset_threshold == 0.5
    print('Predicting MIDI for', audio_path)
    return {}, None, [(0.25, 0.75, 40, 0.9, [0, 1]), (1.0, 1.5, 47, 0.8, None)]
""",
    "basic_pitch-9.9.dist-info/METADATA": "Metadata-Version: 2.1\nName: basic-pitch\nVersion: 9.9\n",
}


@pytest.mark.parametrize("slow_time", [1, 2])
def test_only_the_second_hearing_is_counted(slow_time: int) -> None:
    heard: list[str] = []

    def load() -> tuple[str, Hear]:
        def hear_slowly_once(path: str) -> Sequence[Note]:
            heard.append(path)
            until_s = time.process_time() + (0.1 if len(heard) == slow_time else 0.0)
            while time.process_time() < until_s:
                pass
            return [NOTE]

        return "1.2", hear_slowly_once

    before_s = time.process_time()
    answer = measure(load, "a.wav")
    assert heard == ["a.wav", "a.wav"]
    assert (answer["version"], answer["notes"]) == ("1.2", [NOTE])
    start_cpu_s, cpu_s = answer["start_cpu_s"], answer["cpu_s"]
    assert isinstance(start_cpu_s, float)
    assert isinstance(cpu_s, float)
    assert (cpu_s >= 0.1) == (slow_time == 2)
    # CPU seconds count from the start of the process, and the hearing itself is no part of the start
    assert start_cpu_s >= before_s - cpu_s


def test_the_peak_of_a_process_is_its_own_and_not_its_parents(tmp_path: Path) -> None:
    ballast = b"x" * 300_000_000  # resident here while a small process is started
    code = f"import runpy; print(runpy.run_path({str(Path(bench_worker.__file__))!r})['peak_mb']())"
    said = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    ours = peak_mb()
    if ours is None or not sys.platform.startswith("linux"):
        pytest.skip("only Linux counts the memory of a program alone")
    assert ours > len(ballast) / 1e6
    assert 3 < float(said.stdout) < 100


def test_basic_pitch_is_asked_at_its_defaults_in_its_own_environment(tmp_path: Path) -> None:
    home = tmp_path / "peer"
    venv.create(home, symlinks=sys.platform != "win32")
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    code = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    said = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    for name, text in FAKE_BASIC_PITCH.items():
        path = Path(said.stdout.strip()) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    heard = hear(peer_system("basic-pitch", str(python)), tmp_path / "a.wav")
    assert heard.version == "9.9"
    assert not heard.has_places
    assert heard.notes.onset_s.tolist() == [0.25, 1.0]
    assert heard.notes.offset_s.tolist() == [0.75, 1.5]
    assert heard.notes.pitch.tolist() == [40.0, 47.0]


def test_a_python_without_the_peer_says_so() -> None:
    command = [sys.executable, "-I", str(Path(bench_worker.__file__)), "basic-pitch", "a.wav"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert said.stdout == ""
    assert said.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'basic_pitch'"


def test_an_unknown_system_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench_worker.main(["somebody", "a.wav"])
    assert "invalid choice: 'somebody'" in capsys.readouterr().err


def test_the_answer_is_one_object_and_chatter_goes_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "chatty.py"
    path.write_text(
        "import runpy, sys\n"
        f"worker = runpy.run_path({str(Path(bench_worker.__file__))!r})\n"
        "def load(options):\n"
        "    print('loading')\n"
        "    return '1', lambda path: print('hearing', path) or []\n"
        "worker['SYSTEMS']['basic-pitch'] = load\n"
        "worker['main'](['basic-pitch', 'a.wav'])\n"
    )
    said = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout)["notes"] == []
    assert said.stderr.count("hearing a.wav") == 2

"""Runs that are measured: joined recordings, turns, the journal, and programs that fail."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from fretscribe.errors import DatasetError, InputError, OptionError
from fretscribe.evaluation.speed_run import (
    JOURNAL,
    Length,
    Program,
    code_fingerprint,
    forget,
    join_recordings,
    machine_facts,
    measure,
    measure_all,
    our_program,
    peer_program,
    peer_version,
)

RATE = 1000
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="cores are confined on Linux")


def recording(path: Path, values: list[int], *, rate: int = RATE, n_channels: int = 1) -> Path:
    samples = np.repeat(np.array(values, dtype=np.int16)[:, None], n_channels, axis=1)
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


@pytest.fixture
def recordings(tmp_path: Path) -> list[Path]:
    return [recording(tmp_path / f"{n}.wav", [n] * 400) for n in (1, 2)]


def program(name: str, folder: Path, body: str = "") -> Program:
    """One that notes in ``calls`` how it was called, and writes a file; ``body`` comes before that."""
    path = folder / f"{name}.py"
    path.write_text(
        "import pathlib, sys, os\n"
        "out, heard, n = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]\n"
        f"calls = pathlib.Path({str(folder / 'calls')!r})\n"
        f"{body}\n"
        "with calls.open('a') as file:\n"
        f"    print({name!r}, heard.stem, n, len(os.sched_getaffinity(0)), file=file)\n"
        "(out / 'notes.txt').write_text('E2')\n"
    )

    def start(out: Path, heard: Path, n_threads: int) -> tuple[str, ...]:
        return (sys.executable, "-I", "-S", str(path), str(out), str(heard), str(n_threads))

    return Program(name=name, start=start)


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


def test_recordings_are_joined_as_they_are_and_cut_where_the_length_is_full(
    recordings: list[Path], tmp_path: Path
) -> None:
    join_recordings(recordings, 1, tmp_path / "joined.wav")
    samples, rate = soundfile.read(tmp_path / "joined.wav", dtype="int16")
    assert rate == RATE
    assert samples.tolist() == [1] * 400 + [2] * 400 + [1] * 200


def test_recordings_that_do_not_fit_together_are_refused(recordings: list[Path], tmp_path: Path) -> None:
    for other, message in (
        (recording(tmp_path / "fast.wav", [3] * 9, rate=2 * RATE), "one sample rate"),
        (recording(tmp_path / "wide.wav", [3] * 9, n_channels=2), "mono"),
    ):
        with pytest.raises(DatasetError, match=message):
            join_recordings([*recordings, other], 1, tmp_path / "joined.wav")
    with pytest.raises(DatasetError, match="no sound"):
        join_recordings([recording(tmp_path / "empty.wav", [])], 1, tmp_path / "joined.wav")
    assert not (tmp_path / "joined.wav").exists()


@linux_only
def test_programs_take_turns_and_their_first_starts_do_not_count(
    recordings: list[Path], tmp_path: Path
) -> None:
    programs = [program(name, tmp_path) for name in ("a", "b")]
    told: list[float] = []
    costs = measure_all(
        programs,
        recordings,
        [Length(audio_s=1, n_runs=2), Length(audio_s=2, n_runs=1)],
        [1],
        tmp_path,
        facts={},
        progress=lambda _what, share: told.append(share),
    )
    order = ["a joined-1", "b joined-1", "a joined-2", "b joined-2", "b joined-1", "a joined-1"]
    assert calls(tmp_path) == [f"{call} 1 1" for call in ("a joined-1", "b joined-1", *order)]
    assert [f"{cost.system} joined-{cost.audio_s}" for cost in costs] == order
    assert all(cost.wall_s > 0 and cost.peak_mb > 1 for cost in costs)
    assert told == sorted(told)
    assert not list(tmp_path.glob("joined-*"))


@linux_only
def test_an_interrupted_run_goes_on_and_another_begins_anew(recordings: list[Path], tmp_path: Path) -> None:
    broken = program(
        "a", tmp_path, "if calls.exists() and len(calls.read_text().splitlines()) == 3: sys.exit('no')"
    )
    lengths = [Length(audio_s=1, n_runs=4)]

    def run(**facts: object) -> list[float]:
        costs = measure_all([broken], recordings, lengths, [1], tmp_path, facts=facts)
        return [cost.wall_s for cost in costs]

    with pytest.raises(InputError, match="a failed, code 1: no"):
        run(machine="mine")
    with (tmp_path / JOURNAL).open("a") as file:
        file.write('{"system": "a", "audio_s"')  # as a kill leaves it
    done = [json.loads(line)["wall_s"] for line in (tmp_path / JOURNAL).read_text().split("\n")[1:-1]]
    assert len(done) == 2
    whole = program("a", tmp_path)
    assert whole.name == broken.name
    assert run(machine="mine")[:2] == done
    assert len(calls(tmp_path)) == 3 + 1 + 2  # the first start once more, and what was left
    assert run(machine="another")[:2] != done
    forget(tmp_path)
    assert not (tmp_path / JOURNAL).exists()


@linux_only
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("print('loading'); sys.exit(7)", "a failed, code 7: loading"),
        ("raise ValueError('a bad file')", "a failed, code 1: ValueError: a bad file"),
        ("sys.exit(0)", r"a wrote nothing for joined-1\.wav"),
    ],
)
def test_a_program_that_fails_is_told_in_one_line(
    recordings: list[Path], tmp_path: Path, body: str, message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        measure_all(
            [program("a", tmp_path, body)], recordings, [Length(audio_s=1, n_runs=1)], [1], tmp_path, facts={}
        )
    assert "\n" not in str(caught.value)


@linux_only
def test_a_program_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gone cannot be started: FileNotFoundError"):
        measure([str(tmp_path / "gone")], 1, name="gone")


def test_peers_are_told_what_to_hear_and_where_to_write(tmp_path: Path) -> None:
    out, heard = tmp_path / "out", tmp_path / "a.wav"
    ours = our_program(tmp_path).start(out, heard, 2)
    assert ours[-4:] == ("transcribe", str(heard), "-o", str(out))
    known = peer_program("basic-pitch", sys.executable, tmp_path).start(out, heard, 2)
    assert known[-3:] == ("2", str(out), str(heard))
    assert known[0] == sys.executable
    script = tmp_path / "mine.py"
    script.write_text("")
    assert peer_program("mine", str(script), tmp_path).start(out, heard, 2)[1:] == (
        str(script),
        str(out),
        str(heard),
    )
    for name, path, message in (
        ("basic-pitch", str(tmp_path / "bin" / "python"), "is no Python .*make bench installs it"),
        ("mine", str(tmp_path / "gone.py"), r"gone\.py is no program"),
        ("fretscribe", sys.executable, "no peer of its own"),
    ):
        with pytest.raises(OptionError, match=message):
            peer_program(name, path, tmp_path)
    with pytest.raises(InputError, match="has no Basic Pitch"):
        peer_version(sys.executable)


@linux_only
def test_the_machine_and_the_code_are_told() -> None:
    facts = machine_facts()
    assert "core" in str(facts["processor"])
    assert str(facts["memory"]).endswith(" GB")
    assert code_fingerprint() == code_fingerprint()


FAKE_BASIC_PITCH = {
    "onnxruntime.py": """
class SessionOptions:
    intra_op_num_threads = 0

class InferenceSession:
    def __init__(self, path, sess_options=None, providers=None):
        self.said = f"{path} {sess_options.intra_op_num_threads} {providers}"
""",
    "basic_pitch/__init__.py": "",
    "basic_pitch/predict.py": """
import pathlib, sys
import onnxruntime as ort

def main():
    out, recording = sys.argv[1:]
    session = ort.InferenceSession("the model", providers=["CPU"])
    pathlib.Path(out, "heard.mid").write_text(f"{session.said} {recording}")
""",
    "basic_pitch-9.9.dist-info/METADATA": "Metadata-Version: 2.1\nName: basic-pitch\nVersion: 9.9\n",
}


@linux_only
def test_basic_pitch_runs_its_own_command_with_so_many_threads(tmp_path: Path) -> None:
    home, out = tmp_path / "peer", tmp_path / "out"
    venv.create(home, symlinks=True)
    out.mkdir()
    python = str(home / "bin" / "python")
    code = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    said = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    for name, text in FAKE_BASIC_PITCH.items():
        path = Path(said.stdout.strip()) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    peer = peer_program("basic-pitch", python, tmp_path / "bytecode")
    cost = measure(peer.start(out, tmp_path / "a.wav", 3), 1, name=peer.name)
    assert cost["code"] == 0
    assert (out / "heard.mid").read_text() == f"the model 3 ['CPU'] {tmp_path / 'a.wav'}"
    assert list((tmp_path / "bytecode").rglob("predict.*.pyc"))
    assert peer_version(python) == "9.9"

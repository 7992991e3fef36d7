"""Lets programs hear recordings of several lengths and takes down what each start costs.

The long recordings are real ones joined. Every start is measured from outside (``measured_start``), systems
and lengths in turn, so that a machine that slows down slows all of them. What is done is kept in a journal:
an interrupted run goes on where it was. Neighbours: ``speed`` makes the report, ``plain_route`` is compared
with.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import soundfile

import fretscribe
from fretscribe.errors import DatasetError, InputError
from fretscribe.evaluation import basic_pitch_start, measured_start
from fretscribe.evaluation.peers import OURS, peer_command
from fretscribe.evaluation.speed import Cost
from fretscribe.io.atomic import atomic_write, write_text
from fretscribe.workers.cores import usable_cores

KNOWN_PEER = "basic-pitch"
JOURNAL = "runs.jsonl"
_THREADS = frozenset({"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"})
"""Settings of the user's own shell that a measured program does not get."""

Progress = Callable[[str, float], None]
"""Called with what is at work and the share of all the work that is done."""

Start = Callable[[Path, Path, int], tuple[str, ...]]
"""The command that hears a recording: folder for its results, recording, threads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that hears a recording and writes what it heard into a folder."""

    name: str
    start: Start


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long a recording is made, and how often each program hears it."""

    audio_s: int
    n_runs: int


def our_program(bytecode: Path) -> Program:
    """fretscribe as a user starts it, every option at its default.

    Parameters
    ----------
    bytecode : Path
        Folder for compiled code, so that a first start leaves it for the next ones wherever the package lies.
    """
    python = (sys.executable, "-I", "-X", f"pycache_prefix={bytecode}", "-m", "fretscribe.cli")

    def start(out: Path, recording: Path, n_threads: int) -> tuple[str, ...]:
        return (
            *python,
            "transcribe",
            str(recording),
            "-o",
            str(out),
        )  # its threads are the cores that it has

    return Program(name=OURS, start=start)


def peer_program(name: str, program: str, bytecode: Path) -> Program:
    """A peer by its name.

    Parameters
    ----------
    name : str
        ``basic-pitch``, or any other.
    program : str
        For ``basic-pitch`` the Python of the environment that it is installed in; for another one a program,
        or a Python file, that takes a folder and a recording.
    bytecode : Path
        As for `our_program`.

    Raises
    ------
    OptionError
        If the program is not there, or the name is ours.
    """
    known = name == KNOWN_PEER
    command = peer_command(name, program, known=known)
    if known:
        command += ("-I", "-X", f"pycache_prefix={bytecode}", str(Path(basic_pitch_start.__file__)))

    def start(out: Path, recording: Path, n_threads: int) -> tuple[str, ...]:
        threads = (str(n_threads),) if known else ()
        return (*command, *threads, str(out), str(recording))

    return Program(name=name, start=start)


def join_recordings(recordings: Sequence[Path], audio_s: int, path: Path) -> None:
    """Write a recording of a length: these ones end to end as they are, over and over, cut where it is full.

    16-bit WAV at their own sample rate; nothing is faded, so the seams are as hard as they come.

    Raises
    ------
    DatasetError
        If they are not all mono at one sample rate, or hold nothing.
    """
    sounds = [soundfile.read(recording, dtype="int16", always_2d=True) for recording in recordings]
    rates = {rate for _, rate in sounds}
    if len(rates) != 1 or any(samples.shape[1] != 1 for samples, _ in sounds):
        raise DatasetError("recordings that are joined must all be mono at one sample rate")
    if not any(len(samples) for samples, _ in sounds):
        raise DatasetError("the recordings hold no sound")
    rate = rates.pop()
    left = audio_s * rate
    with (
        atomic_write(path, force=True) as part,
        soundfile.SoundFile(part, "w", rate, 1, subtype="PCM_16", format="WAV") as out,
    ):
        while left > 0:
            for samples, _ in sounds:
                out.write(samples[:left])
                left -= min(left, len(samples))


def measure(command: Sequence[str], n_cores: int, *, name: str) -> dict[str, float]:
    """Start a program on so many cores; what ``measured_start`` says of it.

    Raises
    ------
    InputError
        If it cannot be started or fails; told with the last line that it printed.
    """
    launcher = (sys.executable, "-I", "-S", str(Path(measured_start.__file__)), str(n_cores))
    environment = {name: value for name, value in os.environ.items() if name not in _THREADS}
    ended = subprocess.run(  # noqa: S603 - the program that the user named
        [*launcher, *command], stdin=subprocess.DEVNULL, capture_output=True, check=False, env=environment
    )
    said = ended.stderr.decode("utf-8", errors="replace").split("\n")
    last = next((line.strip() for line in reversed(said) if line.strip()), "it did not say why")
    if ended.returncode != 0:
        raise InputError(f"{name} cannot be started: {last}")
    cost: dict[str, float] = json.loads(ended.stdout)
    if cost["code"] != 0:
        raise InputError(f"{name} failed, code {cost['code']}: {last}")
    return cost


def measure_all(
    programs: Sequence[Program],
    recordings: Sequence[Path],
    lengths: Sequence[Length],
    cores: Sequence[int],
    work: Path,
    *,
    facts: Mapping[str, object],
    progress: Progress = lambda _what, _share: None,
) -> tuple[Cost, ...]:
    """Let every program hear every length, as often as asked for.

    The first start of each is not measured: it leaves on disk what later ones find (compiled code ...).

    Parameters
    ----------
    programs : sequence of Program
    recordings : sequence of Path
        What the long ones are joined from.
    lengths : sequence of Length
    cores : sequence of int
        Numbers of cores to confine them to.
    work : Path
        Folder for the joined recordings and the journal.
    facts : mapping
        What must be as it was for an interrupted run to go on; anything that JSON holds.
    progress : callable

    Raises
    ------
    InputError
        If a program fails or writes nothing.
    DatasetError
        If the recordings cannot be joined.
    """
    plan = list(_plan(programs, lengths, cores))
    header = json.loads(json.dumps({**facts, "plan": [(p.name, s, n) for p, s, n in plan]}))
    journal = _Journal(work / JOURNAL, header)
    done = journal.costs()
    total_s = sum(audio_s for _, audio_s, _ in plan)
    heard_s = sum(cost.audio_s for cost in done)
    progress("joining recordings", heard_s / total_s)
    paths = {length.audio_s: work / f"joined-{length.audio_s}.wav" for length in lengths}
    for audio_s, path in paths.items():
        join_recordings(recordings, audio_s, path)
    if len(done) < len(plan):
        for program in programs:
            _hear(program, paths[min(paths)], max(cores), work)
    for program, audio_s, n_cores in plan[len(done) :]:
        progress(f"{program.name}, {audio_s} s, cores: {n_cores}", heard_s / total_s)
        found = _hear(program, paths[audio_s], n_cores, work)
        journal.add(Cost(system=program.name, audio_s=audio_s, n_cores=n_cores, **found))
        heard_s += audio_s
    costs = journal.costs()
    for path in paths.values():
        path.unlink()
    return costs


def _plan(
    programs: Sequence[Program], lengths: Sequence[Length], cores: Sequence[int]
) -> Iterator[tuple[Program, int, int]]:
    """All starts in their order: rounds over all lengths, in which programs take turns at being first."""
    for turn in range(max(length.n_runs for length in lengths)):
        for length in lengths:
            if turn < length.n_runs:
                for n_cores in cores:
                    for program in programs if turn % 2 == 0 else reversed(programs):
                        yield program, length.audio_s, n_cores


def _hear(program: Program, recording: Path, n_cores: int, work: Path) -> dict[str, float]:
    out = work / "results"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    cost = measure(program.start(out, recording, n_cores), n_cores, name=program.name)
    if not any(out.iterdir()):
        raise InputError(f"{program.name} wrote nothing for {recording.name}")
    shutil.rmtree(out)
    del cost["code"]
    return cost


class _Journal:
    """Costs as they come, a JSON line each, under a line that says of what; another header begins anew."""

    def __init__(self, path: Path, header: object) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
        if not lines or json.loads(lines[0]) != header:
            lines = [json.dumps(header)]
        # Written whole: a line that was cut off by a kill must not be added to.
        write_text(path, "".join(f"{line}\n" for line in lines), force=True)

    def add(self, cost: Cost) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(cost)) + "\n")

    def costs(self) -> tuple[Cost, ...]:
        lines = self._path.read_text(encoding="utf-8").splitlines()[1:]
        return tuple(Cost(**json.loads(line)) for line in lines)


def forget(work: Path) -> None:
    """Remove the journal of a run whose report is written: the next one measures again."""
    (work / JOURNAL).unlink()


def machine_facts() -> dict[str, object]:
    """What is to be known of this machine beside the figures."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": f"{models[0] if models else platform.machine()}, {usable_cores()} cores",
        "memory": f"{memory_bytes / 1e9:.0f} GB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "fretscribe": ", ".join([version(OURS), *(f"{x} {version(x)}" for x in ("onnxruntime", "numpy"))]),
    }


def peer_version(program: str) -> str:
    """The version of Basic Pitch in the environment of a Python.

    Raises
    ------
    InputError
        If it has none.
    """
    code = "from importlib.metadata import version; print(version('basic-pitch'))"
    asked = subprocess.run([program, "-I", "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    if asked.returncode != 0:
        raise InputError(f"{program} has no Basic Pitch", mend="make bench installs it")
    return asked.stdout.strip()


def code_fingerprint() -> str:
    """A checksum of the package's own code: figures of other code are not gone on with."""
    digest = hashlib.sha256()
    for path in sorted(Path(fretscribe.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()

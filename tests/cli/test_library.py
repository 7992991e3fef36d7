"""``fretscribe batch``: options, report and table here; real processes and a real cluster in the slow tests.

``FRETSCRIBE_LIBRARY_FILES`` sets how many files the slow ones work on (``make library``: 200).
"""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dask_cluster import dask_cluster
from fretscribe.cli.__main__ import INTERRUPTED, run
from fretscribe.cli.batch import transcribe_files
from fretscribe.cli.library import batch, load_with_one_thread
from fretscribe.cli.library_report import SCHEMA, check_report, table_lines, write_report
from fretscribe.cli.outputs import plan_destination
from fretscribe.cli.transcribe import transcribe
from fretscribe.errors import OutputError
from fretscribe.pipeline import TranscribeOptions
from fretscribe.pipeline.library.items import Item
from fretscribe.pipeline.library.journal import open_journal
from fretscribe.pipeline.library.run import Outcome
from fretscribe.pipeline.library.work import Summary
from library_files import N_KINDS, write_library

N_FILES = int(os.environ.get("FRETSCRIBE_LIBRARY_FILES", N_KINDS))
PATIENCE_S = 20 * N_FILES

ITEMS = [Item(source=Path(f"/songs/{name}.wav"), place=name) for name in ("a", "b", "c")]
SUMMARY = Summary(
    sha256="0" * 64,
    duration_s=2.0,
    n_notes=12,
    tuning="drop D",
    share_accepted=0.75,
    warnings=("clipped",),
    work_s=1.0,
)
OUTCOMES = {
    ITEMS[0].source: Outcome(item=ITEMS[0], status="kept", files=(Path("/out/a.json"),), summary=SUMMARY),
    ITEMS[2].source: Outcome(item=ITEMS[2], status="failed", error="c is empty", exit_code=3),
}


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("{song}", "-o", "-"), 2, "does not fit standard output"),
        (("{song}", "-o", "{out}", "--workers", "0"), 2, "0 workers do no work"),
        (("{song}", "-o", "{out}", "--workers", "2", "--scheduler", "tcp://h:1"), 2, "exclude each other"),
        (("{song}", "-o", "{out}", "--scheduler", "there"), 2, "write tcp://host:port"),
        (("{song}", "-o", "{song}"), 4, "is not a folder"),
        (("{song}", "-o", "{out}", "-f", "doc"), 2, "not a format"),
        (("{song}", "-o", "{out}", "--weights", "{out}/none"), 5, "not a folder of weights"),
        (("{out}", "-o", "{out}"), 3, "holds no recordings"),
    ],
)
def test_what_concerns_all_recordings_is_one_line(
    recording: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: Sequence[str],
    code: int,
    told: str,
) -> None:
    (tmp_path / "out").mkdir()
    names = [argument.format(song=recording, out=tmp_path / "out") for argument in arguments]
    assert run(["batch", *names]) == code
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert told in err
    assert not (tmp_path / "out" / "report.json").exists()


def test_it_knows_every_option_of_transcribe() -> None:
    own, other = (set(inspect.signature(command).parameters) for command in (batch, transcribe))
    assert other - own == {"output", "stems_out", "downbeat"}


def test_a_folder_that_another_batch_has(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_journal(tmp_path):
        assert run(["batch", str(recording), "-o", str(tmp_path)]) == 4
    assert "another batch is writing into" in capsys.readouterr().err


def test_the_table_has_a_row_a_recording() -> None:
    whole = OUTCOMES | {ITEMS[1].source: Outcome(item=ITEMS[1], status="written", summary=SUMMARY)}
    assert table_lines(ITEMS, whole) == [
        "         notes  accepted  tuning  recording",
        "kept     12     75 %      drop D  /songs/a.wav",
        "written  12     75 %      drop D  /songs/b.wav",
        "failed                            /songs/c.wav",
        "3 recordings: 1 written, 1 kept, 1 failed",
    ]


def test_the_report_says_what_was_not_reached(tmp_path: Path) -> None:
    outcomes = {source: outcome for source, outcome in OUTCOMES.items() if outcome.status == "failed"}
    write_report(tmp_path, ITEMS, outcomes)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["schema"] == SCHEMA
    assert report["totals"] == {"recordings": 3, "written": 0, "kept": 0, "failed": 1, "not reached": 2}
    assert [entry["status"] for entry in report["recordings"]] == ["not reached", "not reached", "failed"]
    assert report["recordings"][2]["error"] == "c is empty"
    check_report(tmp_path, force=False)


@pytest.mark.parametrize("text", ["", "[1]", '{"schema": "mine"}', "[" * 100_000])
def test_a_report_of_somebody_else_stays(tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(OutputError, match="not the report of a batch"):
        check_report(tmp_path, force=False)
    check_report(tmp_path, force=True)


# --- real processes ---------------------------------------------------------------------------------------


class Mixed:
    """Good, odd and broken files, what comes out of each alone, and who failed."""

    def __init__(self, folder: Path) -> None:
        self.songs = folder / "songs"
        files = write_library(self.songs, N_FILES)
        self.playlist = self.songs / "all.m3u"
        self.playlist.write_text("\n".join(path.relative_to(self.songs).as_posix() for path in files))
        self.alone: dict[str, bytes] = {}
        self.failed: set[str] = set()
        transcriber = load_with_one_thread(None)  # more would change the last digits
        for path in files:
            inside = path.relative_to(self.songs).parent
            destination = plan_destination(
                str(folder / "alone" / inside), ["txt,mid,json"], force=False, n_inputs=1
            )
            if transcribe_files(
                [path], destination, TranscribeOptions(), quiet=True, load=lambda _: transcriber
            ):
                self.failed.add(str(path))
        self.alone = results(folder / "alone")

    def check(self, out: Path) -> None:
        """Everything is there, once, the same as alone; nothing else is."""
        assert results(out) == self.alone
        report = json.loads((out / "report.json").read_text())
        assert {e["source"] for e in report["recordings"] if e["status"] == "failed"} == self.failed
        named = [name for entry in report["recordings"] for name in entry.get("files", ())]
        assert sorted(named) == sorted(self.alone)
        assert report["totals"]["recordings"] == N_FILES
        assert report["totals"]["not reached"] == 0


def results(folder: Path) -> dict[str, bytes]:
    """Name below the folder -> bytes, of all but what a batch keeps for itself (the report, hidden files)."""
    files = [path for path in folder.rglob("[!.]*") if path.is_file() and path.name != "report.json"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Mixed:
    return Mixed(tmp_path_factory.mktemp("mixed"))


def start(playlist: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    """The command in a process group of its own, as a terminal has it."""
    command = [sys.executable, "-m", "fretscribe.cli", "batch", str(playlist), "-o", str(out), *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_until(is_so: Callable[[], bool]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until_s
        time.sleep(0.02)


def n_results(out: Path) -> int:
    return len(list(out.rglob("[!.]*.json"))) - (out / "report.json").exists()


def is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs process groups")
def test_two_workers_interrupted_killed_and_resumed_give_what_each_file_gives_alone(
    mixed: Mixed, tmp_path: Path
) -> None:
    workers = ("--workers", "2")
    process = start(mixed.playlist, tmp_path, *workers)
    wait_until(lambda: n_results(tmp_path) >= 2)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (INTERRUPTED, "")
    assert "run it again to go on" in err
    assert "Traceback" not in err
    wait_until(lambda: is_gone(process.pid))
    finished = results(tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["totals"]["written"] >= 1, "the second may have been in the middle of it"
    assert report["totals"]["not reached"] > 0

    process = start(mixed.playlist, tmp_path, *workers)
    wait_until(lambda: n_results(tmp_path) >= len(finished) // 3 + 3)
    process.kill()
    _, err = process.communicate(timeout=PATIENCE_S)
    assert "Traceback" not in err
    wait_until(lambda: is_gone(process.pid))
    finished |= results(tmp_path)
    times = {name: (tmp_path / name).stat().st_mtime_ns for name in finished}

    process = start(mixed.playlist, tmp_path, *workers)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3, err
    assert f"{len(mixed.failed)} of {N_FILES} recordings failed" in err
    assert out.count("\n") == N_FILES + 2
    mixed.check(tmp_path)
    redone = [name for name, time_ns in times.items() if (tmp_path / name).stat().st_mtime_ns != time_ns]
    assert len({Path(name).stem.removesuffix(".tab") for name in redone}) <= 2, "only what was half written"


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_gives_what_each_file_gives_alone(mixed: Mixed, tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    out = tmp_path / "out"
    with dask_cluster(tmp_path / "cluster", n_workers=3) as cluster:
        process = start(mixed.playlist, out, "--scheduler", cluster.address)
        wait_until(lambda: n_results(out) >= 3)
        cluster.workers[0].kill()
        _, err = process.communicate(timeout=PATIENCE_S)
        assert [worker.poll() for worker in cluster.workers] == [-signal.SIGKILL, None, None]
    assert process.returncode == 3, err
    mixed.check(out)

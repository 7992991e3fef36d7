"""What hostile circumstances leave behind: never half a file, never less than was there."""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fretscribe.errors import OutputError
from fretscribe.io.atomic import atomic_write, write_bytes

# Python 3.12 warns where a library has threads when it forks; nothing of those is used after.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

_FORK = multiprocessing.get_context("fork")
_OLD = b"old" * 100
_SIZE = 400_000


def _write_for_ever(target: Path, letter: bytes) -> None:
    while True:
        write_bytes(target, letter * _SIZE, force=True)


def _take(target: Path, letter: bytes, won: Callable[[bytes], object]) -> None:
    try:
        write_bytes(target, letter * _SIZE, force=False)
    except OutputError:
        return
    won(letter)


@pytest.mark.parametrize("wait_s", [0.0, 0.003, 0.01, 0.03])
def test_killed_at_any_moment_the_target_is_whole(tmp_path: Path, wait_s: float) -> None:
    target = tmp_path / "song.json"
    target.write_bytes(_OLD)
    writer = _FORK.Process(target=_write_for_ever, args=(target, b"n"))
    writer.start()
    time.sleep(wait_s)
    writer.kill()
    writer.join()
    assert target.read_bytes() in (_OLD, b"n" * _SIZE)
    # What a kill leaves has a name that no reader and no later run takes for a result.
    assert all(p == target or p.name.startswith(".fretscribe-") for p in tmp_path.iterdir())
    write_bytes(target, b"after", force=True)
    assert target.read_bytes() == b"after"


def test_two_processes_on_one_output_leave_one_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "song.json"
    writers = [_FORK.Process(target=_write_for_ever, args=(target, letter)) for letter in (b"a", b"b")]
    for writer in writers:
        writer.start()
    end = time.monotonic() + 0.5
    seen = set()
    while time.monotonic() < end:
        if target.exists():
            seen.add(target.read_bytes())
    for writer in writers:
        writer.kill()
        writer.join()
    assert seen
    assert seen <= {b"a" * _SIZE, b"b" * _SIZE}


def test_without_force_one_of_many_processes_gets_the_name(tmp_path: Path) -> None:
    target = tmp_path / "song.json"
    queue = _FORK.SimpleQueue()
    writers = [
        _FORK.Process(target=_take, args=(target, letter, queue.put)) for letter in (b"a", b"b", b"c", b"d")
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    winner = queue.get()
    assert queue.empty()
    assert target.read_bytes() == winner * _SIZE
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("force", [False, True])
def test_a_write_that_really_runs_out_of_room(tmp_path: Path, force: bool) -> None:
    target = tmp_path / "song.json"
    if force:
        target.write_bytes(_OLD)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (_SIZE // 2, limits[1]))
        with pytest.raises(OutputError, match="cannot write"):
            write_bytes(target, b"n" * _SIZE, force=force)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([_OLD] if force else [])


def test_a_folder_that_vanishes_meanwhile_is_an_output_error(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        stack.enter_context(pytest.raises(OutputError, match="cannot write"))
        stack.enter_context(atomic_write(folder / "song.json", force=False)).unlink()
        folder.rmdir()

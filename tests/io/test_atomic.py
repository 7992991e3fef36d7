import contextlib
import errno
import os
import stat
from pathlib import Path

import pytest

from fretscribe.errors import OutputError
from fretscribe.io.atomic import atomic_write, write_bytes, write_text


def test_writes_a_new_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "söng 'a'.txt", "one\ntwo\n", force=False)
    assert (tmp_path / "söng 'a'.txt").read_bytes() == b"one\ntwo\n"
    assert len(list(tmp_path.iterdir())) == 1


def test_new_files_heed_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_bytes(tmp_path / "a", b"x", force=False)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_existing_target_is_refused_without_force(tmp_path: Path) -> None:
    target = tmp_path / "song.mid"
    target.write_bytes(b"old")
    with pytest.raises(OutputError, match="exists") as caught:
        write_bytes(target, b"new", force=False)
    assert "--force" in caught.value.mend
    assert target.read_bytes() == b"old"
    write_bytes(target, b"new", force=True)
    assert target.read_bytes() == b"new"


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "song.mid"
    with contextlib.ExitStack() as stack:
        stack.enter_context(pytest.raises(OutputError, match="exists"))
        stack.enter_context(atomic_write(target, force=False)).write_bytes(b"ours")
        target.write_bytes(b"theirs")
    assert target.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [target]


def _no_links(_source: Path, _target: Path) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_file_systems_without_links(tmp_path: Path) -> None:
    target = tmp_path / "a"
    with atomic_write(target, force=False, link=_no_links) as temporary:
        temporary.write_bytes(b"x")
    assert target.read_bytes() == b"x"
    with (
        pytest.raises(OutputError, match="exists"),
        atomic_write(tmp_path / "b", force=False, link=_no_links) as temporary,
    ):
        (tmp_path / "b").write_bytes(b"theirs")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]
    assert (tmp_path / "b").read_bytes() == b"theirs"


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interrupted_writes_leave_no_trace(tmp_path: Path, error: type[BaseException], force: bool) -> None:
    target = tmp_path / "song.json"
    with contextlib.ExitStack() as stack:
        stack.enter_context(pytest.raises(error))
        stack.enter_context(atomic_write(target, force=force)).write_bytes(b"half")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_output_error(tmp_path: Path) -> None:
    target = tmp_path / "song.json"
    with pytest.raises(OutputError, match="No space left"), atomic_write(target, force=False):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_impossible_places(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for target in (tmp_path / "file" / "song.txt", tmp_path / "absent" / "song.txt"):
        with pytest.raises(OutputError, match="not a folder"):
            write_bytes(target, b"x", force=True)
    with pytest.raises(OutputError, match="is a folder"):
        write_bytes(tmp_path, b"x", force=True)
    with pytest.raises(OutputError, match="not a regular file"):
        write_bytes("/dev/null", b"x", force=True)
    with pytest.raises(OutputError, match="cannot write"):
        write_bytes(tmp_path / ("n" * 300), b"x", force=False)


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_bytes(tmp_path / "link", b"new", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"

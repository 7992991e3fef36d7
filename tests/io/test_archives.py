import io
import zipfile

import pytest

from fretscribe.errors import TabFormatError
from fretscribe.io.archives import MAX_UNPACKED_BYTES, member_names, read_member


def archive(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in files.items():
            zipped.writestr(name, data)
    return file.getvalue()


def test_members() -> None:
    data = archive(a=b"one", b=b"two")
    assert member_names(data, "x.gp") == ["a", "b"]
    assert read_member(data, "b", "x.gp") == b"two"
    with pytest.raises(TabFormatError, match=r"x\.gp: the archive holds no c"):
        read_member(data, "c", "x.gp")


def test_bombs_are_refused() -> None:
    with pytest.raises(TabFormatError, match="unpacks to more than 250 times its size"):
        read_member(archive(a=bytes(4_000_000)), "a", "x.gp")
    with pytest.raises(TabFormatError, match=f"unpacks to more than {MAX_UNPACKED_BYTES} bytes"):
        read_member(archive(a=bytes(MAX_UNPACKED_BYTES + 1)), "a", "x.gp")


def test_broken_archives() -> None:
    with pytest.raises(TabFormatError, match="is not a readable zip archive"):
        member_names(b"PK\x03\x04nothing", "x.gp")
    data = bytearray(archive(a=b"some text that is long enough to be packed " * 9))
    data[45] ^= 0xFF
    with pytest.raises(TabFormatError, match="a cannot be unpacked"):
        read_member(bytes(data), "a", "x.gp")

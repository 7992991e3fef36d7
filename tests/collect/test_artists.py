"""Lists of artists."""

from __future__ import annotations

from pathlib import Path

import pytest

from fretscribe.collect.artists import read_artists
from fretscribe.errors import FretscribeError, InputError, OptionError

LIST = (
    "\ufeff# mine\nLone Wolf\n\n[Loud]\r\n  The  Made Ups \nLone Wolf\n[ quiet ]\nA Whisper\nThe Made Ups\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "artists.txt"
    path.write_text(LIST, encoding="utf-8")
    return path


def test_artists_come_in_order_and_once(path: Path) -> None:
    assert read_artists(path) == ("Lone Wolf", "The Made Ups", "A Whisper")
    assert read_artists(path, genres=["LOUD"]) == ("The Made Ups", "Lone Wolf")
    assert read_artists(path, genres=["quiet", "loud"]) == ("The Made Ups", "Lone Wolf", "A Whisper")


@pytest.mark.parametrize(
    ("data", "genres", "error", "message"),
    [
        (b"# nothing\n", [], InputError, "names no artist"),
        (b"[loud\nx\n", [], InputError, "line 1: a heading ends"),
        (b"\xff\xfe", [], InputError, "not UTF-8"),
        (b"[a]\nx\n[b]\ny\n", ["c"], OptionError, r"no heading \[c\].*there are a, b"),
        (b"x\n", ["c"], OptionError, "there are no headings"),
        (b"[a]\n[b]\ny\n", ["a"], InputError, "names no artist"),
        (None, [], InputError, "cannot read"),
    ],
)
def test_bad_lists_say_what_is_wrong(
    tmp_path: Path, data: bytes | None, genres: list[str], error: type[FretscribeError], message: str
) -> None:
    path = tmp_path / "artists.txt"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(error) as caught:
        read_artists(path, genres=genres)
    assert caught.match(message)

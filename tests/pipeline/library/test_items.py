"""Which recordings arguments stand for, and where their results go."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.errors import AudioError, InputError, OptionError, TabFormatError
from fretscribe.pipeline.library.items import list_items


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def places(*arguments: Path, taken: tuple[str, ...] = ()) -> dict[str, str]:
    """File name -> place."""
    return {item.source.name: item.place for item in list_items(arguments, taken=taken)}


def test_a_folder_keeps_its_shape(tmp_path: Path) -> None:
    make(tmp_path, "b.wav", "album/a.b.flac", "album/deep/c.mp3", "notes.txt", ".hidden.wav")
    assert places(tmp_path) == {"a.b.flac": "album/a.b", "c.mp3": "album/deep/c", "b.wav": "b"}
    assert all(item.source.is_absolute() for item in list_items([tmp_path]))


def test_several_folders_get_a_folder_each(tmp_path: Path) -> None:
    make(tmp_path, "one/a.wav", "two/a.wav", "b.wav")
    items = list_items([tmp_path / "one", tmp_path / "two", tmp_path / "b.wav"])
    assert [item.place for item in items] == ["one/a", "two/a", "b"]


def test_a_recording_named_twice_is_one(tmp_path: Path) -> None:
    make(tmp_path, "a.wav")
    assert places(tmp_path, tmp_path / "a.wav") == {"a.wav": "a"}


def test_recordings_of_one_name_keep_their_suffixes(tmp_path: Path) -> None:
    make(tmp_path, "song.wav", "SONG.mp3", "other.wav", "report.wav")
    assert places(tmp_path, taken=("report",)) == {
        "song.wav": "song.wav",
        "SONG.mp3": "SONG.mp3",
        "other.wav": "other",
        "report.wav": "report.wav",
    }


def test_a_name_of_two_dots_and_a_suffix_is_kept(tmp_path: Path) -> None:
    assert places(tmp_path / "..wav", tmp_path / "a.wav") == {"..wav": "..wav", "a.wav": "a"}


def test_a_place_is_given_once(tmp_path: Path) -> None:
    make(tmp_path, "one/a.wav", "two/a.wav")
    first, second = list_items([tmp_path / "one" / "a.wav", tmp_path / "two" / "a.wav"])
    assert (first.rival, second.rival) == (None, tmp_path / "one" / "a.wav")


def test_a_list_names_recordings_relative_to_itself(tmp_path: Path) -> None:
    lines = ["#EXTM3U", "", "a.wav", "  album/b c.flac ", "../elsewhere/d.wav", str(tmp_path / "x" / "e.wav")]
    (tmp_path / "x").mkdir()
    playlist = tmp_path / "x" / "all.m3u"
    playlist.write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    assert places(playlist) == {"a.wav": "a", "b c.flac": "album/b c", "d.wav": "d", "e.wav": "e"}


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"#only\n\n", b"a\0b.wav\n", b"..\n/\n", b"a/..\n"])
def test_what_is_no_list_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "list.txt").write_bytes(data)
    with pytest.raises(OptionError, match="one a line"):
        list_items([tmp_path / "list.txt"])


def test_absent_lists_and_empty_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(TabFormatError, match="no such file"):
        list_items([tmp_path / "list.txt"])
    with pytest.raises(AudioError, match="no recordings"):
        list_items([tmp_path])


@given(lines=st.lists(st.text(max_size=12), max_size=8))
def test_any_list_gives_different_places_or_one_error(
    lines: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    try:
        items = list_items([path], taken=("report",))
    except InputError:
        return
    own = [item.place for item in items if item.rival is None]
    assert len(set(own)) == len(own)
    assert "report" not in own
    assert len({item.source for item in items}) == len(items)

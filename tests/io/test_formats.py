from pathlib import Path

import pytest

from fretscribe.errors import OptionError, OutputError, TabFormatError
from fretscribe.io.formats import (
    FORMATS,
    READABLE,
    SCORES,
    WRITABLE,
    format_of,
    read_score,
    read_tab,
    render_tab,
    suffix_of,
    write_tab,
)
from fretscribe.result import Stage, Transcription
from strategies import tab_note, tab_of

RESULT = Transcription(
    tab=tab_of(tab_note(0, 3, 0), tab_note(4, 1, 1)),
    stages=(Stage(name="a", status="ran", detail=""),),
    timings_s={"a": 1.5},
)


def test_what_there_is() -> None:
    assert set(WRITABLE) >= {"txt", "mid", "json", "jams", "gp5", "gp", "alphatex", "musicxml", "ly", "pdf"}
    assert set(READABLE) == {"txt", "mid", "json", "jams", *SCORES}
    assert SCORES == ("gp5", "gp4", "gp", "gp-synced", "gpx", "musicxml", "mxl")


@pytest.mark.parametrize("name", [name for name in WRITABLE if FORMATS[name].require is None])
def test_write_and_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"Ein 'Lied'{suffix_of(name)}"
    write_tab(RESULT, path)
    assert path.read_bytes() == render_tab(RESULT, name) == render_tab(RESULT, name)
    with pytest.raises(OutputError, match="exists"):
        write_tab(RESULT, path)
    write_tab(RESULT.tab, path, force=True)
    if name in READABLE:
        read = read_tab(path)
        assert [n.position for n in read.tab.notes] == [n.position for n in RESULT.tab.notes]
        assert read.stages == ()


@pytest.mark.parametrize(
    ("path", "name"),
    [("a.tab.txt", "txt"), ("a.txt", "txt"), ("a.b.MID", "mid"), ("a.midi", "mid"), ("x/a.jams", "jams")],
)
def test_suffixes(path: str, name: str) -> None:
    assert format_of(path) == name


def test_unknown_formats_list_the_known() -> None:
    for bad in ("a.doc", "a", "a.tab.doc"):
        with pytest.raises(OptionError) as caught:
            format_of(bad)
        assert ".tab.txt" in caught.value.mend
        assert ".jams" in caught.value.mend
    with pytest.raises(OptionError, match="no tab format 'doc'"):
        render_tab(RESULT, "doc")
    with pytest.raises(OptionError, match="no tab format 'doc'"):
        suffix_of("doc")


def test_what_is_a_score_and_what_is_not(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="can be read but not written"):
        render_tab(RESULT, "gpx")
    write_tab(RESULT, tmp_path / "a.json")
    with pytest.raises(OptionError, match="json files are no scores"):
        read_score(tmp_path / "a.json")
    with pytest.raises(OptionError, match="no tracks to choose from"):
        read_tab(tmp_path / "a.json", track="1")
    (tmp_path / "b.gp5").write_bytes(b"nothing")
    with pytest.raises(TabFormatError, match=r"b\.gp5: is not a readable Guitar Pro file"):
        read_tab(tmp_path / "b.gp5")


def test_reading_what_is_not_there_or_not_readable(tmp_path: Path) -> None:
    with pytest.raises(TabFormatError, match="no such file"):
        read_tab(tmp_path / "a.json")
    (tmp_path / "b.json").mkdir()
    with pytest.raises(TabFormatError, match="is a folder"):
        read_tab(tmp_path / "b.json")
    (tmp_path / "c.mid").touch()
    with pytest.raises(TabFormatError, match="is empty"):
        read_tab(tmp_path / "c.mid")
    with pytest.raises(TabFormatError, match="cannot be read"):
        read_tab(tmp_path / "c.mid" / "d.mid")

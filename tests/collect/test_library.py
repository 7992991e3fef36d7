"""The files of a collection: names, refusals, what a kill leaves."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.collect.library import LISTING_DAYS, MANIFEST, Library
from fretscribe.collect.pages import SearchRow, TabPage
from fretscribe.collect.tab_info import SCHEMA, TabInfo, file_name, join, to_json
from fretscribe.errors import FretscribeError, OutputError, TabFormatError

SITE = "https://example.org"
NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
ROW = SearchRow(
    tab_id=7,
    artist="The Made Ups",
    song="Some / Air",
    url=f"{SITE}/tab/7",
    kind="tabs",
    part="solo",
    votes=3,
    rating=4.5,
)
PAGE = TabPage(content="e|-0-|", tuning_name="Drop D", tuning_value="D A D G B E", capo=2, rating=4.75)
INFO = join(ROW, PAGE, fetched_at=NOW.isoformat())


def library(folder: Path, *, resume: bool = True, site: str = SITE) -> Library:
    return Library(folder, site, resume=resume)


def test_a_tab_is_a_text_and_its_metadata(tmp_path: Path) -> None:
    out = tmp_path / "a" / "tabs"
    with library(out, resume=False) as shelf:
        path = shelf.save(INFO, PAGE.content)
        assert (shelf.has(7), shelf.has(8), len(shelf)) == (True, False, 1)
    assert path == out / "the-made-ups" / "some-air-tabs-solo-v1-7.txt"
    assert path.read_bytes() == b"e|-0-|\n"
    assert json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) == {
        "schema": SCHEMA,
        "tab_id": 7,
        "artist": "The Made Ups",
        "song": "Some / Air",
        "kind": "tabs",
        "part": "solo",
        "version": 1,
        "votes": 3,
        "rating": 4.75,
        "tuning_name": "Drop D",
        "tuning_value": "D A D G B E",
        "capo": 2,
        "tempo_bpm": None,
        "key": None,
        "difficulty": None,
        "url": "https://example.org/tab/7",
        "fetched_at": "2030-01-01T00:00:00+00:00",
    }
    lines = [json.loads(line) for line in (out / MANIFEST).read_text(encoding="utf-8").splitlines()]
    assert [line["what"] for line in lines] == ["collection", "saved"]
    assert lines[1]["text"] == "the-made-ups/some-air-tabs-solo-v1-7.txt"


def test_a_page_that_shows_another_tab_is_refused() -> None:
    with pytest.raises(TabFormatError, match="tab 8 in place of tab 7"):
        join(ROW, replace(PAGE, tab_id=8), fetched_at="")
    with pytest.raises(TabFormatError, match="not collected"):
        join(replace(ROW, kind=None), PAGE, fetched_at="")


def test_a_collection_is_gone_on_with_only_when_asked(tmp_path: Path) -> None:
    with library(tmp_path, resume=False) as shelf:
        shelf.save(INFO, "x")
    with pytest.raises(OutputError, match=r"holds a collection.*--resume"):
        library(tmp_path, resume=False)
    with pytest.raises(OutputError, match=r"holds tabs of https://example\.org, not of"):
        library(tmp_path, site="https://example.com")
    with library(tmp_path) as shelf:
        assert shelf.has(7)
        with pytest.raises(OutputError, match="in use"):
            library(tmp_path)


def test_a_run_that_came_to_nothing_leaves_nothing(tmp_path: Path) -> None:
    with library(tmp_path / "new", resume=False):
        pass
    assert list(tmp_path.iterdir()) == []
    with library(tmp_path, resume=False):
        pass
    assert tmp_path.is_dir()


def test_a_tab_whose_files_were_removed_is_wanted_again(tmp_path: Path) -> None:
    for suffix in (".txt", ".json"):
        with library(tmp_path) as shelf:
            path = shelf.save(INFO, "x")
        path.with_suffix(suffix).unlink()
        with library(tmp_path) as shelf:
            assert not shelf.has(7)


def test_a_tab_that_was_edited_stays_as_it_is(tmp_path: Path) -> None:
    with library(tmp_path) as shelf:
        path = shelf.save(INFO, "x")
    path.write_text("mine", encoding="utf-8")
    with library(tmp_path) as shelf:
        assert shelf.has(7)
    assert path.read_text(encoding="utf-8") == "mine"


def test_files_without_their_line_are_found_again_and_litter_goes(tmp_path: Path) -> None:
    with library(tmp_path) as shelf:
        path = shelf.save(INFO, "x")
    manifest = tmp_path / MANIFEST
    whole = manifest.read_bytes()
    manifest.write_bytes(whole[:-5])  # the line was torn
    litter = path.with_name(f".fretscribe-{'0' * 16}.txt")
    for name in (
        litter,
        path.with_name("mine.json"),
        path.with_name("mine.txt"),
        path.with_name("other.json"),
    ):
        name.write_text("[]", encoding="utf-8")
    for suffix in (".json", ".txt"):
        path.with_name(f"deep{suffix}").write_text("[" * 100_000, encoding="utf-8")
    with library(tmp_path) as shelf:
        assert shelf.has(7)
        assert len(shelf) == 1
    assert not litter.exists()
    assert manifest.read_bytes() == whole
    with library(tmp_path) as shelf:
        assert len(shelf) == 1
    assert manifest.read_bytes() == whole


def test_gone_is_remembered_and_failed_is_not(tmp_path: Path) -> None:
    with library(tmp_path) as shelf:
        for tab_id, status in ((1, "gone"), (2, "failed"), (3, "forbidden")):
            shelf.note_missing(replace(ROW, tab_id=tab_id), status, "why", at=NOW)
    with library(tmp_path) as shelf:
        assert [shelf.is_gone(tab_id) for tab_id in (1, 2, 3)] == [True, False, False]


def test_a_search_is_remembered_for_a_while(tmp_path: Path) -> None:
    rows = [ROW, replace(ROW, tab_id=8, kind=None)]
    with library(tmp_path) as shelf:
        assert shelf.listing(("a", "b"), now=NOW) is None
        shelf.add_listing(("a", "b"), rows, at=NOW)
        assert shelf.listing(("a", "b"), now=NOW) == rows
    later = NOW + datetime.timedelta(days=LISTING_DAYS, seconds=1)
    with library(tmp_path) as shelf:
        assert shelf.listing(("a", "b"), now=NOW) == rows
        assert shelf.listing(("a", "c"), now=NOW) is None
        assert shelf.listing(("a", "b"), now=later) is None


@pytest.mark.parametrize("rows", [None, [1], [{}], [{"tab_id": 1}], [{"more": 1}], [{"kind": "drums"}], "x"])
def test_a_search_in_another_form_is_made_again(tmp_path: Path, rows: object) -> None:
    with library(tmp_path) as shelf:
        shelf.add_listing(("a",), [ROW], at=NOW)
    manifest = tmp_path / MANIFEST
    first, second = manifest.read_text(encoding="utf-8").splitlines()
    record = json.loads(second)
    row = record["rows"][0]
    record["rows"] = [row | rows[0]] if isinstance(rows, list) and rows == [{"kind": "drums"}] else rows
    manifest.write_text(f"{first}\n{json.dumps(record)}\n", encoding="utf-8")
    with library(tmp_path) as shelf:
        assert shelf.listing(("a",), now=NOW) is None


@pytest.mark.parametrize(
    ("lines", "error", "message"),
    [
        (
            '{"what": "collection", "schema": "x/9", "site": "https://example.org"}\n',
            TabFormatError,
            "of the form 'x/9'",
        ),
        ('{"what": "saved", "id": "7"}\n', TabFormatError, "line 1 is no record"),
        ('{"what": "else"}\n', TabFormatError, "line 1 is no record"),
        ("{}\n{}\n", TabFormatError, "line 1 is no record"),
    ],
)
def test_a_foreign_manifest_is_refused(
    tmp_path: Path, lines: str, error: type[FretscribeError], message: str
) -> None:
    (tmp_path / MANIFEST).write_text(lines, encoding="utf-8")
    with pytest.raises(error, match=message):
        library(tmp_path)
    assert (tmp_path / MANIFEST).read_text(encoding="utf-8") == lines


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot make"):
        library(tmp_path / "file" / "tabs")
    with library(tmp_path) as shelf:
        (tmp_path / "the-made-ups").write_text("x", encoding="utf-8")
        with pytest.raises(OutputError, match="cannot make"):
            shelf.save(INFO, "x")


@given(st.text())
def test_any_name_becomes_a_safe_one(name: str) -> None:
    safe = file_name(name)
    assert safe
    assert not set(safe) & set('/\\:*?"<>|.\0\n ')
    assert len(safe.encode("utf-8")) <= 160


@given(names=st.tuples(st.text(min_size=1), st.text(min_size=1), st.text()), tab_id=st.integers(1, 2**40))
def test_files_of_any_tab_can_be_named_and_written(names: tuple[str, str, str], tab_id: int) -> None:
    clean = [name.encode("utf-8", "replace").decode("utf-8") for name in names]
    info: TabInfo = replace(INFO, artist=clean[0], song=clean[1], part=clean[2], tab_id=tab_id)
    assert len(f"{info.stem}.json".encode()) <= 255
    assert json.loads(to_json(info))["song"] == clean[1]

"""Pages read: both forms, and everything that a page may lack or get wrong."""

from __future__ import annotations

import html
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.collect.pages import page_data, search_page, tab_page
from fretscribe.errors import TabFormatError
from tab_site import PROMOS, SONGS, new_form, old_form, text_of

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
json_objects = st.dictionaries(st.text(max_size=8), json_values, max_size=4)


@given(data=json_objects)
def test_what_a_page_carries_comes_back_from_both_forms(data: dict[str, object]) -> None:
    assert page_data(new_form(data)) == data
    assert page_data(old_form(data)) == data


@given(data=json_objects, share=st.floats(0, 1))
def test_a_page_that_broke_off_is_whole_or_an_error(data: dict[str, object], share: float) -> None:
    page = new_form(data)
    cut = page[: round(share * len(page))]
    try:
        found = page_data(cut)
    except TabFormatError:
        return
    assert found == data


@given(text=st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_no_text_makes_it_raise_anything_but_its_own_error(text: str) -> None:
    for page in (
        text,
        f'<div class="js-store" data-content="{text}">',
        f"<script>window.UGAPP.store.page = {text}",
    ):
        try:
            data = page_data(page)
        except TabFormatError:
            continue
        assert isinstance(data, dict)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("", "no store"),
        ("<html><body>Welcome</body></html>", "no store"),
        ('<div class="js-store" data-content="{&quot;store">', "cannot be read"),
        ('<div class="js-store" data-content="[1]">', "no object store.page.data"),
        ('<div class="js-store" data-content="' + "[" * 100_000 + '">', "nested too deeply"),
        ("<script>window.UGAPP.store.page = {</script>", "cannot be read"),
        ("<script>window.UGAPP.store.page = 3;</script>", "no object data"),
        (f'<div class="js-store" data-content="{"9" * 5000}">', "cannot be read"),
        ("x" * 16_000_001, "limit is 16000000"),
    ],
    ids=range(9),
)
def test_pages_without_data_say_what_is_wrong(page: str, message: str) -> None:
    with pytest.raises(TabFormatError, match=message):
        page_data(page)


def test_a_broken_new_form_does_not_hide_a_good_old_one() -> None:
    assert page_data('<i class="js-store" data-content="{"></i>' + old_form({"a": 1})) == {"a": 1}


def test_long_pages_of_junk_are_read_in_little_time() -> None:
    started_s = time.monotonic()
    for junk in (
        "<!--" * 200_000,
        "<div " * 200_000,
        "<script>" * 100_000,
        "</" * 300_000,
        "<a b='" * 100_000,
    ):
        with pytest.raises(TabFormatError):
            page_data(junk)
    assert time.monotonic() - started_s < 20.0


def test_rows_are_read_and_promotions_are_not() -> None:
    rows: list[object] = [song.row("https://example.org") for song in SONGS]
    page = search_page({"results": [*rows, *PROMOS], "pagination": {"total": 3}})
    assert [row.tab_id for row in page.rows] == [song.tab_id for song in SONGS]
    assert (page.n_other_entries, page.n_pages) == (len(PROMOS), 3)
    assert [row.kind for row in page.rows] == ["tabs", "tabs", "bass", "chords", "tabs", None, "tabs", "tabs"]
    assert [row.is_open for row in page.rows].count(False) == 1
    assert page.rows[0].url == "https://example.org/tab/101"


@pytest.mark.parametrize(
    ("change", "attribute", "value"),
    [
        ({"votes": None}, "votes", 0),
        ({"votes": "12"}, "votes", 12),
        ({"votes": -3}, "votes", 0),
        ({"rating": "4.5"}, "rating", 4.5),
        ({"rating": float("nan")}, "rating", 0.0),
        ({"rating": 77}, "rating", 5.0),
        ({"rating": True}, "rating", 0.0),
        ({"version": []}, "version", 1),
        ({"part": {}}, "part", ""),
        ({"part": " solo "}, "part", "solo"),
        ({"tab_access_type": 3}, "is_open", True),
        ({"type": " BASS  tabs"}, "kind", "bass"),
        ({"song_name": "half\ud800"}, "song", "half?"),
        ({"votes": 10**400}, "votes", 0),
    ],
)
def test_odd_members_of_a_row_become_what_can_be_used(
    change: dict[str, object], attribute: str, value: object
) -> None:
    (row,) = search_page({"results": [SONGS[0].row("https://example.org") | change]}).rows
    assert getattr(row, attribute) == value


@pytest.mark.parametrize("key", ["id", "type", "song_name", "artist_name", "tab_url"])
def test_a_row_without_what_it_needs_is_no_row(key: str) -> None:
    row = SONGS[0].row("https://example.org")
    for value in (None, "", -1, []):
        page = search_page({"results": [row | {key: value}]})
        assert (page.rows, page.n_other_entries) == ((), 1)


@pytest.mark.parametrize("data", [{}, {"results": None}, {"results": {}, "pagination": 4}])
def test_a_search_without_results_is_empty(data: dict[str, object]) -> None:
    assert search_page(data).rows == ()
    assert search_page(data).n_pages == 1


def test_a_tab_with_all_its_metadata() -> None:
    page = tab_page(page_data(SONGS[0].page("https://example.org")))
    assert page.content == text_of(101).replace("\r\n", "\n")
    assert (page.tuning_name, page.tuning_value) == ("Drop D", "D A D G B E")
    assert (page.capo, page.tempo_bpm, page.key, page.difficulty) == (2, 96.0, "Dm", "novice")
    assert (page.tab_id, page.artist, page.song, page.votes) == (101, "The Made Ups", "Paper Lanterns", 400)


@pytest.mark.parametrize(
    "meta", [[], None, "x", 3, {}, {"tuning": []}, {"tuning": {"name": 3}}, {"capo": "none"}]
)
def test_metadata_may_be_anything(meta: object) -> None:
    page = tab_page({"tab_view": {"wiki_tab": {"content": "e|-0-|"}, "meta": meta}})
    assert page.content == "e|-0-|"
    assert (page.tuning_name, page.tuning_value, page.capo, page.tempo_bpm, page.tab_id) == (None,) * 5


@pytest.mark.parametrize(
    ("view", "tempo"),
    [
        ({"meta": {"bpm": 120}}, 120.0),
        ({"meta": [], "strummings": [{}, {"bpm": 88}]}, 88.0),
        ({"meta": {"tempo": 0}, "strummings": [{"bpm": "140"}]}, 140.0),
        ({"meta": {"tempo": 12_000}, "strummings": "x"}, None),
    ],
)
def test_the_tempo_is_found_where_it_stands(view: dict[str, object], tempo: float | None) -> None:
    assert tab_page({"tab_view": {"wiki_tab": {"content": "x"}} | view}).tempo_bpm == tempo


@pytest.mark.parametrize("view", [None, {}, {"wiki_tab": None}, {"wiki_tab": {"content": " \n"}}])
def test_a_page_that_hides_its_tab_says_so(view: object) -> None:
    with pytest.raises(TabFormatError, match="login"):
        tab_page({"tab": {"id": 1}, "tab_view": view})


def test_attributes_in_any_order_and_quotes() -> None:
    store = json.dumps({"store": {"page": {"data": {"a": "<'\">"}}}})
    escaped = html.escape(store, quote=True)
    assert page_data(f"<div data-content='{escaped}' class='b js-store'>") == {"a": "<'\">"}
    with pytest.raises(TabFormatError):
        page_data(f'<div class="js-store-x" data-content="{escaped}">')

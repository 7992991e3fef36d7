"""A page's HTML to what it says: rows of a search, or one tab with its metadata.

Pages carry their data as JSON: in the attribute ``data-content`` of an element of class ``js-store``, older
ones in a script that sets ``window.UGAPP.store.page``. What a row or a tab cannot do without is demanded;
everything else may be absent or of any type. Knows no network and no files. Neighbours: ``ranking`` orders
the rows, ``tab_info`` joins row and page.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Literal

from fretscribe.errors import TabFormatError

Kind = Literal["tabs", "bass", "chords"]
KINDS: tuple[Kind, ...] = ("tabs", "bass", "chords")
"""What is collected, those that say most about a guitar's frets first."""

_KIND_OF_TYPE: dict[str, Kind] = {
    "tab": "tabs",
    "tabs": "tabs",
    "bass": "bass",
    "bass tab": "bass",
    "bass tabs": "bass",
    "chords": "chords",
}
_MAX_CHARS = 16_000_000
_MAX_PAGES = 1_000
_OLD_STORE = re.compile(r"window\.UGAPP\.store\.page\s*=\s*")
_LEADING_NUMBER = re.compile(r"\s*(-?\d{1,9}(?:\.\d{1,9})?)")
_VOID_LINES = re.compile(r"\r\n?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRow:
    """A tab as a search lists it.

    Attributes
    ----------
    tab_id : int
    artist, song, url : str
    kind : {"tabs", "bass", "chords"}, or None
        None for what is not collected: video lessons, drum tabs, files for other programs ...
    is_open : bool
        Whether anybody may read it without an account.
    part : str
        "intro", "solo" ...; empty if it is the whole song.
    version, votes : int
    rating : float
        0 to 5; 0 if nobody voted.
    """

    tab_id: int
    artist: str
    song: str
    url: str
    kind: Kind | None
    is_open: bool = True
    part: str = ""
    version: int = 1
    votes: int = 0
    rating: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """One page of a search: rows, how many other entries (advertisements), and how many pages there are."""

    rows: tuple[SearchRow, ...]
    n_other_entries: int
    n_pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TabPage:
    """One tab as its page shows it; None is what the page does not say.

    Attributes
    ----------
    content : str
        The text with the site's own marks ``[tab]`` and ``[ch]``; newlines are ``\\n``.
    tab_id, version, votes, capo : int, or None
    rating, tempo_bpm : float, or None
    artist, song, part, tuning_name, tuning_value, key, difficulty : str, or None
        ``tuning_value`` lists the strings, low to high, as "D A D G B E".
    """

    content: str
    tab_id: int | None = None
    artist: str | None = None
    song: str | None = None
    part: str | None = None
    version: int | None = None
    votes: int | None = None
    rating: float | None = None
    tuning_name: str | None = None
    tuning_value: str | None = None
    capo: int | None = None
    tempo_bpm: float | None = None
    key: str | None = None
    difficulty: str | None = None


def page_data(html: str) -> dict[str, object]:
    """The object ``data`` that a page carries, in its newer or its older form.

    Raises
    ------
    TabFormatError
        If there is none, if it is cut off or no JSON, or if the page is longer than 16 million characters.

    >>> page_data('<div class="x js-store" data-content="{&quot;store&quot;:{&quot;page&quot;:'
    ...           '{&quot;data&quot;:{&quot;a&quot;:1}}}}">')
    {'a': 1}
    >>> page_data('<script>window.UGAPP.store.page = {"data": {"a": 1}};</script>')
    {'a': 1}
    """
    if len(html) > _MAX_CHARS:
        raise TabFormatError(f"the page is {len(html)} characters long, the limit is {_MAX_CHARS}")
    found = _StoreFinder()
    found.feed(html)  # without close(): what a page that broke off leaves open is not to be guessed at
    trouble = "the page carries no store of data"
    for text in found.contents:
        try:
            return _object_at(_parsed(text), "store", "page", "data")
        except ValueError as error:
            trouble = f"the page's store cannot be read: {error}"
    for script in found.scripts:
        if (match := _OLD_STORE.search(script)) is not None:
            try:
                return _object_at(_parsed(script[match.end() :], whole=False), "data")
            except ValueError as error:
                trouble = f"the page's store cannot be read: {error}"
    raise TabFormatError(trouble)


def search_page(data: dict[str, object]) -> SearchPage:
    """The rows of a search's page; entries that lack type, id, names or address count as other entries."""
    results = data.get("results")
    entries = results if isinstance(results, list) else []
    rows = [row for entry in entries if (row := _row(entry)) is not None]
    n_pages = _integer(_member(data.get("pagination"), "total")) or 1
    return SearchPage(
        rows=tuple(rows),
        n_other_entries=len(entries) - len(rows),
        n_pages=min(max(1, n_pages), _MAX_PAGES),
    )


def tab_page(data: dict[str, object]) -> TabPage:
    """The tab that a page shows.

    Raises
    ------
    TabFormatError
        If the page holds no text of a tab.
    """
    tab, view = data.get("tab"), data.get("tab_view")
    content = _member(_member(view, "wiki_tab"), "content")
    if not isinstance(content, str) or not content.strip():
        raise TabFormatError("the page shows no tab as text (it may want a login or a payment)")
    meta = _member(view, "meta")
    tuning = _member(meta, "tuning")
    return TabPage(
        content=_VOID_LINES.sub("\n", _writable(content)),
        tab_id=_integer(_member(tab, "id")),
        artist=_text(_member(tab, "artist_name")),
        song=_text(_member(tab, "song_name")),
        part=_text(_member(tab, "part")),
        version=_integer(_member(tab, "version")),
        votes=_integer(_member(tab, "votes")),
        rating=_number(_member(tab, "rating")),
        tuning_name=_text(_member(tuning, "name")),
        tuning_value=_text(_member(tuning, "value")),
        capo=_capo(_member(meta, "capo")),
        tempo_bpm=_tempo(meta, view),
        key=_text(_member(meta, "tonality")) or _text(_member(tab, "tonality_name")),
        difficulty=_text(_member(meta, "difficulty")) or _text(_member(tab, "difficulty")),
    )


class _StoreFinder(HTMLParser):
    """Collects the contents of js-store elements and the text of scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.contents: list[str] = []
        self.scripts: list[str] = []
        self._script: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a store, or that a script begins."""
        named = dict(attrs)
        content = named.get("data-content")
        if content and "js-store" in (named.get("class") or "").split():
            self.contents.append(content)
        if tag == "script":
            self._script = []

    def handle_data(self, data: str) -> None:
        """Note a piece of a script; it may come in several."""
        if self._script is not None:
            self._script.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Note that a script is complete."""
        if tag == "script" and self._script is not None:
            self.scripts.append("".join(self._script))
            self._script = None


def _parsed(text: str, *, whole: bool = True) -> object:
    """JSON, up to the end or (not ``whole``) with other text behind it; `ValueError` if it is none."""
    try:
        if whole:
            return json.loads(text)
        value, _ = json.JSONDecoder().raw_decode(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def _object_at(value: object, *keys: str) -> dict[str, object]:
    """The object at the end of a path of keys; `ValueError` if there is none."""
    for key in keys:
        value = _member(value, key)
    if not isinstance(value, dict):
        raise ValueError(f"it has no object {'.'.join(keys)}")  # noqa: TRY004  # as for JSON that is broken
    return value


def _member(value: object, key: str) -> object:
    """A member of what should be an object, None where it is anything else or lacks it."""
    return value.get(key) if isinstance(value, dict) else None


def _row(entry: object) -> SearchRow | None:
    tab_id = _integer(_member(entry, "id"))
    site_type, url = _text(_member(entry, "type")), _text(_member(entry, "tab_url"))
    artist, song = _text(_member(entry, "artist_name")), _text(_member(entry, "song_name"))
    if tab_id is None or tab_id <= 0 or not (site_type and url and artist and song):
        return None
    access = _text(_member(entry, "tab_access_type"))
    rating = _number(_member(entry, "rating")) or 0.0
    return SearchRow(
        tab_id=tab_id,
        artist=artist,
        song=song,
        url=url,
        kind=_KIND_OF_TYPE.get(" ".join(site_type.casefold().split())),
        is_open=access is None or access.casefold() == "public",
        part=_text(_member(entry, "part")) or "",
        version=max(1, _integer(_member(entry, "version")) or 1),
        votes=max(0, _integer(_member(entry, "votes")) or 0),
        rating=min(max(rating, 0.0), 5.0),
    )


def _text(value: object) -> str | None:
    """A string that says something, or None."""
    if not isinstance(value, str):
        return None
    return " ".join(_writable(value).split()) or None


def _writable(text: str) -> str:
    """The text without halves of surrogate pairs, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _number(value: object) -> float | None:
    """A finite number, also one that begins a string such as "120 bpm"."""
    if isinstance(value, str) and (match := _LEADING_NUMBER.match(value)) is not None:
        return float(match[1])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and abs(value) > 2**53:
        return None
    return float(value) if math.isfinite(value) else None


def _integer(value: object) -> int | None:
    number = _number(value)
    return None if number is None or not number.is_integer() else int(number)


def _capo(value: object) -> int | None:
    fret = _integer(value)
    return fret if fret is not None and 0 <= fret <= 24 else None


def _tempo(meta: object, view: object) -> float | None:
    """Beats a minute, from the metadata or else from the first strumming pattern that says it."""
    strummings = _member(view, "strummings")
    patterns = strummings if isinstance(strummings, list) else []
    given = [_member(meta, "tempo"), _member(meta, "bpm"), *(_member(pattern, "bpm") for pattern in patterns)]
    for value in given:
        bpm = _number(value)
        if bpm is not None and 20.0 <= bpm <= 400.0:
            return bpm
    return None

"""Finds an artist's tabs on the site and saves them: the search, the choice, page after page.

Neighbours: ``visitor`` asks the site, ``pages`` and ``ranking`` say what came, ``library`` keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from fretscribe.collect.library import Library
from fretscribe.collect.manners import Clock
from fretscribe.collect.pages import Kind, SearchRow, search_page, tab_page
from fretscribe.collect.ranking import Selection, select
from fretscribe.collect.tab_info import join
from fretscribe.collect.visitor import Missing, Visitor
from fretscribe.errors import SiteError, TabFormatError

SITE = "https://www.ultimate-guitar.com"
MAX_SEARCH_PAGES = 100

_TYPE_NUMBERS: dict[Kind, str] = {
    "tabs": "200",
    "chords": "300",
    "bass": "400",
}  # as the site's search has them

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is looked for.

    Attributes
    ----------
    artist : str
    song : str, optional
        All songs if None.
    kinds : tuple of {"tabs", "bass", "chords"}
        The preferred ones first.
    """

    artist: str
    song: str | None = None
    kinds: tuple[Kind, ...]

    def __post_init__(self) -> None:
        if not self.kinds or len(set(self.kinds)) < len(self.kinds):
            raise ValueError("kinds are wanted, each once")

    @property
    def query(self) -> tuple[str, ...]:
        """What the search depends on."""
        return (self.artist, self.song or "", *sorted(self.kinds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of the tabs that were wanted."""

    saved: int = 0
    there_before: int = 0
    gone: int = 0
    forbidden: int = 0
    failed: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            saved=self.saved + other.saved,
            there_before=self.there_before + other.there_before,
            gone=self.gone + other.gone,
            forbidden=self.forbidden + other.forbidden,
            failed=self.failed + other.failed,
        )


def search_url(site: str, wish: Wish, page: int) -> str:
    """Address of a page of a search.

    >>> search_url("https://example.org", Wish(artist="A & B", kinds=("tabs",)), 2)
    'https://example.org/search.php?band_name=A+%26+B&type%5B%5D=200&page=2'
    """
    words = [("band_name", wish.artist)]
    if wish.song is not None:
        words.append(("song_name", wish.song))
    words += [("type[]", _TYPE_NUMBERS[kind]) for kind in sorted(wish.kinds)]
    return f"{site}/search.php?{urlencode([*words, ('page', str(page))])}"


def find_tabs(
    visitor: Visitor, wish: Wish, *, clock: Clock, library: Library | None, tell: Tell
) -> Selection:
    """Search for an artist's tabs, all pages of it, and rank them.

    Parameters
    ----------
    visitor : Visitor
    wish : Wish
    clock : Clock
    library : Library, optional
        Remembers the result, and gives it back to a run that goes on.
    tell : callable
        Called with a line for the user.

    Raises
    ------
    SiteError
        If the search cannot be had, or the site stops us.
    """
    rows = None if library is None else library.listing(wish.query, now=clock.now())
    if rows is None:
        rows = _search(visitor, wish, tell)
        if library is not None:
            library.add_listing(wish.query, rows, at=clock.now())
    return select(rows, artist=wish.artist, song=wish.song, kinds=wish.kinds)


def _search(visitor: Visitor, wish: Wish, tell: Tell) -> list[SearchRow]:
    """The rows of all pages of a search."""
    rows: list[SearchRow] = []
    page, n_pages = 1, 1
    while page <= n_pages:
        data = visitor.data(search_url(visitor.site, wish, page))
        if isinstance(data, Missing):
            if data.status == "gone":  # nothing is found, or the list became shorter meanwhile
                break
            raise SiteError(
                f"{visitor.site}: page {page} of the search cannot be read: {data.reason}",
                mend="" if data.status == "forbidden" else "try again later",
            )
        found = search_page(data)
        rows += found.rows
        n_pages = found.n_pages
        if page == 1 and n_pages > 1:
            tell(f"{wish.artist}: {n_pages} pages of results")
        if page == MAX_SEARCH_PAGES < n_pages:
            tell(f"{wish.artist}: only the first {page} of {n_pages} pages of results are read")
            break
        page += 1
    return rows


def save_tabs(
    visitor: Visitor,
    rows: Sequence[SearchRow],
    library: Library,
    *,
    clock: Clock,
    limit: int | None = None,
    tell: Tell,
) -> Tally:
    """Save tabs in their order, leaving out what is saved already, until ``limit`` of them are there.

    Parameters
    ----------
    visitor : Visitor
    rows : sequence of SearchRow
    library : Library
    clock : Clock
    limit : int, optional
        Counts tabs that were there before, so that a run that goes on ends where the first would have.
    tell : callable
        Called with a line for each tab.

    Raises
    ------
    SiteError
        If the site cannot be reached or stops us; what was saved stays.
    OutputError
        If a file cannot be written.
    """
    tally = Tally()
    for number, row in enumerate(rows, start=1):
        if limit is not None and tally.saved + tally.there_before >= limit:
            break
        if library.has(row.tab_id):
            tally += Tally(there_before=1)
            continue
        if library.is_gone(row.tab_id):
            tally += Tally(gone=1)
            continue
        missing = _save_one(visitor, row, library, clock)
        shown = f"{number}/{len(rows)} {describe(row)}"
        if missing is None:
            tally += Tally(saved=1)
            tell(f"saved {shown}")
            continue
        library.note_missing(row, missing.status, missing.reason, at=clock.now())
        tell(f"left out {shown}: {missing.reason}")
        match missing.status:
            case "gone":
                tally += Tally(gone=1)
            case "forbidden":
                tally += Tally(forbidden=1)
            case "failed":
                tally += Tally(failed=1)
    return tally


def _save_one(visitor: Visitor, row: SearchRow, library: Library, clock: Clock) -> Missing | None:
    """Fetch and keep one tab; why it is missing, or None if it is there."""
    data = visitor.data(row.url)
    if isinstance(data, Missing):
        return data
    try:
        page = tab_page(data)
        info = join(row, page, fetched_at=clock.now().isoformat(timespec="seconds"))
    except TabFormatError as error:
        return Missing(status="failed", reason=error.message)
    library.save(info, page.content)
    return None


def describe(row: SearchRow) -> str:
    """A row in a line: names, kind, part, version, stars.

    >>> describe(SearchRow(tab_id=7, artist="The Made Ups", song="Some Air", url="u", kind="tabs", votes=12,
    ...                    rating=4.75, version=2))
    'The Made Ups - Some Air (tabs, version 2, 4.8 stars of 12 votes)'
    """
    words = [row.kind or "other", *([row.part] if row.part else []), f"version {row.version}"]
    votes = "1 vote" if row.votes == 1 else f"{row.votes} votes"
    words.append(f"{row.rating:.1f} stars of {votes}" if row.votes else "no votes")
    return f"{row.artist} - {row.song} ({', '.join(words)})"

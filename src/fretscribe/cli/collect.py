"""``fretscribe collect``: gather tabs to train on, politely."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fretscribe.cli import options as o
from fretscribe.cli.report import note_line, warning_line
from fretscribe.convert import counted
from fretscribe.errors import InputError, MissingExtraError, OptionError, SiteError

if TYPE_CHECKING:
    from fretscribe.collect.library import Library
    from fretscribe.collect.manners import Clock
    from fretscribe.collect.pages import Kind, SearchRow
    from fretscribe.collect.ranking import Selection
    from fretscribe.collect.ug import Tally, Wish
    from fretscribe.collect.visitor import Visitor

collect_app = typer.Typer(
    help="Gather tabs to train on; needs the extra 'collect'. Read docs/collect.md first.",
    no_args_is_help=True,
)

_Artist = Annotated[list[str], typer.Option("--artist", metavar="NAME", help="Whose tabs; may be repeated.")]
_Artists = Annotated[
    Path | None,
    typer.Option("--artists", metavar="FILE", help="A list: one artist a line, [genre] lines as headings."),
]
_Genre = Annotated[
    list[str],
    typer.Option("--genre", metavar="NAME", help="Only the artists under this heading; may be repeated."),
]
_Song = Annotated[
    str | None, typer.Option("--song", metavar="WORDS", help="Only songs whose name has these words.")
]
_Kinds = Annotated[
    list[str],
    typer.Option(
        "--type",
        metavar="tabs|chords|bass",
        help="What to save, the preferred first; may be repeated. Default: tabs, bass, chords.",
    ),
]
_Limit = Annotated[
    int | None, typer.Option("--limit", metavar="N", min=1, help="At most N tabs of each artist.")
]
_Out = Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder of the collection.")]
_Resume = Annotated[bool, typer.Option("--resume", help="Go on with the collection in that folder.")]
_DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Search, print what would be saved, and save nothing.")
]
_Interactive = Annotated[bool, typer.Option("--interactive", help="Choose from the list.")]
_Site = Annotated[str | None, typer.Option("--site", metavar="URL", help="Another site with the same pages.")]
_Browser = Annotated[Literal["chromium", "firefox"], typer.Option("--browser", help="Which browser to use.")]
_Executable = Annotated[
    Path | None,
    typer.Option(
        "--executable", metavar="PATH", help="Its program. Default: Playwright's own, or the system's."
    ),
]
_Headless = Annotated[bool, typer.Option("--headless/--no-headless", help="Without a window, or to watch.")]


@collect_app.command("ug")
def ug(
    artist: _Artist = [],  # noqa: B006  # typer copies it
    artists: _Artists = None,
    genre: _Genre = [],  # noqa: B006
    song: _Song = None,
    kind: _Kinds = [],  # noqa: B006
    limit: _Limit = None,
    out: _Out = Path("ug_tabs"),
    resume: _Resume = False,
    dry_run: _DryRun = False,
    interactive: _Interactive = False,
    site: _Site = None,
    browser: _Browser = "chromium",
    executable: _Executable = None,
    headless: _Headless = True,
    quiet: o.Quiet = False,
) -> None:
    """Save an artist's tabs from Ultimate Guitar as text and metadata, for your own training.

    Obeys robots.txt, says who it is, and pauses 5 to 10 seconds between pages; a site that says no is left
    alone. Whether you may do this is for you to find out: read the site's terms. Never pass on what you
    collect.
    """
    from fretscribe.collect.ug import SITE, Wish
    from fretscribe.collect.visitor import site_address

    names = artist_names(artist, artists, genre)
    kinds = parse_kinds(kind)
    wishes = [Wish(artist=name, song=song, kinds=kinds) for name in names]
    address = site_address(site or SITE)
    if interactive and not sys.stdin.isatty():
        raise OptionError(
            "--interactive needs a terminal to ask on", mend="use --dry-run and --limit instead"
        )
    if importlib.util.find_spec("playwright") is None:
        raise MissingExtraError("collecting tabs with a browser", "collect")

    from fretscribe.collect.browser import BrowserFetcher
    from fretscribe.collect.library import Library
    from fretscribe.collect.manners import Pacer, SystemClock
    from fretscribe.collect.visitor import Visitor

    tell: Callable[[str], None] = (lambda line: None) if quiet else note_line
    clock = SystemClock()
    with contextlib.ExitStack() as stack:
        library = None if dry_run else stack.enter_context(Library(out, address, resume=resume))
        fetcher = stack.enter_context(BrowserFetcher(browser, executable=executable, headless=headless))
        visitor = Visitor(fetcher, address, pacer=Pacer(clock), tell=tell)
        choose = _ask if interactive else None
        tally = work_through(visitor, wishes, library, clock=clock, limit=limit, choose=choose, tell=tell)
    if not dry_run:
        tell(f"{summary(tally)}, in {out}")
    if tally.failed:
        raise typer.Exit(1)


def work_through(
    visitor: Visitor,
    wishes: Sequence[Wish],
    library: Library | None,
    *,
    clock: Clock,
    limit: int | None,
    choose: Callable[[Sequence[SearchRow]], Sequence[SearchRow]] | None,
    tell: Callable[[str], None],
) -> Tally:
    """Fulfil one wish after the other; without a library, print what would be saved.

    Raises
    ------
    InputError
        If the only wish finds nothing; in a batch that is a warning.
    SiteError
        If the site cannot be reached or stops us.
    """
    from fretscribe.collect.ug import Tally, find_tabs, save_tabs

    tally = Tally()
    try:
        for wish in wishes:
            found = find_tabs(visitor, wish, clock=clock, library=library, tell=tell)
            rows: Sequence[SearchRow] = _rows(found, wish, visitor.site, alone=len(wishes) == 1, tell=tell)
            if library is None:
                _print_rows(rows[:limit])
                continue
            if choose is not None and rows:
                rows = choose(rows)
            tally += save_tabs(visitor, rows, library, clock=clock, limit=limit, tell=tell)
    except SiteError:
        if library is not None and len(library):
            tell(f"tabs in {library.folder}: {len(library)}")
        raise
    return tally


def artist_names(names: Sequence[str], file: Path | None, genres: Sequence[str]) -> tuple[str, ...]:
    """All artists of the command line and of the list, none twice.

    Raises
    ------
    OptionError
        If there is none, or a genre without a list.
    InputError
        If the list cannot be read.
    """
    from fretscribe.collect.artists import read_artists

    given = [" ".join(name.split()) for name in names]
    if not all(given):
        raise OptionError("--artist is empty", mend="name one")
    if file is None and genres:
        raise OptionError("--genre is for a list", mend="add --artists FILE")
    if file is not None:
        given += read_artists(file, genres=genres)
    if not given:
        raise OptionError("no artist is named", mend='for example --artist "Killswitch Engage"')
    return tuple(dict.fromkeys(given))


def parse_kinds(texts: Sequence[str]) -> tuple[Kind, ...]:
    """The kinds of ``--type``, in their order, none twice; all if none is named.

    Raises
    ------
    OptionError
        If one is no kind.
    """
    from fretscribe.collect.pages import KINDS

    named = [word.strip().casefold() for text in texts for word in text.split(",")]
    by_name = {str(kind): kind for kind in KINDS}
    for word in named:
        if word not in by_name:
            raise OptionError(f"--type {word!r} is not collected", mend=f"use {', '.join(KINDS)}")
    return tuple(dict.fromkeys(by_name[word] for word in named)) or KINDS


def parse_choice(text: str, n_rows: int) -> list[int]:
    """Indices of the rows that "1,3-5", "all" or "none" choose, counted from 0.

    Raises
    ------
    OptionError
        If it chooses nothing that is there.

    >>> parse_choice("2, 4-5", 5)
    [1, 3, 4]
    """
    word = text.strip().casefold()
    if word in ("all", "none", ""):
        return list(range(n_rows)) if word == "all" else []
    chosen: dict[int, None] = {}
    for part in word.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        ends = (first, last if dash else first)
        if not all(end.isascii() and end.isdigit() and len(end) < 7 for end in ends):
            raise OptionError(f"{part.strip()!r} is no number or range", mend="for example 1,3-5, all, none")
        low, high = int(ends[0]), int(ends[1])
        if not 1 <= low <= high <= n_rows:
            raise OptionError(f"{part.strip()!r} is not on the list", mend=f"it goes from 1 to {n_rows}")
        chosen.update(dict.fromkeys(range(low - 1, high)))
    return list(chosen)


def summary(tally: Tally) -> str:
    """What became of the tabs, in a line."""
    parts = [
        (tally.saved, "saved"),
        (tally.there_before, "there before"),
        (tally.gone, "gone from the site"),
        (tally.forbidden, "not to be read"),
        (tally.failed, "failed"),
    ]
    return ", ".join(f"{n} {what}" for n, what in parts if n or what == "saved")


def _rows(
    found: Selection, wish: Wish, site: str, *, alone: bool, tell: Callable[[str], None]
) -> tuple[SearchRow, ...]:
    """The rows to work on; nothing found is an error for a single artist, and a warning in a batch."""
    left_out = [
        (found.n_other_names, "by other names"),
        (found.n_other_kinds, "of other kinds"),
        (found.n_closed, "behind a login"),
    ]
    counts = ", ".join(f"{n} {what}" for n, what in left_out if n)
    if found.rows:
        tabs = counted(len(found.rows), "tab")
        tell(f"{wish.artist}: {tabs}" + (f"; left out: {counts}" if counts else ""))
        return found.rows
    what = f" of a song with {wish.song!r}" if wish.song is not None else ""
    message = f"{site} lists no {' or '.join(wish.kinds)} by {wish.artist!r}{what}"
    message += f"; left out: {counts}" if counts else ""
    if alone:
        raise InputError(message, mend="check the spelling")
    warning_line(message)
    return ()


def _print_rows(rows: Sequence[SearchRow]) -> None:
    """The list as data: rank, description and address, parted by tabs."""
    from fretscribe.collect.ug import describe

    for number, row in enumerate(rows, start=1):
        typer.echo(f"{number}\t{describe(row)}\t{row.url}")


def _ask(rows: Sequence[SearchRow]) -> tuple[SearchRow, ...]:
    """Show the list on stderr and ask until the answer makes sense."""
    from fretscribe.collect.ug import describe

    for number, row in enumerate(rows, start=1):
        typer.echo(f"{number:4d}  {describe(row)}", err=True)
    while True:
        text = typer.prompt("Which? (such as 1,3-5, all, none)", err=True)
        try:
            return tuple(rows[index] for index in parse_choice(text, len(rows)))
        except OptionError as error:
            warning_line(str(error))

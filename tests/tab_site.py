"""A site of made-up songs on this machine, in both page forms, that can misbehave; and a clock for it."""

from __future__ import annotations

import contextlib
import datetime
import html
import http.client
import http.server
import json
import shutil
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import parse_qs, urlsplit

import pytest

from fretscribe.collect.answer import Answer
from fretscribe.collect.manners import USER_AGENT

ARTIST = "The Made Ups"
CHALLENGE = "<html><title>Just a moment...</title><p>Checking your browser before you go on</p></html>"
needs_chromium = pytest.mark.skipif(
    not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))),
    reason="there is no Chromium on this machine",
)


def new_form(data: object) -> str:
    """A page with its data in an attribute, between things that no visitor needs."""
    store = json.dumps({"store": {"page": {"data": data}}})
    return (
        "<!doctype html><html><head><title>A page</title><script src='/app.js'></script>"
        "<meta http-equiv='refresh' content='0;url=/elsewhere.html'>"
        "<link rel='stylesheet' href='/style.css'></head><body><img src='/advertisement.png'>"
        f'<div class="js-page js-store" data-content="{html.escape(store)}"></div>'
        "<iframe src='/tracker.html'></iframe><script>fetch('/beacon'); open('/popup')</script></body></html>"
    )


def old_form(data: object) -> str:
    """A page with its data in a script, as it used to be."""
    store = json.dumps({"template": {"name": "x"}, "data": data}).replace("</", "<\\/")
    return (
        "<!doctype html><html><head><script>window.UGAPP = {store: {}};\n"
        f"  window.UGAPP.store.page = {store};\n  window.UGAPP.store.i18n = {{}};\n</script></head>"
        "<body><p>Here be tabs</p></body></html>"
    )


def text_of(tab_id: int) -> str:
    """The text of a tab, no two alike."""
    fret = tab_id % 10
    tab = f"[Riff {tab_id}]\r\n[tab]e|-{fret}-|\r\nB|-3-|[/tab]\r\n"
    return tab + "[ch]Em[/ch] \u201equoted\u201c & <b>bold</b>\r\n"


@dataclass(frozen=True, kw_only=True)
class Song:
    """A tab of the site."""

    tab_id: int
    name: str
    type: str = "Tabs"
    votes: int = 0
    rating: float = 0.0
    version: int = 1
    artist: str = ARTIST
    access: str = "public"
    old: bool = False
    meta: object = field(default_factory=dict)

    def row(self, base: str) -> dict[str, object]:
        return {
            "id": self.tab_id,
            "song_name": self.name,
            "artist_name": self.artist,
            "type": self.type,
            "part": "",
            "version": self.version,
            "votes": self.votes,
            "rating": self.rating,
            "tab_access_type": self.access,
            "tab_url": f"{base}/tab/{self.tab_id}",
        }

    def page(self, base: str) -> str:
        data = {
            "tab": {**self.row(base), "tonality_name": "Em"},
            "tab_view": {"wiki_tab": {"content": text_of(self.tab_id)}, "meta": self.meta},
        }
        return old_form(data) if self.old else new_form(data)


META = {
    "tuning": {"name": "Drop D", "value": "D A D G B E"},
    "capo": "2nd fret",
    "difficulty": "novice",
    "tonality": "Dm",
    "tempo": "96 bpm",
}
SONGS = (
    Song(tab_id=101, name="Paper Lanterns", votes=400, rating=4.8, meta=META),
    Song(tab_id=102, name="Paper Lanterns", votes=1, rating=5.0, version=2, old=True, meta=[]),
    Song(tab_id=103, name="Seven Tin Spoons", type="Bass Tabs", votes=30, rating=4.1, meta=None),
    Song(
        tab_id=104,
        name="Harbour Fog",
        type="Chords",
        votes=900,
        rating=4.9,
        old=True,
        meta={"tuning": "none"},
    ),
    Song(tab_id=105, name="Harbour Fog", votes=80, rating=4.4),
    Song(tab_id=106, name="Harbour Fog", type="Pro", votes=80, rating=4.4),
    Song(tab_id=107, name="Harbour Fog", votes=5, rating=3.0, access="private"),
    Song(tab_id=108, name="Paper Lanterns", artist="Paper Tigers", votes=70, rating=4.0),
)
OFFERED = (101, 105, 102, 103, 104)
"""What may be collected, in the order of its worth."""

PROMOS: tuple[object, ...] = (
    {"song_name": "Play along!", "artist_name": ARTIST, "marketing_type": "TabPro", "tab_url": "/pro"},
    {"type": "Tabs", "song_name": "No number"},
    None,
    "an advertisement",
)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """How an answer differs from a good one."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    wait_s: float = 0.0
    cut_at: int | None = None
    """So many bytes are sent of those that were announced."""


class TabSite(http.server.ThreadingHTTPServer):
    """The site; `faults` are taken one by one from each path's list, the last one stays if `forever`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.songs = list(SONGS)
        self.per_page = 5
        self.robots = Fault(
            body="User-agent: *\nDisallow: /private/\n", headers={"Content-Type": "text/plain"}
        )
        self.faults: dict[str, list[Fault]] = {}
        self.forever: set[str] = set()
        self.requests: list[tuple[float, str]] = []
        self.agents: set[str] = set()
        self.hints: set[str] = set()
        self.n_at_once = 0
        self.most_at_once = 0
        self.lock = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""

    def paths(self, prefix: str = "/") -> list[str]:
        """What was asked for, in order."""
        return [path for _, path in self.requests if path.startswith(prefix)]

    def fault_for(self, path: str) -> Fault | None:
        faults = self.faults.get(path, [])
        if not faults:
            return None
        return faults[0] if path in self.forever else faults.pop(0)

    def search(self, query: str) -> str | None:
        """A page of results; None if there is no such page."""
        asked = parse_qs(query)
        artist, page = asked.get("band_name", [""])[0], int(asked.get("page", ["1"])[0])
        # Generous: whoever looks for our artist gets all that the site has.
        found = [song for song in self.songs if artist in (ARTIST, song.artist)]
        n_pages = -(-len(found) // self.per_page)
        if not 1 <= page <= n_pages:
            return None
        rows: list[object] = [
            song.row(self.url) for song in found[(page - 1) * self.per_page :][: self.per_page]
        ]
        rows[1:1] = PROMOS
        data = {"results": rows, "pagination": {"current": page, "total": n_pages}}
        return old_form(data) if page % 2 == 0 else new_form(data)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: TabSite

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        site = self.server
        with site.lock:
            site.requests.append((time.monotonic(), self.path))
            site.agents.add(self.headers.get("User-Agent", ""))
            site.hints.add(self.headers.get("Sec-CH-UA-Platform", ""))
            site.n_at_once += 1
            site.most_at_once = max(site.most_at_once, site.n_at_once)
        try:
            self._answer()
        finally:
            with site.lock:
                site.n_at_once -= 1

    def _answer(self) -> None:
        site, parts = self.server, urlsplit(self.path)
        fault = site.robots if parts.path == "/robots.txt" else site.fault_for(parts.path)
        body = self._page(parts.path, parts.query)
        if fault is None:
            fault = Fault(status=404, body="<p>no such page</p>") if body is None else Fault()
        time.sleep(fault.wait_s)
        data = (body or "" if fault.body is None else fault.body).encode()
        self.send_response(fault.status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **fault.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: fault.cut_at])

    def _page(self, path: str, query: str) -> str | None:
        if path == "/search.php":
            return self.server.search(query)
        for song in self.server.songs:
            if path == f"/tab/{song.tab_id}":
                return song.page(self.server.url)
        return None


@contextlib.contextmanager
def serving() -> Iterator[TabSite]:
    """The site, up and running."""
    with TabSite() as site:
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()


class FakeClock:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self.at_s = 1000.0
        self.sleeps: list[float] = []

    def monotonic_s(self) -> float:
        return self.at_s

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.at_s += seconds

    def now(self) -> datetime.datetime:
        return datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=self.at_s)


class PlainFetcher:
    """A fetcher without a browser."""

    def __init__(self, timeout_s: float = 10.0) -> None:
        self._timeout_s = timeout_s

    def fetch(self, url: str) -> Answer:
        request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT})  # noqa: S310  # tests' own site
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as response:  # noqa: S310
                return _answer(response, response.status)
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error, error.code)
        except (OSError, http.client.HTTPException) as error:
            return Answer(url=url, status=0, reason=str(getattr(error, "reason", error)) or "broke off")


def _answer(response: http.client.HTTPResponse | urllib.error.HTTPError, status: int) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = response.read().decode("utf-8", "replace")
    return Answer(url=response.url, status=status, headers=headers, body=body)


def http_date(when: datetime.datetime) -> str:
    """A moment as headers write it."""
    return formatdate(when.timestamp(), usegmt=True)

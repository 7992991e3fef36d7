"""From an artist's name to files, against a site on this machine; without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fretscribe.collect.library import MANIFEST, Library
from fretscribe.collect.manners import MIN_PAUSE_S, USER_AGENT, Pacer
from fretscribe.collect.pages import KINDS, Kind
from fretscribe.collect.ug import Tally, Wish, find_tabs, save_tabs
from fretscribe.collect.visitor import Visitor
from fretscribe.errors import SiteError
from tab_site import (
    ARTIST,
    CHALLENGE,
    OFFERED,
    SONGS,
    FakeClock,
    Fault,
    PlainFetcher,
    TabSite,
    new_form,
    serving,
    text_of,
)


@pytest.fixture
def site() -> Iterator[TabSite]:
    with serving() as site:
        yield site


class Run:
    """One run of the whole, with what it told."""

    def __init__(self, site: TabSite, out: Path, *, timeout_s: float = 10.0) -> None:
        self.clock = FakeClock()
        self.told: list[str] = []
        self._out = out
        fetcher = PlainFetcher(timeout_s)
        self.visitor = Visitor(fetcher, site.url, pacer=Pacer(self.clock), tell=self.told.append)

    def __call__(
        self,
        artist: str = ARTIST,
        *,
        song: str | None = None,
        kinds: tuple[Kind, ...] = KINDS,
        limit: int | None = None,
    ) -> Tally:
        wish = Wish(artist=artist, song=song, kinds=kinds)
        with Library(self._out, self.visitor.site, resume=True) as library:
            found = find_tabs(self.visitor, wish, clock=self.clock, library=library, tell=self.told.append)
            return save_tabs(
                self.visitor, found.rows, library, clock=self.clock, limit=limit, tell=self.told.append
            )


def saved(out: Path) -> dict[int, str]:
    """Id -> text of all tabs, each with its metadata and its one line in the manifest."""
    lines = [json.loads(line) for line in (out / MANIFEST).read_text(encoding="utf-8").splitlines()]
    texts = {line["id"]: line["text"] for line in lines if line["what"] == "saved"}
    assert len(texts) == sum(line["what"] == "saved" for line in lines), "no tab is recorded twice"
    files = {path.relative_to(out).as_posix() for path in out.glob("*/*")}
    assert files == {name for text in texts.values() for name in (text, text.removesuffix("txt") + "json")}
    for tab_id, text in texts.items():
        info = json.loads((out / text).with_suffix(".json").read_text(encoding="utf-8"))
        assert info["tab_id"] == tab_id
    return {tab_id: (out / text).read_text(encoding="utf-8") for tab_id, text in texts.items()}


def test_every_tab_on_offer_is_saved_the_best_first(site: TabSite, tmp_path: Path) -> None:
    run = Run(site, tmp_path)
    assert run() == Tally(saved=len(OFFERED))
    assert saved(tmp_path) == {tab_id: text_of(tab_id).replace("\r\n", "\n") for tab_id in OFFERED}
    assert site.paths("/tab/") == [f"/tab/{tab_id}" for tab_id in OFFERED]
    assert [path.partition("page=")[2] for path in site.paths("/search")] == ["1", "2"]
    assert site.requests[0][1] == "/robots.txt"
    assert site.agents == {USER_AGENT}
    assert site.most_at_once == 1
    assert len(run.clock.sleeps) == len(site.requests) - 1
    assert min(run.clock.sleeps) >= MIN_PAUSE_S
    info = json.loads(next(tmp_path.glob("*/*-101.json")).read_text(encoding="utf-8"))
    assert (info["tuning_value"], info["capo"], info["tempo_bpm"]) == ("D A D G B E", 2, 96.0)
    assert (info["key"], info["difficulty"], info["votes"]) == ("Dm", "novice", 400)
    assert info["url"] == f"{site.url}/tab/101"
    bare = json.loads(next(tmp_path.glob("*/*-102.json")).read_text(encoding="utf-8"))
    assert (bare["tuning_value"], bare["capo"], bare["key"], bare["version"]) == (None, None, "Em", 2)


def test_kinds_songs_and_limits_are_obeyed(site: TabSite, tmp_path: Path) -> None:
    assert Run(site, tmp_path / "a")(kinds=("bass",)) == Tally(saved=1)
    assert set(saved(tmp_path / "a")) == {103}
    assert Run(site, tmp_path / "b")(song="harbour fog") == Tally(saved=2)
    assert set(saved(tmp_path / "b")) == {104, 105}
    assert Run(site, tmp_path / "c")(kinds=("chords", "tabs"), limit=2) == Tally(saved=2)
    assert set(saved(tmp_path / "c")) == {104, 101}


def test_a_second_run_asks_for_nothing_that_is_there(site: TabSite, tmp_path: Path) -> None:
    Run(site, tmp_path)(limit=2)
    site.requests.clear()
    assert Run(site, tmp_path)(limit=3) == Tally(saved=1, there_before=2)
    assert site.paths() == ["/robots.txt", f"/tab/{OFFERED[2]}"]
    site.requests.clear()
    assert Run(site, tmp_path)(limit=3) == Tally(there_before=3)
    assert site.paths() == []
    assert len(saved(tmp_path)) == 3


def test_pages_that_are_gone_are_left_out_for_good(site: TabSite, tmp_path: Path) -> None:
    site.faults["/tab/105"] = [Fault(status=404, body=new_form({}))]
    assert Run(site, tmp_path)(limit=2) == Tally(saved=2, gone=1)
    assert set(saved(tmp_path)) == {101, 102}
    site.requests.clear()
    assert Run(site, tmp_path)(limit=2) == Tally(there_before=2, gone=1)
    assert site.paths() == []


def test_passing_trouble_loses_nothing(site: TabSite, tmp_path: Path) -> None:
    site.faults = {
        "/search.php": [Fault(status=503, body="")],
        "/tab/101": [Fault(status=429, headers={"Retry-After": "70"}, body=""), Fault(wait_s=1.5)],
        "/tab/105": [Fault(cut_at=300), Fault(body=SONGS[4].page(site.url)[:300])],
        "/tab/102": [Fault(status=500, body="oops")],
    }
    run = Run(site, tmp_path, timeout_s=0.5)
    assert run() == Tally(saved=len(OFFERED))
    assert set(saved(tmp_path)) == set(OFFERED)
    assert any(seconds >= 60.0 for seconds in run.clock.sleeps)
    assert sum("asking again" in line for line in run.told) == 6


def test_lasting_trouble_with_one_page_is_told_and_tried_again_next_time(
    site: TabSite, tmp_path: Path
) -> None:
    site.faults["/tab/105"] = [Fault(status=500, body="")]
    site.faults["/tab/102"] = [Fault(body=new_form({"tab": {}, "tab_view": {}}))]
    site.faults["/tab/103"] = [Fault(body=SONGS[0].page(site.url))]
    site.forever = {"/tab/105"}
    run = Run(site, tmp_path)
    assert run() == Tally(saved=2, failed=3)
    assert any("keeps answering 500" in line for line in run.told)
    assert any("login" in line for line in run.told)
    assert any("tab 101 in place of tab 103" in line for line in run.told)
    site.faults.clear()
    assert Run(site, tmp_path)() == Tally(saved=3, there_before=2)
    assert set(saved(tmp_path)) == set(OFFERED)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(status=403, body="no"), "answers 403"),
        (Fault(status=403, body=CHALLENGE), "proof that a human"),
        (Fault(body=CHALLENGE), "proof that a human"),
        (Fault(status=429, headers={"Retry-After": "90000"}, body=""), "come back in 1500 minutes"),
    ],
)
def test_a_site_that_says_no_half_way_keeps_what_is_saved(
    site: TabSite, tmp_path: Path, fault: Fault, message: str
) -> None:
    site.faults[f"/tab/{OFFERED[2]}"] = [fault]
    with pytest.raises(SiteError, match=message):
        Run(site, tmp_path)()
    assert set(saved(tmp_path)) == set(OFFERED[:2])
    assert Run(site, tmp_path)() == Tally(saved=3, there_before=2)
    assert site.paths("/tab/") == [f"/tab/{tab_id}" for tab_id in (*OFFERED[:3], *OFFERED[2:])]


@pytest.mark.parametrize(
    ("robots", "message"),
    [
        (Fault(status=500, body=""), "robots.txt cannot be had"),
        (
            Fault(body="User-agent: fretscribe\nDisallow: /", headers={"Content-Type": "text/plain"}),
            "forbids it",
        ),
        (
            Fault(body="User-agent: *\nDisallow: /search", headers={"Content-Type": "text/plain"}),
            "forbids it",
        ),
    ],
)
def test_robots_txt_can_close_the_site(site: TabSite, tmp_path: Path, robots: Fault, message: str) -> None:
    site.robots = robots
    with pytest.raises(SiteError, match=message):
        Run(site, tmp_path / "new")()
    assert site.paths() == ["/robots.txt"]
    assert not (tmp_path / "new").exists()


def test_tabs_that_robots_txt_forbids_are_left_out(site: TabSite, tmp_path: Path) -> None:
    site.robots = Fault(body="User-agent: *\nDisallow: /tab/10*4$", headers={"Content-Type": "text/plain"})
    assert Run(site, tmp_path)() == Tally(saved=4, forbidden=1)
    assert "/tab/104" not in site.paths()


def test_rows_that_lead_elsewhere_are_left_out(site: TabSite, tmp_path: Path) -> None:
    site.songs = [replace(SONGS[0], tab_id=301)]
    row = site.songs[0].row("https://elsewhere.example")
    site.faults["/search.php"] = [Fault(body=new_form({"results": [row]}))]
    assert Run(site, tmp_path)() == Tally(forbidden=1)
    assert site.paths("/tab/") == []


def test_a_search_without_results_is_empty(site: TabSite, tmp_path: Path) -> None:
    assert Run(site, tmp_path)("Nobody At All") == Tally()


def test_a_site_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with serving() as site:
        pass
    with pytest.raises(SiteError, match=rf"cannot reach {site.url}: .*refused"):
        Run(site, tmp_path / "new")()
    assert not (tmp_path / "new").exists()


def test_wishes_check_themselves() -> None:
    for kinds in ((), ("tabs", "tabs")):
        with pytest.raises(ValueError, match="each once"):
            Wish(artist="x", kinds=kinds)  # type: ignore[arg-type]

"""With a real headless Chromium, against a site on this machine."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fretscribe.collect.browser import BrowserFetcher, find_browser
from fretscribe.collect.library import Library
from fretscribe.collect.manners import USER_AGENT, Pacer
from fretscribe.collect.pages import KINDS, page_data
from fretscribe.collect.ug import Tally, Wish, find_tabs, save_tabs
from fretscribe.collect.visitor import Visitor
from fretscribe.errors import FretscribeError, OptionError
from tab_site import (
    ARTIST,
    CHALLENGE,
    OFFERED,
    SONGS,
    FakeClock,
    Fault,
    TabSite,
    needs_chromium,
    serving,
    text_of,
)

needs_playwright = pytest.mark.skipif(
    importlib.util.find_spec("playwright") is None, reason="the extra 'collect' is not installed"
)


@pytest.fixture
def site() -> Iterator[TabSite]:
    with serving() as site:
        yield site


def collect(site: TabSite, fetcher: BrowserFetcher, out: Path, told: list[str]) -> Tally:
    clock = FakeClock()
    visitor = Visitor(fetcher, site.url, pacer=Pacer(clock), tell=told.append)
    with Library(out, visitor.site, resume=True) as library:
        found = find_tabs(
            visitor, Wish(artist=ARTIST, kinds=KINDS), clock=clock, library=library, tell=told.append
        )
        return save_tabs(visitor, found.rows, library, clock=clock, tell=told.append)


@pytest.mark.slow
@needs_playwright
@needs_chromium
def test_a_browser_saves_what_the_site_offers_through_all_its_troubles(site: TabSite, tmp_path: Path) -> None:
    site.songs.append(SONGS[0].__class__(tab_id=109, name="Gone Missing", votes=1000, rating=5.0))
    site.faults = {
        "/search.php": [Fault(status=503, body="")],
        "/tab/101": [Fault(status=429, headers={"Retry-After": "70"}, body="")],
        "/tab/102": [Fault(cut_at=300), Fault(body=SONGS[1].page(site.url)[:300])],
        "/tab/103": [Fault(wait_s=6.0)],
        "/tab/109": [Fault(status=404, body="<p>nothing here")],
    }
    told: list[str] = []
    with BrowserFetcher(timeout_s=4.0) as fetcher:
        assert collect(site, fetcher, tmp_path, told) == Tally(saved=len(OFFERED), gone=1)
        for tab_id in OFFERED:
            (path,) = tmp_path.glob(f"*/*-{tab_id}.txt")
            assert path.read_text(encoding="utf-8") == text_of(tab_id).replace("\r\n", "\n")
    assert sum("asking again" in line for line in told) == 5
    # Nothing but pages: no scripts, pictures, frames, beacons or icons; and no disguise.
    assert {path.partition("?")[0].rpartition("/")[0] for path in site.paths()} == {"", "/tab"}
    assert {path for path in site.paths() if path.count("/") == 1 and "search" not in path} == {"/robots.txt"}
    assert site.agents == {USER_AGENT}
    assert site.hints <= {"", '"Linux"', '"macOS"', '"Windows"'}
    if sys.platform == "linux":
        assert '"Windows"' not in site.hints


@pytest.mark.slow
@needs_playwright
@needs_chromium
def test_single_answers_of_a_browser(site: TabSite) -> None:
    site.faults["/tab/104"] = [Fault(status=403, body=CHALLENGE, headers={"X-Note": "no"})]
    site.faults["/tab/105"] = [Fault(status=302, headers={"Location": "/tab/101"}, body="")]
    site.robots = Fault(body="User-agent: *\nDisallow: /<b>&\n", headers={"Content-Type": "text/plain"})
    with BrowserFetcher(timeout_s=10.0) as fetcher:
        assert fetcher.fetch(f"{site.url}/robots.txt").body == "User-agent: *\nDisallow: /<b>&\n"
        refused = fetcher.fetch(f"{site.url}/tab/104")
        assert (refused.status, refused.headers["x-note"]) == (403, "no")
        assert "Just a moment" in refused.body
        led = fetcher.fetch(f"{site.url}/tab/105")
        assert (led.status, led.url) == (200, f"{site.url}/tab/101")
        assert page_data(led.body)["tab"] == {**SONGS[0].row(site.url), "tonality_name": "Em"}
        assert fetcher.fetch(f"{site.url}/nothing").status == 404
        with serving() as other:
            pass
        nobody = fetcher.fetch(f"{other.url}/robots.txt")
        assert (nobody.status, nobody.reason) == (0, "connection refused")


@pytest.mark.slow
@needs_playwright
@needs_chromium
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_a_killed_browser_run_is_resumed(site: TabSite, tmp_path: Path) -> None:
    site.faults[f"/tab/{OFFERED[2]}"] = [Fault(wait_s=2.0)]  # it is killed while it waits for this page
    script = (
        "import sys; from pathlib import Path\n"
        "from fretscribe.collect.browser import BrowserFetcher\n"
        "from fretscribe.collect.library import Library\n"
        "from fretscribe.collect.manners import Pacer\n"
        "from fretscribe.collect.ug import *\n"
        "from fretscribe.collect.visitor import Visitor\n"
        "from tab_site import ARTIST, FakeClock\n"
        "clock = FakeClock(); told = lambda line: None\n"
        "with Library(Path(sys.argv[2]), sys.argv[1], resume=True) as library, BrowserFetcher() as fetcher:\n"
        "    visitor = Visitor(fetcher, sys.argv[1], pacer=Pacer(clock), tell=told)\n"
        "    wish = Wish(artist=ARTIST, kinds=('tabs', 'bass', 'chords'))\n"
        "    found = find_tabs(visitor, wish, clock=clock, library=library, tell=told)\n"
        "    save_tabs(visitor, found.rows, library, clock=clock, tell=told)\n"
    )
    command = [sys.executable, "-c", script, site.url, str(tmp_path)]
    marker = tmp_path.name + site.url
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "FRETSCRIBE_TEST_MARK": marker,
    }
    with subprocess.Popen(command, env=environment) as run:
        deadline_s = time.monotonic() + 120.0
        while f"/tab/{OFFERED[2]}" not in site.paths() and run.poll() is None:
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        assert run.poll() is None
        assert sys.platform != "linux" or len(_living(marker)) > 2  # itself, Playwright, the browser
        run.send_signal(signal.SIGKILL)
        run.wait()
    for _ in range(300):  # the browser notices that it is alone
        if not _living(marker):
            break
        time.sleep(0.1)
    assert _living(marker) == []
    before = site.paths("/tab/")
    assert before == [f"/tab/{tab_id}" for tab_id in OFFERED[:3]]
    with BrowserFetcher() as fetcher:
        assert collect(site, fetcher, tmp_path, []) == Tally(saved=3, there_before=2)
    assert site.paths("/tab/")[len(before) :] == [f"/tab/{tab_id}" for tab_id in OFFERED[2:]]
    assert len(site.paths("/search")) == 2
    assert len(list(tmp_path.glob("*/*.txt"))) == len(OFFERED)


def _living(marker: str) -> list[int]:
    """Processes that were started, by whomever, with a mark in their environment; Linux tells."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"FRETSCRIBE_TEST_MARK={marker}\0".encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found


def test_the_program_that_is_named_is_taken_or_refused(tmp_path: Path) -> None:
    program, own = tmp_path / "browser", tmp_path / "own"
    with pytest.raises(OptionError, match="is no program"):
        find_browser("chromium", program, own)
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    with pytest.raises(OptionError, match="is no program"):
        find_browser("chromium", program, own)
    program.chmod(0o755)
    own.write_text("", encoding="utf-8")
    assert find_browser("chromium", program, own) == program
    assert find_browser("chromium", None, own) == own
    with pytest.raises(FretscribeError, match="playwright install firefox"):
        find_browser("firefox", None, tmp_path / "absent")


@needs_playwright
def test_a_program_that_is_no_browser_is_one_clear_line(tmp_path: Path) -> None:
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    with (
        pytest.raises(FretscribeError, match="browser does not start") as caught,
        BrowserFetcher(executable=program),
    ):
        pass
    assert "\n" not in str(caught.value)

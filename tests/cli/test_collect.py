"""``fretscribe collect ug`` and the script at the root: options, refusals, and real runs with real pauses."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fretscribe.cli.__main__ import run
from fretscribe.cli.collect import artist_names, parse_choice, parse_kinds, summary, work_through
from fretscribe.collect.library import Library
from fretscribe.collect.manners import MIN_PAUSE_S, Pacer
from fretscribe.collect.pages import SearchRow
from fretscribe.collect.ug import Tally, Wish
from fretscribe.collect.visitor import Visitor
from fretscribe.errors import InputError, MissingExtraError, OptionError, OutputError, SiteError
from tab_site import ARTIST, OFFERED, FakeClock, Fault, PlainFetcher, TabSite, needs_chromium, serving

ROOT = Path(__file__).parents[2]
SCRIPT = [sys.executable, str(ROOT / "browser_ug_extractor.py")]
needs_playwright = pytest.mark.skipif(
    importlib.util.find_spec("playwright") is None, reason="the extra 'collect' is not installed"
)


@pytest.fixture
def site() -> Iterator[TabSite]:
    with serving() as site:
        site.per_page = 50
        yield site


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], OptionError.exit_code, "no artist is named"),
        (["--artist", " "], OptionError.exit_code, "--artist is empty"),
        (["--genre", "folk", "--artist", "x"], OptionError.exit_code, "--genre is for a list"),
        (["--artists", "absent.txt"], InputError.exit_code, "cannot read absent.txt"),
        (["--artist", "x", "--type", "drums"], OptionError.exit_code, "use tabs, bass, chords"),
        (["--artist", "x", "--site", "example.org"], OptionError.exit_code, "no address of a site"),
        (["--artist", "x", "--limit", "0"], 2, "--limit"),
        (["--artist", "x", "--browser", "lynx"], 2, "--browser"),
        (["--artist", "x", "--interactive"], OptionError.exit_code, "needs a terminal"),
    ],
)
def test_bad_command_lines_leave_with_one_line_and_a_code(
    arguments: list[str],
    code: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["collect", "ug", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_without_playwright_the_line_that_mends_it_is_named(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['playwright'] = None\n"
        "from fretscribe.cli.__main__ import run\n"
        "sys.exit(run(['collect', 'ug', '--artist', 'x', '--site', 'http://127.0.0.1:1']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == MissingExtraError.exit_code
    assert 'pip install "fretscribe[collect]"' in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_artists_come_from_options_and_lists(tmp_path: Path) -> None:
    path = tmp_path / "artists.txt"
    path.write_text("[a]\nOne\nTwo\n[b]\nThree\n", encoding="utf-8")
    assert artist_names(["Two", "Four  Five"], path, ["A"]) == ("Two", "Four Five", "One")
    assert artist_names([], path, []) == ("One", "Two", "Three")


def test_kinds_keep_their_order() -> None:
    assert parse_kinds([]) == ("tabs", "bass", "chords")
    assert parse_kinds(["chords, Tabs", "chords"]) == ("chords", "tabs")


@pytest.mark.parametrize(
    ("text", "chosen"), [("all", [0, 1, 2]), ("none", []), ("", []), ("3,1", [2, 0]), (" 1 - 2 ,2", [0, 1])]
)
def test_choices(text: str, chosen: list[int]) -> None:
    assert parse_choice(text, 3) == chosen


@pytest.mark.parametrize("text", ["0", "4", "2-1", "x", "1,,2", "1-", "-1", "1.5", "²", "9" * 5000])
def test_choices_that_are_none(text: str) -> None:
    with pytest.raises(OptionError):
        parse_choice(text, 3)


def test_the_last_line_says_what_became_of_the_tabs() -> None:
    assert summary(Tally()) == "0 saved"
    assert summary(Tally(saved=2, there_before=1) + Tally(gone=1, forbidden=1, failed=3)) == (
        "2 saved, 1 there before, 1 gone from the site, 1 not to be read, 3 failed"
    )


def _work(site: TabSite, out: Path | None, *artists: str, told: list[str], **options: Any) -> Tally:
    """A run without a browser and without pauses; a dry one without a folder."""
    clock = FakeClock()
    visitor = Visitor(PlainFetcher(), site.url, pacer=Pacer(clock), tell=told.append)
    wishes = [Wish(artist=artist, kinds=("bass", "chords")) for artist in artists]
    settings: dict[str, Any] = {"limit": None, "choose": None} | options
    with contextlib.ExitStack() as stack:
        library = None if out is None else stack.enter_context(Library(out, site.url, resume=True))
        return work_through(visitor, wishes, library, clock=clock, tell=told.append, **settings)


def test_a_dry_run_lists_and_saves_nothing(site: TabSite, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    assert _work(site, None, ARTIST, told=told) == Tally()
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [(rank, url) for rank, _, url in rows] == [
        ("1", f"{site.url}/tab/103"),
        ("2", f"{site.url}/tab/104"),
    ]
    assert rows[0][1] == "The Made Ups - Seven Tin Spoons (bass, version 1, 4.1 stars of 30 votes)"
    assert site.paths("/tab/") == []
    assert told == [f"{ARTIST}: 2 tabs; left out: 1 by other names, 5 of other kinds"]
    _work(site, None, ARTIST, told=told, limit=1)
    assert capsys.readouterr().out.count("\n") == 1


def test_an_artist_without_tabs_is_an_error_alone_and_a_warning_in_a_batch(
    site: TabSite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []
    with pytest.raises(InputError, match="lists no bass or chords by 'Nobody At All'"):
        _work(site, tmp_path / "a", "Nobody At All", told=told)
    with pytest.raises(InputError, match="by 'Paper Tigers'; left out: 1 of other kinds"):
        _work(site, tmp_path / "b", "Paper Tigers", told=told)
    done = _work(site, tmp_path / "c", "Nobody At All", ARTIST, told=told, limit=1)
    assert done == Tally(saved=1)
    assert "warning: " in capsys.readouterr().err


def test_what_is_chosen_is_saved(site: TabSite, tmp_path: Path) -> None:
    shown: list[int] = []

    def choose(rows: Sequence[SearchRow]) -> Sequence[SearchRow]:
        shown.extend(row.tab_id for row in rows)
        return rows[1:]

    assert _work(site, tmp_path, ARTIST, told=[], choose=choose) == Tally(saved=1)
    assert shown == [103, 104]
    assert site.paths("/tab/") == ["/tab/104"]


def _collect(site: TabSite, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*SCRIPT, "--artist", ARTIST, "--headless", "--site", site.url, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=280)


def _check_pauses(site: TabSite) -> None:
    moments_s = [moment_s for moment_s, _ in site.requests]
    assert len(moments_s) > 1
    assert min(later_s - sooner_s for sooner_s, later_s in pairwise(moments_s)) >= MIN_PAUSE_S
    assert site.most_at_once == 1


@pytest.mark.slow
@needs_playwright
@needs_chromium
def test_the_script_saves_tabs_with_real_pauses_and_goes_on(site: TabSite, tmp_path: Path) -> None:
    site.faults[f"/tab/{OFFERED[1]}"] = [Fault(status=403, body="no")]
    stopped = _collect(site, tmp_path)
    assert stopped.returncode == SiteError.exit_code, stopped.stderr
    *told, error = stopped.stderr.splitlines()
    assert error.startswith(f"fretscribe: error: {site.url}: the site answers 403")
    assert told[-1] == "fretscribe: tabs in ug_tabs: 1"
    assert "left out: 1 by other names, 1 of other kinds, 1 behind a login" in stopped.stderr
    _check_pauses(site)
    refused = _collect(site, tmp_path)
    assert refused.returncode == OutputError.exit_code
    assert "--resume" in refused.stderr
    site.requests.clear()
    done = _collect(site, tmp_path, "--resume", "--limit", "2", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert site.paths() == ["/robots.txt", f"/tab/{OFFERED[1]}"]
    _check_pauses(site)
    names = sorted(path.name for path in (tmp_path / "ug_tabs" / "the-made-ups").glob("*.txt"))
    assert names == ["harbour-fog-tabs-v1-105.txt", "paper-lanterns-tabs-v1-101.txt"]


@pytest.mark.slow
@needs_playwright
@needs_chromium
@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal on Windows")
def test_one_can_choose_from_the_list(site: TabSite, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = [*SCRIPT, "--artist", ARTIST, "--site", site.url, "--interactive", "-o", "mine"]
    try:
        os.write(ours, b"7\n2\n")  # the first answer is not on the list
        done = subprocess.run(
            command, cwd=tmp_path, stdin=theirs, capture_output=True, text=True, check=False, timeout=280
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert "   2  The Made Ups - Harbour Fog (tabs, version 1, 4.4 stars of 80 votes)" in done.stderr
    assert "'7' is not on the list" in done.stderr
    assert "1 saved, in mine" in done.stderr
    assert [path.name for path in tmp_path.glob("mine/*/*.txt")] == ["harbour-fog-tabs-v1-105.txt"]


@pytest.mark.slow
@needs_playwright
@needs_chromium
def test_a_site_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with serving() as site:
        pass
    done = _collect(site, tmp_path)
    assert done.returncode == SiteError.exit_code
    assert done.stdout == ""
    reason = "connection refused (check the address and the network)"
    assert done.stderr == f"fretscribe: error: cannot reach {site.url}: {reason}\n"
    assert list(tmp_path.iterdir()) == []

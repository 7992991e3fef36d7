"""Killed at every step of a run, and resumed: nothing is lost, nothing is there twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tab_site import OFFERED, TabSite, serving, text_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL and no fork on Windows")

# A process of its own, so that forking meets no threads. Each child collects with an audit hook that kills it
# at its n-th step on a file (opening, linking, renaming, removing, making a folder); then another resumes.
DRIVER = """
import os, shutil, signal, sys
from pathlib import Path

url, out = sys.argv[1], Path(sys.argv[2])
from fretscribe.collect.library import Library
from fretscribe.collect.manners import Pacer
from fretscribe.collect.pages import KINDS
from fretscribe.collect.ug import Wish, find_tabs, save_tabs
from fretscribe.collect.visitor import Visitor
from tab_site import ARTIST, FakeClock, PlainFetcher

STEPS = {"open", "os.link", "os.rename", "os.remove", "os.mkdir", "os.truncate", "fcntl.flock"}

def collect(kill_at):
    left = kill_at
    def hook(event, arguments):
        nonlocal left
        if event in STEPS and (event == "fcntl.flock" or str(out) in repr(arguments)):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    if kill_at:
        sys.addaudithook(hook)
    clock = FakeClock()
    visitor = Visitor(PlainFetcher(), url, pacer=Pacer(clock), tell=lambda line: None)
    wish = Wish(artist=ARTIST, kinds=KINDS)
    with Library(out, visitor.site, resume=True) as library:
        found = find_tabs(visitor, wish, clock=clock, library=library, tell=lambda line: None)
        save_tabs(visitor, found.rows, library, clock=clock, tell=lambda line: None)

def child(kill_at):
    pid = os.fork()
    if pid == 0:
        try:
            collect(kill_at)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(3)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

kill_at, code = 0, None
while code != 0:
    kill_at += 1
    shutil.rmtree(out, ignore_errors=True)
    code = child(kill_at)
    if code not in (0, -signal.SIGKILL):
        sys.exit(f"killed at {kill_at}: {code}")
    if child(0):
        sys.exit(f"not resumed after {kill_at}")
    print(code, flush=True)
    sys.stdin.readline()  # the test has looked at what is there
"""


@pytest.fixture
def site() -> Iterator[TabSite]:
    with serving() as site:
        yield site


def check(out: Path) -> None:
    """All that the site offers is there, whole and once."""
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    ids = [line["id"] for line in lines if line["what"] == "saved"]
    assert sorted(ids) == sorted(OFFERED)
    assert [line["what"] for line in lines].count("listing") == 1
    assert [line["what"] for line in lines].count("collection") == 1
    names = sorted(path.name for path in (out / "the-made-ups").iterdir())
    assert len(names) == 2 * len(OFFERED), names
    for line in lines:
        if line["what"] == "saved":
            path = out / line["text"]
            assert path.read_text(encoding="utf-8") == text_of(line["id"]).replace("\r\n", "\n")
            assert json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["tab_id"] == line["id"]


@pytest.mark.slow
def test_a_run_killed_at_any_step_is_resumed_without_loss_or_repeats(site: TabSite, tmp_path: Path) -> None:
    out = tmp_path / "tabs"
    command = [sys.executable, "-c", DRIVER, site.url, str(out)]
    tests = str(Path(__file__).parents[1])
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": tests},
    ) as driver:
        assert driver.stdin is not None
        assert driver.stdout is not None
        assert driver.stderr is not None
        n_killed = 0
        try:
            for line in driver.stdout:
                check(out)
                # at most the page that was on its way is asked for again
                assert len(site.paths("/tab/")) <= len(OFFERED) + 1
                site.requests.clear()
                n_killed += line.strip() != "0"
                driver.stdin.write("\n")
                driver.stdin.flush()
        finally:
            driver.stdin.close()
        assert driver.wait() == 0, driver.stderr.read()
    assert n_killed > 6 * len(OFFERED)

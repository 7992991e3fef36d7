"""A clock that jumps changes nothing: what is done, what is newer and how long it took never rest on it."""

from __future__ import annotations

import ast
import datetime
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import fretscribe
from fretscribe.collect.library import LISTING_DAYS, Library
from fretscribe.collect.pages import SearchRow
from fretscribe.pipeline import TranscribeOptions, Transcriber
from fretscribe.pipeline.library.items import list_items
from fretscribe.pipeline.library.journal import open_journal
from fretscribe.pipeline.library.run import Library as Batch
from fretscribe.pipeline.library.work import Work
from fretscribe.pipeline.stem_cache import StemCache

_SOURCES = Path(fretscribe.__file__).parent
_ASKS_THE_TIME = {
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime", "time.strftime",
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
}  # fmt: skip
_DATES_OF_FILES = {"st_mtime", "st_mtime_ns", "st_ctime", "st_ctime_ns", "st_atime", "getmtime", "getctime"}
_MAY = {
    "collect/manners.py": {"datetime.now"},  # handed on as a `Clock`: when a page was fetched
    "cli/speed.py": {"time.strftime"},  # the day of a report
    "pipeline/stem_cache.py": {"st_mtime"},  # which stem goes first where there is no room
}
_YEAR_S = 365 * 86_400.0
_JUMPS_S = (-20 * _YEAR_S, -3600.0, 3600.0, 10 * _YEAR_S)


def _asked(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            called = f"{ast.unparse(node.value).rpartition('.')[2]}.{node.attr}"
            found |= {called} & _ASKS_THE_TIME | {node.attr} & _DATES_OF_FILES
    return found


def test_only_who_says_why_asks_for_the_date() -> None:
    asked = {path.relative_to(_SOURCES).as_posix(): _asked(path) for path in _SOURCES.rglob("*.py")}
    assert {
        name: what - _MAY.get(name, set()) for name, what in asked.items() if what - _MAY.get(name, set())
    } == {}
    assert asked["collect/manners.py"], "what is looked for is found"


@pytest.mark.parametrize("jump_s", _JUMPS_S)
def test_a_batch_goes_by_contents(jump_s: float, tmp_path: Path, acoustic: Any) -> None:
    songs, out = tmp_path / "songs", tmp_path / "out"
    songs.mkdir()
    out.mkdir()
    soundfile.write(songs / "a.wav", 0.1 * np.random.default_rng(0).standard_normal(22050), 22050)

    def run() -> list[str]:
        load = lambda weights: Transcriber(acoustic=acoustic)  # noqa: E731
        work = Work(options=TranscribeOptions(), formats=("json",), load=load)
        with open_journal(out) as journal:
            batch = Batch(out=out, work=work, recipe="same", journal=journal)
            return [outcome.status for outcome in batch.run(list_items([songs]), None)]

    assert run() == ["written"]
    for path in (*songs.iterdir(), *out.iterdir()):
        moment = path.stat().st_mtime + jump_s
        os.utime(path, (moment, moment))
    assert run() == ["kept"]
    before = (songs / "a.wav").stat()
    soundfile.write(songs / "a.wav", np.zeros(22050), 22050)
    os.utime(songs / "a.wav", (before.st_atime, before.st_mtime))
    assert run() == ["written"], "other contents of the same date"


@pytest.mark.parametrize("jump_s", _JUMPS_S)
def test_the_stem_that_was_just_made_stays(jump_s: float, tmp_path: Path) -> None:
    cache = StemCache(folder=tmp_path, limit_bytes=2 * 4200)
    samples = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    cache.put("a", samples)
    cache.put("b", samples)
    for path in tmp_path.iterdir():
        moment = path.stat().st_mtime - jump_s  # as if the clock had jumped since
        os.utime(path, (moment, moment))
    cache.put("c", samples)
    assert cache.get("c") is not None
    assert len(list(tmp_path.iterdir())) == 2


def test_a_search_of_a_wrong_clock_is_made_again(tmp_path: Path) -> None:
    now = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
    row = SearchRow(
        tab_id=7, artist="a", song="s", kind=None, part="", version=1, votes=1, rating=5.0, url="u",
        is_open=True,
    )  # fmt: skip
    with Library(tmp_path, "https://a.example", resume=False) as shelf:
        for name, days in (("soon", 1), ("far", LISTING_DAYS + 1)):
            shelf.add_listing((name,), [row], at=now + datetime.timedelta(days=days))
        assert shelf.listing(("soon",), now=now) == [row]
        assert shelf.listing(("far",), now=now) is None

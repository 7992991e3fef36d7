"""Bars come to the page while a recording is listened to: in order, before the end, to the right job."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fretscribe.music import Note, Position, TabNote, Tuning
from fretscribe.pipeline.drafting import Draft, DraftBar
from fretscribe.web.drafts import draft_data
from fretscribe.web.event_log import EventLog
from studio_visit import hear_riff, listening, open_visit


def tab_note(onset_s: float, string: int, fret: int) -> TabNote:
    pitch = Tuning().open_pitches[string] + fret
    note = Note(onset_s=onset_s, offset_s=onset_s + 0.2, pitch=pitch)
    return TabNote(note=note, position=Position(string=string, fret=fret))


def test_notes_have_places_in_their_bar_and_those_of_a_chord_one() -> None:
    notes = (tab_note(3.95, 0, 3), tab_note(5.0, 3, 0), tab_note(5.03, 4, 12), tab_note(5.9, 2, 2))
    bar = DraftBar(start_s=4.0, end_s=6.0, notes=notes)
    told = draft_data(Draft(tuning=replace(Tuning(), capo=2), first=7, bars=(bar,)))
    assert json.loads(json.dumps(told)) == {
        "tuning": {"name": "standard", "strings": ["E2", "A2", "D3", "G3", "B3", "E4"], "capo": 2},
        "first": 7,
        "bars": [
            {"start_s": 4.0, "end_s": 6.0, "notes": [[0, 3, 0.0], [3, 0, 0.5], [4, 12, 0.5], [2, 2, 0.95]]}
        ],
    }


def test_drafts_are_dropped_when_the_job_has_ended() -> None:
    log = EventLog()
    log.tell("a", {"state": "running", "draft": {"first": 0}})
    log.tell("b", {"state": "running", "draft": {"first": 3}})
    assert log.latest("a") == {"state": "running"}
    log.tell("a", {"state": "done"})
    assert log.is_over("a", 2)
    assert not log.is_over("b", 1)
    log.tell("b", {"state": "running"})

    async def events_of(job: str, n: int) -> list[object]:
        followed = log.follow(job, heartbeat_s=20.0)
        return [await anext(followed) for _ in range(n)]

    assert asyncio.run(events_of("a", 2)) == [(1, {"state": "running"}), (2, {"state": "done"})]
    assert asyncio.run(events_of("b", 1)) == [(1, {"state": "running", "draft": {"first": 3}})]


class Gate:
    """Hears the riff, and stops after every draft until it may go on."""

    def __init__(self) -> None:
        self.told, self.go_on = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, source: Path, options: Any, *, progress: Any = None, watch: Any = None) -> Any:
        def tell(draft: Draft) -> None:
            watch(draft)
            self.told.release()
            self.go_on.acquire(timeout=20)

        return hear_riff(source, options, progress=progress, watch=tell)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@contextlib.contextmanager
def asked(address: str, path: str, body: object = None) -> Iterator[http.client.HTTPResponse]:
    at = urllib.parse.urlsplit(address)
    with contextlib.closing(http.client.HTTPConnection(at.netloc, timeout=20)) as studio:
        data = None if body is None else json.dumps(body)
        method = "GET" if body is None else "POST"
        studio.request(method, at.path + path, data, {"content-type": "application/json"})
        yield studio.getresponse()


def ask(address: str, path: str, body: object = None) -> Any:
    with asked(address, path, body) as answer:
        return json.load(answer)


@contextlib.contextmanager
def following(address: str, job: str) -> Iterator[Iterator[dict[str, Any]]]:
    """The events of a job as they come."""
    with asked(address, f"api/jobs/{job}/events") as lines:
        yield (json.loads(line[6:]) for line in lines if line.startswith(b"data: "))


def until(events: Iterator[dict[str, Any]], wanted: str) -> dict[str, Any]:
    """The next event that has a key, or a state of that name."""
    return next(told for told in events if wanted in told or told["state"] == wanted)


def test_bars_come_in_order_before_the_job_ends(tmp_path: Path, recording: Path, gate: Gate) -> None:
    with listening(tmp_path / "studio", gate) as address:
        first, second = (ask(address, "api/jobs", {"path": str(recording)})["id"] for _ in range(2))
        with following(address, first) as events:
            told = until(events, "draft")
            assert (told["state"], told["stage"], told["draft"]["first"]) == ("running", "listening", 0)
            assert [bar["notes"][0][:2] for bar in told["draft"]["bars"]] == [[0, 0]]
            with following(address, first) as again:  # a page that is loaded anew
                assert until(again, "draft") == told
            jobs = ask(address, "api/jobs")["jobs"]
            assert [(job["state"], "draft" in job) for job in jobs] == [("running", False), ("queued", False)]
            gate.go_on.release()
            assert until(events, "draft")["draft"]["first"] == 1
            gate.go_on.release()
            assert "draft" not in until(events, "done")
        with following(address, first) as late:
            assert all("draft" not in told for told in late)
        with following(address, second) as events:
            assert until(events, "draft")["id"] == second
            gate.go_on.release(2)
            assert until(events, "done")["id"] == second


def test_a_job_is_cancelled_in_the_middle_of_its_bars(tmp_path: Path, recording: Path, gate: Gate) -> None:
    with open_visit(tmp_path / "studio", gate) as visit:
        job = visit.upload(recording).json()["id"]
        assert gate.told.acquire(timeout=20)
        assert visit.post(f"api/jobs/{job}/cancel").json()["state"] == "running"
        gate.go_on.release()
        assert '"state": "cancelled"' in visit.get(f"api/jobs/{job}/events").text
        assert "draft" not in visit.get(f"api/jobs/{job}/events").text
        assert not gate.told.acquire(blocking=False), "the second bar was not heard any more"
        assert visit.faults == []

"""What happens to jobs, told by the thread that works to the pages that wait: an order that nobody misses.

Neighbours: ``job_queue`` tells, ``job_api`` passes on as server-sent events.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from fretscribe.web.jobs import FINAL

Event = Mapping[str, object]
"""A job as `jobs.job_data` tells it; perhaps with what is new in its draft."""

DRAFT = "draft"
"""Key of `drafts.draft_data` in an event."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    loop: asyncio.AbstractEventLoop
    woken: asyncio.Event


class EventLog:
    """The events of every job since the studio started, in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[str, list[Event]] = defaultdict(list)
        self._waiting: set[_Waiting] = set()

    def tell(self, job_id: str, event: Event) -> None:
        """Add an event; from any thread. Drafts of a job that has ended are void, and dropped."""
        with self._lock:
            events = self._events[job_id]
            events.append(event)
            if event["state"] in FINAL:
                events[:] = map(_without_draft, events)
            for waiting in self._waiting:
                waiting.loop.call_soon_threadsafe(waiting.woken.set)

    def latest(self, job_id: str) -> Event | None:
        """The last event of a job without its draft, None where nothing happened since the studio started."""
        with self._lock:
            events = self._events.get(job_id)
            return _without_draft(events[-1]) if events else None

    def is_over(self, job_id: str, after: int) -> bool:
        """Whether a job has ended, and event ``after`` told so."""
        with self._lock:
            events = self._events.get(job_id, [])
            return bool(events) and events[-1]["state"] in FINAL and after >= len(events)

    def forget(self, job_id: str) -> None:
        """Drop the events of a job that was deleted."""
        with self._lock:
            self._events.pop(job_id, None)

    async def follow(
        self, job_id: str, after: int = 0, *, heartbeat_s: float
    ) -> AsyncIterator[tuple[int, Event] | None]:
        """Numbered events of a job from ``after + 1`` on, until one tells a final state.

        None comes where nothing happened for ``heartbeat_s`` seconds.
        """
        waiting = _Waiting(asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._waiting.add(waiting)
        try:
            while True:
                waiting.woken.clear()
                with self._lock:
                    new = self._events.get(job_id, [])[after:]
                for event in new:
                    after += 1
                    yield after, event
                    if event["state"] in FINAL:
                        return
                if not new:
                    try:
                        await asyncio.wait_for(waiting.woken.wait(), heartbeat_s)
                    except TimeoutError:
                        yield None
        finally:
            with self._lock:
                self._waiting.discard(waiting)


def _without_draft(event: Event) -> Event:
    return {key: value for key, value in event.items() if key != DRAFT}

"""Good manners towards a site: who we say we are, how long we pause, and what we make of an answer.

The decisions are pure; only `Pacer` waits, on a clock that it is given. Its shortest pause is a constant on
purpose: no option lowers it. Neighbours: ``robots`` knows what may be read, ``visitor`` acts on all of it.
"""

from __future__ import annotations

import datetime
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal, Protocol

from fretscribe import __version__
from fretscribe.collect.answer import Answer

AGENT = "fretscribe"
USER_AGENT = (
    f"{AGENT}/{__version__} (collects guitar tabs for its user's personal training; obeys robots.txt)"
)
"""Says what this is and what for; never pretends to be anything else."""

MIN_PAUSE_S = 5.0
JITTER_S = 5.0
"""Between two pages lie `MIN_PAUSE_S` to ``MIN_PAUSE_S + JITTER_S`` seconds, more if the site wishes."""

MAX_ATTEMPTS = 4
"""How often a page is asked for that the site does not give at the first time."""

MAX_WAIT_S = 900.0
"""A site that wants us to wait longer is left in peace until the user comes back."""

_BACK_OFF_S = 30.0
_CHALLENGES = (
    "captcha",
    "cf-chl",
    "checking your browser",
    "just a moment",
    "attention required",
    "verify you are human",
    "are you a robot",
    "unusual traffic",
)
_LATER = "try again later; --resume goes on where this run stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What to do after an answer.

    Attributes
    ----------
    verdict : str
        "use" the page; "wait" and ask again; it is "gone", or "failed" for good; or "stop" asking this site.
    wait_s : float
        How long, for "wait".
    reason : str
        A plain sentence, for "failed" and "stop".
    mend : str
        What the user can do, for "stop".
    """

    verdict: Literal["use", "wait", "gone", "failed", "stop"]
    wait_s: float = 0.0
    reason: str = ""
    mend: str = ""


def judge(answer: Answer, *, attempt: int, trouble: str, now: datetime.datetime) -> Judgement:
    """What to make of an answer.

    Parameters
    ----------
    answer : Answer
    attempt : int
        1 for the first time that this page was asked for.
    trouble : str
        Why the page cannot be read; empty if it can.
    now : datetime
        With its time zone.
    """
    status = answer.status
    if status in (404, 410):
        return Judgement(verdict="gone")
    if 200 <= status < 300 and not trouble:
        return Judgement(verdict="use")
    if is_challenge(answer):
        return Judgement(
            verdict="stop",
            reason="the site asks for proof that a human is reading; nothing here answers that",
            mend="use its pages by hand",
        )
    if status in (401, 403, 451):
        return Judgement(
            verdict="stop",
            reason=f"the site answers {status}: it does not let a program read this page",
            mend="respect that, and use its pages by hand",
        )
    if status == 429 or status >= 500:
        return _asked_to_wait(answer, attempt=attempt, now=now)
    if status == 0 or 200 <= status < 300:
        reason = trouble or answer.reason or "no answer"
        if attempt < MAX_ATTEMPTS:
            return Judgement(verdict="wait", wait_s=back_off_s(attempt), reason=reason)
        return Judgement(verdict="failed", reason=reason)
    return Judgement(verdict="failed", reason=f"the site answers {status}")


def _asked_to_wait(answer: Answer, *, attempt: int, now: datetime.datetime) -> Judgement:
    """Too many requests, or a server in trouble: wait as long as it wishes, but not for ever."""
    wished_s = retry_after_s(answer.headers.get("retry-after"), now)
    wait_s = max(back_off_s(attempt), wished_s or 0.0)
    if wait_s > MAX_WAIT_S:
        return Judgement(
            verdict="stop",
            reason=f"the site answers {answer.status} and asks to come back in {wait_s / 60:.0f} minutes",
            mend=_LATER,
        )
    if attempt < MAX_ATTEMPTS:
        return Judgement(verdict="wait", wait_s=wait_s, reason=f"the site answers {answer.status}")
    if answer.status == 429:
        return Judgement(
            verdict="stop", reason="the site keeps answering 429: it is asked too often", mend=_LATER
        )
    return Judgement(verdict="failed", reason=f"the site keeps answering {answer.status}")


def back_off_s(attempt: int) -> float:
    """Seconds to wait after an attempt that failed: 30, 60, 120 ...

    >>> [back_off_s(attempt) for attempt in (1, 2, 3)]
    [30.0, 60.0, 120.0]
    """
    return _BACK_OFF_S * 2.0 ** (attempt - 1)


def retry_after_s(text: str | None, now: datetime.datetime) -> float | None:
    """Seconds that a header ``Retry-After`` asks for, as a number or as a date; None if it says nothing.

    >>> retry_after_s("120", datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC))
    120.0
    >>> retry_after_s("Tue, 01 Jan 2030 00:01:00 GMT", datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC))
    60.0
    """
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=datetime.UTC)
    return max(0.0, (when - now).total_seconds())


def is_challenge(answer: Answer) -> bool:
    """Whether an answer that is no usable page asks for proof of a human."""
    if answer.headers.get("cf-mitigated", "").casefold() == "challenge":
        return True
    text = answer.body[:200_000].casefold()
    return any(mark in text for mark in _CHALLENGES)


class Clock(Protocol):
    """Where the time comes from, so that tests need not wait."""

    def monotonic_s(self) -> float:
        """Seconds that only grow."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def now(self) -> datetime.datetime:
        """The date and time, with its zone."""
        ...


class SystemClock:
    """The machine's own clock."""

    def monotonic_s(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def now(self) -> datetime.datetime:
        """UTC."""
        return datetime.datetime.now(datetime.UTC)


class Pacer:
    """Keeps the pauses: one request at a time, and never sooner than the manners allow.

    Parameters
    ----------
    clock : Clock
    dice : random.Random
        For the jitter.
    """

    def __init__(self, clock: Clock, dice: random.Random | None = None) -> None:
        self.clock = clock
        self._dice = dice or random.Random()  # noqa: S311  # spreads requests, guards nothing
        self._min_pause_s = MIN_PAUSE_S
        self._free_at_s = clock.monotonic_s()

    def slow_down(self, pause_s: float) -> None:
        """Pause at least this long from now on; a shorter pause than before changes nothing."""
        self._min_pause_s = max(self._min_pause_s, pause_s)

    def hold(self, seconds: float) -> None:
        """Let at least this long pass before the next request."""
        self._free_at_s = max(self._free_at_s, self.clock.monotonic_s() + seconds)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until a request is allowed; the next pause begins when the block ends."""
        while (left_s := self._free_at_s - self.clock.monotonic_s()) > 0:
            self.clock.sleep(left_s)
        try:
            yield
        finally:
            self.hold(self._min_pause_s + self._dice.uniform(0.0, JITTER_S))

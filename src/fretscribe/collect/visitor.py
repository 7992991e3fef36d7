"""Asks a site for pages within good manners: robots.txt first, one at a time, pauses, patience, no for no.

Knows no tabs, only that a page must carry data. Neighbours: ``manners`` and ``robots`` decide, an
`answer.Fetcher` fetches, ``ug`` says what to ask for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from fretscribe.collect.answer import Answer, Fetcher
from fretscribe.collect.manners import AGENT, Pacer, is_challenge, judge
from fretscribe.collect.pages import page_data
from fretscribe.collect.robots import Robots, closed, parse_robots
from fretscribe.errors import OptionError, SiteError, TabFormatError

ROBOTS_FRESH_S = 24 * 3600.0
"""After so long a site's robots.txt is read again, as RFC 9309 asks."""

MAX_FAILED_IN_A_ROW = 3
"""So many pages one after the other that could not be had: then the site is left in peace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A page that is not to be had.

    Attributes
    ----------
    status : {"gone", "forbidden", "failed"}
        The site does not have it; its robots.txt forbids it; it did not come, or not whole.
    reason : str
    """

    status: Literal["gone", "forbidden", "failed"]
    reason: str


class Visitor:
    """One site, visited politely.

    Parameters
    ----------
    fetcher : Fetcher
    site : str
        Address such as ``https://www.example.org``; its subdomains belong to it, other hosts do not.
    pacer : Pacer
    tell : callable
        Called with a line when something makes the visit take longer.

    Raises
    ------
    OptionError
        If the site's address is none.
    """

    def __init__(self, fetcher: Fetcher, site: str, *, pacer: Pacer, tell: Callable[[str], None]) -> None:
        self.site = site_address(site)
        self._fetcher = fetcher
        self._pacer = pacer
        self._tell = tell
        self._robots: dict[str, tuple[Robots, float]] = {}
        self._failed_in_a_row = 0

    def data(self, url: str) -> dict[str, object] | Missing:
        """The data that a page carries.

        Raises
        ------
        SiteError
            If the site cannot be reached, does not let programs read it, asks for proof of a human, keeps
            asking us to wait, or fails several times in a row.
        """
        if not self.belongs(url):
            return Missing(status="forbidden", reason="its address leads to another site, or is not safe")
        if not self._robots_of(url).allows(url):
            return Missing(status="forbidden", reason="the site's robots.txt forbids it")
        attempt = 1
        while True:
            answer = self._ask(url)
            if answer.status and answer.url != url and not self._may_read(answer.url):
                return self._failed("it leads to a page that is not to be read")
            data, trouble = _read(answer)
            verdict = judge(answer, attempt=attempt, trouble=trouble, now=self._pacer.clock.now())
            match verdict.verdict:
                case "use":
                    self._failed_in_a_row = 0
                    return data
                case "gone":
                    return Missing(status="gone", reason="the site does not have it")
                case "stop":
                    raise SiteError(f"{self.site}: {verdict.reason}", mend=verdict.mend)
                case "failed":
                    return self._failed(verdict.reason)
            self._tell(f"{verdict.reason}; asking again in {verdict.wait_s:.0f} s")
            self._pacer.hold(verdict.wait_s)
            attempt += 1

    def belongs(self, url: str) -> bool:
        """Whether an address is on this site or a subdomain of it, with the same scheme (https)."""
        try:
            ours, theirs = urlsplit(self.site), urlsplit(url)
            host, other = (ours.hostname or "").removeprefix("www."), theirs.hostname or ""
            _ = theirs.port  # raises where it is no number
        except ValueError:
            return False
        if theirs.scheme != ours.scheme or theirs.username is not None:
            return False
        return other == host or other.endswith(f".{host}")

    def _ask(self, url: str) -> Answer:
        with self._pacer.turn():
            return self._fetcher.fetch(url)

    def _may_read(self, url: str) -> bool:
        return self.belongs(url) and self._robots_of(url).allows(url)

    def _failed(self, reason: str) -> Missing:
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= MAX_FAILED_IN_A_ROW:
            raise SiteError(
                f"{self.site}: {self._failed_in_a_row} pages in a row did not come ({reason})",
                mend="try again later; --resume goes on where this run stopped",
            )
        return Missing(status="failed", reason=reason)

    def _robots_of(self, url: str) -> Robots:
        """The rules of an address's host, asked for once a day.

        Raises
        ------
        SiteError
            If the host cannot be reached or its robots.txt cannot be had: then nothing of it is read.
        """
        origin, now_s = _origin(url), self._pacer.clock.monotonic_s()
        robots, asked_s = self._robots.get(origin, (Robots(), -math.inf))
        if now_s - asked_s > ROBOTS_FRESH_S:
            answer = self._ask(f"{origin}/robots.txt")
            if answer.status == 0:
                raise SiteError(
                    f"cannot reach {origin}: {answer.reason or 'no answer'}",
                    mend="check the address and the network",
                )
            robots = _rules(answer)
            self._robots[origin] = robots, now_s
            if robots.crawl_delay_s > 0:
                self._tell(f"{origin} wants {robots.crawl_delay_s:g} s between two pages")
            self._pacer.slow_down(robots.crawl_delay_s)
        if robots.closed_because:
            raise SiteError(
                f"{origin}: {robots.closed_because}, so nothing is read", mend="try again another day"
            )
        return robots


def site_address(text: str) -> str:
    """A site's address in one form: scheme and host, without a path.

    Raises
    ------
    OptionError
        If it is no address of a web server, or holds more than that.

    >>> site_address("https://WWW.Example.org/")
    'https://www.example.org'
    """
    try:
        parts = urlsplit(text.strip())
        port = "" if parts.port is None else f":{parts.port}"
        host = parts.hostname or ""
    except ValueError:
        host, port = "", ""
    if not host or parts.scheme not in ("http", "https") or parts.username is not None:
        raise OptionError(f"{text!r} is no address of a site", mend="for example https://www.example.org")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise OptionError(f"{text!r} is a page, not a site", mend=f"write {parts.scheme}://{host}{port}")
    return f"{parts.scheme}://{host}{port}"


def _read(answer: Answer) -> tuple[dict[str, object], str]:
    """The data of a page, or why it cannot be used."""
    if not 200 <= answer.status < 300:
        return {}, ""
    try:
        return page_data(answer.body), ""
    except TabFormatError as error:
        return {}, error.message


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.casefold()}"


def _rules(answer: Answer) -> Robots:
    """What an answer to the question for robots.txt means; without a clear answer the site is closed."""
    if 400 <= answer.status < 500 and answer.status not in (401, 403, 429):
        return Robots()  # there is none: nothing is forbidden
    if is_challenge(answer):
        return closed("its robots.txt is behind a test for humans")
    if not 200 <= answer.status < 300:
        return closed(f"its robots.txt cannot be had (the answer is {answer.status})")
    if answer.headers.get("content-type", "").casefold().startswith("text/html"):
        return closed("it answers with a web page where its robots.txt should be")
    return parse_robots(answer.body, AGENT)

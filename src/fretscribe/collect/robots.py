"""robots.txt: what a site lets programs read, as RFC 9309 has it (groups, longest rule, ``*`` and ``$``).

Pure: text in, yes or no out. Whoever cannot get the file makes `CLOSED` of it. Neighbour: ``visitor``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes, urlsplit

_MAX_CHARS = 500 * 1024  # as much as the RFC asks a reader to take in


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """The rules that hold for one program on one host.

    Attributes
    ----------
    rules : tuple of (str, bool)
        Path patterns, and whether they allow.
    crawl_delay_s : float
        Seconds that the site wants between two pages; 0 if it does not say.
    closed_because : str
        Why nothing at all may be read; empty if the rules decide.
    """

    rules: tuple[tuple[str, bool], ...] = ()
    crawl_delay_s: float = 0.0
    closed_because: str = ""

    def allows(self, url: str) -> bool:
        """Whether a page may be read: the longest rule that fits decides, allowing wins between equals."""
        if self.closed_because:
            return False
        parts = urlsplit(url)
        path = _normalised((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        fitting = [(len(pattern), allow) for pattern, allow in self.rules if _fits(pattern, path)]
        return max(fitting, default=(0, True))[1]


def parse_robots(text: str, agent: str) -> Robots:
    """The rules for a program; those for ``*`` if none is meant for it.

    Parameters
    ----------
    text : str
        The file.
    agent : str
        The program's product token, without a version.

    >>> robots = parse_robots("User-agent: *\\nDisallow: /private/\\nAllow: /private/open", "fretscribe")
    >>> robots.allows("https://example.org/private/x"), robots.allows("https://example.org/private/open")
    (False, True)
    """
    groups: dict[str, list[tuple[str, str]]] = {}
    named: list[str] = []
    naming = False
    for line in text[:_MAX_CHARS].lstrip("\ufeff").splitlines():
        field, colon, value = line.partition("#")[0].partition(":")
        key, value = field.strip().casefold(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            named = [*named, _token(value)] if naming else [_token(value)]
            naming = True
            for name in named:
                groups.setdefault(name, [])
        elif key in {"allow", "disallow", "crawl-delay"}:
            naming = False
            for name in named:
                groups[name].append((key, value))
    lines = groups.get(_token(agent), groups.get("*", []))
    rules = [(_normalised(value), key == "allow") for key, value in lines if key != "crawl-delay" and value]
    delays = [_delay(value) for key, value in lines if key == "crawl-delay"]
    return Robots(rules=tuple(rules), crawl_delay_s=max(delays, default=0.0))


def closed(reason: str) -> Robots:
    """Rules that let nothing be read, because the file could not be had."""
    return Robots(closed_because=reason)


def _token(agent: str) -> str:
    return re.split(r"[/\s]", agent.strip().casefold(), maxsplit=1)[0]


def _delay(text: str) -> float:
    return float(text) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text) else 0.0


def _normalised(path: str) -> str:
    """Percent signs in one form, so that ``/a%7eb`` and ``/a~b`` are the same."""
    pieces = re.split(
        r"(%2[fF]|%2[aA]|%24)", path
    )  # encoded / * $ stay encoded: they are no signs of the pattern
    return "".join(
        piece.upper() if re.fullmatch(r"%[0-9a-fA-F]{2}", piece) else _requoted(piece) for piece in pieces
    )


def _requoted(piece: str) -> str:
    return quote(unquote_to_bytes(piece), safe="/*$?&=+,;:@!'()~[]")


def _fits(pattern: str, path: str) -> bool:
    """Whether a pattern fits the beginning of a path (its whole, if it ends in ``$``); linear in time."""
    whole = pattern.endswith("$")
    first, *middle = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    if whole and not middle:
        return at == len(path)
    last = middle.pop() if whole else ""
    for piece in middle:
        at = path.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return len(path) - at >= len(last) and path.endswith(last)

"""robots.txt as RFC 9309 reads it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fretscribe.collect.robots import closed, parse_robots

BASE = "https://example.org"


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("", "/x", True),
        ("Disallow:", "/x", True),
        ("Disallow: /", "/x", False),
        ("Disallow: /private", "/private/x", False),
        ("Disallow: /private/", "/private", True),
        ("Disallow: /\nAllow: /tab/", "/tab/7", True),
        ("Allow: /tab/\nDisallow: /", "/tab/7", True),
        ("Disallow: /tab/\nAllow: /tab/", "/tab/7", True),
        ("Disallow: /tab/7\nAllow: /tab/", "/tab/7", False),
        ("Disallow: /*?page=", "/search.php?page=2", False),
        ("Disallow: /*?page=", "/search.php", True),
        ("Disallow: /search.php", "/search.php?band_name=x", False),
        ("Disallow: /*.php$", "/search.php", False),
        ("Disallow: /*.php$", "/search.php?x=1", True),
        ("Disallow: /a*b*c", "/a-b-c-d", False),
        ("Disallow: /a*b*c$", "/a-b-c-d", True),
        ("Disallow: /a$", "/a", False),
        ("Disallow: /a*a$", "/a", True),
        ("disallow : /caf\u00e9", "/caf%C3%A9", False),
        ("DISALLOW: /a%7eb # a comment", "/a~b", False),
        ("Disallow: /a%2Fb", "/a/b", True),
        ("Disallow: /x\nnonsense\n: :\nAllow", "/x", False),
    ],
)
def test_the_longest_rule_that_fits_decides(rules: str, path: str, allowed: bool) -> None:
    assert parse_robots(f"User-agent: *\n{rules}", "fretscribe").allows(BASE + path) == allowed


def test_rules_for_us_replace_those_for_all() -> None:
    text = "\ufeffUser-agent: *\nDisallow: /\n\nUser-Agent: other\nUser-agent: FretScribe/2.0\nDisallow: /a\n"
    text += "Crawl-delay: 12\n\nuser-agent: fretscribe\r\nDisallow: /b\r\n"
    robots = parse_robots(text, "fretscribe")
    assert [robots.allows(BASE + path) for path in ("/a", "/b", "/c")] == [False, False, True]
    assert robots.crawl_delay_s == 12.0
    assert not parse_robots(text, "somebody").allows(BASE + "/c")
    assert parse_robots("User-agent: other\nDisallow: /", "fretscribe").allows(BASE)


def test_rules_before_any_name_hold_for_nobody() -> None:
    assert parse_robots("Disallow: /", "fretscribe").allows(BASE + "/x")


def test_closed_is_closed() -> None:
    assert not closed("no answer").allows(BASE + "/")


@given(st.text(alphabet="Uuser-agentDdisallow:*/ \n$%2fx#\r", max_size=200), st.text(max_size=30))
def test_any_text_is_read(text: str, path: str) -> None:
    assert parse_robots(text, "fretscribe").allows(f"{BASE}/{path}") in (True, False)


def test_a_pattern_of_stars_costs_little() -> None:
    robots = parse_robots("User-agent: *\nDisallow: /" + "*a" * 5000 + "$", "fretscribe")
    started_s = time.monotonic()
    assert robots.allows(BASE + "/" + "a" * 4000 + "b")
    assert time.monotonic() - started_s < 1.0
